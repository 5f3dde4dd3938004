//! The layers of one cache directory.

use std::path::PathBuf;

use crate::layer::{LayerError, LayerKey};

/// The layers of one cache directory, shared with other processes through file locks.
#[derive(Debug, Clone)]
pub struct LayerStore {
    cache_dir: PathBuf,
}

/// A whole, verified layer, which nobody removes while this value or a clone of it lives.
#[derive(Debug, Clone)]
pub struct Layer {
    key: LayerKey,
}

impl LayerStore {
    /// The store in `cache_dir`, whose directories are made when missing.
    pub fn open(cache_dir: impl Into<PathBuf>) -> Result<Self, LayerError> {
        Ok(Self {
            cache_dir: cache_dir.into(),
        })
    }

    /// The layer `key`, if it is there and whole. One that is damaged is removed.
    pub fn find(&self, _key: &LayerKey) -> Result<Option<Layer>, LayerError> {
        let _ = &self.cache_dir;
        Ok(None)
    }
}

impl Layer {
    /// Its key.
    pub fn key(&self) -> &LayerKey {
        &self.key
    }
}
