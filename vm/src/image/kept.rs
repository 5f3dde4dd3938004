//! An image in the cache: its parts, its manifest, and the check that it is whole.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{BuildStep, ImageError, ImageKey};
use crate::accel::Architecture;
use crate::store::{
    FileLock, FileRecord, Stamp, Unfit, allocated_bytes, read_bounded, write_whole,
};

pub(super) const KERNEL: &str = "kernel";
pub(super) const INITRD: &str = "initrd";
pub(super) const ROOT: &str = "root.ext4";
pub(super) const MANIFEST: &str = "image.json";
pub(super) const BUILD_LOG: &str = "build.log";
/// How the files looked when they were last found right.
const STAMPS: &str = "verified.json";
/// What the names of images that were moved aside begin with.
pub(super) const DAMAGED: &str = ".damaged-";
/// The longest manifest that is read.
const MANIFEST_MAX_BYTES: u64 = 4 * 1024 * 1024;

/// A guest image that is whole, and stays so while this value or a clone of it lives. Its files must only be read:
/// machines write to overlays.
#[derive(Debug, Clone, PartialEq)]
pub struct Image {
    /// The hash of the definition it was built from.
    pub key: ImageKey,
    /// The kernel, for direct boot.
    pub kernel: PathBuf,
    /// The initial RAM disk that goes with the kernel.
    pub initrd: Option<PathBuf>,
    /// The root file system: raw ext4 without a partition table, sparse.
    pub root: PathBuf,
    /// What is in it and how it came to be.
    pub manifest: ImageManifest,
    /// While this lives, no collection removes the image.
    pub(super) in_use: InUse,
}

impl Image {
    /// What it takes on the disk, in bytes.
    pub fn allocated_bytes(&self) -> u64 {
        // Of an image that has gone since, nothing is left to tell.
        let directory = self.root.parent().unwrap_or(&self.root);
        allocated_bytes(directory).unwrap_or_default()
    }
}

/// The lock that all users of an image share.
pub(super) fn in_use_lock(locks: &Path, key: &str) -> PathBuf {
    locks.join(format!("image-in-use-{key}.lock"))
}

/// A share of an image's lock; none in a cache that cannot be written, where nothing is collected either.
#[derive(Debug, Clone, Default)]
pub(super) struct InUse {
    _lock: Option<Arc<FileLock>>,
}

impl InUse {
    pub(super) fn new(lock: Option<FileLock>) -> Self {
        Self {
            _lock: lock.map(Arc::new),
        }
    }
}

impl PartialEq for InUse {
    /// Who holds it is no part of what an image is.
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// What is in an image and how it came to be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImageManifest {
    /// The hash of the definition.
    pub key: ImageKey,
    /// The guest's architecture.
    pub architecture: Architecture,
    /// The Debian release.
    pub suite: String,
    /// Version by package name, of all packages in the guest.
    pub packages: BTreeMap<String, String>,
    /// Length and hash by file name.
    pub files: BTreeMap<String, FileRecord>,
    /// When the build ended, in seconds since 1970 UTC.
    pub built_unix_s: u64,
    /// How long the whole build took.
    pub build_seconds: f64,
    /// How long each step took, in seconds.
    pub step_seconds: BTreeMap<BuildStep, f64>,
}

impl ImageManifest {
    /// The version of one package of the guest.
    pub fn package_version(&self, package: &str) -> Option<&str> {
        self.packages.get(package).map(String::as_str)
    }
}

/// Where the manifest of an image is, below the folder of images: it names what is in the files by their hashes.
#[must_use]
pub fn manifest_path(images: &Path, key: &ImageKey) -> PathBuf {
    images.join(key.as_str()).join(MANIFEST)
}

/// Opens the image in a directory, after the check that it is whole: sizes, places and times always, contents when
/// those differ from the last full check. `None` when there is no such directory.
pub(super) fn open(directory: &Path, key: &ImageKey) -> Result<Option<Image>, ImageError> {
    let damaged = |reason: String| ImageError::Damaged {
        path: directory.to_owned(),
        reason,
    };
    if !directory.is_dir() {
        return Ok(None);
    }
    let text = read_bounded(&directory.join(MANIFEST), MANIFEST_MAX_BYTES);
    let text = text.map_err(|error| damaged(format!("{MANIFEST}: {error}")))?;
    let mut manifest: ImageManifest =
        serde_json::from_slice(&text).map_err(|error| damaged(format!("{MANIFEST}: {error}")))?;
    if manifest.key != *key {
        return Err(damaged(format!(
            "{MANIFEST} is that of another image, {}",
            manifest.key.short()
        )));
    }
    for name in [KERNEL, INITRD, ROOT] {
        if !manifest.files.contains_key(name) {
            return Err(damaged(format!("{MANIFEST} does not list {name}")));
        }
    }
    verify(directory, &mut manifest).map_err(damaged)?;
    let path = |name| directory.join(name);
    Ok(Some(Image {
        key: key.clone(),
        kernel: path(KERNEL),
        initrd: Some(path(INITRD)),
        root: path(ROOT),
        manifest,
        in_use: InUse::default(),
    }))
}

/// Compares an image's files with its manifest, and keeps new stamps beside it: the manifest itself stays what it was.
fn verify(directory: &Path, manifest: &mut ImageManifest) -> Result<(), String> {
    let stamps = read_bounded(&directory.join(STAMPS), MANIFEST_MAX_BYTES);
    let mut stamps: Stamps = stamps
        .ok()
        .and_then(|text| serde_json::from_slice(&text).ok())
        .unwrap_or_default();
    let mut is_new = false;
    for (name, file) in &mut manifest.files {
        file.stamp = stamps.remove(name);
        let checked = file.renew(&directory.join(name), false);
        is_new |= checked.map_err(|unfit| match unfit {
            Unfit::Changed(what) => format!("{name}: {what}"),
            Unfit::Unread(error) => format!("{name}: {error}"),
        })?;
    }
    if is_new {
        // A cache that cannot be written is checked in full every time.
        let _ = keep_stamps(directory, &manifest.files);
    }
    Ok(())
}

type Stamps = BTreeMap<String, Stamp>;

/// Keeps how files looked when they were found right.
pub(super) fn keep_stamps(
    directory: &Path,
    files: &BTreeMap<String, FileRecord>,
) -> io::Result<()> {
    let stamp = |(name, file): (&String, &FileRecord)| Some((name.clone(), file.stamp.clone()?));
    let stamps: Stamps = files.iter().filter_map(stamp).collect();
    write_whole(&directory.join(STAMPS), &stamps)
}

#[cfg(test)]
pub(super) mod tests {
    use std::fs;

    use super::*;
    use crate::image::definition;

    /// A directory that looks like a built image, with a few bytes for each file.
    pub(in crate::image) fn fake_image(directory: &Path, key: &ImageKey) {
        fs::create_dir_all(directory).unwrap();
        let mut files = BTreeMap::new();
        for name in [KERNEL, INITRD, ROOT] {
            fs::write(directory.join(name), format!("the {name}")).unwrap();
            let record = FileRecord::of(&directory.join(name)).unwrap();
            files.insert(name.to_owned(), record);
        }
        let manifest = ImageManifest {
            key: key.clone(),
            architecture: Architecture::host(),
            suite: "trixie".to_owned(),
            packages: BTreeMap::from([("nix-bin".to_owned(), "2.26".to_owned())]),
            files,
            built_unix_s: 1,
            build_seconds: 2.5,
            step_seconds: BTreeMap::from([(BuildStep::Keep, 0.5)]),
        };
        let manifest = serde_json::to_vec_pretty(&manifest).unwrap();
        fs::write(directory.join(MANIFEST), manifest).unwrap();
    }

    fn reason(directory: &Path, key: &ImageKey) -> String {
        match open(directory, key).unwrap_err() {
            ImageError::Damaged { reason, .. } => reason,
            other => panic!("{other}"),
        }
    }

    #[test]
    fn a_whole_image_opens_and_is_checked_fully_once() {
        let directory = tempfile::tempdir().unwrap();
        let key = definition().key();
        assert_eq!(open(&directory.path().join("none"), &key).unwrap(), None);
        fake_image(directory.path(), &key);
        let image = open(directory.path(), &key).unwrap().unwrap();
        assert_eq!(image.manifest.package_version("nix-bin"), Some("2.26"));
        let text = |name: &str| fs::read_to_string(directory.path().join(name)).unwrap();
        let (manifest, stamps) = (text(MANIFEST), text(STAMPS));
        let earlier = stamps.replace(&crate::cache_dir::host_boot_id(), "an earlier start");
        fs::write(directory.path().join(STAMPS), earlier).unwrap();
        assert!(open(directory.path(), &key).unwrap().is_some());
        // After another start of the host it is checked anew, which changes nothing of what it is.
        assert_eq!(text(STAMPS), stamps);
        assert_eq!(text(MANIFEST), manifest);
    }

    #[test]
    fn damage_is_noticed_and_named() {
        let directory = tempfile::tempdir().unwrap();
        let (path, key) = (directory.path(), definition().key());
        fake_image(path, &key);
        assert!(open(path, &key).unwrap().is_some());
        fs::write(path.join(ROOT), "the root.ext5").unwrap();
        assert!(reason(path, &key).contains("root.ext4: its content has changed"));
        fs::write(path.join(ROOT), "the").unwrap();
        assert!(reason(path, &key).contains("3 bytes instead of 13"));
        fs::remove_file(path.join(KERNEL)).unwrap();
        assert!(reason(path, &key).contains("kernel: it is missing"));
        fs::write(path.join(MANIFEST), "{\"key\"").unwrap();
        assert!(reason(path, &key).contains("image.json: EOF"));
    }

    #[test]
    fn an_image_under_a_wrong_key_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        fake_image(directory.path(), &definition().key());
        let other = definition().with_file("guest/extra", false, "").key();
        assert!(reason(directory.path(), &other).contains("another image"));
    }
}
