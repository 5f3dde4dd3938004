//! Laws: properties of every good setup, tried after a switch without being asked.
//!
//! A law is a step more from a state that exists already, as a case of its own, so that it is planned, kept, filtered and
//! told like any other; and a judgement on what was seen before and after that step. `complete` needs no step: it is a
//! judgement on what was seen after the switch itself.

mod clean;
mod complete;
mod idempotent;
mod reversible;
mod survives;
#[cfg(test)]
mod tests;
mod trials;

pub use complete::incomplete;
pub use trials::with_trials;

use crate::change::{Change, ShowOptions};
use crate::model::{Case, Law, Trial};
use crate::observe::Observation;

/// How a law is broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// In one sentence.
    pub message: String,
    /// All of it.
    pub detail: String,
}

impl Law {
    /// What it says, in a sentence.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Complete => {
                "Nothing leads nowhere or to an older generation, and no unit failed."
            }
            Self::Survives => "A new login has the same variables, programs and units.",
            Self::Idempotent => "The same switch again changes nothing.",
            Self::Reversible => "A rollback gives the state before the switch.",
            Self::Clean => "Removing Home Manager gives back the home as it was seeded.",
        }
    }
}

/// How a law is broken whose step was tried, if it is: `before` is what was seen after the step that it is compared with.
#[must_use]
pub fn judge(
    case: &Case,
    trial: &Trial,
    before: &Observation,
    after: &Observation,
) -> Option<Broken> {
    match trial.law {
        Law::Complete => None,
        Law::Survives => survives::judge(before, after),
        Law::Idempotent => idempotent::judge(before, after),
        Law::Reversible => reversible::judge(before, after),
        Law::Clean => clean::judge(case, after),
    }
}

/// A law that a change breaks.
fn broken(what: &str, change: &Change) -> Broken {
    let options = ShowOptions {
        rebuilt: true,
        whole: true,
        ..ShowOptions::default()
    };
    Broken {
        message: format!("{what}: {}", change.counts().line()),
        detail: change.show(options),
    }
}
