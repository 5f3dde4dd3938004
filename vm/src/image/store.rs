//! Finding an image in the cache, or building it there exactly once.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::error::io_error;
use super::follow::Follower;
use super::kept::{
    BUILD_LOG, DAMAGED, INITRD, InUse, KERNEL, MANIFEST, ROOT, in_use_lock, keep_stamps,
};
use super::{
    BuildStep, Definition, Image, ImageError, ImageKey, ImageManifest, Progress, build, can_build,
    kept,
};
use crate::cache_dir::CacheDir;
use crate::store::{
    FileLock, FileRecord, WorkDir, free_bytes, now_s, remove_tree, sweep, sync, write_whole,
};

/// How long to wait for another process that builds the same image.
const WAIT_FOR_OTHER: Duration = Duration::from_secs(45 * 60);
/// How long to wait for another process that removes the image.
const WAIT_FOR_REMOVAL: Duration = Duration::from_secs(60);
/// What a build takes on the disk at most: the root in the making and the image, in MiB.
const NEEDED_MIB: u64 = 5 * 1024;

/// The image of a definition, when the cache has it whole. A damaged one is an error of its own.
pub fn find(cache: &CacheDir, definition: &Definition) -> Result<Option<Image>, ImageError> {
    let key = definition.key();
    let directory = cache.images()?.join(key.as_str());
    if !directory.is_dir() {
        return Ok(None);
    }
    let in_use = hold(cache, &key)?;
    let image = kept::open(&directory, &key)?;
    Ok(image.map(|image| Image { in_use, ..image }))
}

/// Keeps the image of this key from being collected, whether or not it is there.
fn hold(cache: &CacheDir, key: &ImageKey) -> Result<InUse, ImageError> {
    let path = in_use_lock(&cache.locks()?, key.as_str());
    // Only a removal holds it alone, for as long as that takes.
    let lock = FileLock::shared(&path, Instant::now() + WAIT_FOR_REMOVAL);
    Ok(InUse::new(lock.ok().flatten()))
}

/// The image of a definition, built now when the cache does not have it whole. Of several processes that ask at once
/// one builds and the others wait. A build that fails leaves nothing but its log.
pub fn ensure(
    cache: &CacheDir,
    definition: &Definition,
    progress: &mut dyn FnMut(Progress),
) -> Result<Image, ImageError> {
    // Whole, as nearly always: no lock is needed to read.
    if let Ok(Some(image)) = find(cache, definition) {
        return Ok(image);
    }
    let key = definition.key();
    let _lock = lock(
        &cache.locks()?.join(format!("image-{key}.lock")),
        WAIT_FOR_OTHER,
        progress,
    )?;
    match find(cache, definition) {
        Ok(Some(image)) => return Ok(image),
        Ok(None) => {}
        Err(ImageError::Damaged { path, reason }) => {
            let aside = aside(&path);
            remove_tree(&aside).map_err(io_error("remove", &aside))?;
            fs::rename(&path, &aside).map_err(io_error("move aside", &path))?;
            progress(Progress::Damaged { reason });
        }
        Err(error) => return Err(error),
    }
    let image = make(cache, definition, &key, progress)?;
    // What was damaged has been replaced; when it cannot be removed, the next repair does it.
    let _ = remove_tree(&aside(&cache.images()?.join(key.as_str())));
    Ok(image)
}

/// Where a damaged image waits for its replacement.
fn aside(path: &Path) -> PathBuf {
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    path.with_file_name(format!("{DAMAGED}{name}"))
}

/// Takes the lock, waiting at most so long for its holder.
fn lock(
    path: &Path,
    at_most: Duration,
    progress: &mut dyn FnMut(Progress),
) -> Result<FileLock, ImageError> {
    let mut tell = || progress(Progress::WaitingForOther { at_most });
    FileLock::exclusive_telling(path, Instant::now() + at_most, &mut tell)
        .map_err(io_error("lock", path))?
        .ok_or_else(|| ImageError::OtherTooSlow {
            waited: at_most,
            held: FileLock::held(path),
        })
}

fn make(
    cache: &CacheDir,
    definition: &Definition,
    key: &ImageKey,
    progress: &mut dyn FnMut(Progress),
) -> Result<Image, ImageError> {
    can_build(definition)?;
    let images = cache.images()?;
    sweep(&images).map_err(io_error("clean up", &images))?;
    let work = WorkDir::create(&images).map_err(io_error("make a directory in", &images))?;
    check_space(&images)?;
    let log = cache.logs()?.join(format!("image-{}.log", key.short()));
    File::create(&log).map_err(io_error("create", &log))?;

    let mut follower = Follower::new(&log, BuildStep::FetchPackages, progress);
    let packages = build::build(definition, work.path(), &log, &mut follower)?;
    follower.enter(BuildStep::Keep);
    let failed = |error: io::Error| ImageError::Step {
        step: BuildStep::Keep,
        cause: error.to_string(),
        disk_full: error.kind() == io::ErrorKind::StorageFull,
        tail: String::new(),
        log: log.clone(),
    };
    let mut files = std::collections::BTreeMap::new();
    for name in [KERNEL, INITRD, ROOT] {
        let path = work.path().join(name);
        sync(&path).map_err(failed)?;
        files.insert(name.to_owned(), FileRecord::of(&path).map_err(failed)?);
    }
    keep_stamps(work.path(), &files).map_err(failed)?;
    // A stamp is no part of what an image is.
    files.values_mut().for_each(|file| file.stamp = None);
    fs::copy(&log, work.path().join(BUILD_LOG)).map_err(failed)?;
    let elapsed = follower.elapsed();
    let manifest = ImageManifest {
        key: key.clone(),
        architecture: definition.architecture(),
        suite: definition.suite().to_string(),
        packages,
        files,
        built_unix_s: now_s(),
        build_seconds: elapsed.as_secs_f64(),
        step_seconds: follower.finish(),
    };
    write_whole(&work.path().join(MANIFEST), &manifest).map_err(failed)?;
    for path in [&work.path().join(MANIFEST), work.path()] {
        sync(path).map_err(failed)?;
    }
    let directory = images.join(key.as_str());
    // Before anybody can see it.
    let in_use = hold(cache, key)?;
    work.publish(&directory).map_err(failed)?;
    sync(&images).map_err(failed)?;
    // The log went into the image.
    let _ = fs::remove_file(&log);
    progress(Progress::Done { elapsed });
    let missing = || ImageError::Damaged {
        path: directory.clone(),
        reason: "it vanished".to_owned(),
    };
    let image = kept::open(&directory, key)?.ok_or_else(missing)?;
    Ok(Image { in_use, ..image })
}

fn check_space(path: &Path) -> Result<(), ImageError> {
    // A file system that does not tell is tried.
    let Ok(free_mib) = free_bytes(path).map(|bytes| bytes >> 20) else {
        return Ok(());
    };
    if free_mib < NEEDED_MIB {
        return Err(ImageError::NoSpace {
            path: path.to_owned(),
            free_mib,
            needed_mib: NEEDED_MIB,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::definition;
    use crate::image::kept::tests::fake_image;

    #[test]
    fn an_image_that_is_there_is_not_built() {
        let directory = tempfile::tempdir().unwrap();
        let cache = CacheDir::at(directory.path());
        let definition = definition();
        assert_eq!(find(&cache, &definition).unwrap(), None);
        let path = cache.images().unwrap().join(definition.key().as_str());
        fake_image(&path, &definition.key());
        let image = ensure(&cache, &definition, &mut |progress| panic!("{progress:?}")).unwrap();
        assert_eq!(Some(image), find(&cache, &definition).unwrap());
    }

    #[test]
    fn a_damaged_image_is_moved_aside_and_said_to_be() {
        let directory = tempfile::tempdir().unwrap();
        let cache = CacheDir::at(directory.path());
        // Without a channel the build that follows is refused, and costs nothing.
        let definition = definition().without("pocket/");
        let path = cache.images().unwrap().join(definition.key().as_str());
        fake_image(&path, &definition.key());
        fs::write(path.join(ROOT), "cut").unwrap();
        let mut told = Vec::new();
        let error = ensure(&cache, &definition, &mut |progress| told.push(progress)).unwrap_err();
        assert!(matches!(error, ImageError::Incomplete(_)), "{error}");
        assert!(
            matches!(&told[..], [Progress::Damaged { reason }] if reason.contains("3 bytes")),
            "{told:?}"
        );
        assert!(!path.exists() && aside(&path).exists());
    }

    #[test]
    fn a_second_builder_waits_and_gives_up_at_its_deadline() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lock");
        let held = lock(&path, Duration::ZERO, &mut |_| {}).unwrap();
        let mut told = Vec::new();
        let mut tell = |progress| told.push(progress);
        let error = lock(&path, Duration::from_millis(300), &mut tell).unwrap_err();
        assert!(matches!(error, ImageError::OtherTooSlow { .. }));
        assert_eq!(told.len(), 1);
        drop(held);
        // A process that another test starts just now may still hold a copy of the lock until its exec.
        assert!(lock(&path, Duration::from_secs(5), &mut |_| {}).is_ok());
    }
}
