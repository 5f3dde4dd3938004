//! Machines: booted, forked, talked to, frozen.

mod error;
mod host;
mod running;
mod shape;

pub use error::{MachineError, Waited};
pub use host::{Host, Purpose};
pub use running::Machine;
pub use shape::MachineShape;
