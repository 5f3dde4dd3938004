//! Snapshot files and the cases that own them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::snapshot::snapshot_path;
use crate::scenario::model::{Case, Step};

/// The snapshot files under `root` that no step of these cases owns, pending ones included, sorted. `cases` must be
/// all there are: what a filter left out would look like an orphan.
pub fn orphans(cases: &[Case], root: &Path) -> Vec<PathBuf> {
    let owned: BTreeSet<PathBuf> = snapshots(cases)
        .map(|(case, step)| snapshot_path(root, case, step))
        .collect();
    let mut orphans: Vec<PathBuf> = directories(root)
        .iter()
        .flat_map(|folder| files(folder))
        .filter(|file| {
            let name = file.to_string_lossy();
            let stem = name.strip_suffix(".new").unwrap_or(&name);
            stem.ends_with(".snap") && !owned.contains(Path::new(stem))
        })
        .collect();
    orphans.sort();
    orphans
}

/// Snapshot files that two steps would share, with the ids of their cases; names that differ only in case share one,
/// for some file systems cannot tell them apart. Empty when all is well.
pub fn shared_snapshots(cases: &[Case], root: &Path) -> Vec<(PathBuf, Vec<String>)> {
    let mut owners: BTreeMap<String, (PathBuf, Vec<String>)> = BTreeMap::new();
    for (case, step) in snapshots(cases) {
        let path = snapshot_path(root, case, step);
        owners
            .entry(path.to_string_lossy().to_lowercase())
            .or_insert_with(|| (path, Vec::new()))
            .1
            .push(case.id.clone());
    }
    owners
        .into_values()
        .filter(|(_, cases)| cases.len() > 1)
        .collect()
}

fn snapshots(cases: &[Case]) -> impl Iterator<Item = (&Case, &Step)> {
    cases.iter().flat_map(|case| {
        case.steps
            .iter()
            .filter(|step| step.snapshot)
            .map(move |step| (case, step))
    })
}

fn directories(root: &Path) -> Vec<PathBuf> {
    entries(root)
        .into_iter()
        .filter(|path| path.is_dir())
        .collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    entries(folder)
        .into_iter()
        .filter(|path| path.is_file())
        .collect()
}

/// What cannot be read has nothing in it to be told about.
fn entries(directory: &Path) -> Vec<PathBuf> {
    fs::read_dir(directory)
        .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
        .unwrap_or_default()
}
