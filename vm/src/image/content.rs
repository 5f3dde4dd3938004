//! Telling whether a file is still what was built: fully by its contents, quickly by its place and times.

use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

use rustix::fs::{SeekFrom, seek};
use serde::{Deserialize, Serialize};

use crate::cache_dir::host_boot_id;

/// Contents are hashed in blocks of this many bytes.
const BLOCK_BYTES: usize = 1024 * 1024;

/// What a file held when the image was built.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileRecord {
    /// Its length in bytes, holes included.
    pub size_bytes: u64,
    /// What it takes on the disk, in bytes.
    pub allocated_bytes: u64,
    /// The hash of its contents, 64 hexadecimal digits; blocks that are all zeros are left out, so that a hole and
    /// written zeros are the same.
    pub blake3: String,
}

impl FileRecord {
    /// Reads the whole file.
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let data = file.metadata()?;
        Ok(Self {
            size_bytes: data.len(),
            allocated_bytes: data.blocks() * 512,
            blake3: hash(&file, data.len())?,
        })
    }

    /// What differs from the record, read in full; nothing when it is the same file still.
    pub(super) fn difference(&self, path: &Path) -> io::Result<Option<String>> {
        let file = File::open(path)?;
        let size = file.metadata()?.len();
        if let Some(difference) = self.size_difference(size) {
            return Ok(Some(difference));
        }
        let same = hash(&file, size)? == self.blake3;
        Ok((!same).then(|| "its contents have changed since it was built".to_owned()))
    }

    fn size_difference(&self, size_bytes: u64) -> Option<String> {
        let recorded = self.size_bytes;
        (size_bytes != recorded)
            .then(|| format!("it has {size_bytes} bytes, not {recorded} as when it was built"))
    }
}

fn hash(file: &File, size: u64) -> io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    let mut block = vec![0; BLOCK_BYTES];
    let mut position = 0;
    while position < size {
        position = next_data(file, position, size);
        if position >= size {
            break;
        }
        let start = position - position % BLOCK_BYTES as u64;
        let length = usize::try_from(size - start)
            .unwrap_or(BLOCK_BYTES)
            .min(BLOCK_BYTES);
        file.read_exact_at(&mut block[..length], start)?;
        if block[..length].iter().any(|&byte| byte != 0) {
            hasher.update(&start.to_le_bytes());
            hasher.update(&block[..length]);
        }
        position = start + BLOCK_BYTES as u64;
    }
    Ok(hasher.finalize().to_hex().to_string())
}

/// Where the next bytes are that are no hole; the position itself when the file system knows no holes.
fn next_data(file: &File, position: u64, size: u64) -> u64 {
    match seek(file, SeekFrom::Data(position)) {
        Ok(data) => data,
        Err(rustix::io::Errno::NXIO) => size,
        Err(_) => position,
    }
}

/// Place and times of a file: while they are the same, and the host was not restarted, so are the contents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Stamp {
    device: u64,
    inode: u64,
    size_bytes: u64,
    modified_ns: i64,
    changed_ns: i64,
    host_boot_id: String,
}

impl Stamp {
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        let data = path.metadata()?;
        let nanoseconds =
            |seconds: i64, rest: i64| seconds.wrapping_mul(1_000_000_000).wrapping_add(rest);
        Ok(Self {
            device: data.dev(),
            inode: data.ino(),
            size_bytes: data.len(),
            modified_ns: nanoseconds(data.mtime(), data.mtime_nsec()),
            changed_ns: nanoseconds(data.ctime(), data.ctime_nsec()),
            host_boot_id: host_boot_id(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn sparse(path: &Path, holes: bool) {
        let mut file = File::create(path).unwrap();
        if holes {
            file.set_len(10_000_000).unwrap();
        } else {
            file.write_all(&vec![0; 10_000_000]).unwrap();
        }
        file.write_all_at(b"data", 5_000_000).unwrap();
        file.sync_all().unwrap();
    }

    #[test]
    fn holes_and_zeros_are_the_same() {
        let directory = tempfile::tempdir().unwrap();
        let (one, other) = (directory.path().join("one"), directory.path().join("other"));
        sparse(&one, true);
        sparse(&other, false);
        assert_eq!(
            FileRecord::of(&one).unwrap().blake3,
            FileRecord::of(&other).unwrap().blake3
        );
    }

    #[test]
    fn a_cut_or_changed_file_differs() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        sparse(&path, true);
        let record = FileRecord::of(&path).unwrap();
        assert_eq!(record.difference(&path).unwrap(), None);
        let file = File::options().write(true).open(&path).unwrap();
        file.write_all_at(b"dada", 5_000_000).unwrap();
        assert!(
            record
                .difference(&path)
                .unwrap()
                .unwrap()
                .contains("contents")
        );
        file.set_len(4_000_000).unwrap();
        assert!(
            record
                .difference(&path)
                .unwrap()
                .unwrap()
                .contains("4000000 bytes")
        );
    }
}
