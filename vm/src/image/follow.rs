//! Following the log of a build while it is written: which step it is in, and how long each took.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

use super::{BuildStep, Progress};

/// What a line begins with that says a step begins.
pub(super) const MARKER: &str = "switchproof-step: ";

/// Reads what was added to a log since the last time, and tells what it says.
pub(super) struct Follower<'a> {
    log: Option<File>,
    position: u64,
    /// A line that was not ended yet.
    begun: Vec<u8>,
    started: Instant,
    step: BuildStep,
    step_started: Instant,
    step_seconds: BTreeMap<BuildStep, f64>,
    report: &'a mut dyn FnMut(Progress),
}

impl<'a> Follower<'a> {
    /// Follows the log from its beginning; the first step begins now.
    pub(super) fn new(log: &Path, step: BuildStep, report: &'a mut dyn FnMut(Progress)) -> Self {
        let now = Instant::now();
        report(Progress::Step {
            step,
            elapsed: Duration::ZERO,
        });
        Self {
            log: File::open(log).ok(),
            position: 0,
            begun: Vec::new(),
            started: now,
            step,
            step_started: now,
            step_seconds: BTreeMap::new(),
            report,
        }
    }

    /// The step that runs now.
    pub(super) fn step(&self) -> BuildStep {
        self.step
    }

    /// Time since the build began.
    pub(super) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Tells everything that is new in the log.
    pub(super) fn read_on(&mut self) {
        let mut buffer = [0; 16 * 1024];
        loop {
            let read = self
                .log
                .as_ref()
                .map_or(Ok(0), |log| log.read_at(&mut buffer, self.position));
            // A log that cannot be read is no reason to stop the build: it is for show until the end.
            let Ok(read @ 1..) = read else { return };
            self.position += read as u64;
            for &byte in &buffer[..read] {
                if byte == b'\n' {
                    let line = std::mem::take(&mut self.begun);
                    self.line(
                        String::from_utf8_lossy(&line)
                            .trim_end_matches('\r')
                            .to_owned(),
                    );
                } else {
                    self.begun.push(byte);
                }
            }
        }
    }

    fn line(&mut self, line: String) {
        let marked = line.strip_prefix(MARKER);
        match marked.and_then(|word| word.trim().parse().ok()) {
            Some(step) => self.enter(step),
            None => (self.report)(Progress::Output { line }),
        }
    }

    /// A step begins; the one before has ended.
    pub(super) fn enter(&mut self, step: BuildStep) {
        self.end_step();
        self.step = step;
        (self.report)(Progress::Step {
            step,
            elapsed: self.started.elapsed(),
        });
    }

    fn end_step(&mut self) {
        let seconds = self.step_started.elapsed().as_secs_f64();
        *self.step_seconds.entry(self.step).or_default() += seconds;
        self.step_started = Instant::now();
    }

    /// Ends the last step and gives how long each took, in seconds.
    pub(super) fn finish(mut self) -> BTreeMap<BuildStep, f64> {
        self.end_step();
        self.step_seconds
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn markers_become_steps_and_the_rest_output() {
        let mut log = tempfile::NamedTempFile::new().unwrap();
        let mut seen = Vec::new();
        let mut report = |progress| {
            seen.push(match progress {
                Progress::Step { step, .. } => format!("step {step}"),
                Progress::Output { line } => line,
                other => format!("{other:?}"),
            });
        };
        let mut follower = Follower::new(log.path(), BuildStep::FetchPackages, &mut report);
        write!(log, "I: one\nswitchproof-step: conf").unwrap();
        follower.read_on();
        assert_eq!(follower.step(), BuildStep::FetchPackages);
        write!(log, "igure\nswitchproof-step: nonsense\nhalf").unwrap();
        follower.read_on();
        assert_eq!(follower.step(), BuildStep::Configure);
        assert_eq!(follower.finish().len(), 2);
        let expected = [
            "step fetch packages",
            "I: one",
            "step configure the guest",
            "switchproof-step: nonsense",
        ];
        assert_eq!(seen, expected);
    }
}
