//! What is common to all machines of one run.

use std::path::PathBuf;
use std::time::Duration;

use crate::accel::{Accelerator, QemuBinary};
use crate::layer::{Layer, LayerKey, LayerStore};
use crate::machine::{Machine, MachineError, MachineShape};

/// Everything about this host and image that a machine depends on.
#[derive(Debug, Clone)]
pub struct Host {
    /// The QEMU system emulator.
    pub qemu: QemuBinary,
    /// What runs the guest's instructions.
    pub accelerator: Accelerator,
    /// The guest image's directory: `kernel`, `initrd`, `root.ext4`.
    pub image_dir: PathBuf,
    /// The image's key, which is its directory's name in the cache.
    pub image_key: String,
    /// Where layers are kept and machines work.
    pub store: LayerStore,
    /// How big machines are.
    pub shape: MachineShape,
}

/// What a fork is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To be thrown away: its memory is a private view of the layer's, nothing is copied.
    Leaf,
    /// To be frozen in turn: it gets a copy of the layer's memory.
    Layer,
}

impl Host {
    /// The key of the first layer: the booted, settled and warmed guest.
    pub fn base_key(&self) -> LayerKey {
        LayerKey::root(&[self.image_key.as_bytes()])
    }

    /// Boots the image until the guest has settled.
    pub fn boot(&self, _deadline: Duration) -> Result<Machine, MachineError> {
        Err(MachineError::BadCommand("stub".to_owned()))
    }

    /// The first layer: found in the store, or made now by booting, warming and freezing.
    pub fn base_layer(&self, _deadline: Duration) -> Result<Layer, MachineError> {
        Err(MachineError::BadCommand("stub".to_owned()))
    }

    /// A running machine in the state that `layer` holds.
    pub fn fork(&self, _layer: &Layer, _purpose: Purpose) -> Result<Machine, MachineError> {
        Err(MachineError::BadCommand("stub".to_owned()))
    }
}
