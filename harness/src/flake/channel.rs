//! Channels: where inputs come from by a word.

use crate::flake::channels::Channels;
use crate::flake::reference::{Reference, is_forge};
use crate::flake::release::Release;
use crate::flake::setup::POCKET;
use crate::text::quoted;

/// The address of an input by channel and name; `None` when the channel has no such input or is no channel. One of the
/// user's `own` channels comes before a release of the same name.
pub(crate) fn address(own: &Channels, channel: &str, input: &str) -> Option<String> {
    if own.has(channel) {
        return own.address(channel, input);
    }
    if let Some(release) = pocket_release(channel) {
        let known = matches!(input, "nixpkgs" | "home-manager");
        return known.then(|| format!("{POCKET}/{release}/{input}"));
    }
    match channel {
        "pocket" => {
            let known = matches!(input, "nixpkgs" | "home-manager" | "nix-darwin");
            known.then(|| format!("{POCKET}/{input}"))
        }
        "unstable" => match input {
            "nixpkgs" => Some("github:NixOS/nixpkgs/nixos-unstable".to_owned()),
            "home-manager" => Some("github:nix-community/home-manager".to_owned()),
            "nix-darwin" => Some("github:nix-darwin/nix-darwin".to_owned()),
            _ => None,
        },
        release if Release::parse(release).is_some() => match input {
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

/// The channel whose input an address is, of those that come over the network.
pub(crate) fn release_of(url: &str) -> Option<String> {
    let is_of = |release: &&str| {
        ["nixpkgs", "home-manager"]
            .iter()
            .any(|input| address(&Channels::default(), release, input).as_deref() == Some(url))
    };
    let named = url.rsplit(['/', '-']).next()?;
    [named, "unstable"]
        .iter()
        .find(|it| is_of(it))
        .map(|it| (*it).to_owned())
}

/// The repository of a project of a release, and the branch; `None` where there is no such release.
pub(crate) fn repository(release: &str, project: &str) -> Option<(String, String)> {
    let address = address(&Channels::default(), release, project)?;
    let mut parts = address.strip_prefix("github:")?.splitn(3, '/');
    let (owner, name) = (parts.next()?, parts.next()?);
    let branch = parts.next().unwrap_or("HEAD").to_owned();
    Some((format!("https://github.com/{owner}/{name}"), branch))
}

/// The address of an input as `nix-channel` takes it, a tarball; what lies in the machine is packed beside itself. `None`
/// where there is none.
pub(crate) fn tarball(url: &str) -> Option<String> {
    if let Some(path) = url.strip_prefix("path:/") {
        return Some(format!("file:///{path}.tar.gz"));
    }
    if let Some(rest) = url.strip_prefix("github:") {
        let mut parts = rest.splitn(3, '/');
        let (owner, repository) = (parts.next()?, parts.next()?);
        let version = parts.next().unwrap_or("HEAD");
        let archive = format!("https://github.com/{owner}/{repository}/archive/{version}.tar.gz");
        return (!rest.contains('?')).then_some(archive);
    }
    let is_fetched = ["https://", "http://", "file://"]
        .iter()
        .any(|it| url.starts_with(it));
    is_fetched.then(|| url.to_owned())
}

/// What is said of a word that is no channel: the mistake, and what to write instead.
pub(crate) fn no_channel(word: &str) -> (String, String) {
    let hint = match Release::parse(word) {
        Some(_) => Release::hint(),
        None => format!(
            "use {CHANNELS} or a release such as \"{}\"; an address goes under `inputs`",
            Release::newest()
        ),
    };
    (format!("there is no channel {}", quoted(word)), hint)
}

/// The channels but the releases.
const CHANNELS: &str = "`pocket`, `pocket-24.05`, `unstable`";

/// Whether a word is meant to be a channel, but is none: a release that there is not, or a revision that the offline
/// channel does not have.
pub(crate) fn is_no_revision(word: &str) -> bool {
    word.starts_with("pocket-") && pocket_release(word).is_none()
        || Release::parse(word).is_some_and(|release| !release.is_known())
}

/// Whether a word is a channel.
pub(crate) fn is_channel(own: &Channels, word: &str) -> bool {
    matches!(word, "pocket" | "unstable")
        || own.has(word)
        || Release::parse(word).is_some_and(Release::is_known)
        || pocket_release(word).is_some()
}

/// The older revisions of the offline channel, as `vm/pocket/revisions` has them.
const REVISIONS: [&str; 1] = ["24.05"];

/// The release of an older revision of the offline channel: `pocket-24.05`.
fn pocket_release(channel: &str) -> Option<&str> {
    channel
        .strip_prefix("pocket-")
        .filter(|release| REVISIONS.contains(release))
}

/// Whether an address can be reached without a network.
pub(crate) fn is_local(url: &str) -> bool {
    url.starts_with("path:")
        || url.starts_with('/')
        || url.starts_with("./")
        || url.starts_with("git+file:")
}

/// Whether an address always names the same content: local, or with a full commit or a hash of its content.
pub(crate) fn is_locked(url: &str) -> bool {
    is_local(url) || Reference::parse(url).is_some_and(|it| it.is_locked())
}

/// Where on the network an address leads, each as `host:port`; none where that cannot be told from it.
pub(crate) fn endpoints(url: &str) -> Vec<String> {
    Reference::parse(url).map_or(Vec::new(), |it| it.endpoints())
}

/// An address with a revision.
pub(crate) fn with_revision(url: &str, revision: &str) -> String {
    // github:OWNER/REPO/REF takes the revision in place of the ref; other addresses take a parameter.
    if let Some((forge, rest)) = url.split_once(':')
        && is_forge(forge)
    {
        let mut parts = rest.splitn(3, '/');
        if let (Some(owner), Some(repository)) = (parts.next(), parts.next()) {
            return format!("{forge}:{owner}/{repository}/{revision}");
        }
    }
    let separator = if url.contains('?') { '&' } else { '?' };
    format!("{url}{separator}rev={revision}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::all_come_to;

    #[test]
    fn a_release_names_the_branches_that_belong_together() {
        let table = "
            24.05 nixpkgs => github:NixOS/nixpkgs/nixos-24.05
            24.05 home-manager => github:nix-community/home-manager/release-24.05
            24.5 nixpkgs =>
            pocket stylix =>
            pocket-24.05 nix-darwin =>
        ";
        let of = |words: &str| {
            let (channel, input) = words.split_once(' ').unwrap();
            address(&Channels::default(), channel, input).unwrap_or_default()
        };
        all_come_to(of, table);
    }

    #[test]
    fn a_channel_without_a_flake_is_a_tarball() {
        let table = "
            path:/etc/switchproof/pocket/nixpkgs => file:///etc/switchproof/pocket/nixpkgs.tar.gz
            github:nix-community/home-manager/release-24.05 => https://github.com/nix-community/home-manager/archive/release-24.05.tar.gz
            github:nix-community/home-manager => https://github.com/nix-community/home-manager/archive/HEAD.tar.gz
            https://nixos.org/channels/nixos-24.05 => https://nixos.org/channels/nixos-24.05
            github:a/b?host=forge.example.org =>
            git+https://x/y =>
        ";
        all_come_to(|url| tarball(url).unwrap_or_default(), table);
    }

    #[test]
    fn a_revision_takes_the_place_of_a_branch() {
        let table = "
            github:a/b/main => github:a/b/abc
            git+https://x/y?ref=main => git+https://x/y?ref=main&rev=abc
        ";
        all_come_to(|url| with_revision(url, "abc"), table);
    }

    #[test]
    fn only_a_full_commit_or_a_hash_locks_an_address() {
        let commit = "0123456789abcdef0123456789abcdef01234567";
        assert!(is_locked(&format!("github:a/b/{commit}")));
        assert!(is_locked(&format!("git+https://x/y?ref=main&rev={commit}")));
        assert!(is_locked("https://x/y.tar.gz?narHash=sha256-AAAA"));
        assert!(is_locked("path:/etc/channel"));
        for open in [
            "github:a/b/main",
            "github:a/b",
            "git+https://x/y?ref=main",
            "git+https://x/y?rev=0123456",
            // A repository that is named like a commit, one on a forge that is, and a branch whose name ends like one.
            &format!("git+http://x/{commit}"),
            &format!("github:a/{commit}"),
            &format!("github:a/b/branch/{commit}"),
        ] {
            assert!(!is_locked(open), "{open}");
        }
    }

    #[test]
    fn an_address_says_where_on_the_network_it_is() {
        let table = "
            github:a/b => github.com:443 codeload.github.com:443 api.github.com:443
            github:a/b/0123456789abcdef0123456789abcdef01234567 => github.com:443 codeload.github.com:443
            sourcehut:~a/b => git.sr.ht:443
            github:a/b?host=forge.example.org => forge.example.org:443
            git+http://10.0.2.2:8000/x.git?ref=y => 10.0.2.2:8000
            git+ssh://git@example.org/x.git => example.org:22
            https://example.org/x.tar.gz => example.org:443
            http://[::1]/x => [::1]:80
            flake-utils =>
            s3://bucket =>
        ";
        all_come_to(|url| endpoints(url).join(" "), table);
    }

    #[test]
    fn the_revisions_are_those_of_the_pocket_channel() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/vm/pocket/revisions");
        let mut found: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.is_dir())
            .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
            .collect();
        found.sort();
        assert_eq!(found, REVISIONS);
        for release in REVISIONS {
            assert!(CHANNELS.contains(&format!("`pocket-{release}`")));
        }
    }
}
