//! What Nix text binds to which names, as far as that can be told without evaluating it.

use std::collections::BTreeMap;

use rnix::SyntaxNode;
use rnix::ast::{Attr, AttrSet, AttrpathValue, Expr, HasEntry as _, InterpolPart, LetIn, Str};
use rowan::ast::AstNode as _;

use super::parse::parse;

/// A binding in a set.
#[derive(Debug, Clone)]
pub(crate) struct Binding {
    /// The names from the outermost set that is written around it: `a = { b.c = 1; }` binds `a.b.c`. `None` for a
    /// computed one.
    pub(crate) path: Vec<Option<String>>,
    /// Whether that set is the whole text, not one somewhere in it.
    pub(crate) is_rooted: bool,
    /// What is bound; `None` where it is inherited.
    pub(crate) value: Option<Expr>,
}

impl Binding {
    /// The names after those of `prefix`; `None` where it does not begin so.
    pub(crate) fn after(&self, prefix: &[&str]) -> Option<&[Option<String>]> {
        let rest = self.path.get(prefix.len()..)?;
        let begins = self.path.iter().zip(prefix);
        begins
            .into_iter()
            .all(|(have, want)| have.as_deref() == Some(want))
            .then_some(rest)
    }

    /// Whether it ends with the names of `suffix`.
    pub(crate) fn ends(&self, suffix: &[&str]) -> bool {
        let skip = self.path.len().checked_sub(suffix.len());
        skip.is_some_and(|skip| {
            let ends = self.path[skip..].iter().zip(suffix);
            ends.into_iter()
                .all(|(have, want)| have.as_deref() == Some(want))
        })
    }
}

/// A text of Nix, taken apart. What cannot be parsed binds nothing.
pub(crate) struct Bindings {
    root: Option<SyntaxNode>,
    /// `name = "text";` anywhere, where the name is given one text only.
    texts: BTreeMap<String, String>,
    /// What a `let` binds a name to, where the text first does.
    values: BTreeMap<String, Expr>,
}

impl Bindings {
    /// Takes a text apart.
    pub(crate) fn of(nix: &str) -> Self {
        // Of a tree with errors in it not even a string's parts can be told.
        let tree = parse(nix).ok().and_then(|parsed| parsed.ok().ok());
        let mut it = Self {
            root: tree.map(|root| root.syntax().clone()),
            texts: BTreeMap::new(),
            values: BTreeMap::new(),
        };
        it.texts = it.simple_texts();
        it.values = it.let_values();
        it
    }

    /// The whole text, if it can be parsed.
    pub(crate) fn root(&self) -> Option<&SyntaxNode> {
        self.root.as_ref()
    }

    /// Everything that is bound, in the order of the text.
    pub(crate) fn all(&self) -> Vec<Binding> {
        self.root().map(|root| self.below(root)).unwrap_or_default()
    }

    /// What is bound in a piece of the text.
    pub(crate) fn below(&self, node: &SyntaxNode) -> Vec<Binding> {
        let mut out = Vec::new();
        for node in node.descendants() {
            if let Some(binding) = AttrpathValue::cast(node.clone()) {
                let (path, is_rooted) = self.path_of(&binding);
                out.push(Binding {
                    path,
                    is_rooted,
                    value: binding.value(),
                });
            } else if let Some(set) = AttrSet::cast(node) {
                let names: Vec<Attr> = set
                    .inherits()
                    .flat_map(|it| it.attrs().collect::<Vec<_>>())
                    .collect();
                for name in names {
                    let (mut path, is_rooted) = self.path_to(set.syntax());
                    path.push(self.name(&name));
                    out.push(Binding {
                        path,
                        is_rooted,
                        value: None,
                    });
                }
            }
        }
        out
    }

    fn path_of(&self, binding: &AttrpathValue) -> (Vec<Option<String>>, bool) {
        let (mut path, is_rooted) = match binding.syntax().parent() {
            Some(set) if AttrSet::can_cast(set.kind()) => self.path_to(&set),
            _ => (Vec::new(), false),
        };
        let own = binding.attrpath().into_iter();
        let own = own.flat_map(|path| path.attrs().collect::<Vec<_>>());
        path.extend(own.map(|part| self.name(&part)));
        (path, is_rooted)
    }

    /// The names under which a set is bound, behind parentheses, `let … in` and `with`.
    fn path_to(&self, set: &SyntaxNode) -> (Vec<Option<String>>, bool) {
        let mut node = set.clone();
        while let Some(parent) = node.parent() {
            if let Some(binding) = AttrpathValue::cast(parent.clone()) {
                return self.path_of(&binding);
            }
            let is_value = match Expr::cast(parent.clone()) {
                Some(Expr::Paren(_)) => true,
                Some(Expr::LetIn(it)) => it.body().is_some_and(|body| *body.syntax() == node),
                Some(Expr::With(it)) => it.body().is_some_and(|body| *body.syntax() == node),
                Some(Expr::Root(_)) => return (Vec::new(), true),
                _ => false,
            };
            if !is_value {
                return (Vec::new(), false);
            }
            node = parent;
        }
        (Vec::new(), true)
    }

    fn name(&self, attr: &Attr) -> Option<String> {
        match attr {
            Attr::Ident(name) => Some(name.syntax().text().to_string()),
            Attr::Str(text) => self.plain(text),
            Attr::Dynamic(dynamic) => self.text(&dynamic.expr()?),
        }
    }

    /// A text, or a name that stands for one.
    pub(crate) fn text(&self, expression: &Expr) -> Option<String> {
        match expression {
            Expr::Ident(name) => self.text_of(&name.syntax().text().to_string()),
            Expr::Str(text) => self.plain(text),
            // A bare address.
            Expr::Literal(literal) => Some(literal.syntax().text().to_string()),
            _ => None,
        }
    }

    /// What a `let` binds a name to.
    pub(crate) fn value_of(&self, name: &str) -> Option<&Expr> {
        self.values.get(name)
    }

    /// The text that a name stands for.
    pub(crate) fn text_of(&self, name: &str) -> Option<String> {
        self.texts.get(name).cloned()
    }

    /// A text, with names of other simple texts filled in.
    fn plain(&self, text: &Str) -> Option<String> {
        let parts = text.normalized_parts().into_iter();
        parts
            .map(|part| match part {
                InterpolPart::Literal(literal) => Some(literal.clone()),
                InterpolPart::Interpolation(inner) => self.text(&inner.expr()?),
            })
            .collect()
    }

    fn let_values(&self) -> BTreeMap<String, Expr> {
        let mut values = BTreeMap::new();
        let lets = self.root.iter().flat_map(SyntaxNode::descendants);
        for binding in lets
            .filter_map(LetIn::cast)
            .flat_map(|it| it.attrpath_values())
        {
            if let (Some(name), Some(value)) = (single_name(&binding), binding.value()) {
                values.entry(name).or_insert(value);
            }
        }
        values
    }

    fn simple_texts(&self) -> BTreeMap<String, String> {
        let mut found: BTreeMap<String, Option<String>> = BTreeMap::new();
        let all = self.root.iter().flat_map(SyntaxNode::descendants);
        for binding in all.filter_map(AttrpathValue::cast) {
            let (Some(name), Some(Expr::Str(text))) = (single_name(&binding), binding.value())
            else {
                continue;
            };
            if let Some(text) = self.plain(&text) {
                found
                    .entry(name)
                    .and_modify(|have| {
                        have.take_if(|have| *have != text);
                    })
                    .or_insert(Some(text));
            }
        }
        let known = found.into_iter();
        known
            .filter_map(|(name, text)| Some((name, text?)))
            .collect()
    }
}

/// The name of `name = …;`, where it is one alone.
fn single_name(binding: &AttrpathValue) -> Option<String> {
    let mut attrs = binding.attrpath()?.attrs();
    match (attrs.next()?, attrs.next()) {
        (Attr::Ident(name), None) => Some(name.syntax().text().to_string()),
        _ => None,
    }
}
