//! A `flake.lock`.
//!
//! The format of a lock is Nix's (`nix flake --help`, "Lock files"): `nodes` by name, each but the root with what it is
//! `locked` to, and the name of the `root`, whose `inputs` are those of the flake. An input of an input is a name, or a
//! list of names where it follows another one.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::reference::Reference;

/// A lock file.
pub(super) struct Lock {
    nodes: Map<String, Value>,
    root: String,
}

impl Lock {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut lock: Value = serde_json::from_str(text).ok()?;
        let root = lock["root"].as_str().unwrap_or("root").to_owned();
        match lock["nodes"].take() {
            Value::Object(nodes) => Some(Self { nodes, root }),
            _ => None,
        }
    }

    /// What all nodes but the root's are locked to; `None` for one that does not say.
    pub(super) fn others(&self) -> impl Iterator<Item = Option<Reference>> {
        let others = self.nodes.iter().filter(|(name, _)| **name != self.root);
        others.map(|(_, node)| Reference::kept(&node["locked"]))
    }

    /// The flake's inputs that it has.
    pub(super) fn names(&self) -> BTreeSet<String> {
        let root = self.nodes.get(&self.root);
        let inputs = root.and_then(|root| root["inputs"].as_object());
        inputs
            .into_iter()
            .flatten()
            .map(|(name, _)| name.clone())
            .collect()
    }

    /// What the lock has for an input of the flake: a node's name, or a way to another input.
    pub(super) fn input(&self, name: &str) -> Option<&Value> {
        self.nodes.get(&self.root)?["inputs"].get(name)
    }

    /// The node of an input of the flake; none where it follows another one.
    pub(super) fn node(&self, name: &str) -> Option<&Value> {
        self.nodes.get(self.input(name)?.as_str()?)
    }

    /// The way to the first input on the network at or below one of the flake's. What follows another input is that
    /// one's affair.
    pub(super) fn first_remote(&self, name: &str, replaced: &BTreeSet<&str>) -> Option<String> {
        let mut todo = vec![(name.to_owned(), self.node(name)?)];
        let mut seen = BTreeSet::new();
        while let Some((way, node)) = todo.pop() {
            if replaced.contains(way.as_str()) {
                continue;
            }
            let locked = &node["locked"];
            let is_local = locked["type"] == "path"
                || locked["url"]
                    .as_str()
                    .is_some_and(|url| url.starts_with("file:"));
            if !is_local {
                return Some(way);
            }
            for (inner, target) in node["inputs"].as_object().into_iter().flatten() {
                let below = target.as_str().filter(|target| seen.insert(*target));
                if let Some(node) = below.and_then(|target| self.nodes.get(target)) {
                    todo.push((format!("{way}/{inner}"), node));
                }
            }
        }
        None
    }
}
