//! The extended header that tar puts before a member: what does not fit into the old one.

use std::collections::BTreeMap;
use std::io;

use sha2::{Digest, Sha256};

use super::budget::malformed;
use crate::text::escape_name;

/// Longest extended header, in bytes: all attributes of a file, and two paths.
pub(super) const PAX_BYTES: u64 = 256 * 1024;
/// Longest value of an attribute that is kept, in bytes; a longer one is kept as its digest.
const VALUE_BYTES: usize = 1024;

/// What an extended header says of the member after it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Pax {
    pub(super) path: Option<Vec<u8>>,
    pub(super) link: Option<Vec<u8>>,
    pub(super) uid: Option<u64>,
    pub(super) gid: Option<u64>,
    /// The whole length of a file with holes.
    pub(super) real_size: Option<u64>,
    /// Extended attributes, by name.
    pub(super) attributes: BTreeMap<String, String>,
}

impl Pax {
    /// Parses records of the form `LENGTH KEY=VALUE\n`.
    pub(super) fn parse(mut records: &[u8]) -> io::Result<Self> {
        let mut pax = Self::default();
        while !records.is_empty() {
            let (record, rest) = split(records)
                .ok_or_else(|| malformed("an extended header that is no list of records".into()))?;
            let at = record.iter().position(|byte| *byte == b'=');
            let at = at.ok_or_else(|| malformed("an extended header without a value".into()))?;
            pax.record(&record[..at], &record[at + 1..])?;
            records = rest;
        }
        Ok(pax)
    }

    fn record(&mut self, key: &[u8], value: &[u8]) -> io::Result<()> {
        match key {
            b"path" | b"GNU.sparse.name" => self.path = Some(value.to_owned()),
            b"linkpath" => self.link = Some(value.to_owned()),
            b"uid" => self.uid = Some(number(value)?),
            b"gid" => self.gid = Some(number(value)?),
            b"GNU.sparse.realsize" => self.real_size = Some(number(value)?),
            // Longer than an old header can say, and longer than all that a machine lets through.
            b"size" => return Err(malformed("a file of 8 GiB or more".into())),
            b"GNU.sparse.major" if value != b"1" => {
                return Err(malformed(
                    "a file with holes in a form that was not asked for".into(),
                ));
            }
            _ => self.attribute(key, value),
        }
        Ok(())
    }

    fn attribute(&mut self, key: &[u8], value: &[u8]) {
        if let Some(list) = key.strip_prefix(b"SCHILY.acl.") {
            let mut name = b"acl ".to_vec();
            name.extend_from_slice(list);
            let lines = String::from_utf8_lossy(value).trim_end().replace('\n', ",");
            self.attributes
                .insert(escape_name(&name), shown(lines.as_bytes()));
        }
        // The same lists are there as numbers, too.
        if let Some(name) = key.strip_prefix(b"SCHILY.xattr.")
            && !name.starts_with(b"system.posix_acl_")
        {
            self.attributes.insert(escape_name(name), shown(value));
        }
    }
}

/// A value as text where it is text, else in hexadecimal digits; a long one by its digest.
fn shown(value: &[u8]) -> String {
    if value.len() > VALUE_BYTES {
        let digest = Sha256::new().chain_update(value).finalize();
        return format!("{} bytes, sha256 {digest:x}", value.len());
    }
    match std::str::from_utf8(value) {
        Ok(text) if !text.contains('\0') => escape_name(text.as_bytes()),
        _ => {
            let digits = value.iter().map(|byte| format!("{byte:02x}"));
            std::iter::once("0x".to_owned()).chain(digits).collect()
        }
    }
}

/// The first record, without its length and its line end, and what is behind it.
fn split(records: &[u8]) -> Option<(&[u8], &[u8])> {
    let space = records.iter().take(20).position(|byte| *byte == b' ')?;
    let length: usize = std::str::from_utf8(&records[..space]).ok()?.parse().ok()?;
    if length <= space + 1 || length > records.len() {
        return None;
    }
    let (record, rest) = records.split_at(length);
    let record = record.strip_suffix(b"\n")?;
    Some((record.get(space + 1..)?, rest))
}

fn number(value: &[u8]) -> io::Result<u64> {
    let number = std::str::from_utf8(value)
        .ok()
        .and_then(|value| value.parse().ok());
    number.ok_or_else(|| malformed("an extended header with a number that is none".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(pairs: &[(&str, &[u8])]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (key, value) in pairs {
            let rest = 3 + key.len() + value.len();
            let digits = (rest + 2).to_string().len();
            bytes.extend_from_slice(format!("{} {key}=", rest + digits).as_bytes());
            bytes.extend_from_slice(value);
            bytes.push(b'\n');
        }
        bytes
    }

    #[test]
    fn attributes_lists_and_long_names_are_read() {
        let pax = Pax::parse(&records(&[
            ("path", b"./long"),
            ("uid", b"3000000"),
            ("mtime", b"1.5"),
            ("SCHILY.acl.access", b"user::rw-\nuser:bob:r--\n"),
            ("SCHILY.xattr.user.note", b"a=b\\"),
            ("SCHILY.xattr.security.capability", b"\x01\0\xff"),
            ("SCHILY.xattr.system.posix_acl_access", b"\x02"),
            ("SCHILY.xattr.user.long", &[b'x'; 2000]),
        ]))
        .unwrap();
        assert_eq!(pax.path.as_deref(), Some(&b"./long"[..]));
        assert_eq!(pax.uid, Some(3_000_000));
        assert_eq!(pax.attributes["acl access"], "user::rw-,user:bob:r--");
        assert_eq!(pax.attributes["user.note"], "a=b\\\\");
        assert_eq!(pax.attributes["security.capability"], "0x0100ff");
        assert!(pax.attributes["user.long"].starts_with("2000 bytes, sha256 "));
        assert_eq!(pax.attributes.len(), 4);
    }

    #[test]
    fn records_that_lie_are_refused() {
        for spoilt in [
            &b"9"[..],
            b"0 a=b\n",
            b"99 a=b\n",
            b"6 a=bX",
            b"5 ab\n",
            b"9 uid=-1\n\n",
            b"x a=b\n",
        ] {
            assert!(Pax::parse(spoilt).is_err(), "{spoilt:?}");
        }
        assert_eq!(Pax::parse(b"").unwrap(), Pax::default());
    }
}
