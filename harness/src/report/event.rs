//! One small enum for every sink: terminal, plain lines, and later JSON, JUnit and pages.

use std::time::Duration;

use crate::judge::Verdict;

/// Something that happened in a run.
#[derive(Debug, Clone)]
pub enum Event {
    /// The run begins.
    Started {
        /// Cases selected.
        cases: usize,
        /// Steps the plan has after merging.
        steps: usize,
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
        elapsed: Duration,
    },
    /// A case has its verdict.
    CaseFinished {
        /// Its id.
        case: String,
        /// The verdict.
        verdict: Verdict,
        /// Time that machines worked for it in this run, shared steps included; zero when cached.
        elapsed: Duration,
        /// Whether the verdict is about an evaluation and a build alone: no switch was made.
        only_built: bool,
    },
    /// The run is over.
    Finished {
        /// Wall-clock time.
        elapsed: Duration,
    },
}

/// Someone who listens to a run. Events come one at a time, from any thread.
pub trait Sink: Send {
    /// Takes an event. A sink that cannot write keeps quiet: a report must not end a run.
    fn event(&mut self, event: &Event);

    /// Takes the time that has passed since the run began, several times a second while nothing happens, for what moves
    /// on its own.
    fn tick(&mut self, _elapsed: Duration) {}
}
