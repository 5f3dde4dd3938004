//! Proves a Home Manager switch in a virtual machine before anyone makes it.
//!
//! `scenario` loads files into cases, `plan` merges their steps into a trie, `run` performs it on machines,
//! `observe` says what was seen, `judge` compares it with what was expected, `report` tells about it.

pub mod change;
pub mod ci;
pub mod cli;
pub mod colour;
#[doc(hidden)]
pub mod fake_machine;
pub mod judge;
pub mod keep;
pub mod login;
#[cfg(test)]
#[path = "../../vm/build/look.rs"]
mod look;
pub mod machine;
pub mod observe;
mod open_regular;
pub mod plan;
pub mod preview;
pub mod report;
pub mod run;
pub mod scenario;
pub mod session;
