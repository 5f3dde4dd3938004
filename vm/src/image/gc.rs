//! Making room among the images: every version of switchproof builds its own, and they are large.

use std::fs;
use std::io;
use std::path::Path;
use std::time::{Instant, SystemTime};

use super::error::io_error;
use super::kept::{DAMAGED, MANIFEST, in_use_lock};
use super::{ImageError, ImageKey};
use crate::cache_dir::CacheDir;
use crate::store::{FileLock, LockTable, allocated_bytes, remove_tree, sweep};

/// Removes images that nobody needs: none of those to `keep`, none that a layer was made by (`is_in_layers` tells it by
/// their keys; see `LayerSummary::image`), and none that a process uses. Also removes what dead builds
/// left. Returns how many images went and how many bytes they took on the disk.
///
/// `is_in_layers` is asked while nobody can use the image, and must look at the layers of that moment: its last
/// user may have made one.
pub fn collect(
    cache: &CacheDir,
    keep: &[ImageKey],
    is_in_layers: &dyn Fn(&str) -> bool,
) -> Result<(usize, u64), ImageError> {
    let (images, locks) = (cache.images()?, cache.locks()?);
    sweep(&images).map_err(io_error("clean up", &images))?;
    let (mut removed, mut freed_bytes) = (0, 0);
    let failed = io_error("list", &images);
    for entry in fs::read_dir(&images).map_err(&failed)? {
        let path = entry.map_err(&failed)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let damaged = name.strip_prefix(DAMAGED);
        let key = damaged.unwrap_or(&name);
        let kept = damaged.is_none() && keep.iter().any(|keep| keep.as_str() == key);
        if kept || !is_key(key) {
            continue;
        }
        let lock_path = in_use_lock(&locks, key);
        let lock = FileLock::exclusive(&lock_path, Instant::now())
            .map_err(io_error("lock", &lock_path))?;
        let Some(lock) = lock else { continue };
        if damaged.is_none() && is_in_layers(key) {
            continue;
        }
        let Some(bytes) = size(&path)? else {
            let _ = lock.retire();
            continue;
        };
        remove_tree(&path).map_err(io_error("remove", &path))?;
        // Without its image the lock file has no use; failing to remove it harms nobody.
        let _ = lock.retire();
        removed += 1;
        freed_bytes += bytes;
    }
    Ok((removed, freed_bytes))
}

/// An image as a listing shows it. Nothing of it has been verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageSummary {
    /// Its key.
    pub key: String,
    /// Bytes that it takes on the disk.
    pub allocated_bytes: u64,
    /// When it was built.
    pub built: SystemTime,
    /// The processes that use it, 0 for one that cannot be seen from here; none when nobody does.
    pub used_by: Option<Vec<u32>>,
}

/// All images, ordered by key; those not that are being built, or were moved aside for a damage.
pub fn list(cache: &CacheDir) -> Result<Vec<ImageSummary>, ImageError> {
    let (images, locks) = (cache.images()?, cache.locks()?);
    let failed = io_error("list", &images);
    let held = LockTable::read();
    let mut found = Vec::new();
    for entry in fs::read_dir(&images).map_err(&failed)? {
        let path = entry.map_err(&failed)?.path();
        let key = path.file_name().unwrap_or_default().to_string_lossy();
        if !is_key(&key) {
            continue;
        }
        let built = fs::metadata(path.join(MANIFEST)).and_then(|data| data.modified());
        let Some(allocated_bytes) = size(&path)? else {
            continue;
        };
        found.push(ImageSummary {
            allocated_bytes,
            built: built.unwrap_or(SystemTime::UNIX_EPOCH),
            used_by: held.holders(&in_use_lock(&locks, &key)),
            key: key.into_owned(),
        });
    }
    found.sort_by(|a, b| a.key.cmp(&b.key));
    Ok(found)
}

/// Whether a name can be that of an image; nothing else among them is ours to remove.
fn is_key(name: &str) -> bool {
    name.len() == blake3::OUT_LEN * 2
        && name
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Bytes that an image takes on the disk; none when it is gone, for other processes collect too.
fn size(path: &Path) -> Result<Option<u64>, ImageError> {
    match allocated_bytes(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io_error("read", path)(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::kept::tests::fake_image;
    use crate::image::{definition, find};

    #[test]
    fn only_what_nobody_needs_is_collected() {
        let directory = tempfile::tempdir().unwrap();
        let cache = CacheDir::at(directory.path());
        let images = cache.images().unwrap();
        let other = |name: &str| definition().with_file(name, false, "");
        let (keep, used, carrying, old) = (definition(), other("a"), other("b"), other("c"));
        for definition in [&keep, &used, &carrying, &old] {
            fake_image(&images.join(definition.key().as_str()), &definition.key());
        }
        fs::create_dir(images.join(format!("{DAMAGED}{}", keep.key()))).unwrap();
        fs::create_dir(images.join(".tmp-dead")).unwrap();
        fs::write(images.join(".tmp-dead/owner.lock"), "").unwrap();
        fs::create_dir(images.join("notes")).unwrap();
        let in_use = find(&cache, &used).unwrap().unwrap();
        let locks = cache.locks().unwrap();
        let is_in_layers = |key: &str| {
            let now = Instant::now();
            let shared = FileLock::shared(&in_use_lock(&locks, key), now).unwrap();
            assert!(shared.is_none(), "meanwhile nobody may use the image");
            key == carrying.key().as_str()
        };
        let listed = list(&cache).unwrap();
        assert_eq!(listed.len(), 4);
        for image in listed {
            assert!(image.allocated_bytes > 0);
            assert_eq!(image.used_by.is_some(), image.key == used.key().as_str());
        }
        let collect = || collect(&cache, &[keep.key()], &is_in_layers).unwrap();
        let (removed, freed_bytes) = collect();
        assert_eq!(removed, 2);
        assert!(freed_bytes > 0);
        assert_eq!(find(&cache, &old).unwrap(), None);
        assert_eq!(fs::read_dir(&images).unwrap().count(), 4);
        assert_eq!(collect(), (0, 0));
        drop(in_use);
        assert_eq!(collect().0, 1);
        assert!(find(&cache, &keep).unwrap().is_some());
        assert!(find(&cache, &carrying).unwrap().is_some());
    }
}
