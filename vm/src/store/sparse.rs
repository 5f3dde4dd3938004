//! Files with holes: finding those, copying a memory file (shared extents where the file system has them, else data without
//! its holes and zeros), and making holes of zeros.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use rustix::fs::SeekFrom;
use rustix::io::Errno;

use super::{make_private, open_regular};

/// What is compared with zeros as one.
pub(super) const BLOCK_BYTES: usize = 64 * 1024;

/// Zeros to compare with: comparing slices is fast in debug builds too.
pub(super) static ZEROS: [u8; BLOCK_BYTES] = [0; BLOCK_BYTES];

/// How much is read at once.
const READ_BYTES: usize = 16 * BLOCK_BYTES;

/// Copies `from` to the new file `to`.
pub(crate) fn copy_sparse(from: &Path, to: &Path) -> io::Result<()> {
    let source = open_regular(from)?;
    let target = make_private(to)?;
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

/// Gives back what pages of zeros take: of a booted machine's memory that is much, and on a file system in memory also all
/// that was only read.
pub(crate) fn punch_zeros(path: &Path) -> io::Result<()> {
    const PAGE_BYTES: usize = 4096;
    let file = File::options().read(true).write(true).open(path)?;
    let length = file.metadata()?.len();
    let mut buffer = vec![0; READ_BYTES];
    let mut at = 0;
    while let Some(data) = next_data(&file, at, length)? {
        at = data - data % PAGE_BYTES as u64;
        let hole = next_hole(&file, data, length)?;
        while at < hole {
            let count = (length - at).min(READ_BYTES as u64) as usize;
            let bytes = &mut buffer[..count];
            file.read_exact_at(bytes, at)?;
            let is_zeros = |page: &&[u8]| **page == ZEROS[..page.len()];
            let mut pages = bytes.chunks(PAGE_BYTES).peekable();
            let mut from = at;
            while let Some(page) = pages.next() {
                let mut run = page.len() as u64;
                if is_zeros(&page) {
                    while let Some(page) = pages.next_if(is_zeros) {
                        run += page.len() as u64;
                    }
                    if !punch(&file, from, run)? {
                        return Ok(());
                    }
                }
                from += run;
            }
            at += count as u64;
        }
    }
    Ok(())
}

/// Makes a hole; false where the file system or the operating system has none.
fn punch(file: &File, from: u64, length: u64) -> io::Result<bool> {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::FallocateFlags;
        let flags = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
        match rustix::fs::fallocate(file, flags, from, length) {
            Ok(()) => Ok(true),
            Err(Errno::OPNOTSUPP | Errno::NOSYS) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = (file, from, length);
        Ok(false)
    }
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
    use std::fs;
    use std::os::unix::fs::{FileExt, MetadataExt};

    use super::{copy_sparse, next_data, next_hole, punch_zeros};

    #[test]
    fn a_copy_is_equal_and_no_bigger() {
        let directory = tempfile::tempdir().expect("a directory");
        let (from, to) = (directory.path().join("from"), directory.path().join("to"));
        let file = fs::File::create(&from).expect("a file");
        file.set_len(40 * 1024 * 1024).expect("a length");
        for (bytes, at) in [
            (b"start".to_vec(), 0),
            (vec![0; 3 * 1024 * 1024], 8 * 1024 * 1024),
            (vec![7; 200_001], 16 * 1024 * 1024 + 5),
        ] {
            file.write_all_at(&bytes, at).expect("written");
        }
        copy_sparse(&from, &to).expect("copied");
        assert!(fs::read(&from).expect("read") == fs::read(&to).expect("read"));
        let blocks = |path| fs::metadata(path).expect("metadata").blocks();
        assert!(blocks(&to) * 512 < 1024 * 1024, "{} blocks", blocks(&to));
        // An existing file is not written over.
        assert!(copy_sparse(&from, &to).is_err());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn zeros_are_given_back_and_nothing_else_changes() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let mut bytes = vec![0; 3 * 1024 * 1024 + 5];
        for at in [0, 70_000, 2_000_000, bytes.len() - 1] {
            bytes[at] = 7;
        }
        fs::write(file.path(), &bytes).expect("written");
        punch_zeros(file.path()).expect("punched");
        assert!(fs::read(file.path()).expect("read") == bytes);
        let blocks = file.path().metadata().expect("metadata").blocks();
        assert!(blocks * 512 <= 16 * 4096, "{blocks} blocks");
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
