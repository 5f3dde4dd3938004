//! The layers of one cache directory.
//!
//! A layer's directory appears whole, by a rename, and is never changed afterwards but for the stamps in its record.
//! Nothing is synced to the disk: after a crash of the host, every layer is hashed anew before it is used, for its
//! stamps name the start of the host that they were taken in.
//!
//! All users of a layer share its lock. To publish or remove one takes the lock of the whole store.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::cache_dir::CacheDir;
use crate::layer::check::{DirIdentity, check_backing, check_file, check_files, check_parent};
use crate::layer::record::{RECORD, STATE};
use crate::layer::whole::LayerInner;
use crate::layer::{Layer, LayerError, LayerKey, LayerRecord, MadeBy};
use crate::store::{FileLock, Unfit, WorkDir, remove_tree, retire, sweep};

/// How long to wait for somebody who publishes or removes layers: renames, which take no time.
const CHANGE_WAIT: Duration = Duration::from_secs(60);

/// The layers of one cache directory, shared with other processes through file locks.
#[derive(Debug, Clone)]
pub struct LayerStore {
    layers: PathBuf,
    locks: PathBuf,
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
        sweep(&store.layers).map_err(LayerError::io("cannot list", &store.layers))?;
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
        FileLock::exclusive_telling(&path, deadline, waits)
            .map_err(LayerError::io("cannot lock", path))
    }

    /// The error that [`LayerStore::lock_for_making`] had no time left.
    pub(crate) fn still_made(&self, key: &LayerKey) -> LayerError {
        LayerError::InUse {
            key: key.clone(),
            held: FileLock::held(&self.lock_path("make", key)),
        }
    }

    /// The lock of the store, without which nothing appears in it and nothing goes.
    pub(super) fn lock(&self) -> Result<FileLock, LayerError> {
        let path = self.locks.join("layers.lock");
        FileLock::exclusive(&path, Instant::now() + CHANGE_WAIT)
            .map_err(LayerError::io("cannot lock", &path))?
            .ok_or_else(|| LayerError::Busy {
                held: FileLock::held(&path),
            })
    }

    /// The lock that all users of a layer share.
    pub(super) fn in_use_path(&self, key: &LayerKey) -> PathBuf {
        self.lock_path("layer", key)
    }

    /// Keeps the layer from being removed, whether or not it is there.
    fn lock_in_use(&self, key: &LayerKey) -> Result<FileLock, LayerError> {
        let path = self.in_use_path(key);
        FileLock::shared(&path, Instant::now() + CHANGE_WAIT)
            .map_err(LayerError::io("cannot lock", &path))?
            .ok_or_else(|| self.in_use(key))
    }

    fn open_layer(
        &self,
        key: &LayerKey,
        made_by: Option<&MadeBy>,
        fully: bool,
    ) -> Result<Lookup, LayerError> {
        let path = self.path_of(key);
        if path.symlink_metadata().is_err() {
            return Ok(Lookup::Absent);
        }
        let in_use = self.lock_in_use(key)?;
        let identity = match DirIdentity::of(&path) {
            Ok(Some(identity)) => identity,
            Ok(None) => return Ok(Lookup::Absent),
            Err(Unfit::Changed(what)) => {
                let _alone = self.lock()?;
                // There may be a directory in its place since.
                if let Err(Unfit::Changed(_)) = DirIdentity::of(&path) {
                    self.take_away(key)?;
                }
                return Ok(Lookup::Removed { what });
            }
            Err(Unfit::Unread(error)) => return Err(error),
        };
        match self.check(key, made_by, fully) {
            Ok((record, parent)) => {
                let layer = Layer {
                    inner: Arc::new(LayerInner {
                        directory: self.path_of(key),
                        identity,
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
            Err(Unfit::Changed(what)) => {
                // Others may be using it: what they have open stays theirs, and nobody else is misled.
                self.discard(key, &identity)?;
                Ok(Lookup::Removed { what })
            }
            Err(Unfit::Unread(error)) => Err(error),
        }
    }

    /// The record and parent of a whole layer.
    fn check(
        &self,
        key: &LayerKey,
        made_by: Option<&MadeBy>,
        fully: bool,
    ) -> Result<(LayerRecord, Option<Layer>), Unfit<LayerError>> {
        let directory = self.path_of(key);
        let mut record = LayerRecord::read(&directory).map_err(|unfit| match unfit {
            Unfit::Changed(what) => Unfit::Changed(what),
            Unfit::Unread(error) => {
                LayerError::io("cannot read", directory.join(RECORD))(error).into()
            }
        })?;
        if record.key != *key {
            let what = format!("its record belongs to layer {}", record.key);
            return Err(Unfit::Changed(what));
        }
        let made = &record.made_by;
        if let Some(wanted) = made_by.filter(|wanted| *wanted != made) {
            let what = format!("it was made by {made:?}, not by {wanted:?}");
            return Err(Unfit::Changed(what));
        }
        check_files(&directory, &mut record, fully)?;
        let Some(parent_key) = record.parent.clone() else {
            check_backing(&directory, &record)?;
            return Ok((record, None));
        };
        let what = match self.open_layer(&parent_key, Some(&record.made_by), fully)? {
            Lookup::Whole(parent) => {
                check_parent(&record, parent.record())?;
                return Ok((record, Some(parent)));
            }
            Lookup::Absent => format!("its parent {parent_key} is gone"),
            Lookup::Removed { what } => format!("its parent {parent_key} was damaged: {what}"),
        };
        Err(Unfit::Changed(what))
    }

    /// Takes a layer's directory out of sight and removes it, but only that very directory: what another process has
    /// put in its place since is healthy.
    fn discard(&self, key: &LayerKey, identity: &DirIdentity) -> Result<(), LayerError> {
        let _alone = self.lock()?;
        match identity.is_at(&self.path_of(key))? {
            true => self.take_away(key),
            false => Ok(()),
        }
    }

    /// Renames whatever is at a layer's place and removes it. Only for who holds the store's lock.
    fn take_away(&self, key: &LayerKey) -> Result<(), LayerError> {
        let path = self.path_of(key);
        let retired = retire(&path).map_err(LayerError::io("cannot remove", path))?;
        // What cannot be removed now is swept later.
        let _ = remove_tree(&retired);
        Ok(())
    }

    /// Renames a layer that nobody uses, and returns where it is then, if it was there at all; none when somebody uses
    /// it. Only for who holds the store's lock.
    pub(super) fn retire_unused(
        &self,
        key: &LayerKey,
    ) -> Result<Option<Option<PathBuf>>, LayerError> {
        let lock_path = self.in_use_path(key);
        let Some(lock) = FileLock::exclusive(&lock_path, Instant::now())
            .map_err(LayerError::io("cannot lock", lock_path))?
        else {
            return Ok(None);
        };
        let path = self.path_of(key);
        let retired = match path.symlink_metadata() {
            Ok(_) => Some(retire(&path).map_err(LayerError::io("cannot remove", path))?),
            Err(_) => None,
        };
        // Without its layer the lock file has no use; failing to remove it harms nobody.
        let _ = lock.retire();
        Ok(Some(retired))
    }

    pub(super) fn in_use(&self, key: &LayerKey) -> LayerError {
        LayerError::InUse {
            key: key.clone(),
            held: FileLock::held(&self.in_use_path(key)),
        }
    }

    /// Looks at a layer that was opened earlier once more, and at all below it: a layer may be held for long before it
    /// is forked. Its device state is read in full, which costs nothing against the fork.
    pub(crate) fn recheck(&self, layer: &Layer) -> Result<(), LayerError> {
        let mut next = Some(layer);
        while let Some(layer) = next {
            let mut record = layer.record().clone();
            let directory = &layer.inner.directory;
            let checked = check_files(directory, &mut record, false)
                .and_then(|()| check_file(directory, STATE, &mut record.state, true));
            match checked {
                Ok(_) => next = layer.parent(),
                Err(Unfit::Changed(what)) => return Err(self.condemn(layer, what)),
                Err(Unfit::Unread(error)) => return Err(error),
            }
        }
        Ok(())
    }

    /// Removes a layer that turned out to be of no use, and says so. One that was made anew since stays.
    pub(crate) fn condemn(&self, layer: &Layer, what: String) -> LayerError {
        match self.discard(layer.key(), &layer.inner.identity) {
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
        let path = self.path_of(key);
        let alone = self.lock()?;
        let replaced = match path.symlink_metadata() {
            // Who uses a layer uses all below it, so nothing that is in use stands on one that is not.
            Ok(_) => self.retire_unused(key)?.flatten(),
            Err(_) => None,
        };
        let in_use = self.lock_in_use(key)?;
        work.publish(&path)
            .map_err(LayerError::io("cannot rename to", &path))?;
        // From here on the layer's own lock keeps it.
        drop(alone);
        if let Some(replaced) = replaced {
            let _ = remove_tree(&replaced);
        }
        let found = self.look_up(key, None)?;
        drop(in_use);
        let what = match found {
            Lookup::Whole(layer) => return Ok(layer),
            Lookup::Absent => "it vanished".to_owned(),
            Lookup::Removed { what } => what,
        };
        let key = key.clone();
        Err(LayerError::Damaged { key, what })
    }
}
