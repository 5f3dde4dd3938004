//! A setup whose every mistake was refused, ready to be rendered.

use std::collections::BTreeMap;

use serde_yaml::Value;

use crate::model::{Install, SeedFile};

/// The user of a setup that names none.
pub(crate) const DEFAULT_USER: &str = "alice";
/// The host of a setup that names none.
pub(crate) const DEFAULT_HOST: &str = "machine";
/// Where the guest keeps the offline channel.
pub(crate) const POCKET: &str = "path:/etc/switchproof/pocket";

/// A described setup.
#[derive(Debug, Clone)]
pub(crate) struct Setup {
    pub(crate) install: Install,
    /// Whether it is a flake; else its inputs are channels, and each home is a `home.nix`.
    pub(crate) is_flake: bool,
    pub(crate) inputs: BTreeMap<String, Input>,
    pub(crate) host: String,
    /// As Nix names it: `x86_64-linux`.
    pub(crate) system: String,
    pub(crate) global_pkgs: Option<bool>,
    pub(crate) user_packages: Option<bool>,
    pub(crate) backup: Option<String>,
    pub(crate) modules: Vec<String>,
    pub(crate) shared_modules: Vec<String>,
    pub(crate) special_args: BTreeMap<String, Value>,
    pub(crate) overlays: Vec<String>,
    pub(crate) allow_unfree: Option<bool>,
    /// Never empty.
    pub(crate) homes: BTreeMap<String, Home>,
}

/// An input of the rendered flake.
#[derive(Debug, Clone)]
pub(crate) struct Input {
    pub(crate) url: String,
    /// Its own inputs, each with the input of the flake that it follows.
    pub(crate) follows: BTreeMap<String, String>,
    pub(crate) is_flake: bool,
}

/// One user's home.
#[derive(Debug, Clone, Default)]
pub(crate) struct Home {
    /// The home directory, where it is none of the usual.
    pub(crate) directory: Option<String>,
    pub(crate) state_version: Option<String>,
    pub(crate) packages: Vec<String>,
    pub(crate) programs: Vec<String>,
    pub(crate) config: Option<String>,
    pub(crate) import: Option<Import>,
    pub(crate) files: BTreeMap<String, HomeFile>,
    pub(crate) session_variables: BTreeMap<String, String>,
    pub(crate) services: BTreeMap<String, Option<Value>>,
}

/// A module of the host's that is copied beside `flake.nix`.
#[derive(Debug, Clone)]
pub(crate) struct Import {
    /// Its own name: `home.nix`, or a folder's.
    pub(crate) name: String,
    /// By path relative to it; one entry with an empty path for a single file.
    pub(crate) files: BTreeMap<String, SeedFile>,
}

/// A file that Home Manager puts into the home.
#[derive(Debug, Clone)]
pub(crate) struct HomeFile {
    pub(crate) content: Content,
    pub(crate) executable: Option<bool>,
    pub(crate) force: Option<bool>,
}

/// Where a home's file has its content from.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    /// `text = …`.
    Text(String),
    /// `source = …`: a copy of this beside `flake.nix`.
    Copy(BTreeMap<String, SeedFile>),
}

/// The platform of the machines on this computer, as Nix names it.
pub(crate) fn this_system() -> String {
    format!("{}-linux", std::env::consts::ARCH)
}
