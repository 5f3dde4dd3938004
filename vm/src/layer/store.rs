//! The layers of one cache directory.
//!
//! A layer's directory appears whole, by a rename, and is never changed afterwards but for the stamps in its record.
//! Nothing is synced to the disk: after a crash of the host, every layer is hashed anew before it is used, for its
//! stamps name the start of the host that they were taken in.

use std::fs::{self, File, FileTimes};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use crate::cache_dir::CacheDir;
use crate::layer::check::{Place, check_backing, check_files, check_parent};
use crate::layer::record::{Checked, DISK, RAM, RECORD, STATE};
use crate::layer::{FileLock, LayerError, LayerKey, LayerRecord, MadeBy, WorkDir};

/// How long to wait for somebody who is removing a layer.
const REMOVAL_WAIT: Duration = Duration::from_secs(30);

/// The layers of one cache directory, shared with other processes through file locks.
#[derive(Debug, Clone)]
pub struct LayerStore {
    layers: PathBuf,
    locks: PathBuf,
}

/// A whole, verified layer. Nobody removes it or what is below it while this value or a clone of it lives.
#[derive(Debug, Clone)]
pub struct Layer {
    inner: Arc<LayerInner>,
}

#[derive(Debug)]
struct LayerInner {
    directory: PathBuf,
    /// Which directory that was when the layer was opened.
    place: Place,
    record: LayerRecord,
    parent: Option<Layer>,
    // Held for its shared lock.
    _in_use: FileLock,
}

/// What was found under a key.
#[derive(Debug, Clone)]
pub enum Lookup {
    /// The layer, verified.
    Whole(Layer),
    /// Nothing.
    Absent,
    /// Something that is not what was frozen, or cannot be continued here. It has been removed.
    Removed {
        /// What was wrong with it.
        what: String,
    },
}

impl Lookup {
    /// The layer, if there is one to use.
    pub fn layer(self) -> Option<Layer> {
        match self {
            Self::Whole(layer) => Some(layer),
            Self::Absent | Self::Removed { .. } => None,
        }
    }
}

impl LayerStore {
    /// The store in this cache directory, and removes what dead processes left unfinished in it.
    pub fn open(cache: &CacheDir) -> Result<Self, LayerError> {
        let made = |result: Result<PathBuf, crate::cache_dir::CacheDirError>| {
            result.map_err(|error| {
                LayerError::io("cannot make", cache.root())(io::Error::other(error))
            })
        };
        let store = Self {
            layers: made(cache.layers())?,
            locks: made(cache.locks())?,
        };
        WorkDir::sweep(&store.layers)?;
        Ok(store)
    }

    /// The directory of layers.
    pub(crate) fn directory(&self) -> &Path {
        &self.layers
    }

    /// Where the layer `key` is, or would be.
    pub(crate) fn path_of(&self, key: &LayerKey) -> PathBuf {
        self.layers.join(key.as_str())
    }

    fn lock_path(&self, kind: &str, key: &LayerKey) -> PathBuf {
        self.locks.join(format!("{kind}-{key}.lock"))
    }

    /// The layer `key`, if it is there and whole. One that is damaged is removed and not found.
    pub fn find(&self, key: &LayerKey) -> Result<Option<Layer>, LayerError> {
        self.look_up(key, None).map(Lookup::layer)
    }

    /// The layer `key`, with what happened to it if it was not whole. A layer that was made by something else than
    /// `made_by` counts as damaged.
    pub fn look_up(&self, key: &LayerKey, made_by: Option<&MadeBy>) -> Result<Lookup, LayerError> {
        self.open_layer(key, made_by, false)
    }

    /// Hashes all of the layer's files, and those of all layers below it, whatever they look like.
    pub fn verify(&self, key: &LayerKey) -> Result<Lookup, LayerError> {
        self.open_layer(key, None, true)
    }

    /// The right to make the layer `key`, which one process at a time has. None when another process still has it
    /// at the deadline. `waits` is called once when it is not free at once. Look the layer up again once you have it.
    pub fn lock_for_making(
        &self,
        key: &LayerKey,
        deadline: Instant,
        waits: &mut dyn FnMut(),
    ) -> Result<Option<FileLock>, LayerError> {
        let path = self.lock_path("make", key);
        let lock =
            |until| FileLock::exclusive(&path, until).map_err(LayerError::io("cannot lock", &path));
        match lock(Instant::now())? {
            Some(free) => Ok(Some(free)),
            None => {
                waits();
                lock(deadline)
            }
        }
    }

    /// The lock that whoever uses a layer shares.
    pub(super) fn in_use_path(&self, key: &LayerKey) -> PathBuf {
        self.lock_path("layer", key)
    }

    /// Keeps the layer from being removed, whether or not it is there.
    fn lock_in_use(&self, key: &LayerKey) -> Result<FileLock, LayerError> {
        let path = self.in_use_path(key);
        FileLock::shared(&path, Instant::now() + REMOVAL_WAIT)
            .map_err(LayerError::io("cannot lock", path))?
            .ok_or_else(|| LayerError::InUse { key: key.clone() })
    }

    fn open_layer(
        &self,
        key: &LayerKey,
        made_by: Option<&MadeBy>,
        fully: bool,
    ) -> Result<Lookup, LayerError> {
        if !self.path_of(key).exists() {
            return Ok(Lookup::Absent);
        }
        let in_use = self.lock_in_use(key)?;
        let Some(place) = Place::of(&self.path_of(key))? else {
            return Ok(Lookup::Absent);
        };
        match self.check(key, made_by, fully)? {
            Ok((record, parent)) => {
                let layer = Layer {
                    inner: Arc::new(LayerInner {
                        directory: self.path_of(key),
                        place,
                        record,
                        parent,
                        _in_use: in_use,
                    }),
                };
                // To verify a layer is not to use it.
                if !fully {
                    layer.touch();
                }
                Ok(Lookup::Whole(layer))
            }
            Err(what) => {
                // Others may be using it: what they have open stays theirs, and nobody else is misled.
                self.discard(key, &place)?;
                Ok(Lookup::Removed { what })
            }
        }
    }

    /// The record and parent of a whole layer; the inner error says what is wrong with it.
    fn check(
        &self,
        key: &LayerKey,
        made_by: Option<&MadeBy>,
        fully: bool,
    ) -> Result<Result<(LayerRecord, Option<Layer>), String>, LayerError> {
        let directory = self.path_of(key);
        let read = LayerRecord::read(&directory)
            .map_err(LayerError::io("cannot read", directory.join(RECORD)))?;
        let mut record = match read {
            Ok(record) => record,
            Err(what) => return Ok(Err(what)),
        };
        if record.key != *key {
            return Ok(Err(format!("its record belongs to layer {}", record.key)));
        }
        if let Some(wanted) = made_by.filter(|wanted| **wanted != record.made_by) {
            return Ok(Err(format!(
                "it was made by {:?}, not by {wanted:?}",
                record.made_by
            )));
        }
        if let Err(what) = check_files(&directory, &mut record, fully)? {
            return Ok(Err(what));
        }
        let Some(parent_key) = record.parent.clone() else {
            return Ok(check_backing(&directory, &record)?.map(|()| (record, None)));
        };
        Ok(
            match self.open_layer(&parent_key, Some(&record.made_by), fully)? {
                Lookup::Whole(parent) => {
                    check_parent(&record, &parent).map(|()| (record, Some(parent)))
                }
                Lookup::Absent => Err(format!("its parent {parent_key} is gone")),
                Lookup::Removed { what } => {
                    Err(format!("its parent {parent_key} was damaged: {what}"))
                }
            },
        )
    }

    /// Takes a layer's directory out of sight and removes it, but only that very directory: what another process has
    /// put in its place since is healthy.
    fn discard(&self, key: &LayerKey, place: &Place) -> Result<(), LayerError> {
        let path = self.path_of(key);
        // Between the look and the rename nobody else may take it away, for then it could be replaced. Where the file
        // system has no such lock, that is a risk of microseconds.
        let alone = FileLock::exclusive_existing(&self.layers, Instant::now() + REMOVAL_WAIT).ok();
        if !place.is_at(&path)? {
            return Ok(());
        }
        let grave = WorkDir::bury(&self.layers, &path)?;
        drop(alone);
        // What cannot be removed now is swept later.
        let _ = fs::remove_dir_all(grave);
        Ok(())
    }

    /// Removes a layer that nobody uses and that carries no other.
    pub fn remove(&self, key: &LayerKey) -> Result<(), LayerError> {
        let lock_path = self.in_use_path(key);
        let lock = FileLock::exclusive(&lock_path, Instant::now())
            .map_err(LayerError::io("cannot lock", lock_path))?
            .ok_or_else(|| LayerError::InUse { key: key.clone() })?;
        let children = self
            .list()?
            .iter()
            .filter(|layer| layer.parent.as_ref() == Some(key))
            .count();
        if children > 0 {
            return Err(LayerError::HasChildren {
                key: key.clone(),
                children,
            });
        }
        if let Some(place) = Place::of(&self.path_of(key))? {
            self.discard(key, &place)?;
        }
        // Without its layer the lock file has no use; failing to remove it harms nobody.
        let _ = lock.retire();
        Ok(())
    }

    /// Removes a layer that is to be replaced and that nobody uses, nor anything that stands on it: who uses a layer uses
    /// all below it. The lock keeps everybody from looking for it; none where there is no layer to remove.
    fn take_out(&self, key: &LayerKey) -> Result<Option<FileLock>, LayerError> {
        let Some(place) = Place::of(&self.path_of(key))? else {
            return Ok(None);
        };
        let lock_path = self.in_use_path(key);
        let alone = FileLock::exclusive(&lock_path, Instant::now())
            .map_err(LayerError::io("cannot lock", lock_path))?;
        if alone.is_some() {
            self.discard(key, &place)?;
        }
        Ok(alone)
    }

    /// Looks at a layer that was opened earlier once more, and at all below it: a layer may be held for long before it
    /// is forked. Its device state is read in full, which costs nothing against the fork.
    pub(crate) fn recheck(&self, layer: &Layer) -> Result<(), LayerError> {
        let mut next = Some(layer);
        while let Some(layer) = next {
            let mut record = layer.record().clone();
            let what = match check_files(&layer.inner.directory, &mut record, false)? {
                Ok(()) => {
                    let path = layer.state();
                    let state = record
                        .state
                        .check(&path, true)
                        .map_err(LayerError::io("cannot read", &path))?;
                    match state {
                        Checked::Wrong(what) => format!("{STATE}: {what}"),
                        Checked::Unchanged | Checked::Rehashed(_) => {
                            next = layer.parent();
                            continue;
                        }
                    }
                }
                Err(what) => what,
            };
            return Err(self.condemn(layer, what));
        }
        Ok(())
    }

    /// Removes a layer that turned out to be of no use, and says so. One that was made anew since stays.
    pub(crate) fn condemn(&self, layer: &Layer, what: String) -> LayerError {
        match self.discard(layer.key(), &layer.inner.place) {
            Ok(()) => LayerError::Damaged {
                key: layer.key().clone(),
                what,
            },
            Err(error) => error,
        }
    }

    /// Publishes a finished layer and opens it. One that was there before is replaced, and what stands on that is no
    /// longer found; where somebody uses it, it stays and is opened instead.
    pub(crate) fn publish(&self, work: WorkDir, key: &LayerKey) -> Result<Layer, LayerError> {
        let _in_use = match self.take_out(key)? {
            Some(alone) => {
                // Whoever looks for the layer waits for the lock meanwhile, and finds the new one.
                work.publish(&self.path_of(key))?;
                drop(alone);
                self.lock_in_use(key)?
            }
            None => {
                // Taken before anybody can see the layer: no collection removes it before it is used.
                let in_use = self.lock_in_use(key)?;
                work.publish(&self.path_of(key))?;
                in_use
            }
        };
        match self.look_up(key, None)? {
            Lookup::Whole(layer) => Ok(layer),
            Lookup::Absent => Err(LayerError::Damaged {
                key: key.clone(),
                what: "it vanished".to_owned(),
            }),
            Lookup::Removed { what } => Err(LayerError::Damaged {
                key: key.clone(),
                what,
            }),
        }
    }
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
    fn touch(&self) {
        let times = FileTimes::new().set_modified(SystemTime::now());
        let record = File::options()
            .append(true)
            .open(self.inner.directory.join(RECORD));
        // In a cache that cannot be written nothing is collected either.
        let _ = record.and_then(|file| file.set_times(times));
    }
}
