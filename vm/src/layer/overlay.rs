//! Empty qcow2 overlays.
//!
//! Written here rather than by `qemu-img`, which costs a process per fork. The format is QEMU's
//! `docs/interop/qcow2.txt`, version 3, with nothing optional but the backing file's format.

use std::io::{self, Read, Write};
use std::path::Path;

use crate::store::{make_private, open_regular};

/// log2 of the cluster size, QEMU's default.
const CLUSTER_BITS: u32 = 16;
const CLUSTER_BYTES: usize = 1 << CLUSTER_BITS;

/// Guest bytes that one entry of the first-level table stands for: one cluster of 8-byte second-level entries.
const BYTES_PER_L1_ENTRY: u64 = (CLUSTER_BYTES as u64 / 8) << CLUSTER_BITS;

const MAGIC: &[u8; 4] = b"QFI\xfb";
const HEADER_BYTES: u32 = 104;

/// Header extension that names the backing file's format.
const EXTENSION_BACKING_FORMAT: u32 = 0xe279_2aca;

/// Longest backing file name that the format allows.
const BACKING_NAME_MAX_BYTES: usize = 1023;

/// Where the four clusters of an empty overlay are.
const REFCOUNT_TABLE: u64 = CLUSTER_BYTES as u64;
const REFCOUNT_BLOCK: u64 = 2 * CLUSTER_BYTES as u64;
const L1_TABLE: u64 = 3 * CLUSTER_BYTES as u64;
const CLUSTERS: usize = 4;

/// Makes the new file `path`, an overlay of `virtual_bytes` in which nothing is written yet. `backing` is taken
/// as it is: a relative name is resolved by QEMU against the directory of the overlay, wherever that is then.
pub(crate) fn create_overlay(
    path: &Path,
    backing: &str,
    backing_format: &str,
    virtual_bytes: u64,
) -> io::Result<()> {
    let image = empty_overlay(backing, backing_format, virtual_bytes)?;
    make_private(path)?.write_all(&image)
}

fn empty_overlay(backing: &str, backing_format: &str, virtual_bytes: u64) -> io::Result<Vec<u8>> {
    let l1_entries = virtual_bytes.div_ceil(BYTES_PER_L1_ENTRY);
    if backing.len() > BACKING_NAME_MAX_BYTES || l1_entries > CLUSTER_BYTES as u64 / 8 {
        return Err(io::Error::other(format!(
            "no overlay can be made for {backing:?} of {virtual_bytes} bytes"
        )));
    }
    let mut extensions = Vec::new();
    extensions.extend(EXTENSION_BACKING_FORMAT.to_be_bytes());
    extensions.extend((backing_format.len() as u32).to_be_bytes());
    extensions.extend(backing_format.as_bytes());
    extensions.resize(extensions.len().next_multiple_of(8), 0);
    extensions.extend([0; 8]);

    let mut image = Vec::with_capacity(CLUSTERS * CLUSTER_BYTES);
    image.extend(MAGIC);
    image.extend(3u32.to_be_bytes());
    image.extend((u64::from(HEADER_BYTES) + extensions.len() as u64).to_be_bytes());
    image.extend((backing.len() as u32).to_be_bytes());
    image.extend(CLUSTER_BITS.to_be_bytes());
    image.extend(virtual_bytes.to_be_bytes());
    image.extend(0u32.to_be_bytes()); // no encryption
    image.extend((l1_entries as u32).to_be_bytes());
    image.extend(L1_TABLE.to_be_bytes());
    image.extend(REFCOUNT_TABLE.to_be_bytes());
    image.extend(1u32.to_be_bytes()); // clusters of the refcount table
    image.extend([0; 4 + 8]); // no internal snapshots
    image.extend([0; 3 * 8]); // no feature bits
    image.extend(4u32.to_be_bytes()); // refcounts of 16 bits
    image.extend(HEADER_BYTES.to_be_bytes());
    image.extend(extensions);
    image.extend(backing.as_bytes());
    image.resize(CLUSTERS * CLUSTER_BYTES, 0);
    image[REFCOUNT_TABLE as usize..][..8].copy_from_slice(&REFCOUNT_BLOCK.to_be_bytes());
    for cluster in 0..CLUSTERS {
        image[REFCOUNT_BLOCK as usize + 2 * cluster..][..2].copy_from_slice(&1u16.to_be_bytes());
    }
    Ok(image)
}

/// How big the disk in a qcow2 file is, in bytes.
pub(crate) fn virtual_size(path: &Path) -> io::Result<u64> {
    let mut header = [0; 32];
    open_regular(path)?.read_exact(&mut header)?;
    if header[..4] != *MAGIC {
        return Err(io::Error::other("not a qcow2 file"));
    }
    let mut size = [0; 8];
    size.copy_from_slice(&header[24..]);
    Ok(u64::from_be_bytes(size))
}

/// The backing file's name in a qcow2 file, as it is written there.
pub(crate) fn backing_name(path: &Path) -> io::Result<String> {
    let mut header = [0; CLUSTER_BYTES];
    open_regular(path)?.read_exact(&mut header)?;
    let number = |at: usize, length: usize| {
        header[at..at + length]
            .iter()
            .fold(0usize, |sum, &byte| sum << 8 | usize::from(byte))
    };
    let (offset, length) = (number(8, 8), number(16, 4));
    let name = offset
        .checked_add(length)
        .and_then(|end| header.get(offset..end));
    match name.map(|name| std::str::from_utf8(name)) {
        Some(Ok(name)) if header[..4] == *MAGIC && !name.is_empty() => Ok(name.to_owned()),
        _ => Err(io::Error::other("a qcow2 file without a backing file")),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::Duration;

    use super::{backing_name, create_overlay, virtual_size};
    use crate::process::Command;

    #[test]
    fn qemu_finds_nothing_wrong_with_it() {
        let directory = tempfile::tempdir().expect("a directory");
        let [below, overlay] = ["below", "overlay"].map(|name| directory.path().join(name));
        fs::write(&below, vec![7; 3 * 1024 * 1024]).expect("written");
        create_overlay(&overlay, "below", "raw", 3 * 1024 * 1024).expect("made");
        assert_eq!(virtual_size(&overlay).expect("a size"), 3 * 1024 * 1024);
        assert_eq!(backing_name(&overlay).expect("a name"), "below");
        let check = ["check", "-f", "qcow2"].as_slice();
        let compare = ["compare", "-f", "qcow2", "-F", "raw"].as_slice();
        for (arguments, files, said) in [
            (check, vec![&overlay], "No errors"),
            (compare, vec![&overlay, &below], "identical"),
        ] {
            let command = Command::new("qemu-img").args(arguments).args(files);
            match command.run(Duration::from_secs(20)) {
                Err(error) if error.is_missing_program() => {
                    eprintln!("skipped: there is no qemu-img")
                }
                result => assert!(result.expect(said).stdout_text().contains(said)),
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("overlay");
        assert!(create_overlay(&path, &"x".repeat(2000), "raw", 512).is_err());
        assert!(create_overlay(&path, "x", "raw", 1 << 60).is_err());
        assert!(!path.exists());
    }
}
