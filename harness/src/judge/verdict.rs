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
        /// The step in which it happened: the state before it can be looked at.
        during: Option<Place>,
    },
    /// It was not run.
    NotRun {
        /// Why.
        reason: String,
    },
}

impl Verdict {
    /// Whether nothing is wrong but snapshots that wait for a review. `cargo insta test` makes such tests pass
    /// (`INSTA_FORCE_PASS`), for it reviews nothing when a test fails.
    pub fn awaits_review(&self) -> bool {
        match self {
            Self::Failed(findings) => findings.iter().all(|finding| finding.to_review),
            Self::Passed { .. } | Self::Errored { .. } | Self::NotRun { .. } => false,
        }
    }
}

/// A step of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The scenario file.
    pub file: PathBuf,
    /// The step's name.
    pub step: String,
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
    /// Whether it is a snapshot that differs and waits for a review.
    pub to_review: bool,
}
