//! A machine that runs.

use std::io::{self, Read};
use std::time::Duration;

use crate::guest::{GuestCommand, GuestExit, OutputStream};
use crate::layer::{Layer, LayerKey};
use crate::machine::MachineError;

/// A machine that runs. Dropping it ends it at once.
#[derive(Debug)]
pub struct Machine {
    _private: (),
}

impl Machine {
    /// Runs a command and hands over its output as it comes.
    pub fn exec(
        &mut self,
        _command: &GuestCommand,
        _on_output: &mut dyn FnMut(OutputStream, &[u8]),
    ) -> Result<GuestExit, MachineError> {
        Err(MachineError::LeafCannotFreeze)
    }

    /// Runs a command whose standard output is bulk data, and lets `consume` read that. What it leaves unread is
    /// dropped.
    pub fn pull(
        &mut self,
        _command: &GuestCommand,
        _consume: &mut dyn FnMut(&mut dyn Read) -> io::Result<()>,
    ) -> Result<GuestExit, MachineError> {
        Err(MachineError::LeafCannotFreeze)
    }

    /// Runs a command whose standard input is `input`.
    pub fn feed(
        &mut self,
        _command: &GuestCommand,
        _input: &[u8],
    ) -> Result<GuestExit, MachineError> {
        Err(MachineError::LeafCannotFreeze)
    }

    /// Unpacks a tar archive in the guest at the absolute path `destination`, which is made when missing. With
    /// an `owner`, everything is given to that user, else it belongs to root.
    pub fn push(
        &mut self,
        _tar: &[u8],
        _destination: &str,
        _owner: Option<&str>,
    ) -> Result<(), MachineError> {
        Err(MachineError::LeafCannotFreeze)
    }

    /// Ends the machine and keeps its state as the layer `key`. `note` says in the layer's record what made it.
    pub fn freeze(self, _key: &LayerKey, _note: serde_json::Value) -> Result<Layer, MachineError> {
        Err(MachineError::LeafCannotFreeze)
    }

    /// Reboots the guest and waits until it has settled.
    pub fn reboot(&mut self, _deadline: Duration) -> Result<(), MachineError> {
        Err(MachineError::LeafCannotFreeze)
    }

    /// Shuts the guest down in an orderly way and waits for that.
    pub fn power_off(self, _deadline: Duration) -> Result<(), MachineError> {
        Err(MachineError::LeafCannotFreeze)
    }

    /// The last lines of the serial console, made printable.
    pub fn console_tail(&self) -> String {
        String::new()
    }

    /// Memory that the machine's process holds for itself, in bytes: what ends with it.
    pub fn resident_bytes(&self) -> Option<u64> {
        None
    }
}
