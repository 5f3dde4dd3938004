//! Reviewed snapshots, in insta's format, so that `cargo insta review` works on them.
//!
//! Snapshots are read by insta and compared as insta compares. What is written is written here: insta's own
//! assertion prints to the terminal, panics, asks cargo for the workspace, takes its mode from the environment
//! alone, and returns normally from an in-place update, none of which fits a run of many cases in threads.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use insta::internals::{SnapshotContents, TextSnapshotContents};
use insta::{Snapshot, TextSnapshotKind};

use super::diff::diff;
use super::render::render;
use super::verdict::Finding;
use crate::observe::Observation;
use crate::scenario::model::{Case, Step};

/// Longest file name of a snapshot before its extension, in bytes: room for `.snap.new` in the 255 of a file system.
const NAME_BYTES: usize = 200;

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
    /// The directory that has one folder for each scenario.
    pub root: PathBuf,
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

/// Compares what was seen after a step with its reviewed snapshot, and writes what the policy says. `None`: equal,
/// or updated.
pub fn snapshot(
    case: &Case,
    step: &Step,
    seen: &Observation,
    policy: &SnapshotPolicy,
) -> Result<Option<Finding>, SnapshotError> {
    let path = snapshot_path(&policy.root, case, step);
    let pending = path.with_extension("snap.new");
    mention(&path);
    let new = render(step, seen);
    let old = read(&path)?;
    if old.as_deref().is_some_and(|old| equal(old, &new)) {
        // A pending file of an earlier run says something that is no longer so.
        let _ = fs::remove_file(&pending);
        return Ok(None);
    }
    match policy.mode {
        SnapshotMode::Update => {
            write(&path, case, &new)?;
            let _ = fs::remove_file(&pending);
            return Ok(None);
        }
        SnapshotMode::New => write(&pending, case, &new)?,
        SnapshotMode::Compare => {}
    }
    Ok(Some(finding(
        case,
        step,
        &path,
        policy.mode,
        old.as_deref(),
        &new,
    )))
}

/// Where the snapshot of a step of a case is.
pub fn snapshot_path(root: &Path, case: &Case, step: &Step) -> PathBuf {
    let axes = case
        .id
        .strip_prefix(case.scenario.as_str())
        .unwrap_or(&case.id);
    let axes = axes.strip_prefix('[').unwrap_or(axes);
    let axes = axes.strip_suffix(']').unwrap_or(axes);
    let name = if axes.is_empty() {
        file_name(&step.name)
    } else {
        file_name(&format!("{axes} {}", step.name))
    };
    root.join(file_name(&case.scenario))
        .join(format!("{name}.snap"))
}

/// A name as a file name on any file system: letters, digits and `-_=,+.` stay, a space becomes `--`, everything else
/// `%` and its code. A name too long ends in its hash.
fn file_name(name: &str) -> String {
    let mut file = String::new();
    for (at, character) in name.char_indices() {
        match character {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '_' | '=' | ',' | '+' | '-' => file.push(character),
            '.' if at > 0 => file.push('.'),
            ' ' => file.push_str("--"),
            other => {
                let mut buffer = [0; 4];
                for byte in other.encode_utf8(&mut buffer).bytes() {
                    file.push_str(&format!("%{byte:02x}"));
                }
            }
        }
    }
    if file.len() > NAME_BYTES {
        let hash = blake3::hash(name.as_bytes()).to_hex();
        // Everything in it is ASCII by now.
        file.truncate(NAME_BYTES - 17);
        file.push_str(&format!("-{}", &hash[..16]));
    }
    file
}

fn read(path: &Path) -> Result<Option<String>, SnapshotError> {
    if !path.exists() {
        return Ok(None);
    }
    let unreadable = |reason: String| SnapshotError::Unreadable {
        path: path.to_owned(),
        reason,
    };
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
    let mut aside = tempfile::NamedTempFile::new_in(directory).map_err(unwritable)?;
    aside.write_all(whole.as_bytes()).map_err(unwritable)?;
    // A temporary file is its maker's alone; a snapshot is like any other file of the repository.
    let public = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    aside
        .as_file()
        .set_permissions(public)
        .map_err(unwritable)?;
    aside
        .persist(path)
        .map_err(|error| unwritable(error.error))?;
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
    let absolute = std::path::absolute(&case.file).unwrap_or_else(|_| case.file.clone());
    let snapshot = std::path::absolute(snapshot).unwrap_or_else(|_| snapshot.to_owned());
    let relative = snapshot
        .ancestors()
        .nth(3)
        .and_then(|workspace| absolute.strip_prefix(workspace).ok())
        .map(Path::to_owned);
    let relative = relative
        .unwrap_or_else(|| PathBuf::from(case.file.file_name().unwrap_or(case.file.as_os_str())));
    relative.to_string_lossy().replace('\\', "/")
}

/// A snapshot's path as people name it: the last three components, `snapshots/<scenario>/<step>.snap`.
fn below_workspace(path: &Path) -> &Path {
    path.ancestors()
        .nth(3)
        .and_then(|workspace| path.strip_prefix(workspace).ok())
        .unwrap_or(path)
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

fn finding(
    case: &Case,
    step: &Step,
    path: &Path,
    mode: SnapshotMode,
    old: Option<&str>,
    new: &str,
) -> Finding {
    let review = match mode {
        SnapshotMode::New => "; review with `cargo insta review`",
        _ => "; run with `--update` to accept it",
    };
    let path = below_workspace(path).display();
    let (message, detail) = match old {
        Some(old) => (
            format!("what is seen differs from the snapshot {path}{review}"),
            diff(
                &format!("{}\n", old.trim_end()),
                &format!("{}\n", new.trim_end()),
            ),
        ),
        None => (
            format!("there is no snapshot {path} yet{review}"),
            crate::observe::text::printable(new.trim_end()),
        ),
    };
    Finding {
        step: step.name.clone(),
        file: case.file.clone(),
        line: step.line,
        message,
        detail,
        to_review: mode == SnapshotMode::New,
    }
}
