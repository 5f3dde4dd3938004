//! Locks between processes, which the kernel releases when their holder dies.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Between two tries: the operating system's lock call knows no deadline.
const RETRY: Duration = Duration::from_millis(25);

/// A held lock on a file. Dropping it releases the lock; the file stays unless [`FileLock::retire`] is used.
#[derive(Debug)]
pub struct FileLock {
    // Held for its lock.
    _file: File,
    path: PathBuf,
}

impl FileLock {
    /// Shares the lock with others; waits for an exclusive holder until the deadline, then returns none.
    pub fn shared(path: &Path, deadline: Instant) -> io::Result<Option<Self>> {
        Self::acquire(path, deadline, open_or_create, File::try_lock_shared)
    }

    /// Holds the lock alone; waits until the deadline, then returns none.
    pub fn exclusive(path: &Path, deadline: Instant) -> io::Result<Option<Self>> {
        Self::acquire(path, deadline, open_or_create, File::try_lock)
    }

    /// As [`FileLock::exclusive`], on a file or directory that must exist: nothing is created, and what is missing is
    /// an error of kind [`io::ErrorKind::NotFound`].
    pub fn exclusive_existing(path: &Path, deadline: Instant) -> io::Result<Option<Self>> {
        Self::acquire(path, deadline, |path| File::open(path), File::try_lock)
    }

    fn acquire(
        path: &Path,
        deadline: Instant,
        open: impl Fn(&Path) -> io::Result<File>,
        lock: impl Fn(&File) -> Result<(), TryLockError>,
    ) -> io::Result<Option<Self>> {
        loop {
            let file = open(path)?;
            match lock(&file) {
                Ok(()) if is_at(&file, path)? => {
                    return Ok(Some(Self {
                        _file: file,
                        path: path.to_owned(),
                    }));
                }
                // Somebody retired the file between our open and our lock: that lock guards nothing.
                Ok(()) => continue,
                Err(TryLockError::WouldBlock) if Instant::now() >= deadline => return Ok(None),
                Err(TryLockError::WouldBlock) => std::thread::sleep(RETRY),
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
    }

    /// The processes that hold the lock of this file, shared or not; none when nobody does. Where the system does not
    /// tell who (it does on Linux, in `/proc/locks`), or they cannot be seen from here, the list is empty.
    pub fn holders(path: &Path) -> Option<Vec<u32>> {
        match Self::exclusive_existing(path, Instant::now()) {
            Ok(Some(_)) | Err(_) => None,
            Ok(None) => {
                let inode = path.metadata().map(|data| data.ino()).unwrap_or_default();
                let locks = std::fs::read_to_string("/proc/locks").unwrap_or_default();
                Some(holders_in(&locks, inode))
            }
        }
    }

    /// Releases an exclusive lock and removes its file. Safe only for the exclusive holder.
    pub fn retire(self) -> io::Result<()> {
        std::fs::remove_file(&self.path)
    }
}

/// The processes that hold a lock on the file of this inode, by `/proc/locks`, of which a line is
/// `1: FLOCK ADVISORY WRITE 708 08:01:12345 0 EOF` (proc_locks(5)).
fn holders_in(locks: &str, inode: u64) -> Vec<u32> {
    let holder = |line: &str| {
        let mut words = line.split_whitespace();
        let pid = words.nth(4)?.parse().ok()?;
        let (_, at) = words.next()?.rsplit_once(':')?;
        (at.parse() == Ok(inode)).then_some(pid)
    };
    let mut holders: Vec<u32> = locks.lines().filter_map(holder).collect();
    holders.sort_unstable();
    holders.dedup();
    holders
}

fn open_or_create(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
}

fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    let ours = file.metadata()?;
    match path.metadata() {
        Ok(there) => Ok((ours.dev(), ours.ino()) == (there.dev(), there.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::{FileLock, holders_in};
    use std::time::Instant;

    #[test]
    fn holders_are_found_by_the_inode() {
        let locks = "1: FLOCK  ADVISORY  READ 708 08:01:12345 0 EOF\n2: POSIX  ADVISORY  WRITE 9 08:01:1 0 EOF\n\
                     2: -> FLOCK  ADVISORY  WRITE 10 08:01:12345 0 EOF\n3: FLOCK  ADVISORY  READ 70 08:01:12345 0 EOF\n";
        assert_eq!(holders_in(locks, 12345), [70, 708]);
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("lock");
        assert_eq!(FileLock::holders(&path), None);
        let held = FileLock::shared(&path, Instant::now()).expect("a lock");
        let holders = FileLock::holders(&path).expect("held");
        if cfg!(target_os = "linux") {
            assert_eq!(holders, [std::process::id()]);
        }
        drop(held);
        assert_eq!(FileLock::holders(&path), None);
    }

    #[test]
    fn an_exclusive_lock_excludes_and_a_retired_file_does_not_linger() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("lock");
        let now = Instant::now();
        let first = FileLock::shared(&path, now).expect("a lock").expect("free");
        let second = FileLock::shared(&path, now)
            .expect("a lock")
            .expect("shared");
        assert!(FileLock::exclusive(&path, now).expect("a try").is_none());
        drop((first, second));
        let alone = FileLock::exclusive(&path, now)
            .expect("a lock")
            .expect("free");
        assert!(FileLock::shared(&path, now).expect("a try").is_none());
        alone.retire().expect("removed");
        assert!(!path.exists());
        assert!(FileLock::exclusive(&path, now).expect("a lock").is_some());
    }
}
