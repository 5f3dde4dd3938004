//! Translates between the types of the harness and those of the vm crate.

use switchproof_vm::accel::Accelerator;
use switchproof_vm::guest::{self, GuestCommand};
use switchproof_vm::image::{ImageError, Progress};
use switchproof_vm::layer::{LayerError, LayerKey};
use switchproof_vm::machine::{self as vm, MachineShape};

use crate::machine::{Bound, GuestExit, GuestScript, GuestUser, MachineError, Shortage};
use crate::model::Guest;
use crate::plan::StateKey;

/// How big the machines of a guest are, and what they reach.
pub(super) fn shape(guest: &Guest, accelerator: Accelerator) -> MachineShape {
    let usual = MachineShape::usual(accelerator);
    MachineShape {
        ram_mib: guest.memory_mib.unwrap_or(usual.ram_mib),
        cores: guest.cpus.unwrap_or(usual.cores),
        disk_mib: guest.disk_mib.or(usual.disk_mib),
        network: guest.network,
    }
}

pub(super) fn command(script: &GuestScript) -> GuestCommand {
    let command = GuestCommand::shell(script.script.clone()).deadline(script.deadline);
    match &script.user {
        GuestUser::Root => command,
        GuestUser::Login(user) => command.before_login(user.clone()),
    }
}

pub(super) fn ended(exit: guest::GuestExit) -> GuestExit {
    GuestExit {
        status: exit.status(),
        truncated: exit.truncated(),
        shortage: shortage(&exit.room),
    }
}

/// A disk with less room than this is full, in bytes: what is written comes in larger pieces.
const FULL_BYTES: u64 = 256 * 1024;

fn shortage(room: &guest::Room) -> Option<Shortage> {
    match room {
        guest::Room { oom_kills: 1.., .. } => Some(Shortage::Memory(room.oom_kills)),
        _ if room.disk_bytes < FULL_BYTES || room.disk_files == 0 => Some(Shortage::Disk),
        _ => None,
    }
}

pub(super) fn layer_key(key: &StateKey) -> Result<LayerKey, MachineError> {
    key.0
        .parse()
        .map_err(|_| broken(format!("'{key}' does not name a state"), None))
}

pub(super) fn broken(message: String, hint: Option<String>) -> MachineError {
    MachineError::new(message, hint.as_deref())
}

impl From<ImageError> for MachineError {
    fn from(error: ImageError) -> Self {
        broken(error.to_string(), Some(error.hint()))
    }
}

impl From<LayerError> for MachineError {
    fn from(error: LayerError) -> Self {
        broken(error.to_string(), error.hint())
    }
}

impl From<vm::MachineError> for MachineError {
    fn from(error: vm::MachineError) -> Self {
        Self {
            beyond: match error {
                vm::MachineError::Deadline { killed: true, .. } => Some(Bound::Deadline),
                vm::MachineError::Endless { .. } => Some(Bound::Output),
                _ => None,
            },
            ..broken(error.to_string(), error.hint())
        }
    }
}

/// What of an image build is worth a line.
pub fn in_words(event: &Progress) -> Option<String> {
    Some(match event {
        Progress::WaitingForOther { at_most } => format!(
            "waiting for another run that builds the guest image (at most {} s)",
            at_most.as_secs()
        ),
        Progress::Damaged { reason } => {
            format!("the guest image is damaged and is built anew: {reason}")
        }
        Progress::Step { step, elapsed } => {
            format!("guest image: {step} (after {} s)", elapsed.as_secs())
        }
        Progress::Output { .. } => return None,
        Progress::Done { elapsed } => format!("guest image: done in {} s", elapsed.as_secs()),
    })
}
