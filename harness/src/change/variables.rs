//! What differs in a user's sessions: variables, and what commands did that were asked for.

use std::collections::BTreeMap;

use super::hunk::{hunk, shown};
use super::join::join;
use super::model::{CommandChange, Turn, VariableChange};
use super::stores::{Rebuilds, without_hashes};
use crate::model::Session;
use crate::observe::UserSeen;

/// Variables of the kinds of session that were observed on both sides. What turned alike in several is told once.
pub(super) fn variables(
    before: &UserSeen,
    after: &UserSeen,
    rebuilds: &mut Rebuilds,
) -> Vec<VariableChange> {
    let mut found: BTreeMap<(String, Option<String>, Option<String>), Vec<Session>> =
        BTreeMap::new();
    for (session, old) in &before.sessions {
        let Some(new) = after.sessions.get(session) else {
            continue;
        };
        for (name, was, is) in join(old, new) {
            let is_same = was.zip(is).is_some_and(|(was, is)| rebuilds.same(was, is));
            if !is_same {
                let value = |value: Option<&String>| {
                    value.map(|value| shown(&without_hashes(value)).replace('\t', "\\t"))
                };
                found
                    .entry((name.clone(), value(was), value(is)))
                    .or_default()
                    .push(*session);
            }
        }
    }
    found
        .into_iter()
        .map(|((name, before, after), sessions)| VariableChange {
            name,
            sessions,
            value: Turn { before, after },
        })
        .collect()
}

/// Commands that were asked for on both sides and did otherwise.
pub(super) fn commands(before: &UserSeen, after: &UserSeen) -> Vec<CommandChange> {
    let mut found = Vec::new();
    for new in &after.commands {
        let old = before
            .commands
            .iter()
            .find(|old| old.command == new.command && old.session == new.session);
        let Some(old) = old else { continue };
        let change = CommandChange {
            command: shown(&new.command.replace('\n', "\\n")),
            session: new.session,
            status: Turn::between(old.status, new.status),
            stdout: hunk(&old.stdout, &new.stdout),
            stderr: hunk(&old.stderr, &new.stderr),
        };
        if change.status.is_some() || change.stdout.is_some() || change.stderr.is_some() {
            found.push(change);
        }
    }
    found
}
