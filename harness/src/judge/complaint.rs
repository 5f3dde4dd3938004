//! What a failing step complains about, without the noise around it.

use std::sync::LazyLock;

use regex::Regex;

use crate::observe::{Observation, nix_output};
use crate::text::printable;

/// Both streams as they came, cleaned.
pub(super) fn printed(seen: &Observation) -> String {
    if !seen.output.printed.is_empty() {
        return printable(&seen.output.printed);
    }
    let out = printable(&seen.output.stdout);
    let err = printable(&seen.output.stderr);
    if out.is_empty() || out.ends_with('\n') {
        out + &err
    } else {
        out + "\n" + &err
    }
}

/// The complaint of a step: of each error of Nix its innermost part, of everything else what is no noise. Both
/// streams are read, for Home Manager prints its refusals to standard output. Cleaned but not redacted; empty when
/// it says nothing.
pub fn complaint(seen: &Observation) -> String {
    let text = format!(
        "{}\n{}",
        printable(&seen.output.stderr),
        printable(&seen.output.stdout)
    );
    complaint_in(&text, seen)
}

/// The same in the order in which it was said: for people, not for comparison, since lines of two streams that come at
/// once may stand in either order.
pub(super) fn complaint_in_order(seen: &Observation) -> String {
    match seen.output.printed.as_str() {
        "" => complaint(seen),
        printed => complaint_in(&printable(printed), seen),
    }
}

fn complaint_in(text: &str, seen: &Observation) -> String {
    let warnings = seen.warnings.iter().flat_map(|it| it.lines());
    let warned: Vec<&str> = warnings.map(str::trim).collect();
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !nix_output::is_noise(line))
        .filter(|line| !is_status_detail(line))
        .filter(|line| line.trim().is_empty() || !warned.contains(&line.trim()))
        .collect();
    let said = blocks(&lines).flat_map(|block| match begins_error(block) {
        true => innermost(block),
        false => block
            .iter()
            .map(|line| line.trim_end().to_owned())
            .collect(),
    });
    let mut kept: Vec<String> = said.collect();
    sort_runs(&mut kept, UNORDERED);
    squeeze(&kept)
}

static JOURNAL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^[A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8} [^ ]+ [^ ]+\[[0-9]+\]: ")
        .expect("a regular expression that a test compiles")
});

/// Whether systemd says on this line what differs from run to run: since when, which process, how much of what, and
/// the last lines of the journal, as far as they were written when it looked.
fn is_status_detail(line: &str) -> bool {
    let about = |word: &&str| line.trim_start().starts_with(*word);
    (line.starts_with(' ') && STATUS_DETAILS.iter().any(about)) || JOURNAL.is_match(line)
}

const STATUS_DETAILS: [&str; 10] = [
    "Active: ",
    "Invocation: ",
    "Process: ",
    "Main PID: ",
    "Mem peak: ",
    "Memory: ",
    "CPU: ",
    "Tasks: ",
    "CGroup: ",
    "IO: ",
];

/// How lines begin that Home Manager prints in the order in which a directory happens to list its files, which differs
/// between file systems.
const UNORDERED: &str = "Existing file '";

/// Sorts every run of lines that begin so.
fn sort_runs(lines: &mut [String], beginning: &str) {
    for run in lines
        .chunk_by_mut(|left, right| left.starts_with(beginning) && right.starts_with(beginning))
    {
        run.sort();
    }
}

/// Lines by what they belong to: one that is not indented, and the indented ones below it.
pub(super) fn blocks<'a>(lines: &'a [&'a str]) -> impl Iterator<Item = &'a [&'a str]> {
    lines.chunk_by(|_, next| next.is_empty() || next.starts_with(' '))
}

/// Whether a block is an error of Nix, which begins at the very start of its line.
pub(super) fn begins_error(block: &[&str]) -> bool {
    block[0].starts_with("error:")
}

/// Of an error with its stack of causes the last: what really went wrong, with the place Nix shows for it.
pub(super) fn innermost(block: &[&str]) -> Vec<String> {
    let begins = block
        .iter()
        .rposition(|line| line.trim_start().starts_with("error:"))
        .unwrap_or(0);
    let indent = |line: &str| line.len() - line.trim_start().len();
    let margin = indent(block[begins]);
    block[begins..]
        .iter()
        .map(|line| line[indent(line).min(margin)..].trim_end().to_owned())
        .collect()
}

/// No empty lines at the ends, and never two in a row.
fn squeeze(lines: &[String]) -> String {
    let mut text = String::new();
    let mut empty = false;
    for line in lines {
        if line.trim().is_empty() {
            empty = true;
            continue;
        }
        if empty && !text.is_empty() {
            text.push('\n');
        }
        empty = false;
        text.push_str(line);
        text.push('\n');
    }
    text.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::render::tests::observation;

    fn of(stderr: &str) -> String {
        let mut seen = observation();
        seen.output.stderr = stderr.into();
        complaint(&seen)
    }

    #[test]
    fn what_systemd_says_of_a_failed_unit_is_the_same_every_time() {
        let status = |pid: u32, second: u32| {
            format!(
                "Job for a.service failed.\n\
                 × a.service - A\n\
                 \x20    Loaded: loaded (/etc/systemd/system/a.service; enabled)\n\
                 \x20    Active: failed (Result: exit-code) since Sun 2026-11-22 19:28:0{second} UTC; 890ms ago\n\
                 \x20  Main PID: {pid} (code=exited, status=1/FAILURE)\n\
                 \x20       CPU: 2.5{second}s\n\
                 \n\
                 Nov 22 19:28:0{second} machine hm-activate-alice[{pid}]: Existing file '/home/alice/.bashrc'\n\
                 Nov 22 19:28:0{second} machine systemd[1]: a.service: Failed with result 'exit-code'.\n\
                 Nov 22 19:28:0{second} machine systemd[1]: a.service: Consumed 2.{second}s CPU time, 5M memory peak.\n"
            )
        };
        let said = of(&status(349, 6));
        assert_eq!(said, of(&status(351, 7)));
        assert!(said.contains("Job for a.service failed."), "{said}");
        assert!(!said.contains("2026"), "{said}");
    }

    #[test]
    fn of_an_evaluation_error_the_innermost_part_stays() {
        let stderr = "warning: Git tree '/srv/flake' is dirty\n\
            error:\n       … while evaluating the attribute 'drvPath'\n         at /nix/store/x-source/a.nix:1:2:\n\
            \n       (stack trace truncated; use '--show-trace')\n\
            \n       error: attribute 'helo' missing\n       at /srv/flake/flake.nix:9:3:\n            8|\n\
            \x20           9| helo\n             | ^\n       Did you mean hello?\n";
        let said = of(stderr);
        let begins = "error: attribute 'helo' missing\nat /srv/flake/flake.nix:9:3:\n";
        assert!(said.starts_with(begins), "{said}");
        assert!(said.ends_with("Did you mean hello?"), "{said}");
        assert!(!said.contains("while evaluating"));
    }

    #[test]
    fn the_words_of_home_manager_stay_and_its_progress_goes() {
        let mut seen = observation();
        seen.output.stdout = "Starting Home Manager activation\nActivating checkFilesChanged\n\
            Existing file '/home/alice/.bashrc' would be clobbered\n\
            Please do one of the following:\n  - Move or remove the above files and try again.\n"
            .into();
        assert_eq!(
            complaint(&seen),
            "Existing file '/home/alice/.bashrc' would be clobbered\nPlease do one of the following:\n  \
             - Move or remove the above files and try again."
        );
    }

    #[test]
    fn what_a_directory_lists_in_any_order_is_sorted() {
        let said = of("first\nExisting file 'b' x\nExisting file 'a' x\nlast\n");
        let sorted = "first\nExisting file 'a' x\nExisting file 'b' x\nlast";
        assert_eq!(said, sorted);
    }

    #[test]
    fn several_errors_stay_apart() {
        let both = "error: builder failed\n       last log lines\nerror: 1 dependency failed\n";
        assert_eq!(of(both), both.trim_end());
        assert_eq!(of(""), "");
    }
}
