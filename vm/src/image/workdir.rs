//! Directories in the making: beside the finished ones under a name that nobody reads, held by a lock while their maker
//! lives, and removed by whoever comes next when it does not.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// What names in the making begin with.
const PREFIX: &str = ".tmp-";

/// A directory in the making. It is removed on drop, unless it was given its name.
#[derive(Debug)]
pub(super) struct WorkDir {
    path: PathBuf,
    lock_path: PathBuf,
    /// Locked while this process lives; the kernel releases it however the process ends.
    _lock: File,
}

impl WorkDir {
    /// Makes an empty one in `parent`, after removing those whose makers are gone.
    pub(super) fn new(parent: &Path, locks: &Path) -> io::Result<Self> {
        remove_abandoned(parent, locks)?;
        // The lock comes first, so that no directory is ever seen without one.
        let lock = tempfile::Builder::new()
            .prefix("making-")
            .suffix(".lock")
            .tempfile_in(locks)?;
        lock.as_file().lock()?;
        let (lock_file, lock_path) = lock.keep().map_err(|error| error.error)?;
        let name = lock_path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let path = parent.join(format!("{PREFIX}{name}"));
        fs::create_dir(&path)?;
        Ok(Self {
            path,
            lock_path,
            _lock: lock_file,
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Gives the finished directory its name, which must be free. Files in it must have been synced.
    pub(super) fn publish(self, name: &Path) -> io::Result<()> {
        File::open(&self.path)?.sync_all()?;
        fs::rename(&self.path, name)?;
        let parent = name.parent().unwrap_or(Path::new("/"));
        File::open(parent)?.sync_all()
    }
}

impl Drop for WorkDir {
    fn drop(&mut self) {
        // What cannot be removed now is tried again by the next maker.
        let _ = remove_tree(&self.path);
        let _ = fs::remove_file(&self.lock_path);
    }
}

/// Removes directories in the making whose maker no longer holds its lock.
pub(super) fn remove_abandoned(parent: &Path, locks: &Path) -> io::Result<()> {
    for entry in fs::read_dir(parent)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let Some(maker) = name.strip_prefix(PREFIX) else {
            continue;
        };
        let lock_path = locks.join(format!("{maker}.lock"));
        let abandoned = match File::open(&lock_path) {
            Ok(lock) => match lock.try_lock() {
                Ok(()) => true,
                Err(TryLockError::WouldBlock) => false,
                Err(TryLockError::Error(error)) => return Err(error),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => true,
            Err(error) => return Err(error),
        };
        if abandoned {
            remove_tree(&parent.join(&name))?;
            let _ = fs::remove_file(&lock_path);
        }
    }
    Ok(())
}

/// Removes a directory with all that is in it, but never anything mounted there: a root in the making has had the
/// host's devices mounted into it.
pub(super) fn remove_tree(path: &Path) -> io::Result<()> {
    if !path.exists() {
        return Ok(());
    }
    let path = path.canonicalize()?;
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let below = |line: &str| {
        let mount_point = line.split(' ').nth(4).unwrap_or_default();
        Path::new(&mount_point.replace("\\040", " ")).starts_with(&path)
    };
    if let Some(line) = mounts.lines().find(|line| below(line)) {
        let message = format!(
            "something is still mounted below {}: {line}",
            path.display()
        );
        return Err(io::Error::other(message));
    }
    fs::remove_dir_all(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_abandoned_are_removed_and_the_living_are_left() {
        let directory = tempfile::tempdir().unwrap();
        let (parent, locks) = (
            directory.path().join("images"),
            directory.path().join("locks"),
        );
        fs::create_dir(&parent).unwrap();
        fs::create_dir(&locks).unwrap();
        // As a maker that was killed leaves them: one whose lock nobody holds, one without.
        for name in [".tmp-making-killed", ".tmp-making-older"] {
            fs::create_dir_all(parent.join(name).join("deep")).unwrap();
        }
        fs::write(locks.join("making-killed.lock"), "").unwrap();
        let living = WorkDir::new(&parent, &locks).unwrap();
        fs::write(living.path().join("file"), "x").unwrap();
        let second = WorkDir::new(&parent, &locks).unwrap();
        assert!(living.path().join("file").exists());
        assert_eq!(fs::read_dir(&parent).unwrap().count(), 2);
        drop(second);
        living.publish(&parent.join("done")).unwrap();
        assert_eq!(fs::read_dir(&parent).unwrap().count(), 1);
        assert_eq!(fs::read_dir(&locks).unwrap().count(), 0);
        assert!(parent.join("done/file").exists());
    }
}
