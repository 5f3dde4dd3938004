//! The hosts and homes of a flake, to choose one of them.

use std::collections::BTreeMap;
use std::path::Path;

use super::about::Seen;
use super::draft::{home_elsewhere, users_of};
use super::outputs::Output;
use super::{Flake, InitError};
use crate::model::Install;

/// A host or home that a flake names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// What it is.
    pub install: Install,
    /// Its name.
    pub name: String,
    /// The user whose home it is.
    pub user: String,
    /// The other users whose homes it manages.
    pub others: Vec<String>,
    /// Where that home is, as the flake has it, if it is none of the usual places.
    pub home: Option<String>,
    /// Whether an input of the flake may be on the network.
    pub is_remote: bool,
    /// Whether the flake is evaluated with `--impure` alone.
    pub is_impure: bool,
    /// The newest `home.stateVersion` that its files give; `None` where none could be read.
    pub state_version: Option<String>,
}

/// The hosts and homes of a flake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outputs {
    /// Those that its text names.
    pub outputs: Vec<Found>,
    /// What could not be read without evaluating the flake, in words for a person.
    pub notes: Vec<String>,
}

impl Found {
    /// One whose name was not read; `like` is of the same flake.
    #[must_use]
    pub fn unread(name: &str, install: Option<Install>, like: Option<&Self>) -> Self {
        let output = Output::named(install.unwrap_or(Install::Standalone), name);
        let users = users_of(&output, &Seen::default(), &Seen::default());
        Self {
            install: output.install,
            name: output.name,
            user: users.first,
            others: users.others,
            home: None,
            is_remote: like.is_none_or(|like| like.is_remote),
            is_impure: like.is_some_and(|like| like.is_impure),
            state_version: like.and_then(|like| like.state_version.clone()),
        }
    }
}

/// The hosts and homes that the flake in `folder`, or with `?dir=` in a folder of it, names; none where all names are computed.
///
/// # Errors
/// When there is no flake, it is no Nix, or there is no sign of any.
pub fn outputs(folder: &Path, query: &str) -> Result<Outputs, InitError> {
    let flake = Flake::read(folder, query)?;
    let everything = &flake.about.everything;
    let found = |output: &Output| {
        let seen = flake.texts.about(output);
        let users = users_of(output, &seen, everything);
        let version = seen.state_version.or(everything.state_version);
        let is_home = output.install == Install::Standalone;
        Found {
            install: output.install,
            name: output.name.clone(),
            home: home_elsewhere(&seen, &users.first).filter(|_| is_home),
            user: users.first,
            others: users.others,
            is_remote: flake.about.inputs.may_be_remote(&BTreeMap::new()),
            is_impure: flake.about.is_impure,
            state_version: version.map(|it| it.to_string()),
        }
    };
    let outputs: Vec<Found> = flake.outputs.iter().map(found).collect();
    if outputs.is_empty() && flake.notes.is_empty() {
        return Err(InitError::nothing(&flake.notes));
    }
    Ok(Outputs {
        outputs,
        notes: flake.notes,
    })
}
