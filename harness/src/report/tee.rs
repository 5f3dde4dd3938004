//! Several listeners to one run.

use std::collections::BTreeSet;
use std::time::Duration;

use super::event::{Event, Sink, StateSeen};
use crate::plan::Plan;

/// Hands every event to each of the sinks, in order.
impl Sink for Vec<Box<dyn Sink>> {
    fn event(&mut self, event: &Event) {
        self.iter_mut().for_each(|sink| sink.event(event));
    }

    fn tick(&mut self, elapsed: Duration) {
        self.iter_mut().for_each(|sink| sink.tick(elapsed));
    }

    fn planned(&mut self, plan: &Plan, selected: &BTreeSet<usize>) {
        self.iter_mut().for_each(|it| it.planned(plan, selected));
    }

    fn saw(&mut self, state: StateSeen<'_>) {
        self.iter_mut().for_each(|sink| sink.saw(state));
    }
}
