//! Which QEMU this host has, and which of its accelerators really boots a machine here.

mod accelerator;
mod architecture;
mod binary;
mod detect;

pub use accelerator::{Accelerator, cpu_identity, cpu_model, kernel_arguments};
pub use architecture::Architecture;
pub(crate) use binary::find_program;
pub use binary::{BinaryError, QemuBinary, QemuVersion};
pub use detect::{DetectError, Detected, detect};
