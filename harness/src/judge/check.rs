//! Expectations against what was seen.

use super::command::command;
use super::evaluation::{errors, only_warnings, warnings};
use super::file::{file, in_generation};
use super::generation::generations;
use super::leftovers::leftovers;
use super::outcome::{outcome, output};
use super::package::package;
use super::text_match::{Mismatch, plain};
use super::unit::unit;
use super::variable::variable;
use super::verdict::Finding;
use super::who::Who;
use std::time::Duration;

use crate::model::{Case, Check, Expectation, Part, Step};
use crate::observe::{CommandSeen, Observation};

/// What is not as the step says it must be: its outcome, then its expectations in their order. A step that was to
/// succeed and failed gives one finding, and its expectations are not judged.
pub fn judge(case: &Case, step: &Step, seen: &Observation) -> Vec<Finding> {
    let outcome = outcome(case, step, seen);
    let is_own = step.part == Part::Own;
    if !is_own || !outcome.findings.is_empty() && !outcome.judge_expectations {
        return outcome.findings;
    }
    let expected = step.expect.iter().flat_map(|expectation| {
        let waited = match expectation.within_s {
            Some(within_s) => format!(", also {within_s} s later"),
            None => String::new(),
        };
        expected(case, expectation, seen)
            .into_iter()
            .map(move |it| Finding {
                line: expectation.line,
                ..Finding::at(case, step, it.message + &waited, it.detail)
            })
    });
    outcome.findings.into_iter().chain(expected).collect()
}

/// Whether something that a step expects is not so yet, and may still become so when `waited` has passed since the step.
pub fn is_awaited(case: &Case, step: &Step, seen: &Observation, waited: Duration) -> bool {
    let outcome = outcome(case, step, seen);
    let is_judged = outcome.findings.is_empty() || outcome.judge_expectations;
    is_judged
        && step.expect.iter().any(|one| {
            let within = one
                .within_s
                .map(|within_s| Duration::from_secs(within_s.into()));
            within.is_some_and(|within| waited < within) && !expected(case, one, seen).is_empty()
        })
}

fn expected(case: &Case, expectation: &Expectation, seen: &Observation) -> Vec<Mismatch> {
    match &expectation.check {
        Check::Output(wanted) => return output(wanted, seen),
        Check::Warnings(wanted) => return warnings(wanted, seen),
        Check::OnlyWarnings(wanted) => return only_warnings(wanted, seen),
        Check::Errors(wanted) => return errors(wanted, seen),
        _ => {}
    }
    let name = match (&expectation.user, case.users.first()) {
        (Some(name), _) => name,
        (None, Some(user)) => &user.name,
        (None, None) => {
            return vec![plain(
                "this is about a user, and the scenario has none".into(),
            )];
        }
    };
    let Some(user) = seen.users.get(name) else {
        return vec![plain(format!("nothing was seen of the user `{name}`"))];
    };
    let who = Who {
        name,
        seen: user,
        long_texts: &seen.long_texts,
    };
    match &expectation.check {
        Check::Package { name, state } => package(who, name, state),
        Check::File { path, state } => file(who, path, state),
        Check::InGeneration { path, state } => in_generation(who, path, state),
        Check::Variable {
            name,
            session,
            value,
        } => variable(who, name, *session, value.as_ref()),
        Check::Command {
            command: line,
            without_guests,
            session,
            exit,
            stdout,
            stderr,
        } => {
            let is_it = |seen: &&CommandSeen| {
                seen.command == *line
                    && seen.without_guests == *without_guests
                    && seen.session == *session
            };
            let seen = who.seen.commands.iter().find(is_it);
            command(who, line, seen, *exit, stdout, stderr)
        }
        Check::Unit { name, state } => unit(who, name, *state),
        Check::GenerationCount(count) => generations(who, Some(*count), None),
        Check::CurrentGeneration(number) => generations(who, None, Some(*number)),
        Check::NoLeftovers(extensions) => leftovers(who, extensions),
        Check::Output(_) | Check::Warnings(_) | Check::OnlyWarnings(_) | Check::Errors(_) => {
            Vec::new()
        }
    }
}
