//! Reading back what processes wrote, and showing their command lines.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// How much of a failed process's output its error repeats, in bytes.
const TAIL_BYTES: u64 = 4096;
/// The most that is read back of a finished process's standard output, in bytes.
const OUTPUT_LIMIT_BYTES: u64 = 64 * 1024 * 1024;

/// The last lines of a text file, at most 4 KiB: what an error about it should show.
pub fn tail_of(path: &Path) -> String {
    File::open(path)
        .and_then(|file| read_tail(&file))
        .unwrap_or_default()
}

/// The last lines of an open file.
pub(super) fn read_tail(file: &File) -> io::Result<String> {
    let size = file.metadata()?.len();
    let start = size.saturating_sub(TAIL_BYTES);
    let bytes = read_range(file, start, size - start)?;
    let text = String::from_utf8_lossy(&bytes);
    let whole_lines = if start == 0 {
        &text[..]
    } else {
        text.split_once('\n').map_or(&text[..], |(_, rest)| rest)
    };
    Ok(whole_lines.to_owned())
}

/// The whole of an open file, up to a sane size.
pub(super) fn read_all(file: &File) -> io::Result<Vec<u8>> {
    let size = file.metadata()?.len();
    read_range(file, 0, size.min(OUTPUT_LIMIT_BYTES))
}

/// Reads without moving the file's position: the process that writes the file shares it.
fn read_range(file: &File, start: u64, length: u64) -> io::Result<Vec<u8>> {
    let length = usize::try_from(length).map_err(io::Error::other)?;
    let mut bytes = vec![0; length];
    file.read_exact_at(&mut bytes, start)?;
    Ok(bytes)
}

/// A word as a POSIX shell would take it, quoted only where it must be.
pub fn quote(word: &str) -> String {
    let plain =
        |character: char| character.is_ascii_alphanumeric() || "-_./=:,+@%".contains(character);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}
