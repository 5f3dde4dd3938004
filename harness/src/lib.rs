//! Proves a Home Manager switch in a virtual machine before anyone makes it.
//!
//! `language` loads scenarios into cases (`model`), `flake` makes and reads the flakes that they switch to, `plan` merges
//! their steps into a trie, `run` performs it on machines,
//! `observe` says what was seen, `judge` compares it with what was expected, `report` tells about it.

pub mod change;
mod channel_sources;
pub mod ci;
pub mod cli;
pub mod colour;
mod first_system;
pub mod flake;
pub mod host_context;
pub mod judge;
pub mod keep;
pub mod language;
pub mod laws;
pub mod login;
pub mod machine;
pub mod model;
pub mod observe;
mod open_regular;
pub mod plan;
pub mod preview;
pub mod report;
pub mod run;
mod suggest;
#[cfg(test)]
mod testing;
mod text;
