//! Backups that are left in a home.

use std::collections::BTreeSet;

use super::text_match::Mismatch;
use super::who::Who;

/// Checks that no file is left that ends in one of these extensions.
pub(super) fn leftovers(who: Who<'_>, extensions: &BTreeSet<String>) -> Vec<Mismatch> {
    let left: Vec<&str> = who
        .seen
        .home
        .entries
        .keys()
        .filter(|path| {
            extensions.iter().any(|extension| {
                path.strip_suffix(extension.trim_start_matches('.'))
                    .is_some_and(|stem| stem.ends_with('.'))
            })
        })
        .map(String::as_str)
        .collect();
    if left.is_empty() {
        return Vec::new();
    }
    vec![Mismatch {
        message: format!(
            "expected no backups left in the home of {}, seen {}: {}",
            who.name,
            left.len(),
            left.iter().take(3).copied().collect::<Vec<_>>().join(", ")
        ),
        detail: if left.len() > 3 {
            left.join("\n")
        } else {
            String::new()
        },
    }]
}
