//! A terminal: one line a running machine at the bottom, verdicts above it as they come.

use std::collections::BTreeMap;
use std::io::Write;
use std::time::{Duration, Instant};

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::event::{Event, Sink};
use super::summary::Summary;
use super::words::{is_kept, painted, said, verdict_brief, verdict_line};
use crate::text::{printable_line, span};

/// How often the lines at the bottom are drawn anew at most.
const REDRAW: Duration = Duration::from_millis(100);
/// Most machines that get a line.
const MACHINES: usize = 16;

/// What stands where a machine's last line would while another process makes the state.
const WAITS: &str = "waiting: another switchproof makes it";

/// Draws on a terminal.
pub struct TerminalSink<W: Write + Send> {
    out: W,
    columns: Box<dyn Fn() -> usize + Send>,
    colour: bool,
    began: Instant,
    summary: Summary,
    preparing: Option<String>,
    machines: BTreeMap<(String, String), Running>,
    /// The widths of the lines at the bottom: a terminal that became narrower has wrapped them.
    drawn: Vec<usize>,
    drawn_at: Option<Instant>,
}

/// A step that runs.
struct Running {
    began: Instant,
    line: String,
}

impl<W: Write + Send> TerminalSink<W> {
    /// A sink that draws on `out`, a terminal as wide as `columns` says when asked. `colour`: whether it may be colourful.
    pub fn new(out: W, columns: impl Fn() -> usize + Send + 'static, colour: bool) -> Self {
        Self {
            out,
            columns: Box::new(columns),
            colour,
            began: Instant::now(),
            summary: Summary::default(),
            preparing: None,
            machines: BTreeMap::new(),
            drawn: Vec::new(),
            drawn_at: None,
        }
    }

    /// Writes lines that stay above those at the bottom.
    fn say(&mut self, text: &str) {
        let mut screen = self.erased();
        screen.push_str(text);
        screen.push('\n');
        self.show(screen);
    }

    /// A machine has a line of its own from now on.
    fn begins(&mut self, case: &str, step: &str, line: &str) {
        let running = Running {
            began: Instant::now(),
            line: line.to_owned(),
        };
        let key = (printable_line(case), printable_line(step));
        self.machines.insert(key, running);
        self.redraw(true);
    }

    /// The lines at the bottom, if they are due.
    fn redraw(&mut self, now: bool) {
        let due = self.drawn_at.is_none_or(|drawn| drawn.elapsed() >= REDRAW);
        if now || due {
            let screen = self.erased();
            self.show(screen);
        }
    }

    /// What removes the lines at the bottom: up and clear, for each.
    fn erased(&self) -> String {
        let columns = (self.columns)().max(1);
        let rows: usize = self
            .drawn
            .iter()
            .map(|width| width.div_ceil(columns).max(1))
            .sum();
        match rows {
            0 => String::new(),
            rows => format!("\r\u{1b}[{rows}A\u{1b}[J"),
        }
    }

    /// Writes at once what is to be removed, said and drawn, so that nothing flickers.
    fn show(&mut self, mut screen: String) {
        let bottom = self.bottom();
        for line in &bottom {
            screen.push_str(line);
            screen.push('\n');
        }
        self.drawn = bottom.iter().map(|line| line.width()).collect();
        self.drawn_at = Some(Instant::now());
        // Nobody reads any more: not a reason to stop the run.
        let _ = self.out.write_all(screen.as_bytes());
        let _ = self.out.flush();
    }

    /// Writes the last line, with nothing below it.
    fn close(&mut self, last: &str) {
        let erased = self.erased();
        self.summary.cases = 0;
        self.preparing = None;
        self.machines.clear();
        self.show(format!("{erased}{last}\n"));
    }

    fn bottom(&self) -> Vec<String> {
        if self.summary.cases == 0 && self.preparing.is_none() {
            return Vec::new();
        }
        // One column stays free: some terminals wrap a full line.
        let width = (self.columns)().saturating_sub(1).max(20);
        let mut lines: Vec<String> = self
            .machines
            .iter()
            .take(MACHINES)
            .map(|((case, step), running)| {
                let head = format!("  {case} {step} {}", span(running.began.elapsed()));
                match running.line.as_str() {
                    "" => head,
                    line => format!("{head}  {line}"),
                }
            })
            .collect();
        if self.machines.len() > MACHINES {
            lines.push(format!("  and {} more", self.machines.len() - MACHINES));
        }
        if let Some(what) = &self.preparing {
            lines.push(format!("  preparing: {what}"));
        }
        lines.push(format!(
            "{}/{} cases, {} ({})",
            self.summary.done(),
            self.summary.cases,
            self.summary,
            span(self.began.elapsed())
        ));
        lines.iter().map(|line| cut(line, width)).collect()
    }
}

impl<W: Write + Send> Sink for TerminalSink<W> {
    fn event(&mut self, event: &Event) {
        self.summary.event(event);
        match event {
            Event::Preparing { what } => {
                self.preparing = Some(printable_line(what));
                self.redraw(true);
            }
            Event::Waiting { case, step } => self.begins(case, step, WAITS),
            Event::StepStarted { case, step, .. } => {
                self.preparing = None;
                self.begins(case, step, "");
            }
            Event::StepOutput { case, step, line } => {
                let key = (printable_line(case), printable_line(step));
                if let Some(running) = self.machines.get_mut(&key) {
                    running.line = printable_line(line);
                }
                self.redraw(false);
            }
            Event::WaitOver { case, step } | Event::StepFinished { case, step, .. } => {
                self.machines
                    .remove(&(printable_line(case), printable_line(step)));
                self.redraw(true);
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
                match event {
                    Event::CutShort { .. } | Event::Finished { .. } => self.close(&text),
                    _ => self.say(&text),
                }
            }
        }
    }

    fn tick(&mut self, _elapsed: Duration) {
        if !self.drawn.is_empty() {
            self.redraw(false);
        }
    }
}

/// As much of a line as fits into so many columns, of which some characters take two.
fn cut(line: &str, width: usize) -> String {
    if line.width() <= width {
        return line.to_owned();
    }
    let mut taken = 0;
    let fits = |character: &char| {
        taken += character.width().unwrap_or(0);
        taken < width
    };
    let mut short: String = line.chars().take_while(fits).collect();
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use super::super::plain::tests::{run, run_of_a_mac, tell};
    use super::*;

    fn told(colour: bool) -> String {
        let mut out = Vec::new();
        let mut sink = TerminalSink::new(&mut out, || 40, colour);
        for event in run() {
            sink.event(&event);
            sink.tick(Duration::ZERO);
        }
        String::from_utf8(out).unwrap()
    }

    /// What is on a screen in the end: up-and-clear is all that the sink uses.
    fn screen(told: &str) -> String {
        let mut lines: Vec<String> = vec![String::new()];
        let mut rest = told;
        while let Some(character) = rest.chars().next() {
            if let Some(sequence) = rest.strip_prefix("\r\u{1b}[") {
                let (count, after) = sequence.split_once('A').unwrap();
                let keep = lines.len() - count.parse::<usize>().unwrap();
                lines.truncate(keep);
                *lines.last_mut().unwrap() = String::new();
                rest = after.strip_prefix("\u{1b}[J").unwrap();
                continue;
            }
            match character {
                '\n' => lines.push(String::new()),
                other => lines.last_mut().unwrap().push(other),
            }
            rest = &rest[character.len_utf8()..];
        }
        lines.join("\n")
    }

    #[test]
    fn in_the_end_only_what_stays_is_on_the_screen() {
        let screen = screen(&told(false));
        assert!(
            screen.starts_with("2 cases, 3 steps\nchannel next: home-manager of ../hm, release 26.05\npassed first-switch (3.0 s)\nFAILED clobber"),
            "{screen}"
        );
        assert!(
            screen.ends_with("1 passed, 1 failed in 1 min 05 s\n"),
            "{screen}"
        );
        assert!(!screen.contains("/2 cases"), "{screen}");
    }

    #[test]
    fn lines_that_a_narrower_terminal_wrapped_are_erased_whole() {
        use std::sync::atomic::{AtomicUsize, Ordering};
        let columns = std::sync::Arc::new(AtomicUsize::new(80));
        let now = std::sync::Arc::clone(&columns);
        let mut sink = TerminalSink::new(Vec::new(), move || now.load(Ordering::Relaxed), false);
        for event in run().iter().take(4) {
            sink.event(event);
        }
        sink.drawn = vec![70, 20];
        columns.store(30, Ordering::Relaxed);
        assert_eq!(sink.erased(), "\r\u{1b}[4A\u{1b}[J");
    }

    #[test]
    fn a_case_that_was_not_switched_to_says_so() {
        let mut out = Vec::new();
        tell(TerminalSink::new(&mut out, || 80, false), run_of_a_mac());
        let told = String::from_utf8(out).unwrap();
        assert!(
            screen(&told).contains("passed on-a-mac, built only, never switched (3.0 s)"),
            "{told}"
        );
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        assert_eq!(cut("abcdef", 4), "abc…");
        assert_eq!(cut("äöü", 3), "äöü");
        assert_eq!(cut("家の中を見る", 6), "家の…");
    }

    #[test]
    fn colour_is_only_where_it_may_be() {
        assert!(told(true).contains("\u{1b}[1;32mpassed"));
        assert!(!told(false).contains("\u{1b}[1;"));
    }
}
