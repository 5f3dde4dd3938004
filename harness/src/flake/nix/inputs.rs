//! The inputs that a flake's text names.

use std::collections::{BTreeMap, BTreeSet};

use rnix::ast::{Expr, Param};
use rowan::ast::AstNode as _;

use super::bindings::{Binding, Bindings};

/// The names of a flake's inputs, those that only the arguments of its outputs name among them; `None` where they
/// cannot be told without evaluating it.
pub(crate) fn input_names(flake: &Bindings) -> Option<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    let mut is_flake = false;
    for binding in rooted(flake) {
        is_flake = true;
        let first = binding.path.first()?.as_deref()?;
        match (first, binding.path.get(1), &binding.value) {
            (_, None, None) => return None,
            ("inputs", Some(input), _) => drop(names.insert(input.clone()?)),
            // What it binds stands on its own.
            ("inputs", None, Some(Expr::AttrSet(_))) => {}
            ("inputs", None, _) => return None,
            ("outputs", None, Some(outputs)) => names.extend(arguments(outputs)?),
            _ => {}
        }
    }
    names.remove("self");
    is_flake.then_some(names)
}

/// The addresses of a flake's inputs by name, of those whose address stands in its text.
pub(crate) fn input_urls(flake: &Bindings) -> BTreeMap<String, String> {
    rooted(flake)
        .filter_map(|binding| match binding.after(&["inputs"])? {
            [Some(input), Some(url)] if url == "url" => {
                Some((input.clone(), flake.text(binding.value.as_ref()?)?))
            }
            _ => None,
        })
        .collect()
}

/// Whether a flake says of itself that its submodules come along: `inputs.self.submodules = true`.
pub(crate) fn wants_submodules(flake: &Bindings) -> bool {
    rooted(flake).any(|binding| {
        let is_it = binding.after(&["inputs", "self", "submodules"]) == Some(&[]);
        let value = binding
            .value
            .as_ref()
            .map(|value| value.syntax().text().to_string());
        is_it && value.as_deref() == Some("true")
    })
}

/// Those of `names` whose address does not stand in the text, and which are somewhere else than beside the flake or in
/// another input: Nix looks them up by their name, or by attributes such as `owner`.
pub(crate) fn inputs_elsewhere(flake: &Bindings, names: &BTreeSet<String>) -> BTreeSet<String> {
    let mut elsewhere = names.clone();
    for binding in rooted(flake) {
        let Some([Some(input), Some(key)]) = binding.after(&["inputs"]) else {
            continue;
        };
        let text = binding.value.as_ref().and_then(|value| flake.text(value));
        let is_beside = key == "type" && text.as_deref() == Some("path");
        if matches!(key.as_str(), "url" | "follows") || is_beside {
            elsewhere.remove(input);
        }
    }
    elsewhere
}

fn rooted(flake: &Bindings) -> impl Iterator<Item = Binding> {
    flake.all().into_iter().filter(|binding| binding.is_rooted)
}

/// What `outputs` is a function of. All that it may take without naming it is named under `inputs`.
fn arguments(outputs: &Expr) -> Option<BTreeSet<String>> {
    let Expr::Lambda(function) = outputs else {
        return None;
    };
    match function.param()? {
        Param::IdentParam(_) => Some(BTreeSet::new()),
        Param::Pattern(pattern) => pattern
            .pat_entries()
            .map(|entry| Some(entry.ident()?.syntax().text().to_string()))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_found_however_it_is_written() {
        let flake = r#"{
          inputs.a.url = "github:o/a";
          inputs.b = { url = "github:o/b"; flake = false; inputs.url.follows = "a"; };
          inputs = { c.url = github:o/c; "d" = { url = "github:o/d"; }; e.follows = "a"; };
          outputs = { self, ... }: { inputs.f.url = "no"; };
        }"#;
        let found = input_urls(&Bindings::of(flake)).into_iter();
        let found: Vec<String> = found.map(|(name, url)| format!("{name} {url}")).collect();
        let wanted = "a github:o/a, b github:o/b, c github:o/c, d github:o/d";
        assert_eq!(found.join(", "), wanted);
        assert!(input_urls(&Bindings::of("{ inputs")).is_empty());
    }

    #[test]
    fn a_flake_may_ask_for_its_submodules() {
        for (inputs, wanted) in [
            ("inputs.self.submodules = true;", true),
            ("inputs = { self.submodules = true; a.url = \"b\"; };", true),
            ("inputs.self.submodules = false;", false),
            ("inputs.a.submodules = true;", false),
            (
                "outputs = { self }: { inputs.self.submodules = true; };",
                false,
            ),
        ] {
            let flake = Bindings::of(&format!("{{ {inputs} }}"));
            assert_eq!(wants_submodules(&flake), wanted, "{inputs}");
        }
    }
}
