//! The log of events as JSON, one object a line: for programs that follow a run.

use std::io::{self, Write};
use std::sync::{Arc, OnceLock};

use serde_json::{Value, json};

use super::event::{Event, Sink};
use crate::judge::Verdict;

/// Writes each event as a line of JSON. Every line has `event`; times are in seconds; `verdict` is `passed`, `failed`,
/// `errored` or `not-run`, with `findings`, `message` and `reason` where they belong; `remarks` is what the verdict is to
/// be read with: `built only, never switched` or `reaches this computer`. Keys are only ever added.
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
        let line = format!("{}\n", object(event));
        let written = self.out.write_all(line.as_bytes());
        // The run goes on; that the log is not whole is said at its end.
        if let Err(error) = written.and_then(|()| self.out.flush()) {
            let _ = self.broken.set(error);
        }
    }
}

fn object(event: &Event) -> Value {
    match event {
        Event::Started {
            cases,
            laws,
            steps,
            sources,
        } => {
            json!({"event": "started", "cases": cases, "laws": laws, "steps": steps, "sources": sources})
        }
        Event::Waiting { case, step } => {
            json!({"event": "waiting", "case": case, "step": step})
        }
        Event::WaitOver { case, step } => {
            json!({"event": "wait-over", "case": case, "step": step})
        }
        Event::CutShort { reason } => json!({"event": "cut-short", "reason": reason}),
        Event::Preparing { what } => json!({"event": "preparing", "what": what}),
        Event::StepStarted {
            case,
            step,
            shared_by,
            machine,
            state,
        } => json!({
            "event": "step-started", "case": case, "step": step, "shared_by": shared_by,
            "machine": machine, "state": state,
        }),
        Event::StepOutput { case, step, line } => {
            json!({"event": "step-output", "case": case, "step": step, "line": line})
        }
        Event::StepFinished {
            case,
            step,
            elapsed,
            machine,
            state,
        } => json!({
            "event": "step-finished", "case": case, "step": step, "elapsed_s": elapsed.as_secs_f64(),
            "machine": machine, "state": state,
        }),
        Event::SnapshotWritten { case, path } => {
            json!({"event": "snapshot-written", "case": case, "path": path})
        }
        Event::CaseFinished {
            case,
            verdict,
            elapsed,
            remarks,
            is_law,
        } => {
            let mut object = json!({
                "event": "case-finished", "case": case, "elapsed_s": elapsed.as_secs_f64(),
                "remarks": remarks, "law": is_law,
            });
            add_verdict(&mut object, verdict);
            object
        }
        Event::Finished { elapsed } => {
            json!({"event": "finished", "elapsed_s": elapsed.as_secs_f64()})
        }
    }
}

fn add_verdict(object: &mut Value, verdict: &Verdict) {
    match verdict {
        Verdict::Passed { cached_at_s } => {
            object["verdict"] = json!("passed");
            object["cached_at_s"] = json!(cached_at_s);
        }
        Verdict::Failed(findings) => {
            object["verdict"] = json!("failed");
            object["findings"] = json!(findings);
        }
        Verdict::Errored {
            message,
            hint,
            during,
        } => {
            object["verdict"] = json!("errored");
            object["message"] = json!(message);
            object["hint"] = json!(hint);
            object["during"] = json!(during);
        }
        Verdict::NotRun { reason } => {
            object["verdict"] = json!("not-run");
            object["reason"] = json!(reason);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::plain::tests::{run, run_of_a_mac};
    use super::*;
    use crate::model::ONLY_BUILT;

    #[test]
    fn a_case_that_was_not_switched_to_says_so() {
        let said = |events: Vec<Event>| -> Vec<Value> {
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
