//! Copying a memory file: shared extents where the file system has them, else data without its holes and zeros.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::layer::hash::{BLOCK_BYTES, ZEROS, next_data, next_hole};

/// How much is read at once.
const READ_BYTES: usize = 16 * BLOCK_BYTES;

/// Copies `from` to the new file `to`.
pub(crate) fn copy_sparse(from: &Path, to: &Path) -> io::Result<()> {
    let source = File::open(from)?;
    let target = File::options().write(true).create_new(true).open(to)?;
    #[cfg(target_os = "linux")]
    if rustix::fs::ioctl_ficlone(&target, &source).is_ok() {
        return Ok(());
    }
    let length = source.metadata()?.len();
    target.set_len(length)?;
    let mut buffer = vec![0; READ_BYTES];
    let mut at = 0;
    while let Some(data) = next_data(&source, at, length)? {
        at = data;
        let hole = next_hole(&source, data, length)?;
        while at < hole {
            let count = (hole - at).min(READ_BYTES as u64) as usize;
            let bytes = &mut buffer[..count];
            source.read_exact_at(bytes, at)?;
            write_without_zeros(&target, bytes, at)?;
            at += count as u64;
        }
    }
    Ok(())
}

/// Memory that a guest has freed is often zeros, and on a file system without holes everything unused is.
fn write_without_zeros(target: &File, bytes: &[u8], at: u64) -> io::Result<()> {
    let mut start = 0;
    let is_zeros = |block: &[u8]| block == &ZEROS[..block.len()];
    while start < bytes.len() {
        let block_end = |from: usize| (from + BLOCK_BYTES).min(bytes.len());
        let mut end = start;
        while end < bytes.len() && !is_zeros(&bytes[end..block_end(end)]) {
            end = block_end(end);
        }
        if end > start {
            target.write_all_at(&bytes[start..end], at + start as u64)?;
        }
        start = block_end(end);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{FileExt, MetadataExt};

    use super::copy_sparse;

    #[test]
    fn a_copy_is_equal_and_no_bigger() {
        let directory = tempfile::tempdir().expect("a directory");
        let (from, to) = (directory.path().join("from"), directory.path().join("to"));
        let file = fs::File::create(&from).expect("a file");
        file.set_len(40 * 1024 * 1024).expect("a length");
        file.write_all_at(b"start", 0).expect("written");
        file.write_all_at(&vec![0; 3 * 1024 * 1024], 8 * 1024 * 1024)
            .expect("written");
        file.write_all_at(&[7; 200_001], 16 * 1024 * 1024 + 5)
            .expect("written");
        copy_sparse(&from, &to).expect("copied");
        assert!(fs::read(&from).expect("read") == fs::read(&to).expect("read"));
        let blocks = |path| fs::metadata(path).expect("metadata").blocks();
        assert!(blocks(&to) * 512 < 1024 * 1024, "{} blocks", blocks(&to));
        assert!(
            copy_sparse(&from, &to).is_err(),
            "an existing file is not written over"
        );
    }
}
