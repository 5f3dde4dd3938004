//! The summary of a job, in Markdown as GitHub, Gitea and Forgejo show it.

use crate::report::count;
use crate::report::results::{CaseResult, Results, VerdictWord};
use crate::report::words::{boundary, seconds};

/// Most cases that passed which get a line of the table.
const PASSED_LINES: usize = 100;
/// Most bytes of one case's block, so that one does not crowd out the others.
const BLOCK_BYTES: usize = 48 * 1024;

/// A table of verdicts, then what is to be said of each case that did not pass, in a folded block, as far as `room`
/// bytes reach: what failed comes first, and a line says what is left out.
#[must_use]
pub fn markdown(results: &Results, room: usize) -> String {
    let cases = results.by_weight();
    let mut text = format!("### switchproof: {}\n\n", headline(results));
    if let Some(reason) = &results.run.cut_short {
        text.push_str(&format!("The run was cut short: {}\n\n", inline(reason)));
    }
    push_table(&mut text, &cases, room / 2);
    let blocks: Vec<&&CaseResult> = cases
        .iter()
        .filter(|case| matches!(case.verdict, VerdictWord::Failed | VerdictWord::Errored))
        .collect();
    for (at, case) in blocks.iter().enumerate() {
        let block = block(results, case);
        let more = format!(
            "\nThere is no room for {}; the page of the run has them.\n",
            count(blocks.len() - at, "more case")
        );
        if text.len() + block.len() + more.len() > room {
            text.push_str(&more);
            break;
        }
        text.push_str(&block);
    }
    text
}

/// The counts in words.
#[must_use]
pub fn headline(results: &Results) -> String {
    let counts = results.counts;
    let cached = match counts.cached {
        0 => String::new(),
        cached => format!(" ({cached} cached)"),
    };
    let mut parts: Vec<String> = [
        (counts.failed - counts.new, "failed"),
        (counts.errored, "errored"),
        (counts.new, "new"),
        (counts.not_run, "not run"),
    ]
    .iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, word)| format!("{count} {word}"))
    .collect();
    parts.push(format!("{} passed{cached}", counts.passed));
    format!("{} in {}", parts.join(", "), seconds(results.run.elapsed_s))
}

fn push_table(text: &mut String, cases: &[&CaseResult], room: usize) {
    text.push_str("| verdict | case | what |\n|---|---|---|\n");
    let mut passed = 0;
    for (at, case) in cases.iter().enumerate() {
        passed += usize::from(case.verdict == VerdictWord::Passed);
        let row = format!(
            "| {} | {} | {} |\n",
            verdict(case),
            code(&case.id),
            inline(&first_words(case))
        );
        if passed > PASSED_LINES || text.len() + row.len() > room {
            text.push_str(&format!(
                "| | | and {} |\n",
                count(cases.len() - at, "more case")
            ));
            break;
        }
        text.push_str(&row);
    }
    text.push('\n');
}

fn verdict(case: &CaseResult) -> String {
    match case.verdict {
        VerdictWord::Failed if case.is_new() => "🆕 new".to_owned(),
        VerdictWord::Failed => "❌ **failed**".to_owned(),
        VerdictWord::Errored => "💥 **errored**".to_owned(),
        VerdictWord::NotRun => "⏭️ not run".to_owned(),
        VerdictWord::Passed if case.cached_unix_s.is_some() => "✅ passed (cached)".to_owned(),
        VerdictWord::Passed => "✅ passed".to_owned(),
    }
}

/// What is said of a case in its line of the table.
fn first_words(case: &CaseResult) -> String {
    const CHARACTERS: usize = 300;
    let words = match (&case.findings.first(), &case.error, &case.reason) {
        (Some(first), _, _) => match case.findings.len() - 1 {
            0 => first.message.clone(),
            more => format!("{} (and {})", first.message, count(more, "more finding")),
        },
        (_, Some(error), _) => error.message.clone(),
        (_, _, Some(reason)) => reason.clone(),
        _ if case.cached_unix_s.is_some() => String::new(),
        _ => seconds(case.elapsed_s),
    };
    match words.char_indices().nth(CHARACTERS) {
        Some((at, _)) => format!("{}…", &words[..at]),
        None => words,
    }
}

fn block(results: &Results, case: &CaseResult) -> String {
    let mut body = String::new();
    for (at, finding) in case.findings.iter().enumerate() {
        if body.len() > 2 * BLOCK_BYTES {
            let more = count(case.findings.len() - at, "more finding");
            body.push_str(&format!("and {more}\n\n"));
            break;
        }
        body.push_str(&format!(
            "{} {}\n\n",
            code(&format!("{}:{}", finding.file, finding.line)),
            inline(&format!("after {}: {}", finding.step, finding.message))
        ));
        push_fence(&mut body, &finding.detail);
    }
    if let Some(error) = &case.error {
        body.push_str(&format!("{}\n\n", inline(&error.message)));
        if let Some(hint) = &error.hint {
            body.push_str(&format!("{}\n\n", inline(&format!("hint: {hint}"))));
        }
    }
    if let Some((step, change)) = changed(results, case) {
        body.push_str(&format!("{}\n\n", inline(&format!("What {step} changed:"))));
        push_fence(&mut body, change);
    }
    format!(
        "<details><summary>{} {}</summary>\n\n{body}Look into it:\n\n{}</details>\n\n",
        verdict(case).replace("**", ""),
        code(&case.id),
        fence(&case.commands.shell, "sh")
    )
}

/// What the step at which a case stopped changed, if it changed anything.
fn changed<'a>(results: &'a Results, case: &'a CaseResult) -> Option<(&'a str, &'a str)> {
    let stopped = case.stopped_at()?;
    let step = case.steps.iter().find(|step| step.name == stopped)?;
    let state = results.states.get(step.state.as_ref()?)?;
    Some((&step.name, &state.change.as_ref()?.text))
}

/// A text in a fence of its own; nothing for an empty one.
fn push_fence(body: &mut String, text: &str) {
    if text.trim().is_empty() {
        return;
    }
    let kind = match text.starts_with("--- ") || text.starts_with("@@") {
        true => "diff",
        false => "text",
    };
    let shown = match text.len() > BLOCK_BYTES {
        false => text.to_owned(),
        true => {
            let end = boundary(text, BLOCK_BYTES);
            format!("{}\n… {} bytes left out", &text[..end], text.len() - end)
        }
    };
    body.push_str(&fence(&shown, kind));
}

/// A fence longer than any in the text, so that nothing in it ends the block.
fn fence(text: &str, kind: &str) -> String {
    let longest = text
        .split(|character| character != '`')
        .map(str::len)
        .max()
        .unwrap_or_default();
    let ticks = "`".repeat(longest.max(2) + 1);
    format!("{ticks}{kind}\n{}\n{ticks}\n\n", text.trim_end())
}

/// A text that is nothing but text on a line of Markdown: every character that could mean something is an entity, which
/// never does.
fn inline(text: &str) -> String {
    let mut safe = String::new();
    for character in text
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
    {
        match character {
            other if other.is_ascii_punctuation() => {
                safe.push_str(&format!("&#{};", u32::from(other)));
            }
            other => safe.push(other),
        }
    }
    safe
}

fn code(text: &str) -> String {
    format!("<code>{}</code>", inline(text))
}
