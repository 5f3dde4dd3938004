//! What runs inside the guest on our behalf, and how the host talks to it.

mod command;

pub use command::{Ending, GuestCommand, GuestExit, GuestUser, OutputStream, Program};
