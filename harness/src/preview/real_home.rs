//! A real home as far as a switch can collide with it: names, types, modes and link targets, and never a content.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use crate::model::{Action, SeedFile, Step};

/// The name of the step that puts it there.
pub const YOUR_HOME: &str = "your-home";
/// Most entries that are taken: an observation holds 200,000, of which a switch brings some.
const ENTRIES: usize = 190_000;
/// How long putting them there may take.
const DEADLINE_S: u32 = 1800;

/// What a switch puts there itself, or Nix for it.
const MADE_ANEW: [&str; 6] = [
    ".cache/nix",
    ".local/state/home-manager",
    ".local/state/nix",
    ".nix-channels",
    ".nix-defexpr",
    ".nix-profile",
];
/// Folders whose names of files are nobody's business: of browsers, of keys, of mail; and caches, which nobody manages.
const PRIVATE: [&str; 24] = [
    ".aws",
    ".cache",
    ".config/BraveSoftware",
    ".config/Signal",
    ".config/age",
    ".config/chromium",
    ".config/google-chrome",
    ".config/microsoft-edge",
    ".config/mozilla",
    ".config/sops",
    ".config/vivaldi",
    ".gnupg",
    ".kube",
    ".librewolf",
    ".local/share/gnupg",
    ".local/share/keyrings",
    ".local/share/password-store",
    ".mozilla",
    ".password-store",
    ".pki",
    ".ssh",
    ".thunderbird",
    ".var/app",
    "snap",
];

/// A real home, to be put into a machine.
#[derive(Debug, Default)]
pub struct RealHome {
    files: BTreeMap<String, SeedFile>,
    /// Folders of which only the name was taken: private ones, other file systems, those that cannot be read.
    by_name: Vec<String>,
    /// Links of Home Manager's own, which today's switch makes anew.
    managed: usize,
    /// Names that are no UTF-8.
    nameless: usize,
}

/// Why a home cannot be taken.
#[derive(Debug, thiserror::Error)]
pub enum RealHomeError {
    /// It is not there, or no folder, or cannot be read.
    #[error("{path} cannot be read: {cause}", path = path.display())]
    Unreadable {
        /// The home.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// It holds too much.
    #[error("{path} has more than {ENTRIES} entries, {count} of them in {most}", path = path.display())]
    TooMuch {
        /// The home.
        path: PathBuf,
        /// The folder at its top that holds the most.
        most: String,
        /// So many.
        count: usize,
    },
}

impl RealHomeError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::Unreadable { .. } => "name a home directory that you may read".to_owned(),
            Self::TooMuch { most, .. } => format!("leave folders out: --exclude {most}"),
        }
    }
}

impl RealHome {
    /// Takes the names, types, modes and link targets of the home in `folder`, without what is in the folders `excluded`,
    /// relative to it. No file is opened.
    ///
    /// # Errors
    /// When it cannot be read, or holds too much.
    pub fn take(folder: &Path, excluded: &[PathBuf]) -> Result<Self, RealHomeError> {
        let unreadable = |cause| RealHomeError::Unreadable {
            path: folder.to_owned(),
            cause,
        };
        let itself = fs::metadata(folder).map_err(unreadable)?;
        // What cannot be read below it is taken by name, but not all of it.
        fs::read_dir(folder).map_err(unreadable)?;
        let excluded: Vec<PathBuf> = excluded.iter().map(|path| plain(path)).collect();
        let mut walk = Walk {
            home: folder,
            device: itself.dev(),
            excluded: &excluded,
            taken: Self::default(),
        };
        walk.folder(Path::new(""))?;
        Ok(walk.taken)
    }

    /// The step that puts it into the home of `user`.
    #[must_use]
    pub fn step(&self, user: &str) -> Step {
        let seed = Action::Seed {
            user: user.to_owned(),
            files: self.files.clone(),
        };
        Step::new(YOUR_HOME, seed, DEADLINE_S)
    }

    /// What was taken and what not, in a line.
    #[must_use]
    pub fn words(&self) -> String {
        let mut words = format!(
            "your home: {} entries by name, type, mode and link target, with no content",
            self.files.len()
        );
        if !self.by_name.is_empty() {
            words += &format!("; not looked into: {}", self.by_name.join(", "));
        }
        if self.managed > 0 {
            words += &format!(
                "; links of Home Manager's own that are made anew: {}",
                self.managed
            );
        }
        if self.nameless > 0 {
            words += &format!("; names left out that are no UTF-8: {}", self.nameless);
        }
        words
    }
}

/// A path without what does not name anything.
fn plain(path: &Path) -> PathBuf {
    let names = path
        .components()
        .filter(|it| matches!(it, Component::Normal(_)));
    names.collect()
}

struct Walk<'a> {
    home: &'a Path,
    device: u64,
    excluded: &'a [PathBuf],
    taken: RealHome,
}

impl Walk<'_> {
    /// Takes what is in a folder, of which only the name stays where it cannot be read.
    fn folder(&mut self, path: &Path) -> Result<(), RealHomeError> {
        let Ok(entries) = fs::read_dir(self.home.join(path)) else {
            self.taken.by_name.extend(path.to_str().map(str::to_owned));
            return Ok(());
        };
        for entry in entries.flatten() {
            let path = path.join(entry.file_name());
            let is_in = |names: &[&str]| names.iter().any(|name| path == Path::new(name));
            if self.excluded.contains(&path) || is_in(&MADE_ANEW) {
                continue;
            }
            let (Some(name), Ok(meta)) = (path.to_str(), entry.metadata()) else {
                self.taken.nameless += 1;
                continue;
            };
            let Some(file) = self.file(&path, &meta) else {
                self.taken.managed += 1;
                continue;
            };
            self.taken.files.insert(name.to_owned(), file);
            if self.taken.files.len() > ENTRIES {
                return Err(self.too_much());
            }
            if !meta.is_dir() {
                continue;
            }
            match is_in(&PRIVATE) || meta.dev() != self.device {
                true => self.taken.by_name.push(name.to_owned()),
                false => self.folder(&path)?,
            }
        }
        Ok(())
    }

    /// An entry without its content; `None` of a link into a generation.
    fn file(&self, path: &Path, meta: &Metadata) -> Option<SeedFile> {
        if !meta.is_symlink() {
            return Some(SeedFile::Bare {
                is_directory: meta.is_dir(),
                mode: meta.mode() & 0o777,
            });
        }
        let target = fs::read_link(self.home.join(path)).unwrap_or_default();
        let is_managed = target.starts_with("/nix/store")
            && target
                .components()
                .any(|part| is_home_files(part.as_os_str()));
        (!is_managed).then(|| SeedFile::Symlink {
            target: target.to_string_lossy().into_owned(),
        })
    }

    fn too_much(&self) -> RealHomeError {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for path in self.taken.files.keys() {
            *counts
                .entry(path.split('/').next().unwrap_or(path))
                .or_default() += 1;
        }
        let most = counts.into_iter().max_by_key(|(_, count)| *count);
        let (most, count) = most.unwrap_or_default();
        RealHomeError::TooMuch {
            path: self.home.to_owned(),
            most: most.to_owned(),
            count,
        }
    }
}

fn is_home_files(part: &OsStr) -> bool {
    part.to_str()
        .is_some_and(|it| it.ends_with("-home-manager-files"))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::testing::{Folder, has, lacks};

    #[test]
    fn a_home_is_taken_without_a_content_or_a_name_that_is_private() {
        let home = Folder::new();
        let files = [
            ".ssh/id_secret",
            ".config/app/own",
            "games/deep/save",
            ".local/state/nix/x",
        ];
        for file in files {
            home.write(file, "a secret");
        }
        let private = fs::Permissions::from_mode(0o600);
        fs::set_permissions(home.join(".config/app/own"), private).unwrap();
        home.link("/nix/store/0000-home-manager-files/.zshrc", ".zshrc");
        home.link("elsewhere", "own\nlink");

        let taken = RealHome::take(home.path(), &["./games/".into()]).unwrap();
        let told = format!("{:?}", taken.step("alice"));
        lacks(told, &["secret", "save"]);
        let names: Vec<&str> = taken.files.keys().map(String::as_str).collect();
        let names = names.join(" ");
        let expected = ".config .config/app .config/app/own .local .local/state .ssh own\nlink";
        assert_eq!(names, expected);
        let bare = SeedFile::Bare {
            is_directory: false,
            mode: 0o600,
        };
        assert_eq!(taken.files[".config/app/own"], bare);
        assert_eq!(
            taken.words(),
            "your home: 7 entries by name, type, mode and link target, with no content; not looked into: .ssh; \
             links of Home Manager's own that are made anew: 1"
        );
    }

    #[test]
    fn what_is_no_folder_is_refused_with_the_way_out() {
        let error = RealHome::take(Path::new("/nowhere/at/all"), &[]).unwrap_err();
        has(error.to_string(), "/nowhere/at/all cannot be read");
        assert!(!error.hint().is_empty());
    }
}
