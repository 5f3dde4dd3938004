//! The inputs that a flake's text names.

use std::collections::{BTreeMap, BTreeSet};

use rnix::ast::{Attr, AttrSet, Entry, Expr, HasEntry as _, Param};
use rowan::ast::AstNode as _;

use super::parse::parse;

/// The names of a flake's inputs, those that only the arguments of its outputs name among them; `None` where they
/// cannot be told without evaluating it.
pub(crate) fn input_names(flake: &str) -> Option<BTreeSet<String>> {
    let Expr::AttrSet(flake) = parse(flake).ok()?.ok().ok()?.expr()? else {
        return None;
    };
    let mut names = BTreeSet::new();
    for entry in flake.entries() {
        let Entry::AttrpathValue(binding) = entry else {
            return None;
        };
        let path: Vec<Attr> = binding.attrpath()?.attrs().collect();
        match (name(path.first()?)?.as_str(), path.get(1)) {
            ("inputs", Some(input)) => {
                names.insert(name(input)?);
            }
            ("inputs", None) => names.extend(names_in(binding.value()?)?),
            ("outputs", None) => names.extend(arguments(binding.value()?)?),
            _ => {}
        }
    }
    names.remove("self");
    Some(names)
}

/// The addresses of a flake's inputs by name, of those whose address stands in its text.
pub(crate) fn input_urls(flake: &str) -> BTreeMap<String, String> {
    let mut leaves = Vec::new();
    let parsed = parse(flake).ok().and_then(|it| it.ok().ok());
    if let Some(Expr::AttrSet(flake)) = parsed.and_then(|it| it.expr()) {
        collect_leaves(&flake, &[], &mut leaves);
    }
    let url = |(path, value): (Vec<String>, Expr)| match path.as_slice() {
        [inputs, input, url] if inputs == "inputs" && url == "url" => {
            Some((input.clone(), literal(&value)?))
        }
        _ => None,
    };
    leaves.into_iter().filter_map(url).collect()
}

/// What a set binds, by path, no deeper than an input's attributes are.
fn collect_leaves(set: &AttrSet, above: &[String], out: &mut Vec<(Vec<String>, Expr)>) {
    const DEEPEST: usize = 3;
    for entry in set.entries() {
        let Entry::AttrpathValue(binding) = entry else {
            continue;
        };
        let names = binding
            .attrpath()
            .and_then(|path| path.attrs().map(|attr| name(&attr)).collect());
        let (Some(names), Some(value)) = (names, binding.value()) else {
            continue;
        };
        let names: Vec<String> = names;
        let path = [above, &names].concat();
        match value {
            Expr::AttrSet(inner) if path.len() < DEEPEST => collect_leaves(&inner, &path, out),
            value => out.push((path, value)),
        }
    }
}

/// A text, in quotes or as a bare address.
fn literal(value: &Expr) -> Option<String> {
    let text = value.syntax().text().to_string();
    match value {
        Expr::Str(_) => unquoted(&text),
        Expr::Literal(_) => Some(text),
        _ => None,
    }
}

fn name(attr: &Attr) -> Option<String> {
    match attr {
        Attr::Ident(name) => Some(name.syntax().text().to_string()),
        Attr::Str(text) => unquoted(&text.syntax().text().to_string()),
        Attr::Dynamic(_) => None,
    }
}

fn unquoted(text: &str) -> Option<String> {
    let inner = text.strip_prefix('"')?.strip_suffix('"')?;
    (!inner.contains(['$', '\\'])).then(|| inner.to_owned())
}

fn names_in(set: Expr) -> Option<BTreeSet<String>> {
    let Expr::AttrSet(set) = set else {
        return None;
    };
    set.entries()
        .map(|entry| match entry {
            Entry::AttrpathValue(binding) => name(&binding.attrpath()?.attrs().next()?),
            Entry::Inherit(_) => None,
        })
        .collect()
}

/// What `outputs` is a function of. All that it may take without naming it is named under `inputs`.
fn arguments(outputs: Expr) -> Option<BTreeSet<String>> {
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
        let found: Vec<String> = input_urls(flake)
            .into_iter()
            .map(|(name, url)| format!("{name} {url}"))
            .collect();
        assert_eq!(
            found,
            [
                "a github:o/a",
                "b github:o/b",
                "c github:o/c",
                "d github:o/d"
            ]
        );
        assert!(input_urls("{ inputs").is_empty());
    }
}
