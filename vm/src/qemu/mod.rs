//! QEMU: its command line, its monitor protocol, its process.

mod command_line;
mod message;
mod process;
mod qmp;
mod ring;
mod sockets;
mod switches;

pub use command_line::{MachineParts, PortSockets, Ram, command_line};
pub use process::QemuProcess;
pub use qmp::{Event, Qmp, QmpError};
pub use ring::TailRing;
pub use sockets::{Listener, RuntimeDir};
pub(crate) use sockets::{poll_until, wait_readable};
