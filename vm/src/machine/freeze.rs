//! Freezing a machine into a layer, and continuing a layer's device state.
//!
//! The guest's memory is a file. A machine whose memory is shared with that file is frozen by stopping it and saving
//! its device state alone (capability `x-ignore-shared`): the file is the memory. QEMU sends and takes the state over
//! a socket that it is handed (`fd:`), for its sandbox lets it start no program.

use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::layer::record::{BackingRecord, DISK, FORMAT, RAM, STATE};
use crate::layer::{FileRecord, Layer, LayerError, LayerKey, LayerRecord};
use crate::machine::watch::Waiting;
use crate::machine::{Machine, MachineError, Purpose};

/// How long stopping, saving and ending may take; the state is about a megabyte.
const FREEZE: Duration = Duration::from_secs(60);

/// A state bigger than this holds memory that should not be in it.
const STATE_MAX_BYTES: u64 = 256 * 1024 * 1024;

/// The name under which QEMU keeps our end of the socket.
const FD_NAME: &str = "state";

impl Machine {
    /// Ends the machine and keeps its state as the layer `key`. `note` says in the layer's record what made it.
    /// There is afterwards a whole layer, or none: one that was made before is replaced, but where somebody uses that it
    /// is returned. A machine forked as a leaf cannot be frozen.
    pub fn freeze(mut self, key: &LayerKey, note: Value) -> Result<Layer, MachineError> {
        if self.purpose == Purpose::Leaf {
            return Err(MachineError::LeafCannotFreeze);
        }
        let waiting = Waiting::new(
            "the machine's state",
            FREEZE * self.host.accelerator.patience(),
        );
        self.stop_healthy(&waiting)?;
        let state = self.save_state(&waiting)?;
        self.quit(&waiting)?;
        let path = self.work.path().join(STATE);
        std::fs::write(&path, &state).map_err(LayerError::io("cannot write", path))?;
        self.record(key, note)?.write(self.work.path())?;
        let Self { work, host, .. } = self;
        Ok(host.store.publish(work, key)?)
    }

    /// Stops a guest that runs. One that has panicked, shuts down or lost its disk says so instead: its state would
    /// be a layer on which every case fails.
    fn stop_healthy(&mut self, waiting: &Waiting) -> Result<(), MachineError> {
        self.check_usable(waiting)?;
        self.hear_qmp(waiting)?;
        self.life.expects_stop = true;
        self.qmp("stop", json!({}), waiting)?;
        let status = self.qmp("query-status", json!({}), waiting)?;
        // What happened until it stopped explains a status better than its name.
        self.hear_qmp(waiting)?;
        require_paused(&status).map_err(|description| MachineError::Qmp {
            command: "stop".to_owned(),
            description,
        })
    }

    /// Has QEMU write the stopped guest's device state.
    fn save_state(&mut self, waiting: &Waiting) -> Result<Vec<u8>, MachineError> {
        self.enable_capabilities(waiting)?;
        let (ours, theirs) =
            UnixStream::pair().map_err(MachineError::io("cannot make a socket"))?;
        self.give_fd(&theirs, waiting)?;
        drop(theirs);
        self.qmp(
            "migrate",
            json!({ "uri": format!("fd:{FD_NAME}") }),
            waiting,
        )?;
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
        self.enable_capabilities(waiting)?;
        let (ours, theirs) =
            UnixStream::pair().map_err(MachineError::io("cannot make a socket"))?;
        self.give_fd(&theirs, waiting)?;
        drop(theirs);
        self.qmp(
            "migrate-incoming",
            json!({ "uri": format!("fd:{FD_NAME}") }),
            waiting,
        )?;
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

    fn enable_capabilities(&mut self, waiting: &Waiting) -> Result<(), MachineError> {
        let capabilities =
            json!({ "capabilities": [{ "capability": "x-ignore-shared", "state": true }] });
        self.qmp("migrate-set-capabilities", capabilities, waiting)
            .map(drop)
    }

    /// Waits until a migration in either direction is complete. QEMU also has an event for that, whose capability
    /// the two sides would have to agree on; a state takes milliseconds, so asking is as fast.
    fn await_migration(&mut self, waiting: &Waiting) -> Result<(), MachineError> {
        loop {
            let answer = self.qmp("query-migrate", json!({}), waiting)?;
            match answer.get("status").and_then(Value::as_str) {
                Some("completed") => return Ok(()),
                Some("failed" | "cancelled") => {
                    let words = answer
                        .get("error-desc")
                        .and_then(Value::as_str)
                        .unwrap_or("no reason given");
                    let description = format!("it failed: {words}");
                    return Err(MachineError::Qmp {
                        command: "migrate".to_owned(),
                        description,
                    });
                }
                _ => std::thread::sleep(Duration::from_millis(2)),
            }
            if waiting.left().is_zero() {
                return Err(MachineError::Deadline {
                    waited: self.waited(waiting),
                    killed: false,
                });
            }
        }
    }

    fn give_fd(&mut self, file: &impl AsFd, waiting: &Waiting) -> Result<(), MachineError> {
        let given = self
            .wires
            .qmp
            .give_fd(FD_NAME, file.as_fd(), waiting.deadline);
        given.map_err(|error| self.qmp_error(error, waiting))
    }

    /// Ends QEMU in an orderly way: its files are whole afterwards.
    pub(super) fn quit(&mut self, waiting: &Waiting) -> Result<(), MachineError> {
        self.life.expects_end = true;
        match self.qmp("quit", json!({}), waiting) {
            // It may be gone before its answer is read.
            Ok(_) | Err(MachineError::QemuDied { .. }) => {}
            Err(error) => return Err(error),
        }
        match self.wires.process.wait(waiting.left()) {
            Ok(Some(status)) if status.success() => Ok(()),
            _ => Err(self.died(waiting)),
        }
    }

    /// One QMP command.
    pub(super) fn qmp(
        &mut self,
        command: &str,
        arguments: Value,
        waiting: &Waiting,
    ) -> Result<Value, MachineError> {
        let result = self.wires.qmp.execute(command, arguments, waiting.deadline);
        result.map_err(|error| self.qmp_error(error, waiting))
    }

    fn record(&self, key: &LayerKey, note: Value) -> Result<LayerRecord, LayerError> {
        let file = |name: &str| {
            let path = self.work.path().join(name);
            FileRecord::of(&path).map_err(LayerError::io("cannot read", path))
        };
        let parent = self.parent.as_ref();
        let root = self.host.image.root();
        let backing = match parent {
            Some(_) => None,
            None => Some(BackingRecord::of(&root).map_err(LayerError::io("cannot read", root))?),
        };
        Ok(LayerRecord {
            format: FORMAT,
            key: key.clone(),
            parent: parent.map(|layer| layer.key().clone()),
            parent_disk_blake3: parent.map(|layer| layer.record().disk.blake3.clone()),
            depth: parent.map_or(0, |layer| layer.record().depth + 1),
            made_by: self.host.made_by(),
            created_s: LayerRecord::now_s(),
            note,
            backing,
            ram: file(RAM)?,
            disk: file(DISK)?,
            state: file(STATE)?,
        })
    }
}

/// What `query-status` must answer for a machine that can be saved; the error says what it is instead.
fn require_paused(status: &Value) -> Result<(), String> {
    match status.get("status").and_then(Value::as_str) {
        Some("paused") => Ok(()),
        Some(other) => Err(format!("the machine is not paused but `{other}`")),
        None => Err("the machine's status is unknown".to_owned()),
    }
}

fn read_all(stream: &UnixStream, deadline: Instant) -> io::Result<Vec<u8>> {
    let left = deadline
        .saturating_duration_since(Instant::now())
        .max(Duration::from_millis(1));
    stream.set_read_timeout(Some(left))?;
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
    let left = deadline
        .saturating_duration_since(Instant::now())
        .max(Duration::from_millis(1));
    stream.set_write_timeout(Some(left))?;
    stream.write_all(state)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::require_paused;

    #[test]
    fn only_a_paused_machine_is_saved() {
        assert!(require_paused(&json!({ "status": "paused", "running": false })).is_ok());
        for other in ["guest-panicked", "shutdown", "io-error", "internal-error"] {
            assert!(require_paused(&json!({ "status": other })).is_err());
        }
        assert!(require_paused(&json!({})).is_err());
    }
}
