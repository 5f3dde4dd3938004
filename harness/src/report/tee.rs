//! Several listeners to one run.

use std::time::Duration;

use super::event::{Event, Sink};

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
}
