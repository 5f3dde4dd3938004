//! From what a scenario says to what it means: cases in which nothing is left to be wrong.

mod changes;
mod expect;
mod flake;
mod guest;
mod inputs;
mod order;
mod pattern;
mod place;
mod refuse;
mod scenario;
mod setup;
mod steps;

pub(crate) use scenario::resolve;
