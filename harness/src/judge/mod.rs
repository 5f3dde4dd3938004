//! From what was seen to a verdict.

mod check;
mod complaint;
mod diff;
mod file;
mod near;
mod orphan;
mod outcome;
mod package;
mod redact;
mod render;
mod session;
mod snapshot;
mod text_match;
mod verdict;

pub use check::judge;
pub use complaint::complaint;
pub use orphan::*;
pub use redact::redact;
pub use render::render;
pub use snapshot::*;
pub use verdict::*;
