//! What a host builds images with: as root or in a user namespace, and whether it has all that this takes.

use std::{env, fs};

use super::{Definition, ImageError};
use crate::accel::find_program;
use crate::process::OrphanSignal;

/// How the host lets the build be root inside the guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// It is root.
    Root,
    /// An ordinary user, in a user namespace.
    Unshare,
}

impl Mode {
    pub(super) fn of_this_process() -> Self {
        if rustix::process::geteuid().is_root() {
            Self::Root
        } else {
            Self::Unshare
        }
    }

    /// Of the file that becomes the guest's disk. The root of a namespace is another user than the one who runs this, and
    /// opens it through a descriptor that it is given; by its name nobody else reaches it.
    pub(super) fn root_file_mode(self) -> u32 {
        match self {
            Self::Root => 0o600,
            Self::Unshare => 0o666,
        }
    }

    /// `unshare --fork` lets polite signals pass it by, and its whole namespace dies with it; mmdebstrap takes down by
    /// itself what it has built up.
    pub(super) fn orphan_signal(self) -> OrphanSignal {
        match self {
            Self::Root => OrphanSignal::Kill,
            Self::Unshare => OrphanSignal::Terminate,
        }
    }
}

/// Whether this host can build the image of a definition: its programs are there, and an ordinary user has ids to lend.
/// Says so before anything is fetched.
pub fn can_build(definition: &Definition) -> Result<(), ImageError> {
    if !definition.has("pocket/build") {
        return Err(ImageError::Incomplete("pocket/build"));
    }
    let mut needed = vec!["mmdebstrap", "mke2fs", "unshare", "tar"];
    if Mode::of_this_process() == Mode::Unshare {
        needed.extend(["newuidmap", "newgidmap"]);
    }
    needed.retain(|program| find_program(program).is_none());
    if !needed.is_empty() {
        return Err(ImageError::MissingPrograms(
            needed.into_iter().map(str::to_owned).collect(),
        ));
    }
    if Mode::of_this_process() == Mode::Unshare {
        for (kind, file) in [("user ids", "/etc/subuid"), ("group ids", "/etc/subgid")] {
            if !lends_ids(&fs::read_to_string(file).unwrap_or_default()) {
                return Err(ImageError::NoSubordinateIds(kind));
            }
        }
    }
    Ok(())
}

/// Whether a file of subordinate ids names this process's user, by name or by number.
fn lends_ids(text: &str) -> bool {
    let uid = rustix::process::getuid().as_raw().to_string();
    let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let login = passwd
        .lines()
        .find(|line| line.split(':').nth(2) == Some(&uid))
        .and_then(|line| line.split(':').next());
    // A user from a directory service has no line there; the session's own name serves as well.
    let login = login.map(str::to_owned).or_else(|| env::var("USER").ok());
    text.lines()
        .filter_map(|line| line.split(':').next())
        .any(|name| name == uid || Some(name) == login.as_deref())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::definition;

    #[test]
    fn a_build_without_a_channel_is_refused_before_it_begins() {
        let error = can_build(&definition().without("pocket/")).unwrap_err();
        assert!(
            matches!(error, ImageError::Incomplete("pocket/build")),
            "{error}"
        );
    }

    #[test]
    fn subordinate_ids_are_found_by_name_or_number() {
        let uid = rustix::process::getuid().as_raw();
        assert!(lends_ids(&format!("other:1:2\n{uid}:100000:65536\n")));
        assert!(!lends_ids("someone-else:100000:65536\n"));
        assert!(!lends_ids(""));
    }
}
