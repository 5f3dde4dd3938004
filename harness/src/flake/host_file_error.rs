//! Why a file of this computer cannot be taken.

use std::io;

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
        /// "64 MiB", "10000 files".
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
    /// A submodule that is asked for is not there.
    #[error("the submodule `{name}` of `{path}` is not checked out")]
    NoSubmodule {
        /// As the scenario names it.
        path: String,
        /// Its folder.
        name: String,
    },
    /// It is named as a flake is, and in a way that is none of a folder's.
    #[error("`{path}` names a flake with `{part}`, which a folder is not named with here")]
    NotOfAFolder {
        /// As the scenario names it.
        path: String,
        /// "path:", "ref".
        part: String,
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
            Self::NoSubmodule { .. } => "run `git submodule update --init --recursive`",
            Self::NotOfAFolder { .. } => {
                "name the folder as it is checked out: `./path`, `./path?dir=folder`, `./path?submodules=1`"
            }
            Self::Untracked { .. } => "run `git add flake.nix` in its folder",
            Self::TooMuch { .. } => "name smaller files, or make the matrix smaller",
            Self::TooLarge { .. } => "name a folder that holds only what the flake needs",
            Self::Odd { .. } => "remove it, or move it out of the folder",
        }
    }
}

/// What the system says, in words that help.
pub(super) fn plain_reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file or folder".to_owned(),
        _ => error.to_string(),
    }
}
