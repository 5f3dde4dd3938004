//! Lines of JSON over a socket, as QEMU's monitor and the guest's agent both speak.

use std::io::{self, IoSlice, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};

use super::{read_some, wait_readable};

/// Why the other side did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum TalkError {
    /// The connection is closed: QEMU has died or is about to.
    #[error("QEMU closed the connection")]
    Closed,
    /// No answer came in time.
    #[error("QEMU or the guest did not answer `{0}` in time")]
    Silent(String),
    /// It refused a command.
    #[error("`{command}` was refused: {description}")]
    Refused {
        /// The command.
        command: String,
        /// Its words.
        description: String,
    },
    /// It sent something else than the protocol has.
    #[error("QEMU's monitor is not speaking QMP: {0}")]
    Malformed(String),
}

/// Whole lines out of a socket, and lines into it, without ever blocking.
#[derive(Debug)]
pub(crate) struct Lines {
    stream: UnixStream,
    received: Vec<u8>,
}

/// What there was to read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Filled {
    /// Something, or nothing yet.
    Open,
    /// The other end is closed.
    Closed,
}

impl Lines {
    pub(crate) fn new(stream: UnixStream) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        Ok(Self {
            stream,
            received: Vec::new(),
        })
    }

    /// Takes in what has come, waiting at most `timeout` for the first byte.
    pub(crate) fn fill(&mut self, timeout: Duration) -> io::Result<Filled> {
        if !wait_readable(&self.stream, timeout)? {
            return Ok(Filled::Open);
        }
        let mut buffer = [0; 16 * 1024];
        match read_some(&self.stream, &mut buffer)? {
            Some(0) => return Ok(Filled::Closed),
            count => self
                .received
                .extend_from_slice(&buffer[..count.unwrap_or(0)]),
        }
        Ok(Filled::Open)
    }

    /// The next whole line with its end.
    pub(crate) fn take(&mut self) -> Option<Vec<u8>> {
        let end = self.received.iter().position(|&byte| byte == b'\n')?;
        Some(self.received.drain(..=end).collect())
    }

    /// What has come of a line that has no end yet.
    pub(crate) fn unfinished(&mut self) -> &mut Vec<u8> {
        &mut self.received
    }

    /// Sends a line. Lines are small against the socket's buffer: that is full only when the other end has not read for
    /// long, which is an error of kind [`io::ErrorKind::WouldBlock`].
    pub(crate) fn send(&mut self, line: &[u8]) -> io::Result<()> {
        self.stream.write_all(line)
    }

    /// Sends a line together with an open file (SCM_RIGHTS).
    pub(crate) fn send_with(&self, line: &[u8], file: BorrowedFd<'_>) -> io::Result<()> {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        let files = [file];
        if !ancillary.push(SendAncillaryMessage::ScmRights(&files)) {
            return Err(io::Error::other("no room for one file descriptor"));
        }
        let line_part = [IoSlice::new(line)];
        let sent = sendmsg(&self.stream, &line_part, &mut ancillary, SendFlags::empty())?;
        if sent < line.len() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        Ok(())
    }
}

impl AsFd for Lines {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}
