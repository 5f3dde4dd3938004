//! The name of a frozen state.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How many hexadecimal digits a key has: 128 bits, enough that two never meet by accident and short enough for
/// paths in a qcow2 header.
const DIGITS: usize = 32;

/// Names a layer by everything that went into it: its parent's key, the step, all the step read, and for the
/// first layer the image, QEMU, accelerator, CPU model and machine shape.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct LayerKey(String);

/// Text that is not a layer key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a layer key ({DIGITS} lowercase hexadecimal digits)")]
pub struct NotALayerKey(pub String);

impl LayerKey {
    /// The key of a first layer made from `parts`, each of which counts, as does their order.
    pub fn root(parts: &[&[u8]]) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("switchproof layer root v1");
        for part in parts {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        Self::from_hash(hasher.finalize())
    }

    /// The key of the layer that `step` makes from this one. `step` must describe the step and the content of
    /// everything that it reads.
    pub fn child(&self, step: &[u8]) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("switchproof layer child v1");
        hasher.update(self.0.as_bytes());
        hasher.update(step);
        Self::from_hash(hasher.finalize())
    }

    fn from_hash(hash: blake3::Hash) -> Self {
        Self(hash.to_hex()[..DIGITS].to_owned())
    }

    /// The key's text, which is also its directory's name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LayerKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for LayerKey {
    type Err = NotALayerKey;

    fn from_str(text: &str) -> Result<Self, NotALayerKey> {
        let valid = text.len() == DIGITS
            && text
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if valid {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotALayerKey(text.to_owned()))
        }
    }
}

impl TryFrom<String> for LayerKey {
    type Error = NotALayerKey;

    fn try_from(text: String) -> Result<Self, NotALayerKey> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::LayerKey;

    #[test]
    fn parts_do_not_run_into_each_other() {
        assert_ne!(
            LayerKey::root(&[b"ab", b"c"]),
            LayerKey::root(&[b"a", b"bc"])
        );
        let key = LayerKey::root(&[b"a"]);
        assert_ne!(key.child(b"x"), key.child(b"y"));
        assert_eq!(key.as_str().parse(), Ok(key.clone()));
    }

    #[test]
    fn only_our_own_spelling_is_a_key() {
        for text in ["", "../../etc", "ABCDEF0123456789ABCDEF0123456789", "0123"] {
            assert!(text.parse::<LayerKey>().is_err(), "{text}");
        }
    }
}
