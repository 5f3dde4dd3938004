//! Reading what a guest streams: fields that end in NUL, runs of known length, everything bounded.

use std::io::{self, BufRead, BufReader, Read};
use std::rc::Rc;

use super::budget::{Budget, held, malformed};

/// What is read at once, in bytes.
const BUFFER_BYTES: usize = 64 * 1024;
/// How much of a field that is looked for in noise is kept, in bytes.
const FIELD_BYTES: usize = 16 * 1024;

/// A stream of a guest that counts what was taken from it. That it ends is an error: what is read says itself where it
/// ends.
pub(super) struct Source<'a> {
    inner: BufReader<&'a mut dyn Read>,
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
            inner: BufReader::with_capacity(BUFFER_BYTES, inner),
            taken: 0,
            budget: Rc::clone(budget),
        }
    }

    /// What may still be kept of the observation that the stream is for.
    pub(super) fn budget(&self) -> &Rc<Budget> {
        &self.budget
    }

    /// How many bytes were taken so far.
    pub(super) fn taken(&self) -> u64 {
        self.taken
    }

    /// A field up to its NUL, which is dropped. A field longer than `limit` bytes is refused.
    pub(super) fn field(&mut self, limit: usize) -> io::Result<Vec<u8>> {
        match self.up_to_nul(limit as u64 + 1)? {
            Some(field) => self.budget.keep(held(&field)).map(|()| field),
            None => Err(malformed(format!("a field is longer than {limit} bytes"))),
        }
    }

    /// What there is up to a NUL, which is dropped; none where that is not among the next `limit` bytes.
    fn up_to_nul(&mut self, limit: u64) -> io::Result<Option<Vec<u8>>> {
        let mut bytes = Vec::new();
        self.by_ref().take(limit).read_until(0, &mut bytes)?;
        Ok((bytes.pop() == Some(0)).then_some(bytes))
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
        let end = self.taken + limit;
        // The noise may end without a NUL, right before the field's own beginning: the field is sent with a NUL in front.
        while let Some(mut field) = self.up_to_nul(end - self.taken)? {
            field.truncate(FIELD_BYTES);
            if let Some(rest) = field.strip_prefix(wanted.as_bytes()) {
                return Ok(rest.to_owned());
            }
        }
        Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("no `{wanted}` in {limit} bytes"),
        ))
    }

    /// Drops the next `length` bytes.
    pub(super) fn skip(&mut self, length: u64) -> io::Result<()> {
        io::copy(&mut self.by_ref().take(length), &mut io::sink()).map(drop)
    }
}

impl BufRead for Source<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        match self.inner.fill_buf()? {
            [] => Err(malformed("the stream ended too early".into())),
            buffer => Ok(buffer),
        }
    }

    fn consume(&mut self, count: usize) {
        self.inner.consume(count);
        self.taken += count as u64;
    }
}

impl Read for Source<'_> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(target)?;
        self.consume(count);
        Ok(count)
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
        source.read_exact(&mut run).unwrap();
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
