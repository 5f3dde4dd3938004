//! A terminal: one line a running machine at the bottom, verdicts above it as they come.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use super::event::{Event, Sink};
use super::summary::Summary;
use super::words::{is_kept, painted, said, verdict_brief, verdict_line};
use crate::text::{printable_line, span};

/// Most machines that get a line; one that begins while all these have theirs gets none.
const MACHINES: usize = 16;

/// What stands where a machine's last line would while another process makes the state.
const WAITS: &str = "waiting: another switchproof makes it";

/// Draws on a terminal.
pub struct TerminalSink {
    above: Box<dyn FnMut(&str) + Send>,
    bottom: MultiProgress,
    colour: bool,
    summary: Summary,
    /// How far the run is, below all other lines.
    total: ProgressBar,
    preparing: ProgressBar,
    machines: BTreeMap<(String, String), ProgressBar>,
}

impl TerminalSink {
    /// A sink that draws what moves on `target`, and writes by `above` what stays there: lines that `target` wrote would
    /// be copied, and wrapped anew, as one. `colour`: whether it may be colourful.
    pub fn new(
        target: ProgressDrawTarget,
        above: impl FnMut(&str) + Send + 'static,
        colour: bool,
    ) -> Self {
        let bottom = MultiProgress::with_draw_target(target);
        let total = bottom.add(line("{msg} ({span})"));
        Self {
            above: Box::new(above),
            total,
            preparing: ProgressBar::hidden(),
            bottom,
            colour,
            summary: Summary::default(),
            machines: BTreeMap::new(),
        }
    }

    /// Writes lines that stay above those at the bottom.
    fn say(&mut self, text: &str) {
        let Self { above, bottom, .. } = self;
        bottom.suspend(|| above(text));
    }

    /// A machine has a line of its own from now on.
    fn begins(&mut self, case: &str, step: &str, said: &'static str) {
        let key = (printable_line(case), printable_line(step));
        let bar = line("  {prefix} {span}  {wide_msg}").with_prefix(format!("{} {}", key.0, key.1));
        let bar = bar.with_message(said);
        let bar = match self.machines.len() < MACHINES {
            true => self.bottom.insert_before(&self.total, bar),
            false => ProgressBar::hidden(),
        };
        bar.tick();
        self.machines.insert(key, bar);
    }

    fn ends(&self, bar: &ProgressBar) {
        bar.finish_and_clear();
        self.bottom.remove(bar);
    }
}

/// A line at the bottom.
fn line(template: &str) -> ProgressBar {
    let style = ProgressStyle::with_template(template)
        .expect("a template that a test draws")
        .with_key("span", |state: &ProgressState, text: &mut dyn Write| {
            let _ = text.write_str(&span(state.elapsed()));
        });
    ProgressBar::no_length().with_style(style)
}

impl Sink for TerminalSink {
    fn event(&mut self, event: &Event) {
        self.summary.event(event);
        match event {
            Event::Preparing { what } => {
                let bar = line("  preparing: {wide_msg}").with_message(printable_line(what));
                self.ends(&self.preparing);
                self.preparing = self.bottom.insert_before(&self.total, bar);
                self.preparing.tick();
            }
            Event::Waiting { case, step } => self.begins(case, step, WAITS),
            Event::StepStarted { case, step, .. } => {
                self.ends(&self.preparing);
                self.begins(case, step, "");
            }
            Event::StepOutput { case, step, line } => {
                let key = (printable_line(case), printable_line(step));
                if let Some(bar) = self.machines.get(&key) {
                    bar.set_message(printable_line(line));
                }
            }
            Event::WaitOver { case, step } | Event::StepFinished { case, step, .. } => {
                let key = (printable_line(case), printable_line(step));
                if let Some(bar) = self.machines.remove(&key) {
                    self.ends(&bar);
                }
            }
            Event::CaseFinished {
                case,
                verdict,
                elapsed,
                remarks,
                is_law,
            } => {
                if *is_law && is_kept(verdict) {
                    return;
                }
                let line = verdict_line(case, verdict, *elapsed, remarks);
                let line = painted(verdict, &line, self.colour);
                let text = format!("{line}\n{}", verdict_brief(case, verdict));
                self.say(text.trim_end());
            }
            event => {
                let text = said(event, &self.summary).unwrap_or_default();
                if matches!(event, Event::CutShort { .. } | Event::Finished { .. }) {
                    self.summary.cases = 0;
                    self.ends(&self.preparing);
                    std::mem::take(&mut self.machines)
                        .values()
                        .for_each(|bar| self.ends(bar));
                    self.ends(&self.total);
                }
                self.say(&text);
            }
        }
        if self.summary.cases > 0 {
            let (done, cases) = (self.summary.done(), self.summary.cases);
            let counts = self.summary;
            self.total
                .set_message(format!("{done}/{cases} cases, {counts}"));
        }
    }

    fn tick(&mut self, _elapsed: Duration) {
        self.machines.values().for_each(ProgressBar::tick);
        if self.summary.cases > 0 {
            self.total.tick();
        }
    }
}

#[cfg(test)]
mod tests {
    use indicatif::{InMemoryTerm, TermLike};

    use super::super::plain::tests::{run, run_of_a_mac, tell};
    use super::*;
    use crate::testing::{has, lacks};

    /// What is on a screen in the end, and all that was written to it.
    fn told(events: Vec<Event>, colour: bool) -> (String, String) {
        let screen = InMemoryTerm::new(40, 60);
        let target = ProgressDrawTarget::term_like(Box::new(screen.clone()));
        let out = screen.clone();
        let above = move |text: &str| {
            let mut lines = text.lines();
            lines.try_for_each(|line| out.write_line(line)).unwrap();
        };
        tell(TerminalSink::new(target, above, colour), events);
        (screen.contents(), screen.moves_since_last_check())
    }

    #[test]
    fn in_the_end_only_what_stays_is_on_the_screen() {
        let (screen, written) = told(run(), false);
        let text = screen.replace('\n', "");
        assert!(text.starts_with("2 cases, 3 stepschannel next"), "{screen}");
        has(&screen, "\npassed first-switch (3.0 s)\nFAILED clobber");
        let end = "1 passed, 1 failed in 1 min 05 s";
        assert!(screen.ends_with(end), "{screen}");
        lacks(screen, &["/2 cases"]);
        has(&written, "0/2 cases");
        has(&written, "building it");
    }

    #[test]
    fn a_case_that_was_not_switched_to_says_so() {
        let (screen, _) = told(run_of_a_mac(), false);
        has(
            screen,
            "passed on-a-mac, built only, never switched (3.0 s)",
        );
    }

    #[test]
    fn colour_is_only_where_it_may_be() {
        assert!(told(run(), true).1.contains("\\u{1b}[1;32mpassed"));
        assert!(!told(run(), false).1.contains("\\u{1b}[1;"));
    }
}
