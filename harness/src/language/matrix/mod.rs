//! A scenario's tree with a matrix becomes one tree for every case.

mod apply;
mod axes;

pub(crate) use apply::{Variant, expand, merge};
