//! A scenario's tree with a matrix becomes one tree for every case.

mod apply;
mod axes;
mod changes;

pub(crate) use apply::{Variant, expand};
pub(crate) use changes::spell_out_changes;
