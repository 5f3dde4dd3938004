//! Whether an address in a flake's text is the one that its lock was made for.
//!
//! Nix keeps the address as attributes, in the lock's `original`; the forms of both are Nix's (`nix flake --help`,
//! "Flake references"). Where they differ Nix throws the lock of that input away and resolves the address anew.

use std::collections::BTreeMap;

use serde_json::Value;

use super::channel::{is_commit, is_local};

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

type Attributes = BTreeMap<String, String>;

/// Whether `url` is the address that the lock kept as `original`. One that cannot be understood is not; a local one,
/// which no network is needed for, always is.
pub(crate) fn is_same(url: &str, original: &Value) -> bool {
    is_local(url) || attributes(url).is_some_and(|wanted| kept(original) == Some(wanted))
}

fn kept(original: &Value) -> Option<Attributes> {
    let text = |value: &Value| match value {
        Value::Bool(is_set) => u8::from(*is_set).to_string(),
        Value::String(text) => decoded(text),
        other => other.to_string(),
    };
    let all = original.as_object()?.iter();
    Some(all.map(|(key, value)| (key.clone(), text(value))).collect())
}

fn attributes(url: &str) -> Option<Attributes> {
    let (address, query) = url.split_once('?').unwrap_or((url, ""));
    let parameters = || query.split('&').filter(|parameter| !parameter.is_empty());
    let mut out = Attributes::new();
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
        return Some(out);
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
    Some(out)
}

/// A text without its `%` escapes; as it is where they make no text.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let escape = after.get(..2).filter(|_| first == b'%');
        let escaped = escape
            .and_then(|two| std::str::from_utf8(two).ok())
            .and_then(|two| u8::from_str_radix(two, 16).ok());
        bytes.push(escaped.unwrap_or(first));
        rest = if escaped.is_some() {
            &after[2..]
        } else {
            after
        };
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
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
            path:./x => null
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
