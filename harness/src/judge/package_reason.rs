//! What is known of a package that Nix refuses or does not find, with the way out.

use std::sync::LazyLock;

use regex::Regex;

use crate::flake::{package_at, package_in};
use crate::model::FlakeTree;

/// A package that nixpkgs does not let be evaluated, and why, in the words of its releases before and since 25.11.
pub(super) fn refused_package(text: &str) -> Option<String> {
    static REFUSED: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"(?s)(?:Package ‘([^’\n]{1,200})’ in [^\n]+? |Refusing to evaluate package '([^'\n]{1,200})'.{0,1000}?because it )(has an unfree license|[^\n]{0,80}insecure|[^\n]{0,80}broken|is not (?:available|supported) on|has problems:\s+- broken)",
        )
        .expect("a regular expression that a test compiles")
    });
    let found = REFUSED.captures(text)?;
    let name = found.get(1).or(found.get(2))?.as_str();
    let why = &found[3];
    let set = "where the flake makes its package set";
    Some(if why.contains("unfree") {
        format!(
            "; `{name}` is unfree: allow such packages {set} (`config.allowUnfree = true`), or by `allowUnfree: true` in a setup \
             in words"
        )
    } else if why.contains("insecure") {
        format!(
            "; `{name}` is marked as insecure: take another, or allow this version {set} \
             (`config.permittedInsecurePackages = [ \"{name}\" ]`)"
        )
    } else if why.contains("broken") {
        format!(
            "; `{name}` is marked as broken: leave it out, take a nixpkgs in which it is mended, or have it built all the same \
             {set} (`config.allowBroken = true`)"
        )
    } else {
        format!("; `{name}` is not for the platform of this machine: leave it out there")
    })
}

/// A package that nixpkgs has under another name or no more, which its aliases say.
pub(super) fn gone_package(text: &str) -> Option<String> {
    static GONE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"(?m)error: '?([A-Za-z0-9_.+-]{1,100})'? (?:has been|was) (renamed to/replaced by|renamed to|replaced by|removed)([^\n]{0,500})",
        )
        .expect("a regular expression that a test compiles")
    });
    static NAMED: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"['‘`]([A-Za-z0-9_.+-]{1,100})['’`]")
            .expect("a regular expression that a test compiles")
    });
    let found = GONE.captures(text)?;
    let (name, rest) = (&found[1], &found[3]);
    let other = NAMED.captures(rest).map(|named| named[1].to_owned());
    Some(match (&found[2], other) {
        ("removed", Some(other)) => {
            format!("; this nixpkgs has no package `{name}` any more, and names `{other}` instead")
        }
        ("removed", None) => format!(
            "; this nixpkgs has no package `{name}` any more: leave it out, or take a nixpkgs that still has it"
        ),
        (_, Some(other)) => {
            format!("; the package `{name}` is `{other}` in this nixpkgs: write that")
        }
        (_, None) => return None,
    })
}

/// The package that an evaluation did not find: an attribute of `pkgs` on the line that Nix points at, a name in a list
/// of a file that says `with pkgs`, or what a module of Home Manager asks for. One of a set is named with the set.
pub(super) fn missing_package(text: &str, flake: &FlakeTree) -> Option<String> {
    static ASKED_FOR: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?m)error: ([A-Za-z0-9_.\[\] -]+?) cannot be found in pkgs$")
            .expect("a regular expression that a test compiles")
    });
    static MISSING: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"error: (attribute '([^']+)' missing|undefined variable '([^']+)')\n\s+at [^\n]+?-source/([^\n]+):(\d+):(\d+):\n((?:\s+\d*\|[^\n]*\n?)+)")
            .expect("a regular expression that a test compiles")
    });
    if let Some(found) = ASKED_FOR.captures(text) {
        return Some(found[1].to_owned());
    }
    let found = MISSING.captures(text)?;
    let pointed_at = found[7].lines().find_map(|line| {
        let (number, source) = line.split_once('|')?;
        (number.trim() == &found[5]).then_some(source)
    })?;
    let column: usize = found[6].parse().ok()?;
    // One space stands between the bar and the source.
    let here = pointed_at.get(column..)?;
    match (found.get(2), found.get(3)) {
        (Some(name), _) => package_in(here.strip_prefix("pkgs.")?, name.as_str()),
        (_, Some(_)) => {
            let line = found[5].parse().ok()?;
            package_at(flake, &found[4], line, column)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::tree;

    /// A flake whose one file is this.
    fn flake(text: &str) -> FlakeTree {
        tree(&[("home.nix", text)])
    }

    const ATTRIBUTE: &str = "error:\n       … while evaluating\n\n       error: attribute 'nmap' missing\n       \
        at /nix/store/x-source/home.nix:4:21:\n            3| {\n            4|   home.packages = [ pkgs.nmap ];\n             \
        |                     ^\n            5| }\n       Did you mean man?\n";

    #[test]
    fn a_package_is_missing_where_nix_points_at_one() {
        let listed = "{ pkgs, ... }:\n{\n\n  home.packages = with pkgs; [\n    nmap ]; }";
        let missing_package = |text: &str| missing_package(text, &flake(listed));
        assert_eq!(missing_package(ATTRIBUTE).as_deref(), Some("nmap"));
        let of_set = ATTRIBUTE
            .replace("'nmap'", "'ocamlPackages'")
            .replace("pkgs.nmap", "pkgs.ocamlPackages.utop");
        assert_eq!(
            missing_package(&of_set).as_deref(),
            Some("ocamlPackages.utop")
        );
        let set = of_set.replace(".utop ]", "; [ utop ]");
        assert_eq!(missing_package(&set).as_deref(), Some("ocamlPackages"));
        let output = ATTRIBUTE
            .replace("'nmap'", "'lib'")
            .replace("pkgs.nmap", "pkgs.dconf.lib");
        assert_eq!(missing_package(&output), None);
        let option = ATTRIBUTE.replace("pkgs.nmap", "conf.nmap");
        assert_eq!(missing_package(&option), None);
        let variable = ATTRIBUTE
            .replace("attribute 'nmap' missing", "undefined variable 'nmap'")
            .replace("[ pkgs.nmap ]", "[\n            5|     nmap")
            .replace(":4:21:", ":5:5:");
        assert_eq!(missing_package(&variable).as_deref(), Some("nmap"));
        let other = flake(&listed.replace("with pkgs", "with lib"));
        assert_eq!(super::missing_package(&variable, &other), None);
        let module = "error: zsh-abbr cannot be found in pkgs\n       Please…";
        assert_eq!(missing_package(module).as_deref(), Some("zsh-abbr"));
        assert_eq!(missing_package("error: attribute 'x' missing"), None);
    }

    #[test]
    fn a_package_that_is_refused_is_named_with_what_allows_it() {
        let of = |said: &str| refused_package(said).unwrap_or_default();
        let old = |why: &str| {
            format!(
                "       error: Package ‘a-1.0’ in /nix/store/x-source/a.nix:3 {why}, refusing to evaluate.\n"
            )
        };
        let new = |why: &str| {
            format!(
                "error: Refusing to evaluate package 'a-1.0' in /nix/store/x-source/a.nix:3 because it {why}\n"
            )
        };
        for (why, way) in [
            (
                "has an unfree license (‘unfree’)",
                "`config.allowUnfree = true`",
            ),
            ("is marked as broken", "`config.allowBroken = true`"),
            (
                "is marked as insecure",
                "permittedInsecurePackages = [ \"a-1.0\" ]",
            ),
            (
                "is not available on the requested hostPlatform:",
                "not for the platform",
            ),
        ] {
            for said in [old(why), new(why)] {
                assert!(of(&said).starts_with("; `a-1.0` is"), "{said}");
                assert!(of(&said).contains(way), "{said}");
            }
        }
        assert!(of(&new("has problems:\n- broken")).contains("allowBroken"));
        assert_eq!(refused_package("error: the option is broken"), None);
    }

    #[test]
    fn a_package_that_has_another_name_is_named_with_it() {
        let of = |said: &str| gone_package(said).unwrap_or_default();
        let renamed =
            of("error:\n\n       error: 'du-dust' has been renamed to/replaced by 'dust'\n");
        assert_eq!(
            renamed,
            "; the package `du-dust` is `dust` in this nixpkgs: write that"
        );
        let removed = of(
            "error: 'exa' has been removed because it is unmaintained. Consider using 'eza', a fork",
        );
        assert!(
            removed.contains("`exa`") && removed.contains("`eza` instead"),
            "{removed}"
        );
        let none = of("error: agda-pkg has been removed due to being unmaintained");
        assert!(
            none.contains("`agda-pkg`") && none.contains("leave it out"),
            "{none}"
        );
        assert_eq!(
            gone_package("error: The option `a' has been removed."),
            None
        );
    }
}
