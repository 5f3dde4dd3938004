//! How a run went, in numbers.

use std::fmt;
use std::time::Duration;

use super::event::Event;
use super::results::Counts;
use crate::judge::Verdict;
use crate::text::{count, span};

/// Counts the verdicts of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// Cases selected.
    pub cases: usize,
    /// Those that have a verdict; laws that are kept are counted apart.
    pub counts: Counts,
    /// Laws of cases that are kept.
    pub laws: usize,
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
            Event::CaseFinished { verdict, .. } => {
                let is_cached =
                    matches!(verdict, Verdict::Passed { cached_at_s } if cached_at_s.is_some());
                self.counts.add(verdict.into(), is_cached, verdict.is_new());
            }
            Event::Finished { elapsed } => self.elapsed = *elapsed,
            _ => {}
        }
    }

    /// Cases that have a verdict.
    pub fn done(&self) -> usize {
        let it = self.counts;
        self.laws + it.passed + it.failed + it.errored + it.not_run
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let it = self.counts;
        write!(formatter, "{} passed", it.passed)?;
        if it.cached > 0 {
            write!(formatter, " ({} cached)", it.cached)?;
        }
        if self.laws > 0 {
            write!(formatter, ", {} kept", count(self.laws, "law"))?;
        }
        for (count, word) in [
            (it.new, "new"),
            (it.failed - it.new, "failed"),
            (it.errored, "errored"),
            (it.not_run, "not run"),
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
