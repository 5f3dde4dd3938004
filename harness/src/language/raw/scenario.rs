//! The scenario itself.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

use super::{RawFlake, RawLaws, RawSetup, RawStep};
use crate::model::InitialHome;

/// One scenario: a setup, what is done with it, and what must be true afterwards.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RawScenario {
    /// The scenario's name: letters, digits, `-` and `_`. Unique among all scenarios; names the folder of its
    /// snapshots.
    pub(crate) name: String,
    /// What it is for, in a sentence.
    pub(crate) description: Option<String>,
    /// A setup in words, rendered into a flake. Either this or `flake`.
    pub(crate) setup: Option<RawSetup>,
    /// A flake of your own. Either this or `setup`. A text is its path, with `#output` if need be.
    pub(crate) flake: Option<RawFlake>,
    /// The users of the machine. Those of the setup are there anyway; name them to say what their homes hold.
    pub(crate) users: Option<BTreeMap<String, RawUser>>,
    /// Values to try, every one with every other: a case each.
    #[expect(
        dead_code,
        reason = "expanded before serde sees it; here for the schema"
    )]
    pub(crate) matrix: Option<RawMatrix>,
    /// What the machine is. A text is its Debian release.
    pub(crate) guest: Option<RawGuest>,
    /// Whether the machine reaches the internet, and uses Nix's default binary cache and flake registry. Off by
    /// default.
    pub(crate) network: Option<RawNetwork>,
    /// Binary caches in place of the default one, where `network` is on. A text is an address, or `default` for Nix's
    /// own.
    pub(crate) substituters: Option<Vec<RawSubstituter>>,
    /// Packages that the pocket channel has by name alone, by the names that Nix text gives them: what is installed says what
    /// it is and fails. One that the channel has stays as it is.
    #[schemars(extend("examples" = [["zig", "nodePackages.prettier"]]))]
    pub(crate) stand_ins: Option<Vec<String>>,
    /// Folders of a home that are not looked into, relative to it: what they hold says nothing of the setup.
    pub(crate) exclude: Option<Vec<String>>,
    /// Whether what is seen after steps that change a home is compared with a reviewed snapshot. On by default; a
    /// step's own `snapshot` counts more.
    pub(crate) snapshot: Option<bool>,
    /// Which laws are tried: properties that hold of every good setup. All but `clean`, `reboots`
    /// and `equal` by default.
    pub(crate) laws: Option<RawLaws>,
    /// What is done, in order, and what must be true after each. A step without details is one word.
    pub(crate) steps: Vec<RawStep>,
}

/// The machine.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("x-short" = "suite"))]
pub(crate) struct RawGuest {
    /// Its Debian release: `trixie` (the default, with Nix 2.26), or `sid`, whose Nix is the newest in Debian.
    #[schemars(extend("examples" = ["trixie", "sid"]))]
    pub(crate) suite: Option<String>,
    /// Its memory, as `4GiB` or `1536MiB`: 1.5 GiB by default, and 4 GiB with a network or a channel of one's own.
    #[schemars(extend("examples" = ["2GiB", "4GiB", "8GiB"]))]
    pub(crate) memory: Option<String>,
    /// The size of its disk, as `16GiB`, of which only what is written takes room on this computer. By default the
    /// machine finds about 3 GiB free, and has a disk of 16 GiB with a network or a channel of one's own.
    #[schemars(extend("examples" = ["16GiB", "64GiB"]))]
    pub(crate) disk: Option<String>,
    /// Its processors, 8 at most; by default 2, and 1 where QEMU emulates them.
    #[schemars(range(min = 1, max = 8))]
    pub(crate) cpus: Option<u32>,
}

/// What the machine reaches.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("x-short" = "enable"))]
pub(crate) struct RawNetwork {
    /// Whether there is a network at all; yes by default where `network` is given.
    pub(crate) enable: Option<bool>,
    /// Whether the machine also reaches this computer, as 10.0.2.2, and its neighbours. No by default.
    pub(crate) reaches_host: Option<bool>,
}

/// A user of the machine.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("x-short" = "home"))]
pub(crate) struct RawUser {
    /// What the home holds before the first step; `empty` by default.
    pub(crate) home: Option<InitialHome>,
    /// The home directory; `/home/NAME` by default.
    #[schemars(extend("examples" = ["/data/alice", "/Users/alice"]))]
    pub(crate) home_directory: Option<String>,
}

/// A binary cache.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("x-short" = "url"))]
pub(crate) struct RawSubstituter {
    /// Its address, or `default`.
    pub(crate) url: String,
    /// The public key that its paths are signed with. Without one it is trusted as it is.
    pub(crate) key: Option<String>,
}

/// The matrix is expanded before serde sees the scenario, so nothing of it is kept; its schema is for editors.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct RawMatrix {}

impl JsonSchema for RawMatrix {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "RawMatrix".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "description": "Axes by name, each with the values to try. An axis named like a key of the setup \
                (`stateVersion`, `install`, `globalPkgs` …) sets it; one with a dot (`users.alice.home`) sets that \
                place of the scenario; any other is put wherever `${{ matrix.NAME }}` stands.",
            "properties": {
                "include": {
                    "type": "array",
                    "description": "Combinations to add: a value for every axis.",
                    "items": { "type": "object", "description": "A value for each axis." }
                },
                "exclude": {
                    "type": "array",
                    "description": "Combinations to leave out: values for some of the axes.",
                    "items": { "type": "object", "description": "Values for some of the axes." }
                }
            },
            "additionalProperties": {
                "type": "array",
                "description": "The axis's values: each a plain value, or `value:` with a `name:` for the case's id \
                    and a piece of scenario to `set:` along with it.",
                "items": true
            }
        })
    }
}
