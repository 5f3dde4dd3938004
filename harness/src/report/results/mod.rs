//! The one store of results that all reports are views of.

mod ancestors;
mod collect;
mod convert;
mod document;
mod limits;
mod merge;
#[doc(hidden)]
pub mod sample;
mod seen;
#[cfg(test)]
mod tests;

pub use collect::*;
pub use document::*;
pub use merge::merged;
pub use seen::*;
