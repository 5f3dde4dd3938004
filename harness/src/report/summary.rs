//! How a run went, in numbers.

use std::fmt;
use std::time::Duration;

use super::event::Event;
use crate::judge::Verdict;
use crate::text::{count, span};

/// Counts the verdicts of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// Cases selected.
    pub cases: usize,
    /// Cases that ran now and passed.
    pub passed: usize,
    /// Cases whose earlier pass still holds.
    pub cached: usize,
    /// Laws of cases that are kept.
    pub laws: usize,
    /// Cases that failed.
    pub failed: usize,
    /// Cases whose snapshots are not there yet, and of which nothing is known to be wrong.
    pub new: usize,
    /// Cases that errored.
    pub errored: usize,
    /// Cases that were not run.
    pub not_run: usize,
    /// Wall-clock time; zero until the run is over.
    pub elapsed: Duration,
}

impl Summary {
    /// Counts an event.
    pub fn event(&mut self, event: &Event) {
        match event {
            Event::Started { cases, .. } => self.cases = *cases,
            Event::CaseFinished {
                verdict: Verdict::Passed { .. },
                is_law: true,
                ..
            } => self.laws += 1,
            Event::CaseFinished { verdict, .. } => match verdict {
                Verdict::Passed { cached_at_s: None } => self.passed += 1,
                Verdict::Passed {
                    cached_at_s: Some(_),
                } => self.cached += 1,
                Verdict::Failed(_) if verdict.is_new() => self.new += 1,
                Verdict::Failed(_) => self.failed += 1,
                Verdict::Errored { .. } => self.errored += 1,
                Verdict::NotRun { .. } => self.not_run += 1,
            },
            Event::Finished { elapsed } => self.elapsed = *elapsed,
            _ => {}
        }
    }

    /// Cases that have a verdict.
    pub fn done(&self) -> usize {
        self.passed + self.cached + self.laws + self.failed + self.new + self.errored + self.not_run
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} passed", self.passed + self.cached)?;
        if self.cached > 0 {
            write!(formatter, " ({} cached)", self.cached)?;
        }
        if self.laws > 0 {
            write!(formatter, ", {} kept", count(self.laws, "law"))?;
        }
        for (count, word) in [
            (self.new, "new"),
            (self.failed, "failed"),
            (self.errored, "errored"),
            (self.not_run, "not run"),
        ] {
            if count > 0 {
                write!(formatter, ", {count} {word}")?;
            }
        }
        if self.elapsed > Duration::ZERO {
            write!(formatter, " in {}", span(self.elapsed))?;
        }
        Ok(())
    }
}
