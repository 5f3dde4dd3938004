//! Sockets that QEMU connects to.
//!
//! The host listens and QEMU is the client, so nothing is polled for: QEMU connects while it parses its command
//! line, or exits saying why not.

use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tempfile::TempDir;

use crate::layer::FileLock;

/// Longest path that fits a `sockaddr_un` everywhere (108 bytes on Linux, 104 on macOS, with the final NUL).
const SOCKET_PATH_MAX_BYTES: usize = 103;

/// Begins the names of directories for sockets.
const PREFIX: &str = "switchproof-";

/// The file in one whose lock says that its owner lives.
const OWNER: &str = "owner.lock";

/// Sweeping once a process is enough.
static SWEPT: Once = Once::new();

/// A private directory for sockets. Removed when dropped, which may be as soon as all are connected.
#[derive(Debug)]
pub struct RuntimeDir {
    directory: TempDir,
    // Its lock says that the directory's owner lives.
    _owner: FileLock,
}

/// One socket that waits for its single client.
#[derive(Debug)]
pub struct Listener {
    listener: UnixListener,
}

impl RuntimeDir {
    /// Makes one, with mode 0700, in the first of `XDG_RUNTIME_DIR`, the temporary directory and `/tmp` that is
    /// writable and short enough for a socket's path.
    pub fn create() -> io::Result<Self> {
        let candidates = [
            std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from),
            Some(std::env::temp_dir()),
            Some(PathBuf::from("/tmp")),
        ];
        let mut last = io::Error::other("no temporary directory is short enough for sockets");
        for parent in candidates
            .into_iter()
            .flatten()
            .filter(|path| path.is_absolute())
        {
            // "/switchproof-" with six random characters, and "/console" inside.
            if parent.as_os_str().len() + 32 > SOCKET_PATH_MAX_BYTES {
                continue;
            }
            let private = fs::Permissions::from_mode(0o700);
            match tempfile::Builder::new()
                .prefix(PREFIX)
                .permissions(private)
                .tempdir_in(&parent)
                .and_then(Self::owned)
            {
                Ok(this) => {
                    SWEPT.call_once(|| sweep(&parent));
                    return Ok(this);
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn owned(directory: TempDir) -> io::Result<Self> {
        // Locked under another name first: a sweeper that finds the lock file finds it locked.
        let unnamed = directory.path().join("owner.new");
        let owner = FileLock::exclusive(&unnamed, Instant::now())?
            .ok_or_else(|| io::Error::from(io::ErrorKind::ResourceBusy))?;
        fs::rename(&unnamed, directory.path().join(OWNER))?;
        Ok(Self {
            directory,
            _owner: owner,
        })
    }

    /// Listens at `name` inside the directory.
    pub fn listen(&self, name: &str) -> io::Result<(PathBuf, Listener)> {
        let path = self.path().join(name);
        let listener = UnixListener::bind(&path)?;
        listener.set_nonblocking(true)?;
        Ok((path, Listener { listener }))
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        self.directory.path()
    }
}

/// Removes directories of sockets whose owners were killed before they could.
fn sweep(parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(PREFIX) {
            // Another user's, or another sweeper is at it too: not ours to report.
            let _ = remove_abandoned(&entry.path());
        }
    }
}

/// Nothing goes but sockets and the lock: whatever else has such a name and content is not ours.
fn remove_abandoned(directory: &Path) -> io::Result<()> {
    let lock = directory.join(OWNER);
    let Some(_abandoned) = FileLock::exclusive_existing(&lock, Instant::now())? else {
        return Ok(());
    };
    let mut sockets = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_type()?.is_socket() {
            sockets.push(entry.path());
        } else if entry.file_name() != OWNER {
            return Ok(());
        }
    }
    for path in sockets.into_iter().chain([lock]) {
        fs::remove_file(path)?;
    }
    fs::remove_dir(directory)
}

impl Listener {
    /// The client's connection, or none when it has not come within `timeout`.
    pub fn accept(&self, timeout: Duration) -> io::Result<Option<UnixStream>> {
        if !wait_readable(&self.listener, timeout)? {
            return Ok(None);
        }
        match self.listener.accept() {
            Ok((stream, _)) => Ok(Some(stream)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Waits until `source` can be read or has ended; false after `timeout`.
pub(crate) fn wait_readable(
    source: &impl std::os::fd::AsFd,
    timeout: Duration,
) -> io::Result<bool> {
    let mut entries = [PollFd::new(source, PollFlags::IN)];
    poll_until(&mut entries, timeout)?;
    Ok(!entries[0].revents().is_empty())
}

/// `poll` with a timeout, which goes on after signals.
pub(crate) fn poll_until(entries: &mut [PollFd<'_>], timeout: Duration) -> io::Result<()> {
    let end = Instant::now() + timeout;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        let left = Timespec {
            tv_sec: left.as_secs().min(3600) as i64,
            tv_nsec: i64::from(left.subsec_nanos()),
        };
        match poll(entries, Some(&left)) {
            Ok(_) => return Ok(()),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::net::UnixListener;

    use super::{OWNER, PREFIX, RuntimeDir, sweep};

    #[test]
    fn only_what_the_dead_left_is_swept() {
        let parent = tempfile::tempdir().expect("a directory");
        let make = |name: &str| {
            let path = parent.path().join(format!("{PREFIX}{name}"));
            fs::create_dir(&path).expect("made");
            path
        };
        let dead = make("dead");
        drop(UnixListener::bind(dead.join("qmp")).expect("bound"));
        fs::write(dead.join(OWNER), "").expect("written");
        let foreign = make("foreign");
        fs::write(foreign.join(OWNER), "").expect("written");
        fs::write(foreign.join("notes"), "").expect("written");
        let unlocked = make("unlocked");
        let directory = tempfile::Builder::new()
            .prefix(PREFIX)
            .tempdir_in(parent.path())
            .expect("made");
        let living = RuntimeDir::owned(directory).expect("owned");
        living.listen("qmp").expect("listening");
        sweep(parent.path());
        assert!(!dead.exists());
        assert!(foreign.join(OWNER).exists() && unlocked.exists());
        assert!(living.path().join("qmp").exists());
    }
}
