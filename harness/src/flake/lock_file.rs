//! A `flake.lock`.
//!
//! The format of a lock is Nix's (`nix flake --help`, "Lock files"): `nodes` by name, each but the root with what it is
//! `locked` to, and the name of the `root`, whose `inputs` are those of the flake. An input of an input is a name, or a
//! list of names where it follows another one.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::channel;

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

    /// All nodes but the root's.
    pub(super) fn others(&self) -> impl Iterator<Item = &Value> {
        let others = self.nodes.iter().filter(|(name, _)| **name != self.root);
        others.map(|(_, node)| node)
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

pub(super) fn is_locked(locked: &Value) -> bool {
    let has = |key: &str| locked[key].as_str().is_some_and(|value| !value.is_empty());
    has("narHash") || has("rev") || locked["type"] == "path"
}

pub(super) fn places(locked: &Value) -> Vec<String> {
    let text = |key: &str| locked[key].as_str();
    let Some(kind) = text("type") else {
        return Vec::new();
    };
    channel::places_of_forge(kind, text("host"), is_locked(locked))
        .unwrap_or_else(|| channel::places_on_network(text("url").unwrap_or_default()))
}
