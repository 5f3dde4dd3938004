//! The texts of a flake.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use rnix::ast::Select;
use rowan::ast::AstNode as _;

use super::about::Seen;
use crate::flake::nix::Bindings;
use crate::model::{FlakeTree, joined};

/// A flake's texts, taken apart once.
pub(super) struct Texts {
    pub(super) files: BTreeMap<String, Bindings>,
    /// The name of its `flake.nix`.
    pub(super) main: String,
    /// What they say together, once it was asked for.
    pub(super) everything: OnceCell<Seen>,
}

impl Texts {
    /// Takes all Nix files of a flake apart.
    pub(super) fn of(flake: &FlakeTree) -> Self {
        let files = flake.nix_texts();
        Self {
            files: files
                .map(|(name, text)| (name.clone(), Bindings::of(&text)))
                .collect(),
            main: flake.path_of("flake.nix"),
            everything: OnceCell::new(),
        }
    }

    /// The flake's own text.
    pub(super) fn main(&self) -> Option<&Bindings> {
        self.files.get(&self.main)
    }

    /// Whether the flake's own text asks for the platform that evaluates it or for a variable, which Nix tells with
    /// `--impure` alone.
    pub(super) fn is_impure(&self) -> bool {
        let nodes = self.main().and_then(Bindings::root).into_iter();
        let mut selects = nodes
            .flat_map(|root| root.descendants())
            .filter_map(Select::cast);
        selects.any(|select| {
            let of = select.expr().map(|it| it.syntax().text().to_string());
            let name = select.attrpath().map(|it| it.syntax().text().to_string());
            of.as_deref() == Some("builtins")
                && matches!(name.as_deref(), Some("currentSystem" | "getEnv"))
                && select.default_expr().is_none()
        })
    }

    /// The Nix files beside the flake's own text that are of no other flake, by name.
    pub(super) fn parts(&self) -> impl Iterator<Item = (&str, &Bindings)> {
        let flakes = self
            .files
            .keys()
            .filter(|name| **name != self.main)
            .filter_map(|name| name.strip_suffix("flake.nix"));
        let inner: Vec<&str> = flakes.filter(|folder| folder.ends_with('/')).collect();
        let is_ours = move |name: &str| {
            name != self.main && !inner.iter().any(|folder| name.starts_with(folder))
        };
        let all = self.files.iter().map(|(name, text)| (name.as_str(), text));
        all.filter(move |(name, _)| is_ours(name))
    }

    /// The file that a path in another one leads to.
    pub(super) fn find(&self, from: &str, path: &str) -> Option<String> {
        let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
        let alone = joined(folder, path);
        let folder = if alone.is_empty() {
            "default.nix".to_owned()
        } else {
            format!("{alone}/default.nix")
        };
        [alone, folder]
            .into_iter()
            .find(|name| self.files.contains_key(name))
    }
}
