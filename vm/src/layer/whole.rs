//! A layer that can be used.

use std::fs::{File, FileTimes};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use crate::layer::check::DirIdentity;
use crate::layer::record::{DISK, RAM, RECORD, STATE};
use crate::layer::{LayerKey, LayerRecord};
use crate::store::FileLock;

/// A whole, verified layer. Nobody removes it or what is below it while this value or a clone of it lives.
#[derive(Debug, Clone)]
pub struct Layer {
    pub(super) inner: Arc<LayerInner>,
}

#[derive(Debug)]
pub(super) struct LayerInner {
    pub(super) directory: PathBuf,
    /// Which directory that was when the layer was opened.
    pub(super) identity: DirIdentity,
    pub(super) record: LayerRecord,
    pub(super) parent: Option<Layer>,
    /// Held for its shared lock.
    pub(super) _in_use: FileLock,
}

impl Layer {
    /// Its key.
    pub fn key(&self) -> &LayerKey {
        &self.inner.record.key
    }

    /// Its record.
    pub fn record(&self) -> &LayerRecord {
        &self.inner.record
    }

    /// The layer that it was forked from.
    pub fn parent(&self) -> Option<&Layer> {
        self.inner.parent.as_ref()
    }

    pub(crate) fn ram(&self) -> PathBuf {
        self.inner.directory.join(RAM)
    }

    pub(crate) fn disk(&self) -> PathBuf {
        self.inner.directory.join(DISK)
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.inner.directory.join(STATE)
    }

    /// Notes the use: the time of last change of the record is the time of last use. It is no part of any stamp.
    pub(super) fn touch(&self) {
        let times = FileTimes::new().set_modified(SystemTime::now());
        let record = File::options()
            .append(true)
            .open(self.inner.directory.join(RECORD));
        // In a cache that cannot be written nothing is collected either.
        let _ = record.and_then(|file| file.set_times(times));
    }
}
