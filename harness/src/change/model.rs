//! The types of a change: plain data, the same in JSON as here.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::{FileType, Profile, Session, TargetKind, UnitState};
use crate::observe::Content;

/// What differs between two observations. All names and texts in it are fit to be shown: control characters are escaped.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The exit status of the steps, where it differs.
    pub status: Option<Turn<i32>>,
    /// Warnings of the evaluation that are new or gone.
    pub warnings: Lines,
    /// Errors, and lines that the activation printed, that are new or gone.
    pub messages: Lines,
    /// What differs for each user who has differences, by login name.
    pub users: BTreeMap<String, UserChange>,
    /// The generations of the system's own profile, where they differ.
    pub system: Option<Turn<Option<Numbers>>>,
}

/// Something before and after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Turn<T> {
    /// As it was.
    pub before: T,
    /// As it is now.
    pub after: T,
}

impl<T> Turn<T> {
    /// How something turned, if it is another one now.
    pub(super) fn between(before: T, after: T) -> Option<Self>
    where
        T: PartialEq,
    {
        (before != after).then_some(Self { before, after })
    }

    /// The same of what `of` makes of either side.
    pub(super) fn map<U>(self, of: impl Fn(T) -> U) -> Turn<U> {
        Turn {
            before: of(self.before),
            after: of(self.after),
        }
    }
}

impl<T: fmt::Display> fmt::Display for Turn<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} -> {}", self.before, self.after)
    }
}

/// Texts that came and went.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lines {
    /// Those that were not there before.
    pub new: Vec<String>,
    /// Those that are not there any more.
    pub gone: Vec<String>,
}

impl Lines {
    /// Whether nothing came and nothing went.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.new.is_empty() && self.gone.is_empty()
    }
}

/// Numbers of generations.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Numbers {
    /// Of all of them, ascending.
    pub all: Vec<u32>,
    /// Of the current one.
    pub current: Option<u32>,
}

/// What differs for a user.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserChange {
    /// Whether the user came or went: the rest is then against nothing.
    pub presence: Presence,
    /// Packages whose programs are on the login PATH, and those without programs in the user's own profiles.
    pub packages: Vec<PackageChange>,
    /// Programs of profiles that became hidden by others, or are not hidden any more.
    pub shadowed: Vec<ShadowChange>,
    /// Programs that another directory provides now, and whose package says nothing of it.
    pub runs: Vec<RunsChange>,
    /// What the setup itself made and says something else: programs by their path, other files of packages in the
    /// user's profiles as `PACKAGE/PATH`.
    pub own_programs: Vec<FileChange>,
    /// Programs of the distribution that came or went.
    pub system_programs: Lines,
    /// Paths in the home.
    pub files: Vec<FileChange>,
    /// Variables of sessions.
    pub variables: Vec<VariableChange>,
    /// Units of the service manager, with what defines them.
    pub units: Vec<UnitChange>,
    /// What the commands asked for did otherwise.
    pub commands: Vec<CommandChange>,
    /// Home Manager's generations, where they differ.
    pub generations: Option<Turn<Numbers>>,
    /// Nix profiles whose generations differ.
    pub profiles: BTreeMap<Profile, Turn<Option<Numbers>>>,
    /// Links by which Nix and Home Manager keep their generations.
    pub links: Vec<FileChange>,
    /// Store paths that have the same name and another hash.
    pub rebuilt: Vec<Rebuilt>,
    /// Places that the configuration named and names no more.
    pub left_behind: Vec<LeftBehind>,
}

/// Whether a user was seen on both sides.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Presence {
    /// On both.
    #[default]
    Both,
    /// Only after.
    Appeared,
    /// Only before.
    Gone,
}

/// A package whose programs are on the login PATH, or one without programs in a profile of the user's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageChange {
    /// Its name, without version.
    pub package: String,
    /// The profile that provides it (the later one); `None` for a store path put on PATH by hand.
    pub profile: Option<Profile>,
    /// What became of it.
    pub turn: PackageTurn,
}

/// What became of a package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PackageTurn {
    /// It came.
    Appeared {
        /// Its version; empty where its store path names none.
        version: String,
        /// Its programs.
        programs: Vec<String>,
    },
    /// It went.
    Gone {
        /// Its version.
        version: String,
        /// Its programs.
        programs: Vec<String>,
    },
    /// It has another version, and perhaps other programs and another profile.
    Version {
        /// The versions.
        versions: Turn<String>,
        /// Its programs that came and went.
        programs: Lines,
        /// The profile before, where it is another one.
        from: Option<Provider>,
    },
    /// The same version is in another profile.
    Moved {
        /// Its version.
        version: String,
        /// Where it was.
        from: Provider,
        /// Its programs that came and went.
        programs: Lines,
    },
    /// The same version has other programs.
    Programs {
        /// Its version.
        version: String,
        /// Its programs that came and went.
        programs: Lines,
    },
}

/// What puts a package on PATH.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Provider {
    /// A profile.
    Profile(Profile),
    /// A store path put on PATH by hand.
    Store,
}

/// A program of a profile that is hidden by another directory's, or was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShadowChange {
    /// The program's name.
    pub program: String,
    /// The directory on PATH that has it.
    pub directory: String,
    /// The directory whose program is run instead.
    pub by: Turn<Option<String>>,
}

/// A program that another directory provides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunsChange {
    /// The program's name.
    pub program: String,
    /// The directories.
    pub directory: Turn<String>,
}

/// A path in a home.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileChange {
    /// Relative to the home (the later one, of a file that moved).
    pub path: String,
    /// What became of it.
    pub turn: FileTurn,
}

/// What became of a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileTurn {
    /// Something is there now.
    Appeared {
        /// What it is.
        #[serde(rename = "look")]
        view: FileView,
        /// What it says.
        text: Option<Hunk>,
    },
    /// Nothing is there any more.
    Gone {
        /// What it was.
        #[serde(rename = "look")]
        view: FileView,
        /// What it said.
        text: Option<Hunk>,
    },
    /// What was elsewhere is here now.
    Moved {
        /// Where it was.
        from: String,
        /// What else differs.
        differences: Vec<Difference>,
        /// How its text differs.
        text: Option<Hunk>,
    },
    /// It differs.
    Changed {
        /// How.
        differences: Vec<Difference>,
        /// How its text differs.
        text: Option<Hunk>,
    },
}

/// What a path is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileView {
    /// Its own type.
    pub file_type: FileType,
    /// What kind of place a link leads to.
    pub link: Option<TargetKind>,
    /// Where a link points, store hashes left out.
    pub target: Option<String>,
    /// Its permission bits in octal, links to managed files followed; `None` for other links.
    pub mode: Option<String>,
    /// Its owner.
    pub owner: String,
    /// Size and digest of a content that is not shown as text.
    pub digest: Option<Digest>,
}

/// A content that is not shown as text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    /// In bytes.
    pub size: u64,
    /// SHA-256 in hexadecimal digits.
    pub sha256: String,
}

impl Digest {
    /// That of a content, unless it is shown as text.
    pub(super) fn of(content: &Content) -> Option<Self> {
        match content {
            Content::Text(_) => None,
            Content::Digest { size, sha256, .. } => Some(Self {
                size: *size,
                sha256: sha256.clone(),
            }),
        }
    }
}

/// One way in which a path differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Difference {
    /// Its type.
    Type(Turn<FileType>),
    /// Its permission bits in octal.
    Mode(Turn<String>),
    /// Its owner.
    Owner(Turn<String>),
    /// What kind of place a link leads to.
    Link(Turn<TargetKind>),
    /// Where a link points, store hashes left out.
    Target(Turn<String>),
    /// Its content, where one side is not shown as text; `None` is a text, or nothing to read.
    Content(Turn<Option<Digest>>),
    /// Whether it was looked into.
    LookedInto(Turn<bool>),
    /// Its group.
    Group(Turn<String>),
    /// An extended attribute; `None` where it is not set.
    Attribute {
        /// Its name.
        name: String,
        /// Its value.
        value: Turn<Option<String>>,
    },
    /// What it is in particular, in words: a hard link's other name, a device's numbers.
    Particular(Turn<Option<String>>),
}

/// How a text differs, in the unified format.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hunk {
    /// Lines that begin with `@@`, a blank, `-`, `+` or `\`.
    pub lines: Vec<String>,
    /// How many lines were added, all of them counted.
    pub added: usize,
    /// How many lines were removed, all of them counted.
    pub removed: usize,
    /// How many lines of the difference are not in `lines`.
    pub left_out: usize,
}

/// A variable of sessions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VariableChange {
    /// Its name.
    pub name: String,
    /// The kinds of session in which it turned so.
    pub sessions: Vec<Session>,
    /// Its value, `None` where it is not set; store hashes left out.
    pub value: Turn<Option<String>>,
}

/// A unit of the user's service manager.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitChange {
    /// Its full name.
    pub name: String,
    /// What systemd says of it, where that differs; `None` on a side where the manager was not asked about it.
    pub state: Option<Turn<Option<UnitView>>>,
    /// The files in the home that define it or ask for it, where they differ.
    pub files: Vec<FileChange>,
}

/// What systemd says of a unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitView {
    /// Its state in the words of a scenario.
    pub state: UnitState,
    /// systemd's finer word, such as `running`.
    pub sub_state: String,
    /// Whether it is enabled, in systemd's word; empty where it does not say.
    pub enabled: String,
}

/// A command asked for on both sides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandChange {
    /// The line for the shell.
    pub command: String,
    /// The kind of session it ran in.
    pub session: Session,
    /// Its exit status, where that differs.
    pub status: Option<Turn<i32>>,
    /// How its standard output differs.
    pub stdout: Option<Hunk>,
    /// How its standard error differs.
    pub stderr: Option<Hunk>,
}

/// A store path with the same name and another hash.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Rebuilt {
    /// What follows the hash: name and version.
    pub name: String,
    /// Whether it is no package but what Home Manager or Nix makes of a configuration as a whole, so that it has another
    /// hash whenever anything differs.
    pub is_product: bool,
    /// The store paths.
    pub store_path: Turn<String>,
}

/// A place in the home that the configuration named and names no more.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LeftBehind {
    /// Relative to the home.
    pub path: String,
    /// Where the configuration points instead, relative to the home; `None` where it names no other place.
    pub now: Option<String>,
    /// The file or variable of the configuration that says so.
    pub named_in: String,
    /// Whether something is there.
    pub exists: bool,
}
