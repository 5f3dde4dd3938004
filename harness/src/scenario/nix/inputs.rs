//! The inputs that a flake's text names.

use std::collections::BTreeSet;

use rnix::Root;
use rnix::ast::{Attr, Entry, Expr, HasEntry as _, Param};
use rowan::ast::AstNode as _;

/// The names of a flake's inputs, those that only the arguments of its outputs name among them; `None` where they
/// cannot be told without evaluating it.
pub(crate) fn input_names(flake: &str) -> Option<BTreeSet<String>> {
    let Expr::AttrSet(flake) = Root::parse(flake).ok().ok()?.expr()? else {
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

fn name(attr: &Attr) -> Option<String> {
    match attr {
        Attr::Ident(name) => Some(name.syntax().text().to_string()),
        Attr::Str(text) => {
            let text = text.syntax().text().to_string();
            let inner = text.strip_prefix('"')?.strip_suffix('"')?;
            (!inner.contains(['$', '\\'])).then(|| inner.to_owned())
        }
        Attr::Dynamic(_) => None,
    }
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
