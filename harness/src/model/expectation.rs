//! What must be true after a step.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Session;

/// Something that must be true after a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectation {
    /// What.
    pub check: Check,
    /// The user it is about; `None` where it is about the step or the machine.
    pub user: Option<String>,
    /// How long it may take to become true after the step, in seconds; `None`: it must be true at once.
    pub within_s: Option<u32>,
    /// Its line in the scenario file, from 1.
    pub line: usize,
}

/// A property of what was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum Check {
    /// A program on the user's login PATH.
    Package {
        /// The program's or package's name.
        name: String,
        /// Present with these properties, or absent.
        state: PackageState,
    },
    /// A path in the user's home.
    File {
        /// Relative to the home.
        path: String,
        /// What it must be.
        state: FileState,
    },
    /// A path in the current generation of the user's home.
    InGeneration {
        /// Relative to the generation: `activate`, `home-files/.bashrc`.
        path: String,
        /// What it must be.
        state: FileState,
    },
    /// A variable in a kind of session.
    Variable {
        /// The variable's name.
        name: String,
        /// In which kind of session.
        session: Session,
        /// Its value; `None`: it must not be set.
        value: Option<TextMatch>,
    },
    /// A command run as the user after the step.
    Command {
        /// A line for the shell.
        command: String,
        /// Whether it finds no program of the guest's own.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        without_guests: bool,
        /// In which kind of session.
        session: Session,
        /// Its exit status.
        exit: i32,
        /// What its standard output must be like.
        stdout: Vec<TextMatch>,
        /// What its standard error must be like.
        stderr: Vec<TextMatch>,
    },
    /// A unit of the user's service manager.
    Unit {
        /// Its full name.
        name: String,
        /// Its state.
        state: UnitState,
    },
    /// What the step printed on either stream.
    Output(TextMatch),
    /// Warnings of the evaluation, each one a text that some warning must match; `[]`: there is none.
    Warnings(Vec<TextMatch>),
    /// No warning but those that are like one of these.
    OnlyWarnings(Vec<TextMatch>),
    /// Errors of the evaluation, in the same way; `[]` is true also of a step that fails later.
    Errors(Vec<TextMatch>),
    /// The number of Home Manager generations.
    GenerationCount(u32),
    /// The number of the current Home Manager generation.
    CurrentGeneration(u32),
    /// No file in the home ends in `.` and one of these extensions.
    NoLeftovers(BTreeSet<String>),
}

impl Check {
    /// Whether it is about what the step printed, which does not change later.
    #[must_use]
    pub fn is_printed(&self) -> bool {
        matches!(
            self,
            Self::Output(_) | Self::Warnings(_) | Self::OnlyWarnings(_) | Self::Errors(_)
        )
    }
}

/// What must be true of a package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum PackageState {
    /// A profile puts it on the PATH.
    Present {
        /// Its version.
        version: Option<String>,
        /// The profile that provides it.
        profile: Option<Profile>,
    },
    /// Nothing puts it on the PATH.
    Absent,
}

/// A profile that can put programs on a PATH.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Profile {
    /// `~/.nix-profile` or `~/.local/state/nix/profile`.
    User,
    /// `/etc/profiles/per-user/NAME`, with `userPackages`.
    PerUser,
    /// `/run/current-system/sw`.
    System,
    /// `/nix/var/nix/profiles/default`.
    Default,
}

impl Profile {
    /// It as people name it.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::User => "the user's profile",
            Self::PerUser => "the per-user profile",
            Self::System => "the system profile",
            Self::Default => "the default profile",
        }
    }
}

/// What must be true of a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum FileState {
    /// Nothing is there.
    Absent,
    /// Something is there, with each of these properties.
    Present(Vec<FileProperty>),
}

/// A property of a path in a home.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum FileProperty {
    /// Its own type, links not followed.
    Type(FileType),
    /// Its permission bits, links followed.
    Mode(u32),
    /// Whether its owner may execute it, links followed.
    Executable(bool),
    /// Its owner's name.
    Owner(String),
    /// Its content, links followed.
    Content(TextMatch),
    /// A value in its content, which is of that format.
    Value {
        /// How the content is read.
        format: DataFormat,
        /// The names that lead to the value, from the outermost.
        way: Vec<String>,
        /// The value; `None`: there is none.
        value: Option<serde_json::Value>,
    },
    /// Where the link points, as it is written.
    Target(TextMatch),
    /// The absolute path where the link leads, every link followed.
    End(TextMatch),
    /// What kind of place the link leads to.
    TargetKind(TargetKind),
}

/// A type of file.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum FileType {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink,
    /// A named pipe.
    Fifo,
    /// A socket.
    Socket,
    /// A device node.
    Device,
}

/// What a link leads to in the end.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum TargetKind {
    /// A file of the current Home Manager generation.
    Generation,
    /// Another store path.
    Store,
    /// Something outside the store.
    OutOfStore,
    /// Nothing.
    Dangling,
}

/// A format of settings files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum DataFormat {
    /// JSON.
    Json,
    /// TOML.
    Toml,
    /// `key = value` below `[section]`; a value is a text.
    Ini,
}

/// What a text must be like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum TextMatch {
    /// Exactly this.
    Equals(String),
    /// This is in it.
    Contains(String),
    /// This is not in it.
    Lacks(String),
    /// This regular expression matches somewhere in it.
    Matches(String),
    /// This regular expression matches nowhere in it.
    DoesNotMatch(String),
}

/// The state of a unit.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum UnitState {
    /// It runs, or a oneshot that remains.
    Active,
    /// It is known and does not run.
    Inactive,
    /// It failed.
    Failed,
    /// The manager does not know it.
    Absent,
}
