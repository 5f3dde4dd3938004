//! Plain lines: for files, pipes and CI, where a cursor cannot be moved.

use std::io::Write;

use super::event::{Event, Sink};
use super::summary::Summary;
use super::words::{
    is_kept, painted, said, verdict_body, verdict_brief, verdict_heads, verdict_line,
};
use crate::ci::{Ci, inert};
use crate::judge::Verdict;
use crate::text::{count, printable_line, span};

/// Lines below a verdict from which on the log of a CI system folds them.
const FOLDED_LINES: usize = 30;

/// How much is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Telling {
    /// What is wrong, and how it ended.
    Trouble,
    /// Also what cases come to, and what takes long.
    Cases,
    /// Also when steps begin and end and what they print.
    Everything,
}

/// Writes a line for each thing that happens, and what is wrong below the verdict it belongs to.
pub struct PlainSink<W: Write + Send> {
    out: W,
    summary: Summary,
    telling: Telling,
    ci: Option<Ci>,
    colour: bool,
}

impl<W: Write + Send> PlainSink<W> {
    /// A sink that writes to `out`.
    pub fn new(out: W, telling: Telling) -> Self {
        Self {
            out,
            summary: Summary::default(),
            telling,
            ci: None,
            colour: false,
        }
    }

    /// The sink with its verdicts in colours, or without.
    #[must_use]
    pub fn colourful(mut self, colour: bool) -> Self {
        self.colour = colour;
        self
    }

    /// The sink as the log of a job in a CI system: no line of a guest's is obeyed by its runner, and what is long is
    /// folded where the log can fold.
    #[must_use]
    pub fn in_ci(mut self, ci: Option<Ci>) -> Self {
        self.ci = ci;
        self
    }

    fn say(&mut self, text: &str) {
        let text = match self.ci {
            Some(_) => inert(text),
            None => text.into(),
        };
        self.write(&text);
    }

    fn write(&mut self, text: &str) {
        // Nobody reads any more: not a reason to stop the run.
        let _ = writeln!(self.out, "{text}");
        let _ = self.out.flush();
    }

    /// Says what is below a verdict's line. In the log of Actions a long one is folded, below what is wrong in a line
    /// each.
    fn say_body(&mut self, case: &str, verdict: &Verdict) {
        let body = match self.telling {
            Telling::Everything => verdict_body(case, verdict),
            Telling::Cases | Telling::Trouble => verdict_brief(case, verdict),
        };
        let lines = body.lines().count();
        if body.is_empty() {
            return;
        }
        if self.ci != Some(Ci::Actions) || lines <= FOLDED_LINES {
            self.say(body.trim_end());
            return;
        }
        self.say(&verdict_heads(verdict));
        let title = format!("{}: {}", printable_line(case), count(lines, "line"));
        self.write(&format!("::group::{}", inert(&title)));
        self.say(body.trim_end());
        self.write("::endgroup::");
    }
}

impl<W: Write + Send> Sink for PlainSink<W> {
    fn event(&mut self, event: &Event) {
        self.summary.event(event);
        let verbose = self.telling == Telling::Everything;
        if self.telling == Telling::Trouble && !is_trouble(event) {
            return;
        }
        match event {
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
            } if verbose => {
                let shared = match shared_by {
                    0 | 1 => String::new(),
                    many => format!(" (shared by {many} cases)"),
                };
                self.say(&format!("begins {}{shared}", place(case, step)));
            }
            Event::StepOutput { case, step, line } if verbose => {
                self.say(&format!("{} | {}", place(case, step), printable_line(line)));
            }
            Event::StepFinished {
                case,
                step,
                elapsed,
                ..
            } if verbose => {
                self.say(&format!("ended {} ({})", place(case, step), span(*elapsed)));
            }
            Event::CaseFinished {
                case,
                verdict,
                elapsed,
                remarks,
                is_law,
            } => {
                if *is_law && is_kept(verdict) && !verbose {
                    return;
                }
                let line = verdict_line(case, verdict, *elapsed, remarks);
                let line = match self.ci {
                    Some(_) => inert(&line).into_owned(),
                    None => line,
                };
                self.write(&painted(verdict, &line, self.colour));
                self.say_body(case, verdict);
            }
            event => {
                if let Some(text) = said(event, &self.summary) {
                    self.say(&text);
                }
            }
        }
    }
}

/// What is told however little is to be told: what is wrong, what was written, and how it ended.
fn is_trouble(event: &Event) -> bool {
    match event {
        Event::CaseFinished { verdict, .. } => !matches!(verdict, Verdict::Passed { .. }),
        Event::SnapshotWritten { .. } | Event::CutShort { .. } | Event::Finished { .. } => true,
        _ => false,
    }
}

fn place(case: &str, step: &str) -> String {
    format!("{} {}", printable_line(case), printable_line(step))
}

#[cfg(test)]
pub(super) mod tests {
    use std::time::Duration;

    use super::*;
    use crate::judge::{Finding, FindingKind, Verdict};
    use crate::plan::StateKey;

    /// A run of two cases, one good and one bad.
    pub(in crate::report) fn run() -> Vec<Event> {
        let (first, switch) = ("first-switch".to_owned(), "switch".to_owned());
        let prepare = "prepare".to_owned();
        let finding = Finding {
            step: switch.clone(),
            file: "scenarios/clobber.yaml".into(),
            line: 9,
            message: "expected to succeed, it ended with status 1".into(),
            detail: "Existing file\u{7}".into(),
            kind: FindingKind::Unmet,
        };
        vec![
            Event::Started {
                cases: 2,
                laws: 0,
                steps: 3,
                sources: vec!["channel next: home-manager of ../hm, release 26.05".into()],
            },
            Event::Waiting {
                case: first.clone(),
                step: prepare.clone(),
            },
            Event::WaitOver {
                case: first.clone(),
                step: prepare,
            },
            Event::StepStarted {
                case: first.clone(),
                step: switch.clone(),
                shared_by: 2,
                machine: 1,
                state: StateKey("5a1e".into()),
            },
            Event::StepOutput {
                case: first.clone(),
                step: switch,
                line: "building \u{1b}[2Jit".into(),
            },
            ended(&first, Verdict::Passed { cached_at_s: None }, Vec::new()),
            ended("clobber", Verdict::Failed(vec![finding]), Vec::new()),
            Event::Finished {
                elapsed: Duration::from_secs(65),
            },
        ]
    }

    fn ended(case: &str, verdict: Verdict, remarks: Vec<&'static str>) -> Event {
        Event::CaseFinished {
            case: case.into(),
            verdict,
            elapsed: Duration::from_secs(3),
            remarks,
            is_law: false,
        }
    }

    /// A run of one case that is built only.
    pub(in crate::report) fn run_of_a_mac() -> Vec<Event> {
        vec![
            Event::Started {
                cases: 1,
                laws: 0,
                steps: 1,
                sources: Vec::new(),
            },
            ended(
                "on-a-mac",
                Verdict::Passed { cached_at_s: None },
                vec![crate::model::ONLY_BUILT],
            ),
            Event::Finished {
                elapsed: Duration::from_secs(4),
            },
        ]
    }

    /// Gives events to a sink.
    pub(in crate::report) fn tell(mut sink: impl Sink, events: Vec<Event>) {
        for event in &events {
            sink.event(event);
        }
    }

    fn told_of(events: Vec<Event>, telling: Telling) -> String {
        let mut out = Vec::new();
        tell(PlainSink::new(&mut out, telling), events);
        String::from_utf8(out).unwrap()
    }

    fn told(telling: Telling) -> String {
        told_of(run(), telling)
    }

    #[test]
    fn a_quiet_run_tells_what_is_wrong_and_how_it_ended() {
        let told = told(Telling::Trouble);
        assert!(told.starts_with("FAILED clobber (3.0 s)\n"), "{told}");
        let end = "1 passed, 1 failed in 1 min 05 s\n";
        assert!(told.ends_with(end), "{told}");
        assert!(!told.contains("first-switch"), "{told}");
    }

    #[test]
    fn a_case_that_was_not_switched_to_says_so() {
        let told = told_of(run_of_a_mac(), Telling::Cases);
        let passed = "passed on-a-mac, built only, never switched (3.0 s)\n";
        assert!(told.contains(passed), "{told}");
    }

    #[test]
    fn a_run_is_told_in_lines() {
        assert_eq!(
            told(Telling::Cases),
            "2 cases, 3 steps\n\
             channel next: home-manager of ../hm, release 26.05\n\
             waiting for first-switch prepare: another switchproof makes it\n\
             passed first-switch (3.0 s)\n\
             FAILED clobber (3.0 s)\n\
             \x20 scenarios/clobber.yaml:9: after switch: expected to succeed, it ended with status 1\n\
             \x20     Existing file\\x07\n\
             \x20 look into it: switchproof shell clobber scenarios/clobber.yaml --at switch\n\
             1 passed, 1 failed in 1 min 05 s\n"
        );
    }

    /// What a run says in the log of a job whose guest prints what runners obey.
    fn told_in_ci(ci: Option<Ci>, lines: usize) -> String {
        let hostile = "::add-mask::a\n  ::stop-commands::b\nx ##[error]c\n";
        let mut events = run();
        events.push(Event::StepOutput {
            case: "first-switch".into(),
            step: "::x::".into(),
            line: hostile.into(),
        });
        let finding = Finding {
            step: "switch".into(),
            file: "x.yaml".into(),
            line: 1,
            message: hostile.into(),
            detail: hostile.repeat(lines),
            kind: FindingKind::Unmet,
        };
        events.push(ended("hostile", Verdict::Failed(vec![finding]), Vec::new()));
        let mut out = Vec::new();
        let sink = PlainSink::new(&mut out, Telling::Everything);
        tell(sink.in_ci(ci), events);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_runner_obeys_no_line_of_a_guest() {
        for (ci, lines) in [(Ci::Actions, 1), (Ci::Actions, 100), (Ci::Other, 100)] {
            let told = told_in_ci(Some(ci), lines);
            let is_obeyed =
                |line: &&str| line.trim_start().starts_with("::") || line.contains("##[");
            let commands: Vec<&str> = told.lines().filter(is_obeyed).collect();
            let own = ["::group::hostile: 302 lines", "::endgroup::"];
            let is_folded = (ci, lines) == (Ci::Actions, 100);
            assert_eq!(commands, own[..if is_folded { 2 } else { 0 }]);
            assert!(told.contains("\\::add-mask::a"), "{told}");
        }
        assert!(told_in_ci(None, 1).contains("      ::add-mask::a"));
    }

    #[test]
    fn a_verbose_run_tells_what_steps_print_without_their_escapes() {
        let told = told(Telling::Everything);
        assert!(told.contains("begins first-switch switch (shared by 2 cases)\n"));
        assert!(told.contains("first-switch switch | building it\n"));
        assert!(!told.contains('\u{1b}'));
    }
}
