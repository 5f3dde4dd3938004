//! Commands that are run after a step.

use super::text_match::{Mismatch, plain, printed_mismatch, show};
use super::who::Who;
use crate::login::{as_written, has_guest_programs, program_of};
use crate::model::{Session, TextMatch};
use crate::observe::{COMMAND_DEADLINE_S, Provider};
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
    let shown = show(as_written(line));
    let Some(seen) = who
        .seen
        .commands
        .iter()
        .find(|seen| seen.command == line && seen.session == session)
    else {
        return vec![plain(format!("{shown} was not run as {}", who.name))];
    };
    if let Some(no_login) = &seen.no_login {
        return vec![plain(format!("{shown} was not run: {no_login}"))];
    }
    let mut found = Vec::new();
    if seen.status != exit || seen.late {
        let seen_status = match seen.late {
            true => format!("but it did not end within {COMMAND_DEADLINE_S} s"),
            false => format!("seen {}", seen.status),
        };
        found.push(Mismatch {
            message: format!(
                "{shown}: expected status {exit}, {seen_status}{}",
                only_of_the_guest(who, line, seen.status)
            ),
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
        found.extend(mismatches.map(|it| it.of(&format!("{name} of {shown}"))));
    }
    found
}

/// That the program was not found because the guest alone has it.
fn only_of_the_guest(who: Who<'_>, line: &str, status: i32) -> String {
    let name = program_of(line).filter(|_| status == 127 && !has_guest_programs(line));
    match name.and_then(|name| Some((name, who.seen.provider(name)?))) {
        Some((name, Provider::Guest(folder))) => {
            format!(" (`{name}` is the guest's own, {folder}/{name}, and no profile provides it)")
        }
        _ => String::new(),
    }
}
