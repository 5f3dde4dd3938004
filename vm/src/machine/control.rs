//! The host's end of the supervisor's control port.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;

use crate::guest::{Decoder, Frame, encode};
use crate::qemu::{read_some, write_some};

/// Frames out of and into a socket, without ever blocking.
#[derive(Debug)]
pub(super) struct Control {
    stream: UnixStream,
    decoder: Decoder,
    outgoing: Vec<u8>,
    last_job: u32,
}

impl Control {
    pub(super) fn new(stream: UnixStream) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        Ok(Self {
            stream,
            decoder: Decoder::default(),
            outgoing: Vec::new(),
            last_job: 0,
        })
    }

    /// A job id that was not used before on this connection.
    pub(super) fn new_job(&mut self) -> u32 {
        self.last_job = self.last_job.wrapping_add(1);
        self.last_job
    }

    /// Queues a frame; [`Control::flush`] sends it.
    pub(super) fn queue(&mut self, kind: u8, job: u32, payload: &[u8]) {
        self.outgoing.extend(encode(kind, job, payload));
    }

    /// Whether there is something to send.
    pub(super) fn wants_to_write(&self) -> bool {
        !self.outgoing.is_empty()
    }

    /// Sends what the socket takes now.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        let sent = write_some(&self.stream, &self.outgoing)?;
        self.outgoing.drain(..sent);
        Ok(())
    }

    /// Takes in what has come; false when the other end is closed.
    pub(super) fn receive(&mut self) -> io::Result<bool> {
        let mut buffer = [0; 64 * 1024];
        match read_some(&self.stream, &mut buffer)? {
            Some(0) => return Ok(false),
            Some(count) => self.decoder.extend(&buffer[..count]),
            None => {}
        }
        Ok(true)
    }

    /// The next whole frame; the error says what the guest did wrong.
    pub(super) fn next_frame(&mut self) -> Result<Option<Frame>, String> {
        self.decoder.next()
    }

    /// Forgets half a frame and unsent requests: the supervisor is a new one.
    pub(super) fn reset(&mut self) {
        self.decoder = Decoder::default();
        self.outgoing.clear();
    }
}

impl AsFd for Control {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}
