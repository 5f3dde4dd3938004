//! Device states on their way out of QEMU and into it. They go over a socket that it is handed (`fd:`), for its sandbox
//! lets it start no program.

use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::layer::record::STATE_MAX_BYTES;
use crate::machine::waiting::Waiting;
use crate::machine::{Machine, MachineError};

/// The name under which QEMU keeps our end of the socket.
const FD_NAME: &str = "state";

impl Machine {
    /// Has QEMU write the stopped guest's device state.
    pub(super) fn save_state(&mut self, waiting: &Waiting) -> Result<Vec<u8>, MachineError> {
        let ours = self.begin_migration("migrate", waiting)?;
        let state = read_all(&ours, waiting.deadline)
            .map_err(MachineError::io("cannot read the machine's state"));
        // QEMU says why it failed, which is more than a short state does.
        self.await_migration(waiting)?;
        state
    }

    /// Gives QEMU the device state that it waits for, and lets the guest go on.
    pub(super) fn load_state(
        &mut self,
        state: &[u8],
        waiting: &Waiting,
    ) -> Result<(), MachineError> {
        let ours = self.begin_migration("migrate-incoming", waiting)?;
        let written = write_all(&ours, state, waiting.deadline);
        drop(ours);
        if let Err(error) = written {
            // A QEMU that cannot read the state exits, and its own words say why.
            return Err(match error.kind() {
                io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset => self.died(waiting),
                _ => MachineError::io("cannot send the machine's state")(error),
            });
        }
        self.await_migration(waiting)?;
        self.qmp("cont", json!({}), waiting).map(drop)
    }

    /// Hands QEMU one end of a socket, and has it send or take the device state there.
    fn begin_migration(
        &mut self,
        command: &str,
        waiting: &Waiting,
    ) -> Result<UnixStream, MachineError> {
        let capabilities =
            json!({ "capabilities": [{ "capability": "x-ignore-shared", "state": true }] });
        self.qmp("migrate-set-capabilities", capabilities, waiting)?;
        let (ours, theirs) =
            UnixStream::pair().map_err(MachineError::io("cannot make a socket"))?;
        let qmp = &mut self.connections.qmp;
        qmp.give_fd(FD_NAME, theirs.as_fd(), waiting.deadline)
            .map_err(|error| self.qmp_error(error, waiting))?;
        drop(theirs);
        let from = json!({ "uri": format!("fd:{FD_NAME}") });
        self.qmp(command, from, waiting)?;
        Ok(ours)
    }

    /// Waits until a migration in either direction is complete. QEMU also has an event for that, whose capability
    /// the two sides would have to agree on; a state takes milliseconds, so asking is as fast.
    fn await_migration(&mut self, waiting: &Waiting) -> Result<(), MachineError> {
        loop {
            let answer = self.qmp("query-migrate", json!({}), waiting)?;
            match answer["status"].as_str() {
                Some("completed") => return Ok(()),
                Some("failed" | "cancelled") => {
                    let words = answer["error-desc"].as_str().unwrap_or("no reason given");
                    let description = format!("it failed: {words}");
                    return Err(MachineError::Qmp {
                        command: "migrate".to_owned(),
                        description,
                    });
                }
                _ => std::thread::sleep(Duration::from_millis(2)),
            }
            if waiting.left().is_zero() {
                return Err(self.late(waiting));
            }
        }
    }
}

/// A time limit for a socket, which knows none of no time at all.
fn left(deadline: Instant) -> Duration {
    let left = deadline.saturating_duration_since(Instant::now());
    left.max(Duration::from_millis(1))
}

fn read_all(stream: &UnixStream, deadline: Instant) -> io::Result<Vec<u8>> {
    stream.set_read_timeout(Some(left(deadline)))?;
    let mut state = Vec::new();
    stream.take(STATE_MAX_BYTES + 1).read_to_end(&mut state)?;
    if state.len() as u64 > STATE_MAX_BYTES {
        return Err(io::Error::other(format!(
            "it is longer than {STATE_MAX_BYTES} bytes"
        )));
    }
    Ok(state)
}

fn write_all(mut stream: &UnixStream, state: &[u8], deadline: Instant) -> io::Result<()> {
    stream.set_write_timeout(Some(left(deadline)))?;
    stream.write_all(state)
}
