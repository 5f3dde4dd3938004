//! Frozen machine states: how they are named, kept, checked and removed.

mod error;
mod key;
mod store;

pub use error::LayerError;
pub use key::{LayerKey, NotALayerKey};
pub use store::{Layer, LayerStore};
