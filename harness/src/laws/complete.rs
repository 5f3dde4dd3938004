//! What a switch put in place is whole: no link leads nowhere or into an older generation, no program lacks what it runs with,
//! and no unit failed.

use super::broken::{Broken, broken_by};
use crate::model::{
    Action, Case, Law, Outcome, Part, Profile, SeedFile, Step, TargetKind, UnitState,
};
use crate::observe::{EntryKind, Observation, UserSeen};
use crate::text::escape_name;

/// What of the files of a generation's home its place in the store is called.
const HOME_FILES: &str = "-home-manager-files/";
/// Links that Nix itself makes in a home, and that lead nowhere where nobody uses channels or a profile of their own.
const OF_NIX: [&str; 3] = [
    ".nix-defexpr/channels",
    ".nix-defexpr/channels_root",
    ".nix-profile",
];

/// How the law is broken after a step that activates something, if it is on and the step is one that the scenario wants
/// to succeed.
#[must_use]
pub fn incomplete(case: &Case, step: &Step, seen: &Observation) -> Option<Broken> {
    let activates = match &step.action {
        Action::Switch(switch) => !switch.dry_run,
        Action::Rollback(_) | Action::Generation { .. } => true,
        _ => false,
    };
    let is_tried = case.laws.on.contains(&Law::Complete)
        && step.part == Part::Own
        && activates
        && step.outcome == Outcome::Succeeds;
    if !is_tried {
        return None;
    }
    let several = seen.users.len() > 1;
    let mut found = Vec::new();
    for (name, user) in &seen.users {
        let whose = match several {
            true => format!(" of {name}"),
            false => String::new(),
        };
        found.extend(links(case, name, user).map(|it| format!("link{whose}: {it}")));
        found.extend(unable(user).map(|it| format!("program{whose}: {it}")));
        found.extend(failed_units(user).map(|it| format!("unit{whose}: {it}")));
    }
    broken_by("the switch left something broken", &found)
}

fn links<'a>(
    case: &'a Case,
    name: &'a str,
    user: &'a UserSeen,
) -> impl Iterator<Item = String> + 'a {
    let current = user.generations.home_files.as_deref();
    user.home.entries.iter().filter_map(move |(path, entry)| {
        let EntryKind::Symlink { target, end } = &entry.kind else {
            return None;
        };
        if OF_NIX.contains(&path.as_str()) || is_seeded(case, name, path, target) {
            return None;
        }
        if end.kind == TargetKind::Dangling {
            return Some(format!("{path} -> {target} leads nowhere"));
        }
        let is_older = target.contains(HOME_FILES)
            && current.is_some_and(|current| !target.starts_with(current));
        is_older.then(|| {
            format!("{path} -> {target} leads into a generation that is not the current one")
        })
    })
}

/// Whether a scenario put the link there itself.
fn is_seeded(case: &Case, user: &str, path: &str, target: &str) -> bool {
    let seeds = case.steps.iter().filter_map(|step| match &step.action {
        Action::Seed { user: whose, files } if whose == user => Some(files),
        _ => None,
    });
    let mut links = seeds.flatten().filter_map(|(path, file)| match file {
        SeedFile::Symlink { target } => Some((path, target)),
        _ => None,
    });
    links.any(|(seeded, to)| {
        escape_name(seeded.as_bytes()) == path && escape_name(to.as_bytes()) == target
    })
}

/// Programs of the user's own profiles; a system's are not what a home brings.
fn unable(user: &UserSeen) -> impl Iterator<Item = String> {
    let own = [Some(Profile::User), Some(Profile::PerUser)];
    let programs = user.programs.iter();
    programs
        .filter(move |it| own.contains(&it.profile))
        .filter_map(|it| {
            Some(format!(
                "{} cannot be executed: {}",
                it.name,
                it.unable.as_ref()?
            ))
        })
}

fn failed_units(user: &UserSeen) -> impl Iterator<Item = String> {
    let units = user.units.iter().flatten();
    units
        .filter(|(_, unit)| unit.state == UnitState::Failed)
        .map(|(name, unit)| format!("{name} failed ({})", unit.sub_state))
}
