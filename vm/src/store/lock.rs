//! Locks between processes, which the kernel releases when their holder dies.

use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::OFlags;

/// Between two tries: the operating system's lock call knows no deadline.
const RETRY: Duration = Duration::from_millis(25);

/// How often the list of locks is read for one answer.
const READS: usize = 4;

/// A held lock on a file. Dropping it releases the lock; the file stays unless [`FileLock::retire`] is used.
#[derive(Debug)]
pub struct FileLock {
    file: File,
    path: PathBuf,
}

/// A lock that was not to be had in time, and who has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The lock's file.
    pub path: PathBuf,
    /// Who holds it, as far as the system tells.
    pub holders: Vec<u32>,
}

impl fmt::Display for Held {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        let pids: Vec<String> = self.holders.iter().map(u32::to_string).collect();
        match pids.as_slice() {
            [] => write!(formatter, "another process holds {path}"),
            pids => write!(formatter, "process {} holds {path}", pids.join(" and ")),
        }
    }
}

impl FileLock {
    /// Shares the lock with others; waits for an exclusive holder until the deadline, then returns none.
    pub fn shared(path: &Path, deadline: Instant) -> io::Result<Option<Self>> {
        Self::acquire(path, deadline, true, File::try_lock_shared, &mut || {})
    }

    /// Holds the lock alone; waits until the deadline, then returns none.
    pub fn exclusive(path: &Path, deadline: Instant) -> io::Result<Option<Self>> {
        Self::acquire(path, deadline, true, File::try_lock, &mut || {})
    }

    /// As [`FileLock::exclusive`], and calls `waits` once when the lock is not free.
    pub fn exclusive_telling(
        path: &Path,
        deadline: Instant,
        waits: &mut dyn FnMut(),
    ) -> io::Result<Option<Self>> {
        Self::acquire(path, deadline, true, File::try_lock, waits)
    }

    /// As [`FileLock::exclusive`] without waiting, on a file that must exist: nothing is created, and what is missing is
    /// an error of kind [`io::ErrorKind::NotFound`].
    pub fn exclusive_existing(path: &Path) -> io::Result<Option<Self>> {
        Self::acquire(path, Instant::now(), false, File::try_lock, &mut || {})
    }

    fn acquire(
        path: &Path,
        deadline: Instant,
        create: bool,
        lock: impl Fn(&File) -> Result<(), TryLockError>,
        waits: &mut dyn FnMut(),
    ) -> io::Result<Option<Self>> {
        let mut told = false;
        loop {
            let file = open(path, create)?;
            match lock(&file) {
                Ok(()) if is_at(&file, path)? => {
                    return Ok(Some(Self {
                        file,
                        path: path.to_owned(),
                    }));
                }
                // Somebody retired the file between our open and our lock: that lock guards nothing.
                Ok(()) => continue,
                Err(TryLockError::WouldBlock) if Instant::now() >= deadline => return Ok(None),
                Err(TryLockError::WouldBlock) => {
                    if !std::mem::replace(&mut told, true) {
                        waits();
                    }
                    std::thread::sleep(RETRY);
                }
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
    }

    /// The locked file, open for reading and writing; an existing one that nothing created is open for reading alone.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Who holds the lock that was not to be had.
    pub fn held(path: &Path) -> Held {
        Held {
            path: path.to_owned(),
            holders: LockTable::read().holders(path).unwrap_or_default(),
        }
    }

    /// Releases an exclusive lock and removes its file. Safe only for the exclusive holder.
    pub fn retire(self) -> io::Result<()> {
        std::fs::remove_file(&self.path)
    }
}

/// Every lock that is held, as the kernel lists them. To read it takes no lock, and so disturbs nobody.
pub(crate) struct LockTable(String);

impl LockTable {
    /// The locks of this moment. Empty where the system does not list them; Linux does, in `/proc/locks`.
    pub(crate) fn read() -> Self {
        // The kernel hands the list out in pieces, and a lock that goes meanwhile makes it skip another: what was there
        // all along is read at least once.
        let read = |_| std::fs::read_to_string("/proc/locks").unwrap_or_default();
        Self((0..READS).map(read).collect())
    }

    /// The processes that hold the lock of this file, shared or not; none when nobody does, and zero for a process that
    /// cannot be seen from here.
    pub(crate) fn holders(&self, path: &Path) -> Option<Vec<u32>> {
        let inode = path.symlink_metadata().ok()?.ino();
        let holders = holders_in(&self.0, inode);
        (!holders.is_empty()).then_some(holders)
    }
}

/// The processes that hold a lock on the file of this inode, by `/proc/locks`, of which a line is
/// `1: FLOCK ADVISORY WRITE 708 08:01:12345 0 EOF` (proc_locks(5)); who waits for one has an arrow there.
fn holders_in(locks: &str, inode: u64) -> Vec<u32> {
    let holder = |line: &str| {
        let mut words = line.split_whitespace().skip(1);
        let is_held = words.next()? != "->";
        let pid: i64 = words.nth(2)?.parse().ok()?;
        let (_, at) = words.next()?.rsplit_once(':')?;
        // A holder in another PID namespace is shown as 0 or -1.
        (is_held && at.parse() == Ok(inode)).then(|| u32::try_from(pid).unwrap_or(0))
    };
    let mut holders: Vec<u32> = locks.lines().filter_map(holder).collect();
    holders.sort_unstable();
    holders.dedup();
    holders
}

/// Opens a lock's file without following a link and without waiting, as a pipe that somebody put there would make us.
fn open(path: &Path, create: bool) -> io::Result<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = OpenOptions::new()
        .create(create)
        .truncate(false)
        .write(create)
        .read(true)
        .mode(0o600)
        .custom_flags(flags.bits() as i32)
        .open(path)?;
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        let message = format!("{} is not a regular file", path.display());
        Err(io::Error::new(io::ErrorKind::InvalidInput, message))
    }
}

/// Whether an open file is still the one at `path`.
pub(crate) fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    let ours = file.metadata()?;
    match path.symlink_metadata() {
        Ok(there) => Ok((ours.dev(), ours.ino()) == (there.dev(), there.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::{FileLock, LockTable, holders_in};
    use std::os::unix::fs::PermissionsExt;
    use std::time::Instant;

    #[test]
    fn holders_are_found_by_the_inode() {
        let locks = "1: FLOCK  ADVISORY  READ 708 08:01:12345 0 EOF\n2: POSIX  ADVISORY  WRITE 9 08:01:1 0 EOF\n\
                     2: -> FLOCK  ADVISORY  WRITE 10 08:01:12345 0 EOF\n3: FLOCK  ADVISORY  READ 70 08:01:12345 0 EOF\n\
                     4: FLOCK  ADVISORY  READ -1 08:01:5 0 EOF\n";
        assert_eq!(holders_in(locks, 12345), [70, 708]);
        assert_eq!(holders_in(locks, 5), [0]);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn to_look_who_holds_a_lock_takes_none() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("lock");
        let holders = || LockTable::read().holders(&path);
        assert_eq!(holders(), None);
        assert!(!path.exists());
        let held = FileLock::shared(&path, Instant::now()).expect("a lock");
        assert_eq!(holders(), Some(vec![std::process::id()]));
        let words = FileLock::held(&path).to_string();
        let expected = format!("process {} holds {}", std::process::id(), path.display());
        assert_eq!(words, expected);
        drop(held);
        assert_eq!(holders(), None);
    }

    #[test]
    fn an_exclusive_lock_excludes_and_a_retired_file_does_not_linger() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("lock");
        let now = Instant::now();
        let shared = || FileLock::shared(&path, now).expect("a try");
        let exclusive = || FileLock::exclusive(&path, now).expect("a try");
        let both = (shared().expect("free"), shared().expect("shared"));
        let mode = path.metadata().expect("metadata").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(exclusive().is_none());
        drop(both);
        let alone = exclusive().expect("free");
        assert!(shared().is_none());
        alone.retire().expect("removed");
        assert!(!path.exists());
        assert!(exclusive().is_some());
    }

    #[test]
    fn neither_a_pipe_nor_a_link_is_a_lock() {
        let directory = tempfile::tempdir().expect("a directory");
        let (pipe, link) = (directory.path().join("pipe"), directory.path().join("link"));
        crate::store::make_pipe(&pipe);
        std::os::unix::fs::symlink("elsewhere", &link).expect("made");
        for path in [pipe, link] {
            assert!(FileLock::exclusive(&path, Instant::now()).is_err());
            assert!(FileLock::exclusive_existing(&path).is_err());
        }
        assert!(!directory.path().join("elsewhere").exists());
    }
}
