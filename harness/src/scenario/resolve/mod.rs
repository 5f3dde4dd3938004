//! From what a scenario says to what it means: cases in which nothing is left to be wrong.

mod changes;
mod channel;
mod expect;
mod flake;
mod kinds;
mod lock;
mod names;
mod network;
mod order;
mod pattern;
mod scenario;
mod setup;
mod steps;

pub(crate) use names::is_user_name;
pub(crate) use scenario::resolve;
