//! Which QEMU this host has, and which of its accelerators really boots a machine here.

mod accelerator;
mod architecture;
mod binary;
mod probe;

pub use accelerator::{Accelerator, cpu_identity, cpu_model};
pub use architecture::Architecture;
pub(crate) use binary::find_program;
pub use binary::{BinaryError, QemuBinary, QemuVersion};
pub use probe::{Probe, ProbeError, probe};
