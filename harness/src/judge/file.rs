//! Paths in a user's home.

use super::data::data_mismatch;
use super::text_match::{Mismatch, content_mismatch, mismatch};
use super::who::{Who, plain};
use crate::model::{FileProperty, FileState, FileType, TargetKind};
use crate::observe::{Content, Entry, EntryKind, Found};
use crate::suggest::did_you_mean;

/// Checks a path of the home.
pub(super) fn file(who: Who<'_>, path: &str, state: &FileState) -> Vec<Mismatch> {
    let home = &who.seen.home_directory;
    let found = who.seen.home.at(home, path);
    if found == Found::NotLooked {
        return vec![plain(format!(
            "`{path}` lies where nobody looks: in a directory that is left out, or behind a link that is not followed"
        ))];
    }
    match state {
        FileState::Absent if found == Found::Nothing => Vec::new(),
        FileState::Absent => vec![plain(format!(
            "expected nothing at `{path}`, seen {}",
            words(found)
        ))],
        FileState::Present(_) if found == Found::Nothing => {
            let paths = who.seen.home.entries.keys().map(String::as_str);
            vec![plain(format!(
                "expected something at `{path}`, and nothing is there{}",
                did_you_mean(path, paths)
            ))]
        }
        FileState::Present(properties) => {
            let end = who.seen.home.end(home, path);
            properties
                .iter()
                .filter_map(|wanted| property(wanted, found, end))
                .map(|mismatch| Mismatch {
                    message: format!("`{path}`: {}", mismatch.message),
                    ..mismatch
                })
                .collect()
        }
    }
}

/// Checks a property of what was found; `end` is what is there when links are followed.
fn property(wanted: &FileProperty, found: Found<'_>, end: Found<'_>) -> Option<Mismatch> {
    match wanted {
        FileProperty::Type(wanted) => match file_type(found) {
            Some(seen) => differs(type_words(*wanted), type_words(seen), *wanted == seen),
            None => unknown(type_words(*wanted), found),
        },
        FileProperty::Mode(wanted) => match mode_owner(end) {
            Some((mode, _)) => differs(&octal(*wanted), &octal(mode), *wanted == mode),
            None => unknown(&format!("mode {}", octal(*wanted)), end),
        },
        FileProperty::Executable(wanted) => executable(*wanted, end),
        FileProperty::Owner(wanted) => match mode_owner(found) {
            Some((_, owner)) => differs(
                &format!("owner {wanted}"),
                &format!("owner {owner}"),
                wanted == owner,
            ),
            None => unknown(&format!("owner {wanted}"), found),
        },
        FileProperty::Content(wanted) => match content(end) {
            Some(content) => content_mismatch(wanted, content),
            None => unknown("a file to read", end),
        },
        FileProperty::Value { format, way, value } => match content(end) {
            Some(Content::Text(text)) => data_mismatch(*format, way, value.as_ref(), text),
            Some(_) => Some(plain("only text up to 64 KiB can be read".into())),
            None => unknown("a file to read", end),
        },
        FileProperty::Target(wanted) => match link(found) {
            Some((target, _)) => mismatch(wanted, target),
            None => unknown("a link", found),
        },
        FileProperty::TargetKind(wanted) => match link(found) {
            Some((target, kind)) => differs(
                kind_words(*wanted),
                &format!("{} (it points to {target})", kind_words(kind)),
                *wanted == kind,
            ),
            None => unknown(kind_words(*wanted), found),
        },
    }
}

fn executable(wanted: bool, end: Found<'_>) -> Option<Mismatch> {
    let word = |executable| match executable {
        true => "executable",
        false => "not executable",
    };
    let Some((mode, _)) = mode_owner(end) else {
        return unknown(word(wanted), end);
    };
    let seen = mode & 0o100 != 0;
    let words = format!("{} (mode {})", word(seen), octal(mode));
    differs(word(wanted), &words, wanted == seen)
}

/// What was found has no such property, or nobody knows it: either way the expectation does not hold.
fn unknown(wanted: &str, found: Found<'_>) -> Option<Mismatch> {
    Some(plain(format!("expected {wanted}, seen {}", words(found))))
}

fn differs(wanted: &str, seen: &str, equal: bool) -> Option<Mismatch> {
    (!equal).then(|| plain(format!("expected {wanted}, seen {seen}")))
}

fn link<'a>(found: Found<'a>) -> Option<(&'a str, TargetKind)> {
    match found {
        Found::Entry(Entry {
            kind: EntryKind::Symlink { target, end },
            ..
        }) => Some((target, end.kind)),
        _ => None,
    }
}

fn content<'a>(found: Found<'a>) -> Option<&'a Content> {
    match found {
        Found::Entry(Entry {
            kind: EntryKind::File(content),
            ..
        }) => Some(content),
        Found::Followed(file) => Some(&file.content),
        _ => None,
    }
}

/// Mode and owner; a directory in the store is always `0555` and root's.
fn mode_owner<'a>(found: Found<'a>) -> Option<(u32, &'a str)> {
    match found {
        Found::Entry(entry) => Some((entry.mode, &*entry.owner)),
        Found::Followed(file) => Some((file.mode, &*file.owner)),
        Found::FollowedDirectory => Some((0o555, "root")),
        Found::NotLooked | Found::Nothing => None,
    }
}

fn file_type(found: Found<'_>) -> Option<FileType> {
    match found {
        Found::Entry(entry) => Some(entry.kind.file_type()),
        Found::Followed(_) => Some(FileType::File),
        Found::FollowedDirectory => Some(FileType::Directory),
        Found::NotLooked | Found::Nothing => None,
    }
}

fn words(found: Found<'_>) -> String {
    match (link(found), file_type(found)) {
        (Some((target, kind)), _) => format!("a link to {target} ({})", kind_words(kind)),
        (None, Some(kind)) => type_words(kind).to_owned(),
        (None, None) => match found {
            Found::NotLooked => "something that was not looked into".into(),
            _ => "nothing".into(),
        },
    }
}

fn type_words(kind: FileType) -> &'static str {
    match kind {
        FileType::File => "a regular file",
        FileType::Directory => "a directory",
        FileType::Symlink => "a link",
        FileType::Fifo => "a named pipe",
        FileType::Socket => "a socket",
        FileType::Device => "a device",
    }
}

fn kind_words(kind: TargetKind) -> &'static str {
    match kind {
        TargetKind::Generation => "a link into the current generation",
        TargetKind::Store => "a link into the store",
        TargetKind::OutOfStore => "a link to a place outside the store",
        TargetKind::Dangling => "a link that leads nowhere",
    }
}

fn octal(mode: u32) -> String {
    format!("{mode:04o}")
}
