//! The log of events as JSON, one object a line: for programs that follow a run.

use std::io::{self, Write};
use std::sync::{Arc, OnceLock};

use super::event::{Event, Sink};

/// Writes each event as a line of JSON.
pub struct EventsSink<W: Write + Send> {
    out: W,
    broken: Arc<OnceLock<io::Error>>,
}

impl<W: Write + Send> EventsSink<W> {
    /// A sink that writes to `out`.
    pub fn new(out: W) -> Self {
        Self {
            out,
            broken: Arc::default(),
        }
    }

    /// Where the first error of writing will be: the log is then not whole.
    pub fn broken(&self) -> Arc<OnceLock<io::Error>> {
        Arc::clone(&self.broken)
    }
}

impl<W: Write + Send> Sink for EventsSink<W> {
    fn event(&mut self, event: &Event) {
        let written = serde_json::to_value(event)
            .map_err(io::Error::from)
            .and_then(|line| self.out.write_all(format!("{line}\n").as_bytes()))
            .and_then(|()| self.out.flush());
        // The run goes on; that the log is not whole is said at its end.
        if let Err(error) = written {
            let _ = self.broken.set(error);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::plain::tests::{run, run_of_a_mac};
    use super::*;
    use crate::model::ONLY_BUILT;

    #[test]
    fn a_case_that_was_not_switched_to_says_so() {
        let said = |events: Vec<Event>| -> Vec<Value> {
            let object = |event| serde_json::to_value(event).unwrap();
            let said = events.iter().map(|event| object(event)["remarks"].clone());
            said.filter(|value| !value.is_null()).collect()
        };
        assert_eq!(said(run_of_a_mac()), [json!([ONLY_BUILT])]);
        assert_eq!(said(run()), [json!([]), json!([])]);
    }

    #[test]
    fn every_event_is_a_line() {
        let mut out = Vec::new();
        let mut sink = EventsSink::new(&mut out);
        let events = run();
        for event in &events {
            sink.event(event);
        }
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lines.len(), events.len());
        let failed = &lines[6];
        assert_eq!(failed["verdict"], "failed");
        assert_eq!(failed["findings"][0]["line"], 9);
        assert_eq!(lines[5]["elapsed_s"], 3.0);
    }
}
