//! What QEMU says of its own accord, and what it means that it has ended.

use std::time::{Duration, Instant};

use crate::machine::error::panic_of;
use crate::machine::start::exit_words;
use crate::machine::waiting::Waiting;
use crate::machine::{Machine, MachineError, Waited};
use crate::qemu::Event;
use crate::store::free_bytes;

/// With less than this free, a QEMU that died without a word most likely could not grow its memory file.
const FEW_BYTES: u64 = 256 * 1024 * 1024;

/// More lines than a panic and its trace have.
const PANIC_LINES: usize = 200;

impl Machine {
    /// Takes in what QEMU has said.
    pub(super) fn take_events(&mut self, waiting: &Waiting) -> Result<(), MachineError> {
        let pumped = self.connections.qmp.pump(Duration::ZERO);
        while let Some(event) = self.connections.qmp.next_event() {
            self.handle(&event, waiting)?;
        }
        pumped.map_err(|error| self.qmp_error(error, waiting))
    }

    fn handle(&mut self, event: &Event, waiting: &Waiting) -> Result<(), MachineError> {
        let text = |name: &str| event.data[name].as_str().unwrap_or_default();
        match event.name.as_str() {
            "GUEST_PANICKED" => {
                self.usable = false;
                let silent = || MachineError::GuestPanicked {
                    said: "the console says no reason".to_owned(),
                    waited: self.waited(waiting),
                };
                return Err(self.panicked(waiting).unwrap_or_else(silent));
            }
            "SHUTDOWN" => {
                let reason = text("reason").to_owned();
                self.liveness.shutdown_reason = Some(reason.clone());
                if !self.liveness.expects_end {
                    return Err(self.ended_by_guest(&reason, waiting));
                }
            }
            // QEMU has stopped the guest rather than let its disk lose a write.
            "BLOCK_IO_ERROR" if text("action") == "stop" => {
                self.usable = false;
                return Err(self.disk_failed(event));
            }
            // What else stops a machine has an event of its own, which comes first.
            "STOP" if self.stops_unasked() => {
                self.usable = false;
                // Behind its first line QEMU prints every register.
                let stderr = self.connections.process.tail();
                return Err(MachineError::Stopped {
                    reason: stderr
                        .lines()
                        .next()
                        .unwrap_or("it says no reason")
                        .to_owned(),
                    accelerator: self.host.accelerator,
                    waited: self.waited(waiting),
                });
            }
            "RESET" => self.liveness.was_reset = true,
            "VSERPORT_CHANGE" if text("id") == "control" => {
                let open = event.data["open"] == true;
                self.liveness.port_closed = (!open).then(Instant::now);
                self.liveness.closing_doubted = false;
            }
            _ => {}
        }
        if !event.name.starts_with("VSERPORT") {
            self.liveness.last_seen = (format!("QMP event {}", event.name), Instant::now());
        }
        Ok(())
    }

    fn stops_unasked(&self) -> bool {
        !self.liveness.expects_stop && self.liveness.shutdown_reason.is_none()
    }

    fn ended_by_guest(&mut self, reason: &str, waiting: &Waiting) -> MachineError {
        self.usable = false;
        // A panic reboots at once; where the kernel has no pvpanic driver yet, only the console tells.
        if let Some(panicked) = self.panicked(waiting) {
            return panicked;
        }
        let waited = self.waited(waiting);
        let how = if reason == "guest-reset" {
            "rebooted"
        } else {
            "powered off"
        };
        MachineError::GuestPoweredOff { how, waited }
    }

    /// The panic that the console shows.
    fn panicked(&self, waiting: &Waiting) -> Option<MachineError> {
        let (said, console_tail) = panic_of(&self.console_tail(PANIC_LINES))?;
        let waited = Box::new(Waited {
            console_tail,
            ..*self.waited(waiting)
        });
        Some(MachineError::GuestPanicked { said, waited })
    }

    fn disk_failed(&self, event: &Event) -> MachineError {
        let path = self.host.store.directory().to_owned();
        let free_bytes = free_bytes(&path).unwrap_or_default();
        if event.data["nospace"] == true {
            return MachineError::NoSpace {
                path,
                free_bytes,
                needed_bytes: FEW_BYTES,
            };
        }
        let reason = event.data["reason"].as_str().unwrap_or("no reason given");
        MachineError::Io {
            doing: "QEMU cannot write the guest's disk".to_owned(),
            source: std::io::Error::other(reason.to_owned()),
        }
    }

    /// What to report when a connection to QEMU has ended.
    pub(super) fn died(&mut self, waiting: &Waiting) -> MachineError {
        self.usable = false;
        // QEMU's last words may tell more than its end.
        let pumped = self.connections.qmp.pump(Duration::ZERO);
        if pumped.is_ok() {
            while let Some(event) = self.connections.qmp.next_event() {
                if let Err(error) = self.handle(&event, waiting) {
                    return error;
                }
            }
        }
        let status = exit_words(&mut self.connections.process, Duration::from_secs(5));
        let few_bytes_free = free_bytes(self.work.path())
            .ok()
            .filter(|&free| free < FEW_BYTES);
        let stderr_tail = self.connections.process.tail().trim_end().to_owned();
        MachineError::QemuDied {
            status,
            stderr_tail,
            few_bytes_free,
            waited: self.waited(waiting),
        }
    }
}
