//! The digest of a file's content, and beside it that of what two builds of equal text have in common.

use std::io::{self, Write};

use memchr::memmem::Finder;
use sha2::{Digest, Sha256};

use super::home::Content;
use super::paths::STORE;

/// Characters of the hash in a store path.
const HASH_CHARACTERS: usize = 32;
/// A store path up to the dash behind its hash.
const LONGEST: usize = STORE.len() + HASH_CHARACTERS + 1;
/// What stands for the hash of a store path: the character `…`.
const INSTEAD: &[u8] = "…".as_bytes();

/// Hashes what streams by, once as it is and once without the hashes of store paths.
pub(super) struct ContentHash {
    whole: Sha256,
    /// Begun where the first hash of a store path is.
    without_hashes: Option<Sha256>,
    /// The end of what came: the beginning of a store path may be in it.
    held: Vec<u8>,
    store: Finder<'static>,
}

impl Default for ContentHash {
    fn default() -> Self {
        Self {
            whole: Sha256::new(),
            without_hashes: None,
            held: Vec::new(),
            store: Finder::new(STORE),
        }
    }
}

impl ContentHash {
    /// Hashes all but what may be the beginning of a store path, and says how much that was.
    fn take(&mut self, bytes: &[u8]) -> usize {
        let mut done = 0;
        let mut from = 0;
        while let Some(found) = self.store.find(&bytes[from..]) {
            let at = from + found;
            let hash = at + STORE.len();
            let end = at + LONGEST;
            if end > bytes.len() {
                break;
            }
            if is_hash(&bytes[hash..end]) {
                self.both(&bytes[done..hash]);
                let mut other = self
                    .without_hashes
                    .take()
                    .unwrap_or_else(|| self.whole.clone());
                other.update(INSTEAD);
                self.without_hashes = Some(other);
                self.whole.update(&bytes[hash..end - 1]);
                done = end - 1;
            }
            from = hash;
        }
        let sure = bytes.len().saturating_sub(LONGEST - 1).max(done);
        self.both(&bytes[done..sure]);
        sure
    }

    fn both(&mut self, bytes: &[u8]) {
        self.whole.update(bytes);
        if let Some(other) = &mut self.without_hashes {
            other.update(bytes);
        }
    }

    pub(super) fn finish(mut self, size: u64, by_extents: bool) -> Content {
        let held = std::mem::take(&mut self.held);
        self.both(&held);
        Content::Digest {
            size,
            sha256: hexadecimal(self.whole),
            without_hashes: self.without_hashes.map(hexadecimal),
            by_extents,
        }
    }
}

impl Write for ContentHash {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        let mut bytes = std::mem::take(&mut self.held);
        bytes.extend_from_slice(piece);
        let done = self.take(&bytes);
        bytes.drain(..done);
        self.held = bytes;
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Whether this is the hash of a store path and the dash behind it, in Nix's own alphabet.
fn is_hash(bytes: &[u8]) -> bool {
    let Some((b'-', hash)) = bytes.split_last() else {
        return false;
    };
    hash.iter()
        .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'z') && !b"eotu".contains(byte))
}

fn hexadecimal(hash: Sha256) -> String {
    format!("{:x}", hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digests(pieces: &[&[u8]]) -> (String, Option<String>) {
        let mut hash = ContentHash::default();
        pieces
            .iter()
            .for_each(|piece| hash.write_all(piece).unwrap());
        match hash.finish(0, false) {
            Content::Digest {
                sha256,
                without_hashes,
                ..
            } => (sha256, without_hashes),
            Content::Text(_) => unreachable!("a digest was asked for"),
        }
    }

    fn sha256(text: &str) -> String {
        hexadecimal(Sha256::new().chain_update(text))
    }

    #[test]
    fn hashes_of_store_paths_are_left_out_however_the_content_is_cut() {
        let hash = "0123456789abcdfghijklmnpqrsvwxyz";
        let text =
            format!("a /nix/store/{hash}-x/nix/store/ b /nix/store/{hash}-y /nix/store/{hash}");
        let without = format!("a /nix/store/…-x/nix/store/ b /nix/store/…-y /nix/store/{hash}");
        let wanted = (sha256(&text), Some(sha256(&without)));
        for cut in 0..text.len() {
            let (one, two) = text.as_bytes().split_at(cut);
            assert_eq!(digests(&[one, two]), wanted, "cut at {cut}");
        }
        let bytes: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
        assert_eq!(digests(&bytes), wanted);
        let other = text.replace(hash, &hash.replace('0', "1"));
        assert_eq!(digests(&[other.as_bytes()]).0, sha256(&other));
    }

    #[test]
    fn what_is_no_store_path_counts_whole() {
        for text in [
            "",
            "plain",
            "/nix/store/eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee-x",
            "/nix/store/0",
        ] {
            assert_eq!(digests(&[text.as_bytes()]), (sha256(text), None));
        }
    }
}
