//! Device states on their way out of QEMU and into it. They go over a socket that it is handed (`fd:`), for its sandbox
//! lets it start no program.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::layer::record::STATE_MAX_BYTES;
use crate::machine::waiting::Waiting;
use crate::machine::{Machine, MachineError};

/// The name under which QEMU keeps our end of the socket.
const FD_NAME: &str = "state";

impl Machine {
    /// Has QEMU write the stopped guest's device state.
    pub(super) fn save_state(&mut self, waiting: &Waiting) -> Result<Vec<u8>, MachineError> {
        let ours = self.offer_socket(waiting)?;
        let deadline = waiting.deadline;
        let state = read_during(&ours, deadline, || {
            self.qmp("migrate", through_socket(), waiting)
        })?
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
        let ours = self.offer_socket(waiting)?;
        self.qmp("migrate-incoming", through_socket(), waiting)?;
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

    /// Hands QEMU one end of a socket, for a device state, and returns the other.
    fn offer_socket(&mut self, waiting: &Waiting) -> Result<UnixStream, MachineError> {
        let capabilities =
            json!({ "capabilities": [{ "capability": "x-ignore-shared", "state": true }] });
        self.qmp("migrate-set-capabilities", capabilities, waiting)?;
        let (ours, theirs) =
            UnixStream::pair().map_err(MachineError::io("cannot make a socket"))?;
        let qmp = &mut self.connections.qmp;
        qmp.give_fd(FD_NAME, theirs.as_fd(), waiting.deadline)
            .map_err(|error| self.qmp_error(error, waiting))?;
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

/// Tells QEMU that a device state goes through the socket that it was handed.
fn through_socket() -> Value {
    json!({ "uri": format!("fd:{FD_NAME}") })
}

/// A time limit for a socket, which knows none of no time at all.
fn left(deadline: Instant) -> Duration {
    let left = deadline.saturating_duration_since(Instant::now());
    left.max(Duration::from_millis(1))
}

/// Reads to the end what `begin` sets off.
///
/// It is read already while that goes on: where QEMU's writing thread is quick, it holds the lock that QEMU's answer needs,
/// and once the socket is full, which holds a fifth of a state, it would wait for us as we wait for the answer.
fn read_during<T, E>(
    stream: &UnixStream,
    deadline: Instant,
    begin: impl FnOnce() -> Result<T, E>,
) -> Result<io::Result<Vec<u8>>, E> {
    std::thread::scope(|scope| {
        let reading = scope.spawn(|| read_all(stream, deadline));
        let begun = begin();
        if begun.is_err() {
            // Nothing will come.
            let _ = stream.shutdown(Shutdown::Both);
        }
        let read = reading.join().expect("reading does not panic");
        begun.map(|_| read)
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_secs(20);

    #[test]
    fn a_state_is_read_also_before_its_beginning_is_confirmed() {
        let (ours, theirs) = UnixStream::pair().expect("a socket");
        let state = vec![7; 4 << 20];
        let deadline = Instant::now() + SOON;
        let read = read_during(&ours, deadline, || {
            let written = write_all(&theirs, &state, deadline);
            drop(theirs);
            written
        });
        let read = read.expect("all of it fits").expect("it is read");
        assert_eq!(read, state);
    }

    #[test]
    fn what_never_begins_is_not_waited_for() {
        let (ours, _theirs) = UnixStream::pair().expect("a socket");
        let start = Instant::now();
        let read = read_during(&ours, start + SOON, || Err::<(), _>("refused"));
        assert_eq!(read.expect_err("not begun"), "refused");
        assert!(start.elapsed() < SOON);
    }
}
