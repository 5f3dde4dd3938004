//! What tells one run from another.

use std::hash::{BuildHasher, RandomState};

use serde::{Deserialize, Serialize};

/// Names one run of this program. A clock could not: two runs may begin in the same second, and clocks are set back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(String);

impl RunId {
    /// A name that no other run has: 128 random bits.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "no two are equal")]
    pub fn new() -> Self {
        // Each state has keys of its own, from the operating system's random numbers.
        let bits = || RandomState::new().hash_one(std::process::id());
        Self(format!("{:016x}{:016x}", bits(), bits()))
    }
}

impl std::fmt::Display for RunId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
