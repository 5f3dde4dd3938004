//! JUnit's XML, as CI systems read it.

use std::fmt::Write as _;

use super::markup::markup;
use super::summary::{Ended, Summary};
use super::words::{ONLY_BUILT, verdict_body, verdict_word};
use crate::judge::Verdict;

/// The document of a run.
pub(super) fn document(summary: &Summary, mut cases: Vec<Ended>) -> String {
    cases.sort_by(|left, right| left.case.cmp(&right.case));
    let counts = format!(
        "tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{:.3}\"",
        cases.len(),
        summary.failed,
        summary.errored,
        summary.not_run,
        summary.elapsed.as_secs_f64()
    );
    let mut document = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites {counts}>\n\
         \x20 <testsuite name=\"switchproof\" {counts}>\n"
    );
    for ended in &cases {
        document.push_str(&test_case(ended));
    }
    document.push_str("  </testsuite>\n</testsuites>\n");
    document
}

fn test_case(ended: &Ended) -> String {
    let Ended {
        case,
        verdict,
        elapsed,
        only_built,
    } = ended;
    let scenario = case.split('[').next().unwrap_or(case);
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write!(
        text,
        "    <testcase classname=\"{}\" name=\"{}\" time=\"{:.3}\"",
        markup(scenario),
        markup(case),
        elapsed.as_secs_f64()
    );
    let body = markup(verdict_body(case, verdict).trim_end());
    let mut elements: Vec<String> = match verdict {
        Verdict::Passed { .. } => Vec::new(),
        Verdict::Failed(findings) => {
            let first = findings.first().map_or("", |finding| &finding.message);
            vec![format!(
                "<failure message=\"{}\">{body}</failure>",
                markup(first)
            )]
        }
        Verdict::Errored { message, .. } => {
            vec![format!(
                "<error message=\"{}\">{body}</error>",
                markup(message)
            )]
        }
        Verdict::NotRun { reason } => vec![format!("<skipped message=\"{}\"/>", markup(reason))],
    };
    let is_cached = matches!(
        verdict,
        Verdict::Passed {
            cached_at_s: Some(_)
        }
    );
    let said = [
        is_cached.then(|| verdict_word(verdict)),
        only_built.then_some(ONLY_BUILT),
    ];
    let said: Vec<&str> = said.into_iter().flatten().collect();
    if !said.is_empty() {
        elements.push(format!("<system-out>{}</system-out>", said.join(", ")));
    }
    if elements.is_empty() {
        return text + "/>\n";
    }
    let inner: String = elements
        .iter()
        .map(|element| format!("      {element}\n"))
        .collect();
    format!("{text}>\n{inner}    </testcase>\n")
}

#[cfg(test)]
mod tests {
    use super::super::document::DocumentSink;
    use super::super::plain::tests::{run, run_of_a_mac, tell};

    #[test]
    fn a_case_that_was_not_switched_to_says_so() {
        let mut out = Vec::new();
        tell(DocumentSink::junit(&mut out), run_of_a_mac());
        let document = String::from_utf8(out).unwrap();
        assert!(
            document.contains("<system-out>built only, never switched</system-out>"),
            "{document}"
        );
    }

    #[test]
    fn a_run_is_a_suite() {
        let mut out = Vec::new();
        tell(DocumentSink::junit(&mut out), run());
        let text = String::from_utf8(out).unwrap();
        assert!(
            text.contains("<testsuite name=\"switchproof\" tests=\"2\" failures=\"1\" errors=\"0\" skipped=\"0\" time=\"65.000\">"),
            "{text}"
        );
        assert!(
            text.contains(
                "<testcase classname=\"first-switch\" name=\"first-switch\" time=\"3.000\"/>"
            ),
            "{text}"
        );
        assert!(
            text.contains("<failure message=\"expected to succeed, it ended with status 1\">"),
            "{text}"
        );
        assert!(!text.contains('\u{7}'), "{text}");
    }
}
