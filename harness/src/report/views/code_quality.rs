//! The code quality report of GitLab: findings at their lines, in a merge request.

use serde_json::{Value, json};

use super::annotations::in_repository;
use crate::report::results::{CaseResult, FindingWord, Results};

/// An array of findings, as GitLab reads it from `artifacts: reports: codequality`.
#[must_use]
pub fn code_quality(results: &Results) -> String {
    let issues: Vec<Value> = results.by_weight().into_iter().flat_map(of_case).collect();
    format!("{:#}\n", Value::from(issues))
}

fn of_case(case: &CaseResult) -> Vec<Value> {
    let issue = |kind: &str, severity: &str, step: &str, file: &str, line: usize, text: String| {
        let name = format!("{}\n{step}\n{file}\n{line}\n{text}", case.id);
        json!({
            "description": text,
            "check_name": format!("switchproof/{kind}"),
            // Equal findings of two pipelines are one: GitLab tells new ones by it.
            "fingerprint": blake3::hash(name.as_bytes()).to_hex().to_string(),
            "severity": severity,
            "location": { "path": in_repository(file), "lines": { "begin": line.max(1) } },
        })
    };
    let mut issues: Vec<Value> = case
        .findings
        .iter()
        .map(|finding| {
            let (kind, severity) = match finding.kind {
                FindingWord::NewSnapshot => ("new-snapshot", "info"),
                FindingWord::ChangedSnapshot => ("changed-snapshot", "major"),
                FindingWord::Unmet => ("expectation", "major"),
            };
            let text = format!("{} after {}: {}", case.id, finding.step, finding.message);
            let (step, file) = (&finding.step, &finding.file);
            issue(kind, severity, step, file, finding.line, text)
        })
        .collect();
    if let Some(error) = &case.error {
        let during = error.during.as_deref().unwrap_or_default();
        let text = format!("{} could not be run: {}", case.id, error.message);
        let line = case.step(during).map_or(1, |step| step.line);
        issues.push(issue("errored", "critical", during, &case.file, line, text));
    }
    issues
}
