//! Commands that are run after a step.

use super::text_match::{Mismatch, plain, printed_mismatch, show};
use super::who::Who;
use crate::login::{as_written, program_of};
use crate::model::TextMatch;
use crate::observe::{COMMAND_DEADLINE_S, CommandSeen, Provider};
use crate::text::{printable, tail};

/// Lines of a command's output that are shown.
const TAIL_LINES: usize = 20;

/// Checks what a command did.
pub(super) fn command(
    who: Who<'_>,
    line: &str,
    seen: Option<&CommandSeen>,
    exit: i32,
    stdout: &[TextMatch],
    stderr: &[TextMatch],
) -> Vec<Mismatch> {
    let shown = show(as_written(line));
    let Some(seen) = seen else {
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
                only_of_the_guest(who, seen)
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
fn only_of_the_guest(who: Who<'_>, seen: &CommandSeen) -> String {
    let name = program_of(&seen.command).filter(|_| seen.status == 127 && seen.without_guests);
    match name.and_then(|name| Some((name, who.seen.provider(name)?))) {
        Some((name, Provider::Guest(folder))) => {
            format!(" (`{name}` is the guest's own, {folder}/{name}, and no profile provides it)")
        }
        _ => String::new(),
    }
}
