//! A user, and what is said of one thing that is not as it must be of them.

use std::collections::BTreeMap;

use super::text_match::Mismatch;
use crate::observe::UserSeen;

/// A user and what was seen of them.
#[derive(Clone, Copy)]
pub(super) struct Who<'a> {
    pub(super) name: &'a str,
    pub(super) seen: &'a UserSeen,
    /// Texts that are too long to be shown, by their SHA-256.
    pub(super) long_texts: &'a BTreeMap<String, String>,
}

/// A mismatch that a sentence says whole.
pub(super) fn plain(message: String) -> Mismatch {
    Mismatch {
        message,
        detail: String::new(),
    }
}
