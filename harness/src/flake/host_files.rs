//! Files of this computer that a scenario names: found, kept inside the repository, copied within bounds.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::copy::{Bounds, Limit, copy_folder, copy_tracked, regular_file};
use super::flake_name::FlakeName;
use super::host_file_error::HostFileError;
use super::nix::{Bindings, wants_submodules};
use super::outside::{repository_in_use, without_dots};
use crate::model::{FlakeTree, Install, SeedFile, joined};

/// The most that all copies for all cases of a scenario may hold, in MiB. A user's flake is shared and counts not.
const MAX_HANDED_OUT_MIB: u64 = 64;

/// Whether a scenario file may be read: a link must stay inside the repository of the folder that it lies in, as what it
/// names must. Messages about a wrong scenario would show the content of other files.
pub(crate) fn is_own_file(file: &Path) -> std::io::Result<bool> {
    let folder = folder_of(file).canonicalize()?;
    let root = repository_of(&folder).unwrap_or(folder);
    Ok(file.canonicalize()?.starts_with(root))
}

/// The same of a folder that is searched for scenarios; outside of every repository a link is harmless.
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
            return Err(HostFileError::wrong_kind(path, "a file"));
        }
        let mut bounds = Bounds::new(path, Limit::OWN);
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
            SeedFile::Symlink { .. } | SeedFile::Directory | SeedFile::Bare { .. } => 0,
        });
        self.hand_out(path, sizes.sum())
    }

    /// Counts what is copied for the cases.
    fn hand_out(&self, path: &str, bytes: u64) -> Result<(), HostFileError> {
        let total = self.handed_out.get() + bytes;
        self.handed_out.set(total);
        match total <= MAX_HANDED_OUT_MIB << 20 {
            true => Ok(()),
            false => Err(HostFileError::too_much(path, MAX_HANDED_OUT_MIB)),
        }
    }

    /// A file or a folder, by path relative to it: a file alone has the empty path.
    pub(crate) fn tree(&self, path: &str) -> Result<BTreeMap<String, SeedFile>, HostFileError> {
        let real = self.find(path)?;
        if real.is_file() {
            return Ok(BTreeMap::from([(String::new(), self.file(path)?)]));
        }
        if !real.is_dir() {
            return Err(HostFileError::wrong_kind(path, "a file or a folder"));
        }
        let files = copy_folder(&real, path, Limit::OWN)?;
        self.hand_out_tree(path, &files)?;
        Ok(files)
    }

    /// A flake, as [`FlakeName`] names it, read once however often it is named.
    pub(crate) fn flake(&mut self, path: &str) -> Result<Arc<FlakeTree>, HostFileError> {
        if let Some(known) = self.flakes.get(path) {
            return Ok(Arc::clone(known));
        }
        let named = FlakeName::parse(path)?;
        let mut real = self.find(named.folder)?;
        let mut dir = named.dir;
        if !real.join(&dir).join("flake.nix").is_file() {
            let wanted = "a folder with a flake.nix";
            return Err(HostFileError::wrong_kind(path, wanted));
        }
        let copy = |with: bool| copy_tracked(&real, path, Limit::OWN, with);
        let (mut files, mut untracked) = copy(named.has_submodules)?;
        let main = files.get(&joined(&dir, "flake.nix"));
        let main = main.and_then(SeedFile::text).unwrap_or_default();
        let has_submodules = named.has_submodules || wants_submodules(&Bindings::of(&main));
        if has_submodules && !named.has_submodules {
            (files, untracked) = copy(true)?;
        }
        let around = repository_in_use(&real, &files);
        if let Some(repository) = around.filter(|it| self.is_inside(it)) {
            let below = real.strip_prefix(&repository).ok().and_then(Path::to_str);
            dir = joined(below.unwrap_or_default(), &dir);
            let what = format!("the repository around {path}");
            (files, untracked) = copy_tracked(&repository, &what, Limit::OWN, has_submodules)?;
            real = repository;
        }
        let tree = FlakeTree { files, dir };
        if tree.beside("flake.nix").is_none() {
            return Err(HostFileError::untracked(path));
        }
        let FlakeTree { mut files, dir } = tree;
        self.untracked.extend(untracked);
        // In a flake that has its scenarios in it, a comment in one of them or an accepted snapshot is no change of it.
        if self
            .folder
            .canonicalize()
            .is_ok_and(|folder| folder.starts_with(&real))
        {
            let below = |name: &str| Some(name.strip_prefix(&dir)?.strip_prefix('/')?.to_owned());
            files.retain(|name, _| {
                let is_below = below(name).is_some_and(|name| is_about_the_flake(&name));
                !is_below && !is_about_the_flake(name)
            });
        }
        let flake = Arc::new(FlakeTree { files, dir });
        self.flakes.insert(path.to_owned(), Arc::clone(&flake));
        Ok(flake)
    }

    /// A folder, with every link on the way to it followed.
    pub(crate) fn folder(&self, path: &str) -> Result<PathBuf, HostFileError> {
        let real = self.find(path)?;
        match real.is_dir() {
            true => Ok(real),
            false => Err(HostFileError::wrong_kind(path, "a folder")),
        }
    }

    /// Whether a real path may be taken.
    fn is_inside(&self, real: &Path) -> bool {
        let root = self.root.as_ref().map(|root| root.canonicalize());
        root.is_none_or(|root| root.is_ok_and(|root| real.starts_with(root)))
    }

    /// The real path, with every link on the way followed, if it is allowed.
    fn find(&self, path: &str) -> Result<PathBuf, HostFileError> {
        let unreadable = |error| HostFileError::unreadable(path, &error);
        let wanted = self.folder.join(path);
        let Some(root) = &self.root else {
            return wanted.canonicalize().map_err(unreadable);
        };
        let root = root.canonicalize().map_err(unreadable)?;
        let outside = || HostFileError::outside(path, &root);
        let folder = self.folder.canonicalize().map_err(unreadable)?;
        // By its text first, so that a path out of the repository is refused as such also where nothing is there.
        if !without_dots(&folder.join(path)).starts_with(&root) {
            return Err(outside());
        }
        let real = wanted.canonicalize().map_err(unreadable)?;
        match real.starts_with(&root) {
            true => Ok(real),
            false => Err(outside()),
        }
    }
}

/// Whether a file of a flake is a scenario, their schema or a snapshot: what tests it, and no part of it.
fn is_about_the_flake(name: &str) -> bool {
    let is_scenario = name.starts_with("scenarios/") && name.ends_with(".yaml");
    let is_snapshot = name.starts_with("snapshots/") && name.ends_with(".snap");
    is_scenario || is_snapshot || name == "scenarios/schema.json" || name.ends_with(".snap.new")
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Folder;

    #[test]
    fn a_project_without_a_repository_is_around_its_scenarios() {
        let folder = Folder::new();
        let real = folder.path().canonicalize().expect("its path");
        folder.directory("scenarios/laptop");
        let of = |file: &str| super::project_of(&real.join(file));
        assert_eq!(of("scenarios/laptop/a.yaml"), real);
        assert_eq!(of("a.yaml"), real);
        folder.directory("scenarios/.git");
        assert_eq!(of("scenarios/laptop/a.yaml"), real.join("scenarios"));
    }

    #[test]
    fn scenarios_and_snapshots_are_no_part_of_the_flake_that_holds_them() {
        let root = Folder::new();
        let own = "flake.nix home/config.yaml scenarios/files/x";
        let not = "scenarios/a.yaml scenarios/schema.json snapshots/a/switch.snap snapshots/a/switch.snap.new";
        for name in own.split(' ').chain(not.split(' ')) {
            root.write(name, "x");
        }
        let taken = |scenario: &str| -> Vec<String> {
            let mut files = HostFiles::beside(&root.join(scenario), true);
            let flake = files.flake(root.path().to_str().unwrap()).unwrap();
            flake.files.keys().cloned().collect()
        };
        assert_eq!(taken("scenarios/a.yaml").join(" "), own);
        assert_eq!(taken("../elsewhere.yaml").len(), 7, "it is somebody else's");
    }
}
