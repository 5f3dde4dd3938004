//! The document: what a run did and saw, as plain data. It is what `results.json` holds, and every other report is a
//! view of it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::seen::StateResult;
use crate::judge::Verdict;

/// The format that is written. Counted up when a key changes its meaning or goes; keys are added without that.
pub const FORMAT: u32 = 1;

/// Everything that a reader of a run needs without the machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "switchproof results")]
pub struct Results {
    /// The format of this document: 1.
    pub format: u32,
    /// The version of switchproof that wrote it.
    pub switchproof: String,
    /// The run as a whole.
    pub run: RunResult,
    /// How many cases have each verdict.
    pub counts: Counts,
    /// Every selected case, by id.
    pub cases: Vec<CaseResult>,
    /// Every machine state that a case passes and of which something is known, by its key. Cases that begin alike share
    /// states.
    pub states: BTreeMap<String, StateResult>,
    /// What machines did in this run, by the time at which it began.
    pub spans: Vec<Span>,
    /// The snapshots that were written because that was asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub snapshots_written: Vec<String>,
    /// The texts of files by their ids, each once, however many homes hold it.
    pub texts: BTreeMap<String, String>,
}

/// A run as a whole.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunResult {
    /// When it began, in seconds since 1970 UTC.
    pub began_unix_s: u64,
    /// How long it took, in seconds.
    pub elapsed_s: f64,
    /// Why it ended before its time; absent when it came to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut_short: Option<String>,
    /// What machines ran on; absent when the run ended before that was known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<HostResult>,
}

/// What machines ran on.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HostResult {
    /// Operating system and architecture: `linux x86_64`.
    pub system: String,
    /// Its processors.
    pub cores: usize,
    /// QEMU's version.
    pub qemu: String,
    /// What ran the guests' instructions: `kvm`, `hvf` or `tcg`.
    pub accelerator: String,
    /// The guest images, by the name of their Debian release.
    pub guests: BTreeMap<String, GuestResult>,
}

/// What is in a guest image.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GuestResult {
    /// The key of the image.
    pub image: String,
    /// Versions of the packages that decide most: the kernel, Nix, systemd, Git.
    pub versions: BTreeMap<String, String>,
}

/// How many cases have each verdict.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Counts {
    /// Passed, those included whose earlier pass still holds.
    pub passed: usize,
    /// Of those that passed, the ones whose earlier pass still holds.
    pub cached: usize,
    /// The setup is wrong.
    pub failed: usize,
    /// Of those that failed, the ones whose snapshots are only not there yet: nothing is known to be wrong.
    pub new: usize,
    /// The machine or the tool is wrong.
    pub errored: usize,
    /// Not run.
    pub not_run: usize,
}

impl Counts {
    /// Counts a case.
    pub fn add(&mut self, verdict: VerdictWord, is_cached: bool, is_new: bool) {
        *match verdict {
            VerdictWord::Passed => &mut self.passed,
            VerdictWord::Failed => &mut self.failed,
            VerdictWord::Errored => &mut self.errored,
            VerdictWord::NotRun => &mut self.not_run,
        } += 1;
        self.cached += usize::from(is_cached);
        self.new += usize::from(is_new);
    }
}

/// A verdict.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum VerdictWord {
    /// The setup is wrong.
    Failed,
    /// The machine or the tool is wrong; nothing is said about the setup.
    Errored,
    /// It was not run.
    NotRun,
    /// All that it expects is true.
    Passed,
}

impl From<&Verdict> for VerdictWord {
    fn from(verdict: &Verdict) -> Self {
        match verdict {
            Verdict::Passed { .. } => Self::Passed,
            Verdict::Failed(_) => Self::Failed,
            Verdict::Errored { .. } => Self::Errored,
            Verdict::NotRun { .. } => Self::NotRun,
        }
    }
}

/// A folder that a channel is made of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SourceResult {
    /// The channel; `pocket` where the folder takes the place of that channel's own files.
    pub channel: String,
    /// `home-manager` or `nixpkgs-lib`.
    pub project: String,
    /// The folder, as it was named.
    pub folder: String,
    /// The release that it says it is, where it is Home Manager's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
    /// The Git commit that was checked out; absent outside of a repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// Whether tracked files differed from that commit.
    #[serde(default)]
    pub changed: bool,
}

/// What became of a case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CaseResult {
    /// Its id.
    pub id: String,
    /// The scenario's name.
    pub scenario: String,
    /// What the scenario says it is for.
    pub description: String,
    /// The scenario file.
    pub file: String,
    /// The picked value of every axis of the matrix, in the order of the scenario.
    pub axes: Vec<Axis>,
    /// What its machine reaches: `off`, `internet` or `internet-and-host`.
    pub network: String,
    /// The folders of the computer that ran it which its channels are made of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<SourceResult>,
    /// Whether its setup is only evaluated and built: no machine here could switch to it.
    pub only_built: bool,
    /// The law that it tries, of a case that was made of another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub law: Option<String>,
    /// Laws that are not tried because the scenario says so, with its reason.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub laws_off: BTreeMap<String, String>,
    /// What the verdict says nothing about, in a sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_tested: Vec<String>,
    /// The verdict.
    pub verdict: VerdictWord,
    /// When its machine ran, in seconds since 1970 UTC, where an earlier pass still holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cached_unix_s: Option<u64>,
    /// How long machines worked for it in this run, shared steps included, in seconds.
    pub elapsed_s: f64,
    /// What is not as it must be, of a case that failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<FindingResult>,
    /// What broke, of a case that errored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorResult>,
    /// Why it was not run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Its steps, in order.
    pub steps: Vec<StepResult>,
    /// Commands to go on with.
    pub commands: Commands,
}

impl CaseResult {
    /// Whether nothing is wrong but that snapshots are not there yet.
    #[must_use]
    pub fn is_new(&self) -> bool {
        let is_new = |finding: &FindingResult| finding.kind == FindingWord::NewSnapshot;
        self.verdict == VerdictWord::Failed && self.findings.iter().all(is_new)
    }

    /// The step of this name.
    #[must_use]
    pub fn step(&self, name: &str) -> Option<&StepResult> {
        self.steps.iter().find(|step| step.name == name)
    }

    /// The step at which it failed or broke: the first that a finding is about, or the one in which it happened.
    #[must_use]
    pub fn stopped_at(&self) -> Option<&str> {
        let found = self.findings.first().map(|finding| finding.step.as_str());
        found.or_else(|| self.error.as_ref()?.during.as_deref())
    }
}

/// An axis of the matrix and the value picked for a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Axis {
    /// The axis.
    pub name: String,
    /// The value.
    pub value: String,
}

impl From<(String, String)> for Axis {
    fn from((name, value): (String, String)) -> Self {
        Self { name, value }
    }
}

/// One thing that is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FindingResult {
    /// The step after which it was seen.
    pub step: String,
    /// The scenario file.
    pub file: String,
    /// The line of what was expected, from 1.
    pub line: usize,
    /// What was expected and what was seen, in one sentence.
    pub message: String,
    /// More of it: the tail of the output, or a difference in the unified format. May be empty.
    pub detail: String,
    /// What differs from what was seen when a snapshot was written, as `switchproof diff` tells it; absent where that is
    /// not kept any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<String>,
    /// What sort of thing it is.
    pub kind: FindingWord,
    /// The snapshot that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<String>,
}

/// The sorts of findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FindingWord {
    /// Something that was expected is not so.
    Unmet,
    /// A step has no reviewed snapshot yet. Nothing is known to be wrong.
    NewSnapshot,
    /// What is seen differs from the reviewed snapshot.
    ChangedSnapshot,
}

/// What broke.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorResult {
    /// What happened.
    pub message: String,
    /// What to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The step in which it happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub during: Option<String>,
}

impl ErrorResult {
    /// What happened, and below it what to do.
    #[must_use]
    pub fn with_hint(&self) -> String {
        match &self.hint {
            Some(hint) => format!("{}\nhint: {hint}", self.message),
            None => self.message.clone(),
        }
    }
}

/// A step of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StepResult {
    /// Its name.
    pub name: String,
    /// Its line in the scenario file, from 1.
    pub line: usize,
    /// What it does, in a word: `switch`, `run`, `reboot`.
    pub action: String,
    /// The key of the state that it leads to, in `states` where something is known of it; absent when the run ended
    /// before it was planned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// The inputs of the flake that it switches to or builds, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub inputs: BTreeMap<String, InputResult>,
}

/// An input of a flake.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InputResult {
    /// Its address: as the flake names it, or what takes its place; absent where the flake only names the input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The revision or the hash of content at which the lock or the address holds it. Absent where nothing does: it is what
    /// the address led to at that time, or, of the pocket channel, what the guest's image holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// Whether the address takes the place of the flake's own.
    #[serde(default, skip_serializing_if = "is_false")]
    pub replaced: bool,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands over a reference"
)]
fn is_false(word: &bool) -> bool {
    !word
}

/// Commands to go on with, ready for a shell.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Commands {
    /// Opens a shell where the case stopped, or after its last step.
    pub shell: String,
    /// Runs the case alone.
    pub run: String,
    /// Takes what was seen as the new snapshots, of a case with snapshots to review.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accept: Option<String>,
}

/// What a machine did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Span {
    /// The machine, counted from 1 in the order in which they were started.
    pub machine: usize,
    /// A case that it worked for.
    pub case: String,
    /// The step's name, or `prepare`.
    pub step: String,
    /// The state that the step leads to.
    pub state: String,
    /// When it began, in seconds since the run began.
    pub began_s: f64,
    /// How long it took, in seconds; absent when the run ended before the step did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub elapsed_s: Option<f64>,
}

/// Why a file cannot be read as results.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It cannot be read.
    #[error("{path} cannot be read: {source}")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// It is something else.
    #[error("{path} is no results.json: {reason}")]
    NoResults {
        /// The file.
        path: String,
        /// Why.
        reason: String,
    },
    /// Another version wrote it.
    #[error("{path} is in format {found} of results.json where {FORMAT} is known")]
    OtherFormat {
        /// The file.
        path: String,
        /// Its format.
        found: u64,
    },
}

impl Results {
    /// An empty document of a run that began at this moment.
    #[must_use]
    pub fn new(began_unix_s: u64) -> Self {
        Self {
            format: FORMAT,
            switchproof: env!("CARGO_PKG_VERSION").to_owned(),
            run: RunResult {
                began_unix_s,
                ..RunResult::default()
            },
            counts: Counts::default(),
            cases: Vec::new(),
            states: BTreeMap::new(),
            spans: Vec::new(),
            snapshots_written: Vec::new(),
            texts: BTreeMap::new(),
        }
    }

    /// Reads a `results.json`, or the one in a folder.
    pub fn read(path: &std::path::Path) -> Result<Self, ReadError> {
        let file = match path.is_dir() {
            true => path.join("results.json"),
            false => path.to_owned(),
        };
        let path = file.display().to_string();
        let no_results = |error: serde_json::Error| ReadError::NoResults {
            path: path.clone(),
            reason: error.to_string(),
        };
        let bytes = std::fs::read(&file).map_err(|source| ReadError::Unreadable {
            path: path.clone(),
            source,
        })?;
        let value: serde_json::Value = serde_json::from_slice(&bytes).map_err(no_results)?;
        match value["format"].as_u64() {
            Some(known) if known == u64::from(FORMAT) => {
                serde_json::from_value(value).map_err(no_results)
            }
            Some(found) => Err(ReadError::OtherFormat { path, found }),
            None => Err(ReadError::NoResults {
                path,
                reason: "it names no format".to_owned(),
            }),
        }
    }

    /// Counts the verdicts anew.
    pub fn recount(&mut self) {
        self.counts = Counts::default();
        for case in &self.cases {
            let is_cached = case.cached_unix_s.is_some();
            self.counts.add(case.verdict, is_cached, case.is_new());
        }
    }

    /// The cases in the order in which a reader wants them: what failed first, then by id.
    #[must_use]
    pub fn by_weight(&self) -> Vec<&CaseResult> {
        let mut cases: Vec<&CaseResult> = self.cases.iter().collect();
        // First snapshots come after all that is wrong, and before what was not run.
        let weight = |case: &CaseResult| match case.verdict {
            VerdictWord::Failed if case.is_new() => 2,
            VerdictWord::Failed => 0,
            VerdictWord::Errored => 1,
            VerdictWord::NotRun => 3,
            VerdictWord::Passed => 4,
        };
        cases.sort_by(|left, right| (weight(left), &left.id).cmp(&(weight(right), &right.id)));
        cases
    }

    /// The document as text.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("plain data always serialises");
        text.push('\n');
        text
    }
}

/// The JSON Schema of `results.json`.
#[must_use]
pub fn schema() -> String {
    let schema = schemars::generate::SchemaSettings::draft2020_12()
        .into_generator()
        .into_root_schema_for::<Results>();
    format!("{:#}\n", schema.to_value())
}
