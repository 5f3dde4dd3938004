//! One small enum for every sink: terminal, plain lines, the log in JSON, and the document behind all reports.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Serialize, Serializer};
use serde_json::json;

use crate::judge::Verdict;
use crate::observe::Observation;
use crate::plan::{Plan, StateKey};

/// Something that happened in a run. As JSON, every one has `event`; times are in seconds; `verdict` is `passed`, `failed`,
/// `errored` or `not-run`, with `findings`, `message` and `reason` where they belong. Keys are only ever added.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// The run begins.
    Started {
        /// Cases selected.
        cases: usize,
        /// Those of them that try a law of another one.
        laws: usize,
        /// Steps the plan has after merging.
        steps: usize,
        /// The folders of this computer that channels are made of, one a line.
        sources: Vec<String>,
    },
    /// Something is being made ready that takes more than a second (the image, the first layer).
    Preparing {
        /// What, in a few words.
        what: String,
    },
    /// Another switchproof makes the state that a step leads to; this one waits for that.
    Waiting {
        /// A case that needs the state.
        case: String,
        /// The step's name.
        step: String,
    },
    /// Such a wait is over.
    WaitOver {
        /// The case named when it began.
        case: String,
        /// The step's name.
        step: String,
    },
    /// A machine began a step.
    StepStarted {
        /// A case that passes through it.
        case: String,
        /// The step's name.
        step: String,
        /// How many cases share it.
        shared_by: usize,
        /// Which machine: machines are counted from 1 in the order in which they were started.
        machine: usize,
        /// The state that it leads to.
        state: StateKey,
    },
    /// A running step printed a line.
    StepOutput {
        /// The case named when the step started.
        case: String,
        /// The step's name.
        step: String,
        /// The line, control characters replaced.
        line: String,
    },
    /// A step ended.
    StepFinished {
        /// The case named when the step started.
        case: String,
        /// The step's name.
        step: String,
        /// How long it took.
        #[serde(rename = "elapsed_s", serialize_with = "seconds")]
        elapsed: Duration,
        /// The machine, as when it started.
        machine: usize,
        /// The state that it led to.
        state: StateKey,
    },
    /// What was seen was accepted as a snapshot (`--update`).
    SnapshotWritten {
        /// The id of the case it is of.
        case: String,
        /// The snapshot, as one would type its path.
        path: PathBuf,
    },
    /// A case has its verdict.
    CaseFinished {
        /// Its id.
        case: String,
        /// The verdict.
        #[serde(flatten, serialize_with = "keys_of")]
        verdict: Verdict,
        /// Time that machines worked for it in this run, shared steps included; zero when cached.
        #[serde(rename = "elapsed_s", serialize_with = "seconds")]
        elapsed: Duration,
        /// What the verdict is to be read with; see [`crate::model::Case::remarks`].
        remarks: Vec<&'static str>,
        /// Whether the case tries a law of another one.
        #[serde(rename = "law")]
        is_law: bool,
    },
    /// The run ends before its time: cases that have no verdict yet get none. Nothing follows.
    CutShort {
        /// Why, in a few words.
        reason: String,
    },
    /// The run is over.
    Finished {
        /// Wall-clock time.
        #[serde(rename = "elapsed_s", serialize_with = "seconds")]
        elapsed: Duration,
    },
}

fn seconds<S: Serializer>(elapsed: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(elapsed.as_secs_f64())
}

/// A verdict as keys beside those of its event.
fn keys_of<S: Serializer>(verdict: &Verdict, serializer: S) -> Result<S::Ok, S::Error> {
    let keys = match verdict {
        Verdict::Passed { cached_at_s } => json!({"verdict": "passed", "cached_at_s": cached_at_s}),
        Verdict::Failed(findings) => json!({"verdict": "failed", "findings": findings}),
        Verdict::Errored {
            message,
            hint,
            during,
        } => json!({"verdict": "errored", "message": message, "hint": hint, "during": during}),
        Verdict::NotRun { reason } => json!({"verdict": "not-run", "reason": reason}),
    };
    keys.serialize(serializer)
}

/// Someone who listens to a run. Events come one at a time, from any thread.
pub trait Sink: Send {
    /// Takes an event. A sink that cannot write keeps quiet: a report must not end a run.
    fn event(&mut self, event: &Event);

    /// Takes the time that has passed since the run began, several times a second while nothing happens, for what moves
    /// on its own.
    fn tick(&mut self, _elapsed: Duration) {}

    /// Takes what there is to do, once, before the run begins: which cases of the plan were selected.
    fn planned(&mut self, _plan: &Plan, _selected: &BTreeSet<usize>) {}

    /// Takes what was seen in a state that a selected case passes through, now or in an earlier run; the same state may
    /// be told for each of its cases.
    fn saw(&mut self, _state: StateSeen<'_>) {}
}

/// What was seen in a state. Lent, for it may be large: a listener keeps what it needs.
#[derive(Debug, Clone, Copy)]
pub struct StateSeen<'a> {
    /// The state.
    pub state: &'a StateKey,
    /// What was seen.
    pub observation: &'a Observation,
    /// When its machine ran, in seconds since the epoch.
    pub at_s: u64,
    /// How long the step to it took.
    pub took: Duration,
}
