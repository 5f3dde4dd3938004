//! Programs that the setup itself made: what they say is a part of the setup, as a file of the home is.

use std::collections::BTreeMap;

use super::hunk::{hunk, shown};
use super::model::{Difference, Digest, FileChange, FileTurn, Turn};
use super::stores::{Rebuilds, without_hashes};
use crate::observe::{Content, OwnProgram, UserSeen};

/// Those that are there on both sides and say something else. One that came or went is said by its package.
pub(super) fn own_programs(
    before: &UserSeen,
    after: &UserSeen,
    rebuilds: &mut Rebuilds,
) -> Vec<FileChange> {
    let (old, new) = (own(before), own(after));
    let mut found = Vec::new();
    for (path, is) in new {
        let Some(was) = old.get(&path) else { continue };
        let (differences, text) = match (was, is) {
            (OwnProgram::File(was), OwnProgram::File(is)) => contents(was, is, rebuilds),
            (was, is) => {
                let (was, is) = (words(was), words(is));
                let differs = !rebuilds.same(&was, &is);
                let turn = Difference::Particular(Turn {
                    before: Some(shown(&without_hashes(&was))),
                    after: Some(shown(&without_hashes(&is))),
                });
                (differs.then_some(turn).into_iter().collect(), None)
            }
        };
        if text.is_some() || !differences.is_empty() {
            let turn = FileTurn::Changed { differences, text };
            found.push(FileChange { path, turn });
        }
    }
    found
}

fn own(user: &UserSeen) -> BTreeMap<String, &OwnProgram> {
    user.programs
        .iter()
        .filter_map(|program| {
            let own = program.own.as_ref()?;
            Some((format!("{}/{}", program.directory, program.name), own))
        })
        .collect()
}

fn contents(
    before: &Content,
    after: &Content,
    rebuilds: &mut Rebuilds,
) -> (Vec<Difference>, Option<super::model::Hunk>) {
    if let (Content::Text(before), Content::Text(after)) = (before, after) {
        let text = match rebuilds.same(before, after) {
            true => None,
            false => hunk(before, after),
        };
        return (Vec::new(), text);
    }
    let turn = Turn {
        before: digest(before),
        after: digest(after),
    };
    let differs = before != after;
    (
        differs
            .then_some(Difference::Content(turn))
            .into_iter()
            .collect(),
        None,
    )
}

fn digest(content: &Content) -> Option<Digest> {
    match content {
        Content::Text(_) => None,
        Content::Digest { size, sha256, .. } => Some(Digest {
            size: *size,
            sha256: sha256.clone(),
        }),
    }
}

fn words(program: &OwnProgram) -> String {
    match program {
        OwnProgram::File(_) => "a file".to_owned(),
        OwnProgram::Link(target) => format!("link to {target}"),
    }
}
