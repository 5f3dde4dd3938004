//! Telling whether a large sparse file is still what it was: fully by its content, quickly by its place and times.
//!
//! The hash of a content reads no holes and uses all cores. It does not depend on where the holes are: a copy made by
//! another tool has the same. Blocks of zeros do not enter it, every other block enters with its offset.

use std::fs::{File, Metadata};
use std::io;
use std::num::NonZero;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::open_regular;
use super::sparse::{BLOCK_BYTES, ZEROS, next_data, next_hole};
use crate::cache_dir::host_boot_id;

/// What one thread hashes at a time.
const SEGMENT_BYTES: u64 = 32 * 1024 * 1024;

/// A file as the file system shows it: as long as this stays the same, and the host has not been started anew, the
/// content is taken to be the same too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stamp {
    dev: u64,
    ino: u64,
    mtime_ns: i128,
    ctime_ns: i128,
    boot_id: String,
}

/// What a file must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileRecord {
    /// Length in bytes, holes included.
    pub bytes: u64,
    /// Hash of the content, in hexadecimal.
    pub blake3: String,
    /// How it looked when the hash was last found right, where that is kept with the record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stamp: Option<Stamp>,
}

/// Why something that was kept cannot be used.
#[derive(Debug)]
pub(crate) enum Unfit<E> {
    /// It is not what it was; in what.
    Changed(String),
    /// Nobody can tell what it is now.
    Unread(E),
}

impl<E> From<E> for Unfit<E> {
    fn from(error: E) -> Self {
        Self::Unread(error)
    }
}

/// Now, in seconds since 1970; 0 on a host whose clock is before that.
#[must_use]
pub fn now_s() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs()
}

impl Stamp {
    fn of(data: &Metadata) -> Self {
        let nanoseconds = |s: i64, ns: i64| i128::from(s) * 1_000_000_000 + i128::from(ns);
        Self {
            dev: data.dev(),
            ino: data.ino(),
            mtime_ns: nanoseconds(data.mtime(), data.mtime_nsec()),
            ctime_ns: nanoseconds(data.ctime(), data.ctime_nsec()),
            boot_id: host_boot_id(),
        }
    }
}

impl FileRecord {
    /// Records a file as it is now.
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        let file = open_regular(path)?;
        let data = file.metadata()?;
        Ok(Self {
            bytes: data.len(),
            blake3: content_hash(&file)?.to_hex().to_string(),
            stamp: Some(Stamp::of(&data)),
        })
    }

    /// Compares a file with the record, and notes a new stamp: true when it did. With `fully`, an equal stamp is not
    /// enough.
    pub(crate) fn renew(&mut self, path: &Path, fully: bool) -> Result<bool, Unfit<io::Error>> {
        let file = open_regular(path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Unfit::Changed("it is missing".to_owned()),
            io::ErrorKind::InvalidInput => Unfit::Changed(error.to_string()),
            _ => Unfit::Unread(error),
        })?;
        let data = file.metadata()?;
        if data.len() != self.bytes {
            let (is, was) = (data.len(), self.bytes);
            return Err(Unfit::Changed(format!(
                "it has {is} bytes instead of {was}"
            )));
        }
        let stamp = Stamp::of(&data);
        let is_new = self.stamp.as_ref() != Some(&stamp);
        if (is_new || fully) && content_hash(&file)?.to_hex().as_str() != self.blake3 {
            return Err(Unfit::Changed("its content has changed".to_owned()));
        }
        self.stamp = Some(stamp);
        Ok(is_new)
    }
}

/// The content hash of a file.
fn content_hash(file: &File) -> io::Result<blake3::Hash> {
    let length = file.metadata()?.len();
    let segments = length.div_ceil(SEGMENT_BYTES);
    let next = AtomicU64::new(0);
    let worker = || -> io::Result<Vec<(u64, blake3::Hash)>> {
        let mut hashes = Vec::new();
        loop {
            let segment = next.fetch_add(1, Ordering::Relaxed);
            if segment >= segments {
                return Ok(hashes);
            }
            let start = segment * SEGMENT_BYTES;
            let end = (start + SEGMENT_BYTES).min(length);
            hashes.push((segment, hash_range(file, start, end)?));
        }
    };
    let threads = std::thread::available_parallelism()
        .map_or(1, NonZero::get)
        .min(8);
    let mut hashes = Vec::new();
    std::thread::scope(|scope| -> io::Result<()> {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(worker)).collect();
        for worker in workers {
            let result = worker
                .join()
                .map_err(|_| io::Error::other("a hashing thread panicked"))?;
            hashes.extend(result?);
        }
        Ok(())
    })?;
    hashes.sort_unstable_by_key(|(segment, _)| *segment);
    let mut whole = blake3::Hasher::new_derive_key("switchproof sparse file v1");
    whole.update(&length.to_le_bytes());
    for (_, hash) in hashes {
        whole.update(hash.as_bytes());
    }
    Ok(whole.finalize())
}

fn hash_range(file: &File, start: u64, end: u64) -> io::Result<blake3::Hash> {
    let mut hasher = blake3::Hasher::new();
    let mut block = vec![0; BLOCK_BYTES];
    let mut at = start;
    while let Some(data) = next_data(file, at, end)? {
        at = data - data % BLOCK_BYTES as u64;
        let hole = next_hole(file, data, end)?;
        while at < hole {
            let count = (end - at).min(BLOCK_BYTES as u64) as usize;
            let bytes = &mut block[..count];
            file.read_exact_at(bytes, at)?;
            if bytes != &ZEROS[..count] {
                hasher.update(&at.to_le_bytes()).update(bytes);
            }
            at += count as u64;
        }
    }
    Ok(hasher.finalize())
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::unix::fs::FileExt;

    use super::content_hash;

    #[test]
    fn holes_do_not_count_and_every_bit_does() {
        let [sparse, dense] = [(); 2].map(|()| tempfile::tempfile().expect("a file"));
        let length = 70 * 1024 * 1024 + 17;
        sparse.set_len(length).expect("a length");
        let write = |file: &File, bytes: &[u8], at| file.write_all_at(bytes, at).expect("written");
        write(&dense, &vec![0; length as usize], 0);
        for file in [&sparse, &dense] {
            write(file, b"here", 33 * 1024 * 1024 - 2);
            write(file, b"end", length - 3);
        }
        let hash_of = |file| content_hash(file).expect("a hash");
        let hash = hash_of(&sparse);
        assert_eq!(hash, hash_of(&dense));
        write(&dense, b"ene", length - 3);
        assert_ne!(hash, hash_of(&dense));
        sparse.set_len(length + 1).expect("a length");
        assert_ne!(hash, hash_of(&sparse));
    }
}
