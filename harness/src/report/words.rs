//! Events in words, shared by the sinks that people read.

use std::fmt::Write;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::event::Event;
use super::summary::Summary;
use crate::ci::{Ci, inert};
use crate::judge::{Finding, FindingKind, Place, Verdict};
use crate::text::{count, printable, printable_line, span};

/// What is said of an event alike wherever it is told: what is about to be done, what was written, and how it ended.
pub(super) fn said(event: &Event, summary: &Summary) -> Option<String> {
    Some(match event {
        Event::Started {
            cases,
            laws,
            steps,
            sources,
        } => {
            let sources = sources.iter().map(|source| printable_line(source));
            let lines: Vec<String> = std::iter::once(begun(*cases, *laws, *steps))
                .chain(sources)
                .collect();
            lines.join("\n")
        }
        Event::SnapshotWritten { path, .. } => {
            format!("wrote {}", printable_line(&path.to_string_lossy()))
        }
        // A preview, or a run that was about to begin.
        Event::CutShort { reason } if summary.cases == 0 => {
            format!("{reason}: nothing has a verdict yet")
        }
        Event::CutShort { reason } => {
            let (done, cases) = (summary.done(), count(summary.cases, "case"));
            format!("{reason}: {done} of {cases} have a verdict ({summary})")
        }
        Event::Finished { .. } => summary.to_string(),
        _ => return None,
    })
}

/// What a run is about to do.
fn begun(cases: usize, laws: usize, steps: usize) -> String {
    let mut told = vec![count(cases - laws, "case")];
    if laws > 0 {
        told.push(count(laws, "law"));
    }
    told.push(count(steps, "step"));
    told.join(", ")
}

/// Whether a law is kept: of that, only the number is told.
pub(super) fn is_kept(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Passed { .. })
}

/// The same of a number of seconds.
pub(super) fn seconds(elapsed_s: f64) -> String {
    span(Duration::try_from_secs_f64(elapsed_s).unwrap_or_default())
}

/// How long ago a moment was, in the largest unit that fits.
pub(super) fn ago(at_s: u64) -> String {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs();
    let passed = now.saturating_sub(at_s);
    let (count, unit) = match passed {
        0..60 => return "just now".into(),
        60..3600 => (passed / 60, "minute"),
        3600..86400 => (passed / 3600, "hour"),
        _ => (passed / 86400, "day"),
    };
    format!("{count} {unit}{} ago", if count == 1 { "" } else { "s" })
}

/// A verdict in a word or two.
pub(super) fn verdict_word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Passed { cached_at_s: None } => "passed",
        Verdict::Passed {
            cached_at_s: Some(_),
        } => "passed (cached)",
        Verdict::Failed(_) if verdict.is_new() => "new",
        Verdict::Failed(_) => "FAILED",
        Verdict::Errored { .. } => "ERRORED",
        Verdict::NotRun { .. } => "not run",
    }
}

/// A verdict's line: word, case, what it is to be read with, time.
pub(super) fn verdict_line(
    case: &str,
    verdict: &Verdict,
    elapsed: Duration,
    remarks: &[&str],
) -> String {
    let word = verdict_word(verdict);
    let mut case = printable_line(case);
    for remark in remarks {
        case = format!("{case}, {remark}");
    }
    match verdict {
        Verdict::Passed {
            cached_at_s: Some(at),
        } => format!("{word} {case} (ran {})", ago(*at)),
        Verdict::NotRun { reason } => format!("{word} {case}: {}", printable_line(reason)),
        Verdict::Failed(findings) if verdict.is_new() => {
            format!("{word} {case}: {} ({})", to_review(findings), span(elapsed))
        }
        _ => format!("{word} {case} ({})", span(elapsed)),
    }
}

/// What first snapshots show, in numbers: those of the last one, for it is what the home came to.
fn to_review(findings: &[Finding]) -> String {
    let mut same = String::new();
    let (mut last_files, mut last_programs) = (0, 0);
    for finding in findings {
        if let FindingKind::NewSnapshot {
            files,
            programs,
            same_as,
            ..
        } = &finding.kind
        {
            (last_files, last_programs) = (*files, *programs);
            if let Some(other) = same_as {
                let (step, other) = (printable_line(&finding.step), printable_line(other));
                same += &format!("; {step}: the same as {other}");
            }
        }
    }
    format!(
        "{} to review ({}, {}){same}",
        count(findings.len(), "snapshot"),
        count(last_files, "file"),
        count(last_programs, "program"),
    )
}

/// A verdict's line with the verdict in its colour, if it may be colourful.
pub(super) fn painted(verdict: &Verdict, line: &str, colourful: bool) -> String {
    let colour = match verdict {
        Verdict::Passed { .. } => 32,
        Verdict::Failed(_) if verdict.is_new() => 33,
        Verdict::Failed(_) => 31,
        Verdict::Errored { .. } => 35,
        Verdict::NotRun { .. } => 33,
    };
    let word = verdict_word(verdict);
    match line.strip_prefix(word) {
        Some(rest) if colourful => format!("\u{1b}[1;{colour}m{word}\u{1b}[0m{rest}"),
        _ => line.to_owned(),
    }
}

/// A verdict in full, for people: what is wrong, and what to do. In the log of a CI system no line of it is obeyed by the
/// runner.
pub fn describe(case: &str, verdict: &Verdict) -> String {
    let text = format!("{}\n{}", verdict_word(verdict), verdict_body(case, verdict));
    match Ci::from_environment() {
        Some(_) => inert(&text).into_owned(),
        None => text,
    }
}

/// What is wrong, in a line each and no more.
pub(super) fn verdict_heads(verdict: &Verdict) -> String {
    let mut heads = String::new();
    match verdict {
        Verdict::Failed(findings) => push_findings(&mut heads, findings, |_| false),
        Verdict::Errored { message, .. } => indented(&mut heads, "  ", &printable_line(message)),
        Verdict::Passed { .. } | Verdict::NotRun { .. } => {}
    }
    heads.trim_end().to_owned()
}

/// What there is to say below a verdict's line when little is to be said: of first snapshots only where they are.
pub(super) fn verdict_brief(case: &str, verdict: &Verdict) -> String {
    let mut body = String::new();
    match verdict {
        Verdict::Failed(findings) if verdict.is_new() => {
            for finding in findings {
                indented(&mut body, "  ", &printable_line(&finding.message));
            }
        }
        _ => {
            let is_first = |it: &Finding| matches!(it.kind, FindingKind::NewSnapshot { .. });
            push_verdict(&mut body, case, verdict, |it| !is_first(it));
        }
    }
    body
}

/// What there is to say below a verdict's line; empty for a case that passed.
pub(super) fn verdict_body(case: &str, verdict: &Verdict) -> String {
    let mut body = String::new();
    push_verdict(&mut body, case, verdict, |_| true);
    body
}

fn push_verdict(
    body: &mut String,
    case: &str,
    verdict: &Verdict,
    whole: impl Fn(&Finding) -> bool,
) {
    match verdict {
        Verdict::Passed { .. } | Verdict::NotRun { .. } => {}
        Verdict::Failed(findings) => {
            push_findings(body, findings, whole);
            if let Some(first) = findings.first() {
                indented(body, "  ", &way_in(case, &first.file, &first.step));
            }
        }
        Verdict::Errored {
            message,
            hint,
            during,
        } => {
            indented(body, "  ", &printable(message));
            if let Some(hint) = hint {
                indented(body, "  ", &format!("hint: {}", printable(hint)));
            }
            if let Some(Place { file, step }) = during {
                let way_in = way_in(case, file, step);
                indented(body, "  ", &format!("{way_in} --before"));
            }
        }
    }
}

/// What opens a shell after a step.
fn way_in(case: &str, file: &Path, step: &str) -> String {
    format!("look into it: {}", shell_command(case, file, step, false))
}

/// The command that opens a shell after a step, or `before` it.
pub(super) fn shell_command(case: &str, file: &Path, step: &str, before: bool) -> String {
    if file.as_os_str().is_empty() {
        return String::new();
    }
    format!(
        "switchproof shell {} {} --at {}{}",
        shell_word(case),
        shell_word(&file.to_string_lossy()),
        shell_word(step),
        if before { " --before" } else { "" }
    )
}

/// The command that runs a case alone; empty of one that stands in no file.
pub(super) fn run_command(case: &str, file: &Path) -> String {
    if file.as_os_str().is_empty() {
        return String::new();
    }
    format!(
        "switchproof run {} --filter {}",
        shell_word(&file.to_string_lossy()),
        shell_word(case)
    )
}

/// The command that takes what is seen of a case as its new snapshots.
pub(super) fn accept_command(case: &str, file: &Path) -> String {
    format!("{} --update", run_command(case, file))
}

fn shell_word(word: &str) -> String {
    switchproof_vm::process::quote(&printable_line(word))
}

/// A line for each finding, and below those that are to be told `whole` what more there is of them.
fn push_findings(body: &mut String, findings: &[Finding], whole: impl Fn(&Finding) -> bool) {
    for finding in findings {
        // Writing to a String cannot fail.
        let _ = writeln!(
            body,
            "  {}:{}: after {}: {}",
            printable_line(&finding.file.to_string_lossy()),
            finding.line,
            printable_line(&finding.step),
            printable_line(&finding.message)
        );
        if finding.detail.is_empty() || !whole(finding) {
            continue;
        }
        let change = finding.kind.change().unwrap_or_default();
        for text in [change, &finding.detail] {
            indented(body, "      ", &printable(text));
        }
    }
}

/// The last place in a text up to `at` that is no middle of a character.
pub(super) fn boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len()))
        .rev()
        .find(|&at| text.is_char_boundary(at))
        .unwrap_or_default()
}

fn indented(body: &mut String, margin: &str, text: &str) {
    for line in text.lines() {
        let _ = writeln!(body, "{}", format!("{margin}{line}").trim_end());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_shows_its_hint_and_the_way_in() {
        let during = Place {
            file: "x.yaml".into(),
            step: "switch".into(),
        };
        let errored = Verdict::Errored {
            message: "the agent is \u{1b}[31msilent".into(),
            hint: Some("run `switchproof doctor`".into()),
            during: Some(during),
        };
        let said = "  the agent is silent\n  hint: run `switchproof doctor`\n  look into it: switchproof shell a x.yaml --at switch --before\n";
        assert_eq!(verdict_body("a", &errored), said);
    }
}
