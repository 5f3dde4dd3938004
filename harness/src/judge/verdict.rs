//! The four verdicts; there is no fifth.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// What became of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// All that it expects is true.
    Passed {
        /// When the machine really ran, in seconds since the epoch, if it did not run now.
        cached_at_s: Option<u64>,
    },
    /// The setup is wrong: at least one finding.
    Failed(Vec<Finding>),
    /// The machine or the tool is wrong; nothing is said about the setup.
    Errored {
        /// What happened.
        message: String,
        /// What to do.
        hint: Option<String>,
        /// The last lines of the guest's console, if any.
        console_tail: String,
    },
    /// It was not run.
    NotRun {
        /// Why.
        reason: String,
    },
}

/// One thing that is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The step after which it was seen.
    pub step: String,
    /// The scenario file.
    pub file: PathBuf,
    /// The line of what was expected, from 1.
    pub line: usize,
    /// What was expected and what was seen, in one sentence.
    pub message: String,
    /// More of it: the tail of the output, or a diff. May be empty.
    pub detail: String,
}
