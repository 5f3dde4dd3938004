//! What is common to all machines of one run.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use crate::accel::{Accelerator, QemuBinary, cpu_identity, cpu_model, kernel_arguments};
use crate::guest::SUPERVISOR;
use crate::layer::record::FORMAT;
use crate::layer::{LayerKey, LayerStore, MadeBy};
use crate::qemu::{MachineParts, MachineShape, command_line};

/// Raised when what is done to a guest before its first freeze changes in a way that neither the supervisor's text, nor
/// the warm-up, nor the command line shows, which all are part of the first layer's key: kept states are then made anew.
const EPOCH: u32 = 1;

/// A built guest image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuestImage {
    /// Its directory, which holds `kernel`, `initrd` and `root.ext4`.
    pub directory: PathBuf,
    /// Its key.
    pub key: String,
}

/// Everything about this host and image that a machine depends on.
#[derive(Debug, Clone)]
pub struct Host {
    /// The QEMU system emulator.
    pub qemu: QemuBinary,
    /// What runs the guest's instructions.
    pub accelerator: Accelerator,
    /// The guest image.
    pub image: GuestImage,
    /// Where layers are kept and machines work.
    pub store: LayerStore,
    /// How big machines are.
    pub shape: MachineShape,
    /// Root's shell text that is run once in the settled guest before its first freeze, so that no fork pays for
    /// first times. Its failure is one of the base layer.
    pub warm_up: String,
}

/// What a fork is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To be thrown away: its memory is a private view of the layer's, nothing is copied.
    Leaf,
    /// To be frozen in turn: it gets a copy of the layer's memory.
    Layer,
}

impl GuestImage {
    /// The kernel.
    pub fn kernel(&self) -> PathBuf {
        self.directory.join("kernel")
    }

    /// Its initial file system.
    pub fn initrd(&self) -> PathBuf {
        self.directory.join("initrd")
    }

    /// The raw ext4 root file system.
    pub fn root(&self) -> PathBuf {
        self.directory.join("root.ext4")
    }
}

impl Host {
    /// The CPU model that is right for this accelerator and QEMU.
    pub fn cpu(&self) -> &'static str {
        cpu_model(self.accelerator, self.qemu.version)
    }

    /// What the guest's kernel is told for this accelerator and QEMU.
    pub fn kernel_arguments(&self) -> &'static str {
        kernel_arguments(self.accelerator, self.qemu.version)
    }

    /// What a state that is made here can only be continued on.
    pub fn made_by(&self) -> MadeBy {
        MadeBy {
            qemu: self.qemu.version,
            accelerator: self.accelerator,
            cpu: cpu_identity(self.accelerator, self.cpu()),
            shape: self.shape,
            image: self.image.key.clone(),
        }
    }

    /// The key of the first layer: the booted, settled and warmed guest.
    pub fn base_key(&self) -> LayerKey {
        // A struct of plain fields always has a JSON form, and the same one.
        let made_by = serde_json::to_vec(&self.made_by()).unwrap_or_default();
        let mut parts = vec![
            FORMAT.to_le_bytes().to_vec(),
            EPOCH.to_le_bytes().to_vec(),
            made_by,
            SUPERVISOR.as_bytes().to_vec(),
            self.warm_up.clone().into_bytes(),
        ];
        // Whatever devices this version of switchproof gives its machines.
        parts.extend(
            self.nowhere_command_line()
                .into_iter()
                .map(OsString::into_vec),
        );
        LayerKey::root(&parts.iter().map(Vec::as_slice).collect::<Vec<_>>())
    }

    /// The command line with the same names for all files.
    fn nowhere_command_line(&self) -> Vec<OsString> {
        let nowhere = Path::new("");
        command_line(&MachineParts {
            accelerator: self.accelerator,
            cpu: self.cpu(),
            kernel_arguments: self.kernel_arguments(),
            shape: self.shape,
            kernel: nowhere,
            initrd: nowhere,
            ram: nowhere,
            share_ram: true,
            disk: nowhere,
            sockets: nowhere,
            incoming: false,
        })
    }
}
