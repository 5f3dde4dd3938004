//! The observation: plain data, equal for equal machines, kept as JSON in the result cache.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::home::{Content, Home};
use super::output::StepOutput;
use super::places::PlaceSeen;
use super::warnings::warnings;
use crate::login::NoLogin;
use crate::model::{Profile, Session, UnitState};

/// What was seen after a step. Holds no times, no inode numbers and nothing of the host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation {
    /// The format of what follows.
    pub format: Format,
    /// How the step ended and what it printed.
    pub output: StepOutput,
    /// The warnings of the evaluation, in the order they were printed.
    pub warnings: Vec<String>,
    /// What was seen of each user, by login name.
    pub users: BTreeMap<String, UserSeen>,
    /// The generations of the system's own profile; `None` where the guest has no such profile.
    pub system: Option<ProfileSeen>,
    /// The names in the store (`HASH-NAME`) that were there before the first step: what the image brought along.
    pub image_paths: BTreeSet<String>,
    /// What of a NixOS host is not in the system that runs, as the machine has its own, a line each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replaced: Vec<String>,
    /// Texts that are too long to be shown, to be searched: by the SHA-256 of a content that is kept as its digest.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub long_texts: BTreeMap<String, String>,
}

impl Observation {
    /// The users who could not log in, in the step or afterwards.
    pub fn no_logins(&self) -> impl Iterator<Item = &NoLogin> {
        let users = self
            .users
            .values()
            .filter_map(|user| user.no_login.as_ref());
        self.output.no_login.iter().chain(users)
    }

    /// What is seen here, after what `other` printed.
    #[must_use]
    pub fn said(self, other: &Self) -> Self {
        Self {
            output: other.output.clone(),
            warnings: other.warnings.clone(),
            ..self
        }
    }

    /// What is known when only a step's output was observed.
    pub fn printed(output: StepOutput) -> Self {
        Self {
            format: Format,
            warnings: warnings(&output.stderr),
            output,
            users: BTreeMap::new(),
            system: None,
            image_paths: BTreeSet::new(),
            replaced: Vec::new(),
            long_texts: BTreeMap::new(),
        }
    }
}

/// The format of a kept observation: one of another format cannot be read, so that what an older version of this
/// program saw is seen anew and never judged by half.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Format;

impl Format {
    /// Counted up whenever what an observation holds, or how it is captured, changes.
    const NUMBER: u32 = 4;
}

impl Serialize for Format {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::NUMBER.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Format {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u32::deserialize(deserializer)? {
            Self::NUMBER => Ok(Self),
            other => Err(D::Error::custom(format!(
                "an observation in format {other} where {} is known",
                Self::NUMBER
            ))),
        }
    }
}

/// What was seen of a user.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserSeen {
    /// The absolute path of their home.
    pub home_directory: String,
    /// Everything in the home.
    pub home: Home,
    /// Why the user cannot log in, if they cannot: then nothing is known of their programs and units.
    pub no_login: Option<NoLogin>,
    /// The directories on the PATH of a login session, in order.
    pub login_path: Vec<PathDirectory>,
    /// The programs that Nix profiles or store paths put on that PATH, sorted by name, then by place on PATH.
    pub programs: Vec<Program>,
    /// The packages that the profiles of their own are made of, by profile and store path, whether or not they have
    /// programs.
    pub packages: Vec<ProfilePackage>,
    /// The programs that other directories of that PATH offer (the distribution's), with the first such directory.
    pub system_programs: BTreeMap<String, String>,
    /// The variables of each kind of session that was observed. A login session always is.
    pub sessions: BTreeMap<Session, BTreeMap<String, String>>,
    /// Why there is no session of a kind that was to be observed.
    pub no_sessions: BTreeMap<Session, NoLogin>,
    /// The variables that a login session of theirs had before the first step: what says nothing of a setup.
    pub baseline: BTreeMap<String, String>,
    /// The user's units: those the home defines and those asked for. `None`: there was no service manager to ask.
    pub units: Option<BTreeMap<String, UnitSeen>>,
    /// Home Manager's generations.
    pub generations: Generations,
    /// The Nix profiles that exist for the user, by what they are.
    pub profiles: BTreeMap<Profile, ProfileSeen>,
    /// What the commands asked for did.
    pub commands: Vec<CommandSeen>,
    /// What is at places that were asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<PlaceSeen>,
}

/// What provides a program of a login session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provider<'seen> {
    /// A profile, or a store path that is on PATH by itself.
    Nix(&'seen Program),
    /// The guest, in this folder.
    Guest(&'seen str),
}

impl UserSeen {
    /// What a login session runs by this name.
    pub fn provider(&self, name: &str) -> Option<Provider<'_>> {
        let mut programs = self.programs.iter();
        let first = programs.find(|it| it.name == name && it.shadowed_by.is_none());
        first.map(Provider::Nix).or_else(|| {
            let folder = self.system_programs.get(name)?;
            Some(Provider::Guest(folder))
        })
    }
}

/// A directory on a PATH.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PathDirectory {
    /// As it is written in PATH.
    pub directory: String,
    /// The profile it is the `bin` of.
    pub profile: Option<Profile>,
}

/// A program that Nix puts on a PATH.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Program {
    /// The name to run it by.
    pub name: String,
    /// The directory on PATH that has it.
    pub directory: String,
    /// The profile that directory belongs to; `None` for a store path put on PATH by hand.
    pub profile: Option<Profile>,
    /// The store path of the package it comes from: the first behind the profile that is no profile itself.
    pub store_path: Option<String>,
    /// The package's name, without version.
    pub package: String,
    /// The package's version; empty when its store path names none.
    pub version: String,
    /// The directory earlier on PATH whose program of the same name is run instead.
    pub shadowed_by: Option<String>,
    /// What the program is, if the setup itself made it: one whose store path names no version is no package.
    pub own: Option<OwnFile>,
    /// Why it cannot be executed: its loader, a library or its interpreter is not there.
    #[serde(default)]
    pub unable: Option<String>,
}

/// A package that a user's profile is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfilePackage {
    /// The profile.
    pub profile: Profile,
    /// The package's store path.
    pub store_path: String,
    /// The package's name, without version.
    pub package: String,
    /// The package's version; empty when its store path names none.
    pub version: String,
    /// What it holds besides programs, by path, if the setup itself made it: one without a version is no package of
    /// anybody's.
    pub files: BTreeMap<String, OwnFile>,
}

/// A file that the setup itself made.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OwnFile {
    /// A file.
    File(Content),
    /// A link, as it is written.
    Link(String),
}

/// Home Manager's generations of a user.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Generations {
    /// Their numbers, ascending.
    pub numbers: Vec<u32>,
    /// The number of the current one.
    pub current: Option<u32>,
    /// The store path of the current one's files, the place managed links point into.
    pub home_files: Option<String>,
}

/// A Nix profile.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileSeen {
    /// The numbers of its generations, ascending; empty for a profile that has none of its own.
    pub generations: Vec<u32>,
    /// The number of the current generation.
    pub current: Option<u32>,
    /// The store path the profile stands for.
    pub store_path: Option<String>,
}

/// A unit of a user's service manager, as systemd says it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitSeen {
    /// Its state in the words of a scenario.
    pub state: UnitState,
    /// systemd's own word, such as `activating`.
    pub active_state: String,
    /// systemd's finer word, such as `running` or `exited`.
    pub sub_state: String,
    /// Whether it is enabled, in systemd's word; empty where it does not say.
    pub enabled: String,
}

/// What a command asked for did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandSeen {
    /// The line for the shell.
    pub command: String,
    /// Whether it found no program of the guest's own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub without_guests: bool,
    /// The kind of session it ran in.
    pub session: Session,
    /// Its exit status.
    pub status: i32,
    /// Whether it was ended because it took too long.
    pub late: bool,
    /// Why it never ran, if it did not.
    pub no_login: Option<NoLogin>,
    /// The beginning of its standard output.
    pub stdout: String,
    /// The beginning of its standard error.
    pub stderr: String,
    /// Whether either stream was longer than what is kept.
    pub truncated: bool,
}
