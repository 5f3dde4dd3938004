//! JUnit's XML, as CI systems read it.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::report::results::{CaseResult, FindingWord, Results, VerdictWord};
use crate::report::words::{boundary, seconds};

/// Most bytes of a case's output: its steps' ends are kept.
const OUTPUT_BYTES: usize = 64 * 1024;

/// One suite; each case is a test of the class that is its scenario. What failed is a `failure`, what errored an
/// `error`, what was not run `skipped`; `system-out` holds what its steps printed.
#[must_use]
pub fn junit(results: &Results) -> String {
    let elapsed = Duration::from_secs_f64(results.run.elapsed_s.max(0.0));
    let mut suite = TestSuite::new("switchproof");
    suite.set_time(elapsed);
    let mut cases: Vec<&CaseResult> = results.cases.iter().collect();
    cases.sort_by(|left, right| left.id.cmp(&right.id));
    suite.add_test_cases(cases.into_iter().map(|case| test_case(results, case)));
    let mut report = Report::new("switchproof");
    report.set_time(elapsed);
    report.add_test_suite(suite);
    let text = report.to_string().expect("memory can be written to");
    format!("{}\n", text.trim_end())
}

fn test_case(results: &Results, case: &CaseResult) -> TestCase {
    let mut test = TestCase::new(case.id.as_str(), status(case));
    test.set_classname(case.scenario.as_str())
        .set_time(Duration::from_secs_f64(case.elapsed_s.max(0.0)));
    let output = printed(results, case);
    if !output.is_empty() {
        test.set_system_out(output);
    }
    test
}

fn status(case: &CaseResult) -> TestCaseStatus {
    match case.verdict {
        VerdictWord::Passed => TestCaseStatus::success(),
        VerdictWord::Failed => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            let first = case.findings.first();
            status
                .set_message(first.map_or("", |finding| finding.message.as_str()))
                .set_type(match first.map(|finding| finding.kind) {
                    Some(FindingWord::NewSnapshot) => "new snapshot",
                    Some(FindingWord::ChangedSnapshot) => "changed snapshot",
                    Some(FindingWord::Unmet) | None => "expectation",
                })
                .set_description(found(case));
            status
        }
        VerdictWord::Errored => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
            if let Some(error) = &case.error {
                let said = error.with_hint();
                status
                    .set_message(error.message.as_str())
                    .set_type("machine")
                    .set_description(format!("{said}\n{}", case.commands.shell));
            }
            status
        }
        VerdictWord::NotRun => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(case.reason.as_deref().unwrap_or_default());
            status
        }
    }
}

fn found(case: &CaseResult) -> String {
    let mut text = String::new();
    for finding in &case.findings {
        text.push_str(&format!(
            "{}:{}: after {}: {}\n{}\n",
            finding.file, finding.line, finding.step, finding.message, finding.detail
        ));
    }
    text + &format!("look into it: {}", case.commands.shell)
}

/// What the steps of a case printed, and what else is to be said of it.
fn printed(results: &Results, case: &CaseResult) -> String {
    let mut text = String::new();
    if case.cached_unix_s.is_some() {
        text.push_str("passed (cached): an earlier pass still holds\n");
    }
    for (law, because) in &case.laws_off {
        text.push_str(&format!("law {law} is not tried: {because}\n"));
    }
    for what in &case.not_tested {
        text.push_str(&format!("not tested: {what}\n"));
    }
    let states = case.steps.iter().filter_map(|step| {
        let state = results.states.get(step.state.as_ref()?)?;
        Some((step, state))
    });
    for (step, state) in states {
        let took = state
            .took_s
            .map_or(String::new(), |took| format!(" ({})", seconds(took)));
        if let Some(output) = &state.output {
            let status = output.status;
            text.push_str(&format!("== {}{took}: status {status}\n", step.name));
            text.push_str(&output.stdout);
            text.push_str(&output.stderr);
        } else if !state.last_lines.is_empty() {
            text.push_str(&format!("== {}: it did not end\n", step.name));
            text.push_str(&state.last_lines.join("\n"));
        }
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
    }
    if text.len() > OUTPUT_BYTES {
        let from = boundary(&text, text.len() - OUTPUT_BYTES);
        text = format!("… {from} bytes left out …\n{}", &text[from..]);
    }
    text
}
