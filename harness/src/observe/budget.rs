//! How much is kept of an observation, whatever a guest sends, and which folder of a home holds too much.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::io;

use crate::text::escape_name;

/// Most that is kept of an observation, in bytes, each thing counted with what it takes to hold it. Two are there at once
/// where they are compared.
pub(super) const KEPT_BYTES: usize = 72 * 1024 * 1024;
/// Most of it as the text of files.
const TEXT_BYTES: usize = 16 * 1024 * 1024;
/// Longest text that is kept to be searched, in bytes.
pub(super) const LONG_TEXT_BYTES: u64 = 4 * 1024 * 1024;
/// Most of all such texts: these are counted for themselves, so that they make no home too much to keep.
const LONG_TEXTS_BYTES: usize = 16 * 1024 * 1024;
/// Most entries of all homes; fewer in tests, which try to send more.
pub(super) const ENTRIES: usize = if cfg!(test) { 20_000 } else { 200_000 };
/// What an entry takes besides its name, in bytes.
const ENTRY_BYTES: usize = 300;
/// What a field takes besides its bytes.
const FIELD_BYTES: usize = 64;

/// The guest sent something else than the script it ran would.
pub(super) fn malformed(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// What may still be kept of one observation, counted down over all that a guest sends for it.
#[derive(Debug)]
pub(super) struct Budget {
    kept: Cell<usize>,
    text: Cell<usize>,
    entries: Cell<usize>,
    long_texts: RefCell<BTreeMap<String, String>>,
    long_text: Cell<usize>,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            kept: Cell::new(KEPT_BYTES),
            text: Cell::new(TEXT_BYTES),
            entries: Cell::new(ENTRIES),
            long_texts: RefCell::default(),
            long_text: Cell::new(LONG_TEXTS_BYTES),
        }
    }
}

impl Budget {
    /// Counts a field that takes so many bytes to hold; see [`held`].
    pub(super) fn keep(&self, bytes: usize) -> io::Result<()> {
        if take(&self.kept, bytes + FIELD_BYTES) {
            return Ok(());
        }
        Err(malformed(format!(
            "there is more than the {} MiB that are kept of an observation",
            KEPT_BYTES / 1024 / 1024
        )))
    }

    /// Counts an entry of a home whose names take so many bytes, if there is room for it.
    pub(super) fn keep_entry(&self, bytes: usize) -> bool {
        self.entries.get() > 0 && take(&self.kept, bytes + ENTRY_BYTES) && take(&self.entries, 1)
    }

    /// Counts a file's text, if there is room for it.
    pub(super) fn keep_text(&self, bytes: usize) -> bool {
        self.text.get() >= bytes && take(&self.kept, bytes) && take(&self.text, bytes)
    }

    /// Keeps a long text to be searched, if there is room for it.
    pub(super) fn keep_long_text(&self, sha256: &str, text: String) {
        let mut texts = self.long_texts.borrow_mut();
        if !texts.contains_key(sha256) && take(&self.long_text, text.len()) {
            texts.insert(sha256.to_owned(), text);
        }
    }

    /// The long texts that were kept, by their SHA-256.
    pub(super) fn long_texts(&self) -> BTreeMap<String, String> {
        self.long_texts.take()
    }
}

/// How many bytes a field takes as text: a byte that is not shown as itself becomes up to four.
pub(super) fn held(field: &[u8]) -> usize {
    let is_plain = |byte: &&u8| matches!(**byte, b' '..=b'~' | b'\n' | b'\t');
    let plain = field.iter().filter(is_plain).count();
    4 * field.len() - 3 * plain
}

fn take(left: &Cell<usize>, bytes: usize) -> bool {
    let is_enough = left.get() >= bytes;
    if is_enough {
        left.set(left.get() - bytes);
    }
    is_enough
}

/// How many folders below each other are counted for themselves.
const DEPTH: usize = 8;
/// How many folders are counted for themselves.
const FOLDERS: usize = 20_000;
/// What is not counted any more: a stream that never ends must end.
pub(super) const COUNTED: u64 = 10 * ENTRIES as u64;

/// How many entries each folder of a home holds.
#[derive(Debug, Default)]
pub(super) struct Crowd {
    total: u64,
    folders: HashMap<Vec<u8>, u64>,
}

impl Crowd {
    /// Counts an entry by its path, and says whether more can be counted.
    pub(super) fn add(&mut self, path: &[u8]) -> bool {
        self.total += 1;
        let path = path.strip_prefix(b"./").unwrap_or(path);
        let ends = path.iter().enumerate().filter(|(_, byte)| **byte == b'/');
        for (end, _) in ends.take(DEPTH) {
            if let Some(count) = self.folders.get_mut(&path[..end]) {
                *count += 1;
            } else if self.folders.len() < FOLDERS {
                self.folders.insert(path[..end].to_owned(), 1);
            }
        }
        self.total < COUNTED
    }

    /// What is wrong with a home that holds too much, and the way out.
    pub(super) fn complaint(&self) -> io::Error {
        let more = if self.total < COUNTED {
            ""
        } else {
            "more than "
        };
        let found = format!(
            "the home holds {more}{} entries, too many to keep",
            self.total
        );
        malformed(match self.fullest() {
            Some((folder, count)) => {
                let folder = escape_name(folder);
                format!(
                    "{found}: {count} of them in `{folder}`; where they say nothing of the setup, leave them out with \
                     `exclude: [{folder}]` in the scenario"
                )
            }
            None => found,
        })
    }

    /// The innermost folder that holds more than half of what its parent holds, beginning with the fullest.
    fn fullest(&self) -> Option<(&[u8], u64)> {
        let depth = |folder: &[u8]| folder.iter().filter(|byte| **byte == b'/').count();
        let inside = |folder: &[u8], parent: Option<&[u8]>| match parent {
            None => depth(folder) == 0,
            Some(parent) => {
                depth(folder) == depth(parent) + 1
                    && folder
                        .strip_prefix(parent)
                        .is_some_and(|rest| rest[0] == b'/')
            }
        };
        let mut found: Option<(&[u8], u64)> = None;
        loop {
            let parent = found.map(|(folder, _)| folder);
            let next = self
                .folders
                .iter()
                .map(|(folder, count)| (folder.as_slice(), *count))
                .filter(|(folder, _)| inside(folder, parent))
                .max_by_key(|(folder, count)| (*count, std::cmp::Reverse(*folder)));
            match (next, found) {
                (Some(next), None) => found = Some(next),
                (Some(next), Some((_, all))) if next.1 * 2 > all => found = Some(next),
                _ => return found,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::has;

    #[test]
    fn the_folder_that_holds_the_most_is_named() {
        let mut crowd = Crowd::default();
        for number in 0..100 {
            crowd.add(format!("./.local/share/game/{number}").as_bytes());
            crowd.add(format!("./.local/share/game/data/{}", number / 3).as_bytes());
        }
        (0..20).for_each(|number| assert!(crowd.add(format!("./notes/{number}").as_bytes())));
        let said = crowd.complaint().to_string();
        assert!(said.contains("holds 220 entries"), "{said}");
        has(&said, "200 of them in `.local/share/game`;");
        assert!(said.contains("`exclude: [.local/share/game]`"), "{said}");
    }

    #[test]
    fn what_is_kept_is_counted_down() {
        let budget = Budget::default();
        assert!(budget.keep_text(TEXT_BYTES));
        assert!(!budget.keep_text(1));
        budget.keep(KEPT_BYTES - TEXT_BYTES - FIELD_BYTES).unwrap();
        let error = budget.keep(0).unwrap_err().to_string();
        assert!(error.contains("72 MiB"), "{error}");
        assert!(!budget.keep_entry(0));
    }
}
