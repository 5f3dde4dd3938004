//! Sockets that QEMU connects to.
//!
//! The host listens and QEMU is the client, so nothing is polled for: QEMU connects while it parses its command
//! line, or exits saying why not.

use std::io;
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::time::Duration;

use crate::qemu::wait_readable;
use crate::store::{WorkDir, is_private, sweep_shared};

/// Longest path that fits a `sockaddr_un` everywhere (108 bytes on Linux, 104 on macOS, with the final NUL).
const SOCKET_PATH_MAX_BYTES: usize = 103;

/// Begins the names of directories for sockets.
const PREFIX: &str = "switchproof-";

/// What a path has beside its parent: a slash, the prefix with six random characters, and "/console" inside.
const OWN_BYTES: usize = 32;

/// Sweeping once a process is enough.
static SWEPT: Once = Once::new();

/// A private directory for sockets. Removed when dropped, which may be as soon as all are connected.
#[derive(Debug)]
pub struct RuntimeDir {
    directory: WorkDir,
}

impl RuntimeDir {
    /// Makes one, with mode 0700, in the first of `XDG_RUNTIME_DIR`, the temporary directory and `/tmp` that is
    /// writable and short enough for a socket's path. The error says what is wrong with each.
    pub fn create() -> io::Result<Self> {
        // After `sudo` it may still be another user's.
        let own = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
        let own = own.filter(|path| path.is_absolute() && is_private(path));
        let mut places: Vec<PathBuf> = own.into_iter().collect();
        places.extend([std::env::temp_dir(), PathBuf::from("/tmp")]);
        places.dedup();
        Self::create_in(&places)
    }

    fn create_in(places: &[PathBuf]) -> io::Result<Self> {
        let mut problems = Vec::new();
        for parent in places {
            if parent.as_os_str().len() + OWN_BYTES > SOCKET_PATH_MAX_BYTES {
                problems.push(format!("{} is too long", parent.display()));
                continue;
            }
            match WorkDir::named(parent, PREFIX) {
                Ok(directory) => {
                    SWEPT.call_once(|| sweep_shared(parent, PREFIX, |kind| kind.is_socket()));
                    return Ok(Self { directory });
                }
                Err(error) => problems.push(format!("{}: {error}", parent.display())),
            }
        }
        let problems = problems.join("; ");
        Err(io::Error::other(format!(
            "no directory for them can be made: {problems} (TMPDIR names another place)"
        )))
    }

    /// Listens at `name` inside the directory.
    pub fn listen(&self, name: &str) -> io::Result<UnixListener> {
        let listener = UnixListener::bind(self.path().join(name))?;
        listener.set_nonblocking(true)?;
        Ok(listener)
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        self.directory.path()
    }
}

/// The client's connection, or none when it has not come within `timeout`.
pub fn accept_within(listener: &UnixListener, timeout: Duration) -> io::Result<Option<UnixStream>> {
    if !wait_readable(listener, timeout)? {
        return Ok(None);
    }
    match listener.accept() {
        Ok((stream, _)) => Ok(Some(stream)),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::RuntimeDir;

    #[test]
    fn a_place_that_does_not_serve_is_named() {
        let long = PathBuf::from(format!("/{}", "x".repeat(90)));
        let places = [long, PathBuf::from("/nowhere/at-all")];
        let error = RuntimeDir::create_in(&places).unwrap_err().to_string();
        assert!(error.contains("xxx is too long"), "{error}");
        assert!(error.contains("/nowhere/at-all: No such file"), "{error}");
        let parent = tempfile::tempdir().unwrap();
        let [one, ..] = places;
        let made = RuntimeDir::create_in(&[one, parent.path().to_owned()]).unwrap();
        assert!(made.path().starts_with(parent.path()));
        made.listen("qmp").unwrap();
        let path = made.path().to_owned();
        drop(made);
        assert!(!path.exists());
    }
}
