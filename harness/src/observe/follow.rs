//! Where the links of a home lead, and what managed ones hold.

use std::collections::HashMap;
use std::io;

use super::budget::{held, malformed};
use super::fields::Source;
use super::home::{EntryKind, FileSeen, Home, Inside, InsideKind, LinkEnd};
use super::paths::STORE;
use super::paths::{Owners, PATH_BYTES, PATHS, relative};
use super::tarball::{MemberKind, read_tar};
use crate::model::TargetKind;
use crate::text::escape_name;

/// The ends of all links that lead somewhere: link and absolute path, both escaped.
pub(super) struct Links(HashMap<String, String>);

impl Links {
    /// Reads the list of links and the list of their ends.
    pub(super) fn read(source: &mut Source<'_>) -> io::Result<Self> {
        let links = source.list(PATHS, PATH_BYTES)?;
        let ends = source.list(PATHS, PATH_BYTES)?;
        if links.len() != ends.len() {
            return Err(malformed(format!(
                "{} links but {} ends of links: the home changed while it was captured",
                links.len(),
                ends.len()
            )));
        }
        let ends = ends.iter().map(|end| escape_name(end));
        let links = links.iter().filter_map(|link| relative(link));
        Ok(Self(links.zip(ends).collect()))
    }
}

/// Gives every link its end, and reads what is behind links into the store: first the directories and the links in
/// them, then an archive of the files.
pub(super) fn attach(
    source: &mut Source<'_>,
    home: &mut Home,
    mut links: Links,
    home_files: Option<&str>,
    owners: &Owners,
) -> io::Result<()> {
    for (path, entry) in &mut home.entries {
        if let EntryKind::Symlink { target, end } = &mut entry.kind {
            end.path = links.0.remove(path);
            end.kind = kind(target, end.path.as_deref(), home_files);
        }
    }
    read_inside(source, home)?;
    read_tar(source, |member| {
        let MemberKind::File(content) = member.kind else {
            return Ok(());
        };
        let Some(path) = relative(&member.path) else {
            return Ok(());
        };
        let file = FileSeen {
            mode: member.mode,
            owner: owners.user(member.uid),
            content,
        };
        hang(home, &path, Hung::File(file));
        Ok(())
    })
}

/// What kind of place a link leads to, from what is written in it and where it ends.
fn kind(target: &str, end: Option<&str>, home_files: Option<&str>) -> TargetKind {
    let Some(end) = end else {
        return TargetKind::Dangling;
    };
    let below = |base: &str| {
        target
            .strip_prefix(base)
            .is_some_and(|rest| rest.starts_with('/'))
    };
    if !end.starts_with(STORE) {
        TargetKind::OutOfStore
    } else if home_files.is_some_and(below) {
        TargetKind::Generation
    } else {
        TargetKind::Store
    }
}

/// Reads the directories behind links, and the links in these.
fn read_inside(source: &mut Source<'_>, home: &mut Home) -> io::Result<()> {
    loop {
        let kind = source.field(8)?;
        if kind.is_empty() {
            return Ok(());
        }
        let path = source.field(PATH_BYTES)?;
        let hung = match kind.as_slice() {
            b"d" => Hung::Directory,
            b"l" => Hung::Link(escape_name(&source.field(PATH_BYTES)?)),
            other => {
                return Err(malformed(format!(
                    "a path of kind {} behind a link",
                    escape_name(other)
                )));
            }
        };
        if !source.budget().keep_entry(held(&path)) {
            return Err(malformed(
                "there is more behind the links of the home than is kept".into(),
            ));
        }
        if let Some(path) = relative(&path) {
            hang(home, &path, hung);
        }
    }
}

/// What was found behind a link.
enum Hung {
    File(FileSeen),
    Directory,
    Link(String),
}

/// Hangs what was found on the link it was reached through: the path's longest beginning that is a link of the home.
fn hang(home: &mut Home, path: &str, hung: Hung) {
    let mut cut = path.len();
    loop {
        if let Some(entry) = home.entries.get_mut(&path[..cut])
            && let EntryKind::Symlink { end, .. } = &mut entry.kind
        {
            // A store link may go on out of the store (an out-of-store link): what is there is not the setup's.
            let in_store = end.path.as_ref().is_some_and(|end| end.starts_with(STORE));
            if in_store {
                put(end, path.get(cut + 1..), hung);
            }
            return;
        }
        match path[..cut].rfind('/') {
            Some(slash) => cut = slash,
            None => return,
        }
    }
}

/// Puts what was found at `rest` below a link's end, or at its end itself.
fn put(end: &mut LinkEnd, rest: Option<&str>, hung: Hung) {
    let Some(rest) = rest else {
        match hung {
            Hung::File(file) => end.file = Some(Box::new(file)),
            Hung::Directory => {
                end.tree.get_or_insert_default();
            }
            Hung::Link(_) => {}
        }
        return;
    };
    let inside = end.tree.get_or_insert_default();
    let inside = inside.entry(rest.to_owned()).or_insert(Inside {
        link: None,
        kind: InsideKind::NotFollowed,
    });
    match hung {
        Hung::File(file) => inside.kind = InsideKind::File(file),
        Hung::Directory => inside.kind = InsideKind::Directory,
        Hung::Link(target) => inside.link = Some(target),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_follows_from_where_a_link_points_and_ends() {
        let files = Some("/nix/store/a-home-manager-files");
        let managed = "/nix/store/a-home-manager-files/.bashrc";
        let old = "/nix/store/old-home-manager-files/x";
        for (target, end, wanted) in [
            (managed, Some("/nix/store/b-bashrc"), TargetKind::Generation),
            (managed, Some("/home/alice/dots/x"), TargetKind::OutOfStore),
            (old, Some("/nix/store/b-x"), TargetKind::Store),
            (managed, None, TargetKind::Dangling),
            ("../x", Some("/home/alice/x"), TargetKind::OutOfStore),
        ] {
            assert_eq!(kind(target, end, files), wanted);
        }
    }
}
