//! How a step ended against how it had to end.

use super::complaint::{complaint_in_order, printed};
use super::known_reason::known_reason;
use super::text_match::{Mismatch, printed_mismatch, show};
use super::verdict::Finding;
use crate::machine::{MachineError, Shortage};
use crate::model::{Case, Guest, Outcome, Part, REAL_DISK_MIB, REAL_MEMORY_MIB, Step, TextMatch};
use crate::observe::Observation;
use crate::text::{printable, tail};

/// Lines of a step's output that are shown.
const TAIL_LINES: usize = 40;

/// What the outcome comes to.
pub(super) struct Judged {
    pub(super) findings: Vec<Finding>,
    /// Whether the expectations still mean something.
    pub(super) judge_expectations: bool,
}

pub(super) fn outcome(case: &Case, step: &Step, seen: &Observation) -> Judged {
    let fine = Judged {
        findings: Vec::new(),
        judge_expectations: true,
    };
    let status = seen.output.status;
    let no_logins: Vec<String> = seen.no_logins().map(ToString::to_string).collect();
    let (message, detail, judge_expectations) = match &step.outcome {
        // To a user who is locked out, the rest of what the switch did is of no use.
        _ if !no_logins.is_empty() => (
            format!("{}{}", no_logins.join("; "), unjudged(step)),
            tail(&complaint_in_order(seen), TAIL_LINES),
            false,
        ),
        Outcome::Succeeds if status == 0 => return fine,
        Outcome::Succeeds => (
            format!(
                "expected to succeed, {}{}{}",
                ended(status),
                known_reason(case, step, seen),
                unjudged(step)
            ),
            said(seen),
            false,
        ),
        Outcome::Fails { .. } if status == 0 => (
            format!("expected to fail, and it succeeded{}", unjudged(step)),
            printed_tail(seen),
            false,
        ),
        Outcome::Fails { says } => {
            let output = printed(seen);
            let mut missing = says.clone();
            missing.retain(|piece| !output.contains(printable(piece).as_str()));
            if missing.is_empty() {
                return fine;
            }
            let missing: Vec<String> = missing.iter().map(|piece| show(piece)).collect();
            let message = format!(
                "it failed as expected ({}), but without saying {}{}",
                ended(status),
                missing.join(" and "),
                known_reason(case, step, seen)
            );
            (message, said(seen), true)
        }
    };
    Judged {
        findings: vec![Finding::at(case, step, message, detail)],
        judge_expectations,
    }
}

/// What every program says of a full disk.
const NO_SPACE: &str = "No space left on device";

/// Lines of what was printed last that tell what was going on when something ran out.
const LAST_LINES: usize = 5;

/// Whether a step failed for want of what the machine has, and not as anybody asked: that says nothing of the setup. Where
/// nothing was printed of it, the guest's kernel knows. The hint names the key of the `guest` that gives it more.
pub fn exhausted(guest: &Guest, step: &Step, seen: &Observation) -> Option<MachineError> {
    let asked: &[String] = match &step.outcome {
        Outcome::Succeeds => &[],
        Outcome::Fails { says } => says,
    };
    if seen.output.status == 0 {
        return None;
    }
    let output = printed(seen);
    let said_as_asked = !asked.is_empty() && asked.iter().all(|it| output.contains(it));
    let is_asked = asked.iter().any(|it| it == NO_SPACE);
    let (what, shortage) = if output.contains(NO_SPACE) && !is_asked {
        let line = line_with(&output, NO_SPACE);
        (format!("the guest's disk was full: {line}"), Shortage::Disk)
    } else {
        let last = match output.trim_end() {
            "" => "nothing was printed".to_owned(),
            output => format!("printed last:\n{}", tail(output, LAST_LINES)),
        };
        let shortage = seen.output.shortage.filter(|_| !said_as_asked)?;
        (format!("{shortage}; {last}"), shortage)
    };
    let hint = format!(
        "give the machine more: `guest: {{ {} }}`; where it is what the step is about, ask for what it prints with `fails`",
        more(guest, shortage)
    );
    Some(MachineError::new(what, Some(&hint)))
}

/// The key that gives a guest more of what it has run out of: twice as much, or else what real inputs get.
fn more(guest: &Guest, shortage: Shortage) -> String {
    let (key, have_mib, real_mib) = match shortage {
        Shortage::Memory(_) => ("memory", guest.memory_mib, REAL_MEMORY_MIB),
        Shortage::Disk => ("disk", guest.disk_mib, REAL_DISK_MIB),
    };
    match have_mib.map_or(real_mib, |mib| mib.saturating_mul(2)) {
        mib if mib.is_multiple_of(1024) => format!("{key}: {}GiB", mib / 1024),
        mib => format!("{key}: {mib}MiB"),
    }
}

fn line_with<'a>(text: &'a str, words: &str) -> &'a str {
    let has = |line: &&str| line.contains(words);
    text.lines().find(has).unwrap_or_default().trim()
}

fn ended(status: i32) -> String {
    match status {
        124 => "it ended with status 124 (a command took too long)".into(),
        127 => "it ended with status 127 (a command was not found)".into(),
        129.. => format!("it was ended by signal {}", status - 128),
        _ => format!("it ended with status {status}"),
    }
}

fn unjudged(step: &Step) -> String {
    match step.expect.len() {
        _ if step.part == Part::Law => String::new(),
        0 => String::new(),
        1 => "; the expectation after it was not judged".into(),
        count => format!("; the {count} expectations after it were not judged"),
    }
}

/// What a failing step said: its complaint, or else the tail of all it printed.
fn said(seen: &Observation) -> String {
    let complaint = complaint_in_order(seen);
    if complaint.is_empty() {
        printed_tail(seen)
    } else {
        tail(&complaint, TAIL_LINES)
    }
}

fn printed_tail(seen: &Observation) -> String {
    let text = printed(seen);
    if text.trim().is_empty() {
        "(it printed nothing)".into()
    } else {
        tail(&text, TAIL_LINES)
    }
}

/// Checks what the step printed on either stream.
pub(super) fn output(wanted: &TextMatch, seen: &Observation) -> Vec<Mismatch> {
    let mismatch = printed_mismatch(wanted, &printed(seen));
    mismatch
        .map(|it| it.of("the step's output"))
        .into_iter()
        .collect()
}
