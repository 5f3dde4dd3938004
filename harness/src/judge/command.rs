//! Commands that are run after a step.

use super::text_match::{Mismatch, printed_mismatch, show};
use super::who::{Who, plain};
use crate::model::{Session, TextMatch};
use crate::observe::COMMAND_DEADLINE_S;
use crate::text::{printable, tail};

/// Lines of a command's output that are shown.
const TAIL_LINES: usize = 20;

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
