//! Laws: properties of every good setup, tried after a switch without being asked.
//!
//! A law is a step more from a state that exists already, as a case of its own, so that it is planned, kept, filtered and
//! told like any other; and a judgement on what was seen before and after that step. `complete` needs no step: it is a
//! judgement on what was seen after the switch itself.

mod broken;
mod clean;
mod complete;
mod equal;
mod idempotent;
mod place;
mod reversible;
mod survives;
#[cfg(test)]
mod tests;
mod trials;

pub use broken::Broken;
pub use complete::incomplete;
pub use trials::with_trials;

use crate::change::{Change, UserChange};
use crate::model::{Case, Law, Trial};
use crate::observe::{EntryKind, Observation, Probe, probes};

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
            Self::Reboots => "A machine that restarts has the same variables, programs and units.",
            Self::Equal => "By itself and as a module of a system the home has the same files.",
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
        Law::Survives | Law::Reboots => {
            survives::judge(trial.law, change(case, before, after), after)
        }
        Law::Idempotent => idempotent::judge(change(case, before, after)),
        Law::Reversible => reversible::judge(change(case, before, after)),
        Law::Clean => clean::judge(case, after),
        Law::Equal => equal::judge(case, before, after),
    }
}

/// What differs for a law. What an expectation asked for may be another thing each time, as a date is, and what its commands
/// and sessions write into the home is none of the setup's doing: where anything was asked, only links and what became of
/// them count among files.
fn change(case: &Case, before: &Observation, after: &Observation) -> Change {
    let mut change = Change::between(before, after, false);
    let asked = case.steps.last().map(|step| probes(&step.expect));
    let wrote = asked.is_some_and(|asked| asked.iter().any(Probe::runs));
    for (name, user) in &mut change.users {
        user.commands.clear();
        if wrote {
            let is_link = |side: &Observation, path: &str| {
                let entry = side
                    .users
                    .get(name)
                    .and_then(|it| it.home.entries.get(path));
                entry.is_some_and(|entry| matches!(entry.kind, EntryKind::Symlink { .. }))
            };
            user.files
                .retain(|file| is_link(before, &file.path) || is_link(after, &file.path));
        }
    }
    change
        .users
        .retain(|_, user| *user != UserChange::default());
    change
}
