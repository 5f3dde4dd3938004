//! Several listeners to one run.

use std::collections::BTreeSet;
use std::time::Duration;

use super::event::{Event, Sink, StateSeen};
use crate::plan::Plan;

/// Hands every event to each of its sinks, in order.
#[derive(Default)]
pub struct Tee {
    sinks: Vec<Box<dyn Sink>>,
}

impl Tee {
    /// A tee of these sinks.
    pub fn new(sinks: Vec<Box<dyn Sink>>) -> Self {
        Self { sinks }
    }
}

impl Sink for Tee {
    fn event(&mut self, event: &Event) {
        for sink in &mut self.sinks {
            sink.event(event);
        }
    }

    fn tick(&mut self, elapsed: Duration) {
        for sink in &mut self.sinks {
            sink.tick(elapsed);
        }
    }

    fn planned(&mut self, plan: &Plan, selected: &BTreeSet<usize>) {
        for sink in &mut self.sinks {
            sink.planned(plan, selected);
        }
    }

    fn saw(&mut self, state: StateSeen<'_>) {
        for sink in &mut self.sinks {
            sink.saw(state);
        }
    }
}
