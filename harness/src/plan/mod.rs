//! The trie that all cases form when equal beginnings are merged.

mod node;
mod shards;
mod show;
mod trie;

pub use node::*;
pub use shards::*;
pub use show::*;
pub use trie::*;

#[cfg(test)]
mod tests;
