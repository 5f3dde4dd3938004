//! What runs inside the guest on our behalf, and how the host talks to it.

mod agent;
mod command;
mod frame;
mod offer;
mod request;

pub use agent::Agent;
pub(crate) use agent::{shell_arguments, shell_ended};
pub use command::{Ending, GuestCommand, GuestExit, GuestUser, OutputStream, Program, Room};
pub(crate) use frame::{Decoder, Frame, FrameKind, PAYLOAD_MAX_BYTES, encode};
pub use offer::TOOLS;
pub(crate) use offer::install;
pub(crate) use request::{Input, Streams, exec_payload, wake_payload};

/// The NixOS module that says what a system must be to run in the machine.
pub const MACHINE_MODULE: &str = include_str!("../../pocket/nixpkgs/machine.nix");

/// The program that runs commands in the guest; started through the agent, then part of every frozen state.
pub(crate) const SUPERVISOR: &str = include_str!("supervisor.pl");
