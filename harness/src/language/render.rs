//! The flakes of a case as text: what `switchproof render` prints.

use std::fmt::Write as _;
use std::sync::Arc;

use crate::flake::without_the_machine;
use crate::model::{Case, FlakeTree, SeedFile};
use crate::text::escape_name;

/// The flakes that a case switches to, as text ready to paste: each different one once, in the order of the steps.
/// A flake of one file is printed bare; the files of others follow a `# name` line each.
pub fn render(case: &Case) -> String {
    let mut seen: Vec<&Arc<FlakeTree>> = Vec::new();
    let mut out = String::new();
    for step in &case.steps {
        let Some(switch) = step.action.setup() else {
            continue;
        };
        if seen.iter().any(|have| **have == switch.flake) {
            continue;
        }
        if !seen.is_empty() {
            let _ = writeln!(out, "\n# from step {}", step.name);
        }
        seen.push(&switch.flake);
        for (name, url) in &switch.channels {
            let _ = writeln!(out, "# nix-channel --add {url} {name}");
        }
        match switch.is_for_the_machine() {
            true => print_tree(&without_the_machine(&switch.flake), &mut out),
            false => print_tree(&switch.flake, &mut out),
        }
    }
    out
}

fn print_tree(tree: &FlakeTree, out: &mut String) {
    let is_alone = tree.files.len() == 1;
    // flake.nix or home.nix first: it says what the others are for.
    let (main, others): (Vec<_>, Vec<_>) = tree
        .files
        .iter()
        .partition(|(name, _)| matches!(name.as_str(), "flake.nix" | "home.nix"));
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
            SeedFile::Directory | SeedFile::Bare { .. } => out.push_str("# (empty)\n"),
        }
        if !out.ends_with('\n') {
            out.push('\n');
        }
    }
}
