//! What will be different, without a scenario being written: today's setup and tomorrow's in the same home.
//!
//! `asked` makes the scenario that a person would write, `revision` takes the flake as it was committed, `options` finds
//! the options behind what changes, `answer` says it all on a screen. What Nix is asked in the guest is a `question`; `outputs`
//! is the one for the homes and hosts of a flake.

mod answer;
mod asked;
mod options;
mod outputs;
mod question;
mod real_home;
mod revision;

pub use answer::*;
pub use asked::*;
pub use options::*;
pub use outputs::*;
pub use real_home::*;
pub use revision::*;
