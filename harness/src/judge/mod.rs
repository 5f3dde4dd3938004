//! From what was seen to a verdict.

mod verdict;

pub use verdict::*;
