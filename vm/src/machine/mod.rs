//! Machines: booted, forked, talked to, frozen.
//!
//! A machine is driven by one thread: every wait is one `poll` over the supervisor's ports and QEMU's monitor, so a
//! dead QEMU, a panicked guest and a passed deadline are noticed wherever they happen. Only the serial console has a
//! thread of its own, for it must be drained also when nobody waits.

mod boot;
mod bulk;
mod control;
mod error;
mod freeze;
mod host;
mod job;
mod running;
mod shape;
mod start;
mod terminal;
mod watch;

pub use error::{MachineError, Waited};
pub use host::{BaseProgress, GuestImage, Host, Purpose};
pub use running::Machine;
pub use shape::MachineShape;
