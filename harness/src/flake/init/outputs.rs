//! The outputs that a flake's text names.

use rnix::ast::Expr;

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
}

/// The outputs named in a flake, and what is there but cannot be named without evaluating it.
pub(super) fn find_outputs(flake: &Bindings) -> (Vec<Output>, Vec<String>) {
    let mut outputs: Vec<Output> = Vec::new();
    let mut notes = Vec::new();
    let all = flake.all();
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
