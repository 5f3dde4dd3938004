//! Why a file of this computer cannot be taken.

use std::io;
use std::path::Path;

/// A file or folder cannot be taken. Paths in it are as the scenario names them.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct HostFileError {
    message: String,
    hint: &'static str,
}

const WHOLE_CHECKOUT: &str = "name the folder of a whole checkout, such as `git clone` makes";

impl HostFileError {
    fn new(message: String, hint: &'static str) -> Self {
        Self { message, hint }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        self.hint
    }

    /// Nothing is there, or it cannot be read.
    pub(super) fn unreadable(path: &str, error: &io::Error) -> Self {
        let reason = match error.kind() {
            io::ErrorKind::NotFound => "there is no such file or folder".to_owned(),
            _ => error.to_string(),
        };
        let message = format!("`{path}` cannot be read: {reason}");
        Self::new(message, "paths are relative to the scenario file")
    }

    /// It leads out of the folder that nothing may leave.
    pub(super) fn outside(path: &str, root: &Path) -> Self {
        let hint = "a scenario takes files of its own repository only: copy what it needs into it, or allow it with `--allow-outside`";
        Self::new(format!("`{path}` is outside of `{}`", root.display()), hint)
    }

    /// It is not what is wanted: "a folder", "a file".
    pub(super) fn wrong_kind(path: &str, wanted: &str) -> Self {
        Self::new(format!("`{path}` is not {wanted}"), "name another path")
    }

    /// A folder is no checkout of a project: it has not what every one has.
    pub(super) fn no_checkout(folder: &Path, project: &str, missing: &str) -> Self {
        let folder = folder.display();
        let message = format!("{folder} is no checkout of {project}: it has no {missing}");
        Self::new(message, WHOLE_CHECKOUT)
    }

    /// The `release.json` of a checkout says no release.
    pub(super) fn no_release(path: &Path) -> Self {
        let message = format!("{} does not name a release", path.display());
        Self::new(message, WHOLE_CHECKOUT)
    }

    /// It holds more than a scenario should need: "64 MiB", "10000 files".
    pub(super) fn too_large(path: &str, limit: &str) -> Self {
        let hint = "name a folder that holds only what the flake needs";
        Self::new(format!("`{path}` holds more than {limit}"), hint)
    }

    /// All cases of the scenario together take more than they should need.
    pub(super) fn too_much(path: &str, limit_mib: u64) -> Self {
        let message =
            format!("with `{path}` the cases of this scenario copy more than {limit_mib} MiB");
        let hint = "name smaller files, or make the matrix smaller";
        Self::new(message, hint)
    }

    /// Git does not say which files a flake has.
    pub(super) fn repository(path: &str, reason: &str) -> Self {
        let hint = "Nix asks Git too: mend the repository, or install Git";
        Self::new(format!("`{path}` cannot be copied: {reason}"), hint)
    }

    /// Git does not track the flake itself.
    pub(super) fn untracked(path: &str) -> Self {
        let message =
            format!("Git does not track the flake.nix of `{path}`, so Nix does not see it");
        Self::new(message, "run `git add flake.nix` in its folder")
    }

    /// A submodule that is asked for is not there.
    pub(super) fn no_submodule(path: &str, name: &str) -> Self {
        let message = format!("the submodule `{name}` of `{path}` is not checked out");
        Self::new(message, "run `git submodule update --init --recursive`")
    }

    /// It is named as a flake is, and in a way that is none of a folder's: with "path:", "ref=main".
    pub(super) fn not_of_a_folder(path: &str, part: &str) -> Self {
        let message =
            format!("`{path}` names a flake with `{part}`, which a folder is not named with here");
        let hint = "name the folder as it is checked out: `./path`, `./path?dir=folder`, `./path?submodules=1`";
        Self::new(message, hint)
    }

    /// A file in it has a name that is not UTF-8, or is neither file, folder nor link.
    pub(super) fn odd(path: &str, name: &str, problem: &str) -> Self {
        let message = format!("`{path}` holds `{name}`, which is {problem}");
        Self::new(message, "remove it, or move it out of the folder")
    }
}
