//! What the commands `check` and `render` do.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use super::diagnostic::{Diagnostic, Severity};
use super::load::load_all;
use super::options::LoadOptions;
use crate::model::{Action, Case, FlakeTree, SeedFile};
use crate::text::escape_name;

/// What checking scenarios came to.
#[derive(Debug)]
pub struct Checked {
    /// How many files were read.
    pub files: usize,
    /// The cases that the files without mistakes make, sorted by id.
    pub cases: Vec<Case>,
    /// The ids of those cases whose machine reaches this computer over the network.
    pub reach_host: Vec<String>,
    /// All mistakes and warnings, by file and place.
    pub diagnostics: Vec<Diagnostic>,
}

impl Checked {
    /// Whether nothing is refused.
    pub fn is_fine(&self) -> bool {
        self.diagnostics
            .iter()
            .all(|one| one.severity != Severity::Error)
    }
}

/// Validates scenarios, files or folders, without touching a machine.
pub fn check(paths: &[PathBuf], options: &LoadOptions) -> Checked {
    let loaded = load_all(paths, options);
    Checked {
        files: loaded.files,
        reach_host: loaded
            .cases
            .iter()
            .filter(|case| case.guest.network.reaches_host())
            .map(|case| case.id.clone())
            .collect(),
        cases: loaded.cases,
        diagnostics: loaded.diagnostics,
    }
}

/// The flakes that a case switches to, as text ready to paste: each different one once, in the order of the steps.
/// A flake of one file is printed bare; the files of others follow a `# name` line each.
pub fn render(case: &Case) -> String {
    let mut seen: Vec<&Arc<FlakeTree>> = Vec::new();
    let mut out = String::new();
    for step in &case.steps {
        let (Action::Switch(switch) | Action::Build(switch)) = &step.action else {
            continue;
        };
        if seen.iter().any(|have| **have == switch.flake) {
            continue;
        }
        if !seen.is_empty() {
            let _ = writeln!(out, "\n# from step {}", step.name);
        }
        seen.push(&switch.flake);
        print_tree(&switch.flake, &mut out);
    }
    out
}

fn print_tree(tree: &FlakeTree, out: &mut String) {
    let is_alone = tree.files.len() == 1;
    // flake.nix first: it says what the others are for.
    let (main, others): (Vec<_>, Vec<_>) = tree
        .files
        .iter()
        .partition(|(name, _)| *name == "flake.nix");
    for (name, file) in main.into_iter().chain(others) {
        if !is_alone {
            let _ = writeln!(out, "# {}", escape_name(name.as_bytes()));
        }
        match file {
            SeedFile::Regular { bytes, .. } => match std::str::from_utf8(bytes) {
                Ok(text) => out.push_str(text),
                Err(_) => {
                    let _ = writeln!(out, "# ({} bytes that are no text)", bytes.len());
                }
            },
            SeedFile::Symlink { target } => {
                let target = escape_name(target.as_bytes());
                let _ = writeln!(out, "# (a link to {target})");
            }
            SeedFile::Directory => out.push_str("# (an empty folder)\n"),
        }
        if !out.ends_with('\n') {
            out.push('\n');
        }
    }
}
