//! JUnit's XML, as CI systems read it.

use std::fmt::Write as _;
use std::io::Write;
use std::time::Duration;

use super::event::{Event, Sink};
use super::markup::markup;
use super::summary::Summary;
use super::words::{verdict_body, verdict_word};
use crate::judge::Verdict;

/// Collects the verdicts and writes one document when the run is over: a suite, each case a test of the class that is
/// its scenario. What failed is a `failure`, what errored an `error`, what was not run `skipped`.
pub struct JunitSink<W: Write + Send> {
    out: W,
    summary: Summary,
    cases: Vec<(String, Verdict, Duration)>,
}

impl<W: Write + Send> JunitSink<W> {
    /// A sink that writes to `out`.
    pub fn new(out: W) -> Self {
        Self {
            out,
            summary: Summary::default(),
            cases: Vec::new(),
        }
    }

    fn document(&mut self) -> String {
        self.cases.sort_by(|left, right| left.0.cmp(&right.0));
        let counts = format!(
            "tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{:.3}\"",
            self.cases.len(),
            self.summary.failed,
            self.summary.errored,
            self.summary.not_run,
            self.summary.elapsed.as_secs_f64()
        );
        let mut document = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites {counts}>\n\
             \x20 <testsuite name=\"switchproof\" {counts}>\n"
        );
        for (case, verdict, elapsed) in &self.cases {
            document.push_str(&test_case(case, verdict, *elapsed));
        }
        document.push_str("  </testsuite>\n</testsuites>\n");
        document
    }
}

fn test_case(case: &str, verdict: &Verdict, elapsed: Duration) -> String {
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
    let _ = match verdict {
        Verdict::Passed { cached_at_s: None } => writeln!(text, "/>"),
        Verdict::Passed {
            cached_at_s: Some(_),
        } => writeln!(
            text,
            ">\n      <system-out>{}</system-out>\n    </testcase>",
            verdict_word(verdict)
        ),
        Verdict::Failed(findings) => writeln!(
            text,
            ">\n      <failure message=\"{}\">{body}</failure>\n    </testcase>",
            markup(findings.first().map_or("", |finding| &finding.message))
        ),
        Verdict::Errored { message, .. } => writeln!(
            text,
            ">\n      <error message=\"{}\">{body}</error>\n    </testcase>",
            markup(message)
        ),
        Verdict::NotRun { reason } => writeln!(
            text,
            ">\n      <skipped message=\"{}\"/>\n    </testcase>",
            markup(reason)
        ),
    };
    text
}

impl<W: Write + Send> Sink for JunitSink<W> {
    fn event(&mut self, event: &Event) {
        self.summary.event(event);
        match event {
            Event::CaseFinished {
                case,
                verdict,
                elapsed,
            } => self.cases.push((case.clone(), verdict.clone(), *elapsed)),
            Event::Finished { .. } => {
                let document = self.document();
                let _ = self.out.write_all(document.as_bytes());
                let _ = self.out.flush();
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::plain::tests::run;
    use super::*;

    #[test]
    fn a_run_is_a_suite() {
        let mut out = Vec::new();
        let mut sink = JunitSink::new(&mut out);
        for event in run() {
            sink.event(&event);
        }
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
