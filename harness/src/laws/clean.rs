//! Removing Home Manager gives back the home as it was seeded.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use super::broken::{Broken, broken_by};
use super::place::{Deed, Place};
use crate::model::{
    Action, Case, Check, Edit, Expectation, InitialHome, Install, SeedFile, Session, Switch,
};
use crate::observe::{Content, EntryKind, Home, Observation, UserSeen};
use crate::text::escape_name;

/// What Debian puts into a new home.
const SKELETON: [&str; 3] = [".bash_logout", ".bashrc", ".profile"];
/// What Nix keeps for each of its users, and what the command `home-manager` keeps.
const KEPT: [&str; 6] = [
    ".cache/nix",
    ".local/share/home-manager/news-read-ids",
    ".local/state/nix",
    ".nix-channels",
    ".nix-defexpr",
    ".nix-profile",
];

/// What says whether a file of the skeleton is as the distribution has it.
fn comparison(file: &str) -> String {
    format!("cmp -s \"$HOME/{file}\" /etc/skel/{file}")
}

/// The comparisons of the skeleton's files with what the distribution has, of homes that began with them.
fn unchanged_skeleton(place: &Place<'_>) -> Vec<Expectation> {
    let only = place.switch.target.user.as_deref();
    let line = place.case.steps[place.at].line;
    let users = place.case.users.iter().map(|user| user.name.as_str());
    users
        .filter(|user| only.is_none_or(|only| only == *user))
        .filter(|user| is_skeleton(place.case, user))
        .flat_map(|user| SKELETON.map(|file| (user, file)))
        .map(|(user, file)| Expectation {
            check: Check::Command {
                command: comparison(file),
                without_guests: false,
                session: Session::Login,
                exit: 0,
                stdout: Vec::new(),
                stderr: Vec::new(),
            },
            user: Some(user.to_owned()),
            within_s: None,
            line,
        })
        .collect()
}

fn is_skeleton(case: &Case, user: &str) -> bool {
    let mut users = case.users.iter();
    users.any(|it| it.name == user && it.home == InitialHome::Skeleton)
}

/// What removes Home Manager: its own command, or of a described host a switch to that host without homes.
pub(super) fn deed(place: &Place<'_>) -> Option<Deed> {
    let switch = place.switch;
    let action = match switch.target.install {
        Install::Standalone => Action::Uninstall {
            target: switch.target.clone(),
            env: BTreeMap::new(),
        },
        Install::NixosModule | Install::DarwinModule => Action::Switch(Switch {
            flake: switch.first_host.clone()?,
            first_host: None,
            other_way: None,
            options: Vec::new(),
            ..switch.clone()
        }),
    };
    Some(Deed {
        action,
        against: place.at,
        expect: unchanged_skeleton(place),
    })
}

pub(super) fn judge(case: &Case, after: &Observation) -> Option<Broken> {
    let removed = &case.steps.last()?.action;
    let is_removed_from = |user: &str| removed.typed_by().is_none_or(|typed| typed == user);
    let users = after.users.iter().filter(|(user, _)| is_removed_from(user));
    let found = users.flat_map(|(user, seen)| {
        let whose = match after.users.len() {
            1 => String::new(),
            _ => format!("{user}: "),
        };
        let left = left_of(case, user, seen).into_iter();
        left.map(move |what| format!("{whose}{what}"))
    });
    broken_by(
        "without Home Manager the home is not what it was before",
        &found.collect::<Vec<_>>(),
    )
}

/// What is not as it was in a user's home.
fn left_of(case: &Case, user: &str, seen: &UserSeen) -> Vec<String> {
    let own = Own::of(case, user);
    let mut found = own.missing(&seen.home);
    found.extend(own.other_skeleton(seen));
    found.extend(own.left_over(&seen.home));
    if !seen.generations.numbers.is_empty() {
        found.push(format!(
            "{} generations are left",
            seen.generations.numbers.len()
        ));
    }
    found
}

/// What a user had in their home before the switch, by escaped path; a content is `None` where nobody knows it.
struct Own {
    files: BTreeMap<String, Option<SeedFile>>,
    /// Those of them that the distribution put there, and no step of the scenario.
    skeleton: BTreeSet<String>,
    /// Whether commands ran that may have done anything to it.
    is_open: bool,
}

impl Own {
    fn of(case: &Case, user: &str) -> Self {
        let skeleton = match is_skeleton(case, user) {
            true => &SKELETON[..],
            false => &[],
        };
        let mut own = Self {
            files: skeleton
                .iter()
                .map(|name| ((*name).to_owned(), None))
                .collect(),
            skeleton: skeleton.iter().map(|name| (*name).to_owned()).collect(),
            is_open: false,
        };
        for step in &case.steps {
            own.after(&step.action, user);
        }
        own
    }

    fn after(&mut self, action: &Action, whose: &str) {
        match action {
            Action::Seed { user, files } if user == whose => {
                self.skeleton.retain(|path| !files.contains_key(path));
                let seeded = files.iter();
                self.files.extend(
                    seeded.map(|(path, file)| (escape_name(path.as_bytes()), Some(file.clone()))),
                );
            }
            Action::Edit { user, path, change } if user == whose => {
                let path = escape_name(path.as_bytes());
                self.skeleton.remove(&path);
                match change {
                    Edit::Remove => drop(self.files.remove(&path)),
                    Edit::Replace(_) | Edit::Append(_) => drop(self.files.insert(path, None)),
                }
            }
            Action::Run { user, .. } if user.as_deref().is_none_or(|user| user == whose) => {
                self.is_open = true;
            }
            _ => {}
        }
    }

    /// What is not there any more, or not as it was.
    fn missing(&self, home: &Home) -> Vec<String> {
        if self.is_open {
            return Vec::new();
        }
        let lost = self.files.iter().filter_map(|(path, file)| {
            let Some(entry) = home.entries.get(path) else {
                return Some(format!("{path} is gone"));
            };
            let is_same = match (file, &entry.kind) {
                (_, EntryKind::HardLink { .. }) => true,
                (None, kind) => !matches!(kind, EntryKind::Symlink { .. }),
                (Some(SeedFile::Regular { bytes, executable }), EntryKind::File(content)) => {
                    is_content(bytes, content) && *executable == (entry.mode & 0o100 != 0)
                }
                (Some(SeedFile::Symlink { target }), EntryKind::Symlink { target: is, .. }) => {
                    escape_name(target.as_bytes()) == *is
                }
                (Some(SeedFile::Directory), kind) => matches!(kind, EntryKind::Directory),
                _ => false,
            };
            (!is_same).then(|| format!("{path} is another one"))
        });
        lost.collect()
    }

    /// Files of the skeleton that nothing but a switch had to do with, and that are other ones now.
    fn other_skeleton(&self, seen: &UserSeen) -> Vec<String> {
        let differs = |file: &&str| {
            let command = comparison(file);
            let mut told = seen.commands.iter();
            told.any(|it| it.command == command && it.no_login.is_none() && it.status == 1)
        };
        let is_untouched = |file: &&str| self.skeleton.contains(*file) && !self.is_open;
        let other = SKELETON
            .iter()
            .copied()
            .filter(is_untouched)
            .filter(differs);
        other.map(|file| format!("{file} is another one")).collect()
    }

    /// What is there and was not, folders left out: an empty one is nobody's.
    fn left_over(&self, home: &Home) -> Vec<String> {
        let is_own = |path: &str| self.files.contains_key(path) || is_kept(path);
        let other: BTreeSet<&String> = home
            .entries
            .iter()
            .filter(|(_, entry)| match &entry.kind {
                EntryKind::Directory | EntryKind::Excluded => false,
                EntryKind::Symlink { .. } => true,
                _ => !self.is_open,
            })
            .map(|(path, _)| path)
            .filter(|path| !is_own(path))
            .collect();
        other
            .into_iter()
            .map(|path| format!("{path} is left"))
            .collect()
    }
}

/// Whether Nix or the command `home-manager` keeps what is at a path.
pub(super) fn is_kept(path: &str) -> bool {
    KEPT.iter().any(|kept| {
        let rest = path.strip_prefix(kept);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

fn is_content(bytes: &[u8], content: &Content) -> bool {
    match content {
        Content::Text(text) => text.as_bytes() == bytes,
        Content::Digest {
            by_extents: false,
            sha256,
            ..
        } => *sha256 == format!("{:x}", Sha256::digest(bytes)),
        // A seed is never so long that it is hashed by its extents.
        Content::Digest { .. } => false,
    }
}
