//! Files of this computer that a scenario names: found, kept inside the repository, copied within bounds.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read as _;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::tracked::tracked;
use crate::model::{FlakeTree, Install, SeedFile};
use crate::open_regular::open_regular;

/// The most that a copied folder may hold: 16 MiB.
const MAX_BYTES: u64 = 16 * 1024 * 1024;
/// The most that all copies for all cases of a scenario may hold: 64 MiB. A user's flake is shared and counts not.
const MAX_HANDED_OUT_BYTES: u64 = 64 * 1024 * 1024;
/// The most files that a copied folder may hold.
const MAX_FILES: usize = 2000;

/// Whether a scenario file may be read: a link must stay inside the repository of the folder that it lies in, as what it
/// names must. Messages about a wrong scenario would show the content of other files.
pub(crate) fn is_own_file(file: &Path) -> std::io::Result<bool> {
    let folder = folder_of(file).canonicalize()?;
    let root = repository_of(&folder).unwrap_or(folder);
    Ok(file.canonicalize()?.starts_with(root))
}

/// The same of a folder that is looked through for scenarios; one outside of every repository is nobody's trick.
pub(crate) fn is_own_folder(folder: &Path) -> std::io::Result<bool> {
    let above = folder_of(folder).canonicalize()?;
    let real = folder.canonicalize()?;
    Ok(repository_of(&above).is_none_or(|root| real.starts_with(root)))
}

fn folder_of(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

/// A file or folder cannot be taken.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum HostFileError {
    /// Nothing is there, or it cannot be read.
    #[error("`{path}` cannot be read: {reason}")]
    Unreadable {
        /// As the scenario names it.
        path: String,
        /// What the system says.
        reason: String,
    },
    /// It leads out of the repository.
    #[error("`{path}` is outside of `{root}`")]
    Outside {
        /// As the scenario names it.
        path: String,
        /// The folder that nothing may leave.
        root: String,
    },
    /// It is not of the wanted kind.
    #[error("`{path}` is not {wanted}")]
    WrongKind {
        /// As the scenario names it.
        path: String,
        /// "a folder", "a file".
        wanted: &'static str,
    },
    /// It is larger than a scenario should need.
    #[error("`{path}` holds more than {limit}")]
    TooLarge {
        /// As the scenario names it.
        path: String,
        /// "16 MiB", "2000 files".
        limit: String,
    },
    /// All cases of the scenario together take more than they should need.
    #[error("with `{path}` the cases of this scenario copy more than {limit}")]
    TooMuch {
        /// As the scenario names it.
        path: String,
        /// "64 MiB".
        limit: String,
    },
    /// Which files a flake has cannot be told.
    #[error("`{path}` cannot be copied: {reason}")]
    Repository {
        /// As the scenario names it.
        path: String,
        /// What Git says.
        reason: String,
    },
    /// Git does not track the flake itself.
    #[error("Git does not track the flake.nix of `{path}`, so Nix does not see it")]
    Untracked {
        /// As the scenario names it.
        path: String,
    },
    /// A file in it has a name that is not UTF-8, or is neither file, folder nor link.
    #[error("`{path}` holds `{name}`, which is {problem}")]
    Odd {
        /// As the scenario names it.
        path: String,
        /// The file in it.
        name: String,
        /// "a name that is not UTF-8", "no file, folder or link".
        problem: &'static str,
    },
}

impl HostFileError {
    /// What to do about it.
    pub(crate) fn hint(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "paths are relative to the scenario file",
            Self::Outside { .. } => {
                "a scenario takes files of its own repository only: copy what it needs into it, or allow it with `--allow-outside`"
            }
            Self::WrongKind { .. } => "name another path",
            Self::Repository { .. } => "Nix asks Git too: mend the repository, or install Git",
            Self::Untracked { .. } => "run `git add flake.nix` in its folder",
            Self::TooMuch { .. } => "name smaller files, or make the matrix smaller",
            Self::TooLarge { .. } => "name a folder that holds only what the flake needs",
            Self::Odd { .. } => "remove it, or move it out of the folder",
        }
    }
}

/// The files beside one scenario.
#[derive(Debug)]
pub(crate) struct HostFiles {
    folder: PathBuf,
    /// Nothing outside of it is taken; `None` when all is allowed.
    root: Option<PathBuf>,
    flakes: BTreeMap<String, Arc<FlakeTree>>,
    /// Which other platform an output of a flake is for, by the flake's path and the output: what was read of them once.
    pub(crate) platforms: BTreeMap<(String, Install, String), Option<String>>,
    /// Files beside those of the flakes that Git does not track, by path relative to their flake.
    pub(crate) untracked: BTreeSet<String>,
    /// Bytes handed out so far: every case gets its own copy.
    handed_out: Cell<u64>,
}

impl HostFiles {
    /// For the scenario `file`. What it names must be inside its repository: the nearest folder above it that holds
    /// `.git`, or else a `flake.nix`, or else its own folder.
    pub(crate) fn beside(file: &Path, allow_outside: bool) -> Self {
        let folder = folder_of(file).to_path_buf();
        let root =
            (!allow_outside).then(|| repository_of(&folder).unwrap_or_else(|| folder.clone()));
        Self {
            folder,
            root,
            flakes: BTreeMap::new(),
            platforms: BTreeMap::new(),
            untracked: BTreeSet::new(),
            handed_out: Cell::new(0),
        }
    }

    /// The bytes of a file.
    pub(crate) fn file(&self, path: &str) -> Result<SeedFile, HostFileError> {
        let real = self.find(path)?;
        if !real.is_file() {
            return Err(HostFileError::WrongKind {
                path: path.to_owned(),
                wanted: "a file",
            });
        }
        let mut bounds = Bounds::new(path);
        let file = regular_file(&real, &mut bounds)?;
        self.hand_out(path, bounds.bytes)?;
        Ok(file)
    }

    /// Counts a copy of some files.
    pub(crate) fn hand_out_tree(
        &self,
        path: &str,
        files: &BTreeMap<String, SeedFile>,
    ) -> Result<(), HostFileError> {
        let sizes = files.values().map(|file| match file {
            SeedFile::Regular { bytes, .. } => bytes.len() as u64,
            SeedFile::Symlink { .. } | SeedFile::Directory => 0,
        });
        self.hand_out(path, sizes.sum())
    }

    /// Counts what is copied for the cases.
    fn hand_out(&self, path: &str, bytes: u64) -> Result<(), HostFileError> {
        let total = self.handed_out.get() + bytes;
        self.handed_out.set(total);
        if total <= MAX_HANDED_OUT_BYTES {
            return Ok(());
        }
        Err(HostFileError::TooMuch {
            path: path.to_owned(),
            limit: format!("{} MiB", MAX_HANDED_OUT_BYTES / 1024 / 1024),
        })
    }

    /// A file or a folder, by path relative to it: a file alone has the empty path.
    pub(crate) fn tree(&self, path: &str) -> Result<BTreeMap<String, SeedFile>, HostFileError> {
        let real = self.find(path)?;
        if real.is_file() {
            return Ok(BTreeMap::from([(String::new(), self.file(path)?)]));
        }
        if !real.is_dir() {
            return Err(HostFileError::WrongKind {
                path: path.to_owned(),
                wanted: "a file or a folder",
            });
        }
        let files = copy_folder(&real, path)?;
        self.hand_out_tree(path, &files)?;
        Ok(files)
    }

    /// A folder with a `flake.nix`, read once however often it is named.
    pub(crate) fn flake(&mut self, path: &str) -> Result<Arc<FlakeTree>, HostFileError> {
        if let Some(known) = self.flakes.get(path) {
            return Ok(Arc::clone(known));
        }
        let real = self.find(path)?;
        if !real.join("flake.nix").is_file() {
            return Err(HostFileError::WrongKind {
                path: path.to_owned(),
                wanted: "a folder with a flake.nix",
            });
        }
        let (mut files, untracked) = copy_flake(&real, path)?;
        self.untracked.extend(untracked);
        // In a flake that has its scenarios in it, a comment in one of them or an accepted snapshot is no change of it.
        if self
            .folder
            .canonicalize()
            .is_ok_and(|folder| folder.starts_with(&real))
        {
            files.retain(|name, _| !is_about_the_flake(name));
        }
        let flake = Arc::new(FlakeTree { files });
        self.flakes.insert(path.to_owned(), Arc::clone(&flake));
        Ok(flake)
    }

    /// A folder, with every link on the way to it followed.
    pub(crate) fn folder(&self, path: &str) -> Result<PathBuf, HostFileError> {
        let real = self.find(path)?;
        if real.is_dir() {
            return Ok(real);
        }
        Err(HostFileError::WrongKind {
            path: path.to_owned(),
            wanted: "a folder",
        })
    }

    /// The real path, with every link on the way followed, if it is allowed.
    fn find(&self, path: &str) -> Result<PathBuf, HostFileError> {
        let unreadable = |error: std::io::Error| HostFileError::Unreadable {
            path: path.to_owned(),
            reason: plain_reason(&error),
        };
        let wanted = self.folder.join(path);
        let Some(root) = &self.root else {
            return wanted.canonicalize().map_err(unreadable);
        };
        let root = root.canonicalize().map_err(unreadable)?;
        let outside = || HostFileError::Outside {
            path: path.to_owned(),
            root: root.display().to_string(),
        };
        let folder = self.folder.canonicalize().map_err(unreadable)?;
        // By its text first, so that a path out of the repository is refused as such also where nothing is there.
        if !without_dots(&folder.join(path)).starts_with(&root) {
            return Err(outside());
        }
        let real = wanted.canonicalize().map_err(unreadable)?;
        if real.starts_with(&root) {
            Ok(real)
        } else {
            Err(outside())
        }
    }
}

/// Whether a file of a flake is a scenario, their schema or a snapshot: what tests it, and no part of it.
fn is_about_the_flake(name: &str) -> bool {
    let is_scenario = name.starts_with("scenarios/") && name.ends_with(".yaml");
    let is_snapshot = name.starts_with("snapshots/") && name.ends_with(".snap");
    is_scenario || is_snapshot || name == "scenarios/schema.json" || name.ends_with(".snap.new")
}

fn plain_reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file or folder".to_owned(),
        _ => error.to_string(),
    }
}

fn without_dots(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => {
                out.pop();
            }
            Component::CurDir => {}
            other => out.push(other),
        }
    }
    out
}

fn repository_of(folder: &Path) -> Option<PathBuf> {
    let real = folder.canonicalize().ok()?;
    let above = |mark: &str| {
        let mut folders = real.ancestors();
        folders.find(|folder| folder.join(mark).exists())
    };
    above(".git")
        .or_else(|| above("flake.nix"))
        .map(Path::to_path_buf)
}

/// The folder whose `switchproof.yaml` counts for a scenario: its repository; without one, the folder that holds the
/// nearest `scenarios` around it, or else its own.
pub(crate) fn project_of(file: &Path) -> PathBuf {
    let folder = folder_of(file);
    repository_of(folder).unwrap_or_else(|| {
        let real = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        let scenarios = real.ancestors().find(|above| above.ends_with("scenarios"));
        let project = scenarios.and_then(Path::parent);
        project.map_or_else(|| folder.to_owned(), Path::to_owned)
    })
}

/// Counts what is copied.
struct Bounds<'path> {
    path: &'path str,
    bytes: u64,
    files: usize,
}

impl<'path> Bounds<'path> {
    fn new(path: &'path str) -> Self {
        Self {
            path,
            bytes: 0,
            files: 0,
        }
    }

    fn add(&mut self, bytes: u64) -> Result<(), HostFileError> {
        self.bytes += bytes;
        self.files += 1;
        let limit = if self.bytes > MAX_BYTES {
            format!("{} MiB", MAX_BYTES / 1024 / 1024)
        } else if self.files > MAX_FILES {
            format!("{MAX_FILES} files")
        } else {
            return Ok(());
        };
        Err(HostFileError::TooLarge {
            path: self.path.to_owned(),
            limit,
        })
    }

    fn unreadable(&self, error: &std::io::Error) -> HostFileError {
        HostFileError::Unreadable {
            path: self.path.to_owned(),
            reason: plain_reason(error),
        }
    }
}

fn regular_file(real: &Path, bounds: &mut Bounds<'_>) -> Result<SeedFile, HostFileError> {
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

/// A flake's folder as Nix copies it, and the files in it that are left out for the one reason that Git does not track
/// them.
fn copy_flake(
    real: &Path,
    path: &str,
) -> Result<(BTreeMap<String, SeedFile>, BTreeSet<String>), HostFileError> {
    let (files, untracked) = copy_tracked(real, path)?;
    if !files.contains_key("flake.nix") {
        return Err(HostFileError::Untracked {
            path: path.to_owned(),
        });
    }
    Ok((files, untracked))
}

/// A folder whose every link is followed: in a Git work tree what Git tracks, as it is on the disk, and the names of the
/// files that it does not; elsewhere everything.
pub(crate) fn copy_tracked(
    real: &Path,
    path: &str,
) -> Result<(BTreeMap<String, SeedFile>, BTreeSet<String>), HostFileError> {
    let tracked = tracked(real).map_err(|reason| HostFileError::Repository {
        path: path.to_owned(),
        reason,
    })?;
    let Some(tracked) = tracked else {
        return Ok((copy_folder(real, path)?, BTreeSet::new()));
    };
    let mut bounds = Bounds::new(path);
    let mut out = BTreeMap::new();
    for (name, is_submodule) in &tracked.files {
        let place = real.join(name);
        // Below a link or a file that took a folder's place there is nothing of the repository's.
        let is_there = place
            .parent()
            .is_some_and(|parent| parent.canonicalize().is_ok_and(|real| real == parent));
        let kind = place.symlink_metadata().map(|it| it.file_type());
        let (true, Ok(kind)) = (is_there, kind) else {
            continue;
        };
        if *is_submodule {
            // Nix leaves submodules out unless it is asked for them.
            out.insert(name.clone(), SeedFile::Directory);
        } else if !kind.is_dir() {
            out.insert(name.clone(), copy_file(&place, name, kind, &mut bounds)?);
        }
    }
    Ok((out, tracked.untracked))
}

/// A file or a link, as it is.
fn copy_file(
    place: &Path,
    inner: &str,
    kind: fs::FileType,
    bounds: &mut Bounds<'_>,
) -> Result<SeedFile, HostFileError> {
    let odd = |problem| HostFileError::Odd {
        path: bounds.path.to_owned(),
        name: inner.to_owned(),
        problem,
    };
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
) -> Result<BTreeMap<String, SeedFile>, HostFileError> {
    let mut bounds = Bounds::new(path);
    let mut out = BTreeMap::new();
    let mut todo = vec![(real.to_path_buf(), String::new())];
    while let Some((folder, below)) = todo.pop() {
        let entries = fs::read_dir(&folder).map_err(|error| bounds.unreadable(&error))?;
        let mut is_empty = true;
        for entry in entries {
            let entry = entry.map_err(|error| bounds.unreadable(&error))?;
            let Some(name) = entry.file_name().to_str().map(str::to_owned) else {
                return Err(HostFileError::Odd {
                    path: path.to_owned(),
                    name: entry.file_name().to_string_lossy().into_owned(),
                    problem: "a name that is not UTF-8",
                });
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
    #[test]
    fn a_project_without_a_repository_is_around_its_scenarios() {
        let folder = tempfile::tempdir().expect("a folder");
        let real = folder.path().canonicalize().expect("its path");
        std::fs::create_dir_all(real.join("scenarios/laptop")).expect("made");
        let of = |file: &str| super::project_of(&real.join(file));
        assert_eq!(of("scenarios/laptop/a.yaml"), real);
        assert_eq!(of("a.yaml"), real);
        std::fs::create_dir_all(real.join("scenarios/.git")).expect("made");
        assert_eq!(of("scenarios/laptop/a.yaml"), real.join("scenarios"));
    }

    use super::*;

    #[test]
    fn scenarios_and_snapshots_are_no_part_of_the_flake_that_holds_them() {
        let root = tempfile::tempdir().unwrap();
        for name in [
            "flake.nix",
            "scenarios/a.yaml",
            "scenarios/files/x",
            "scenarios/schema.json",
            "snapshots/a/switch.snap",
            "snapshots/a/switch.snap.new",
            "home/config.yaml",
        ] {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        }
        let taken = |scenario: &str| -> Vec<String> {
            let scenario = root.path().join(scenario);
            let mut files = HostFiles::beside(&scenario, true);
            let flake = files.flake(root.path().to_str().unwrap()).unwrap();
            flake.files.keys().cloned().collect()
        };
        assert_eq!(
            taken("scenarios/a.yaml"),
            ["flake.nix", "home/config.yaml", "scenarios/files/x"]
        );
        assert_eq!(taken("../elsewhere.yaml").len(), 7, "it is somebody else's");
    }
}
