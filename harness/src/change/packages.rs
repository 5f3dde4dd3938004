//! Packages on the login PATH and in the user's profiles: which came, went, have another version or are in another profile.

use std::collections::{BTreeMap, BTreeSet};

use super::model::{Lines, PackageChange, PackageTurn, Provider, Turn};
use super::stores::Rebuilds;
use crate::model::Profile;
use crate::observe::UserSeen;

/// A package as one profile offers it.
#[derive(Debug, Default, Clone)]
struct Offer<'a> {
    programs: BTreeSet<&'a str>,
    store_paths: BTreeSet<&'a str>,
}

/// A package's version in a profile.
type Place<'a> = (Option<Profile>, &'a str);

type Offers<'a> = BTreeMap<Place<'a>, Offer<'a>>;

/// Compares what profiles offer.
pub(super) fn packages(
    before: &UserSeen,
    after: &UserSeen,
    rebuilds: &mut Rebuilds,
) -> Vec<PackageChange> {
    let (mut old, mut new) = (by_package(before), by_package(after));
    let names: BTreeSet<&str> = old.keys().chain(new.keys()).copied().collect();
    let mut found = Vec::new();
    for name in names {
        let old = old.remove(name).unwrap_or_default();
        let new = new.remove(name).unwrap_or_default();
        package(name, old, new, rebuilds, &mut found);
    }
    found
}

fn by_package(user: &UserSeen) -> BTreeMap<&str, Offers<'_>> {
    let mut all: BTreeMap<&str, Offers<'_>> = BTreeMap::new();
    for program in &user.programs {
        let place = (program.profile, program.version.as_str());
        let offer = all
            .entry(&program.package)
            .or_default()
            .entry(place)
            .or_default();
        offer.programs.insert(&program.name);
        offer.store_paths.extend(program.store_path.as_deref());
    }
    // Those without programs.
    for package in &user.packages {
        let place = (Some(package.profile), package.version.as_str());
        let offers = all.entry(&package.package).or_default();
        let offer = offers.entry(place).or_default();
        if offer.programs.is_empty() {
            offer.store_paths.insert(&package.store_path);
        }
    }
    all
}

fn package<'a>(
    name: &str,
    mut old: Offers<'a>,
    mut new: Offers<'a>,
    rebuilds: &mut Rebuilds,
    found: &mut Vec<PackageChange>,
) {
    let mut add = |profile: Option<Profile>, turn: PackageTurn| {
        found.push(PackageChange {
            package: name.to_owned(),
            profile,
            turn,
        });
    };
    // The same place first, then the same profile, then the same version elsewhere, then any two.
    let pairings: [fn(&Place<'_>, &Place<'_>) -> bool; 4] = [
        |before, after| before == after,
        |before, after| before.0 == after.0,
        |before, after| before.1 == after.1,
        |_, _| true,
    ];
    for fits in pairings {
        let places: Vec<Place<'a>> = new.keys().copied().collect();
        for place in places {
            let Some(&from) = old.keys().find(|from| fits(from, &place)) else {
                continue;
            };
            let (Some(before), Some(after)) = (old.remove(&from), new.remove(&place)) else {
                continue;
            };
            if let Some(turn) = turn(from, &before, place, &after) {
                add(place.0, turn);
            }
            if from.1 == place.1 {
                rebuilt(&before, &after, rebuilds);
            }
        }
    }
    for ((profile, version), offer) in old {
        let (version, programs) = (version.to_owned(), owned(&offer.programs));
        add(profile, PackageTurn::Gone { version, programs });
    }
    for ((profile, version), offer) in new {
        let (version, programs) = (version.to_owned(), owned(&offer.programs));
        add(profile, PackageTurn::Appeared { version, programs });
    }
}

fn turn(
    from: Place<'_>,
    before: &Offer<'_>,
    to: Place<'_>,
    after: &Offer<'_>,
) -> Option<PackageTurn> {
    let programs = Lines {
        new: owned(after.programs.difference(&before.programs)),
        gone: owned(before.programs.difference(&after.programs)),
    };
    let came_from = (from.0 != to.0).then(|| provider(from.0));
    if from.1 != to.1 {
        return Some(PackageTurn::Version {
            versions: Turn {
                before: from.1.to_owned(),
                after: to.1.to_owned(),
            },
            programs,
            from: came_from,
        });
    }
    let version = to.1.to_owned();
    match came_from {
        Some(from) => Some(PackageTurn::Moved {
            version,
            from,
            programs,
        }),
        None if programs.is_empty() => None,
        None => Some(PackageTurn::Programs { version, programs }),
    }
}

/// Store paths of one side that are not on the other are other builds of the same.
fn rebuilt(before: &Offer<'_>, after: &Offer<'_>, rebuilds: &mut Rebuilds) {
    for old in before.store_paths.difference(&after.store_paths) {
        for new in after.store_paths.difference(&before.store_paths) {
            rebuilds.note(old, new);
        }
    }
}

fn provider(profile: Option<Profile>) -> Provider {
    profile.map_or(Provider::Store, Provider::Profile)
}

fn owned<'a>(names: impl IntoIterator<Item = &'a &'a str>) -> Vec<String> {
    names.into_iter().map(|name| (*name).to_owned()).collect()
}
