//! QEMU: its command line and its monitor protocol.

mod command_line;
mod message;
mod qmp;
mod ring;
mod sockets;
mod switches;

pub use command_line::{MachineParts, PortSockets, Ram, command_line};
pub use qmp::{Event, Qmp, QmpError};
pub use ring::TailRing;
pub use sockets::{Listener, RuntimeDir};
pub(crate) use sockets::{poll_until, wait_readable};
