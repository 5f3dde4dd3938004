//! Paths in a user's home.

use super::data::data_mismatch;
use super::text_match::{Mismatch, content_mismatch, mismatch, plain, text};
use super::who::Who;
use crate::model::{FileProperty, FileState, FileType, TargetKind};
use crate::observe::{Content, Entry, EntryKind, Found, LinkEnd, Place, PlaceFound};
use crate::suggest::did_you_mean;
use crate::text::octal;

/// Checks a path of the home.
pub(super) fn file(who: Who<'_>, path: &str, state: &FileState) -> Vec<Mismatch> {
    let home = &who.seen.home_directory;
    if let Some(found) = asked(who, Place::Home, path) {
        return judge(who, &format!("`{path}`"), place(found), state);
    }
    let found = who.seen.home.at(home, path);
    if found == Found::NotLooked {
        return vec![plain(format!(
            "`{path}` lies where nobody looks: in a directory that is left out, or behind a link that is not followed"
        ))];
    }
    let found = (found, who.seen.home.end(home, path));
    let mut mismatches = judge(who, &format!("`{path}`"), found, state);
    if let (FileState::Present(_), Found::Nothing, Some(one)) =
        (state, found.0, mismatches.first_mut())
    {
        let paths = who.seen.home.entries.keys().map(String::as_str);
        one.message += &did_you_mean(path, paths);
    }
    mismatches
}

/// Checks a path of the current generation.
pub(super) fn in_generation(who: Who<'_>, path: &str, state: &FileState) -> Vec<Mismatch> {
    let name = format!("`{path}` of the generation");
    match asked(who, Place::Generation, path) {
        Some(PlaceFound::NoBase) => vec![plain(format!(
            "{name}: {} has no generation of Home Manager",
            who.name
        ))],
        Some(found) => judge(who, &name, place(found), state),
        None => vec![plain(format!("{name} was not looked at"))],
    }
}

/// What is at a place that was asked for.
fn asked<'a>(who: Who<'a>, base: Place, path: &str) -> Option<&'a PlaceFound> {
    let mut places = who.seen.places.iter();
    let it = places.find(|it| it.base == base && it.path == path)?;
    Some(&it.found)
}

/// The same as what is found in a home: itself, and the end of it where it is a link.
fn place(found: &PlaceFound) -> (Found<'_>, Found<'_>) {
    let PlaceFound::There(entry) = found else {
        return (Found::Nothing, Found::Nothing);
    };
    let itself = Found::Entry(entry);
    let EntryKind::Symlink { end, .. } = &entry.kind else {
        return (itself, itself);
    };
    let end = match (&end.file, &end.tree) {
        (Some(file), _) => Found::Followed(file),
        (None, Some(_)) => Found::FollowedDirectory,
        (None, None) => Found::Nothing,
    };
    (itself, end)
}

/// Checks what was found, itself and where it leads, under a name.
fn judge(
    who: Who<'_>,
    name: &str,
    (found, end): (Found<'_>, Found<'_>),
    state: &FileState,
) -> Vec<Mismatch> {
    match state {
        FileState::Absent if found == Found::Nothing => Vec::new(),
        FileState::Absent => vec![plain(format!(
            "expected nothing at {name}, seen {}",
            words(found)
        ))],
        FileState::Present(_) if found == Found::Nothing => vec![plain(format!(
            "expected something at {name}, and nothing is there"
        ))],
        FileState::Present(properties) => properties
            .iter()
            .filter_map(|wanted| property(who, wanted, found, end))
            .map(|mismatch| mismatch.of(name))
            .collect(),
    }
}

/// Checks a property of what was found; `end` is what is there when links are followed.
fn property(
    who: Who<'_>,
    wanted: &FileProperty,
    found: Found<'_>,
    end: Found<'_>,
) -> Option<Mismatch> {
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
            Some(content) => content_mismatch(wanted, content, who.long_texts),
            None => unknown("a file to read", end),
        },
        FileProperty::Value { format, way, value } => match content(end) {
            Some(content) => match text(content, who.long_texts) {
                Ok(text) => data_mismatch(*format, way, value.as_ref(), text),
                Err(seen) => Some(plain(format!("expected text to read, seen {seen}"))),
            },
            None => unknown("a file to read", end),
        },
        FileProperty::Target(wanted) => match link(found) {
            Some((target, _)) => mismatch(wanted, target),
            None => unknown("a link", found),
        },
        FileProperty::End(wanted) => match link(found).and_then(|(_, end)| end.path.as_ref()) {
            Some(path) => mismatch(wanted, path),
            None => unknown("a link that leads somewhere", found),
        },
        FileProperty::TargetKind(wanted) => match link(found) {
            Some((target, end)) => differs(
                kind_words(*wanted),
                &format!("{} (it points to {target})", kind_words(end.kind)),
                *wanted == end.kind,
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

fn link<'a>(found: Found<'a>) -> Option<(&'a str, &'a LinkEnd)> {
    match found {
        Found::Entry(Entry {
            kind: EntryKind::Symlink { target, end },
            ..
        }) => Some((target, end)),
        _ => None,
    }
}

pub(super) fn content<'a>(found: Found<'a>) -> Option<&'a Content> {
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
        (Some((target, end)), _) => format!("a link to {target} ({})", kind_words(end.kind)),
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
