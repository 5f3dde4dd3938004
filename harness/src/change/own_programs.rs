//! Programs and other files of packages that the setup itself made: what they say is a part of the setup, as a file of the home is.

use std::collections::{BTreeMap, BTreeSet};

use super::hunk::{hunk, shown};
use super::model::{
    Difference, Digest, FileChange, FileTurn, FileView, Hunk, Turn, VariableChange,
};
use super::stores::{Rebuilds, without_hashes};
use crate::model::FileType;
use crate::observe::{Content, OwnFile, UserSeen};

/// Those that say something else, and files of a package on both sides that came or went. A program that came or went is
/// said by its package.
pub(super) fn own_programs(
    before: &UserSeen,
    after: &UserSeen,
    rebuilds: &mut Rebuilds,
) -> Vec<FileChange> {
    let (mut old, new) = (own(before), own(after));
    let (had, has) = (packages(before), packages(after));
    let is_of_both = |path: &str| {
        let package = path.split('/').next().unwrap_or_default();
        had.contains(package) && has.contains(package)
    };
    let mut found = Vec::new();
    for (path, is) in new {
        let Some(was) = old.remove(&path) else {
            if is_of_both(&path) {
                let (view, text) = came_or_went(is, |text| hunk("", text));
                let turn = FileTurn::Appeared { view, text };
                found.push(FileChange { path, turn });
            }
            continue;
        };
        let (differences, text) = match (was, is) {
            (OwnFile::File(was), OwnFile::File(is)) => contents(was, is, rebuilds),
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
    for (path, was) in old {
        if is_of_both(&path) {
            let (view, text) = came_or_went(was, |text| hunk(text, ""));
            let turn = FileTurn::Gone { view, text };
            found.push(FileChange { path, turn });
        }
    }
    found
}

/// Whether all that a file of exported variables says otherwise is told by what became of these variables.
pub(super) fn is_told_by(variables: &[VariableChange], file: &FileChange) -> bool {
    let FileTurn::Changed {
        differences,
        text: Some(text),
    } = &file.turn
    else {
        return false;
    };
    let mut lines = text
        .lines
        .iter()
        .filter(|line| line.starts_with(['-', '+']));
    let is_told = |line: &String| {
        let export = line[1..].strip_prefix("export ");
        let name = export.and_then(|export| export.split('=').next());
        name.is_some_and(|name| variables.iter().any(|it| it.name == name))
    };
    differences.is_empty() && text.left_out == 0 && lines.all(is_told)
}

/// The names of packages, which are the first folder of each of their files.
fn packages(user: &UserSeen) -> BTreeSet<&str> {
    user.packages.iter().map(|it| it.package.as_str()).collect()
}

fn came_or_went(file: &OwnFile, hunk: impl Fn(&str) -> Option<Hunk>) -> (FileView, Option<Hunk>) {
    let (file_type, target, digest, text) = match file {
        OwnFile::File(Content::Text(text)) => (FileType::File, None, None, hunk(text)),
        OwnFile::File(content) => (FileType::File, None, Digest::of(content), None),
        OwnFile::Link(target) => (
            FileType::Symlink,
            Some(without_hashes(target).into_owned()),
            None,
            None,
        ),
    };
    let view = FileView {
        file_type,
        link: None,
        target,
        mode: None,
        owner: "root".into(),
        digest,
    };
    (view, text)
}

fn own(user: &UserSeen) -> BTreeMap<String, &OwnFile> {
    let programs = user.programs.iter().filter_map(|program| {
        let own = program.own.as_ref()?;
        Some((format!("{}/{}", program.directory, program.name), own))
    });
    let files = user.packages.iter().flat_map(|package| {
        let path = |(path, file)| (format!("{}/{path}", package.package), file);
        package.files.iter().map(path)
    });
    programs.chain(files).collect()
}

fn contents(
    before: &Content,
    after: &Content,
    rebuilds: &mut Rebuilds,
) -> (Vec<Difference>, Option<Hunk>) {
    if let (Content::Text(before), Content::Text(after)) = (before, after) {
        let text = match rebuilds.same(before, after) {
            true => None,
            false => hunk(before, after),
        };
        return (Vec::new(), text);
    }
    let differs = before != after;
    let turn = Turn { before, after }.map(Digest::of);
    let difference = differs.then_some(Difference::Content(turn));
    (difference.into_iter().collect(), None)
}

fn words(program: &OwnFile) -> String {
    match program {
        OwnFile::File(_) => "a file".to_owned(),
        OwnFile::Link(target) => format!("link to {target}"),
    }
}
