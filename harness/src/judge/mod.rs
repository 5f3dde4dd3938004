//! From what was seen to a verdict.

mod channel;
mod check;
mod command;
mod complaint;
mod data;
mod diff;
#[cfg(test)]
mod differ;
mod evaluation;
mod file;
mod generation;
mod known_reason;
mod leftovers;
mod lines;
mod orphan;
mod outcome;
mod package;
mod package_reason;
mod pending;
mod redact;
mod render;
mod render_home;
mod snapshot;
mod snapshot_place;
#[cfg(test)]
mod snapshot_tests;
#[cfg(test)]
mod tests;
mod text_match;
mod unit;
mod variable;
mod verdict;
mod who;

pub use check::{is_awaited, judge};
pub use complaint::complaint;
pub use known_reason::{broken_download, known_reason};
pub use orphan::*;
pub use outcome::exhausted;
pub use pending::*;
pub use redact::{redact_hashes, redact_message};
pub use render::render;
pub use snapshot::*;
pub use snapshot_place::{snapshot_path, snapshots_beside};
pub use verdict::*;
