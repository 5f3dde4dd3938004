//! What differs between two observations: one value that diffs, previews, laws and reports share.
//!
//! It is computed from nothing but the two observations. What is only another name for the same thing (a store hash, a
//! generation's number) is kept apart from what a user would notice, and never dropped.

mod between;
mod count;
mod home;
mod hunk;
mod join;
mod left_behind;
mod messages;
mod model;
mod moves;
mod own_programs;
mod packages;
mod page;
mod runs;
#[doc(hidden)]
pub mod sample;
mod show;
mod show_files;
mod show_programs;
mod stores;
#[cfg(test)]
mod tests;
mod units;
mod variables;
mod view;

pub use count::*;
pub use model::*;
pub use page::ShowOptions;
pub(crate) use stores::without_hashes;
