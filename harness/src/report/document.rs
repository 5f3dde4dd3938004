//! Reports that are written as a whole when the run is over.

use std::io::Write;

use super::event::{Event, Sink};
use super::summary::{Ended, Summary};

/// Makes a document of how the run went and of every case, in the order in which they ended.
type Render = fn(&Summary, Vec<Ended>) -> String;

/// Collects the verdicts and writes one document when the run is over.
pub struct DocumentSink<W: Write + Send> {
    out: W,
    render: Render,
    summary: Summary,
    cases: Vec<Ended>,
}

impl<W: Write + Send> DocumentSink<W> {
    /// A page that holds everything, to be kept as an artefact and read offline: it refers to nothing outside itself
    /// and runs no script.
    pub fn html(out: W) -> Self {
        Self::new(out, super::html::page)
    }

    /// JUnit's XML: a suite, each case a test of the class that is its scenario. What failed is a `failure`, what errored
    /// an `error`, what was not run `skipped`.
    pub fn junit(out: W) -> Self {
        Self::new(out, super::junit::document)
    }

    fn new(out: W, render: Render) -> Self {
        Self {
            out,
            render,
            summary: Summary::default(),
            cases: Vec::new(),
        }
    }
}

impl<W: Write + Send> Sink for DocumentSink<W> {
    fn event(&mut self, event: &Event) {
        self.summary.event(event);
        self.cases.extend(Ended::of(event));
        if let Event::Finished { .. } = event {
            let cases = std::mem::take(&mut self.cases);
            let document = (self.render)(&self.summary, cases);
            // Nobody reads any more: not a reason to stop the run.
            let _ = self.out.write_all(document.as_bytes());
            let _ = self.out.flush();
        }
    }
}
