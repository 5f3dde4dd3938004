//! Store paths in texts: the same but for their hashes or not.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

use super::model::{Rebuilt, Turn};

/// Where Nix keeps what it builds.
const STORE: &str = "/nix/store/";
/// Characters of a hash.
const HASH: usize = 32;

/// What a configuration as a whole is built into: another hash for any other configuration.
const PRODUCTS: [&str; 9] = [
    "activation-script",
    "etc",
    "hm-session-vars.sh",
    "home-manager-files",
    "home-manager-generation",
    "home-manager-path",
    "profile",
    "system-path",
    "user-environment",
];

/// Store paths of the same name and another hash, before and after, as they are found.
#[derive(Debug, Default)]
pub(super) struct Rebuilds(HashMap<String, BTreeSet<String>>);

impl Rebuilds {
    /// Notes a pair of store paths, if it is one of the same name.
    pub(super) fn note(&mut self, before: &str, after: &str) {
        if let (Some(old), Some(new)) = (first(before), first(after)) {
            self.pair(old.stored, new.stored);
        }
    }

    fn pair(&mut self, old: Stored<'_>, new: Stored<'_>) {
        if old.path == new.path || old.name != new.name {
            return;
        }
        // The same few stand in many texts.
        let known = self.0.get(old.path);
        if known.is_none_or(|known| !known.contains(new.path)) {
            let known = self.0.entry(old.path.to_owned()).or_default();
            known.insert(new.path.to_owned());
        }
    }

    /// Whether two texts are the same but for store hashes; if so those that differ are noted.
    pub(super) fn same(&mut self, before: &str, after: &str) -> bool {
        if before == after {
            return true;
        }
        // Hashes are of one length, so that texts of different lengths differ in more.
        if before.len() != after.len() {
            return false;
        }
        let mut pairs = Vec::new();
        let (mut old, mut new) = (before, after);
        while let (Some(one), Some(other)) = (first(old), first(new)) {
            if one.head != other.head || one.stored.name != other.stored.name {
                return false;
            }
            pairs.push((one.stored, other.stored));
            (old, new) = (one.rest, other.rest);
        }
        if old != new {
            return false;
        }
        for (old, new) in pairs {
            self.pair(old, new);
        }
        true
    }

    /// All that was found, sorted.
    pub(super) fn finish(self) -> Vec<Rebuilt> {
        let mut all = Vec::new();
        for (old, after) in self.0 {
            for new in after {
                let name = first(&new).map_or_else(String::new, |it| it.stored.name.to_owned());
                all.push(Rebuilt {
                    is_product: PRODUCTS.contains(&name.as_str())
                        || name.starts_with("nixos-system-"),
                    name,
                    store_path: Turn {
                        before: old.clone(),
                        after: new,
                    },
                });
            }
        }
        all.sort_unstable();
        all
    }
}

/// A store path.
#[derive(Debug, Clone, Copy)]
struct Stored<'a> {
    /// Up to the end of its own name.
    path: &'a str,
    /// What follows the hash and its dash.
    name: &'a str,
}

/// The first store path in a text.
struct Found<'a> {
    /// What stands before it.
    head: &'a str,
    stored: Stored<'a>,
    /// What follows it.
    rest: &'a str,
}

fn first(text: &str) -> Option<Found<'_>> {
    let mut from = 0;
    loop {
        let at = from + text[from..].find(STORE)?;
        let hash = at + STORE.len();
        if !is_hash(text, hash) {
            from = hash;
            continue;
        }
        let name = hash + HASH + 1;
        let length = text[name..]
            .bytes()
            .take_while(|byte| byte.is_ascii_alphanumeric() || b"+-._?=".contains(byte))
            .count();
        return Some(Found {
            head: &text[..at],
            stored: Stored {
                path: &text[at..name + length],
                name: &text[name..name + length],
            },
            rest: &text[name + length..],
        });
    }
}

/// Whether a hash and its dash begin at a place.
fn is_hash(text: &str, at: usize) -> bool {
    text.as_bytes().get(at..=at + HASH).is_some_and(|bytes| {
        bytes[HASH] == b'-' && bytes[..HASH].iter().all(u8::is_ascii_alphanumeric)
    })
}

/// A text with `…` in place of every store hash.
pub(crate) fn without_hashes(text: &str) -> Cow<'_, str> {
    if !text.contains(STORE) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(STORE) {
        let hash = at + STORE.len();
        out.push_str(&rest[..hash]);
        if is_hash(rest, hash) {
            out.push('…');
            rest = &rest[hash + HASH..];
        } else {
            rest = &rest[hash..];
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "/nix/store/0123456789abcdfghijklmnpqrsvwxyz-jq-1.7";
    const NEW: &str = "/nix/store/zzz3456789abcdfghijklmnpqrsvwxyz-jq-1.7";

    #[test]
    fn another_hash_of_the_same_name_is_noted_and_another_name_is_not() {
        let mut rebuilds = Rebuilds::default();
        assert!(rebuilds.same(&format!("a {OLD}/bin b"), &format!("a {NEW}/bin b")));
        assert!(!rebuilds.same(OLD, &NEW.replace("1.7", "1.8")));
        assert!(!rebuilds.same(&format!("{OLD} x"), &format!("{NEW} y")));
        let found = rebuilds.finish();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].name, "jq-1.7");
        assert!(!found[0].is_product);
        assert_eq!(found[0].store_path.after, NEW);
    }

    #[test]
    fn only_hashes_are_left_out() {
        assert_eq!(without_hashes(OLD), "/nix/store/…-jq-1.7");
        assert_eq!(without_hashes("/nix/store/short-x"), "/nix/store/short-x");
        assert_eq!(without_hashes("plain"), "plain");
    }
}
