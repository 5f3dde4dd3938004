//! Generations, read off the links that Nix keeps profiles in.

use std::collections::BTreeMap;

use super::home::{EntryKind, Home};
use super::observation::{Generations, ProfileSeen};
use super::sections::{Homes, UserHome};
use crate::model::Profile;
use crate::text::escape_name;

/// Where Nix keeps profiles of the system, of all users and of single users.
const SYSTEM_PROFILES: &str = "/nix/var/nix/profiles";
/// Where Nix keeps a user's profiles, in their home.
const USER_PROFILES: &str = ".local/state/nix/profiles";

/// Home Manager's generations: from the home, or from the place older versions of Nix kept them in.
pub(super) fn generations(homes: &Homes, user: &str, seen: &UserHome) -> Generations {
    let links = user_links(homes, user, seen, "home-manager");
    let (numbers, current) = numbered(&links, "home-manager");
    Generations {
        numbers,
        current,
        home_files: seen.home_files.clone(),
    }
}

/// The profiles that exist for a user.
pub(super) fn profiles(
    homes: &Homes,
    user: &str,
    seen: &UserHome,
) -> BTreeMap<Profile, ProfileSeen> {
    let mut profiles = BTreeMap::new();
    if let Some(store_path) = &seen.profile {
        let (generations, current) = numbered(&user_links(homes, user, seen, "profile"), "profile");
        profiles.insert(
            Profile::User,
            ProfileSeen {
                generations,
                current,
                store_path: Some(store_path.clone()),
            },
        );
    }
    let per_user = format!("/etc/profiles/per-user/{}", escape_name(user.as_bytes()));
    if let Some(target) = homes.profile_links.get(&per_user) {
        profiles.insert(
            Profile::PerUser,
            ProfileSeen {
                store_path: Some(target.clone()),
                ..ProfileSeen::default()
            },
        );
    }
    if let Some(seen) = system_profile(homes, "default") {
        profiles.insert(Profile::Default, seen);
    }
    profiles
}

/// A profile of the machine: `system` or `default`.
pub(super) fn system_profile(homes: &Homes, name: &str) -> Option<ProfileSeen> {
    let links = below(&homes.profile_links, &format!("{SYSTEM_PROFILES}/"));
    let (generations, current) = numbered(&links, name);
    let link = current.map_or_else(|| name.to_owned(), |number| format!("{name}-{number}-link"));
    let store_path = links.get(link.as_str()).map(|target| (*target).to_owned());
    (!generations.is_empty() || links.contains_key(name)).then_some(ProfileSeen {
        generations,
        current,
        store_path,
    })
}

/// The links of a user's profile directory that has a profile of this name.
fn user_links<'a>(
    homes: &'a Homes,
    user: &str,
    seen: &'a UserHome,
    name: &str,
) -> BTreeMap<&'a str, &'a str> {
    let at_home = seen.home.as_ref().map(home_links).unwrap_or_default();
    if at_home.contains_key(name) {
        return at_home;
    }
    below(
        &homes.profile_links,
        &format!(
            "{SYSTEM_PROFILES}/per-user/{}/",
            escape_name(user.as_bytes())
        ),
    )
}

fn home_links(home: &Home) -> BTreeMap<&str, &str> {
    home.entries
        .iter()
        .filter_map(|(path, entry)| {
            let name = path.strip_prefix(USER_PROFILES)?.strip_prefix('/')?;
            match &entry.kind {
                EntryKind::Symlink { target, .. } if !name.contains('/') => {
                    Some((name, target.as_str()))
                }
                _ => None,
            }
        })
        .collect()
}

fn below<'a>(links: &'a BTreeMap<String, String>, directory: &str) -> BTreeMap<&'a str, &'a str> {
    links
        .iter()
        .filter_map(|(path, target)| {
            let name = path.strip_prefix(directory)?;
            (!name.contains('/')).then_some((name, target.as_str()))
        })
        .collect()
}

/// The numbers of a profile's generations, ascending, and the current one: `NAME-N-link`, and where `NAME` points.
fn numbered(links: &BTreeMap<&str, &str>, name: &str) -> (Vec<u32>, Option<u32>) {
    let number = |link: &str| -> Option<u32> {
        let link = link.rsplit('/').next()?;
        link.strip_prefix(name)?
            .strip_prefix('-')?
            .strip_suffix("-link")?
            .parse()
            .ok()
    };
    let mut numbers: Vec<u32> = links.keys().filter_map(|link| number(link)).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let current = links.get(name).and_then(|target| number(target));
    (numbers, current)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_the_current_one_come_from_the_links() {
        let links = BTreeMap::from([
            ("home-manager", "home-manager-10-link"),
            ("home-manager-9-link", "/nix/store/a"),
            ("home-manager-10-link", "/nix/store/b"),
            ("profile-1-link", "/nix/store/c"),
            ("home-manager-x-link", "/nix/store/d"),
        ]);
        assert_eq!(numbered(&links, "home-manager"), (vec![9, 10], Some(10)));
        assert_eq!(numbered(&links, "profile"), (vec![1], None));
    }
}
