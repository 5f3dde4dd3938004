//! A setup in words.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::model::Install;

/// A Home Manager setup, rendered into a flake as a person would write it (`switchproof render` prints it).
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RawSetup {
    /// How Home Manager is installed; `standalone` by default.
    pub(crate) install: Option<Install>,
    /// Whether it is a flake; yes by default. `false`: a `home.nix` of a standalone home, which finds nixpkgs and Home
    /// Manager as channels that `nix-channel` keeps.
    pub(crate) flake: Option<bool>,
    /// Where inputs come from that `inputs` does not name: `pocket` (offline, the default), `pocket-24.05` (an
    /// older revision of it), `unstable`, or a release such as `26.05`.
    pub(crate) channel: Option<String>,
    /// The flake's inputs by name. `nixpkgs` and `home-manager` (and `nix-darwin` where it is needed) are there
    /// anyway. A text is an address, or a channel as in `channel`.
    pub(crate) inputs: Option<BTreeMap<String, RawInput>>,
    /// The host's name, for the module installs; `machine` by default.
    pub(crate) host: Option<String>,
    /// The platform; that of this computer's architecture by default.
    pub(crate) system: Option<String>,
    /// `home.stateVersion` of every user who gives none.
    pub(crate) state_version: Option<String>,
    /// `home-manager.useGlobalPkgs`, for the module installs.
    pub(crate) global_pkgs: Option<bool>,
    /// `home-manager.useUserPackages`, for the module installs.
    pub(crate) user_packages: Option<bool>,
    /// The extension given to files in the way: `home-manager.backupFileExtension`, or `-b` for a standalone
    /// switch.
    pub(crate) backup: Option<String>,
    /// More modules, each as Nix text: of the host for the module installs, of every home for `standalone`.
    #[schemars(extend("x-one" = true))]
    pub(crate) modules: Option<Vec<String>>,
    /// Modules of every home, each as Nix text: `home-manager.sharedModules`.
    #[schemars(extend("x-one" = true))]
    pub(crate) shared_modules: Option<Vec<String>>,
    /// Arguments for every module of the homes: `extraSpecialArgs`.
    #[schemars(with = "Option<BTreeMap<String, serde_json::Value>>")]
    pub(crate) special_args: Option<BTreeMap<String, serde_yaml::Value>>,
    /// Overlays of the package set, each as Nix text: `final: prev: { … }`.
    #[schemars(extend("x-one" = true))]
    pub(crate) overlays: Option<Vec<String>>,
    /// `nixpkgs.config.allowUnfree`.
    pub(crate) allow_unfree: Option<bool>,
    /// The home of the one user `alice`. Either this or `users`.
    pub(crate) home: Option<RawHome>,
    /// The homes by user.
    pub(crate) users: Option<BTreeMap<String, RawHome>>,
}

/// An input of the flake.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("x-short" = "url"))]
pub(crate) struct RawInput {
    /// Its address, a channel (`pocket`, `unstable`, a release such as `26.05`), or a folder relative to this file.
    pub(crate) url: Option<String>,
    /// Which input of the channel it is, where its name does not tell.
    pub(crate) take: Option<String>,
    /// The revision to take.
    pub(crate) rev: Option<String>,
    /// Which of its own inputs follow which of the flake's. `home-manager` and `nix-darwin` follow `nixpkgs` by
    /// default; an empty mapping leaves the line out.
    pub(crate) follows: Option<BTreeMap<String, String>>,
    /// Whether it is a flake; yes by default.
    pub(crate) flake: Option<bool>,
}

/// What takes the place of an input.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("x-short" = "url"))]
pub(crate) struct RawReplacement {
    /// An address, a channel (`pocket`, `unstable`, a release such as `26.05`), or a folder relative to this file.
    pub(crate) url: String,
    /// Which input of the channel it is, where neither name nor address tells.
    pub(crate) take: Option<String>,
}

/// One user's home.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RawHome {
    /// `home.stateVersion`. Quote it.
    pub(crate) state_version: Option<String>,
    /// `home.packages`: names of the package set.
    #[schemars(extend("x-one" = true))]
    pub(crate) packages: Option<Vec<String>>,
    /// Programs whose module is switched on: `programs.NAME.enable = true`.
    #[schemars(extend("x-one" = true))]
    pub(crate) programs: Option<Vec<String>>,
    /// Options in Nix: the bindings, or a whole module.
    pub(crate) config: Option<String>,
    /// A file with a module to import, relative to this file.
    pub(crate) import: Option<String>,
    /// `home.file`: by path relative to the home. A text is the file's content.
    pub(crate) files: Option<BTreeMap<String, RawHomeFile>>,
    /// `home.sessionVariables`.
    pub(crate) session_variables: Option<BTreeMap<String, String>>,
    /// `services`: options by service. A service without options is switched on.
    #[schemars(with = "Option<BTreeMap<String, serde_json::Value>>", extend("x-names" = true))]
    pub(crate) services: Option<BTreeMap<String, Option<serde_yaml::Value>>>,
}

/// A file that Home Manager puts into the home.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("x-short" = "text"))]
pub(crate) struct RawHomeFile {
    /// Its content.
    pub(crate) text: Option<String>,
    /// A file whose content it takes, relative to this file.
    pub(crate) from: Option<String>,
    /// Whether it may be executed.
    pub(crate) executable: Option<bool>,
    /// Whether it replaces what is in its way.
    pub(crate) force: Option<bool>,
}

/// A flake of your own. It is copied, never changed.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("x-short" = "path"))]
pub(crate) struct RawFlake {
    /// Its folder, relative to this file, with `#output` if need be; `?dir=` and `?submodules=1` as in Nix.
    pub(crate) path: String,
    /// The home or host in it to switch to.
    pub(crate) output: Option<String>,
    /// How it installs Home Manager; `standalone` by default.
    pub(crate) install: Option<Install>,
    /// The user whose home it is; `alice` by default.
    pub(crate) user: Option<String>,
    /// Another `home.stateVersion`, given from outside.
    pub(crate) state_version: Option<String>,
    /// Inputs replaced from outside, by name: an address, a channel, or a folder.
    pub(crate) inputs: Option<BTreeMap<String, RawReplacement>>,
    /// The extension given to files in the way.
    pub(crate) backup: Option<String>,
}
