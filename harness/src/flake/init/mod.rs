//! A first scenario for each host and home of an existing flake, found by parsing it: no Nix is needed.

mod about;
mod draft;
mod evaluated;
mod found;
mod handed;
mod outputs;
mod texts;

use std::path::Path;

use super::host_files::HostFiles;
use super::lock::FlakeInputs;
use super::packages::lacking;
use super::setup::{DEFAULT_USER, this_system};
use crate::model::{FlakeTree, Install};
use about::Seen;
use draft::{About, draft, free_name, replaced};
use outputs::{Output, find_outputs};
use texts::Texts;

pub use draft::{Draft, Wanted};
pub use evaluated::Evaluated;
pub use found::{Found, Outputs, outputs};

/// What was found in a flake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drafts {
    /// One for each host and home, by path.
    pub drafts: Vec<Draft>,
    /// What could not be read without evaluating the flake, in words for a person.
    pub notes: Vec<String>,
}

/// Nothing can be written for a flake.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct InitError {
    message: String,
    hint: String,
}

impl InitError {
    fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: hint.into(),
        }
    }

    /// It names no host and no home; `notes` name the sets whose outputs cannot be named without evaluating it.
    fn nothing(notes: &[String]) -> Self {
        let (read, way) = match notes {
            [] => (
                "",
                "write a scenario with `flake: ./path#output`".to_owned(),
            ),
            [note, ..] => (
                " that can be read without evaluating it",
                format!(
                    "{note}: let `switchproof init --evaluate` ask Nix in a machine, or name one, as `switchproof init .#OUTPUT`"
                ),
            ),
        };
        Self::new(
            format!("the flake names no host and no home{read}"),
            format!(
                "{way}, where the output is a name under homeConfigurations, nixosConfigurations or darwinConfigurations"
            ),
        )
    }

    /// It was evaluated, and names no home; `notes` tell of what it names.
    fn without_homes(notes: &[String]) -> Self {
        let hint = match notes.first() {
            Some(note) => note.clone(),
            None => "homes are names under homeConfigurations, or in hosts under nixosConfigurations or darwinConfigurations".to_owned(),
        };
        Self::new("the flake has no home of Home Manager", hint)
    }

    /// What to do about it.
    pub fn hint(&self) -> &str {
        &self.hint
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

/// Reads the flake in `folder` and drafts a scenario for each `homeConfigurations`, `nixosConfigurations` and
/// `darwinConfigurations` in it.
///
/// # Errors
/// When there is no flake, it is no Nix, or it names none of them.
pub fn init(folder: &Path, wanted: &Wanted) -> Result<Drafts, InitError> {
    let Flake {
        texts,
        mut outputs,
        mut notes,
        about,
    } = Flake::read(folder, &wanted.query)?;
    outputs.extend(unread(wanted, &outputs, &notes));
    let here = this_system();
    let mut drafts: Vec<Draft> = Vec::new();
    let mut add = |output: &Output, seen: &Seen, platform: Option<&str>| {
        let name = free_name(output, &drafts);
        let (draft, note) = draft(output, name, seen, platform, &about, wanted);
        drafts.push(draft);
        note
    };
    match &wanted.evaluated {
        None => {
            for output in &outputs {
                let platform = texts.other_platform(output, &here);
                notes.extend(add(output, &texts.about(output), platform.as_deref()));
            }
        }
        Some(evaluated) => {
            notes.clear();
            for it in evaluated {
                notes.extend(it.note());
                if it.is_homeless() {
                    continue;
                }
                let output = it.output(&outputs);
                let seen = it.seen(texts.about(&output));
                let platform = it.platform.as_deref().filter(|platform| *platform != here);
                notes.extend(add(&output, &seen, platform));
            }
        }
    }
    drafts.sort_by(|left, right| left.path.cmp(&right.path));
    if drafts.is_empty() {
        return Err(match &wanted.evaluated {
            Some(_) => InitError::without_homes(&notes),
            None => InitError::nothing(&notes),
        });
    }
    Ok(Drafts { drafts, notes })
}

/// A scenario beside the flake in `folder` that takes its inputs as those drafted would, and builds whatever: the flake of its
/// one step is there to be asked for its homes and hosts.
///
/// # Errors
/// When there is no flake, or it is no Nix.
pub fn scenario_to_ask(folder: &Path, wanted: &Wanted) -> Result<String, InitError> {
    let about = Flake::read(folder, &wanted.query)?.about;
    let impure = about.is_impure;
    let mut inputs = replaced(&about.inputs, wanted);
    let network =
        wanted.is_remote || (about.inputs.may_be_remote(&wanted.inputs) && inputs.is_empty());
    inputs.extend(wanted.inputs.clone());
    let path = serde_json::to_string(&format!(".{}", wanted.query)).unwrap_or_default();
    let inputs = serde_json::to_string(&inputs).unwrap_or_default();
    Ok(format!(
        "name: init\nnetwork: {network}\nflake: {{ path: {path}, output: x, user: {DEFAULT_USER}, inputs: {inputs} }}\n\
         steps: [{{ build: {{ impure: {impure} }}, fails: [] }}]\n"
    ))
}

/// The home or host that is wanted, where it is none of those that were read and some names were not.
fn unread(wanted: &Wanted, outputs: &[Output], notes: &[String]) -> Option<Output> {
    let (install, name) = Install::of_output(wanted.output.as_deref()?);
    let is_it = |output: &Output| {
        output.name == name && install.is_none_or(|install| install == output.install)
    };
    if outputs.iter().any(is_it) {
        return None;
    }
    let is_computed = |install: &Install| {
        let set = format!("`{}`", install.set_name());
        notes.iter().any(|note| note.contains(&set))
    };
    let install = install.or_else(|| Install::ALL.into_iter().find(is_computed));
    Some(Output::named(install.filter(is_computed)?, name))
}

/// The platform that an output of a flake is for, where it is for others than `here` alone; `None` also where its text does
/// not tell.
pub(crate) fn other_platform(
    flake: &FlakeTree,
    install: Install,
    name: &str,
    here: &str,
) -> Option<String> {
    let texts = Texts::of(flake);
    let (outputs, _) = find_outputs(&texts);
    let is_it = |output: &&Output| output.install == install && output.name == name;
    texts.other_platform(outputs.iter().find(is_it)?, here)
}

/// What the text of a flake says about it.
struct Flake {
    texts: Texts,
    outputs: Vec<Output>,
    notes: Vec<String>,
    about: About,
}

impl Flake {
    fn read(folder: &Path, query: &str) -> Result<Self, InitError> {
        let folder = flake_folder(folder);
        let beside = folder.join("scenario.yaml");
        let flake = HostFiles::beside(&beside, true)
            .flake(&format!(".{query}"))
            .map_err(|error| {
                InitError::new(error.to_string(), "name a folder that holds a flake.nix")
            })?;
        let main = flake.text("flake.nix").unwrap_or_default();
        super::nix::check_expression(main).map_err(|error| {
            let message = format!("flake.nix cannot be parsed: {error}");
            InitError::new(message, "mend it first: `nix flake check` says more")
        })?;
        let texts = Texts::of(&flake);
        let (outputs, notes) = find_outputs(&texts);
        let about = About {
            inputs: FlakeInputs::of(&flake),
            everything: texts.everything().clone(),
            lacking: lacking(&flake),
            is_impure: texts.is_impure(),
            folder: folder.canonicalize().unwrap_or_default(),
        };
        Ok(Self {
            texts,
            outputs,
            notes,
            about,
        })
    }
}
