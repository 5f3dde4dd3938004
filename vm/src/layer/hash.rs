//! A hash of a large sparse file that reads no holes and uses all cores.
//!
//! The hash depends on the file's content alone, not on where its holes are: a copy made by another tool has the
//! same. Blocks of zeros do not enter it, every other block enters with its offset.

use std::fs::File;
use std::io;
use std::num::NonZero;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fs::SeekFrom;
use rustix::io::Errno;

/// What is compared with zeros and hashed as one.
pub(super) const BLOCK_BYTES: usize = 64 * 1024;

/// What one thread hashes at a time.
const SEGMENT_BYTES: u64 = 32 * 1024 * 1024;

/// Zeros to compare with: comparing slices is fast in debug builds too.
pub(super) static ZEROS: [u8; BLOCK_BYTES] = [0; BLOCK_BYTES];

/// The content hash of a file.
pub(super) fn content_hash(file: &File) -> io::Result<blake3::Hash> {
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

/// Where data begins at or after `from`, or none before `end`.
pub(super) fn next_data(file: &File, from: u64, end: u64) -> io::Result<Option<u64>> {
    if from >= end {
        return Ok(None);
    }
    match rustix::fs::seek(file, SeekFrom::Data(from)) {
        Ok(data) => Ok((data < end).then_some(data)),
        Err(Errno::NXIO) => Ok(None),
        // A file system without holes: all is data.
        Err(Errno::INVAL | Errno::OPNOTSUPP) => Ok(Some(from)),
        Err(error) => Err(error.into()),
    }
}

/// Where the data that begins at `from` ends, at most `end`.
pub(super) fn next_hole(file: &File, from: u64, end: u64) -> io::Result<u64> {
    match rustix::fs::seek(file, SeekFrom::Hole(from)) {
        Ok(hole) => Ok(hole.min(end)),
        Err(Errno::INVAL | Errno::OPNOTSUPP) => Ok(end),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::FileExt;

    use super::{content_hash, next_data, next_hole};

    #[test]
    fn holes_do_not_count_and_every_bit_does() {
        let (sparse, dense) = (
            tempfile::tempfile().expect("a file"),
            tempfile::tempfile().expect("a file"),
        );
        let length = 70 * 1024 * 1024 + 17;
        sparse.set_len(length).expect("a length");
        dense
            .write_all_at(&vec![0; length as usize], 0)
            .expect("written");
        for file in [&sparse, &dense] {
            file.write_all_at(b"here", 33 * 1024 * 1024 - 2)
                .expect("written");
            file.write_all_at(b"end", length - 3).expect("written");
        }
        let hash = content_hash(&sparse).expect("a hash");
        assert_eq!(hash, content_hash(&dense).expect("a hash"));
        dense.write_all_at(b"ene", length - 3).expect("written");
        assert_ne!(hash, content_hash(&dense).expect("a hash"));
        sparse.set_len(length + 1).expect("a length");
        assert_ne!(hash, content_hash(&sparse).expect("a hash"));
    }

    /// The kernel's own files know no holes, as some network file systems do not.
    #[cfg(target_os = "linux")]
    #[test]
    fn where_no_holes_are_known_all_is_data() {
        let file = std::fs::File::open("/proc/self/status").expect("opened");
        assert_eq!(next_data(&file, 3, 10).expect("asked"), Some(3));
        assert_eq!(next_hole(&file, 3, 10).expect("asked"), 10);
        assert_eq!(next_data(&file, 10, 10).expect("asked"), None);
    }
}
