//! Steps.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{RawExpect, RawFlake, RawReplacement, RawSetup};
use crate::model::Session;

/// One thing done to the machine, and what must be true after it. Exactly one action; a bare word is an action
/// without details.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(extend("x-word" = true))]
pub(crate) struct RawStep {
    /// Action: activate the setup.
    pub(crate) switch: Option<RawSwitch>,
    /// Action: build the setup without activating it.
    pub(crate) build: Option<RawBuild>,
    /// Action: activate the generation before the current one.
    pub(crate) rollback: Option<RawWho>,
    /// Action: activate a numbered generation.
    pub(crate) generation: Option<RawGeneration>,
    /// Action: end all of a user's sessions and begin a new one.
    pub(crate) relogin: Option<RawWho>,
    /// Action: restart the machine.
    pub(crate) reboot: Option<RawReboot>,
    /// Action: run a command. A text is the command.
    pub(crate) run: Option<RawRun>,
    /// Action: put files into a home.
    pub(crate) seed: Option<RawSeed>,
    /// Action: change a file of a home by hand.
    pub(crate) edit: Option<RawEdit>,
    /// Action: remove Home Manager and what it put in place.
    pub(crate) uninstall: Option<RawUninstall>,
    /// Action: collect garbage, older generations included.
    pub(crate) collect_garbage: Option<RawCollectGarbage>,

    /// The step's name, in reports and snapshots; the action's word by default.
    pub(crate) name: Option<String>,
    /// What must be true afterwards. A list has one entry for each user it is about.
    #[schemars(extend("x-one" = true))]
    pub(crate) expect: Option<Vec<RawExpect>>,
    /// The step must fail, and its output must contain each of these texts.
    #[schemars(extend("x-one" = true))]
    pub(crate) fails: Option<Vec<String>>,
    /// Whether what is seen afterwards is compared with a reviewed snapshot.
    pub(crate) snapshot: Option<bool>,
    /// How long the action may take: `90s`, `10m`, `1h`.
    pub(crate) deadline: Option<String>,
}

/// Activates a setup: the scenario's, or for this step alone another one.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields, extend("x-short" = "user"))]
pub(crate) struct RawSwitch {
    /// What is activated.
    #[serde(flatten)]
    pub(crate) what: RawBuild,
    /// The extension given to files in the way.
    pub(crate) backup: Option<String>,
    /// Whether to only say what would be done.
    pub(crate) dry_run: Option<bool>,
    /// Which specialisation of the setup is activated: `--specialisation`.
    pub(crate) specialisation: Option<String>,
}

/// Builds a setup without activating it: the scenario's, or for this step alone another one.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields, extend("x-short" = "user"))]
pub(crate) struct RawBuild {
    /// Whose home; needed where several are set up standalone.
    pub(crate) user: Option<String>,
    /// Changes to the scenario's setup for this step: only the keys that differ.
    pub(crate) setup: Option<RawSetup>,
    /// Another flake for this step.
    pub(crate) flake: Option<RawFlake>,
    /// The home or host in the flake to take.
    pub(crate) output: Option<String>,
    /// Another `home.stateVersion` for this step.
    pub(crate) state_version: Option<String>,
    /// Inputs replaced from outside, by name: an address, a channel, or a folder.
    pub(crate) inputs: Option<BTreeMap<String, RawReplacement>>,
    /// Whether the evaluation may read what is outside of the flake: `--impure`.
    pub(crate) impure: Option<bool>,
    /// Whether errors are told with all that was evaluated on the way: `--show-trace`.
    pub(crate) show_trace: Option<bool>,
}

/// A user.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("x-short" = "user"))]
pub(crate) struct RawWho {
    /// Who; needed where there are several.
    pub(crate) user: Option<String>,
}

/// Whose home is given up.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("x-short" = "user"))]
pub(crate) struct RawUninstall {
    /// Who; needed where there are several.
    pub(crate) user: Option<String>,
    /// Variables that are set for it.
    pub(crate) env: Option<BTreeMap<String, String>>,
}

/// A numbered generation.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("x-short" = "number"))]
pub(crate) struct RawGeneration {
    /// Its number, from 1.
    #[schemars(range(min = 1))]
    pub(crate) number: u32,
    /// Whose; needed where there are several.
    pub(crate) user: Option<String>,
}

/// Nothing to say about a restart.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RawReboot {}

/// A command.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("x-short" = "command"))]
pub(crate) struct RawRun {
    /// A line for the shell, or several.
    pub(crate) command: String,
    /// Who runs it: a user, or `root`.
    pub(crate) user: Option<String>,
    /// In which kind of session; `login` by default.
    pub(crate) session: Option<Session>,
    /// Variables that are set for it.
    pub(crate) env: Option<BTreeMap<String, String>>,
}

/// Files to put into a home.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RawSeed {
    /// By path relative to the home. A text is the file's content.
    pub(crate) files: BTreeMap<String, RawSeedFile>,
    /// Whose home; needed where there are several.
    pub(crate) user: Option<String>,
}

/// A file to put into a home.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("x-short" = "text"))]
pub(crate) struct RawSeedFile {
    /// Its content.
    pub(crate) text: Option<String>,
    /// A file or folder to copy, relative to this file.
    pub(crate) from: Option<String>,
    /// It is a symbolic link to this.
    pub(crate) link: Option<String>,
    /// It is an empty directory.
    pub(crate) directory: Option<bool>,
    /// Whether it may be executed.
    pub(crate) executable: Option<bool>,
}

/// A change made by hand. Exactly one of `append`, `replace` and `remove`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RawEdit {
    /// The file, relative to the home.
    pub(crate) path: String,
    /// Text added at its end.
    pub(crate) append: Option<String>,
    /// Its new text; a link becomes a file.
    pub(crate) replace: Option<String>,
    /// The file goes away.
    pub(crate) remove: Option<bool>,
    /// Whose home; needed where there are several.
    pub(crate) user: Option<String>,
}

/// Who collects garbage.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("x-short" = "user"))]
pub(crate) struct RawCollectGarbage {
    /// A user, or `root`, which is the default.
    pub(crate) user: Option<String>,
}
