//! Sockets that QEMU connects to.
//!
//! The host listens and QEMU is the client, so nothing is polled for: QEMU connects while it parses its command
//! line, or exits saying why not.

use std::io;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tempfile::TempDir;

/// Longest path that fits a `sockaddr_un` everywhere (108 bytes on Linux, 104 on macOS, with the final NUL).
const SOCKET_PATH_MAX_BYTES: usize = 103;

/// A private directory for sockets. Removed when dropped, which may be as soon as all are connected.
#[derive(Debug)]
pub struct RuntimeDir {
    directory: TempDir,
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
            let private = std::fs::Permissions::from_mode(0o700);
            match tempfile::Builder::new()
                .prefix("switchproof-")
                .permissions(private)
                .tempdir_in(&parent)
            {
                Ok(directory) => return Ok(Self { directory }),
                Err(error) => last = error,
            }
        }
        Err(last)
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
