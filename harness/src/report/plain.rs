//! Plain lines: for files, pipes and CI, where a cursor cannot be moved.

use std::io::Write;

use super::event::{Event, Sink};
use super::summary::Summary;
use super::words::{span, verdict_body, verdict_brief, verdict_line, wrote};
use crate::observe::text::printable_line;

/// Writes a line for each thing that happens, and what is wrong below the verdict it belongs to.
pub struct PlainSink<W: Write + Send> {
    out: W,
    summary: Summary,
    verbose: bool,
}

impl<W: Write + Send> PlainSink<W> {
    /// A sink that writes to `out`. A verbose one also tells when steps begin and end and what they print.
    pub fn new(out: W, verbose: bool) -> Self {
        Self {
            out,
            summary: Summary::default(),
            verbose,
        }
    }

    fn say(&mut self, line: &str) {
        // Nobody reads any more: not a reason to stop the run.
        let _ = writeln!(self.out, "{line}");
        let _ = self.out.flush();
    }
}

impl<W: Write + Send> Sink for PlainSink<W> {
    fn event(&mut self, event: &Event) {
        self.summary.event(event);
        match event {
            Event::Started { cases, steps } => {
                self.say(&format!(
                    "{}, {}",
                    count(*cases, "case"),
                    count(*steps, "step")
                ));
            }
            Event::Preparing { what } => self.say(&format!("preparing: {}", printable_line(what))),
            Event::Waiting { case, step } => self.say(&format!(
                "waiting for {}: another switchproof makes it",
                place(case, step)
            )),
            Event::StepStarted {
                case,
                step,
                shared_by,
                ..
            } if self.verbose => {
                let shared = match shared_by {
                    0 | 1 => String::new(),
                    many => format!(" (shared by {many} cases)"),
                };
                self.say(&format!("begins {}{shared}", place(case, step)));
            }
            Event::StepOutput { case, step, line } if self.verbose => {
                self.say(&format!("{} | {}", place(case, step), printable_line(line)));
            }
            Event::StepFinished {
                case,
                step,
                elapsed,
                ..
            } if self.verbose => {
                self.say(&format!("ended {} ({})", place(case, step), span(*elapsed)));
            }
            Event::SnapshotWritten { path, .. } => self.say(&wrote(path)),
            Event::WaitOver { .. }
            | Event::StepStarted { .. }
            | Event::StepOutput { .. }
            | Event::StepFinished { .. } => {}
            Event::CaseFinished {
                case,
                verdict,
                elapsed,
                only_built,
            } => {
                let body = match self.verbose {
                    true => verdict_body(case, verdict),
                    false => verdict_brief(case, verdict),
                };
                self.say(&verdict_line(case, verdict, *elapsed, *only_built));
                if !body.is_empty() {
                    self.say(body.trim_end());
                }
            }
            Event::Finished { .. } => self.say(&self.summary.to_string()),
        }
    }
}

fn place(case: &str, step: &str) -> String {
    format!("{} {}", printable_line(case), printable_line(step))
}

/// A number and what it counts.
pub(crate) fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
pub(super) mod tests {
    use std::time::Duration;

    use super::*;
    use crate::judge::{Finding, FindingKind, Verdict};
    use crate::plan::StateKey;

    /// A run of two cases, one good and one bad.
    pub(in crate::report) fn run() -> Vec<Event> {
        let case = |name: &str, verdict| Event::CaseFinished {
            case: name.into(),
            verdict,
            elapsed: Duration::from_secs(3),
            only_built: false,
        };
        vec![
            Event::Started { cases: 2, steps: 3 },
            Event::Waiting {
                case: "first-switch".into(),
                step: "prepare".into(),
            },
            Event::WaitOver {
                case: "first-switch".into(),
                step: "prepare".into(),
            },
            Event::StepStarted {
                case: "first-switch".into(),
                step: "switch".into(),
                shared_by: 2,
                machine: 1,
                state: StateKey("5a1e".into()),
            },
            Event::StepOutput {
                case: "first-switch".into(),
                step: "switch".into(),
                line: "building \u{1b}[2Jit".into(),
            },
            case("first-switch", Verdict::Passed { cached_at_s: None }),
            case(
                "clobber",
                Verdict::Failed(vec![Finding {
                    step: "switch".into(),
                    file: "scenarios/clobber.yaml".into(),
                    line: 9,
                    message: "expected to succeed, it ended with status 1".into(),
                    detail: "Existing file\u{7}".into(),
                    kind: FindingKind::Unmet,
                }]),
            ),
            Event::Finished {
                elapsed: Duration::from_secs(65),
            },
        ]
    }

    /// A run of one case that is built only.
    pub(in crate::report) fn run_of_a_mac() -> Vec<Event> {
        vec![
            Event::Started { cases: 1, steps: 1 },
            Event::CaseFinished {
                case: "on-a-mac".into(),
                verdict: Verdict::Passed { cached_at_s: None },
                elapsed: Duration::from_secs(3),
                only_built: true,
            },
            Event::Finished {
                elapsed: Duration::from_secs(4),
            },
        ]
    }

    /// Lets a sink hear events.
    pub(in crate::report) fn tell(mut sink: impl Sink, events: Vec<Event>) {
        for event in &events {
            sink.event(event);
        }
    }

    fn told_of(events: Vec<Event>, verbose: bool) -> String {
        let mut out = Vec::new();
        tell(PlainSink::new(&mut out, verbose), events);
        String::from_utf8(out).unwrap()
    }

    fn told(verbose: bool) -> String {
        told_of(run(), verbose)
    }

    #[test]
    fn a_case_that_was_not_switched_to_says_so() {
        assert!(
            told_of(run_of_a_mac(), false)
                .contains("passed on-a-mac, built only, never switched (3.0 s)\n")
        );
    }

    #[test]
    fn a_run_is_told_in_lines() {
        assert_eq!(
            told(false),
            "2 cases, 3 steps\n\
             waiting for first-switch prepare: another switchproof makes it\n\
             passed first-switch (3.0 s)\n\
             FAILED clobber (3.0 s)\n\
             \x20 scenarios/clobber.yaml:9: after switch: expected to succeed, it ended with status 1\n\
             \x20     Existing file\\x07\n\
             \x20 look into it: switchproof shell clobber scenarios/clobber.yaml --at switch\n\
             1 passed, 1 failed in 1 min 05 s\n"
        );
    }

    #[test]
    fn a_verbose_run_tells_what_steps_print_without_their_escapes() {
        let told = told(true);
        assert!(told.contains("begins first-switch switch (shared by 2 cases)\n"));
        assert!(told.contains("first-switch switch | building it\n"));
        assert!(!told.contains('\u{1b}'));
    }
}
