//! A user, as expectations are held against them.

use std::collections::BTreeMap;

use crate::observe::UserSeen;

/// A user and what was seen of them.
#[derive(Clone, Copy)]
pub(super) struct Who<'a> {
    pub(super) name: &'a str,
    pub(super) seen: &'a UserSeen,
    /// Texts that are too long to be shown, by their SHA-256.
    pub(super) long_texts: &'a BTreeMap<String, String>,
}
