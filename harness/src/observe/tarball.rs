//! A tar archive read as it streams by: pax format, every size bounded, nothing unpacked.
//!
//! The `tar` crate walks over the members as they are stored. What extended headers and the maps of files with holes say
//! is read here: the crate would hold a long name of any announced size in memory, and does not hand out such a map.

use std::io::{self, BufRead, BufReader, Read, Write};

use tar::{Archive, EntryType, Header};

use super::budget::{Budget, Crowd, LONG_TEXT_BYTES, held, malformed};
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
const MAX_EXTENTS: u64 = if cfg!(test) { 200_000 } else { 2_000_000 };
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
    let budget = source.budget().clone();
    let mut crowd = Crowd::default();
    let (mut is_full, mut extended) = (false, Pax::default());
    for member in Archive::new(&mut *source).entries()?.raw(true) {
        let mut data = member?;
        let header = data.header().clone();
        let size = header.entry_size()?;
        if header.entry_type() == EntryType::XHeader {
            extended = read_pax(&mut data, size)?;
            continue;
        }
        let pax = std::mem::take(&mut extended);
        let path = name(pax.path, || header.path_bytes().into_owned())?;
        let link = name(pax.link, || {
            header.link_name_bytes().unwrap_or_default().into_owned()
        })?;
        let counts = crowd.add(&path);
        let attributes = pax.attributes.iter();
        let attributes: usize = attributes.map(|(key, it)| key.len() + it.len()).sum();
        is_full |= !budget.keep_entry(held(&path) + held(&link) + attributes);
        if is_full && !counts {
            return Err(crowd.complaint());
        }
        if is_full {
            continue;
        }
        let kind = match (header.entry_type(), pax.real_size) {
            (EntryType::Regular | EntryType::Continuous, None) => {
                MemberKind::File(whole(&mut data, size, &budget)?)
            }
            (EntryType::Regular | EntryType::Continuous, Some(real)) => {
                MemberKind::File(sparse(&mut data, size, real)?)
            }
            _ => kind(&header)?,
        };
        each(Member {
            path,
            link,
            kind,
            mode: header.mode()? & 0o7777,
            uid: pax.uid.map_or_else(|| header.uid(), Ok)?,
            gid: pax.gid.map_or_else(|| header.gid(), Ok)?,
            attributes: pax.attributes,
        })?;
    }
    if is_full {
        return Err(crowd.complaint());
    }
    // Of the two empty blocks at the end one was read.
    source.skip(BLOCK_BYTES)?;
    let read = source.taken() - begun;
    source.skip(read.next_multiple_of(RECORD_BYTES) - read)
}

/// What an extended header says of the member after it.
fn read_pax(data: &mut impl Read, size: u64) -> io::Result<Pax> {
    if size > PAX_BYTES {
        return Err(malformed(format!(
            "an extended header is longer than {PAX_BYTES} bytes"
        )));
    }
    let mut records = Vec::new();
    data.read_to_end(&mut records)?;
    Pax::parse(&records)
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

/// What a member is that holds nothing.
fn kind(header: &Header) -> io::Result<MemberKind> {
    Ok(match header.entry_type() {
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
    })
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

/// The content of a file that is stored whole. A text that is too long to be shown is kept aside, to be searched.
fn whole(data: &mut impl Read, size: u64, budget: &Budget) -> io::Result<Content> {
    let mut hash = ContentHash::default();
    if size > LONG_TEXT_BYTES {
        io::copy(data, &mut hash)?;
        return Ok(hash.finish(size, false));
    }
    let mut bytes = Vec::new();
    data.read_to_end(&mut bytes)?;
    let text = std::str::from_utf8(&bytes).ok();
    let text = text.filter(|text| !text.contains('\0'));
    let is_short = size <= TEXT_BYTES;
    if let Some(text) = text.filter(|text| is_short && budget.keep_text(text.len())) {
        return Ok(Content::Text(text.to_owned()));
    }
    hash.write_all(&bytes)?;
    let content = hash.finish(size, false);
    if let (Some(text), Content::Digest { sha256, .. }, false) = (text, &content, is_short) {
        budget.keep_long_text(sha256, text.to_owned());
    }
    Ok(content)
}

/// The content of a file with holes, which begins with a map of its extents.
fn sparse(data: &mut impl Read, stored: u64, size: u64) -> io::Result<Content> {
    let mut data = BufReader::new(data);
    let (extents, map_bytes) = read_map(&mut data)?;
    let stored = stored.checked_sub(map_bytes).ok_or_else(|| {
        malformed("the map of a sparse file is longer than the file is stored".into())
    })?;
    check_extents(&extents, size, stored)?;
    let expand = size <= EXPANDED_BYTES;
    let mut hash = ContentHash::default();
    let zeros = |count, hash: &mut ContentHash| io::copy(&mut io::repeat(0).take(count), hash);
    let mut at = 0;
    for (offset, length) in extents {
        if expand {
            zeros(offset - at, &mut hash)?;
        } else {
            hash.write_all(&offset.to_le_bytes())?;
            hash.write_all(&length.to_le_bytes())?;
        }
        io::copy(&mut data.by_ref().take(length), &mut hash)?;
        at = offset + length;
    }
    if expand {
        zeros(size - at, &mut hash)?;
    }
    Ok(hash.finish(size, !expand))
}

/// The extents of a file with holes and the bytes they are written in: lines of decimal numbers, how many there are,
/// then of each its offset and its length, padded to whole blocks.
fn read_map(data: &mut impl BufRead) -> io::Result<(Vec<(u64, u64)>, u64)> {
    let mut bytes = 0;
    let mut number = || -> io::Result<u64> {
        let mut line = String::new();
        bytes += data.take(21).read_line(&mut line)? as u64;
        let number = line.strip_suffix('\n').and_then(|it| it.parse().ok());
        number.ok_or_else(|| malformed("the map of a sparse file is no list of numbers".into()))
    };
    let count = number()?;
    if count > MAX_EXTENTS {
        return Err(malformed(format!(
            "a sparse file has more than {MAX_EXTENTS} extents; where it says nothing of the setup, leave its folder \
             out with `exclude` in the scenario"
        )));
    }
    let extents = (0..count).map(|_| Ok((number()?, number()?)));
    let extents: Vec<_> = extents.collect::<io::Result<_>>()?;
    let padded = bytes.next_multiple_of(BLOCK_BYTES);
    io::copy(&mut data.take(padded - bytes), &mut io::sink())?;
    Ok((extents, padded))
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
