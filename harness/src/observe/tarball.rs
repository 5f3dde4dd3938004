//! A tar archive read as it streams by: pax format, every size bounded, nothing unpacked.
//!
//! The `tar` crate's own iterator would hold a long name of any announced size in memory and does not hand out the
//! map of a file with holes, so its header types are used here and the walk is ours.

use std::io;

use tar::{EntryType, Header};

use super::budget::{Crowd, LONG_TEXT_BYTES, held, malformed};
use super::digest::ContentHash;
use super::fields::Source;
use super::home::Content;
use super::pax::{PAX_BYTES, Pax};

/// tar's unit.
const BLOCK_BYTES: u64 = 512;
/// What the guest's tar pads an archive to: `--blocking-factor` times the block.
const RECORD_BYTES: u64 = super::script::BLOCKING_FACTOR * BLOCK_BYTES;
/// Longest name or link target, in bytes: Linux's PATH_MAX and room for what tar adds.
const NAME_BYTES: usize = 8192;
/// Most extents of a file with holes: as many as fit into the memory that one file may take while it is read.
const MAX_EXTENTS: usize = if cfg!(test) { 200_000 } else { 2_000_000 };
/// Longest file kept as text, in bytes.
const TEXT_BYTES: u64 = 64 * 1024;
/// A file with holes up to this size is hashed as if it had none, in bytes; a longer one by its extents.
const EXPANDED_BYTES: u64 = 64 * 1024 * 1024;

/// A member of an archive.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Member {
    /// Its name, as tar has it.
    pub(super) path: Vec<u8>,
    /// What a link points to; empty for others.
    pub(super) link: Vec<u8>,
    /// What it is.
    pub(super) kind: MemberKind,
    /// Its permission bits.
    pub(super) mode: u32,
    /// Its owner's number.
    pub(super) uid: u64,
    /// Its group's number.
    pub(super) gid: u64,
    /// Its extended attributes, by name.
    pub(super) attributes: std::collections::BTreeMap<String, String>,
}

/// What a member is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum MemberKind {
    File(Content),
    HardLink,
    Symlink,
    Directory,
    Fifo,
    Device { block: bool, major: u32, minor: u32 },
}

/// Reads an archive to its end, padding included. Of one that holds more than is kept the rest is only counted, so
/// that the error can say which folder holds the most.
pub(super) fn read_tar(
    source: &mut Source<'_>,
    mut each: impl FnMut(Member) -> io::Result<()>,
) -> io::Result<()> {
    let begun = source.taken();
    let mut crowd = Crowd::default();
    let mut is_full = false;
    while let Some((header, mut pax)) = next(source)? {
        let path = name(pax.path.take(), || header.path_bytes().into_owned())?;
        let link = name(pax.link.take(), || {
            header.link_name_bytes().unwrap_or_default().into_owned()
        })?;
        let counts = crowd.add(&path);
        let attributes: usize = pax
            .attributes
            .iter()
            .map(|(key, value)| key.len() + value.len())
            .sum();
        is_full |= !source
            .budget()
            .keep_entry(held(&path) + held(&link) + attributes);
        if is_full {
            if !counts {
                return Err(crowd.complaint());
            }
            let size = stored(&header, &pax)?;
            source.skip(size)?;
            source.skip(padding(size))?;
            continue;
        }
        let kind = kind(source, &header, &pax)?;
        each(Member {
            path,
            link,
            kind,
            mode: header.mode()? & 0o7777,
            uid: number(pax.uid, || header.uid())?,
            gid: number(pax.gid, || header.gid())?,
            attributes: pax.attributes,
        })?;
    }
    if is_full {
        return Err(crowd.complaint());
    }
    let over = (source.taken() - begun) % RECORD_BYTES;
    source.skip(if over == 0 { 0 } else { RECORD_BYTES - over })
}

/// The next member's header and what an extended header says of it; `None` at the archive's end (two empty blocks).
fn next(source: &mut Source<'_>) -> io::Result<Option<(Header, Pax)>> {
    let mut pax = Pax::default();
    loop {
        let mut header = Header::new_old();
        source.exact(header.as_mut_bytes())?;
        if header.as_bytes().iter().all(|byte| *byte == 0) {
            source.skip(BLOCK_BYTES)?;
            return Ok(None);
        }
        check(&header)?;
        if header.entry_type() != EntryType::XHeader {
            return Ok(Some((header, pax)));
        }
        let size = header.entry_size()?;
        if size > PAX_BYTES {
            return Err(malformed(format!(
                "an extended header is longer than {PAX_BYTES} bytes"
            )));
        }
        let mut records = Vec::new();
        source.each(size, |piece| records.extend_from_slice(piece))?;
        source.skip(padding(size))?;
        pax = Pax::parse(&records)?;
    }
}

fn name(extended: Option<Vec<u8>>, plain: impl Fn() -> Vec<u8>) -> io::Result<Vec<u8>> {
    let name = extended.unwrap_or_else(plain);
    if name.len() > NAME_BYTES {
        return Err(malformed(format!(
            "a name is longer than {NAME_BYTES} bytes"
        )));
    }
    Ok(name)
}

fn number(extended: Option<u64>, plain: impl Fn() -> io::Result<u64>) -> io::Result<u64> {
    extended.map_or_else(plain, Ok)
}

/// How many bytes are stored of a member.
fn stored(header: &Header, pax: &Pax) -> io::Result<u64> {
    number(pax.size, || header.entry_size())
}

fn kind(source: &mut Source<'_>, header: &Header, pax: &Pax) -> io::Result<MemberKind> {
    let size = stored(header, pax)?;
    let kind = match header.entry_type() {
        EntryType::Regular | EntryType::Continuous => {
            let content = match pax.real_size {
                None => whole(source, size)?,
                Some(real) => sparse(source, size, real)?,
            };
            source.skip(padding(size))?;
            return Ok(MemberKind::File(content));
        }
        EntryType::Link => MemberKind::HardLink,
        EntryType::Symlink => MemberKind::Symlink,
        EntryType::Directory => MemberKind::Directory,
        EntryType::Fifo => MemberKind::Fifo,
        block @ (EntryType::Char | EntryType::Block) => device(header, block)?,
        other => {
            return Err(malformed(format!(
                "an entry of type {:#04x}",
                other.as_byte()
            )));
        }
    };
    source.skip(size)?;
    source.skip(padding(size))?;
    Ok(kind)
}

/// A device's numbers.
fn device(header: &Header, kind: EntryType) -> io::Result<MemberKind> {
    let number =
        |number: Option<u32>| number.ok_or_else(|| malformed("a device without a number".into()));
    Ok(MemberKind::Device {
        block: kind == EntryType::Block,
        major: number(header.device_major()?)?,
        minor: number(header.device_minor()?)?,
    })
}

/// A header's checksum: the sum of its bytes, its own field taken as spaces.
fn check(header: &Header) -> io::Result<()> {
    let bytes = header.as_bytes();
    let sum: u32 = bytes
        .iter()
        .enumerate()
        .map(|(at, byte)| {
            u32::from(if (148..156).contains(&at) {
                b' '
            } else {
                *byte
            })
        })
        .sum();
    if header.cksum()? == sum {
        Ok(())
    } else {
        Err(malformed("a tar header's checksum is wrong".into()))
    }
}

/// The content of a file that is stored whole.
fn whole(source: &mut Source<'_>, size: u64) -> io::Result<Content> {
    let mut hash = ContentHash::default();
    if size > TEXT_BYTES {
        return long(source, size);
    }
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
    source.each(size, |piece| bytes.extend_from_slice(piece))?;
    match String::from_utf8(bytes) {
        Ok(text) if !text.contains('\0') && source.budget().keep_text(text.len()) => {
            Ok(Content::Text(text))
        }
        Ok(text) => {
            hash.update(text.as_bytes());
            Ok(hash.finish(size, false))
        }
        Err(error) => {
            hash.update(error.as_bytes());
            Ok(hash.finish(size, false))
        }
    }
}

/// The content of a file that is too long to be shown; a text is kept aside, to be searched.
fn long(source: &mut Source<'_>, size: u64) -> io::Result<Content> {
    let mut hash = ContentHash::default();
    let mut bytes = Vec::new();
    let mut is_text = size <= LONG_TEXT_BYTES;
    source.each(size, |piece| {
        hash.update(piece);
        is_text &= !piece.contains(&0);
        if is_text {
            bytes.extend_from_slice(piece);
        }
    })?;
    let content = hash.finish(size, false);
    if is_text
        && let Content::Digest { sha256, .. } = &content
        && let Ok(text) = String::from_utf8(bytes)
    {
        source.budget().keep_long_text(sha256, text);
    }
    Ok(content)
}

/// The content of a file with holes, which begins with a map of its extents.
fn sparse(source: &mut Source<'_>, stored: u64, size: u64) -> io::Result<Content> {
    let (extents, map_bytes) = read_map(source, stored)?;
    check_extents(&extents, size, stored - map_bytes)?;
    let expand = size <= EXPANDED_BYTES;
    let mut hash = ContentHash::default();
    let mut at = 0;
    for (offset, length) in extents {
        if expand {
            hash.zeros(offset - at);
        } else {
            hash.update(&offset.to_le_bytes());
            hash.update(&length.to_le_bytes());
        }
        source.each(length, |piece| hash.update(piece))?;
        at = offset + length;
    }
    if expand {
        hash.zeros(size - at);
    }
    Ok(hash.finish(size, !expand))
}

/// The extents of a file with holes and the bytes they are written in: lines of decimal numbers, how many there are,
/// then of each its offset and its length, padded to whole blocks.
fn read_map(source: &mut Source<'_>, stored: u64) -> io::Result<(Vec<(u64, u64)>, u64)> {
    let begun = source.taken();
    let mut line = || -> io::Result<u64> {
        let line = source.line(20)?;
        let number = std::str::from_utf8(&line)
            .ok()
            .and_then(|it| it.parse().ok());
        number.ok_or_else(|| malformed("the map of a sparse file is no list of numbers".into()))
    };
    let count = usize::try_from(line()?).unwrap_or(usize::MAX);
    if count > MAX_EXTENTS {
        return Err(malformed(format!(
            "a sparse file has more than {MAX_EXTENTS} extents; where it says nothing of the setup, leave its folder \
             out with `exclude` in the scenario"
        )));
    }
    let mut extents = Vec::new();
    for _ in 0..count {
        extents.push((line()?, line()?));
    }
    source.skip(padding(source.taken() - begun))?;
    let bytes = source.taken() - begun;
    if bytes > stored {
        return Err(malformed(
            "the map of a sparse file is longer than the file is stored".into(),
        ));
    }
    Ok((extents, bytes))
}

/// Extents must ascend, lie in the file, and be what is stored.
fn check_extents(extents: &[(u64, u64)], size: u64, stored: u64) -> io::Result<()> {
    let mut at = 0_u64;
    let mut sum = 0_u64;
    for (offset, length) in extents {
        let end = offset.checked_add(*length);
        match end {
            Some(end) if *offset >= at && end <= size => {
                at = end;
                sum += length;
            }
            _ => return Err(malformed("the extents of a sparse file overlap".into())),
        }
    }
    if sum == stored {
        Ok(())
    } else {
        Err(malformed(
            "a sparse file is stored in another length than it says".into(),
        ))
    }
}

fn padding(size: u64) -> u64 {
    size.next_multiple_of(BLOCK_BYTES).saturating_sub(size)
}

/// tar ends with 0, or with 1 when a file changed as it was read; with 2 the home is not what the archive says.
pub(super) fn tar_status(source: &mut Source<'_>) -> io::Result<()> {
    source.expect("end")?;
    let status: i32 = source.number()?;
    let message = source.field(8192)?;
    if status <= 1 {
        Ok(())
    } else {
        Err(malformed(format!(
            "tar ended with status {status}: {}",
            crate::text::printable_line(&String::from_utf8_lossy(&message))
        )))
    }
}
