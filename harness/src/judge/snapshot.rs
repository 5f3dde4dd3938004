//! Reviewed snapshots, in insta's format, so that `cargo insta review` works on them as `switchproof review` does.
//!
//! Snapshots are read by insta and compared as insta compares. What is written is written here: insta's own
//! assertion prints to the terminal, panics, asks cargo for the workspace, takes its mode from the environment
//! alone, and returns normally from an in-place update, none of which fits a run of many cases in threads.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use insta::internals::{SnapshotContents, TextSnapshotContents};
use insta::{Snapshot, TextSnapshotKind};
use tempfile::NamedTempFile;

use super::diff::diff;
use super::render::render;
use super::snapshot_place::{as_typed, real_file, snapshot_path, snapshots_beside};
use super::verdict::{Finding, FindingKind, SnapshotFile};
use crate::model::{Case, Step};
use crate::observe::{Entry, EntryKind, Observation};
use crate::open_regular::open_regular;

/// What becomes of a snapshot that differs or is not there yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SnapshotMode {
    /// It is a finding, and nothing is written.
    Compare,
    /// What was seen is written as the snapshot, and is no finding.
    Update,
    /// It is a finding, and what was seen is written beside the snapshot as `.snap.new`, for a review.
    New,
}

impl SnapshotMode {
    /// The mode insta would take: `INSTA_UPDATE` (`no`, `new`, `always`, …), and without it `New`, or `Compare`
    /// where `CI` is set.
    pub fn from_environment() -> Self {
        let set = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        match set("INSTA_UPDATE").as_deref() {
            Some("no") => Self::Compare,
            Some("new" | "unseen") => Self::New,
            Some("always" | "force" | "1") => Self::Update,
            _ if set("CI").is_some_and(|ci| ci != "false" && ci != "0") => Self::Compare,
            _ => Self::New,
        }
    }
}

/// Where snapshots are and what becomes of them.
#[derive(Debug, Clone)]
pub struct SnapshotPolicy {
    /// What becomes of one that differs.
    pub mode: SnapshotMode,
    /// Where they are.
    pub folder: SnapshotFolder,
}

/// The directory that has one folder for each scenario.
#[derive(Debug, Clone)]
pub enum SnapshotFolder {
    /// Each scenario file's own; see [`snapshots_beside`].
    OfScenario,
    /// This one, for all.
    At(PathBuf),
}

impl SnapshotPolicy {
    /// Snapshots where they belong.
    #[must_use]
    pub fn new(mode: SnapshotMode) -> Self {
        Self {
            mode,
            folder: SnapshotFolder::OfScenario,
        }
    }

    fn path(&self, case: &Case, step: &Step) -> PathBuf {
        match &self.folder {
            SnapshotFolder::OfScenario => snapshot_path(&snapshots_beside(&case.file), case, step),
            SnapshotFolder::At(folder) => snapshot_path(folder, case, step),
        }
    }
}

/// A snapshot could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The file cannot be read as a snapshot.
    #[error("the snapshot {} cannot be read: {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why, in insta's words.
        reason: String,
    },
    /// The file cannot be written.
    #[error("the snapshot {} cannot be written: {source}", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl SnapshotError {
    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::Unreadable { path, .. } => format!(
                "look for a merge conflict in it, or delete {} and run with `--update` to write it anew",
                path.display()
            ),
            Self::Unwritable { path, .. } => format!(
                "see whether {} can be written to and has room",
                path.parent().unwrap_or(path).display()
            ),
        }
    }
}

/// What was seen after a step beside its reviewed snapshot. Comparing writes nothing; [`Self::store`] does.
#[derive(Debug, Clone)]
pub struct Compared {
    path: PathBuf,
    step: Step,
    old: Option<String>,
    new: String,
    files: usize,
    programs: usize,
}

impl Compared {
    /// Reads the reviewed snapshot of a step and compares what was seen with it.
    pub fn new(
        case: &Case,
        step: &Step,
        seen: &Observation,
        policy: &SnapshotPolicy,
    ) -> Result<Self, SnapshotError> {
        let path = policy.path(case, step);
        let is_file = |entry: &&Entry| !matches!(entry.kind, EntryKind::Directory);
        Ok(Self {
            old: read(&path)?,
            path,
            step: step.clone(),
            new: render(step, seen),
            files: seen
                .users
                .values()
                .map(|user| user.home.entries.values().filter(is_file).count())
                .sum(),
            programs: seen.users.values().map(|user| user.programs.len()).sum(),
        })
    }

    /// Whether what was seen is what was reviewed.
    #[must_use]
    pub fn is_equal(&self) -> bool {
        self.old.as_deref().is_some_and(|old| equal(old, &self.new))
    }

    /// What a review is about; `None` where nothing differs or what was seen will be accepted. `before` are the steps of
    /// the case before this one.
    #[must_use]
    pub fn finding(&self, case: &Case, mode: SnapshotMode, before: &[Self]) -> Option<Finding> {
        if mode == SnapshotMode::Update || self.is_equal() {
            return None;
        }
        let review = match mode {
            SnapshotMode::New => format!("; review with `{}`", review_command()),
            _ => "; run with `--update` to accept it".to_owned(),
        };
        let snapshot = SnapshotFile {
            path: as_typed(&self.path),
            pending: mode == SnapshotMode::New,
        };
        let path = snapshot.path.display();
        let (message, detail, kind) = match &self.old {
            Some(old) => (
                format!("what is seen differs from the snapshot {path}{review}"),
                diff(
                    &format!("{}\n", old.trim_end()),
                    &format!("{}\n", self.new.trim_end()),
                ),
                FindingKind::ChangedSnapshot {
                    snapshot,
                    change: None,
                },
            ),
            None => (
                format!("there is no snapshot {path} yet{review}"),
                crate::text::printable(self.new.trim_end()),
                FindingKind::NewSnapshot {
                    snapshot,
                    files: self.files,
                    programs: self.programs,
                    same_as: before
                        .iter()
                        .find(|one| one.shown() == self.shown())
                        .map(|one| one.step.name.clone()),
                },
            ),
        };
        Some(Finding {
            kind,
            ..Finding::at(case, &self.step, message, detail)
        })
    }

    /// The reviewed text that is another one.
    #[must_use]
    pub fn outdated(&self) -> Option<&str> {
        self.old.as_deref().filter(|_| !self.is_equal())
    }

    /// The text of what is seen.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.new
    }

    /// The text without the name of its step.
    fn shown(&self) -> &str {
        let named = self.new.strip_prefix("step ");
        named
            .and_then(|text| text.strip_prefix(self.step.name.as_str()))
            .unwrap_or(&self.new)
    }

    /// Writes what the mode says. Returns the snapshot where it was made or changed.
    pub fn store(&self, case: &Case, mode: SnapshotMode) -> Result<Option<PathBuf>, SnapshotError> {
        mention(&self.path);
        let pending = self.path.with_extension("snap.new");
        let is_equal = self.is_equal();
        match mode {
            SnapshotMode::Compare => return Ok(None),
            SnapshotMode::New if !is_equal => {
                write(&pending, case, &self.new)?;
                return Ok(None);
            }
            SnapshotMode::Update if !is_equal => write(&self.path, case, &self.new)?,
            SnapshotMode::New | SnapshotMode::Update => {}
        }
        // A pending file of an earlier run says something that is no longer so.
        let _ = fs::remove_file(&pending);
        Ok((!is_equal).then(|| as_typed(&self.path)))
    }
}

fn read(path: &Path) -> Result<Option<String>, SnapshotError> {
    if !path.exists() {
        return Ok(None);
    }
    let unreadable = |reason: String| SnapshotError::Unreadable {
        path: path.to_owned(),
        reason,
    };
    // Reading anything else could block.
    open_regular(path).map_err(|error| unreadable(error.to_string()))?;
    let snapshot = Snapshot::from_file(path).map_err(|error| unreadable(error.to_string()))?;
    match snapshot.as_text() {
        Some(text) => Ok(Some(text.to_string())),
        None => Err(unreadable("it is a binary snapshot".into())),
    }
}

/// Whether insta would call two texts the same: line ends at the ends do not count.
fn equal(old: &str, new: &str) -> bool {
    let contents = |text: &str| TextSnapshotContents::new(text.to_owned(), TextSnapshotKind::File);
    contents(old).matches_latest(&contents(new))
}

/// Writes a snapshot file: a header in YAML and the text. Aside first, so that a reader never sees half of one.
fn write(path: &Path, case: &Case, text: &str) -> Result<(), SnapshotError> {
    let unwritable = |source| SnapshotError::Unwritable {
        path: path.to_owned(),
        source,
    };
    let directory = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(directory).map_err(unwritable)?;
    let file = quoted(&scenario_file(case, path));
    let contents: SnapshotContents =
        TextSnapshotContents::new(text.to_owned(), TextSnapshotKind::File).into();
    let text = match &contents {
        SnapshotContents::Text(text) => text.to_string(),
        SnapshotContents::Binary(_) => String::new(),
    };
    let whole = format!(
        "---\nsource: {file}\ndescription: {}\ninput_file: {file}\n---\n{text}\n",
        quoted(&case.id)
    );
    write_whole(path, |aside| aside.write_all(whole.as_bytes())).map_err(unwritable)
}

/// Writes a snapshot aside and puts it into its place, so that nobody ever reads half of it.
pub(super) fn write_whole(
    path: &Path,
    write: impl FnOnce(&mut NamedTempFile) -> io::Result<()>,
) -> io::Result<()> {
    let mut aside = NamedTempFile::new_in(path.parent().unwrap_or(Path::new(".")))?;
    write(&mut aside)?;
    // A temporary file is its maker's alone; a snapshot is like any other file of the repository.
    let public = fs::Permissions::from_mode(0o644);
    aside.as_file().set_permissions(public)?;
    aside.persist(path)?;
    Ok(())
}

/// A string in YAML, as insta itself writes it when a snapshot is accepted: plain where that is safe, else as JSON.
fn quoted(text: &str) -> String {
    let plain = text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || "_./-".contains(character))
        && !matches!(
            text.to_ascii_lowercase().as_str(),
            "true" | "false" | "null" | "yes" | "no" | "on" | "off" | "y" | "n"
        );
    if plain {
        text.to_owned()
    } else {
        serde_json::Value::from(text).to_string()
    }
}

/// The scenario file relative to the directory that has the snapshots, so that no path of this machine gets into a
/// repository; its bare name where it lies elsewhere.
fn scenario_file(case: &Case, snapshot: &Path) -> String {
    let file = real_file(&case.file);
    let project = snapshot.ancestors().nth(3);
    let below = project.and_then(|project| file.strip_prefix(project).ok());
    let bare = || Path::new(file.file_name().unwrap_or(file.as_os_str()));
    below.unwrap_or_else(bare).to_string_lossy().into_owned()
}

/// Tells `cargo insta test --unreferenced` that this snapshot is in use, as insta's assertions do.
fn mention(path: &Path) {
    let Some(list) = std::env::var_os("INSTA_SNAPSHOT_REFERENCES_FILE") else {
        return;
    };
    if let Ok(mut list) = fs::OpenOptions::new().append(true).create(true).open(list) {
        let _ = writeln!(list, "{}", path.display());
    }
}

/// The command that goes through pending snapshots: our own, which works in any folder, and cargo's in a test of cargo,
/// which is a program of another name.
fn review_command() -> &'static str {
    let program = std::env::current_exe().unwrap_or_default();
    let is_ours = program
        .file_stem()
        .is_some_and(|name| name == "switchproof");
    match std::env::var_os("CARGO_MANIFEST_DIR") {
        Some(_) if !is_ours => "cargo insta review",
        _ => "switchproof review",
    }
}
