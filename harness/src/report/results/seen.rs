//! What was seen in a state, in the words of the document.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::change::{Change, ShowOptions};

/// A machine state that a case passes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StateResult {
    /// The step that leads to it, or `prepare`.
    pub step: String,
    /// The state before; absent for what follows a booted guest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// How many selected cases pass it.
    pub shared_by: usize,
    /// Whether a machine reached it in this run; else it is known from an earlier one.
    pub ran: bool,
    /// When its machine ran, in seconds since 1970 UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_unix_s: Option<u64>,
    /// How long the step to it took, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub took_s: Option<f64>,
    /// How the step ended and what it printed; absent when it did not end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<OutputResult>,
    /// The last lines that a step printed which did not come to its end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub last_lines: Vec<String>,
    /// The warnings of the evaluation.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// What was seen of each user, by login name; empty where only the output was looked at.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub users: BTreeMap<String, UserResult>,
    /// What differs from the nearest state before that was looked at; absent where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<ChangeResult>,
}

/// What differs between two states.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChangeResult {
    /// The key of the state before.
    pub since: String,
    /// All of it in a line: `2 programs, 1 file`.
    pub line: String,
    /// It as people read it, as `switchproof diff` prints it.
    pub text: String,
    /// It as data, as `switchproof diff --format json` prints it.
    #[schemars(with = "serde_json::Value")]
    pub details: Change,
}

impl ChangeResult {
    /// A change since a state.
    #[must_use]
    pub fn new(since: &str, change: Change) -> Self {
        Self {
            since: since.to_owned(),
            line: change.counts().line(),
            text: change.show(ShowOptions::default()),
            details: change,
        }
    }
}

/// How a step ended and what it printed, control characters replaced.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OutputResult {
    /// The exit status; 128 + n after signal n.
    pub status: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// Whether the middle of a stream is left out, where a line says so.
    pub truncated: bool,
}

/// What was seen of a user.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UserResult {
    /// The absolute path of their home.
    pub home_directory: String,
    /// Everything in the home, by path relative to it; the home itself is `.`.
    pub home: BTreeMap<String, EntryResult>,
    /// How many entries are left out of `home`: a document has room for 400,000 in all, a page for fewer.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub home_left_out: usize,
    /// The directories on the PATH of a login session.
    pub path: Vec<String>,
    /// The packages whose programs are on it.
    pub packages: Vec<PackageResult>,
    /// How many programs other directories of that PATH offer: the distribution's.
    pub system_programs: usize,
    /// The variables of each kind of session that was looked at.
    pub sessions: BTreeMap<String, BTreeMap<String, String>>,
    /// The user's units; absent where there was no service manager to ask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub units: Option<BTreeMap<String, UnitResult>>,
    /// Home Manager's generations.
    pub generations: GenerationsResult,
    /// The generations of the Nix profiles that exist for the user.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub profiles: BTreeMap<String, GenerationsResult>,
    /// What the commands asked for did.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<CommandResult>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands over a reference"
)]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// A path in a home.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EntryResult {
    /// `file`, `directory`, `excluded` (not looked into), `symlink`, `not-followed` (a link behind a link, which leads
    /// elsewhere), `hard-link`, `fifo`, `socket` or `device`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its permission bits in octal; absent for a link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// Its owner.
    pub owner: String,
    /// Its group; absent where it is not told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Extended attributes by name, access control lists and capabilities among them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
    /// The path in the home that is another name of the same file and says everything else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same_file_as: Option<String>,
    /// The numbers of a device: `block 8:1` or `character 1:3`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// Where a link points, as it is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// What kind of place a link leads to: `generation`, `store`, `out-of-store` or `dangling`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leads_to: Option<String>,
    /// What is in it, links to managed files followed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<ContentResult>,
    /// What is behind a link to a directory in the store, by path relative to it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tree: BTreeMap<String, EntryResult>,
}

/// What is in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ContentResult {
    /// A text, by its id in `texts`.
    Text(String),
    /// Something that is no text, or what was beyond the room for texts.
    Digest {
        /// In bytes.
        size: u64,
        /// SHA-256 in hexadecimal digits.
        sha256: String,
    },
}

/// A package whose programs are on a login PATH.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PackageResult {
    /// Its name, without version.
    pub package: String,
    /// Its version; empty where its store path names none.
    pub version: String,
    /// The profile that provides it: `user`, `per-user`, `system` or `default`; absent for a store path put on PATH by
    /// hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// Its programs.
    pub programs: Vec<String>,
    /// Those that a directory earlier on PATH hides, with that directory.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub shadowed: BTreeMap<String, String>,
}

/// A unit of a user's service manager.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UnitResult {
    /// `active`, `inactive`, `failed` or `absent`.
    pub state: String,
    /// systemd's words: `active (running)`.
    pub systemd: String,
    /// Whether it is enabled, in systemd's word; empty where it does not say.
    pub enabled: String,
}

/// Generations of Home Manager or of a profile.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GenerationsResult {
    /// Their numbers, ascending.
    pub numbers: Vec<u32>,
    /// The number of the current one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<u32>,
}

/// What a command asked for did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CommandResult {
    /// The line for the shell.
    pub command: String,
    /// The kind of session it ran in.
    pub session: String,
    /// What provides the program that it runs first in a login session: a profile (`user`, `per-user`, `system`, `default`),
    /// another path in the `store`, or the `guest`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// Its exit status.
    pub status: i32,
    /// Its standard output, control characters replaced.
    pub stdout: String,
    /// Its standard error, likewise.
    pub stderr: String,
}
