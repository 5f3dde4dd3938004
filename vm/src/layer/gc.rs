//! What the store holds, and making room in it.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::SystemTime;

use serde_json::Value;

use crate::layer::record::RECORD;
use crate::layer::{FileLock, LayerError, LayerKey, LayerRecord, LayerStore, WorkDir};

/// A layer as a listing shows it. Nothing of it has been verified.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerSummary {
    /// Its key.
    pub key: LayerKey,
    /// The layer below it.
    pub parent: Option<LayerKey>,
    /// The key of the guest image that it was made by; none when its record cannot be read.
    pub image: Option<String>,
    /// Bytes that it takes on the disk.
    pub allocated_bytes: u64,
    /// When it was made, in seconds since 1970; none when its record cannot be read.
    pub created_s: Option<u64>,
    /// When it was last looked up.
    pub last_used: SystemTime,
    /// What made it, in the words of the caller.
    pub note: Value,
    /// The processes that use it, as [`crate::layer::FileLock::holders`] tells them; none when nobody does.
    pub used_by: Option<Vec<u32>>,
}

/// What a collection did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Collected {
    /// Layers removed, in the order of removal.
    pub removed: Vec<LayerKey>,
    /// Bytes that they took on the disk.
    pub freed_bytes: u64,
    /// Bytes that the remaining layers take.
    pub kept_bytes: u64,
    /// Layers that would have gone but are in use.
    pub in_use: Vec<LayerKey>,
}

impl LayerStore {
    /// All layers, ordered by key.
    pub fn list(&self) -> Result<Vec<LayerSummary>, LayerError> {
        let mut layers = Vec::new();
        let failed = |error| LayerError::io("cannot list", self.directory())(error);
        for entry in fs::read_dir(self.directory()).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let Some(key) = entry
                .file_name()
                .to_str()
                .and_then(|name| name.parse::<LayerKey>().ok())
            else {
                continue;
            };
            match self.summary(key, &entry.path()) {
                Ok(layer) => layers.push(layer),
                // Removed by another process since it was listed.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(LayerError::io("cannot read", entry.path())(error)),
            }
        }
        layers.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(layers)
    }

    /// Removes layers, least recently used first and never one that is in use or carries others, until all together
    /// take at most `limit_bytes`. Also removes what dead processes left unfinished.
    pub fn collect(&self, limit_bytes: u64) -> Result<Collected, LayerError> {
        WorkDir::sweep(self.directory())?;
        let mut layers = self.list()?;
        let mut done = Collected {
            kept_bytes: layers.iter().map(|layer| layer.allocated_bytes).sum(),
            ..Default::default()
        };
        layers.sort_by_key(|layer| layer.last_used);
        let mut children: HashMap<LayerKey, usize> = HashMap::new();
        for parent in layers.iter().filter_map(|layer| layer.parent.clone()) {
            *children.entry(parent).or_default() += 1;
        }
        while done.kept_bytes > limit_bytes {
            let childless =
                |layer: &LayerSummary| children.get(&layer.key).is_none_or(|&count| count == 0);
            let Some(at) = layers.iter().position(childless) else {
                break;
            };
            let layer = layers.remove(at);
            match self.remove(&layer.key) {
                Ok(()) => {
                    done.kept_bytes = done.kept_bytes.saturating_sub(layer.allocated_bytes);
                    done.freed_bytes += layer.allocated_bytes;
                    if let Some(count) = layer
                        .parent
                        .as_ref()
                        .and_then(|parent| children.get_mut(parent))
                    {
                        *count -= 1;
                    }
                    done.removed.push(layer.key);
                }
                Err(LayerError::InUse { key } | LayerError::HasChildren { key, .. }) => {
                    done.in_use.push(key)
                }
                Err(error) => return Err(error),
            }
        }
        Ok(done)
    }

    fn summary(&self, key: LayerKey, directory: &Path) -> io::Result<LayerSummary> {
        let mut allocated_bytes = 0;
        for entry in fs::read_dir(directory)? {
            // In units of 512 bytes, whatever the file system's block is.
            allocated_bytes += entry?.metadata()?.blocks() * 512;
        }
        let record = LayerRecord::read(directory)?.ok();
        let last_used = fs::metadata(directory.join(RECORD)).and_then(|data| data.modified());
        Ok(LayerSummary {
            used_by: FileLock::holders(&self.in_use_path(&key)),
            key,
            parent: record.as_ref().and_then(|record| record.parent.clone()),
            image: record.as_ref().map(|record| record.made_by.image.clone()),
            allocated_bytes,
            created_s: record.as_ref().map(|record| record.created_s),
            // Without a record it is damaged, and the first to go.
            last_used: last_used.unwrap_or(SystemTime::UNIX_EPOCH),
            note: record.map(|record| record.note).unwrap_or_default(),
        })
    }
}
