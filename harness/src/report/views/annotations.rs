//! Annotations: a finding shows at its line of the scenario file in a pull request.

use std::path::Path;

use crate::ci::{Annotation, Level};
use crate::model::{ONLY_BUILT, REACHES_HOST};
use crate::report::results::{CaseResult, FindingResult, FindingWord, Results, VerdictWord};
use crate::text::count;

/// Most annotations of a level: a runner shows ten a step and drops the others.
const ANNOTATIONS: usize = 10;
/// Most lines of a finding's detail.
const DETAIL_LINES: usize = 40;

/// Workflow commands, one a line: the first findings, and how many more there are.
#[must_use]
pub fn annotations(results: &Results) -> String {
    let cases = results.by_weight();
    let errors = cases.iter().flat_map(|case| errors(case));
    let not_run = cases
        .iter()
        .filter(|case| case.verdict == VerdictWord::NotRun)
        .map(|case| Annotation {
            level: Level::Warning,
            title: Some(format!("{} was not run", case.id)),
            message: case.reason.clone().unwrap_or_default(),
            ..at(&case.file, None)
        });
    let remarks = cases.iter().flat_map(|case| {
        remarks(case).map(|remark| Annotation {
            level: Level::Notice,
            title: Some(case.id.clone()),
            message: remark.to_owned(),
            ..at(&case.file, None)
        })
    });
    first(errors) + &first(not_run) + &first(remarks)
}

/// What the verdict of a case is to be read with.
fn remarks(case: &CaseResult) -> impl Iterator<Item = &'static str> {
    let reaches = case.network == "internet-and-host";
    let built = case.only_built.then_some(ONLY_BUILT);
    built.into_iter().chain(reaches.then_some(REACHES_HOST))
}

/// The first of them; where there are more, the last one says how many.
fn first(annotations: impl Iterator<Item = Annotation>) -> String {
    let all: Vec<Annotation> = annotations.collect();
    let shown = match all.len() {
        few if few <= ANNOTATIONS => few,
        _ => ANNOTATIONS - 1,
    };
    let mut lines: Vec<String> = all[..shown].iter().map(Annotation::to_string).collect();
    if let Some(next) = all.get(shown) {
        let more = Annotation {
            title: None,
            message: format!("and {}", count(all.len() - shown, "more finding")),
            ..next.clone()
        };
        lines.push(more.to_string());
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn errors(case: &CaseResult) -> Vec<Annotation> {
    let mut all: Vec<Annotation> = case
        .findings
        .iter()
        .map(|finding| of_finding(case, finding))
        .collect();
    if let Some(error) = &case.error {
        let step = error.during.as_ref().and_then(|name| case.step(name));
        all.push(Annotation {
            title: Some(format!("{} could not be run", case.id)),
            message: error.with_hint(),
            ..at(&case.file, step.map(|step| step.line))
        });
    }
    all
}

fn of_finding(case: &CaseResult, finding: &FindingResult) -> Annotation {
    let mut message = finding.message.clone();
    let lines: Vec<&str> = finding.detail.lines().collect();
    for line in lines.iter().take(DETAIL_LINES) {
        message.push('\n');
        message.push_str(line);
    }
    if let Some(more) = lines.len().checked_sub(DETAIL_LINES).filter(|&it| it > 0) {
        message.push_str(&format!("\n… {more} more lines"));
    }
    Annotation {
        level: match finding.kind {
            FindingWord::NewSnapshot => Level::Notice,
            FindingWord::ChangedSnapshot | FindingWord::Unmet => Level::Error,
        },
        title: Some(format!("{} after {}", case.id, finding.step)),
        message,
        ..at(&finding.file, Some(finding.line))
    }
}

fn at(file: &str, line: Option<usize>) -> Annotation {
    Annotation {
        level: Level::Error,
        file: Some(in_repository(file)),
        line,
        column: None,
        title: None,
        message: String::new(),
    }
}

/// A file as its repository knows it, whatever folder this runs in: runners say where the repository is.
pub(super) fn in_repository(file: &str) -> String {
    let workspace = ["GITHUB_WORKSPACE", "CI_PROJECT_DIR"]
        .iter()
        .find_map(std::env::var_os);
    let inner = || {
        let path = std::path::absolute(file).ok()?;
        let inner = path.strip_prefix(Path::new(&workspace?)).ok()?;
        Some(inner.to_str()?.to_owned())
    };
    inner().unwrap_or_else(|| file.to_owned())
}
