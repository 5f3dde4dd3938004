//! Waiting for file descriptors.

use std::io;
use std::os::fd::AsFd;
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
