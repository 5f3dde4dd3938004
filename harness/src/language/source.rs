//! The text of one scenario file, read within bounds.

use std::io::{self, Read as _};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::diagnostic::Diagnostic;
use super::yaml::Span;
use crate::open_regular::open_regular;

/// A scenario longer than this is a mistake: 1 MiB.
pub(crate) const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// A file's text and where its lines begin.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    /// As it was named or found.
    pub(crate) file: PathBuf,
    /// Without its byte order mark.
    pub(crate) text: Arc<str>,
    line_starts: Vec<usize>,
}

impl Source {
    /// Takes a text as the content of `file`, dropping a byte order mark.
    pub(crate) fn new(file: impl Into<PathBuf>, text: &str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let after_newlines = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let line_starts = std::iter::once(0)
            .chain(after_newlines.map(|(at, _)| at + 1))
            .collect();
        Self {
            file: file.into(),
            text: Arc::from(text),
            line_starts,
        }
    }

    /// Reads a file that must be UTF-8 and not larger than [`MAX_FILE_BYTES`].
    pub(crate) fn read(file: &Path) -> Result<Self, Box<Diagnostic>> {
        let unreadable = |error: std::io::Error| {
            Box::new(
                Diagnostic::about_file(file, format!("it cannot be read: {error}"))
                    .with_hint("name a scenario file, or a folder that holds some"),
            )
        };
        let handle = match open_regular(file) {
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
                return Err(Box::new(Diagnostic::about_file(file, error.to_string())));
            }
            opened => opened.map_err(unreadable)?,
        };
        let mut bytes = Vec::new();
        handle
            .take(MAX_FILE_BYTES + 1)
            .read_to_end(&mut bytes)
            .map_err(unreadable)?;
        if bytes.len() as u64 > MAX_FILE_BYTES {
            let problem = Diagnostic::about_file(file, "the file is larger than 1 MiB")
                .with_hint("put long texts into files of their own and name them with `from:`");
            return Err(Box::new(problem));
        }
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Self::new(file, &text)),
            Err(error) => {
                let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
                let line = good.iter().filter(|byte| **byte == b'\n').count() + 1;
                let begun = good
                    .iter()
                    .rposition(|byte| *byte == b'\n')
                    .map_or(0, |at| at + 1);
                let column = String::from_utf8_lossy(&good[begun..]).chars().count() + 1;
                let message = format!(
                    "the file is not UTF-8: no character begins in line {line} at column {column}"
                );
                let problem = Diagnostic::about_file(file, message).with_hint("save it as UTF-8");
                Err(Box::new(problem))
            }
        }
    }

    /// The place as byte offsets, always inside the text and on character boundaries.
    pub(crate) fn bytes(&self, span: Span) -> Range<usize> {
        let start = self.offset(span.line, span.column);
        let end = self.offset(span.end_line, span.end_column);
        start..end.max(start)
    }

    /// The byte offset of a line and column, both from 1.
    fn offset(&self, line: u32, column: u32) -> usize {
        let index = (line as usize).saturating_sub(1);
        let Some(&start) = self.line_starts.get(index) else {
            return self.text.len();
        };
        let end = self
            .line_starts
            .get(index + 1)
            .map_or(self.text.len(), |next| next - 1);
        let skip = (column as usize).saturating_sub(1);
        self.text[start..end]
            .char_indices()
            .nth(skip)
            .map_or(end, |(offset, _)| start + offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_becomes_bytes_also_after_wide_characters() {
        let source = Source::new("a.yaml", "\u{feff}ä: 1\nb: ü€x\n");
        let span = Span {
            line: 2,
            column: 5,
            end_line: 2,
            end_column: 6,
            in_defaults: false,
        };
        assert_eq!(&source.text[source.bytes(span)], "€");
    }

    #[test]
    fn a_place_past_the_end_is_the_end() {
        let source = Source::new("a.yaml", "a");
        let span = Span {
            line: 9,
            column: 9,
            end_line: 9,
            end_column: 9,
            in_defaults: false,
        };
        assert_eq!(source.bytes(span), 1..1);
    }
}
