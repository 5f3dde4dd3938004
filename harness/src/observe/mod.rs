//! What is seen of a machine after a step: everything that a verdict can rest on, captured in a few round trips
//! and parsed as what a hostile guest could send.

mod budget;
mod capture;
mod commands;
mod digest;
mod fields;
mod follow;
mod generation_link;
mod generations;
mod home;
#[cfg(test)]
mod hostile;
pub(crate) mod nix_output;
mod observation;
mod output;
mod owner_name;
mod paths;
mod pax;
mod places;
mod probe;
mod profile_packages;
mod programs;
#[cfg(test)]
pub(crate) mod sample;
mod script;
mod sections;
mod tarball;
#[cfg(test)]
mod trial;
mod units;
mod warnings;

pub use capture::*;
pub use home::*;
pub use observation::*;
pub use output::*;
pub use owner_name::*;
pub use places::{Place, PlaceFound, PlaceSeen};
pub use probe::*;
pub use programs::*;
pub use script::{
    COMMAND_DEADLINE_S, HOME_OF, before, before_is_known, before_session, is_always_excluded,
};
pub use warnings::*;
