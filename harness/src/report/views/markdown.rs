//! The summary of a job, in Markdown as GitHub, Gitea and Forgejo show it.

use std::collections::BTreeMap;

use super::inert_markdown::{BLOCK_BYTES, code, fence, folded, inline, push_blocks, push_fence};
use crate::report::results::{CaseResult, Results, VerdictWord};
use crate::report::words::seconds;
use crate::text::count;

/// Most cases that passed which get a line of the table.
const PASSED_LINES: usize = 100;

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
    let blocks: Vec<String> = blocks.iter().map(|case| block(results, case)).collect();
    push_blocks(
        &mut text,
        &blocks,
        room,
        ("case", "the page of the run has them"),
    );
    if let Some(block) = untested(&cases) {
        push_blocks(
            &mut text,
            &[block],
            room,
            ("list of what was not tested", "the page of the run has it"),
        );
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
    let title = format!("{} {}", verdict(case).replace("**", ""), code(&case.id));
    body.push_str(&format!(
        "Look into it:\n\n{}",
        fence(&case.commands.shell, "sh")
    ));
    folded(&title, &body)
}

/// What the verdicts say nothing about: once for all cases of which the same is said.
fn untested(cases: &[&CaseResult]) -> Option<String> {
    let mut said: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for case in cases {
        for what in &case.not_tested {
            said.entry(what).or_default().push(&case.id);
        }
    }
    let lines: String = said
        .iter()
        .map(|(what, ids)| {
            let others = match ids.len() - 1 {
                0 => String::new(),
                more => format!(" and {}", count(more, "more case")),
            };
            format!("- {}: {}{others}\n", inline(what), code(ids[0]))
        })
        .collect();
    (!said.is_empty()).then(|| folded("Not tested", &lines))
}

/// What the step at which a case stopped changed, if it changed anything.
fn changed<'a>(results: &'a Results, case: &'a CaseResult) -> Option<(&'a str, &'a str)> {
    let step = case.step(case.stopped_at()?)?;
    let state = results.states.get(step.state.as_ref()?)?;
    Some((&step.name, &state.change.as_ref()?.text))
}
