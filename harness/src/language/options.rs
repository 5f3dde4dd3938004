//! How scenarios are loaded.

use std::collections::BTreeMap;

use switchproof_vm::image::Suite;

use crate::flake::Channels;
use crate::flake::setup::this_system;

/// How scenarios are loaded.
#[derive(Debug, Clone)]
pub struct LoadOptions {
    /// The platform of setups that name none, as Nix names it: `x86_64-linux`.
    pub system: String,
    /// Whether files that scenarios name may lie outside of their repository.
    pub allow_outside: bool,
    /// The guest's Debian release of scenarios that name none.
    pub suite: Suite,
    /// The channel of described setups that name none.
    pub channel: String,
    /// Inputs that are replaced in every flake that has them, by name: an address or a channel. Scenarios that replace one
    /// themselves come first.
    pub inputs: BTreeMap<String, String>,
    /// Channels of the user's own, before those of the project's file.
    pub channels: Channels,
}

impl Default for LoadOptions {
    fn default() -> Self {
        Self {
            system: this_system(),
            allow_outside: false,
            suite: Suite::default(),
            channel: "pocket".to_owned(),
            inputs: BTreeMap::new(),
            channels: Channels::default(),
        }
    }
}
