//! Copying files and folders of this computer, within bounds.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read as _;
use std::path::Path;

use super::host_file_error::HostFileError;
use super::tracked::{Tracked, tracked};
use crate::model::SeedFile;
use crate::open_regular::open_regular;

/// The most that a copied folder may hold.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limit {
    mib: u64,
    files: usize,
}

impl Limit {
    /// Of a flake of one's own, and of files for a home.
    pub(crate) const OWN: Self = Self {
        mib: 64,
        files: 10_000,
    };
    /// Of a checkout of somebody's project, of which nixpkgs is the largest.
    pub(crate) const PROJECT: Self = Self {
        mib: 512,
        files: 100_000,
    };
}

/// Counts what is copied.
pub(super) struct Bounds<'path> {
    path: &'path str,
    limit: Limit,
    pub(super) bytes: u64,
    files: usize,
}

impl<'path> Bounds<'path> {
    pub(super) fn new(path: &'path str, limit: Limit) -> Self {
        Self {
            path,
            limit,
            bytes: 0,
            files: 0,
        }
    }

    fn add(&mut self, bytes: u64) -> Result<(), HostFileError> {
        self.bytes += bytes;
        self.files += 1;
        let Limit { mib, files } = self.limit;
        let limit = if self.bytes > mib * 1024 * 1024 {
            format!("{mib} MiB")
        } else if self.files > files {
            format!("{files} files")
        } else {
            return Ok(());
        };
        Err(HostFileError::too_large(self.path, &limit))
    }

    fn unreadable(&self, error: &std::io::Error) -> HostFileError {
        HostFileError::unreadable(self.path, error)
    }
}

pub(super) fn regular_file(
    real: &Path,
    bounds: &mut Bounds<'_>,
) -> Result<SeedFile, HostFileError> {
    use std::os::unix::fs::PermissionsExt;

    let file = open_regular(real).map_err(|error| bounds.unreadable(&error))?;
    let metadata = file.metadata().map_err(|error| bounds.unreadable(&error))?;
    bounds.add(metadata.len())?;
    // One that grows while it is read is read as it was.
    let mut bytes = Vec::new();
    file.take(metadata.len())
        .read_to_end(&mut bytes)
        .map_err(|error| bounds.unreadable(&error))?;
    Ok(SeedFile::Regular {
        bytes,
        executable: metadata.permissions().mode() & 0o100 != 0,
    })
}

/// A folder whose every link is followed: in a Git work tree what Git tracks, as it is on the disk, and the names of the
/// files that it does not; elsewhere everything. As in Nix, a submodule is an empty folder unless it is asked for.
pub(crate) fn copy_tracked(
    real: &Path,
    path: &str,
    limit: Limit,
    with_submodules: bool,
) -> Result<(BTreeMap<String, SeedFile>, BTreeSet<String>), HostFileError> {
    let tracked = tracked(real).map_err(|reason| HostFileError::repository(path, &reason))?;
    let Some(tracked) = tracked else {
        return Ok((copy_folder(real, path, limit)?, BTreeSet::new()));
    };
    let mut copied = Copied {
        bounds: Bounds::new(path, limit),
        files: BTreeMap::new(),
        untracked: BTreeSet::new(),
        with_submodules,
    };
    copied.add(real, "", tracked)?;
    Ok((copied.files, copied.untracked))
}

/// What Git tracks, as it is copied.
struct Copied<'path> {
    bounds: Bounds<'path>,
    files: BTreeMap<String, SeedFile>,
    untracked: BTreeSet<String>,
    with_submodules: bool,
}

impl Copied<'_> {
    /// Adds the repository in the folder `real`, each name with a prefix.
    fn add(&mut self, real: &Path, prefix: &str, tracked: Tracked) -> Result<(), HostFileError> {
        for (name, is_submodule) in tracked.files {
            let place = real.join(&name);
            // Below a link or a file that took a folder's place there is nothing of the repository's.
            let is_there = place
                .parent()
                .is_some_and(|parent| parent.canonicalize().is_ok_and(|real| real == parent));
            let kind = place.symlink_metadata().map(|it| it.file_type());
            let (true, Ok(kind)) = (is_there, kind) else {
                continue;
            };
            let inner = format!("{prefix}{name}");
            if is_submodule && self.with_submodules {
                self.submodule(&place, &inner)?;
            } else if is_submodule {
                self.files.insert(inner, SeedFile::Directory);
            } else if !kind.is_dir() {
                let file = copy_file(&place, &inner, kind, &mut self.bounds)?;
                self.files.insert(inner, file);
            }
        }
        let untracked = tracked.untracked.into_iter();
        self.untracked
            .extend(untracked.map(|name| format!("{prefix}{name}")));
        Ok(())
    }

    fn submodule(&mut self, place: &Path, name: &str) -> Result<(), HostFileError> {
        let path = self.bounds.path;
        // Without a `.git` of its own Git would list the repository around it.
        let is_checked_out = place.join(".git").symlink_metadata().is_ok();
        let tracked = match is_checked_out {
            true => tracked(place).map_err(|reason| HostFileError::repository(path, &reason))?,
            false => None,
        };
        let Some(tracked) = tracked else {
            return Err(HostFileError::no_submodule(path, name));
        };
        self.add(place, &format!("{name}/"), tracked)
    }
}

/// A file or a link, as it is.
fn copy_file(
    place: &Path,
    inner: &str,
    kind: fs::FileType,
    bounds: &mut Bounds<'_>,
) -> Result<SeedFile, HostFileError> {
    let odd = |problem| HostFileError::odd(bounds.path, inner, problem);
    if kind.is_file() {
        return regular_file(place, bounds);
    }
    if !kind.is_symlink() {
        return Err(odd("no file, folder or link"));
    }
    let target = fs::read_link(place).map_err(|error| bounds.unreadable(&error))?;
    let Some(target) = target.to_str() else {
        return Err(odd("a link to a name that is not UTF-8"));
    };
    let target = target.to_owned();
    bounds.add(0)?;
    Ok(SeedFile::Symlink { target })
}

/// Everything in a folder but version control and build results. Links stay links: they are followed in the guest,
/// never here.
pub(crate) fn copy_folder(
    real: &Path,
    path: &str,
    limit: Limit,
) -> Result<BTreeMap<String, SeedFile>, HostFileError> {
    let mut bounds = Bounds::new(path, limit);
    let mut out = BTreeMap::new();
    let mut todo = vec![(real.to_path_buf(), String::new())];
    while let Some((folder, below)) = todo.pop() {
        let entries = fs::read_dir(&folder).map_err(|error| bounds.unreadable(&error))?;
        let mut is_empty = true;
        for entry in entries {
            let entry = entry.map_err(|error| bounds.unreadable(&error))?;
            let name = entry.file_name();
            let Some(name) = name.to_str() else {
                let name = name.to_string_lossy();
                return Err(HostFileError::odd(path, &name, "a name that is not UTF-8"));
            };
            let kind = entry
                .file_type()
                .map_err(|error| bounds.unreadable(&error))?;
            let is_build_result =
                kind.is_symlink() && (name == "result" || name.starts_with("result-"));
            if name == ".git" || is_build_result {
                continue;
            }
            is_empty = false;
            let inner = format!("{below}{name}");
            if kind.is_dir() {
                bounds.add(0)?;
                todo.push((entry.path(), format!("{inner}/")));
            } else {
                let file = copy_file(&entry.path(), &inner, kind, &mut bounds)?;
                out.insert(inner, file);
            }
        }
        if is_empty && !below.is_empty() {
            out.insert(below.trim_end_matches('/').to_owned(), SeedFile::Directory);
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkout_may_hold_more_than_a_flake_of_ones_own() {
        let root = tempfile::tempdir().expect("a folder");
        for number in 0..=10_000 {
            fs::write(root.path().join(number.to_string()), "").expect("written");
        }
        let copied = |limit| copy_folder(root.path(), "x", limit);
        let refused = copied(Limit::OWN).expect_err("it is too much");
        assert_eq!(refused.to_string(), "`x` holds more than 10000 files");
        assert_eq!(copied(Limit::PROJECT).expect("it is not").len(), 10_001);
    }
}
