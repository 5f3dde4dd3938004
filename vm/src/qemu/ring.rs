//! The last bytes of a stream that nobody may be able to stop.

use std::collections::VecDeque;
use std::io::Read;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How much is kept.
const KEPT_BYTES: usize = 64 * 1024;

/// Keeps the last 64 KiB of what was put in; clones share it. A guest that floods its console fills this, not
/// the disk.
#[derive(Debug, Clone, Default)]
pub struct TailRing {
    bytes: Arc<Mutex<VecDeque<u8>>>,
}

impl TailRing {
    /// Reads `source` to its end on a thread of its own, which ends with the source.
    pub fn drain(&self, mut source: impl Read + Send + 'static) {
        let ring = self.clone();
        std::thread::spawn(move || {
            let mut buffer = [0; 8192];
            loop {
                match source.read(&mut buffer) {
                    Ok(0) => break,
                    Ok(count) => ring.push(&buffer[..count]),
                    Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                    Err(_) => break,
                }
            }
        });
    }

    /// Adds bytes, and forgets the oldest.
    pub fn push(&self, bytes: &[u8]) {
        let mut kept = self.lock();
        kept.extend(&bytes[bytes.len().saturating_sub(KEPT_BYTES)..]);
        let excess = kept.len().saturating_sub(KEPT_BYTES);
        kept.drain(..excess);
    }

    /// The last `lines` lines, without escape sequences and control characters.
    pub fn tail(&self, lines: usize) -> String {
        let bytes: Vec<u8> = self.lock().iter().copied().collect();
        let text = printable(&String::from_utf8_lossy(&bytes));
        let all: Vec<&str> = text
            .lines()
            .map(str::trim_end)
            .filter(|line| !line.is_empty())
            .collect();
        all[all.len().saturating_sub(lines)..].join("\n")
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<u8>> {
        // A panicked writer leaves at worst a cut line.
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Drops escape sequences and control characters: what a guest prints must not steer the user's terminal.
fn printable(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\u{1b}' if characters.peek() == Some(&'[') => {
                characters.next();
                while characters
                    .next_if(|next| !('@'..='~').contains(next))
                    .is_some()
                {}
                characters.next();
            }
            '\n' | '\t' => result.push(character),
            _ if character.is_control() => {}
            _ => result.push(character),
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::TailRing;

    #[test]
    fn a_flood_is_bounded_and_the_end_is_kept() {
        let ring = TailRing::default();
        for _ in 0..100 {
            ring.push(&[b'x'; 10_000]);
        }
        ring.push(b"\nthe end\n");
        assert_eq!(ring.lock().len(), super::KEPT_BYTES);
        assert_eq!(ring.tail(1), "the end");
    }

    #[test]
    fn escape_sequences_do_not_pass() {
        let ring = TailRing::default();
        ring.push(b"\x1b[2J\x1b[31mred\x1b[0m\x07 \xff\r\nnext");
        assert_eq!(ring.tail(9), "red \u{fffd}\nnext");
    }
}
