//! Snapshots that wait for a review: finding them, showing what they would change, accepting and rejecting.
//!
//! The files are insta's, and what becomes of them is what `cargo insta review` makes of them, so that both can be
//! used on the same folder.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use insta::Snapshot;
use walkdir::{DirEntry, WalkDir};

use super::diff::whole_diff;
use super::snapshot::write_whole;

/// A snapshot that waits for a review, as it was when it was read.
#[derive(Debug)]
pub struct Pending {
    /// The pending file, `….snap.new`.
    pub file: PathBuf,
    /// The reviewed snapshot that it would become.
    pub target: PathBuf,
    /// The case that it is of, if the file says so.
    pub case: Option<String>,
    /// The scenario or source file that it is of, if the file says so.
    pub source: Option<String>,
    old: Option<String>,
    new: Snapshot,
    bytes: Vec<u8>,
}

/// A pending snapshot could not be reviewed.
#[derive(Debug, thiserror::Error)]
pub enum PendingError {
    /// It cannot be read as a snapshot.
    #[error("{} cannot be read as a snapshot: {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why, in insta's words.
        reason: String,
    },
    /// It is not text.
    #[error("{} is a binary snapshot", path.display())]
    Binary {
        /// The file.
        path: PathBuf,
    },
    /// Something else wrote it after it was shown.
    #[error("{} changed after it was shown", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// A file could not be written or removed.
    #[error("{} cannot be written: {source}", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl PendingError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => {
                "look for a merge conflict in it, or delete it and run again"
            }
            Self::Binary { .. } => "`cargo insta review` shows those",
            Self::Changed { .. } => {
                "a run goes on beside this review; review again when it has ended"
            }
            Self::Unwritable { .. } => "see whether its folder can be written to and has room",
        }
    }
}

/// The pending files in `place`, a folder or a file, sorted. Hidden folders and those of build output are left out,
/// and no link is followed. Folders that cannot be read are in the second list, with the reason.
#[must_use]
pub fn find_pending(place: &Path) -> (Vec<PathBuf>, Vec<String>) {
    let (mut found, mut unread) = (Vec::new(), Vec::new());
    let walk = WalkDir::new(place).sort_by_file_name().into_iter();
    for entry in walk.filter_entry(|entry| entry.depth() == 0 || !is_left_out(entry)) {
        match entry {
            Ok(entry) if entry.file_type().is_file() && is_pending(entry.path()) => {
                found.push(entry.into_path());
            }
            Ok(_) => {}
            Err(error) => unread.push(error.to_string()),
        }
    }
    (found, unread)
}

fn is_left_out(entry: &DirEntry) -> bool {
    let name = entry.file_name().to_string_lossy();
    entry.file_type().is_dir()
        && (name.starts_with('.') || matches!(&*name, "target" | "node_modules"))
}

fn is_pending(path: &Path) -> bool {
    path.to_str()
        .is_some_and(|path| path.ends_with(".snap.new"))
}

impl Pending {
    /// Reads a pending file and the snapshot that is there already, if one is.
    pub fn read(file: &Path) -> Result<Self, PendingError> {
        let unreadable = |reason: String| PendingError::Unreadable {
            path: file.to_owned(),
            reason,
        };
        let bytes = fs::read(file).map_err(|error| unreadable(error.to_string()))?;
        let new = Snapshot::from_file(file).map_err(|error| unreadable(error.to_string()))?;
        text_of(&new, file)?;
        let target = file.with_extension("");
        let old = match target.try_exists() {
            Ok(false) => None,
            _ => Some(
                Snapshot::from_file(&target)
                    .map_err(|error| PendingError::Unreadable {
                        path: target.clone(),
                        reason: error.to_string(),
                    })
                    .and_then(|old| text_of(&old, &target))?,
            ),
        };
        let told = |text: Option<&str>| text.map(str::to_owned);
        let metadata = new.metadata();
        Ok(Self {
            file: file.to_owned(),
            target,
            case: told(metadata.description()),
            source: told(metadata.input_file().or(metadata.source())),
            old,
            bytes,
            new,
        })
    }

    /// Whether there is no reviewed snapshot yet.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.old.is_none()
    }

    /// What it would change, as a unified difference that leaves nothing out; of a new one all lines are added.
    #[must_use]
    pub fn difference(&self) -> String {
        let new = text_of(&self.new, &self.file).unwrap_or_default();
        whole_diff(self.old.as_deref().unwrap_or_default(), &new)
    }

    /// Makes it the reviewed snapshot.
    pub fn accept(&self) -> Result<(), PendingError> {
        self.still_as_shown()?;
        let unwritable = |source| PendingError::Unwritable {
            path: self.target.clone(),
            source,
        };
        write_whole(&self.target, |aside| {
            let saved = self.new.save(aside.path());
            saved.map_err(|error| io::Error::other(error.to_string()))
        })
        .map_err(unwritable)?;
        self.remove()
    }

    /// Throws it away; the reviewed snapshot stays as it is.
    pub fn reject(&self) -> Result<(), PendingError> {
        self.still_as_shown()?;
        self.remove()
    }

    fn remove(&self) -> Result<(), PendingError> {
        fs::remove_file(&self.file).map_err(|source| PendingError::Unwritable {
            path: self.file.clone(),
            source,
        })
    }

    fn still_as_shown(&self) -> Result<(), PendingError> {
        match fs::read(&self.file) {
            Ok(now) if now == self.bytes => Ok(()),
            _ => Err(PendingError::Changed {
                path: self.file.clone(),
            }),
        }
    }
}

fn text_of(snapshot: &Snapshot, file: &Path) -> Result<String, PendingError> {
    match snapshot.as_text() {
        Some(text) => Ok(format!("{text}\n")),
        None => Err(PendingError::Binary {
            path: file.to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Folder;

    const OLD: &str = "---\nsource: a.yaml\ndescription: one\n---\nhome of alice\n  .a\n  .b\n";
    const NEW: &str = "---\nsource: a.yaml\nassertion_line: 7\ndescription: one\n---\nhome of alice\n  .a\n  .c\n";

    fn lay(folder: &Folder) -> Pending {
        folder.write("one.snap", OLD);
        Pending::read(&folder.write("one.snap.new", NEW)).unwrap()
    }

    #[test]
    fn pending_files_are_found_where_people_keep_them() {
        let folder = Folder::new();
        let wanted = ["a.snap.new", "b/snapshots/x.snap.new"].map(|name| folder.write(name, NEW));
        for other in ["a.snap", ".git/c.snap.new", "target/d.snap.new"] {
            folder.write(other, NEW);
        }
        folder.link(folder.path(), "loop");
        let (found, unread) = find_pending(folder.path());
        assert_eq!(found, wanted);
        assert!(unread.is_empty(), "{unread:?}");
        assert_eq!(find_pending(&folder.join("absent")).1.len(), 1);
    }

    #[test]
    fn accepting_keeps_what_insta_keeps() {
        let folder = Folder::new();
        let pending = lay(&folder);
        assert!(!pending.is_new());
        assert_eq!(pending.case.as_deref(), Some("one"));
        let difference = "@@ -1,3 +1,3 @@ home of alice\n home of alice\n   .a\n-  .b\n+  .c\n";
        assert_eq!(pending.difference(), difference);
        pending.accept().unwrap();
        let accepted = folder.read("one.snap").unwrap();
        assert_eq!(accepted, NEW.replace("assertion_line: 7\n", ""));
        assert!(!pending.file.exists());
        let left: Vec<_> = fs::read_dir(folder.path()).unwrap().flatten().collect();
        assert_eq!(left.len(), 1, "{left:?}");
    }

    #[test]
    fn rejecting_leaves_the_reviewed_snapshot() {
        let folder = Folder::new();
        let pending = lay(&folder);
        pending.reject().unwrap();
        assert!(!pending.file.exists());
        assert_eq!(fs::read_to_string(&pending.target).unwrap(), OLD);
    }

    #[test]
    fn what_was_not_shown_is_neither_accepted_nor_thrown_away() {
        let folder = Folder::new();
        let pending = lay(&folder);
        fs::write(&pending.file, NEW.replace(".c", ".d")).unwrap();
        for refused in [pending.accept(), pending.reject()] {
            assert!(matches!(refused, Err(PendingError::Changed { .. })));
        }
        assert_eq!(fs::read_to_string(&pending.target).unwrap(), OLD);
        assert!(pending.file.exists());
    }

    #[test]
    fn a_new_snapshot_is_shown_whole() {
        let lines: String = (0..1000).map(|line| format!("  line {line}\n")).collect();
        let text = format!("---\nsource: a.yaml\n---\nhome\n{lines}");
        let pending = Pending::read(&Folder::new().write("many.snap.new", text)).unwrap();
        assert!(pending.is_new());
        let difference = pending.difference();
        let added = difference.lines().filter(|line| line.starts_with('+'));
        assert_eq!(added.count(), 1001);
    }
}
