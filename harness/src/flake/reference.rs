//! Addresses of flakes, as attributes.
//!
//! Nix keeps an address so, in the `original` and `locked` of a lock; the forms of both are Nix's (`nix flake --help`,
//! "Flake references"). Where the address in a flake's text is another one than its lock was made for, Nix throws the lock
//! of that input away and resolves the address anew.

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;
use serde_json::Value;

/// Parameters of a `git+…` address that are attributes of their own; all others stay in its `url`.
const GIT_ATTRIBUTES: &[&str] = &[
    "ref",
    "rev",
    "dir",
    "narHash",
    "shallow",
    "submodules",
    "lfs",
    "exportIgnore",
    "allRefs",
];

/// The same of a tarball's address.
const TARBALL_ATTRIBUTES: &[&str] = &["dir", "narHash", "rev", "revCount", "lastModified"];

/// Forges with a scheme of their own, and where Nix gets what they hold; GitHub redirects requests for archives.
const FORGES: [(&str, &[&str]); 3] = [
    ("github", &["github.com:443", "codeload.github.com:443"]),
    ("gitlab", &["gitlab.com:443"]),
    ("sourcehut", &["git.sr.ht:443"]),
];

/// Where Nix asks for the revision of a branch on GitHub.
const GITHUB_BRANCHES: &str = "api.github.com:443";

/// Whether a scheme is that of a forge.
pub(super) fn is_forge(scheme: &str) -> bool {
    FORGES.iter().any(|(forge, _)| *forge == scheme)
}

/// Whether a word is a full commit, not a branch or a piece of one.
fn is_commit(word: &str) -> bool {
    word.len() == 40 && word.chars().all(|one| one.is_ascii_hexdigit())
}

/// Whether `url` is the address that the lock kept as `original`. One that cannot be understood is not.
pub(super) fn is_same(url: &str, original: &Value) -> bool {
    let parsed = Reference::parse(url);
    parsed.is_some() && parsed == Reference::kept(original)
}

/// An address by its attributes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reference(BTreeMap<String, String>);

impl Reference {
    /// One as a lock has it.
    pub(super) fn kept(attributes: &Value) -> Option<Self> {
        let text = |value: &Value| match value {
            Value::Bool(is_set) => u8::from(*is_set).to_string(),
            Value::String(text) => decoded(text),
            other => other.to_string(),
        };
        let all = attributes.as_object()?.iter();
        let all = all.map(|(key, value)| (key.clone(), text(value)));
        Some(Self(all.collect()))
    }

    fn get(&self, key: &str) -> &str {
        self.0.get(key).map_or("", String::as_str)
    }

    /// Whether it always names the same content.
    pub(super) fn is_locked(&self) -> bool {
        let has_hash = !self.get("narHash").is_empty();
        has_hash || is_commit(self.get("rev")) || self.get("type") == "path"
    }

    /// Where on the network Nix gets it from, each as `host:port`; none where that cannot be told. What a forge has
    /// and is not locked is asked for first.
    pub(super) fn endpoints(&self) -> Vec<String> {
        let kind = self.get("type");
        let Some((_, endpoints)) = FORGES.iter().find(|(forge, _)| *forge == kind) else {
            return endpoint_of(self.get("url")).into_iter().collect();
        };
        let branches = (kind == "github" && !self.is_locked()).then_some(GITHUB_BRANCHES);
        match self.get("host") {
            "" => {
                let all = endpoints.iter().copied().chain(branches);
                all.map(str::to_owned).collect()
            }
            host => vec![format!("{host}:443")],
        }
    }

    /// One as a flake's text has it; `None` where it cannot be understood.
    pub(super) fn parse(url: &str) -> Option<Self> {
        let (address, query) = url.split_once('?').unwrap_or((url, ""));
        let parameters = || query.split('&').filter(|parameter| !parameter.is_empty());
        let mut out = BTreeMap::new();
        let mut set = |key: &str, value: &str| out.insert(key.to_owned(), decoded(value));
        let is_repository = address.contains("://");
        let mut stay = Vec::new();
        let attributes = match address.split_once("://").map(|(scheme, _)| scheme) {
            Some(scheme) if scheme == "git" || scheme.starts_with("git+") => GIT_ATTRIBUTES,
            _ => TARBALL_ATTRIBUTES,
        };
        for parameter in parameters() {
            match parameter.split_once('=') {
                Some((key, value)) if !is_repository || attributes.contains(&key) => {
                    set(key, value);
                }
                _ => stay.push(parameter),
            }
        }
        if is_repository {
            let (scheme, rest) = address.split_once("://")?;
            let (kind, way) = match scheme.split_once('+') {
                Some((kind, way)) => (kind, way),
                None if scheme == "git" => ("git", "git"),
                None => ("tarball", scheme),
            };
            set("type", kind);
            let query = match stay.is_empty() {
                true => String::new(),
                false => format!("?{}", stay.join("&")),
            };
            set("url", &format!("{way}://{rest}{query}"));
            return Some(Self(out));
        }
        let (kind, path) = address.split_once(':').unwrap_or(("flake", address));
        let names: &[&str] = match kind {
            "github" | "gitlab" | "sourcehut" => &["owner", "repo"],
            "flake" => &["id"],
            _ => return None,
        };
        set("type", if kind == "flake" { "indirect" } else { kind });
        let mut parts = path.splitn(names.len() + 1, '/');
        for name in names {
            set(name, parts.next().filter(|part| !part.is_empty())?);
        }
        match parts.next() {
            Some(version) if is_commit(version) => drop(set("rev", version)),
            // `flake:ID/REF/COMMIT`
            Some(version) => match version.rsplit_once('/').filter(|it| is_commit(it.1)) {
                Some((branch, commit)) if kind == "flake" => {
                    set("ref", branch);
                    set("rev", commit);
                }
                _ => drop(set("ref", version)),
            },
            None => {}
        }
        Some(Self(out))
    }
}

/// Where an address of the form `scheme://host[:port]/…` is.
fn endpoint_of(address: &str) -> Option<String> {
    let (scheme, rest) = address.split_once("://")?;
    let port = match scheme {
        "http" => 80,
        "https" => 443,
        "ssh" => 22,
        "git" => 9418,
        _ => return None,
    };
    let authority = rest.split(['/', '?']).next()?;
    let authority = authority.rsplit('@').next()?;
    let has_port = authority
        .rsplit_once(':')
        .is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    match authority {
        "" => None,
        named if has_port => Some(named.to_owned()),
        named => Some(format!("{named}:{port}")),
    }
}

/// A text without its `%` escapes; as it is where they make no text.
fn decoded(text: &str) -> String {
    let decoded = percent_decode_str(text).decode_utf8();
    decoded.map_or(text.to_owned(), Into::into)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::rows;

    #[test]
    fn an_address_is_known_again_in_its_attributes() {
        let table = r#"
            github:o/r => {"type": "github", "owner": "o", "repo": "r"}
            github:o/r/a/b?dir=c => {"type": "github", "owner": "o", "repo": "r", "ref": "a/b", "dir": "c"}
            gitlab:g%2Fs/r/COMMIT?host=h.org => {"type": "gitlab", "owner": "g%2Fs", "repo": "r", "rev": "COMMIT", "host": "h.org"}
            git+https://h/x.git?ref=main&submodules=1&k=v => {"type": "git", "url": "https://h/x.git?k=v", "ref": "main", "submodules": true}
            https://h/x.tar.gz?a=b => {"type": "tarball", "url": "https://h/x.tar.gz?a=b"}
            nixpkgs => {"type": "indirect", "id": "nixpkgs"}
            flake:nixpkgs/main/COMMIT => {"type": "indirect", "id": "nixpkgs", "ref": "main", "rev": "COMMIT"}
        "#;
        let commit = "0123456789abcdef0123456789abcdef01234567";
        for (url, original) in rows(&table.replace("COMMIT", commit)) {
            let original = serde_json::from_str(&original).unwrap();
            assert!(is_same(&url, &original), "{url}");
        }
    }

    #[test]
    fn another_address_is_another() {
        let original = json!({"type": "github", "owner": "o", "repo": "r", "ref": "main"});
        for other in [
            "github:o/r",
            "github:o/r/next",
            "github:o/s/main",
            "gitlab:o/r/main",
            "github:o/r/main?dir=x",
            "git+https://github.com/o/r?ref=main",
            "github:",
            "strange:o/r/main",
        ] {
            assert!(!is_same(other, &original), "{other}");
        }
        // A lock that does not say.
        assert!(!is_same("github:o/r", &Value::Null));
    }
}
