//! Frozen machine states: how they are named, kept, checked and removed.

mod check;
mod error;
mod gc;
mod key;
mod overlay;
pub(crate) mod record;
mod store;
#[cfg(test)]
mod tests;
mod whole;

pub use error::LayerError;
pub use gc::{Collected, LayerSummary};
pub use key::{LayerKey, NotALayerKey};
pub(crate) use overlay::{create_overlay, virtual_size};
pub use record::{LayerRecord, MadeBy};
pub use store::{LayerStore, Lookup};
pub use whole::Layer;
