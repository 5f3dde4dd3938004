//! The four verdicts, and what a run of many comes to; there is no fifth.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::model::{Case, Step};

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
        self.findings().is_some_and(|findings| {
            let is_pending = |it: &Finding| it.kind.snapshot().is_some_and(|it| it.pending);
            findings.iter().all(is_pending)
        })
    }

    /// Whether nothing is wrong but that snapshots are not there yet.
    pub fn is_new(&self) -> bool {
        self.findings().is_some_and(|findings| {
            let is_new = |it: &Finding| matches!(it.kind, FindingKind::NewSnapshot { .. });
            findings.iter().all(is_new)
        })
    }

    fn findings(&self) -> Option<&[Finding]> {
        match self {
            Self::Failed(findings) => Some(findings),
            Self::Passed { .. } | Self::Errored { .. } | Self::NotRun { .. } => None,
        }
    }
}

/// What verdicts come to together, for the exit status of a command and the colour of a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conclusion {
    /// Every case passed.
    Passed,
    /// A setup is wrong.
    Failed,
    /// The machine or the tool is, so that nothing, or not all, is known about the setups.
    Broken,
}

impl Conclusion {
    /// The one rule: a case that errored outweighs all others, for what it would have shown is unknown; then one that
    /// failed; one that was not run counts only where nothing else says why, such as a failure that ended the run.
    pub fn of<'a>(verdicts: impl IntoIterator<Item = &'a Verdict>) -> Self {
        let (mut failed, mut not_run) = (false, false);
        for verdict in verdicts {
            match verdict {
                Verdict::Passed { .. } => {}
                Verdict::Failed(_) => failed = true,
                Verdict::Errored { .. } => return Self::Broken,
                Verdict::NotRun { .. } => not_run = true,
            }
        }
        match (failed, not_run) {
            (true, _) => Self::Failed,
            (false, true) => Self::Broken,
            (false, false) => Self::Passed,
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
    /// More of it: the tail of the output, a diff, or what a first snapshot would hold. May be empty.
    pub detail: String,
    /// What sort of thing it is.
    pub kind: FindingKind,
}

impl Finding {
    /// What is not as a step says it must be.
    #[must_use]
    pub fn at(case: &Case, step: &Step, message: String, detail: String) -> Self {
        Self {
            step: step.name.clone(),
            file: case.file.clone(),
            line: step.line,
            message,
            detail,
            kind: FindingKind::Unmet,
        }
    }
}

/// The sorts of findings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FindingKind {
    /// Something that was expected is not so.
    Unmet,
    /// A step has no reviewed snapshot yet. Nothing is known to be wrong.
    NewSnapshot {
        /// The snapshot.
        snapshot: SnapshotFile,
        /// How many files and links the homes hold.
        files: usize,
        /// How many programs profiles provide.
        programs: usize,
        /// The step of the same case whose snapshot shows the same, where there is one before.
        same_as: Option<String>,
    },
    /// What is seen differs from the reviewed snapshot.
    ChangedSnapshot {
        /// The snapshot.
        snapshot: SnapshotFile,
        /// What differs from what was seen when the snapshot was written, as `switchproof diff` tells it; `None` where
        /// that is not kept any more.
        change: Option<String>,
    },
}

impl FindingKind {
    /// What differs from what was seen when a snapshot was written.
    #[must_use]
    pub fn change(&self) -> Option<&str> {
        match self {
            Self::ChangedSnapshot { change, .. } => change.as_deref(),
            Self::Unmet | Self::NewSnapshot { .. } => None,
        }
    }

    /// The snapshot that it is about, if it is about one.
    #[must_use]
    pub fn snapshot(&self) -> Option<&SnapshotFile> {
        match self {
            Self::Unmet => None,
            Self::NewSnapshot { snapshot, .. } | Self::ChangedSnapshot { snapshot, .. } => {
                Some(snapshot)
            }
        }
    }
}

/// The file of a snapshot that needs a review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotFile {
    /// Where it is, as one would type it.
    pub path: PathBuf,
    /// Whether what was seen is written beside it as `.snap.new`, for a review.
    pub pending: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(kinds: &[FindingKind]) -> Verdict {
        let finding = |kind: &FindingKind| Finding {
            step: "switch".into(),
            file: "a.yaml".into(),
            line: 1,
            message: String::new(),
            detail: String::new(),
            kind: kind.clone(),
        };
        Verdict::Failed(kinds.iter().map(finding).collect())
    }

    fn new(pending: bool) -> FindingKind {
        FindingKind::NewSnapshot {
            snapshot: SnapshotFile {
                path: "s.snap".into(),
                pending,
            },
            files: 1,
            programs: 1,
            same_as: None,
        }
    }

    #[test]
    fn verdicts_come_to_one_conclusion() {
        let passed = Verdict::Passed { cached_at_s: None };
        let failed = failed(&[FindingKind::Unmet]);
        let errored = Verdict::Errored {
            message: String::new(),
            hint: None,
            during: None,
        };
        let not_run = Verdict::NotRun {
            reason: String::new(),
        };
        for (verdicts, conclusion) in [
            (vec![], Conclusion::Passed),
            (vec![&passed], Conclusion::Passed),
            (vec![&passed, &failed], Conclusion::Failed),
            (vec![&errored, &failed], Conclusion::Broken),
            (vec![&failed, &not_run], Conclusion::Failed),
            (vec![&passed, &not_run], Conclusion::Broken),
        ] {
            let found = Conclusion::of(verdicts.iter().copied());
            assert_eq!(found, conclusion, "{verdicts:?}");
        }
    }

    #[test]
    fn a_case_is_new_only_while_nothing_else_is_wrong() {
        assert!(failed(&[new(false), new(true)]).is_new());
        assert!(!failed(&[new(true), FindingKind::Unmet]).is_new());
        assert!(failed(&[new(true)]).awaits_review());
        assert!(!failed(&[new(false)]).awaits_review());
    }
}
