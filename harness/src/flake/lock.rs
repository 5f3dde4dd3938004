//! What a user's flake says of its inputs: in its text, and in the `flake.lock` that holds them still.

use std::collections::{BTreeMap, BTreeSet};

use super::channel;
use super::lock_file::Lock;
use super::reference::is_same;
use crate::flake::nix::{Bindings, input_names, input_urls, inputs_elsewhere};
use crate::model::FlakeTree;

/// The inputs of a flake.
pub(crate) struct FlakeInputs {
    /// Their names; `None` where they cannot be told without evaluating the flake.
    pub(crate) names: Option<BTreeSet<String>>,
    /// The addresses of those whose address stands in the text.
    urls: BTreeMap<String, String>,
    /// Those that Nix looks up without an address in the text, unless they are locked.
    elsewhere: BTreeSet<String>,
    /// The names by which inputs of inputs follow others.
    pub(crate) followed: BTreeSet<String>,
    lock: Option<Lock>,
}

/// What an input is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Held {
    /// Its address, where it stands in the text.
    pub(crate) address: Option<String>,
    /// The revision that the lock holds it at, or else the hash of its content.
    pub(crate) revision: Option<String>,
}

/// An input that is on the network.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Remote {
    /// Its name, or the way to it through other inputs: `stylix/nixpkgs`.
    pub(crate) name: String,
    /// What it is, if it is one of the projects that a channel has.
    pub(crate) project: Option<&'static str>,
    /// Whether no evaluation of a home goes without it. Nix fetches what is locked when it is looked at, and only then.
    pub(crate) is_needed: bool,
}

/// The projects that channels have.
const PROJECTS: [&str; 3] = ["nixpkgs", "home-manager", "nix-darwin"];

impl FlakeInputs {
    /// Reads the text and the lock of a flake. A lock that cannot be read locks nothing: Nix will make its own.
    pub(crate) fn of(flake: &FlakeTree) -> Self {
        let bindings = Bindings::of(flake.text("flake.nix").unwrap_or_default());
        let lock = flake.text("flake.lock").and_then(Lock::parse);
        let names = input_names(&bindings);
        let none = BTreeSet::new();
        Self {
            elsewhere: inputs_elsewhere(&bindings, names.as_ref().unwrap_or(&none)),
            names,
            urls: input_urls(&bindings),
            followed: followed(&bindings),
            lock,
        }
    }

    /// The input that Home Manager is, whatever its name.
    pub(crate) fn home_manager(&self) -> Option<&str> {
        let is_it = |name: &&String| self.project(name) == Some("home-manager");
        let mut names = self.names.iter().flatten();
        names.find(is_it).map(String::as_str)
    }

    /// The address of an input, where it stands in the text.
    pub(crate) fn url(&self, name: &str) -> Option<&str> {
        self.urls.get(name).map(String::as_str)
    }

    /// Which of the projects that channels have an input is: by its name, or else by its address.
    pub(crate) fn project(&self, name: &str) -> Option<&'static str> {
        let named = |text: &str| PROJECTS.into_iter().find(|project| *project == text);
        named(name).or_else(|| {
            let is_sign = |one: char| !one.is_alphanumeric() && !matches!(one, '-' | '_');
            self.urls.get(name)?.split(is_sign).find_map(named)
        })
    }

    /// Whether an input that nothing replaces may be on the network: by its address, or, where no address stands in the text,
    /// because it is named only, and Nix's registry tells where it is.
    pub(crate) fn may_be_remote(&self, replaced: &BTreeMap<String, String>) -> bool {
        let is_left = |name: &String| !replaced.contains_key(name);
        let named = self.names.iter().flatten().any(is_left);
        let mut urls = self.urls.iter().filter(|(name, _)| is_left(name));
        !urls.all(|(_, url)| channel::is_local(url)) || self.urls.is_empty() && named
    }

    /// Whether every input of the flake, and of its inputs, is locked to one content, and the flake still names those
    /// that were locked.
    pub(crate) fn are_locked(&self) -> bool {
        let Some(names) = &self.names else {
            return false;
        };
        let Some(lock) = &self.lock else {
            // A flake without inputs needs no lock.
            return names.is_empty();
        };
        names.iter().all(|name| lock.input(name).is_some())
            && self.outdated().is_empty()
            && lock.others().all(|it| it.is_some_and(|it| it.is_locked()))
    }

    /// What each input is, by its name, as far as the text and the lock tell.
    pub(crate) fn held(&self) -> BTreeMap<String, Held> {
        let outdated = self.outdated();
        let named = self.names.iter().flatten().chain(self.urls.keys());
        let held = |name: &String| {
            let lock = self.lock.as_ref().filter(|_| !outdated.contains(&name));
            let locked = lock
                .and_then(|lock| lock.node(name))
                .map(|node| &node["locked"]);
            let text = |key: &str| Some(locked?[key].as_str()?.to_owned());
            Held {
                address: self.urls.get(name).cloned(),
                revision: text("rev").or_else(|| text("narHash")),
            }
        };
        named.map(|name| (name.clone(), held(name))).collect()
    }

    /// Each input of the flake and where it is, in words, with some inputs `replaced` by others.
    pub(crate) fn states(&self, replaced: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        let names = replaced.keys().map(String::as_str).collect();
        let remote = self.on_network(&names);
        let held = self.held();
        let state = |name: &str, held: &Held| {
            let is_at = |it: &&Remote| it.name.split('/').next() == Some(name);
            let locked = held.revision.is_some();
            match (replaced.get(name), remote.iter().find(is_at)) {
                (Some(address), _) => format!("replaced by {address}"),
                (None, Some(found)) if found.name != name => {
                    format!("kept, with {} on the network", found.name)
                }
                (None, Some(found)) if locked && !found.is_needed => {
                    "locked, on the network, fetched where something looks at it".to_owned()
                }
                (None, Some(_)) if locked => "locked, on the network".to_owned(),
                (None, Some(_)) => "on the network, not locked".to_owned(),
                (None, None) if locked => "locked and kept".to_owned(),
                (None, None) => "kept".to_owned(),
            }
        };
        held.iter()
            .map(|(name, held)| (name.clone(), state(name, held)))
            .collect()
    }

    /// Where on the network Nix gets the inputs from, each as `host:port`.
    pub(crate) fn endpoints(&self) -> BTreeSet<String> {
        let outdated = self.outdated();
        let asked = outdated.iter().map(|name| &self.urls[*name]);
        let locked = self.lock.iter().flat_map(Lock::others);
        locked
            .flatten()
            .flat_map(|it| it.endpoints())
            .chain(asked.flat_map(|url| channel::endpoints(url)))
            .collect()
    }

    /// Those inputs whose address is not the one that was locked.
    fn outdated(&self) -> Vec<&String> {
        let is_current = |(name, url): (&String, &String)| {
            let node = self.lock.as_ref().and_then(|lock| lock.node(name));
            node.is_some_and(|node| is_same(url, &node["original"]))
        };
        // No network is needed for a local one.
        let all = self.urls.iter().filter(|(_, url)| !channel::is_local(url));
        all.filter(|&input| !is_current(input))
            .map(|(name, _)| name)
            .collect()
    }

    /// Whether nixpkgs is the real one, from the network, with some inputs `replaced` by others. No where it cannot be told.
    pub(crate) fn are_real(&self, replaced: &BTreeMap<String, String>) -> bool {
        let is_remote = |name: &String| match replaced.get(name).or_else(|| self.urls.get(name)) {
            Some(url) => !is_offline(url),
            None => {
                let node = self.lock.as_ref().and_then(|lock| lock.node(name));
                node.is_some_and(|node| node["locked"]["type"] != "path")
            }
        };
        let names = self.names.iter().flatten();
        let mut nixpkgs = names.filter(|name| self.project(name) == Some("nixpkgs"));
        let first = nixpkgs.next();
        first.is_some_and(is_remote) && nixpkgs.all(is_remote)
    }

    /// The inputs that are on the network, of those that nothing replaces, each once.
    pub(crate) fn on_network(&self, replaced: &BTreeSet<&str>) -> Vec<Remote> {
        let outdated = self.outdated();
        // Where the text cannot be read the lock still tells.
        let locked = self.lock.as_ref().map(Lock::names).unwrap_or_default();
        let mut all = Vec::new();
        for name in self.names.as_ref().unwrap_or(&locked) {
            if replaced.contains(name.as_str()) {
                continue;
            }
            let project = self.project(name);
            let is_outdated = outdated.contains(&name);
            let is_unlocked = !locked.contains(name) && self.elsewhere.contains(name);
            // To lock an input, or to lock it anew, Nix fetches it.
            let is_fetched = match is_outdated {
                true => !is_offline(&self.urls[name]),
                false => is_unlocked && !PROJECTS.contains(&name.as_str()),
            };
            if is_fetched {
                all.push(Remote {
                    name: name.clone(),
                    project,
                    is_needed: true,
                });
            } else if let Some(lock) = self.lock.as_ref().filter(|_| !is_outdated)
                && let Some(name) = lock.first_remote(name, replaced)
            {
                let is_direct = !name.contains('/');
                all.push(Remote {
                    is_needed: is_direct && project.is_some_and(|it| it != "nix-darwin"),
                    project: project.filter(|_| is_direct),
                    name,
                });
            }
        }
        all
    }
}

fn followed(bindings: &Bindings) -> BTreeSet<String> {
    let all = bindings.all();
    let names = all.iter().filter_map(|binding| match &*binding.path {
        [.., Some(inputs), Some(name), Some(follows)]
            if inputs == "inputs" && follows == "follows" =>
        {
            Some(name.clone())
        }
        _ => None,
    });
    names.collect()
}

/// Whether the guest finds an address without a network: it is local, or the guest's own registry has it.
pub(crate) fn is_offline(url: &str) -> bool {
    let indirect = url.strip_prefix("flake:").unwrap_or(url);
    channel::is_local(url) || PROJECTS.contains(&indirect)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLAKE: &str = "{ inputs.a.url = \"github:o/a\"; inputs = { b = { url = \"git+http://h:8000/b\"; }; }; outputs = { self, a, b }: { }; }";

    fn inputs_of(files: &[(&str, &str)]) -> FlakeInputs {
        FlakeInputs::of(&crate::testing::tree(files))
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
        let b = r#"{"type": "git", "url": "http://h:8000/b", "rev": "0123456789abcdef0123456789abcdef01234567"}"#;
        let inputs = inputs_of(&[("flake.nix", FLAKE), ("flake.lock", &lock_text(b))]);
        assert!(inputs.are_locked());
        let endpoints = ["codeload.github.com:443", "github.com:443", "h:8000"];
        assert_eq!(Vec::from_iter(inputs.endpoints()), endpoints);
    }

    #[test]
    fn each_input_is_somewhere() {
        let b = r#"{"type": "path", "path": "/b", "narHash": "sha256-y"}"#;
        let text = FLAKE.replace("git+http://h:8000/b", "path:/b");
        let text = text.replace("inputs.a", "inputs.c.url = \"github:o/c\"; inputs.a");
        let inputs = inputs_of(&[("flake.nix", &text), ("flake.lock", &lock_text(b))]);
        let states = inputs.states(&BTreeMap::new());
        let fetched = "locked, on the network, fetched where something looks at it";
        assert_eq!(states["a"], fetched);
        assert_eq!(states["b"], "locked and kept");
        assert_eq!(states["c"], "on the network, not locked");
        let replaced = BTreeMap::from([("c".to_owned(), "path:/c".to_owned())]);
        assert_eq!(inputs.states(&replaced)["c"], "replaced by path:/c");
    }

    #[test]
    fn inputs_are_told_with_the_revision_that_holds_them() {
        let b = r#"{"type": "git", "url": "http://h:8000/b", "rev": "0123456789abcdef0123456789abcdef01234567"}"#;
        let files = [("flake.nix", FLAKE), ("flake.lock", &lock_text(b))];
        let held = inputs_of(&files).held();
        assert_eq!(held["a"].address.as_deref(), Some("github:o/a"));
        assert_eq!(held["a"].revision.as_deref(), Some("sha256-x"));
        assert_eq!(
            held["b"].revision.as_deref(),
            Some("0123456789abcdef0123456789abcdef01234567")
        );
        let moved = FLAKE.replace("http://h:8000/b", "http://h:8000/c");
        let held = inputs_of(&[("flake.nix", &moved), files[1]]).held();
        assert_eq!(held["b"].revision, None, "the lock is of another address");
    }

    #[test]
    fn what_is_not_locked_is_asked_for() {
        let endpoints = |files: &[(&str, &str)]| inputs_of(files).endpoints();
        let asks = "api.github.com:443";
        assert!(endpoints(&[("flake.nix", FLAKE)]).contains(asks));
        let lock = lock_text(
            r#"{"type": "git", "url": "http://h:8000/b", "rev": "0123456789abcdef0123456789abcdef01234567"}"#,
        );
        let other = FLAKE.replace("o/a", "o/other");
        assert!(!endpoints(&[("flake.nix", FLAKE), ("flake.lock", &lock)]).contains(asks));
        assert!(endpoints(&[("flake.nix", &other), ("flake.lock", &lock)]).contains(asks));
    }

    #[test]
    fn only_a_lock_without_a_gap_of_the_same_addresses_locks_something() {
        let lock =
            lock_text(r#"{"type": "git", "rev": "0123456789abcdef0123456789abcdef01234567"}"#);
        let is_whole = |flake: &str, lock: &str| {
            inputs_of(&[("flake.nix", flake), ("flake.lock", lock)]).are_locked()
        };
        assert!(is_whole(FLAKE, &lock));
        assert!(inputs_of(&[("flake.nix", "{ outputs = { self }: { }; }")]).are_locked());
        // Without a lock: what it writes, and an argument, which is an input by itself.
        for flake in [FLAKE, "{ outputs = { self, nixpkgs }: { }; }"] {
            assert!(!inputs_of(&[("flake.nix", flake)]).are_locked(), "{flake}");
        }
        let open = lock_text(r#"{"type": "git", "url": "http://h:8000/b"}"#);
        for broken in [&open, "{", r#"{"nodes": {}, "root": "root"}"#] {
            assert!(!is_whole(FLAKE, broken), "{broken}");
        }
        for (old, new) in [
            // An input that the lock has never seen.
            ("outputs", "inputs.c.url = \"github:o/c\"; outputs"),
            ("github:o/a", "github:o/a/next"),
            ("github:o/a", "github:o/other"),
            ("http://h:8000/b", "http://h:8000/c"),
            ("http://h:8000/b", "http://h:8000/b?ref=next"),
        ] {
            assert!(!is_whole(&FLAKE.replace(old, new), &lock), "{new}");
        }
    }

    #[test]
    fn what_is_on_the_network_is_told_with_whether_it_is_needed() {
        let text = r#"{
            inputs = { nixpkgs.url = "github:NixOS/nixpkgs"; hm.url = "github:nix-community/home-manager"; theme.url = "path:/x"; own.url = "path:/y"; };
            outputs = { self, nixpkgs, hm, theme, own, like }: { };
        }"#;
        let remote = |owner: &str, repo: &str| {
            format!(
                r#""locked": {{"type": "github", "rev": "01"}}, "original": {{"type": "github", "owner": "{owner}", "repo": "{repo}"}}"#
            )
        };
        let local = r#""locked": {"type": "path", "path": "/x"}, "original": {"type": "path", "path": "/x"}"#;
        let lock = format!(
            r#"{{"nodes": {{
                "root": {{"inputs": {{"nixpkgs": "n", "hm": "h", "theme": "t", "own": "o", "like": ["nixpkgs"]}}}},
                "n": {{{}}},
                "h": {{{}, "inputs": {{"nixpkgs": ["nixpkgs"]}}}},
                "t": {{{local}, "inputs": {{"base": "b", "nixpkgs": ["nixpkgs"]}}}},
                "b": {{{}}},
                "o": {{{local}, "inputs": {{"again": "o"}}}}
            }}, "root": "root", "version": 7}}"#,
            remote("NixOS", "nixpkgs"),
            remote("nix-community", "home-manager"),
            remote("o", "base"),
        );
        let inputs = inputs_of(&[("flake.nix", text), ("flake.lock", &lock)]);
        let told = |replaced: &[&str]| -> Vec<String> {
            let replaced = replaced.iter().copied().collect();
            let all = inputs.on_network(&replaced).into_iter();
            all.map(|it| format!("{} {:?} {}", it.name, it.project, it.is_needed))
                .collect()
        };
        let all = [
            "hm Some(\"home-manager\") true",
            "nixpkgs Some(\"nixpkgs\") true",
            "theme/base None false",
        ];
        assert_eq!(told(&[]), all);
        assert_eq!(told(&["hm", "nixpkgs"]), ["theme/base None false"]);
        assert!(told(&["hm", "nixpkgs", "theme/base"]).is_empty());
        let unlocked = inputs_of(&[("flake.nix", text)]);
        // One that only the arguments name is looked up too.
        let names = unlocked
            .on_network(&BTreeSet::new())
            .into_iter()
            .map(|it| it.name);
        assert_eq!(Vec::from_iter(names), ["hm", "like", "nixpkgs"]);
        let indirect = "{ inputs.a.url = \"nixpkgs\"; outputs = { a, home-manager, ... }: { }; }";
        let offline = inputs_of(&[("flake.nix", indirect)]);
        assert!(offline.on_network(&BTreeSet::new()).is_empty());
        assert_eq!(offline.home_manager(), Some("home-manager"));
        assert_eq!(unlocked.home_manager(), Some("hm"));
    }
}
