//! Homes and hosts as Nix evaluated them, in place of what the flake's text says.

use std::collections::BTreeSet;

use super::about::{Seen, subject};
use super::outputs::Output;
use crate::flake::names::{is_host_user, is_user_name};
use crate::flake::release::Release;
use crate::model::Install;

/// A home or host as Nix evaluated it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evaluated {
    /// What it is an output of.
    pub install: Install,
    /// Its name.
    pub name: String,
    /// Whose homes it manages; empty also where that could not be evaluated.
    pub users: BTreeSet<String>,
    /// Their `home.stateVersion`.
    pub versions: BTreeSet<String>,
    /// The platform that it is for.
    pub platform: Option<String>,
    /// What Nix said where something of it could not be evaluated.
    pub error: Option<String>,
}

impl Evaluated {
    /// One of which only the name is known.
    #[must_use]
    pub fn named(install: Install, name: String) -> Self {
        Self {
            install,
            name,
            users: BTreeSet::new(),
            versions: BTreeSet::new(),
            platform: None,
            error: None,
        }
    }

    /// Whether it was evaluated and manages no home.
    pub(super) fn is_homeless(&self) -> bool {
        self.users.is_empty() && self.error.is_none()
    }

    /// What is to be said of one that manages no home, or could not be evaluated as a whole.
    pub(super) fn note(&self) -> Option<String> {
        let subject = subject(self.install, &self.name);
        match &self.error {
            Some(error) => Some(format!(
                "{subject} could not be evaluated as a whole: {error}"
            )),
            None if self.is_homeless() => Some(format!(
                "{subject} has no home of Home Manager: nothing was written for it"
            )),
            None => None,
        }
    }

    /// The output, with what its text says where it is among `read`.
    pub(super) fn output(&self, read: &[Output]) -> Output {
        let is_it = |it: &&Output| it.install == self.install && it.name == self.name;
        let unread = || Output::named(self.install, &self.name);
        read.iter().find(is_it).cloned().unwrap_or_else(unread)
    }

    /// What is known of it: what was evaluated, or else what the text says.
    pub(super) fn seen(&self, read: Seen) -> Seen {
        let is_taken = match self.install {
            Install::Standalone => is_user_name,
            Install::NixosModule | Install::DarwinModule => is_host_user,
        };
        let names = self.users.iter().filter(|it| is_taken(it));
        let users: BTreeSet<String> = names.cloned().collect();
        if users.is_empty() {
            return read;
        }
        let versions = self.versions.iter().filter_map(|it| Release::parse(it));
        let state_version = versions.max().or(read.state_version);
        let (usernames, managed) = match self.install {
            Install::Standalone => (users, BTreeSet::new()),
            Install::NixosModule | Install::DarwinModule => (BTreeSet::new(), users),
        };
        Seen {
            usernames,
            managed,
            state_version,
            ..read
        }
    }
}
