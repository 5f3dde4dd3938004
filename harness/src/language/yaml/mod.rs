//! YAML as a tree in which everything knows its place.

mod build;
mod node;

pub(crate) use build::parse;
pub(crate) use node::{Entry, Kind, Node, Span};
