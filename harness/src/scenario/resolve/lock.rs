//! What a flake's `flake.lock` holds still.
//!
//! Its format is Nix's (`nix flake --help`, "Lock files"): `nodes` by name, each but the root with what it is `locked`
//! to, and the name of the `root`, whose `inputs` are those of the flake.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{channel, reference};
use crate::scenario::model::{FlakeTree, SeedFile};
use crate::scenario::nix::{input_names, input_urls};

/// What a lock file says about a flake.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Lock {
    /// Whether every input of the flake, and of its inputs, is locked to one content, and the flake still names those
    /// that were locked.
    pub(super) is_whole: bool,
    /// Where the locked inputs are, as `host:port`.
    pub(super) reaches: BTreeSet<String>,
}

impl Lock {
    /// Reads the lock of a flake. One that cannot be read locks nothing: Nix will make its own.
    pub(super) fn of(flake: &FlakeTree) -> Self {
        let text = |name: &str| match flake.files.get(name) {
            Some(SeedFile::Regular { bytes, .. }) => std::str::from_utf8(bytes).ok(),
            _ => None,
        };
        let wanted = text("flake.nix").and_then(input_names);
        let lock: Option<Value> =
            text("flake.lock").and_then(|text| serde_json::from_str(text).ok());
        let nodes = lock.as_ref().and_then(|lock| lock["nodes"].as_object());
        let urls = text("flake.nix").map(input_urls).unwrap_or_default();
        let ways = |url: &String| channel::places_on_network(url);
        let (Some(wanted), Some(lock), Some(nodes)) = (wanted, &lock, nodes) else {
            return Self {
                // A flake without inputs needs no lock.
                is_whole: text("flake.nix")
                    .and_then(input_names)
                    .is_some_and(|names| names.is_empty()),
                reaches: urls.values().flat_map(ways).collect(),
            };
        };
        let root = lock["root"].as_str().unwrap_or("root");
        let others = || nodes.iter().filter(|(name, _)| *name != root);
        let inputs = &nodes.get(root).unwrap_or(&Value::Null)["inputs"];
        let node = |name: &String| inputs[name].as_str().and_then(|name| nodes.get(name));
        let is_current = |(name, url): (&String, &String)| {
            node(name).is_some_and(|node| reference::is_same(url, &node["original"]))
        };
        let outdated: Vec<_> = urls.iter().filter(|&input| !is_current(input)).collect();
        Self {
            is_whole: wanted.iter().all(|name| !inputs[name].is_null())
                && outdated.is_empty()
                && others().all(|(_, node)| is_locked(&node["locked"])),
            reaches: others()
                .flat_map(|(_, node)| places(&node["locked"]))
                .chain(outdated.into_iter().flat_map(|(_, url)| ways(url)))
                .collect(),
        }
    }
}

fn is_locked(locked: &Value) -> bool {
    let has = |key: &str| locked[key].as_str().is_some_and(|value| !value.is_empty());
    has("narHash") || has("rev") || locked["type"] == "path"
}

fn places(locked: &Value) -> Vec<String> {
    let text = |key: &str| locked[key].as_str();
    let Some(kind) = text("type") else {
        return Vec::new();
    };
    channel::places_of_forge(kind, text("host"), is_locked(locked))
        .unwrap_or_else(|| channel::places_on_network(text("url").unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLAKE: &str = "{ inputs.a.url = \"github:o/a\"; inputs = { b = { url = \"git+http://h:8000/b\"; }; }; outputs = { self, a, b }: { }; }";

    fn lock_of(files: &[(&str, &str)]) -> Lock {
        let files = files.iter().map(|(name, text)| {
            let file = SeedFile::Regular {
                bytes: text.as_bytes().to_vec(),
                executable: false,
            };
            ((*name).to_owned(), file)
        });
        Lock::of(&FlakeTree {
            files: files.collect(),
        })
    }

    fn lock_text(b: &str) -> String {
        format!(
            r#"{{"nodes": {{
                "root": {{"inputs": {{"a": "a", "b": "b_2"}}}},
                "a": {{
                    "locked": {{"type": "github", "owner": "o", "repo": "a", "narHash": "sha256-x"}},
                    "original": {{"type": "github", "owner": "o", "repo": "a"}}
                }},
                "b_2": {{"locked": {b}, "original": {{"type": "git", "url": "http://h:8000/b"}}}}
            }}, "root": "root", "version": 7}}"#
        )
    }

    #[test]
    fn a_whole_lock_names_every_input_and_its_content() {
        let b = r#"{"type": "git", "url": "http://h:8000/b", "rev": "0123"}"#;
        let lock = lock_of(&[("flake.nix", FLAKE), ("flake.lock", &lock_text(b))]);
        assert!(lock.is_whole);
        assert_eq!(
            lock.reaches.into_iter().collect::<Vec<_>>(),
            ["codeload.github.com:443", "github.com:443", "h:8000"]
        );
    }

    #[test]
    fn what_is_not_locked_is_asked_for() {
        let reaches = |files: &[(&str, &str)]| lock_of(files).reaches;
        let asks = "api.github.com:443";
        assert!(reaches(&[("flake.nix", FLAKE)]).contains(asks));
        let lock = lock_text(r#"{"type": "git", "url": "http://h:8000/b", "rev": "0123"}"#);
        let other = FLAKE.replace("o/a", "o/other");
        assert!(!reaches(&[("flake.nix", FLAKE), ("flake.lock", &lock)]).contains(asks));
        assert!(reaches(&[("flake.nix", &other), ("flake.lock", &lock)]).contains(asks));
    }

    #[test]
    fn a_lock_with_a_gap_locks_nothing() {
        assert!(!lock_of(&[("flake.nix", FLAKE)]).is_whole, "no lock file");
        let open = lock_text(r#"{"type": "git", "url": "http://h:8000/b"}"#);
        assert!(!lock_of(&[("flake.nix", FLAKE), ("flake.lock", &open)]).is_whole);
        let more = FLAKE.replace("outputs", "inputs.c.url = \"github:o/c\"; outputs");
        let b = lock_text(r#"{"type": "git", "rev": "0123"}"#);
        assert!(
            !lock_of(&[("flake.nix", &more), ("flake.lock", &b)]).is_whole,
            "an input that the lock has never seen"
        );
        let bare = "{ outputs = { self, nixpkgs }: { }; }";
        assert!(
            !lock_of(&[("flake.nix", bare)]).is_whole,
            "an argument is an input by itself"
        );
        assert!(!lock_of(&[("flake.nix", FLAKE), ("flake.lock", "{")]).is_whole);
    }

    #[test]
    fn a_lock_of_other_addresses_locks_nothing() {
        let lock = lock_text(r#"{"type": "git", "rev": "0123"}"#);
        let is_whole =
            |flake: &str| lock_of(&[("flake.nix", flake), ("flake.lock", &lock)]).is_whole;
        assert!(is_whole(FLAKE));
        for (old, new) in [
            ("github:o/a", "github:o/a/next"),
            ("github:o/a", "github:o/other"),
            ("http://h:8000/b", "http://h:8000/c"),
            ("http://h:8000/b", "http://h:8000/b?ref=next"),
        ] {
            assert!(!is_whole(&FLAKE.replace(old, new)), "{new}");
        }
    }

    #[test]
    fn a_lock_without_its_root_locks_nothing() {
        let lock = r#"{"nodes": {}, "root": "root"}"#;
        assert!(!lock_of(&[("flake.nix", FLAKE), ("flake.lock", lock)]).is_whole);
    }

    #[test]
    fn a_flake_without_inputs_needs_no_lock() {
        assert!(lock_of(&[("flake.nix", "{ outputs = { self }: { }; }")]).is_whole);
    }
}
