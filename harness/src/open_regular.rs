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
    use crate::testing::Folder;

    #[test]
    fn only_regular_files_are_opened_and_nothing_is_waited_for() {
        let folder = Folder::with(&[("file", "x")]);
        let fifo = folder.fifo("fifo");
        for no_file in [fifo.as_path(), folder.path(), Path::new("/dev/null")] {
            let refused = open_regular(no_file).expect_err("refused");
            assert_eq!(refused.to_string(), "this is no regular file");
        }
        assert!(open_regular(&folder.link("file", "link")).is_ok());
    }
}
