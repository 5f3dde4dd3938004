//! Which laws are tried.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which laws are tried of a case: `all`, `none`, a list of them, or which ones are on and off beside the usual ones.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("x-short" = "only"))]
pub(crate) struct RawLaws {
    /// These in place of the usual ones: `all`, `none`, or a list of laws.
    #[schemars(extend("x-one" = true))]
    pub(crate) only: Option<Vec<RawLaw>>,
    /// Whether nothing leads nowhere or to an older generation after a switch, and no unit failed.
    pub(crate) complete: Option<bool>,
    /// Whether a new login has the same variables, programs and units.
    pub(crate) survives: Option<bool>,
    /// Whether the same switch again changes nothing.
    pub(crate) idempotent: Option<bool>,
    /// Whether a rollback gives the state before a switch.
    pub(crate) reversible: Option<bool>,
    /// Whether removing Home Manager gives back the home as it was seeded.
    pub(crate) clean: Option<bool>,
    /// Whether a machine that restarts has the same variables, programs and units.
    pub(crate) reboots: Option<bool>,
    /// Whether the same home has the same files by itself and as a module of a NixOS system.
    pub(crate) equal: Option<bool>,
    /// Why laws are off, for the reports.
    pub(crate) because: Option<String>,
}

/// A law, or some.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RawLaw {
    /// Every law.
    All,
    /// No law.
    None,
    /// Nothing leads nowhere or to an older generation after a switch, and no unit failed.
    Complete,
    /// A new login has the same variables, programs and units.
    Survives,
    /// The same switch again changes nothing.
    Idempotent,
    /// A rollback gives the state before a switch.
    Reversible,
    /// Removing Home Manager gives back the home as it was seeded.
    Clean,
    /// A machine that restarts has the same variables, programs and units.
    Reboots,
    /// The same home has the same files by itself and as a module of a NixOS system.
    Equal,
}
