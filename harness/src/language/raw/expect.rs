//! Expectations.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::model::{FileType, Profile, Session, TargetKind, UnitState};

/// What must be true after a step. Never empty: an empty expectation asserts nothing.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RawExpect {
    /// Whom it is about; the step's user by default.
    pub(crate) user: Option<String>,
    /// How long all of it may take to become true: `30s`, `2m`. The machine is looked at again until then.
    pub(crate) within: Option<String>,
    /// Programs on the user's login PATH: a list of those that are there, or a mapping with more about each.
    #[schemars(extend("x-names" = true))]
    pub(crate) packages: Option<BTreeMap<String, RawPackage>>,
    /// Paths in the home: a list of those that are there, or a mapping with more about each.
    #[schemars(extend("x-names" = true))]
    pub(crate) files: Option<BTreeMap<String, RawFileExpect>>,
    /// The current generation of Home Manager, as it lies in the store.
    pub(crate) generation: Option<RawGenerationFiles>,
    /// Variables in a session. A text is the value; `unset: true` says there is none.
    pub(crate) environment: Option<BTreeMap<String, RawVariable>>,
    /// Commands run afterwards. A text is a command that must succeed.
    #[schemars(extend("x-one" = true))]
    pub(crate) commands: Option<Vec<RawCommand>>,
    /// Units of the user's service manager, with their state.
    pub(crate) units: Option<BTreeMap<String, UnitState>>,
    /// What the step printed. A text must be in it.
    pub(crate) output: Option<RawOutputMatch>,
    /// Warnings of the evaluation: each text must be in one of them. `[]`: there are none.
    #[schemars(extend("x-one" = true))]
    pub(crate) warnings: Option<Vec<RawOutputMatch>>,
    /// The same, and there are no others.
    #[schemars(extend("x-one" = true))]
    pub(crate) only_warnings: Option<Vec<RawOutputMatch>>,
    /// Errors of the evaluation, for a step that `fails`: each text must be in one of them. `[]`: there are none, so
    /// it is the build or the activation that fails.
    #[schemars(extend("x-one" = true))]
    pub(crate) errors: Option<Vec<RawOutputMatch>>,
    /// Generations of Home Manager. A number is their count.
    pub(crate) generations: Option<RawGenerations>,
    /// Extensions that no file in the home may have: backups left behind.
    #[schemars(extend("x-one" = true))]
    pub(crate) no_leftovers: Option<Vec<String>>,
}

/// Whether something is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RawPresence {
    /// It is there.
    Present,
    /// It is not.
    Absent,
}

/// A program on the PATH.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("x-short" = "state"))]
pub(crate) struct RawPackage {
    /// `present` (the default) or `absent`.
    pub(crate) state: Option<RawPresence>,
    /// Its version.
    pub(crate) version: Option<String>,
    /// The profile that provides it.
    pub(crate) profile: Option<Profile>,
}

/// A path in the home.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields, extend("x-short" = "state"))]
pub(crate) struct RawFileExpect {
    /// `present` (the default) or `absent`.
    pub(crate) state: Option<RawPresence>,
    /// Its own type, links not followed.
    pub(crate) r#type: Option<FileType>,
    /// Its permission bits in octal, quoted: `"644"`.
    pub(crate) mode: Option<String>,
    /// Whether its owner may execute it.
    pub(crate) executable: Option<bool>,
    /// Its owner.
    pub(crate) owner: Option<String>,
    /// Its whole content.
    pub(crate) text: Option<String>,
    #[serde(flatten)]
    pub(crate) pieces: RawPieces,
    /// Values in JSON, each by the names that lead to it, joined by dots; a part of a list by its number from 0. `null` says
    /// that there is none.
    pub(crate) json: Option<BTreeMap<String, Value>>,
    /// The same in TOML.
    pub(crate) toml: Option<BTreeMap<String, Value>>,
    /// The same in an INI file: `section.key`, or `key` before the first section.
    pub(crate) ini: Option<BTreeMap<String, Value>>,
    /// Where the link points, as it is written. A text is the whole of it.
    pub(crate) target: Option<RawMatch>,
    /// What kind of place the link leads to.
    pub(crate) leads_to: Option<TargetKind>,
    /// The absolute path where the link leads in the end. A text is the whole of it.
    pub(crate) end: Option<RawMatch>,
}

/// What the current generation of Home Manager holds.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RawGenerationFiles {
    /// The files that it has for the home, by path relative to the home.
    #[schemars(extend("x-names" = true))]
    pub(crate) files: Option<BTreeMap<String, RawFileExpect>>,
    /// Its activation script. A text must be in it.
    pub(crate) activate: Option<RawOutputMatch>,
}

/// Pieces of a text.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RawPieces {
    /// Texts that are in it.
    #[schemars(extend("x-one" = true))]
    pub(crate) contains: Option<Vec<String>>,
    /// Texts that are not in it.
    #[schemars(extend("x-one" = true))]
    pub(crate) lacks: Option<Vec<String>>,
    /// Regular expressions that match somewhere in it.
    #[schemars(extend("x-one" = true))]
    pub(crate) matches: Option<Vec<String>>,
    /// Regular expressions that match nowhere in it.
    #[schemars(extend("x-one" = true))]
    pub(crate) does_not_match: Option<Vec<String>>,
}

/// What a value must be like; each one that is given.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields, extend("x-short" = "equals"))]
pub(crate) struct RawMatch {
    /// Exactly this.
    pub(crate) equals: Option<String>,
    #[serde(flatten)]
    pub(crate) pieces: RawPieces,
}

/// What printed text must be like; each one that is given.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields, extend("x-short" = "contains"))]
pub(crate) struct RawOutputMatch {
    /// Exactly this.
    pub(crate) equals: Option<String>,
    #[serde(flatten)]
    pub(crate) pieces: RawPieces,
}

/// A variable.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields, extend("x-short" = "equals"))]
pub(crate) struct RawVariable {
    /// In which kind of session; `login` by default.
    pub(crate) session: Option<Session>,
    /// It is not set.
    pub(crate) unset: Option<bool>,
    /// Its value is exactly this.
    pub(crate) equals: Option<String>,
    #[serde(flatten)]
    pub(crate) pieces: RawPieces,
}

/// A command and what it must do.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("x-short" = "run"))]
pub(crate) struct RawCommand {
    /// A line for the shell.
    pub(crate) run: String,
    /// In which kind of session; `login` by default.
    pub(crate) session: Option<Session>,
    /// Whether it finds the guest's own programs, such as Debian's `git`, `perl` and `awk`; yes by default.
    pub(crate) guest_programs: Option<bool>,
    /// Its exit status; 0 by default.
    #[schemars(range(min = 0, max = 255))]
    pub(crate) exit: Option<i32>,
    /// What its standard output must be like. A text must be in it.
    pub(crate) stdout: Option<RawOutputMatch>,
    /// What its standard error must be like. A text must be in it.
    pub(crate) stderr: Option<RawOutputMatch>,
}

/// Generations of Home Manager.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("x-short" = "count"))]
pub(crate) struct RawGenerations {
    /// How many there are.
    #[schemars(range(min = 0))]
    pub(crate) count: Option<u32>,
    /// The number of the current one.
    #[schemars(range(min = 1))]
    pub(crate) current: Option<u32>,
}
