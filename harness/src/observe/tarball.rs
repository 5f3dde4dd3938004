//! A tar archive read as it streams by: GNU format, every size bounded, nothing unpacked.
//!
//! The `tar` crate's own iterator would hold a long name of any announced size in memory and does not hand out the
//! map of a sparse file, so its header types are used here and the walk is ours.

use std::io;

use sha2::{Digest, Sha256};
use tar::{EntryType, GnuExtSparseHeader, GnuSparseHeader, Header};

use super::fields::{Source, malformed};
use super::home::Content;

/// tar's unit.
const BLOCK_BYTES: u64 = 512;
/// What the guest's tar pads an archive to: `--blocking-factor` times the block.
const RECORD_BYTES: u64 = super::script::BLOCKING_FACTOR * BLOCK_BYTES;
/// Longest name or link target, in bytes: Linux's PATH_MAX and room for what tar adds.
const NAME_BYTES: u64 = 8192;
/// Most entries of one archive; fewer in tests, which try to send more.
const MAX_ENTRIES: usize = if cfg!(test) { 20_000 } else { 200_000 };
/// Most bytes of names and link targets of one archive.
const MAX_NAME_BYTES: usize = 32 * 1024 * 1024;
/// Most extents of a sparse file.
const MAX_EXTENTS: usize = 100_000;
/// Longest file kept as text, in bytes.
const TEXT_BYTES: u64 = 64 * 1024;
/// A sparse file up to this size is hashed as if it were whole, in bytes; a longer one by its extents.
const EXPANDED_BYTES: u64 = 64 * 1024 * 1024;

/// What may still be kept as text, in bytes, over all archives of an observation.
#[derive(Debug)]
pub(super) struct TextBudget(pub(super) usize);

impl Default for TextBudget {
    fn default() -> Self {
        Self(16 * 1024 * 1024)
    }
}

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

/// Reads an archive to its end, padding included.
pub(super) fn read_tar(
    source: &mut Source<'_>,
    budget: &mut TextBudget,
    mut each: impl FnMut(Member) -> io::Result<()>,
) -> io::Result<()> {
    let begun = source.taken();
    let mut walk = Walk::default();
    let mut entries = 0;
    let mut name_bytes = 0;
    while let Some(member) = walk.next(source, budget)? {
        entries += 1;
        name_bytes += member.path.len() + member.link.len();
        if entries > MAX_ENTRIES {
            return Err(malformed(format!(
                "the home has more than {MAX_ENTRIES} entries"
            )));
        }
        if name_bytes > MAX_NAME_BYTES {
            return Err(malformed(format!(
                "the home's names are longer than {MAX_NAME_BYTES} bytes together"
            )));
        }
        each(member)?;
    }
    let over = (source.taken() - begun) % RECORD_BYTES;
    source.skip(if over == 0 { 0 } else { RECORD_BYTES - over })
}

#[derive(Default)]
struct Walk {
    long_name: Option<Vec<u8>>,
    long_link: Option<Vec<u8>>,
}

impl Walk {
    /// The next member, `None` at the archive's end (two empty blocks).
    fn next(
        &mut self,
        source: &mut Source<'_>,
        budget: &mut TextBudget,
    ) -> io::Result<Option<Member>> {
        loop {
            let mut block = [0; BLOCK_BYTES as usize];
            source.exact(&mut block)?;
            if block.iter().all(|byte| *byte == 0) {
                source.skip(BLOCK_BYTES)?;
                return Ok(None);
            }
            let header = Header::from_byte_slice(&block);
            check(header)?;
            let size = header.entry_size()?;
            match header.entry_type() {
                EntryType::GNULongName => self.long_name = Some(long(source, size)?),
                EntryType::GNULongLink => self.long_link = Some(long(source, size)?),
                _ => return self.member(header, size, source, budget).map(Some),
            }
        }
    }

    fn member(
        &mut self,
        header: &Header,
        size: u64,
        source: &mut Source<'_>,
        budget: &mut TextBudget,
    ) -> io::Result<Member> {
        let path = match self.long_name.take() {
            Some(name) => name,
            None => header.path_bytes().into_owned(),
        };
        let link = match self.long_link.take() {
            Some(name) => name,
            None => header.link_name_bytes().unwrap_or_default().into_owned(),
        };
        let kind = match header.entry_type() {
            EntryType::Regular | EntryType::Continuous => {
                let content = whole(source, size, budget)?;
                source.skip(padding(size))?;
                MemberKind::File(content)
            }
            EntryType::GNUSparse => MemberKind::File(sparse(header, size, source)?),
            other => {
                source.skip(size)?;
                source.skip(padding(size))?;
                match other {
                    EntryType::Link => MemberKind::HardLink,
                    EntryType::Symlink => MemberKind::Symlink,
                    EntryType::Directory => MemberKind::Directory,
                    EntryType::Fifo => MemberKind::Fifo,
                    EntryType::Char | EntryType::Block => device(header, other)?,
                    _ => {
                        return Err(malformed(format!(
                            "an entry of type {:#04x}",
                            other.as_byte()
                        )));
                    }
                }
            }
        };
        Ok(Member {
            path,
            link,
            kind,
            mode: header.mode()? & 0o7777,
            uid: header.uid()?,
            gid: header.gid()?,
        })
    }
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

fn long(source: &mut Source<'_>, size: u64) -> io::Result<Vec<u8>> {
    if size > NAME_BYTES {
        return Err(malformed(format!(
            "a name is longer than {NAME_BYTES} bytes"
        )));
    }
    let mut name = Vec::new();
    source.each(size, |piece| name.extend_from_slice(piece))?;
    source.skip(padding(size))?;
    if name.last() == Some(&0) {
        name.pop();
    }
    Ok(name)
}

/// The content of a file that is stored whole.
fn whole(source: &mut Source<'_>, size: u64, budget: &mut TextBudget) -> io::Result<Content> {
    if size > TEXT_BYTES {
        let mut hash = Sha256::new();
        source.each(size, |piece| hash.update(piece))?;
        return Ok(digest(size, hash, false));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
    source.each(size, |piece| bytes.extend_from_slice(piece))?;
    let hash = |bytes: &[u8]| digest(size, Sha256::new().chain_update(bytes), false);
    if bytes.len() > budget.0 || bytes.contains(&0) {
        return Ok(hash(&bytes));
    }
    match String::from_utf8(bytes) {
        Ok(text) => {
            budget.0 -= text.len();
            Ok(Content::Text(text))
        }
        Err(error) => Ok(hash(error.as_bytes())),
    }
}

/// The content of a file with holes: old GNU format, extents in the header and in blocks after it.
fn sparse(header: &Header, stored: u64, source: &mut Source<'_>) -> io::Result<Content> {
    let gnu = header
        .as_gnu()
        .ok_or_else(|| malformed("a sparse entry without a GNU header".into()))?;
    let size = gnu.real_size()?;
    let mut extents = Vec::new();
    add_extents(&mut extents, &gnu.sparse)?;
    let mut more = gnu.is_extended();
    while more {
        let mut block = GnuExtSparseHeader::new();
        source.exact(block.as_mut_bytes())?;
        add_extents(&mut extents, block.sparse())?;
        more = block.is_extended();
    }
    check_extents(&extents, size, stored)?;
    let expand = size <= EXPANDED_BYTES;
    let mut hash = Sha256::new();
    let mut at = 0;
    for (offset, length) in extents {
        if expand {
            zeros(&mut hash, offset - at);
        } else {
            hash.update(offset.to_le_bytes());
            hash.update(length.to_le_bytes());
        }
        source.each(length, |piece| hash.update(piece))?;
        at = offset + length;
    }
    if expand {
        zeros(&mut hash, size - at);
    }
    source.skip(padding(stored))?;
    Ok(digest(size, hash, !expand))
}

fn add_extents(extents: &mut Vec<(u64, u64)>, headers: &[GnuSparseHeader]) -> io::Result<()> {
    for header in headers.iter().filter(|header| !header.is_empty()) {
        if extents.len() == MAX_EXTENTS {
            return Err(malformed(format!(
                "a file has more than {MAX_EXTENTS} extents"
            )));
        }
        extents.push((header.offset()?, header.length()?));
    }
    Ok(())
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

fn zeros(hash: &mut Sha256, count: u64) {
    const ZEROS: [u8; 4096] = [0; 4096];
    let mut left = count;
    while left > 0 {
        let now = left.min(ZEROS.len() as u64);
        hash.update(&ZEROS[..now as usize]);
        left -= now;
    }
}

fn digest(size: u64, hash: Sha256, by_extents: bool) -> Content {
    Content::Digest {
        size,
        sha256: format!("{:x}", hash.finalize()),
        without_hashes: None,
        by_extents,
    }
}

fn padding(size: u64) -> u64 {
    size.next_multiple_of(BLOCK_BYTES).saturating_sub(size)
}
