//! Opening files of the user's, whatever somebody put in their place.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rustix::fs::OFlags;

/// Opens a regular file for reading, and never waits: to open a FIFO blocks until somebody writes into it, and to open a
/// device can do something to it.
///
/// # Errors
/// Those of the system, and [`io::ErrorKind::InvalidInput`] for what is no regular file. Links are followed.
pub(crate) fn open_regular(path: &Path) -> io::Result<File> {
    require_regular(&fs::metadata(path)?)?;
    // It may have been swapped since.
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path)?;
    require_regular(&file.metadata()?)?;
    Ok(file)
}

fn require_regular(metadata: &fs::Metadata) -> io::Result<()> {
    if metadata.is_file() {
        return Ok(());
    }
    Err(io::Error::new(
        io::ErrorKind::InvalidInput,
        "this is no regular file",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_regular_files_are_opened_and_nothing_is_waited_for() {
        let folder = tempfile::tempdir().expect("a folder");
        let fifo = folder.path().join("fifo");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &fifo,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RWXU,
            0,
        )
        .expect("made");
        for no_file in [fifo.as_path(), folder.path(), Path::new("/dev/null")] {
            let refused = open_regular(no_file).expect_err("refused");
            assert_eq!(refused.to_string(), "this is no regular file");
        }
        let link = folder.path().join("link");
        fs::write(folder.path().join("file"), "x").expect("written");
        std::os::unix::fs::symlink("file", &link).expect("linked");
        assert!(open_regular(&link).is_ok());
    }
}
