//! Snapshot files and the cases that own them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use super::snapshot_place::{owning_folder, real_file, snapshot_path, snapshots_beside};
use crate::model::{Case, Step};

/// Folders of snapshots deeper than this are not searched.
const MAX_DEPTH: usize = 32;

/// The snapshot files that no step owns, pending ones included, sorted. `cases` are all cases of the files that `named`
/// paths lead to. A snapshot whose scenario file is not among them is told only when that file is gone and all
/// scenarios that could own it were read: one left out would make an orphan of a good snapshot.
pub fn orphans(cases: &[Case], named: &[PathBuf]) -> Vec<PathBuf> {
    let named: Vec<PathBuf> = named
        .iter()
        .filter_map(|path| path.canonicalize().ok())
        .collect();
    let files: BTreeSet<&Path> = cases.iter().map(|case| case.file.as_path()).collect();
    let files: BTreeSet<PathBuf> = files.into_iter().map(real_file).collect();
    // Whether all that may own something in a folder of snapshots was read.
    let mut folders: BTreeMap<PathBuf, bool> = BTreeMap::new();
    for file in &files {
        let owner = owning_folder(file);
        let is_read = named.iter().any(|path| owner.folder().starts_with(path));
        *folders.entry(snapshots_beside(file)).or_default() |= is_read;
    }
    let owned: BTreeSet<PathBuf> = places(cases).map(|(_, _, path)| path).collect();
    let mut orphans = Vec::new();
    for (folder, is_read) in folders {
        let project = folder.parent().unwrap_or(&folder).to_owned();
        let mut found = snapshots_below(&folder);
        found.retain(|snapshot| {
            let stem = snapshot.to_string_lossy();
            let stem = stem.strip_suffix(".new").unwrap_or(&stem);
            if owned.contains(Path::new(stem)) {
                return false;
            }
            match scenario_of(snapshot).map(|file| project.join(file)) {
                Some(file) if files.contains(&file) => true,
                Some(file) => is_read && !file.exists(),
                None => is_read,
            }
        });
        orphans.extend(found);
    }
    orphans.sort();
    orphans
}

/// Steps that share a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedSnapshot {
    /// The file.
    pub path: PathBuf,
    /// The cases, each with its step.
    pub owners: Vec<Owner>,
}

/// A step that owns a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The case's id.
    pub case: String,
    /// The step's name.
    pub step: String,
    /// The scenario file.
    pub file: PathBuf,
    /// The step's line in it.
    pub line: usize,
}

/// Snapshot files that two steps would share; names that differ only in upper and lower case share one, for some file
/// systems cannot tell them apart. Empty when all is well.
pub fn shared_snapshots(cases: &[Case]) -> Vec<SharedSnapshot> {
    let mut all: BTreeMap<String, SharedSnapshot> = BTreeMap::new();
    for (case, step, path) in places(cases) {
        all.entry(path.to_string_lossy().to_lowercase())
            .or_insert_with(|| SharedSnapshot {
                path,
                owners: Vec::new(),
            })
            .owners
            .push(Owner {
                case: case.id.clone(),
                step: step.name.clone(),
                file: case.file.clone(),
                line: step.line,
            });
    }
    all.into_values()
        .filter(|shared| shared.owners.len() > 1)
        .collect()
}

/// Every step that has a snapshot, and where.
fn places(cases: &[Case]) -> impl Iterator<Item = (&Case, &Step, PathBuf)> {
    let mut folders: BTreeMap<&Path, PathBuf> = BTreeMap::new();
    cases.iter().flat_map(move |case| {
        let folder = folders
            .entry(&case.file)
            .or_insert_with(|| snapshots_beside(&case.file))
            .clone();
        let steps = case.steps.iter().filter(|step| step.has_snapshot());
        steps.map(move |step| (case, step, snapshot_path(&folder, case, step)))
    })
}

/// The scenario file that a snapshot names in its header, relative to the folder that has the snapshots.
fn scenario_of(snapshot: &Path) -> Option<PathBuf> {
    // Of a file without a header insta would complain on the terminal.
    if !fs::read(snapshot).ok()?.starts_with(b"---") {
        return None;
    }
    let snapshot = insta::Snapshot::from_file(snapshot).ok()?;
    snapshot.metadata().input_file().map(PathBuf::from)
}

/// Every snapshot file below a folder; links are not followed. What cannot be read has nothing in it to be told about.
fn snapshots_below(folder: &Path) -> Vec<PathBuf> {
    let entries = WalkDir::new(folder).max_depth(MAX_DEPTH).into_iter();
    let files = entries.flatten().filter(|it| it.file_type().is_file());
    let is_snapshot = |path: &PathBuf| {
        let name = path.to_string_lossy();
        name.strip_suffix(".new")
            .unwrap_or(&name)
            .ends_with(".snap")
    };
    files.map(DirEntry::into_path).filter(is_snapshot).collect()
}
