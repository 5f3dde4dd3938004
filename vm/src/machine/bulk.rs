//! Reading a command's bulk output: length-prefixed pieces, of which an empty one is the last.

use std::io::{self, Read};

use crate::guest::OutputStream;
use crate::machine::job::Job;
use crate::machine::turn::BulkWork;
use crate::machine::waiting::Waiting;
use crate::machine::{Machine, MachineError, Waited};
use crate::qemu::read_some;

/// Longest piece that the supervisor sends.
const PIECE_MAX_BYTES: usize = 32 * 1024;

/// The output of a running command, as a reader that ends with it.
pub(super) struct BulkReader<'a> {
    machine: &'a mut Machine,
    job: &'a mut Job,
    waiting: Waiting,
    on_stderr: &'a mut dyn FnMut(OutputStream, &[u8]),
    header: Vec<u8>,
    left_in_piece: usize,
    ended: bool,
    failure: Option<MachineError>,
}

impl<'a> BulkReader<'a> {
    pub(super) fn new(
        machine: &'a mut Machine,
        job: &'a mut Job,
        on_stderr: &'a mut dyn FnMut(OutputStream, &[u8]),
    ) -> Self {
        let waiting = job.waiting.clone();
        Self {
            machine,
            job,
            waiting,
            on_stderr,
            header: Vec::new(),
            left_in_piece: 0,
            ended: false,
            failure: None,
        }
    }

    /// Reads what the consumer left, to the end of the output and of the command.
    pub(super) fn finish(mut self) -> Result<(), MachineError> {
        match self.failure.take() {
            None => self.drain()?,
            Some(MachineError::Deadline { waited, .. }) => return Err(self.kill(waited)),
            Some(error) => return Err(error),
        }
        Ok(())
    }

    fn drain(&mut self) -> Result<(), MachineError> {
        let mut scratch = [0; 16 * 1024];
        while !self.ended {
            if self.read(&mut scratch).is_err()
                && let Some(error) = self.failure.take()
            {
                return match error {
                    MachineError::Deadline { waited, .. } => Err(self.kill(waited)),
                    error => Err(error),
                };
            }
        }
        while self.job.ended.is_none() {
            self.pump(false)?;
        }
        Ok(())
    }

    fn kill(&mut self, waited: Box<Waited>) -> MachineError {
        self.waiting = self.machine.send_kill(self.job);
        let mut scratch = [0; 16 * 1024];
        // Reading waits, and so sends, only when there is nothing to read.
        while self.machine.connections.control.wants_to_write() && self.job.ended.is_none() {
            if self.pump(false).is_err() {
                self.machine.usable = false;
                return MachineError::Deadline {
                    waited,
                    killed: false,
                };
            }
        }
        while !self.ended && self.failure.is_none() {
            // A failure ends the loop.
            let _ = self.read(&mut scratch);
        }
        let mut killed = self.ended;
        while killed && self.job.ended.is_none() {
            killed = self.pump(false).is_ok();
        }
        self.machine.usable &= killed;
        MachineError::Deadline { waited, killed }
    }

    /// Waits for one thing to happen and takes in frames.
    fn pump(&mut self, readable: bool) -> Result<(), MachineError> {
        self.machine.turn(
            &self.waiting,
            &mut BulkWork {
                input: &[],
                readable,
                ..BulkWork::default()
            },
        )?;
        self.machine.take_frames(self.job, self.on_stderr)
    }

    /// Bytes of the port into `buffer`, as many as are there, waiting for the first.
    fn read_port(&mut self, buffer: &mut [u8]) -> Result<usize, MachineError> {
        loop {
            // A guest that writes faster than the consumer reads always has more: no wait would ever see the deadline.
            if self.waiting.left().is_zero() {
                return Err(MachineError::Deadline {
                    waited: self.machine.waited(&self.waiting),
                    killed: false,
                });
            }
            match read_some(&self.machine.connections.bulk, buffer) {
                Ok(Some(0)) | Err(_) => return Err(self.machine.died(&self.waiting)),
                Ok(Some(count)) => {
                    self.machine.liveness.saw("bulk data from the guest");
                    return Ok(count);
                }
                Ok(None) => self.pump(true)?,
            }
        }
    }

    fn read_piece(&mut self, buffer: &mut [u8]) -> Result<usize, MachineError> {
        while self.left_in_piece == 0 {
            if self.ended || buffer.is_empty() {
                return Ok(0);
            }
            let mut bytes = [0; 4];
            let wanted = 4 - self.header.len();
            let count = self.read_port(&mut bytes[..wanted])?;
            self.header.extend_from_slice(&bytes[..count]);
            let Ok(length) = <[u8; 4]>::try_from(self.header.as_slice()) else {
                continue;
            };
            self.header.clear();
            self.left_in_piece = u32::from_be_bytes(length) as usize;
            self.ended = self.left_in_piece == 0;
            if self.left_in_piece > PIECE_MAX_BYTES {
                let what = format!("a piece of {} bytes", self.left_in_piece);
                return Err(self.machine.broke_protocol(what, &self.waiting));
            }
        }
        let wanted = self.left_in_piece.min(buffer.len());
        let count = self.read_port(&mut buffer[..wanted])?;
        self.left_in_piece -= count;
        self.job
            .count(count)
            .map_err(|what| self.machine.broke_protocol(what, &self.waiting))?;
        Ok(count)
    }
}

impl Read for BulkReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.failure.is_some() {
            return Err(io::Error::other("the machine has failed"));
        }
        self.read_piece(buffer).map_err(|error| {
            let shown = io::Error::other(error.to_string());
            self.failure = Some(error);
            shown
        })
    }
}
