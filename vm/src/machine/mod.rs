//! Machines: booted, forked, talked to, frozen.
//!
//! A machine is driven by one thread: every wait is one `poll` over the supervisor's ports and QEMU's monitor, so a
//! dead QEMU, a panicked guest and a passed deadline are noticed wherever they happen. Only the serial console has a
//! thread of its own, for it must be drained also when nobody waits.

mod boot;
mod bulk;
mod command;
mod control;
mod error;
mod events;
mod freeze;
mod host;
mod job;
mod make;
mod migration;
mod monitor;
mod running;
mod start;
mod terminal;
mod turn;
mod waiting;

pub use crate::qemu::{MachineShape, Network};
pub use error::{MachineError, Waited};
pub use host::{GuestImage, Host, Purpose};
pub use make::BaseProgress;
pub use running::Machine;
