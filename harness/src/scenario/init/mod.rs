//! A first scenario for each host and home of an existing flake, found by parsing it: no Nix is needed.

mod draft;
mod outputs;

use std::path::{Path, PathBuf};

use super::host_files::HostFiles;
use super::model::SeedFile;
use draft::draft;
use outputs::{Output, find_homes, find_outputs, has_remote_input};

/// A first scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Where it belongs, relative to the flake's folder.
    pub path: PathBuf,
    /// The file's text; it passes `check` when it is put there.
    pub text: String,
    /// What it is for: `homeConfigurations."alice"`.
    pub subject: String,
}

/// What was found in a flake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drafts {
    /// One for each host and home, by path.
    pub drafts: Vec<Draft>,
    /// Outputs that cannot be named without evaluating the flake, in words for a person.
    pub notes: Vec<String>,
}

/// Nothing can be written for a flake.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InitError {
    /// There is no flake, or it cannot be read.
    #[error("{message}")]
    NoFlake {
        /// What happened.
        message: String,
    },
    /// Its `flake.nix` is no Nix.
    #[error("flake.nix cannot be parsed: {message}")]
    Broken {
        /// Where and why.
        message: String,
    },
    /// It names no host and no home.
    #[error("the flake names no host and no home{}", if notes.is_empty() { "" } else { " that can be read without evaluating it" })]
    Nothing {
        /// Outputs that cannot be named without evaluating the flake.
        notes: Vec<String>,
    },
}

impl InitError {
    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::NoFlake { .. } => "name a folder that holds a flake.nix".to_owned(),
            Self::Broken { .. } => "mend it first: `nix flake check` says more".to_owned(),
            Self::Nothing { notes } => {
                let more = notes
                    .first()
                    .map(|note| format!("; {note}"))
                    .unwrap_or_default();
                format!(
                    "write a scenario with `flake: ./path#output`, where output is a name under \
                     homeConfigurations, nixosConfigurations or darwinConfigurations{more}"
                )
            }
        }
    }
}

/// The folder of a flake that is named by its folder or by its `flake.nix`.
#[must_use]
pub fn flake_folder(path: &Path) -> &Path {
    match path.file_name() {
        Some(name) if name == "flake.nix" => match path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        },
        _ => path,
    }
}

/// Looks at the flake in `folder` and drafts a scenario for each `homeConfigurations`, `nixosConfigurations` and
/// `darwinConfigurations` in it.
///
/// # Errors
/// When there is no flake, it is no Nix, or it names none of them.
pub fn init(folder: &Path) -> Result<Drafts, InitError> {
    let folder = flake_folder(folder);
    let beside = folder.join("scenario.yaml");
    let flake = HostFiles::beside(&beside, None, true)
        .flake(".")
        .map_err(|error| InitError::NoFlake {
            message: error.to_string(),
        })?;
    let text_of = |name: &str| match flake.files.get(name) {
        Some(SeedFile::Regular { bytes, .. }) => String::from_utf8_lossy(bytes).into_owned(),
        _ => String::new(),
    };
    let main = text_of("flake.nix");
    super::nix::check_expression(&main).map_err(|error| InitError::Broken {
        message: error.to_string(),
    })?;
    let (outputs, notes) = find_outputs(&main);
    // Who has a home on a host may be said in any of its modules.
    let modules = flake.files.keys().filter(|name| name.ends_with(".nix"));
    let mut users: Vec<String> = modules
        .flat_map(|name| find_homes(&text_of(name)))
        .collect();
    users.sort();
    users.dedup();
    let is_remote = has_remote_input(&main);
    let mut drafts: Vec<Draft> = outputs
        .iter()
        .map(|output: &Output| draft(output, &users, is_remote))
        .collect();
    drafts.sort_by(|left, right| left.path.cmp(&right.path));
    drafts.dedup_by(|later, first| later.path == first.path);
    if drafts.is_empty() {
        return Err(InitError::Nothing { notes });
    }
    Ok(Drafts { drafts, notes })
}
