//! What a project says for all of its scenarios.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::RawLaws;

/// What the scenarios of a repository have in common: `switchproof.yaml` at its top.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RawProject {
    /// Folders that channels are made of: in place of the pocket channel's own, or under a name that scenarios use.
    pub(crate) channels: Option<RawChannels>,
    /// Which laws are tried of each scenario that says nothing else. All but `clean`, `reboots` and `equal` by default.
    pub(crate) laws: Option<RawLaws>,
    /// What each scenario has that does not say it itself, with paths relative to this file.
    #[expect(dead_code, reason = "a part of a scenario, read as one")]
    pub(crate) defaults: Option<serde_json::Value>,
}

/// Folders that channels are made of.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(extend(
    "dependencies" = { "nixpkgs-lib": ["home-manager"], "nixpkgs": ["home-manager"] },
    "propertyNames" = {
        "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$",
        "not": { "pattern": "^pocket($|-)" }
    }
))]
pub(crate) struct RawChannels {
    /// A checkout of Home Manager, relative to this file.
    pub(crate) home_manager: Option<String>,
    /// A folder with nixpkgs' `lib`; the pocket channel's own serves where there is none.
    pub(crate) nixpkgs_lib: Option<String>,
    /// The same: a checkout of nixpkgs, of which only `lib` is used.
    pub(crate) nixpkgs: Option<String>,
    /// Channels with names of their own.
    #[serde(flatten)]
    pub(crate) named: BTreeMap<String, RawChannel>,
}

/// A channel: a checkout of Home Manager, or the folders that it is made of.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(extend("x-short" = "home-manager"))]
pub(crate) struct RawChannel {
    /// A checkout of Home Manager, relative to this file.
    pub(crate) home_manager: String,
    /// A folder with nixpkgs' `lib`; the pocket channel's own serves where there is none.
    pub(crate) nixpkgs_lib: Option<String>,
    /// The same: a checkout of nixpkgs, of which only `lib` is used.
    pub(crate) nixpkgs: Option<String>,
}
