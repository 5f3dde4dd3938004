//! Channels: where inputs come from by a word.

use super::names::is_release;
use crate::scenario::setup::POCKET;

/// The address of an input by channel and name; `None` when the channel has no such input or is no channel.
pub(super) fn address(channel: &str, input: &str) -> Option<String> {
    let known = matches!(input, "nixpkgs" | "home-manager" | "nix-darwin");
    if let Some(release) = pocket_release(channel) {
        return known.then(|| format!("{POCKET}/{release}/{input}"));
    }
    match channel {
        "pocket" => known.then(|| format!("{POCKET}/{input}")),
        "unstable" => match input {
            "nixpkgs" => Some("github:NixOS/nixpkgs/nixos-unstable".to_owned()),
            "home-manager" => Some("github:nix-community/home-manager".to_owned()),
            "nix-darwin" => Some("github:nix-darwin/nix-darwin".to_owned()),
            _ => None,
        },
        release if is_release(release) => match input {
            "nixpkgs" => Some(format!("github:NixOS/nixpkgs/nixos-{release}")),
            "home-manager" => Some(format!(
                "github:nix-community/home-manager/release-{release}"
            )),
            "nix-darwin" => Some(format!("github:nix-darwin/nix-darwin/nix-darwin-{release}")),
            _ => None,
        },
        _ => None,
    }
}

/// Whether a word is a channel.
pub(super) fn is_channel(word: &str) -> bool {
    matches!(word, "pocket" | "unstable") || is_release(word) || pocket_release(word).is_some()
}

/// The release of an older revision of the offline channel: `pocket-25.11`.
fn pocket_release(channel: &str) -> Option<&str> {
    channel
        .strip_prefix("pocket-")
        .filter(|release| is_release(release))
}

/// Whether an address can be reached without a network.
pub(super) fn is_local(url: &str) -> bool {
    url.starts_with("path:")
        || url.starts_with('/')
        || url.starts_with("./")
        || url.starts_with("git+file:")
}

/// Whether an address names one content for ever: local, or with a full commit.
pub(super) fn is_locked(url: &str) -> bool {
    let has_commit = url
        .split(|one: char| !one.is_ascii_alphanumeric())
        .any(|part| part.len() == 40 && part.chars().all(|one| one.is_ascii_hexdigit()));
    is_local(url) || has_commit || url.contains("narHash=")
}

/// An address with a revision.
pub(super) fn with_revision(url: &str, revision: &str) -> String {
    // github:OWNER/REPO/REF takes the revision in place of the ref; other addresses take a parameter.
    for forge in ["github:", "gitlab:", "sourcehut:"] {
        if let Some(rest) = url.strip_prefix(forge) {
            let mut parts = rest.splitn(3, '/');
            if let (Some(owner), Some(repository)) = (parts.next(), parts.next()) {
                return format!("{forge}{owner}/{repository}/{revision}");
            }
        }
    }
    let separator = if url.contains('?') { '&' } else { '?' };
    format!("{url}{separator}rev={revision}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_names_the_branches_that_belong_together() {
        assert_eq!(
            address("24.05", "nixpkgs").as_deref(),
            Some("github:NixOS/nixpkgs/nixos-24.05")
        );
        assert_eq!(
            address("24.05", "home-manager").as_deref(),
            Some("github:nix-community/home-manager/release-24.05")
        );
        assert_eq!(address("24.5", "nixpkgs"), None);
        assert_eq!(address("pocket", "stylix"), None);
    }

    #[test]
    fn a_revision_takes_the_place_of_a_branch() {
        assert_eq!(with_revision("github:a/b/main", "abc"), "github:a/b/abc");
        assert_eq!(
            with_revision("git+https://x/y?ref=main", "abc"),
            "git+https://x/y?ref=main&rev=abc"
        );
    }
}
