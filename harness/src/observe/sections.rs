//! What the script of root sends: the guest's users, its profiles, and each home.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use super::budget::malformed;
use super::commands::read_variables;
use super::fields::Source;
use super::follow::{Links, attach};
use super::home::{Entry, EntryKind, Home, LinkEnd};
use super::observation::ProfilePackage;
use super::paths::{Owners, PATH_BYTES, PATHS, relative};
use super::profile_packages::read_profile_packages;
use super::script::{HOMES_MAGIC, REPLACED_BYTES};
use super::tarball::{Member, MemberKind, read_tar, tar_status};
use crate::model::TargetKind;
use crate::text::{escape_name, printable_line};

/// All that the script of root sent.
#[derive(Debug, Default)]
pub(super) struct Homes {
    /// The names in the store that the image brought along.
    pub(super) image_paths: BTreeSet<String>,
    /// What of the host the machine has instead, a line each.
    pub(super) replaced: Vec<String>,
    /// Links in the directories of the system's profiles: path and target.
    pub(super) profile_links: BTreeMap<String, String>,
    /// By login name.
    pub(super) users: BTreeMap<String, UserHome>,
}

/// A user's home.
#[derive(Debug, Default)]
pub(super) struct UserHome {
    /// Its absolute path; empty when the guest does not know the user.
    pub(super) directory: String,
    /// `None` when there is no such directory.
    pub(super) home: Option<Home>,
    /// The variables of a login session of theirs before the first step.
    pub(super) baseline: BTreeMap<String, String>,
    /// The store path of the files of the current Home Manager generation.
    pub(super) home_files: Option<String>,
    /// The store path that the user's own Nix profile stands for.
    pub(super) profile: Option<String>,
    /// The packages of the user's own profiles.
    pub(super) packages: Vec<ProfilePackage>,
}

/// Parses the stream to its end.
pub(super) fn read_homes(source: &mut Source<'_>, users: usize) -> io::Result<Homes> {
    source.expect(HOMES_MAGIC)?;
    let owners = Owners::read(source)?;
    let image_paths = source.list(PATHS, PATH_BYTES)?;
    let mut homes = Homes {
        image_paths: image_paths.iter().map(|name| escape_name(name)).collect(),
        ..Homes::default()
    };
    loop {
        let path = source.field(PATH_BYTES)?;
        if path.is_empty() {
            break;
        }
        let target = source.field(PATH_BYTES)?;
        if homes.profile_links.len() == PATHS {
            return Err(malformed("too many profile links".into()));
        }
        homes
            .profile_links
            .insert(escape_name(&path), escape_name(&target));
    }
    for _ in 0..users {
        let name = String::from_utf8_lossy(&source.field(256)?).into_owned();
        let home = read_home(source, &owners)?;
        homes.users.insert(name, home);
    }
    let replaced = source.field(REPLACED_BYTES)?;
    let replaced = String::from_utf8_lossy(&replaced);
    homes.replaced = replaced.lines().map(printable_line).collect();
    source.expect("done")?;
    Ok(homes)
}

fn read_home(source: &mut Source<'_>, owners: &Owners) -> io::Result<UserHome> {
    let mut seen = UserHome {
        directory: escape_name(&source.field(PATH_BYTES)?),
        baseline: read_variables(source)?,
        ..UserHome::default()
    };
    match source.field(16)?.as_slice() {
        b"present" => {}
        b"missing" => return Ok(seen),
        other => return Err(malformed(format!("a home that is {}", escape_name(other)))),
    }
    let mut home = Home::default();
    specials(source, owners, &mut home)?;
    let links = Links::read(source)?;
    for place in [&mut seen.home_files, &mut seen.profile] {
        let path = source.list(1, PATH_BYTES)?.pop();
        *place = path.map(|path| escape_name(&path));
    }
    seen.packages = read_profile_packages(source)?;
    let mut names = HardLinks::default();
    read_tar(source, |member| {
        add(&mut home, &mut names, owners, member);
        Ok(())
    })?;
    tar_status(source)?;
    names.resolve(&mut home);
    attach(source, &mut home, links, seen.home_files.as_deref(), owners)?;
    tar_status(source)?;
    seen.home = Some(home);
    Ok(seen)
}

/// What tar does not say: sockets and what was left out.
fn specials(source: &mut Source<'_>, owners: &Owners, home: &mut Home) -> io::Result<()> {
    loop {
        let kind = match source.field(8)?.as_slice() {
            b"" => return Ok(()),
            b"x" => EntryKind::Excluded,
            b"s" => EntryKind::Socket,
            other => return Err(malformed(format!("a path of kind {}", escape_name(other)))),
        };
        let path = escape_name(&source.field(PATH_BYTES)?);
        let (mode, owner, group) = owners.of_entry(source)?;
        if home.entries.len() == PATHS {
            return Err(malformed("too many sockets".into()));
        }
        let attributes = BTreeMap::new();
        let entry = Entry {
            kind,
            mode,
            owner,
            group,
            attributes,
        };
        home.entries.insert(path, entry);
    }
}

fn add(home: &mut Home, names: &mut HardLinks, owners: &Owners, member: Member) {
    let path = relative(&member.path);
    let kind = match member.kind {
        MemberKind::File(content) => EntryKind::File(content),
        MemberKind::HardLink => {
            names.add(path, relative(&member.link));
            return;
        }
        MemberKind::Symlink => EntryKind::Symlink {
            target: escape_name(&member.link),
            end: LinkEnd::new(TargetKind::Dangling),
        },
        MemberKind::Directory => EntryKind::Directory,
        MemberKind::Fifo => EntryKind::Fifo,
        MemberKind::Device {
            block,
            major,
            minor,
        } => EntryKind::Device {
            block,
            major,
            minor,
        },
    };
    let entry = Entry {
        kind,
        mode: member.mode,
        owner: owners.user(member.uid),
        group: owners.group(member.gid),
        attributes: member.attributes,
    };
    match path {
        Some(path) => {
            home.entries.insert(path, entry);
        }
        None => home.itself = Some(entry),
    }
}

/// Files with several names, by the name that tar said first, which is whichever a directory lists first.
#[derive(Default)]
struct HardLinks(BTreeMap<String, Vec<String>>);

impl HardLinks {
    fn add(&mut self, path: Option<String>, first: Option<String>) {
        if let (Some(path), Some(first)) = (path, first) {
            self.0.entry(first).or_default().push(path);
        }
    }

    /// Makes the bytewise first name the one that says everything: tar's order differs between file systems.
    fn resolve(self, home: &mut Home) {
        for (told, mut paths) in self.0 {
            let Some(entry) = home.entries.remove(&told) else {
                continue;
            };
            paths.push(told);
            paths.sort();
            let mut paths = paths.into_iter();
            let Some(first) = paths.next() else { continue };
            let plain = Entry {
                kind: EntryKind::HardLink {
                    first: first.clone(),
                },
                attributes: BTreeMap::new(),
                ..entry.clone()
            };
            for path in paths {
                home.entries.insert(path, plain.clone());
            }
            home.entries.insert(first, entry);
        }
    }
}
