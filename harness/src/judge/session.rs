//! Variables, commands, units, generations, and what a step printed.

use std::collections::BTreeSet;

use super::check::{Who, plain};
use super::near::{did_you_mean, nearest};
use super::outcome::printed;
use super::text_match::{Mismatch, mismatch, printed_mismatch, show};
use crate::model::{Session, TextMatch, UnitState};
use crate::observe::{COMMAND_DEADLINE_S, Observation};
use crate::text::{printable, tail};

/// Lines of a command's output that are shown.
const TAIL_LINES: usize = 20;

/// Checks a variable; `value: None`: it must not be set.
pub(super) fn variable(
    who: Who<'_>,
    name: &str,
    session: Session,
    value: Option<&TextMatch>,
) -> Vec<Mismatch> {
    let place = format!("{} of {}", session_words(session), who.name);
    if let Some(no_login) = who.seen.no_sessions.get(&session) {
        return vec![plain(no_login.to_string())];
    }
    let Some(variables) = who.seen.sessions.get(&session) else {
        return vec![plain(format!(
            "{place} could not be had, so nobody knows `{name}` in it"
        ))];
    };
    match (variables.get(name), value) {
        (None, None) => Vec::new(),
        (Some(seen), None) => vec![plain(format!(
            "expected `{name}` not to be set in {place}, seen {}",
            show(seen)
        ))],
        (None, Some(_)) => vec![plain(format!(
            "expected `{name}` to be set in {place}, and it is not{}",
            did_you_mean(nearest(name, variables.keys().map(String::as_str)))
        ))],
        (Some(seen), Some(wanted)) => mismatch(wanted, seen)
            .map(|mismatch| Mismatch {
                message: format!("`{name}` in {place}: {}", mismatch.message),
                ..mismatch
            })
            .into_iter()
            .collect(),
    }
}

fn session_words(session: Session) -> &'static str {
    match session {
        Session::Login => "a login session",
        Session::Interactive => "an interactive shell",
        Session::NonInteractive => "a non-interactive session",
        Session::Service => "a user service",
    }
}

/// Checks what a command did.
pub(super) fn command(
    who: Who<'_>,
    line: &str,
    session: Session,
    exit: i32,
    stdout: &[TextMatch],
    stderr: &[TextMatch],
) -> Vec<Mismatch> {
    let Some(seen) = who
        .seen
        .commands
        .iter()
        .find(|seen| seen.command == line && seen.session == session)
    else {
        return vec![plain(format!("{} was not run as {}", show(line), who.name))];
    };
    if let Some(no_login) = &seen.no_login {
        return vec![plain(format!("{} was not run: {no_login}", show(line)))];
    }
    let mut found = Vec::new();
    if seen.status != exit || seen.late {
        let seen_status = match seen.late {
            true => format!("but it did not end within {COMMAND_DEADLINE_S} s"),
            false => format!("seen {}", seen.status),
        };
        found.push(Mismatch {
            message: format!("{}: expected status {exit}, {seen_status}", show(line)),
            detail: tail(
                &printable(&format!("{}{}", seen.stdout, seen.stderr)),
                TAIL_LINES,
            ),
        });
    }
    for (name, text, wanted) in [
        ("standard output", &seen.stdout, stdout),
        ("standard error", &seen.stderr, stderr),
    ] {
        let mismatches = wanted
            .iter()
            .filter_map(|wanted| printed_mismatch(wanted, text));
        found.extend(mismatches.map(|mismatch| Mismatch {
            message: format!("{name} of {}: {}", show(line), mismatch.message),
            ..mismatch
        }));
    }
    found
}

/// Checks a unit's state.
pub(super) fn unit(who: Who<'_>, name: &str, wanted: UnitState) -> Vec<Mismatch> {
    let expected = format!(
        "expected the unit `{name}` of {} to be {}",
        who.name,
        unit_words(wanted)
    );
    let Some(units) = &who.seen.units else {
        return vec![plain(format!(
            "{expected}, and their service manager does not answer"
        ))];
    };
    let Some(seen) = units.get(name) else {
        return vec![plain(format!("{expected}, and it was not looked at"))];
    };
    if seen.state == wanted {
        return Vec::new();
    }
    let near = match seen.state {
        UnitState::Absent => nearest(
            name,
            units
                .iter()
                .filter(|(_, unit)| unit.state != UnitState::Absent)
                .map(|(name, _)| name.as_str()),
        ),
        _ => None,
    };
    vec![plain(format!(
        "{expected}, seen {} ({}, {}){}",
        unit_words(seen.state),
        seen.active_state,
        seen.sub_state,
        did_you_mean(near)
    ))]
}

/// A unit's state in words.
pub(super) fn unit_words(state: UnitState) -> &'static str {
    match state {
        UnitState::Active => "active",
        UnitState::Inactive => "inactive",
        UnitState::Failed => "failed",
        UnitState::Absent => "absent",
    }
}

/// Checks the number of generations, or which is current.
pub(super) fn generations(who: Who<'_>, count: Option<u32>, current: Option<u32>) -> Vec<Mismatch> {
    let seen = &who.seen.generations;
    let list = if seen.numbers.is_empty() {
        "there are none".to_owned()
    } else {
        let numbers: Vec<String> = seen.numbers.iter().map(u32::to_string).collect();
        format!("there are: {}", numbers.join(", "))
    };
    let mut found = Vec::new();
    if let Some(count) = count
        && u32::try_from(seen.numbers.len()) != Ok(count)
    {
        found.push(plain(format!(
            "expected {count} Home Manager generations of {}, seen {} ({list})",
            who.name,
            seen.numbers.len()
        )));
    }
    if let Some(current) = current
        && seen.current != Some(current)
    {
        let is = seen
            .current
            .map_or("none".to_owned(), |number| number.to_string());
        found.push(plain(format!(
            "expected generation {current} of {} to be current, seen {is} ({list})",
            who.name
        )));
    }
    found
}

/// Checks that no file is left that ends in one of these extensions.
pub(super) fn leftovers(who: Who<'_>, extensions: &BTreeSet<String>) -> Vec<Mismatch> {
    let left: Vec<&str> = who
        .seen
        .home
        .entries
        .keys()
        .filter(|path| {
            extensions.iter().any(|extension| {
                path.strip_suffix(extension.trim_start_matches('.'))
                    .is_some_and(|stem| stem.ends_with('.'))
            })
        })
        .map(String::as_str)
        .collect();
    if left.is_empty() {
        return Vec::new();
    }
    vec![Mismatch {
        message: format!(
            "expected no backups left in the home of {}, seen {}: {}",
            who.name,
            left.len(),
            left.iter().take(3).copied().collect::<Vec<_>>().join(", ")
        ),
        detail: if left.len() > 3 {
            left.join("\n")
        } else {
            String::new()
        },
    }]
}

/// Checks what the step printed on either stream.
pub(super) fn output(wanted: &TextMatch, seen: &Observation) -> Vec<Mismatch> {
    printed_mismatch(wanted, &printed(seen))
        .map(|mismatch| Mismatch {
            message: format!("the step's output: {}", mismatch.message),
            ..mismatch
        })
        .into_iter()
        .collect()
}
