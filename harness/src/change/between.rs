//! Computing a change.

use std::collections::BTreeSet;

use super::home::home;
use super::left_behind::left_behind;
use super::messages::{difference, messages};
use super::model::{Change, Lines, Numbers, Presence, Turn, UserChange};
use super::own_programs::{is_told_by, own_programs};
use super::packages::packages;
use super::runs::{runs, shadowed, system_programs};
use super::session::{commands, variables};
use super::stores::Rebuilds;
use super::units::units;
use crate::model::{Action, Step};
use crate::observe::{Generations, Observation, ProfileSeen, UserSeen};

impl Change {
    /// What differs between two observations, `before` and `after` being of any machines. What steps printed is compared
    /// only where `evaluated`, that is, where both come from steps that evaluate a setup.
    #[must_use]
    pub fn between(before: &Observation, after: &Observation, evaluated: bool) -> Self {
        let names: BTreeSet<&String> = before.users.keys().chain(after.users.keys()).collect();
        let nothing = UserSeen::default();
        let users = names
            .into_iter()
            .map(|name| {
                let (was, is) = (before.users.get(name), after.users.get(name));
                let mut change = user(name, was.unwrap_or(&nothing), is.unwrap_or(&nothing));
                change.presence = match (was, is) {
                    (None, _) => Presence::Appeared,
                    (_, None) => Presence::Gone,
                    _ => Presence::Both,
                };
                (name.clone(), change)
            })
            .filter(|(_, change)| *change != UserChange::default())
            .collect();
        let status = evaluated && before.output.status != after.output.status;
        Self {
            status: status.then_some(Turn {
                before: before.output.status,
                after: after.output.status,
            }),
            warnings: match evaluated {
                true => difference(&before.warnings, &after.warnings),
                false => Lines::default(),
            },
            messages: match evaluated {
                true => messages(before, after),
                false => Lines::default(),
            },
            users,
            system: profile(before.system.as_ref(), after.system.as_ref()),
        }
    }

    /// What a step changed, `before` having been seen after the step `earlier`. `None` where one of them was not looked
    /// at, so that only what the step printed is known.
    #[must_use]
    pub fn of_step(
        earlier: &Step,
        before: &Observation,
        step: &Step,
        after: &Observation,
    ) -> Option<Self> {
        if before.users.is_empty() || after.users.is_empty() {
            return None;
        }
        let evaluates = |step: &Step| matches!(step.action, Action::Switch(_) | Action::Build(_));
        Some(Self::between(
            before,
            after,
            evaluates(earlier) && evaluates(step),
        ))
    }
}

fn user(name: &str, before: &UserSeen, after: &UserSeen) -> UserChange {
    let mut rebuilds = Rebuilds::default();
    let packages = packages(before, after, &mut rebuilds);
    let shadowed = shadowed(before, after);
    let runs = runs(before, after, &shadowed, &packages);
    let home = home(name, before, after, &mut rebuilds);
    let mut files = home.files;
    let variables = variables(before, after, &mut rebuilds);
    let mut own_programs = own_programs(before, after, &mut rebuilds);
    own_programs.retain(|file| !is_told_by(&variables, file));
    let left_behind = left_behind(before, after, &files, &variables);
    let units = units(before, after, &mut files);
    let (old, new) = (numbers(&before.generations), numbers(&after.generations));
    let profiles = before.profiles.keys().chain(after.profiles.keys());
    UserChange {
        presence: Presence::Both,
        packages,
        shadowed,
        runs,
        own_programs,
        system_programs: system_programs(before, after),
        variables,
        commands: commands(before, after),
        generations: (old != new).then_some(Turn {
            before: old,
            after: new,
        }),
        profiles: profiles
            .filter_map(|name| {
                let change = profile(before.profiles.get(name), after.profiles.get(name))?;
                Some((*name, change))
            })
            .collect(),
        links: home.links,
        left_behind,
        units,
        files,
        rebuilt: rebuilds.finish(),
    }
}

fn numbers(generations: &Generations) -> Numbers {
    Numbers {
        all: generations.numbers.clone(),
        current: generations.current,
    }
}

fn profile(
    before: Option<&ProfileSeen>,
    after: Option<&ProfileSeen>,
) -> Option<Turn<Option<Numbers>>> {
    let of = |seen: Option<&ProfileSeen>| {
        seen.map(|seen| Numbers {
            all: seen.generations.clone(),
            current: seen.current,
        })
    };
    let (before, after) = (of(before), of(after));
    (before != after).then_some(Turn { before, after })
}
