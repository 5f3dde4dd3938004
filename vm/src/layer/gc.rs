//! What the store holds, and making room in it.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::fs;
use std::io;
use std::path::Path;
use std::time::SystemTime;

use serde_json::Value;

use crate::layer::record::RECORD;
use crate::layer::{LayerError, LayerKey, LayerRecord, LayerStore};
use crate::store::{LockTable, Unfit, allocated_bytes, remove_tree, sweep};

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
    /// The processes that use it, 0 for one that cannot be seen from here; none when nobody does.
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
    /// All layers, ordered by key. It takes no lock, and so disturbs nobody.
    pub fn list(&self) -> Result<Vec<LayerSummary>, LayerError> {
        let failed = |error| LayerError::io("cannot list", self.directory())(error);
        let locks = LockTable::read();
        let mut layers = Vec::new();
        for entry in fs::read_dir(self.directory()).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name();
            let Some(Ok(key)) = name.to_str().map(str::parse) else {
                continue;
            };
            match self.summary(key, &entry.path(), &locks) {
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
        sweep(self.directory()).map_err(LayerError::io("cannot list", self.directory()))?;
        let alone = self.lock()?;
        let layers = self.list()?;
        let mut done = Collected {
            kept_bytes: layers.iter().map(|layer| layer.allocated_bytes).sum(),
            ..Default::default()
        };
        let by_key: HashMap<_, _> = layers.iter().map(|layer| (&layer.key, layer)).collect();
        let mut children: HashMap<_, usize> = HashMap::new();
        for parent in layers.iter().filter_map(|layer| layer.parent.as_ref()) {
            *children.entry(parent).or_default() += 1;
        }
        let aged = |layer: &LayerSummary| Reverse((layer.last_used, layer.key.clone()));
        let childless = layers.iter().filter(|it| !children.contains_key(&it.key));
        let mut next: BinaryHeap<_> = childless.map(aged).collect();
        let mut retired = Vec::new();
        while done.kept_bytes > limit_bytes
            && let Some(Reverse((_, key))) = next.pop()
        {
            let layer = by_key[&key];
            let Some(aside) = self.retire_unused(&key)? else {
                done.in_use.push(key);
                continue;
            };
            retired.extend(aside);
            done.kept_bytes = done.kept_bytes.saturating_sub(layer.allocated_bytes);
            done.freed_bytes += layer.allocated_bytes;
            done.removed.push(key);
            if let Some(parent) = &layer.parent
                && let Some(count) = children.get_mut(parent)
            {
                *count -= 1;
                if *count == 0 {
                    next.extend(by_key.get(parent).map(|parent| aged(parent)));
                }
            }
        }
        drop(alone);
        for path in retired {
            // What cannot be removed now is swept later.
            let _ = remove_tree(&path);
        }
        Ok(done)
    }

    /// Removes a layer that nobody uses and that carries no other.
    pub fn remove(&self, key: &LayerKey) -> Result<(), LayerError> {
        let alone = self.lock()?;
        let layers = self.list()?;
        let stands_on_it = |layer: &&LayerSummary| layer.parent.as_ref() == Some(key);
        let children = layers.iter().filter(stands_on_it).count();
        if children > 0 {
            return Err(LayerError::HasChildren {
                key: key.clone(),
                children,
            });
        }
        let retired = self.retire_unused(key)?.ok_or_else(|| self.in_use(key))?;
        drop(alone);
        // What cannot be removed now is swept later.
        let _ = retired.map(|path| remove_tree(&path));
        Ok(())
    }

    fn summary(
        &self,
        key: LayerKey,
        directory: &Path,
        locks: &LockTable,
    ) -> io::Result<LayerSummary> {
        let record = match directory.symlink_metadata()?.is_dir() {
            true => match LayerRecord::read(directory) {
                Err(Unfit::Unread(error)) => return Err(error),
                read => read.ok(),
            },
            false => None,
        };
        let last_used = fs::metadata(directory.join(RECORD)).and_then(|data| data.modified());
        Ok(LayerSummary {
            allocated_bytes: allocated_bytes(directory)?,
            used_by: locks.holders(&self.in_use_path(&key)),
            key,
            parent: record.as_ref().and_then(|record| record.parent.clone()),
            image: record.as_ref().map(|record| record.made_by.image.clone()),
            created_s: record.as_ref().map(|record| record.created_s),
            // Without a record it is damaged, and the first to go.
            last_used: last_used.unwrap_or(SystemTime::UNIX_EPOCH),
            note: record.map(|record| record.note).unwrap_or_default(),
        })
    }
}
