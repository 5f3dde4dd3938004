//! What is kept between runs, how much of the disk that takes, and keeping it within a limit.

use std::io;

use switchproof_vm::cache_dir::{CacheDir, CacheDirError};
use switchproof_vm::image::{self, ImageError, ImageSummary};
use switchproof_vm::layer::{LayerError, LayerStore, LayerSummary};
use switchproof_vm::store::free_bytes;

use crate::flake::fetched::{self, Taken};
use crate::run::{ResultStore, ResultUsage};

/// What is kept may take this much of the disk unless somebody says otherwise, in GiB.
pub const LIMIT_GIB: u64 = 20;

/// Names the limit, in GiB.
pub const LIMIT_VARIABLE: &str = "SWITCHPROOF_CACHE_LIMIT";

/// Results may take at most this part of the limit: they are small, and none of them is ever in use.
const RESULTS_PART: u64 = 10;

/// Where things are kept.
#[derive(Debug, Clone, Copy)]
pub struct Keep<'a> {
    /// The directory of all, with the guest images.
    pub cache: &'a CacheDir,
    /// The frozen states.
    pub store: &'a LayerStore,
    /// Observations, passes and durations.
    pub results: &'a ResultStore,
}

/// Everything that is kept, as listings show it.
#[derive(Debug, Clone)]
pub struct Kept {
    /// The guest images.
    pub images: Vec<ImageSummary>,
    /// The frozen states.
    pub states: Vec<LayerSummary>,
    /// Observations, passes and durations.
    pub results: ResultUsage,
    /// The releases that somebody asked to be kept. They are no part of what the limit is for, and stay until they are
    /// asked to go.
    pub releases: Vec<Taken>,
}

/// What was removed to keep within a limit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Removed {
    /// How many states.
    pub states: usize,
    /// How many images.
    pub images: usize,
    /// How many files of results.
    pub results: usize,
    /// Bytes that all of it took on the disk.
    pub freed_bytes: u64,
    /// How many states would have gone too but are in use.
    pub states_in_use: usize,
}

/// Why what is kept cannot be listed or removed.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// The limit is not a number.
    #[error("${LIMIT_VARIABLE} is `{0}`, which is not a whole number of GiB")]
    NotALimit(String),
    /// There is no cache directory.
    #[error(transparent)]
    CacheDir(#[from] CacheDirError),
    /// The images.
    #[error(transparent)]
    Images(#[from] ImageError),
    /// The states.
    #[error(transparent)]
    States(#[from] LayerError),
    /// The results.
    #[error("the results cannot be read or removed: {0}")]
    Results(#[from] io::Error),
    /// The releases.
    #[error("the releases that are kept cannot be read: {0}")]
    Releases(io::Error),
}

impl KeepError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NotALimit(_) => format!("write {LIMIT_VARIABLE}={LIMIT_GIB}, or leave it out"),
            Self::CacheDir(error) => error.hint().to_owned(),
            Self::Images(error) => error.hint(),
            Self::States(error) => return error.hint(),
            Self::Results(_) | Self::Releases(_) => {
                "check the permissions of the cache directory".to_owned()
            }
        })
    }
}

/// The limit that the environment sets, or the default, in bytes.
pub fn limit_bytes() -> Result<u64, KeepError> {
    let set = std::env::var_os(LIMIT_VARIABLE).filter(|value| !value.is_empty());
    let Some(set) = set else {
        return Ok(in_bytes(LIMIT_GIB));
    };
    let text = set.to_string_lossy();
    match text.trim().parse() {
        Ok(gib) => Ok(in_bytes(gib)),
        Err(_) => Err(KeepError::NotALimit(text.into_owned())),
    }
}

/// GiB in bytes.
#[must_use]
pub fn in_bytes(gib: u64) -> u64 {
    gib.saturating_mul(1 << 30)
}

impl Kept {
    /// Bytes that all takes on the disk which the limit is for: the images, the states and the results.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.image_bytes() + self.state_bytes() + self.results.bytes
    }

    /// Bytes that the images take.
    #[must_use]
    pub fn image_bytes(&self) -> u64 {
        self.images.iter().map(|image| image.allocated_bytes).sum()
    }

    /// Bytes that the states take.
    #[must_use]
    pub fn state_bytes(&self) -> u64 {
        self.states.iter().map(|state| state.allocated_bytes).sum()
    }

    /// Bytes that the releases take.
    #[must_use]
    pub fn release_bytes(&self) -> u64 {
        self.releases.iter().map(|it| it.allocated_bytes).sum()
    }
}

impl Keep<'_> {
    /// Lists all that is kept. Nothing of it is verified.
    pub fn list(self) -> Result<Kept, KeepError> {
        let channels = self.cache.kept_channels();
        let releases = channels.map_or(Ok(Vec::new()), |folder| fetched::taken(&folder));
        Ok(Kept {
            releases: releases.map_err(KeepError::Releases)?,
            images: image::list(self.cache)?,
            states: self.store.list()?,
            results: self.results.usage()?,
        })
    }

    /// What may stay so that `wanted_bytes` are free on the disk that the cache is on.
    pub fn limit_to_free(self, wanted_bytes: u64) -> Result<u64, KeepError> {
        let missing_bytes = wanted_bytes.saturating_sub(free_bytes(self.cache.root())?);
        match missing_bytes {
            0 => Ok(u64::MAX),
            _ => Ok(self.list()?.bytes().saturating_sub(missing_bytes)),
        }
    }

    /// Keeps everything together within the limit: of results, then of states those go that were not used for the longest
    /// time, never a state that a process uses or that others stand on. Images that nobody needs go when there is too
    /// much, before any state, and `also_images` even when there is not. What was left unfinished by processes that died
    /// goes too.
    pub fn within(self, limit_bytes: u64, also_images: bool) -> Result<Removed, KeepError> {
        let mut removed = Removed::default();
        let (files, bytes) = self.results.collect(limit_bytes / RESULTS_PART)?;
        removed.results = files;
        removed.freed_bytes += bytes;
        let mut kept = self.list()?;
        if also_images || kept.bytes() > limit_bytes {
            self.collect_images(&mut removed)?;
            kept = self.list()?;
        }
        let beside_states = kept.image_bytes() + kept.results.bytes;
        let limit_of_states = limit_bytes.saturating_sub(beside_states);
        let done = self.store.collect(limit_of_states)?;
        removed.states = done.removed.len();
        removed.freed_bytes += done.freed_bytes;
        removed.states_in_use = done.in_use.len();
        // The last states of an image may have gone.
        if also_images || done.kept_bytes + beside_states > limit_bytes {
            self.collect_images(&mut removed)?;
        }
        Ok(removed)
    }

    /// Removes the images that neither this version of switchproof nor any state needs.
    fn collect_images(self, removed: &mut Removed) -> Result<(), KeepError> {
        let current = image::Suite::ALL.map(|suite| image::definition_of(suite).key());
        // States that cannot be listed may be of any image.
        let is_in_layers = |key: &str| {
            let of_image = |state: &LayerSummary| state.image.as_deref() == Some(key);
            let states = self.store.list();
            states.map_or(true, |states| states.iter().any(of_image))
        };
        let (images, bytes) = image::collect(self.cache, &current, &is_in_layers)?;
        removed.images += images;
        removed.freed_bytes += bytes;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn an_image_that_nobody_needs_goes_before_any_state() {
        let directory = tempfile::tempdir().unwrap();
        let cache = CacheDir::at(directory.path());
        let store = LayerStore::open(&cache).unwrap();
        let results = ResultStore::new(&directory.path().join("results"));
        let state = switchproof_vm::layer::LayerKey::root(&[b"state"]);
        for (folder, name, kib) in [
            (cache.images().unwrap(), "0".repeat(64), 1024),
            (cache.layers().unwrap(), state.to_string(), 64),
            // Kept because somebody asked for it: no limit counts or removes it.
            (cache.channels().unwrap(), "26.05".to_owned(), 4096),
        ] {
            let folder = folder.join(name);
            fs::create_dir(&folder).unwrap();
            fs::create_dir(folder.join("below")).unwrap();
            fs::write(folder.join("below/bytes"), vec![1; kib * 1024]).unwrap();
            fs::write(folder.join("channel.json"), "{}").unwrap();
        }
        let kept = Keep {
            cache: &cache,
            store: &store,
            results: &results,
        };
        let keep = |kib: u64| kept.within(kib * 1024, false).unwrap();
        assert_eq!(keep(2048), Removed::default());
        let removed = keep(512);
        assert_eq!((removed.images, removed.states), (1, 0));
        assert!(removed.freed_bytes >= 1024 * 1024);
        // Nothing goes while there is room, and all that may when there is none.
        let to_free = |bytes| kept.limit_to_free(bytes).unwrap();
        assert_eq!(to_free(1), u64::MAX);
        assert_eq!(to_free(u64::MAX), 0);
        let removed = keep(1);
        assert_eq!((removed.images, removed.states), (0, 1));
        let left = kept.list().unwrap();
        assert_eq!((left.bytes(), left.releases.len()), (0, 1));
        assert!(left.release_bytes() >= 4096 * 1024);
    }
}
