//! Paths of a home, and whose they are.

use std::collections::BTreeMap;
use std::io;

use super::budget::malformed;
use super::fields::Source;
use super::owner_name::OwnerName;
use crate::text::{escape_name, printable_line};

/// Where the store is.
pub(super) const STORE: &str = "/nix/store/";
/// Longest path, in bytes.
pub(super) const PATH_BYTES: usize = 8192;
/// Most paths in a list.
pub(super) const PATHS: usize = 200_000;

/// A member's path relative to the home, escaped; `None` for the home itself.
pub(super) fn relative(path: &[u8]) -> Option<String> {
    let path = path.strip_prefix(b"./").unwrap_or(path);
    let path = path.strip_suffix(b"/").unwrap_or(path);
    (!path.is_empty() && path != b".").then(|| escape_name(path))
}

/// The guest's names of users and groups, by number.
pub(super) struct Owners {
    users: BTreeMap<u64, OwnerName>,
    groups: BTreeMap<u64, OwnerName>,
}

impl Owners {
    /// Reads `/etc/passwd` and `/etc/group`.
    pub(super) fn read(source: &mut Source<'_>) -> io::Result<Self> {
        let users = names(&source.field(1024 * 1024)?);
        let groups = names(&source.field(1024 * 1024)?);
        Ok(Self { users, groups })
    }

    /// Reads an entry's permission bits in octal digits, its owner's number and its group's.
    pub(super) fn of_entry(
        &self,
        source: &mut Source<'_>,
    ) -> io::Result<(u32, OwnerName, OwnerName)> {
        let mode = source.field(8)?;
        let mode = std::str::from_utf8(&mode)
            .ok()
            .and_then(|mode| u32::from_str_radix(mode, 8).ok())
            .ok_or_else(|| malformed("a mode that is no octal number".into()))?;
        let owner = self.user(source.number()?);
        let group = self.group(source.number()?);
        Ok((mode, owner, group))
    }

    /// A user's name, or number where the guest has no name for it.
    pub(super) fn user(&self, uid: u64) -> OwnerName {
        let name = self.users.get(&uid).cloned();
        name.unwrap_or_else(|| uid.to_string().as_str().into())
    }

    /// A group's name, or number where the guest has no name for it.
    pub(super) fn group(&self, gid: u64) -> OwnerName {
        let name = self.groups.get(&gid).cloned();
        name.unwrap_or_else(|| gid.to_string().as_str().into())
    }
}

/// Longest name of a user or group, in bytes, as shadow's tools and systemd have it.
const NAME_BYTES: usize = 255;

/// Names by number; the first name of a number counts, as it does for the guest.
fn names(file: &[u8]) -> BTreeMap<u64, OwnerName> {
    let mut names = BTreeMap::new();
    for line in String::from_utf8_lossy(file).lines() {
        let mut fields = line.split(':');
        if let (Some(name), Some(Ok(number))) = (fields.next(), fields.nth(1).map(str::parse))
            && name.len() <= NAME_BYTES
        {
            // Of a backslash there is nothing to escape: scenarios name users as they are called.
            let name = || printable_line(name).as_str().into();
            names.entry(number).or_insert_with(name);
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_has_the_name_that_scenarios_have() {
        let names =
            names("CORP\\alice:x:1000:1000::/home/a:/bin/sh\na\u{1b}[1mb:x:1001:\n".as_bytes());
        assert_eq!(*names[&1000], *"CORP\\alice");
        assert_eq!(*names[&1001], *"ab");
    }
}
