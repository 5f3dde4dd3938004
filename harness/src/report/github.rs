//! Annotations of GitHub's workflows: a finding shows at its line of the scenario file in a pull request.

use std::io::Write;

use super::event::{Event, Sink};
use super::words::ONLY_BUILT;
use crate::judge::Verdict;
use crate::observe::text::printable;

/// Writes workflow commands (`::error file=…,line=…,title=…::message`). Standard output is where GitHub looks for them.
pub struct GithubSink<W: Write + Send> {
    out: W,
}

impl<W: Write + Send> GithubSink<W> {
    /// A sink that writes to `out`.
    pub fn new(out: W) -> Self {
        Self { out }
    }
}

impl<W: Write + Send> Sink for GithubSink<W> {
    fn event(&mut self, event: &Event) {
        let Event::CaseFinished {
            case,
            verdict,
            only_built,
            ..
        } = event
        else {
            return;
        };
        let notice = only_built.then(|| format!("::notice title={}::{ONLY_BUILT}", property(case)));
        for annotation in notice.into_iter().chain(annotations(case, verdict)) {
            // Nobody reads any more: not a reason to stop the run.
            let _ = writeln!(self.out, "{annotation}");
        }
        let _ = self.out.flush();
    }
}

fn annotations(case: &str, verdict: &Verdict) -> Vec<String> {
    match verdict {
        Verdict::Passed { .. } => Vec::new(),
        Verdict::Failed(findings) => findings
            .iter()
            .map(|finding| {
                format!(
                    "::error file={},line={},title={}::{}",
                    property(&finding.file.to_string_lossy()),
                    finding.line,
                    property(&format!("{case} after {}", finding.step)),
                    message(format!("{}\n{}", finding.message, finding.detail).trim_end())
                )
            })
            .collect(),
        Verdict::Errored {
            message: text,
            hint,
            ..
        } => {
            let hint = hint
                .as_ref()
                .map_or(String::new(), |hint| format!("\nhint: {hint}"));
            vec![format!(
                "::error title={}::{}",
                property(&format!("{case} could not be run")),
                message(&format!("{text}{hint}"))
            )]
        }
        Verdict::NotRun { reason } => vec![format!(
            "::warning title={}::{}",
            property(&format!("{case} was not run")),
            message(reason)
        )],
    }
}

/// The text of a command: line ends and the escape's own character are escaped.
fn message(text: &str) -> String {
    printable(text)
        .replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// A property of a command: its separators are escaped too.
fn property(text: &str) -> String {
    message(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::super::plain::tests::{run, run_of_a_mac, tell};
    use super::*;

    #[test]
    fn a_finding_is_an_annotation_at_its_line() {
        let mut out = Vec::new();
        tell(GithubSink::new(&mut out), run());
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "::error file=scenarios/clobber.yaml,line=9,title=clobber after switch::\
             expected to succeed, it ended with status 1%0AExisting file\\x07\n"
        );
    }

    #[test]
    fn a_case_that_was_not_switched_to_says_so() {
        let mut out = Vec::new();
        tell(GithubSink::new(&mut out), run_of_a_mac());
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "::notice title=on-a-mac::built only, never switched\n"
        );
    }

    #[test]
    fn nothing_of_a_guest_becomes_a_command() {
        let verdict = Verdict::NotRun {
            reason: "a\n::stop-commands::x%0A".into(),
        };
        assert_eq!(
            annotations("c[a=1,b=2]", &verdict),
            ["::warning title=c[a=1%2Cb=2] was not run::a%0A::stop-commands::x%250A"]
        );
    }
}
