//! QEMU: its command line, its sockets, its monitor protocol, and what a guest's network card reaches.

mod command_line;
mod gate;
mod lines;
mod poll;
mod qmp;
mod ring;
mod runtime_dir;
mod shape;

pub use command_line::{MachineParts, command_line, sockets};
pub(crate) use gate::open_gate;
pub use lines::TalkError;
pub(crate) use lines::{Filled, Lines};
pub(crate) use poll::{poll_until, read_some, wait_readable, write_some};
pub use qmp::{Event, Qmp};
pub use ring::TailRing;
pub use runtime_dir::{RuntimeDir, accept_within};
pub use shape::{MachineShape, Network};
