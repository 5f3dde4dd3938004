//! The manifest of a home: every path in it, what it is, and what managed links lead to.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::owner_name::OwnerName;
use crate::model::{FileType, TargetKind};
use crate::text::escape_name;

/// Everything in a home, by path relative to it. Paths are escaped (see [`escape_name`]).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Home {
    /// The home directory itself; `None` where it does not exist.
    pub itself: Option<Entry>,
    /// Sorted bytewise.
    pub entries: BTreeMap<String, Entry>,
}

/// A path in a home.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// What it is.
    pub kind: EntryKind,
    /// Its permission bits; of no meaning for a symbolic link.
    pub mode: u32,
    /// Its owner's name, or number where there is no name.
    pub owner: OwnerName,
    /// Its group's name, or number where there is no name.
    pub group: OwnerName,
    /// Extended attributes by name, access control lists and capabilities among them: the value as text where it is
    /// text (see [`escape_name`]), else in hexadecimal digits after `0x`.
    pub attributes: BTreeMap<String, String>,
}

/// What a path is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EntryKind {
    /// A regular file.
    File(Content),
    /// Another name of a file of the home.
    HardLink {
        /// The first of that file's names, bytewise: the entry that says everything else.
        first: String,
    },
    /// A directory.
    Directory,
    /// A directory that was not looked into.
    Excluded,
    /// A symbolic link.
    Symlink {
        /// Where it points, as it is written, escaped.
        target: String,
        /// What is there.
        end: Box<LinkEnd>,
    },
    /// A named pipe.
    Fifo,
    /// A socket.
    Socket,
    /// A device node.
    Device {
        /// Whether it is a block device; else a character device.
        block: bool,
        /// Its driver's number.
        major: u32,
        /// The device's number.
        minor: u32,
    },
}

/// What a link leads to in the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkEnd {
    /// What kind of place.
    pub kind: TargetKind,
    /// The absolute path after following every link, escaped; `None` when dangling.
    pub path: Option<String>,
    /// The file there, if it is one in the store.
    pub file: Option<Box<FileSeen>>,
    /// What is there by path relative to the link, if it is a directory in the store that was looked into.
    pub tree: Option<BTreeMap<String, Inside>>,
}

impl LinkEnd {
    /// A place of which nothing else is known.
    #[must_use]
    pub fn new(kind: TargetKind) -> Box<Self> {
        Box::new(Self {
            kind,
            path: None,
            file: None,
            tree: None,
        })
    }
}

/// A path in a directory that a link leads to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inside {
    /// Where it points, as it is written, escaped, if it is a symbolic link itself.
    pub link: Option<String>,
    /// What is there, the link followed.
    pub kind: InsideKind,
}

/// What is at a path in a directory that a link leads to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InsideKind {
    /// A regular file.
    File(FileSeen),
    /// A directory.
    Directory,
    /// A link that leads nowhere, out of the store, or round in a circle.
    NotFollowed,
}

/// A file that was reached through a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileSeen {
    /// Its permission bits.
    pub mode: u32,
    /// Its owner's name, or number where there is no name.
    pub owner: OwnerName,
    /// What is in it.
    pub content: Content,
}

/// What is in a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Content {
    /// Valid UTF-8 without NUL, at most 64 KiB.
    Text(String),
    /// Anything else, and what was beyond the 16 MiB of text that an observation keeps.
    Digest {
        /// In bytes.
        size: u64,
        /// In lower-case hexadecimal digits.
        sha256: String,
        /// The same of the content without the hashes of store paths, if there are any in it: what two builds of equal
        /// text have in common.
        without_hashes: Option<String>,
        /// Whether a long sparse file was hashed by its extents (offset, length and bytes of each) and not as a whole.
        by_extents: bool,
    },
}

impl EntryKind {
    /// Whether a device is a `block` or a `character` one, and its numbers as `major:minor`.
    pub fn device(&self) -> Option<(&'static str, String)> {
        let Self::Device {
            block,
            major,
            minor,
        } = self
        else {
            return None;
        };
        let kind = if *block { "block" } else { "character" };
        Some((kind, format!("{major}:{minor}")))
    }

    /// The type of file; links are not followed.
    pub fn file_type(&self) -> FileType {
        match self {
            Self::File(_) | Self::HardLink { .. } => FileType::File,
            Self::Directory | Self::Excluded => FileType::Directory,
            Self::Symlink { .. } => FileType::Symlink,
            Self::Fifo => FileType::Fifo,
            Self::Socket => FileType::Socket,
            Self::Device { .. } => FileType::Device,
        }
    }
}

/// What is found at a path of a home, the path's own directories followed through links.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found<'a> {
    /// An entry of the home itself.
    Entry(&'a Entry),
    /// A file below a link into the store.
    Followed(&'a FileSeen),
    /// A directory below a link into the store.
    FollowedDirectory,
    /// In a directory that was not looked into, or behind a link that was not followed: nobody knows.
    NotLooked,
    /// Nothing.
    Nothing,
}

/// Most links followed to reach a path, as many as Linux follows.
const MAX_LINKS: usize = 40;

impl Home {
    /// What is at `path`, relative to the home (`.config/nvim/init.lua`). The last component is not followed.
    pub fn at(&self, home_directory: &str, path: &str) -> Found<'_> {
        let mut path = escape_name(normal(path).as_bytes());
        for _ in 0..MAX_LINKS {
            if let Some(entry) = self.entry(&path) {
                return Found::Entry(entry);
            }
            match self.through(home_directory, &path) {
                Through::Found(found) => return found,
                Through::Elsewhere(next) => path = next,
            }
        }
        Found::Nothing
    }

    /// What is at `path`, links followed to their end.
    pub fn end(&self, home_directory: &str, path: &str) -> Found<'_> {
        match self.at(home_directory, path) {
            Found::Entry(Entry {
                kind: EntryKind::Symlink { end, .. },
                ..
            }) => match (&end.file, &end.path) {
                (Some(file), _) => Found::Followed(file),
                (None, Some(target)) => match inside(home_directory, target) {
                    Some(inner) => self.entry(inner).map_or(Found::NotLooked, Found::Entry),
                    None if end.tree.is_some() => Found::FollowedDirectory,
                    None => Found::NotLooked,
                },
                (None, None) => Found::Nothing,
            },
            found => found,
        }
    }

    /// The entry at an escaped path; of a file with several names the one that says everything.
    fn entry(&self, path: &str) -> Option<&Entry> {
        let entry = self.entries.get(path)?;
        match &entry.kind {
            EntryKind::HardLink { first } => self.entries.get(first),
            _ => Some(entry),
        }
    }

    /// Goes through the nearest ancestor of `path` that is in the home.
    fn through(&self, home_directory: &str, path: &str) -> Through<'_> {
        let mut cut = path.len();
        while let Some(slash) = path[..cut].rfind('/') {
            cut = slash;
            let Some(entry) = self.entries.get(&path[..cut]) else {
                continue;
            };
            let rest = &path[cut + 1..];
            return match &entry.kind {
                EntryKind::Excluded => Through::Found(Found::NotLooked),
                EntryKind::Symlink { end, .. } => below(end, home_directory, rest),
                _ => Through::Found(Found::Nothing),
            };
        }
        Through::Found(Found::Nothing)
    }
}

enum Through<'a> {
    Found(Found<'a>),
    Elsewhere(String),
}

/// What is at `rest` below a link's end.
fn below<'a>(end: &'a LinkEnd, home_directory: &str, rest: &str) -> Through<'a> {
    if let Some(tree) = &end.tree {
        return Through::Found(in_tree(tree, rest));
    }
    match &end.path {
        None => Through::Found(Found::Nothing),
        Some(target) => match inside(home_directory, target) {
            Some("") => Through::Elsewhere(rest.to_owned()),
            Some(inner) => Through::Elsewhere(format!("{inner}/{rest}")),
            None if end.file.is_some() => Through::Found(Found::Nothing),
            None => Through::Found(Found::NotLooked),
        },
    }
}

/// What is at a path of a directory that a link leads to.
fn in_tree<'a>(tree: &'a BTreeMap<String, Inside>, path: &str) -> Found<'a> {
    let found = |inside: &'a Inside| match &inside.kind {
        InsideKind::File(file) => Found::Followed(file),
        InsideKind::Directory => Found::FollowedDirectory,
        InsideKind::NotFollowed => Found::NotLooked,
    };
    if let Some(inside) = tree.get(path) {
        return found(inside);
    }
    let ancestors = path.match_indices('/').map(|(at, _)| &path[..at]);
    let is_unknown = ancestors
        .filter_map(|ancestor| tree.get(ancestor))
        .any(|inside| inside.kind == InsideKind::NotFollowed);
    if is_unknown {
        Found::NotLooked
    } else {
        Found::Nothing
    }
}

/// A path's part below the home, if it is there.
fn inside<'a>(home_directory: &str, path: &'a str) -> Option<&'a str> {
    let rest = path.strip_prefix(home_directory)?;
    if rest.is_empty() {
        Some(rest)
    } else {
        rest.strip_prefix('/')
    }
}

/// A relative path without `~/`, `./` and slashes at its ends.
fn normal(path: &str) -> &str {
    let path = path.strip_prefix("~/").unwrap_or(path);
    let path = path.strip_prefix("./").unwrap_or(path);
    path.trim_matches('/')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::sample::entry;

    fn link(path: Option<&str>, tree: &[(&str, bool)]) -> Entry {
        let kind = |is_file| match is_file {
            true => InsideKind::File(FileSeen {
                mode: 0o444,
                owner: "root".into(),
                content: Content::Text("x".into()),
            }),
            false => InsideKind::Directory,
        };
        let tree = tree.iter().map(|(path, is_file)| {
            let kind = kind(*is_file);
            ((*path).to_owned(), Inside { link: None, kind })
        });
        let tree: BTreeMap<String, Inside> = tree.collect();
        entry(EntryKind::Symlink {
            target: "t".into(),
            end: Box::new(LinkEnd {
                kind: TargetKind::Store,
                path: path.map(str::to_owned),
                file: None,
                tree: (!tree.is_empty()).then_some(tree),
            }),
        })
    }

    fn home() -> Home {
        let inside = [("lua", false), ("lua/init.lua", true)];
        let entries = [
            ("a", entry(EntryKind::Directory)),
            ("a/b", entry(EntryKind::File(Content::Text("b".into())))),
            ("link", link(Some("/home/alice/a"), &[])),
            ("loop", link(Some("/home/alice/loop"), &[])),
            ("nvim", link(Some("/nix/store/x-nvim"), &inside)),
            ("profile", link(Some("/nix/store/x-env"), &[])),
            (".cache/nix", entry(EntryKind::Excluded)),
        ];
        Home {
            itself: None,
            entries: entries.map(|(path, it)| (path.to_owned(), it)).into(),
        }
    }

    #[test]
    fn paths_are_found_through_links() {
        let home = home();
        let at = |path| home.at("/home/alice", path);
        assert_eq!(at("~/link/b"), at("a/b"));
        assert!(matches!(at("a/b"), Found::Entry(_)));
        assert!(matches!(at("nvim/lua/init.lua"), Found::Followed(_)));
        assert_eq!(at("nvim/lua"), Found::FollowedDirectory);
        assert_eq!(at("nvim/nothing"), Found::Nothing);
        assert_eq!(at("profile/bin/hello"), Found::NotLooked);
        assert_eq!(at(".cache/nix/x"), Found::NotLooked);
        assert_eq!(at("loop/x/y"), Found::Nothing);
        assert_eq!(at("a/b/c"), Found::Nothing);
        assert_eq!(at("zzz"), Found::Nothing);
    }

    #[test]
    fn the_end_of_a_link_is_what_it_leads_to() {
        let home = home();
        let end = home.end("/home/alice", "link");
        assert_eq!(end, Found::Entry(&home.entries["a"]));
        assert_eq!(home.end("/home/alice", "nvim"), Found::FollowedDirectory);
    }
}
