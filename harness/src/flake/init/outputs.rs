//! The outputs that a flake's text names.

use rnix::ast::Expr;

use super::texts::Texts;
use crate::flake::nix::Bindings;
use crate::model::Install;

/// A host or home.
#[derive(Debug, Clone)]
pub(super) struct Output {
    /// What it is an output of.
    pub(super) install: Install,
    /// Its name.
    pub(super) name: String,
    /// What makes it; `None` where that is not written beside its name.
    pub(super) value: Option<Expr>,
    /// The file that names it.
    pub(super) file: String,
}

impl Output {
    /// One of which nothing but its name is known.
    pub(super) fn named(install: Install, name: &str) -> Self {
        Self {
            install,
            name: name.to_owned(),
            value: None,
            file: "flake.nix".to_owned(),
        }
    }
}

/// The outputs named in a flake, and what is there but cannot be named without evaluating it. A flake that others make
/// out of parts (`mkFlake` of flake-parts) names them in any of its files.
pub(super) fn find_outputs(texts: &Texts) -> (Vec<Output>, Vec<String>) {
    let Some(main) = texts.main() else {
        return Default::default();
    };
    let (mut outputs, mut notes) = find_in(&texts.main, main);
    let is_of_parts = main
        .root()
        .is_some_and(|root| root.text().to_string().contains("mkFlake"));
    if outputs.is_empty() && is_of_parts {
        for (file, text) in texts.parts() {
            let (more, said) = find_in(file, text);
            outputs.extend(more);
            notes.extend(said);
        }
        notes.sort();
        notes.dedup();
    }
    (outputs, notes)
}

fn find_in(file: &str, text: &Bindings) -> (Vec<Output>, Vec<String>) {
    let mut outputs: Vec<Output> = Vec::new();
    let mut notes = Vec::new();
    let all = text.all();
    for install in Install::ALL {
        let set = install.set_name();
        let (mut is_there, mut is_computed) = (false, false);
        let before = outputs.len();
        for binding in &all {
            let Some(at) = binding
                .path
                .iter()
                .position(|part| part.as_deref() == Some(set))
            else {
                continue;
            };
            is_there = true;
            match &binding.path[at + 1..] {
                [Some(name), rest @ ..] => {
                    if outputs[before..].iter().all(|have| have.name != *name) {
                        outputs.push(Output {
                            install,
                            name: name.clone(),
                            value: binding.value.clone().filter(|_| rest.is_empty()),
                            file: file.to_owned(),
                        });
                    }
                }
                [None, ..] => is_computed = true,
                [] => {}
            }
        }
        outputs[before..].sort_by(|left, right| left.name.cmp(&right.name));
        if is_there && (is_computed || outputs.len() == before) {
            notes.push(format!(
                "some names of `{set}` are computed and were not read"
            ));
        }
    }
    notes.sort();
    (outputs, notes)
}
