//! The trie that all cases form when equal beginnings are merged.

mod node;
mod shards;
mod trie;

pub use node::*;
pub use shards::*;
pub use trie::*;

#[cfg(test)]
mod tests;
