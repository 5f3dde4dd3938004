//! The one place that runs host processes: with a deadline, in a process group of their own, with an error that tells
//! the whole story (command line, status, tail of the output). Nothing started here outlives the harness: dropping the
//! handle kills the whole group, and on Linux the kernel signals the process when the harness itself is killed.

mod command;
mod error;
mod running;
mod text;

#[cfg(test)]
mod tests;

pub use command::{Command, OrphanSignal};
pub use error::ProcessError;
pub use running::{Output, Running};
pub use text::{quote, tail_of};
