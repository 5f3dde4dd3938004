//! What the channel of the image decides and no setup: versions of its packages, and which programs they have.
//!
//! A store path that was in the guest before the first step is the image's own. In a snapshot its version is one word,
//! so that a snapshot still holds when the image is built of newer packages. Every other path keeps its version: what
//! a setup builds, overrides, or takes from another channel.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::redact::{redact_hashes, redact_message};
use crate::observe::package_name;

/// What stands for a version that the channel decides.
pub(super) const WORD: &str = "<channel>";

static STORE_NAME: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"/nix/store/([0-9a-df-np-sv-z]{32}-[0-9A-Za-z+._?=-]+)")
        .expect("a regular expression that a test compiles")
});

/// The store paths that the image brought along.
pub(super) struct Channel<'a> {
    /// Without `/nix/store/`.
    names: &'a BTreeSet<String>,
    /// Package and version of each that has one.
    versions: BTreeSet<(String, String)>,
}

impl<'a> Channel<'a> {
    pub(super) fn new(names: &'a BTreeSet<String>) -> Self {
        let versions = names
            .iter()
            .map(|name| package_name(name))
            .filter(|(_, version)| !version.is_empty())
            .collect();
        Self { names, versions }
    }

    /// Whether a store path is the channel's.
    pub(super) fn has(&self, store_path: &str) -> bool {
        let name = store_path.strip_prefix("/nix/store/");
        name.is_some_and(|name| self.names.contains(name))
    }

    /// What a home or a session holds, without hashes of store paths and without versions of the channel.
    pub(super) fn redact(&self, text: &str) -> String {
        redact_hashes(&self.store_names(text))
    }

    /// What a tool printed, without what differs between equal runs and without versions of the channel.
    pub(super) fn redact_message(&self, text: &str) -> String {
        let mut text = self.store_names(text);
        for (package, version) in &self.versions {
            let name = format!("{package}-{version}");
            if text.contains(&name) {
                text = replace_word(&text, &name, &format!("{package}-{WORD}"));
            }
        }
        redact_message(&text)
    }

    fn store_names(&self, text: &str) -> String {
        if self.names.is_empty() {
            return text.to_owned();
        }
        let replaced = STORE_NAME.replace_all(text, |found: &Captures<'_>| {
            // A dot at the end may be the sentence's.
            let name = found[1].trim_end_matches('.');
            let (package, version) = package_name(name);
            if version.is_empty() || !self.names.contains(name) {
                return found[0].to_owned();
            }
            let rest = &name[name.find('-').map_or(0, |at| at + 1 + package.len() + 1)..];
            found[0].replacen(
                &format!("{package}-{rest}"),
                &format!("{package}-{WORD}"),
                1,
            )
        });
        replaced.into_owned()
    }
}

/// Replaces `word` where no letter, digit or sign of a name is beside it.
fn replace_word(text: &str, word: &str, with: &str) -> String {
    let is_part = |character: char| character.is_alphanumeric() || "-_+".contains(character);
    let mut replaced = String::new();
    let mut from = 0;
    for (at, _) in text.match_indices(word) {
        let end = at + word.len();
        let before = text[..at].chars().next_back().is_some_and(is_part);
        let mut after = text[end..].chars();
        let behind = match after.next() {
            Some('.') => after.next().is_some_and(char::is_alphanumeric),
            next => next.is_some_and(is_part),
        };
        replaced.push_str(&text[from..at]);
        replaced.push_str(if before || behind { word } else { with });
        from = end;
    }
    replaced.push_str(&text[from..]);
    replaced
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "0123456789abcdfghijklmnpqrsvwxyz";
    const OTHER: &str = "1123456789abcdfghijklmnpqrsvwxyz";

    fn names() -> BTreeSet<String> {
        ["glibc-locales-2.41", "git-2.47.3", "nixos-rebuild"]
            .map(|name| format!("{HASH}-{name}"))
            .into()
    }

    #[test]
    fn versions_of_the_image_go_by_the_whole_path() {
        let names = names();
        let channel = Channel::new(&names);
        // Another build of it, and what is no store path, stay.
        let table = "
            A=/nix/store/HASH-glibc-locales-2.41/lib, see /nix/store/HASH-git-2.47.3. => A=/nix/store/…-glibc-locales-<channel>/lib, see /nix/store/…-git-<channel>.
            /nix/store/OTHER-git-2.47.3/bin git-2.47.3 => /nix/store/…-git-2.47.3/bin git-2.47.3
            /nix/store/HASH-nixos-rebuild/bin => /nix/store/…-nixos-rebuild/bin
        ";
        let table = table.replace("HASH", HASH).replace("OTHER", OTHER);
        crate::testing::all_come_to(|text| channel.redact(text), &table);
        assert!(channel.has(&format!("/nix/store/{HASH}-git-2.47.3")));
        assert!(!channel.has(&format!("/nix/store/{OTHER}-git-2.47.3")));
    }

    #[test]
    fn messages_name_packages_without_their_paths() {
        let names = names();
        let channel = Channel::new(&names);
        let told = channel.redact_message("Package ‘git-2.47.3’ is broken: git-2.47.3.");
        assert_eq!(told, "Package ‘git-<channel>’ is broken: git-<channel>.");
        let alike = [
            "git-2.47.30",
            "git-2.47.3.1",
            "my-git-2.47.3",
            "git-2.47.3-x",
        ];
        for stays in alike.into_iter().chain(["hello-2.10"]) {
            assert_eq!(channel.redact_message(stays), stays);
        }
    }

    #[test]
    fn without_an_image_nothing_is_the_channels() {
        let none = BTreeSet::new();
        let text = format!("/nix/store/{HASH}-git-2.47.3 git-2.47.3");
        let told = Channel::new(&none).redact_message(&text);
        assert_eq!(told, "/nix/store/…-git-2.47.3 git-2.47.3");
    }
}
