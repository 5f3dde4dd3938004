//! From what a scenario says to what it means: cases in which nothing is left to be wrong.

mod changes;
mod channel;
mod expect;
mod flake;
mod guest;
mod inputs;
mod kinds;
mod lock;
mod names;
mod order;
mod pattern;
mod reference;
mod scenario;
mod setup;
mod steps;

pub(crate) use lock::FlakeInputs;
pub(crate) use names::is_user_name;
pub(crate) use scenario::resolve;
