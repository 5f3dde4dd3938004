//! Frozen machine states: how they are named, kept, checked and removed.

mod check;
mod error;
mod file_lock;
mod gc;
mod hash;
mod key;
mod overlay;
pub(crate) mod record;
mod sparse;
mod store;
#[cfg(test)]
mod tests;
mod work_dir;

pub use error::LayerError;
pub use file_lock::FileLock;
pub use gc::{Collected, LayerSummary};
pub use key::{LayerKey, NotALayerKey};
pub(crate) use overlay::{create_overlay, virtual_size};
pub use record::{FileRecord, LayerRecord, MadeBy, Stamp};
pub(crate) use sparse::copy_sparse;
pub use store::{Layer, LayerStore, Lookup};
pub(crate) use work_dir::WorkDir;
