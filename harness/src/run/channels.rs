//! Channels that folders of this computer make, laid out once in a booted guest for all cases that use them.

use std::time::Duration;

use super::ForkedMachine;
use super::archive::pack;
use super::scripts;
use crate::machine::{GuestScript, MachineError};
use crate::model::{ChannelOverlay, Guest};
use crate::observe::{OutputCollector, StepOutput};
use crate::plan::StateKey;

/// Copying a channel and locking it takes some seconds; building what it needs for every home up to some minutes.
const DEADLINE: Duration = Duration::from_secs(1500);

/// Names the state of the guest `booted` in which the channels of `guest` are laid out, and what it builds of them for all
/// cases is built.
#[must_use]
pub fn key(booted: StateKey, guest: &Guest) -> StateKey {
    let laid = match guest.channels.as_slice() {
        [] => booted,
        channels => booted.with(&(channels, scripts::LAYING)),
    };
    match guest.builds_nixos {
        true => laid.with(&("nixos", scripts::LAYING)),
        false => laid,
    }
}

/// Builds a host of each channel that has NixOS' own modules: of some hundred derivations, all but a dozen are those of every
/// other host. Where that fails, the first system of a case says why; where time runs out, it builds what is missing.
pub fn build_nixos(
    machine: &mut dyn ForkedMachine,
    channels: &[ChannelOverlay],
    tell: &mut dyn FnMut(&str),
) -> Result<(), MachineError> {
    for channel in channels.iter().filter(|channel| channel.has_nixos()) {
        let name = channel.shown_name();
        tell(&format!(
            "building what every NixOS of the channel {name} needs, once for all its hosts"
        ));
        let place = scripts::channel_place(channel.name.as_deref());
        match root(machine, &scripts::build_host(&place)) {
            Err(error) if error.beyond.is_some() => tell(&error.message),
            built => drop(built?),
        }
    }
    Ok(())
}

/// Lays `channels` out. What every home of such a channel needs, whatever is in it (the description of all options, its
/// manual), is built as well, so that a switch finds it in the store; where that fails, a switch says why.
pub fn lay(
    machine: &mut dyn ForkedMachine,
    channels: &[ChannelOverlay],
    tell: &mut dyn FnMut(&str),
) -> Result<(), MachineError> {
    for channel in channels {
        let name = channel.shown_name();
        tell(&format!("laying out the channel {name}"));
        let place = scripts::channel_place(channel.name.as_deref());
        must(
            root(machine, &scripts::make_channel(&place, channel))?,
            name,
        )?;
        let archive = pack(&format!("of the channel {name}"), &channel.files.files)?;
        let unpacked = machine.push(&archive, &place, None)?;
        if unpacked.status != 0 {
            return Err(broken(name, unpacked.status, &unpacked.stderr));
        }
        if channel.is_bare {
            must(root(machine, &scripts::keep_folder(&place))?, name)?;
            continue;
        }
        must(root(machine, &scripts::keep_channel(&place))?, name)?;
        tell(&format!(
            "building what every home of the channel {name} needs"
        ));
        root(machine, &scripts::build_manual(&place))?;
    }
    Ok(())
}

fn root(machine: &mut dyn ForkedMachine, script: &str) -> Result<StepOutput, MachineError> {
    let mut output = OutputCollector::new();
    let exit = machine.exec(
        &GuestScript::root(script, DEADLINE),
        &mut |stream, bytes| {
            output.push(stream, bytes);
        },
    )?;
    Ok(output.finish(exit))
}

fn must(output: StepOutput, name: &str) -> Result<(), MachineError> {
    match output.status {
        0 => Ok(()),
        status => Err(broken(name, status, &output.stderr)),
    }
}

fn broken(name: &str, status: i32, stderr: &str) -> MachineError {
    MachineError::new(
        format!(
            "the channel {name} could not be laid out in the guest (status {status}): {}",
            stderr.trim()
        ),
        Some("look whether the folders that it is made of are whole checkouts"),
    )
}
