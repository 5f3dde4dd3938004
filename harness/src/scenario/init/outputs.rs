//! The outputs that a flake's text names.

use std::collections::BTreeMap;

use rnix::SyntaxNode;
use rnix::ast::{Attr, AttrSet, AttrpathValue, Expr, HasEntry as _, InterpolPart, Str};
use rowan::ast::AstNode as _;

use crate::scenario::model::Install;
use crate::scenario::nix::{input_names, parse};

/// A host or home.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Output {
    /// What it is an output of.
    pub(super) install: Install,
    /// Its name.
    pub(super) name: String,
}

/// The name of the set that holds an install mode's outputs.
pub(super) fn set_name(install: Install) -> &'static str {
    match install {
        Install::Standalone => "homeConfigurations",
        Install::NixosModule => "nixosConfigurations",
        Install::DarwinModule => "darwinConfigurations",
    }
}

const INSTALLS: [Install; 3] = [
    Install::Standalone,
    Install::NixosModule,
    Install::DarwinModule,
];

/// The outputs named in a flake, and what is there but cannot be named without evaluating it.
pub(super) fn find_outputs(nix: &str) -> (Vec<Output>, Vec<String>) {
    let mut outputs = Vec::new();
    let mut notes = Vec::new();
    let Ok(parsed) = parse(nix) else {
        return (outputs, notes);
    };
    let root = parsed.tree();
    let texts = simple_texts(root.syntax());
    for binding in bindings(root.syntax()) {
        let path = path_of(&binding, &texts);
        for install in INSTALLS {
            let set = set_name(install);
            let Some(at) = path.iter().position(|part| part.as_deref() == Some(set)) else {
                continue;
            };
            match path.get(at + 1) {
                Some(Some(name)) => add(&mut outputs, install, name),
                Some(None) => notes.push(unnamed(set)),
                None => {
                    let inner = binding.value().and_then(attrs_in);
                    let names = inner
                        .as_ref()
                        .map(|set| names_in(set, &texts))
                        .unwrap_or_default();
                    if names.is_empty() || names.contains(&None) {
                        notes.push(unnamed(set));
                    }
                    for name in names.into_iter().flatten() {
                        add(&mut outputs, install, &name);
                    }
                }
            }
        }
    }
    outputs.sort();
    outputs.dedup();
    notes.sort();
    notes.dedup();
    (outputs, notes)
}

fn unnamed(set: &str) -> String {
    format!("some names of `{set}` are computed and were not read")
}

fn add(outputs: &mut Vec<Output>, install: Install, name: &str) {
    outputs.push(Output {
        install,
        name: name.to_owned(),
    });
}

/// The users whose homes a host's modules name: `home-manager.users.NAME`.
pub(super) fn find_homes(nix: &str) -> Vec<String> {
    let mut users = Vec::new();
    let Ok(parsed) = parse(nix) else {
        return users;
    };
    let root = parsed.tree();
    let texts = simple_texts(root.syntax());
    for binding in bindings(root.syntax()) {
        let mut path = path_of(&binding, &texts);
        if path.first().and_then(Option::as_deref) != Some("home-manager") {
            continue;
        }
        path.remove(0);
        match (path.first().and_then(Option::as_deref), path.get(1)) {
            (Some("users"), Some(Some(user))) => users.push(user.clone()),
            (Some("users"), None) => {
                let names = binding.value().and_then(attrs_in);
                users.extend(names.iter().flat_map(|set| names_in(set, &texts)).flatten());
            }
            (None, _) => {
                let Some(options) = binding.value().and_then(attrs_in) else {
                    continue;
                };
                for inner in bindings(options.syntax()) {
                    let path = path_of(&inner, &texts);
                    match (path.first().and_then(Option::as_deref), path.get(1)) {
                        (Some("users"), Some(Some(user))) => users.push(user.clone()),
                        (Some("users"), None) => {
                            let names = inner.value().and_then(attrs_in);
                            users.extend(
                                names.iter().flat_map(|set| names_in(set, &texts)).flatten(),
                            );
                        }
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    users.sort();
    users.dedup();
    users
}

/// Whether an input of the flake is on the network: by its address, or as a name that Nix's registry knows.
pub(super) fn has_remote_input(nix: &str) -> bool {
    let Ok(parsed) = parse(nix) else {
        return false;
    };
    let root = parsed.tree();
    let texts = simple_texts(root.syntax());
    let addresses: Vec<String> = bindings(root.syntax())
        .filter(|binding| {
            let path = path_of(binding, &texts);
            path.last().and_then(Option::as_deref) == Some("url")
        })
        .filter_map(|binding| name_of(&binding.value()?, &texts))
        .collect();
    let is_local = |address: &String| crate::scenario::resolve::is_local(address);
    if addresses.is_empty() {
        return input_names(nix).is_some_and(|names| !names.is_empty());
    }
    !addresses.iter().all(is_local)
}

fn bindings(node: &SyntaxNode) -> impl Iterator<Item = AttrpathValue> {
    node.descendants().filter_map(AttrpathValue::cast)
}

/// The parts of a binding's path; `None` for a computed one.
fn path_of(binding: &AttrpathValue, texts: &BTreeMap<String, String>) -> Vec<Option<String>> {
    binding
        .attrpath()
        .into_iter()
        .flat_map(|path| path.attrs().collect::<Vec<_>>())
        .map(|part| attr_name(&part, texts))
        .collect()
}

fn attr_name(attr: &Attr, texts: &BTreeMap<String, String>) -> Option<String> {
    match attr {
        Attr::Ident(name) => Some(name.syntax().text().to_string()),
        Attr::Str(text) => plain_text(text, texts),
        Attr::Dynamic(dynamic) => name_of(&dynamic.expr()?, texts),
    }
}

/// A text, with names of other simple texts filled in.
fn plain_text(text: &Str, texts: &BTreeMap<String, String>) -> Option<String> {
    let mut out = String::new();
    for part in text.normalized_parts() {
        match part {
            InterpolPart::Literal(literal) => out.push_str(&literal),
            InterpolPart::Interpolation(inner) => out.push_str(&name_of(&inner.expr()?, texts)?),
        }
    }
    Some(out)
}

fn name_of(expression: &Expr, texts: &BTreeMap<String, String>) -> Option<String> {
    match expression {
        Expr::Ident(name) => texts.get(&name.syntax().text().to_string()).cloned(),
        Expr::Str(text) => plain_text(text, texts),
        _ => None,
    }
}

/// `name = "text";` anywhere in the file, where the name is given one text only.
fn simple_texts(root: &SyntaxNode) -> BTreeMap<String, String> {
    let none = BTreeMap::new();
    let mut found: BTreeMap<String, Option<String>> = BTreeMap::new();
    for binding in bindings(root) {
        let path = path_of(&binding, &none);
        let ([Some(name)], Some(Expr::Str(text))) = (path.as_slice(), binding.value()) else {
            continue;
        };
        let Some(text) = plain_text(&text, &none) else {
            continue;
        };
        found
            .entry(name.clone())
            .and_modify(|have| {
                if have.as_ref() != Some(&text) {
                    *have = None;
                }
            })
            .or_insert(Some(text));
    }
    found
        .into_iter()
        .filter_map(|(name, text)| Some((name, text?)))
        .collect()
}

/// The set that an expression is, behind parentheses, `let … in` and `rec`.
fn attrs_in(expression: Expr) -> Option<AttrSet> {
    match expression {
        Expr::AttrSet(set) => Some(set),
        Expr::Paren(inner) => attrs_in(inner.expr()?),
        Expr::LetIn(inner) => attrs_in(inner.body()?),
        Expr::With(inner) => attrs_in(inner.body()?),
        _ => None,
    }
}

fn names_in(set: &AttrSet, texts: &BTreeMap<String, String>) -> Vec<Option<String>> {
    let own = set
        .attrpath_values()
        .filter_map(|binding| path_of(&binding, texts).into_iter().next());
    let inherited = set.inherits().flat_map(|inherit| {
        let names: Vec<_> = inherit
            .attrs()
            .map(|attr| attr_name(&attr, texts))
            .collect();
        names
    });
    own.chain(inherited).collect()
}
