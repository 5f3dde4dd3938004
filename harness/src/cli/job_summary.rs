//! The summary of a job of Actions, to which every command adds what it found.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::PathBuf;

use super::common::Error;
use crate::ci::Ci;
use crate::report::views::{Comparison, Weight, comparisons};

/// How much the summary of a job may hold: what is larger is not shown at all.
pub const SUMMARY_BYTES: usize = 1024 * 1024;

/// The file that the runner shows.
pub struct JobSummary(PathBuf);

impl JobSummary {
    /// That of the job in which this runs, if it has one.
    pub fn from_environment() -> Option<Self> {
        let is_actions = Ci::from_environment() == Some(Ci::Actions);
        is_actions.then(Ci::step_summary).flatten().map(Self)
    }

    /// Its path.
    pub fn name(&self) -> String {
        self.0.display().to_string()
    }

    /// Adds a text, which is told for how many bytes there is room. One that is longer all the same would hide what is
    /// there already, and is left out.
    pub fn add(&self, text: impl FnOnce(usize) -> String) -> io::Result<()> {
        let taken = fs::metadata(&self.0).map_or(0, |data| data.len());
        let room = SUMMARY_BYTES.saturating_sub(usize::try_from(taken).unwrap_or(usize::MAX));
        let text = text(room);
        if text.len() > room {
            eprintln!("warning: the summary {} has no room left", self.name());
            return Ok(());
        }
        let mut file = File::options().append(true).create(true).open(&self.0)?;
        file.write_all(text.as_bytes())
    }
}

/// Adds why a comparison could not be made.
pub fn add_refusal(command: &str, what: &str, error: &Error) {
    let line = match error.message.as_str() {
        "" => "the scenarios have mistakes, which the log of the job tells",
        message => message,
    };
    let comparison = Comparison {
        title: what.to_owned(),
        weight: Weight::Broken,
        line: line.to_owned(),
        text: error.hint.clone().unwrap_or_default(),
    };
    add_comparisons(command, &[comparison]);
}

/// Adds comparisons, where there is a summary to add them to. Where there is none, the log has them.
pub fn add_comparisons(command: &str, all: &[Comparison]) {
    let Some(summary) = JobSummary::from_environment() else {
        return;
    };
    if let Err(error) = summary.add(|room| comparisons(command, all, room)) {
        eprintln!(
            "warning: the summary {} was not written: {error}",
            summary.name()
        );
    }
}
