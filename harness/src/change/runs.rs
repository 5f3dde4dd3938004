//! Which directory's program is run: what became hidden, and what is provided by another directory.

use std::collections::{BTreeMap, BTreeSet};

use super::model::{Lines, PackageChange, PackageTurn, RunsChange, ShadowChange, Turn};
use crate::observe::UserSeen;

/// Programs of profiles that became hidden by others, or are not hidden any more.
pub(super) fn shadowed(before: &UserSeen, after: &UserSeen) -> Vec<ShadowChange> {
    let (old, new) = (hidden(before), hidden(after));
    let turned = new.iter().filter_map(|(place, by)| {
        // One that came and is run is said by its package.
        let by = Turn::between(old.get(place).copied().flatten(), *by)?;
        Some(ShadowChange {
            program: place.0.to_owned(),
            directory: place.1.to_owned(),
            by: by.map(|it| it.map(str::to_owned)),
        })
    });
    turned.collect()
}

/// By name and directory, what hides a program of a profile.
fn hidden(user: &UserSeen) -> BTreeMap<(&str, &str), Option<&str>> {
    user.programs
        .iter()
        .map(|program| {
            let place = (program.name.as_str(), program.directory.as_str());
            (place, program.shadowed_by.as_deref())
        })
        .collect()
}

/// Programs that another directory provides now. What `shadowed` and `packages` say already is left out.
pub(super) fn runs(
    before: &UserSeen,
    after: &UserSeen,
    shadowed: &[ShadowChange],
    packages: &[PackageChange],
) -> Vec<RunsChange> {
    let said: BTreeSet<&str> = shadowed.iter().map(|it| it.program.as_str()).collect();
    let moved: BTreeSet<&str> = packages
        .iter()
        .filter(|it| match &it.turn {
            PackageTurn::Moved { .. } => true,
            PackageTurn::Version { from, .. } => from.is_some(),
            _ => false,
        })
        .map(|it| it.package.as_str())
        .collect();
    let package_of: BTreeMap<&str, &str> = after
        .programs
        .iter()
        .map(|program| (program.name.as_str(), program.package.as_str()))
        .collect();
    let (old, new) = (providers(before), providers(after));
    new.iter()
        .filter(|(program, _)| {
            let package = package_of.get(*program);
            !said.contains(*program) && !package.is_some_and(|package| moved.contains(package))
        })
        .filter_map(|(program, now)| {
            let directory = Turn::between(*old.get(program)?, *now)?;
            Some(RunsChange {
                program: (*program).to_owned(),
                directory: directory.map(str::to_owned),
            })
        })
        .collect()
}

/// The directory that each program is run from.
fn providers(user: &UserSeen) -> BTreeMap<&str, &str> {
    let system = user
        .system_programs
        .iter()
        .map(|(name, directory)| (name.as_str(), directory.as_str()));
    let winners = user
        .programs
        .iter()
        .filter(|program| program.shadowed_by.is_none())
        .map(|program| (program.name.as_str(), program.directory.as_str()));
    // A program of a profile that nothing hides is run, whatever the distribution offers.
    system.chain(winners).collect()
}

/// Programs of the distribution that came or went.
pub(super) fn system_programs(before: &UserSeen, after: &UserSeen) -> Lines {
    let only = |one: &UserSeen, other: &UserSeen| {
        one.system_programs
            .iter()
            .filter(|(name, _)| !other.system_programs.contains_key(*name))
            .map(|(name, directory)| format!("{directory}/{name}"))
            .collect()
    };
    Lines {
        new: only(after, before),
        gone: only(before, after),
    }
}
