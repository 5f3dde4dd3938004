//! Packages on a user's login PATH, or in a profile of theirs.

use std::collections::BTreeSet;

use super::text_match::{Mismatch, plain};
use super::who::Who;
use crate::model::{PackageState, Profile};
use crate::observe::{ProfilePackage, Program, with_version};
use crate::suggest::did_you_mean;

/// Checks a package by the name of a program or of the package that has it. One without programs counts where a
/// profile of the user's own has it.
pub(super) fn package(who: Who<'_>, name: &str, state: &PackageState) -> Vec<Mismatch> {
    let offered: Vec<&Program> = who
        .seen
        .programs
        .iter()
        .filter(|program| program.name == name || program.package == name)
        .collect();
    let without_programs: Vec<&ProfilePackage> = who
        .seen
        .packages
        .iter()
        .filter(|it| offered.is_empty() && it.package == name)
        .collect();
    if !without_programs.is_empty() {
        return in_profile(who, name, state, &without_programs);
    }
    match state {
        PackageState::Absent => offered
            .first()
            .map(|program| {
                plain(format!(
                    "expected no profile to put `{name}` on the login PATH of {}, seen {}",
                    who.name,
                    describe(program)
                ))
            })
            .into_iter()
            .collect(),
        PackageState::Present { version, profile } => {
            let winners: Vec<&Program> = offered
                .iter()
                .copied()
                .filter(|program| program.shadowed_by.is_none())
                .collect();
            if winners.is_empty() {
                return vec![missing(who, name, &offered)];
            }
            let fits = |it: &&Program| is_wanted(state, &it.version, it.profile);
            if winners.iter().any(fits) {
                return Vec::new();
            }
            let expected = wanted(name, version.as_deref(), *profile);
            let seen: BTreeSet<String> = winners.iter().map(|it| describe(it)).collect();
            vec![plain(format!(
                "{expected} on the login PATH of {}, seen {}",
                who.name,
                Vec::from_iter(seen).join(" and ")
            ))]
        }
    }
}

/// Whether a package is in the version and from the profile that are asked for.
fn is_wanted(state: &PackageState, version: &str, profile: Option<Profile>) -> bool {
    match state {
        PackageState::Absent => false,
        PackageState::Present {
            version: wanted,
            profile: from,
        } => {
            wanted.as_ref().is_none_or(|wanted| version == wanted)
                && from.is_none_or(|from| profile == Some(from))
        }
    }
}

/// Checks a package that has no programs.
fn in_profile(
    who: Who<'_>,
    name: &str,
    state: &PackageState,
    packages: &[&ProfilePackage],
) -> Vec<Mismatch> {
    let expected = match state {
        PackageState::Absent => format!("expected no profile of {} to have `{name}`", who.name),
        PackageState::Present { version, profile } => {
            let fits = |it: &&ProfilePackage| is_wanted(state, &it.version, Some(it.profile));
            if packages.iter().any(fits) {
                return Vec::new();
            }
            wanted(name, version.as_deref(), *profile)
        }
    };
    let seen = packages.iter().map(|it| {
        let version = with_version(&it.package, &it.version);
        format!("{version} without programs in {}", it.profile.words())
    });
    let seen = seen.collect::<Vec<_>>().join(" and ");
    vec![plain(format!("{expected}, seen {seen}"))]
}

/// What a scenario asks of a package, in words.
fn wanted(name: &str, version: Option<&str>, profile: Option<Profile>) -> String {
    let mut expected = format!("expected `{name}`");
    if let Some(version) = version {
        expected.push_str(&format!(" in version {version}"));
    }
    if let Some(profile) = profile {
        expected.push_str(&format!(" from {}", profile.words()));
    }
    expected
}

/// Nothing that a profile provides is run by that name.
fn missing(who: Who<'_>, name: &str, offered: &[&Program]) -> Mismatch {
    let expected = format!("expected `{name}` on the login PATH of {}", who.name);
    if let Some(program) = offered.first()
        && let Some(shadow) = &program.shadowed_by
    {
        return plain(format!(
            "{expected} from a profile; {} has it, but {shadow}/{} comes first",
            program.directory, program.name
        ));
    }
    if let Some(directory) = who.seen.system_programs.get(name) {
        return plain(format!(
            "{expected} from a profile, seen only {directory}/{name}, which no profile provides"
        ));
    }
    let names: BTreeSet<&str> = who
        .seen
        .programs
        .iter()
        .flat_map(|program| [program.name.as_str(), program.package.as_str()])
        .filter(|name| !name.is_empty())
        .collect();
    Mismatch {
        message: format!(
            "{expected}, and no profile provides it{}",
            did_you_mean(name, names.iter().copied())
        ),
        detail: provided(who),
    }
}

fn describe(program: &Program) -> String {
    let package = match program.package.as_str() {
        "" => String::new(),
        package => format!(" of {}", with_version(package, &program.version)),
    };
    let from = program.profile.map_or("the store", Profile::words);
    format!(
        "{}/{}{package} from {from}",
        program.directory, program.name
    )
}

fn provided(who: Who<'_>) -> String {
    let packages: BTreeSet<&str> = who
        .seen
        .programs
        .iter()
        .map(|program| program.package.as_str())
        .filter(|package| !package.is_empty())
        .collect();
    if packages.is_empty() {
        "profiles provide nothing on this PATH".into()
    } else {
        let list: Vec<&str> = packages.into_iter().take(60).collect();
        format!("profiles provide: {}", list.join(", "))
    }
}
