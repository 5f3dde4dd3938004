//! What differs between equal runs, taken out of texts that are compared or reviewed.
//!
//! Observations keep the raw text; only what is shown in a snapshot passes through here. What a user could have changed
//! is never taken out: of what a home and a session hold, only the hashes of store paths are; everything else belongs
//! to messages of tools, and there to the exact shapes that those tools print.

use std::sync::LazyLock;

use regex::Regex;

/// A store path's hash, in Nix's own alphabet.
const STORE_HASH: &str = r"/nix/store/[0-9a-df-np-sv-z]{32}-";

/// What is redacted in messages besides store hashes: what it is, pattern, replacement.
const MESSAGES: [(&str, &str, &str); 9] = [
    (
        "times in the addresses of flake inputs, as Nix prints them",
        r"([?&]lastModified=)[0-9]+",
        "${1}…",
    ),
    (
        "hashes in the addresses of flake inputs, as Nix prints them",
        r"([?&]narHash=)sha256-[A-Za-z0-9+/%]{40,}={0,2}",
        "${1}…",
    ),
    (
        "dates that Nix puts behind the address of a flake input",
        r"('[a-z+]+:[^' ]*' )\([0-9]{4}-[0-9]{2}-[0-9]{2}\)",
        "${1}(…)",
    ),
    (
        "folders that Nix, nixos-rebuild, home-manager and mktemp make for a while",
        r"(^|[^A-Za-z0-9._/-])(/tmp|/run/user/[0-9]+)/(tmp|nix-shell|nixos-rebuild|home-manager-build)\.[A-Za-z0-9]{6,10}\b",
        "${1}${2}/${3}.…",
    ),
    (
        "processes that a shell says were killed",
        r"(: line [0-9]+: +)[0-9]+( (?:Killed|Terminated|Aborted|Segmentation fault|Hangup|Quit)\b)",
        "${1}…${2}",
    ),
    (
        "what newer versions of Nix say of a build that failed, in the words of older ones",
        r"Cannot build ('[^'\n]*')\.\n +Reason: builder ([^\n]*)\.\n +Output paths?:\n(?: +/nix/store/[^\n]*\n)+( +)Last ([0-9]+ log lines:)",
        "builder for ${1} ${2};\n${3}last ${4}",
    ),
    (
        "the same of a build that left no log",
        r"Cannot build ('[^'\n]*')\.\n +Reason: builder ([^\n]*)\.\n +Output paths?:(?:\n +/nix/store/[^\n]*)+",
        "builder for ${1} ${2}",
    ),
    (
        "the same of what was to be built with it",
        r"Cannot build ('[^'\n]*')\.\n +Reason: ([0-9]+) dependenc(?:y|ies) failed\.\n +Output paths?:(?:\n +/nix/store/[^\n]*)+",
        "${2} dependencies of derivation ${1} failed to build",
    ),
    (
        "the process of an ssh-agent",
        r"(?m)^(Agent pid )[0-9]+$",
        "${1}…",
    ),
];

static STORE_PATTERN: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(STORE_HASH).expect("a regular expression that a test compiles"));

static MESSAGE_PATTERNS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    MESSAGES
        .iter()
        .filter_map(|(_, pattern, replacement)| Some((Regex::new(pattern).ok()?, *replacement)))
        .collect()
});

/// What a home or a session holds, without the hashes of store paths: they change with every input.
pub fn redact_hashes(text: &str) -> String {
    STORE_PATTERN
        .replace_all(text, "/nix/store/…-")
        .into_owned()
}

/// What a tool printed, without what differs between equal runs.
pub fn redact_message(text: &str) -> String {
    let mut text = redact_hashes(text);
    for (pattern, replacement) in MESSAGE_PATTERNS.iter() {
        if pattern.is_match(&text) {
            text = pattern.replace_all(&text, *replacement).into_owned();
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::all_come_to;

    #[test]
    fn every_pattern_is_a_regular_expression() {
        assert_eq!(MESSAGE_PATTERNS.len(), MESSAGES.len());
        LazyLock::force(&STORE_PATTERN);
    }

    /// Both what goes and, of each kind, what looks alike and stays.
    fn check(goes: &str, stays: &[&str]) {
        all_come_to(redact_message, goes);
        for text in stays {
            assert_eq!(redact_message(text), *text);
        }
    }

    #[test]
    fn of_a_store_path_only_the_hash_goes() {
        let hash = "0123456789abcdfghijklmnpqrsvwxyz";
        let path = format!("/nix/store/{hash}-hello-2.10/bin/hello");
        assert_eq!(redact_hashes(&path), "/nix/store/…-hello-2.10/bin/hello");
        for stays in [
            format!("/nix/store/{hash}"),
            format!("/nix/store/{}-x", hash.replace('a', "e")),
            format!("/nix/store/{}-x", &hash[1..]),
            format!("/opt/{hash}-x"),
        ] {
            assert_eq!(redact_hashes(&stays), stays);
        }
    }

    #[test]
    fn in_what_a_home_holds_nothing_but_hashes_goes() {
        for text in [
            "'path:/etc/x?lastModified=1&narHash=sha256-47DEQpj8HBSa%2B/TImW%2B5JCeuQeRkm5NMpJWZG3hSuFU%3D' (1970-01-01)",
            "/tmp/nix-shell.aB3dE6/x /run/user/1000/tmp.abcdefghij",
            "Agent pid 12",
            "bash: line 1: 12 Killed",
        ] {
            assert_eq!(redact_hashes(text), text);
        }
    }

    #[test]
    fn of_a_flake_input_time_hash_and_date_go_and_pins_and_dates_of_others_stay() {
        check(
            "'path:/etc/x?lastModified=1&narHash=sha256-47DEQpj8HBSa%2B/TImW%2B5JCeuQeRkm5NMpJWZG3hSuFU%3D' (1970-01-01) => 'path:/etc/x?lastModified=…&narHash=…' (…)",
            &[
                "  specified: sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
                "hash = \"sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\"",
                "lastModified=5",
                "released (2024-05-31)",
                "'notes' (2024-05-31)",
                "~/notes (2024)",
            ],
        );
    }

    #[test]
    fn a_build_that_failed_is_told_in_the_same_words_by_every_nix() {
        let table = r"
            error: Cannot build '/nix/store/…-a.drv'.\n       Reason: builder failed with exit code 1.\n       Output paths:\n         /nix/store/…-a\n       Last 1 log lines:\n       > no\n => error: builder for '/nix/store/…-a.drv' failed with exit code 1;\n       last 1 log lines:\n       > no\n
            error: Cannot build '/nix/store/…-a.drv'.\n       Reason: builder failed with exit code 1.\n       Output paths:\n         /nix/store/…-a\nerror: next => error: builder for '/nix/store/…-a.drv' failed with exit code 1\nerror: next
            error: Cannot build '/nix/store/…-b.drv'.\n       Reason: 1 dependency failed.\n       Output paths:\n         /nix/store/…-b => error: 1 dependencies of derivation '/nix/store/…-b.drv' failed to build
        ";
        check(
            table,
            &[
                "Cannot build 'my house'.",
                "error: Cannot build '/nix/store/…-a.drv'.\n       Reason: platform mismatch",
            ],
        );
    }

    #[test]
    fn folders_of_tools_go_and_those_of_a_user_stay() {
        check(
            "/tmp/nix-shell.aB3dE6/x => /tmp/nix-shell.…/x
             /run/user/1000/tmp.abcdefghij => /run/user/1000/tmp.…
             /tmp/home-manager-build.aB3dE6gH90 => /tmp/home-manager-build.…",
            &[
                "/tmp/my-project",
                "/tmp/my-secrets",
                "/tmp/app.config",
                "/tmp/tmp.conf",
                "/run/user/1000/bus",
                "/var/tmp/tmp.abcdefghij",
            ],
        );
    }

    #[test]
    fn numbers_of_processes_go_and_other_numbers_stay() {
        check(
            "bash: line 1:   123 Killed                  sleep 9 => bash: line 1:   … Killed                  sleep 9
             Agent pid 812 => Agent pid …",
            &[
                "process 5 files",
                "pid 12",
                "PID 12 is init",
                "the Agent pid 812 file",
                "a: line 12: 3 errors",
            ],
        );
    }
}
