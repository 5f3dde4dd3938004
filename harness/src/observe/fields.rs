//! Reading what a guest streams: fields that end in NUL, runs of known length, everything bounded.

use std::io::{self, Read};
use std::rc::Rc;

use super::budget::{Budget, held, malformed};

/// What is read at once, in bytes.
const BUFFER_BYTES: usize = 64 * 1024;
/// How much of a field that is looked for in noise is kept, in bytes.
const FIELD_BYTES: usize = 16 * 1024;

/// A stream of a guest that counts what was taken from it.
pub(super) struct Source<'a> {
    inner: &'a mut dyn Read,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    taken: u64,
    budget: Rc<Budget>,
}

impl<'a> Source<'a> {
    /// A stream of which as much is kept as of a whole observation.
    #[cfg(test)]
    pub(super) fn new(inner: &'a mut dyn Read) -> Self {
        Self::within(inner, &Rc::default())
    }

    /// A stream of which as much is kept as `budget` still allows.
    pub(super) fn within(inner: &'a mut dyn Read, budget: &Rc<Budget>) -> Self {
        Self {
            inner,
            buffer: vec![0; BUFFER_BYTES],
            start: 0,
            end: 0,
            taken: 0,
            budget: Rc::clone(budget),
        }
    }

    /// What may still be kept of the observation that the stream is for.
    pub(super) fn budget(&self) -> &Budget {
        &self.budget
    }

    /// How many bytes were taken so far.
    pub(super) fn taken(&self) -> u64 {
        self.taken
    }

    /// A field up to its NUL, which is dropped. A field longer than `limit` bytes is refused.
    pub(super) fn field(&mut self, limit: usize) -> io::Result<Vec<u8>> {
        let mut field = Vec::new();
        loop {
            let available = self.available()?;
            let found = available.iter().position(|byte| *byte == 0);
            let piece = found.unwrap_or(available.len());
            if field.len() + piece > limit {
                return Err(malformed(format!("a field is longer than {limit} bytes")));
            }
            field.extend_from_slice(&available[..piece]);
            self.take(piece + usize::from(found.is_some()));
            if found.is_some() {
                self.budget.keep(held(&field))?;
                return Ok(field);
            }
        }
    }

    /// A short line up to its line end, which is dropped.
    pub(super) fn line(&mut self, limit: usize) -> io::Result<Vec<u8>> {
        let mut line = Vec::new();
        loop {
            match self.byte()? {
                b'\n' => return Ok(line),
                byte if line.len() < limit => line.push(byte),
                _ => return Err(malformed(format!("a line is longer than {limit} bytes"))),
            }
        }
    }

    /// A field that is a number.
    pub(super) fn number<T: std::str::FromStr>(&mut self) -> io::Result<T> {
        let field = self.field(32)?;
        std::str::from_utf8(&field)
            .ok()
            .and_then(|text| text.trim().parse().ok())
            .ok_or_else(|| malformed(format!("{} is no number", show(&field))))
    }

    /// Fields until an empty one: at most `count`, each at most `limit` bytes.
    pub(super) fn list(&mut self, count: usize, limit: usize) -> io::Result<Vec<Vec<u8>>> {
        let mut list = Vec::new();
        loop {
            let field = self.field(limit)?;
            if field.is_empty() {
                return Ok(list);
            }
            if list.len() == count {
                return Err(malformed(format!("a list has more than {count} fields")));
            }
            list.push(field);
        }
    }

    /// A field that must be this one.
    pub(super) fn expect(&mut self, wanted: &str) -> io::Result<()> {
        let field = self.field(256)?;
        if field == wanted.as_bytes() {
            Ok(())
        } else {
            Err(malformed(format!(
                "{} where `{wanted}` belongs",
                show(&field)
            )))
        }
    }

    /// Skips noise (what a user's start-up files print) up to a field that begins so, and returns the rest of it. More
    /// noise than `limit` bytes is an error of kind [`io::ErrorKind::FileTooLarge`].
    pub(super) fn skip_to(&mut self, wanted: &str, limit: u64) -> io::Result<Vec<u8>> {
        let begun = self.taken;
        loop {
            // The noise may end without a NUL, right before the field's own beginning: the field is sent with a
            // NUL in front.
            let mut matched = Vec::new();
            loop {
                let byte = self.byte()?;
                if self.taken - begun > limit {
                    return Err(io::Error::new(
                        io::ErrorKind::FileTooLarge,
                        format!("no `{wanted}` in {limit} bytes"),
                    ));
                }
                if byte == 0 {
                    break;
                }
                if matched.len() < FIELD_BYTES {
                    matched.push(byte);
                }
            }
            if let Some(rest) = matched.strip_prefix(wanted.as_bytes()) {
                return Ok(rest.to_owned());
            }
        }
    }

    /// Fills `target` whole.
    pub(super) fn exact(&mut self, target: &mut [u8]) -> io::Result<()> {
        let mut filled = 0;
        while filled < target.len() {
            let available = self.available()?;
            let piece = available.len().min(target.len() - filled);
            target[filled..filled + piece].copy_from_slice(&available[..piece]);
            self.take(piece);
            filled += piece;
        }
        Ok(())
    }

    /// Hands the next `length` bytes over, piece by piece.
    pub(super) fn each(&mut self, length: u64, mut piece: impl FnMut(&[u8])) -> io::Result<()> {
        let mut left = length;
        while left > 0 {
            let available = self.available()?;
            let now = usize::try_from(left)
                .unwrap_or(usize::MAX)
                .min(available.len());
            piece(&available[..now]);
            self.take(now);
            left -= now as u64;
        }
        Ok(())
    }

    /// Drops the next `length` bytes.
    pub(super) fn skip(&mut self, length: u64) -> io::Result<()> {
        self.each(length, |_| {})
    }

    fn byte(&mut self) -> io::Result<u8> {
        let byte = self.available()?[0];
        self.take(1);
        Ok(byte)
    }

    /// What is in the buffer: never empty.
    fn available(&mut self) -> io::Result<&[u8]> {
        while self.start == self.end {
            self.start = 0;
            self.end = match self.inner.read(&mut self.buffer) {
                Ok(0) => return Err(malformed("the stream ended too early".into())),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => 0,
                Err(error) => return Err(error),
            };
        }
        Ok(&self.buffer[self.start..self.end])
    }

    fn take(&mut self, count: usize) {
        self.start += count;
        self.taken += count as u64;
    }
}

fn show(field: &[u8]) -> String {
    format!(
        "`{}`",
        crate::text::escape_name(&field[..field.len().min(80)])
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_lists_and_runs_are_read_in_turn() {
        let mut bytes: &[u8] = b"noise\x00\x00start\x001\x002\x00\x00tail";
        let mut source = Source::new(&mut bytes);
        source.skip_to("start", 100).unwrap();
        assert_eq!(source.list(9, 9).unwrap(), [b"1", b"2"]);
        let mut run = [0; 2];
        source.exact(&mut run).unwrap();
        assert_eq!(&run, b"ta");
        assert_eq!(source.taken(), 20);
        assert!(source.field(9).is_err());
    }

    #[test]
    fn what_is_too_long_or_missing_is_refused() {
        assert!(Source::new(&mut &b"abcdef\0"[..]).field(5).is_err());
        assert!(Source::new(&mut &b"a\0b\0\0"[..]).list(1, 9).is_err());
        assert!(Source::new(&mut &b"x\0"[..]).number::<u32>().is_err());
        assert!(Source::new(&mut &b"other\0"[..]).expect("this").is_err());
        assert!(
            Source::new(&mut &[b'n'; 500][..])
                .skip_to("x", 100)
                .is_err()
        );
    }
}
