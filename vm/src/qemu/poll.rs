//! Waiting for file descriptors, and using sockets without waiting.

use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// Waits until `source` can be read or has ended; false after `timeout`.
pub(crate) fn wait_readable(source: &impl AsFd, timeout: Duration) -> io::Result<bool> {
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

/// Reads what is there now; none when that is nothing, zero when the other end is closed.
pub(crate) fn read_some(mut stream: &UnixStream, buffer: &mut [u8]) -> io::Result<Option<usize>> {
    match stream.read(buffer) {
        Err(error) if is_passing(&error) => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::ConnectionReset => Ok(Some(0)),
        result => result.map(Some),
    }
}

/// Writes what fits now, maybe nothing.
pub(crate) fn write_some(mut stream: &UnixStream, bytes: &[u8]) -> io::Result<usize> {
    match stream.write(bytes) {
        Err(error) if is_passing(&error) => Ok(0),
        result => result,
    }
}

fn is_passing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
    )
}
