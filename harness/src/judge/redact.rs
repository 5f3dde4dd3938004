//! What differs between equal runs, taken out of texts that are compared or reviewed.

use std::sync::LazyLock;

use regex::Regex;

/// Everything that is redacted, in order: what, pattern, replacement. Observations keep the raw text; only what is
/// shown in a snapshot passes through here.
const REDACTIONS: [(&str, &str, &str); 6] = [
    (
        "store hashes: they change with every input",
        r"/nix/store/[0-9a-df-np-sv-z]{32}-",
        "/nix/store/…-",
    ),
    (
        "hashes of flake inputs",
        r"(narHash=|hash=)?sha256-[A-Za-z0-9+/%]{40,}={0,2}",
        "${1}…",
    ),
    ("times of flake inputs", r"(lastModified=)[0-9]+", "${1}…"),
    (
        "dates that Nix puts behind flake inputs",
        r"\([0-9]{4}-[0-9]{2}-[0-9]{2}\)",
        "(…)",
    ),
    (
        "temporary files of the guest",
        r"(/tmp|/run/user/[0-9]+)/([A-Za-z_-]+)[.-][A-Za-z0-9]{6,12}\b",
        "${1}/${2}…",
    ),
    (
        "process numbers in messages",
        r"\b(pid|PID|process) [0-9]+\b",
        "${1} …",
    ),
];

static PATTERNS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    REDACTIONS
        .iter()
        .filter_map(|(_, pattern, replacement)| Some((Regex::new(pattern).ok()?, *replacement)))
        .collect()
});

/// A text without what differs between equal runs.
pub fn redact(text: &str) -> String {
    let mut text = text.to_owned();
    for (pattern, replacement) in PATTERNS.iter() {
        if pattern.is_match(&text) {
            text = pattern.replace_all(&text, *replacement).into_owned();
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_is_a_regular_expression() {
        assert_eq!(PATTERNS.len(), REDACTIONS.len());
    }

    #[test]
    fn what_differs_between_equal_runs_goes_and_the_rest_stays() {
        assert_eq!(
            redact("/nix/store/0123456789abcdfghijklmnpqrsvwxyz-hello-2.10/bin/hello"),
            "/nix/store/…-hello-2.10/bin/hello"
        );
        assert_eq!(
            redact(
                "'path:/etc/x?lastModified=1&narHash=sha256-47DEQpj8HBSa%2B/TImW%2B5JCeuQeRkm5NMpJWZG3hSuFU%3D' (1970-01-01)"
            ),
            "'path:/etc/x?lastModified=…&narHash=…' (…)"
        );
        assert_eq!(redact("/tmp/nix-shell.aB3dE6/x"), "/tmp/nix-shell…/x");
        assert_eq!(redact("~/notes (2024) /tmp/x"), "~/notes (2024) /tmp/x");
    }
}
