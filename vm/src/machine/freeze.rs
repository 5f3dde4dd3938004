//! Freezing a machine into a layer.
//!
//! The guest's memory is a file. A machine whose memory is shared with that file is frozen by stopping it and saving
//! its device state alone (capability `x-ignore-shared`): the file is the memory.

use std::io::Write;
use std::time::Duration;

use serde_json::{Value, json};

use crate::layer::record::{BackingRecord, DISK, FORMAT, RAM, STATE};
use crate::layer::{Layer, LayerError, LayerKey, LayerRecord};
use crate::machine::waiting::Waiting;
use crate::machine::{Machine, MachineError, Purpose};
use crate::store::{FileRecord, make_private, now_s, punch_zeros};

/// How long stopping, saving and ending may take; the state is about a megabyte.
const FREEZE: Duration = Duration::from_secs(60);

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
        make_private(&path)
            .and_then(|mut file| file.write_all(&state))
            .map_err(LayerError::io("cannot write", path))?;
        let ram = self.work.path().join(RAM);
        punch_zeros(&ram).map_err(LayerError::io("cannot make holes in", ram))?;
        self.record(key, note)?.write(self.work.path())?;
        let Self { work, host, .. } = self;
        Ok(host.store.publish(work, key)?)
    }

    /// Stops a guest that runs. One that has panicked, shuts down or lost its disk says so instead: its state would
    /// be a layer on which every case fails.
    fn stop_healthy(&mut self, waiting: &Waiting) -> Result<(), MachineError> {
        self.check_usable(waiting)?;
        self.take_events(waiting)?;
        self.liveness.expects_stop = true;
        self.qmp("stop", json!({}), waiting)?;
        let status = self.qmp("query-status", json!({}), waiting)?;
        // What happened until it stopped explains a status better than its name.
        self.take_events(waiting)?;
        require_paused(&status).map_err(|description| MachineError::Qmp {
            command: "stop".to_owned(),
            description,
        })
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
            created_s: now_s(),
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
    match status["status"].as_str() {
        Some("paused") => Ok(()),
        Some(other) => Err(format!("the machine is not paused but `{other}`")),
        None => Err("the machine's status is unknown".to_owned()),
    }
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
