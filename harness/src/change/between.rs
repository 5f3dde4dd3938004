//! Computing a change.

use super::home::home;
use super::join::join;
use super::left_behind::left_behind;
use super::messages::{difference, messages};
use super::model::{Change, Numbers, Presence, Turn, UserChange};
use super::own_programs::{is_told_by, own_programs};
use super::packages::packages;
use super::runs::{runs, shadowed, system_programs};
use super::stores::Rebuilds;
use super::units::units;
use super::variables::{commands, variables};
use crate::model::{Action, Step};
use crate::observe::{Observation, ProfileSeen, UserSeen};

impl Change {
    /// What differs between two observations, `before` and `after` being of any machines. What steps printed is compared
    /// only where `evaluated`, that is, where both come from steps that evaluate a setup.
    #[must_use]
    pub fn between(before: &Observation, after: &Observation, evaluated: bool) -> Self {
        let nothing = UserSeen::default();
        let user = |(name, was, is): (&String, Option<_>, Option<_>)| {
            let presence = match (was, is) {
                (None, _) => Presence::Appeared,
                (_, None) => Presence::Gone,
                _ => Presence::Both,
            };
            let change = user(name, was.unwrap_or(&nothing), is.unwrap_or(&nothing));
            (name.clone(), UserChange { presence, ..change })
        };
        let users = join(&before.users, &after.users).map(user);
        let mut change = Self {
            users: users
                .filter(|(_, change)| *change != UserChange::default())
                .collect(),
            system: profile(before.system.as_ref(), after.system.as_ref()),
            ..Self::default()
        };
        if evaluated {
            change.status = Turn::between(before.output.status, after.output.status);
            change.warnings = difference(&before.warnings, &after.warnings);
            change.messages = messages(before, after);
        }
        change
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
    let numbers = |seen: &UserSeen| Numbers {
        all: seen.generations.numbers.clone(),
        current: seen.generations.current,
    };
    UserChange {
        presence: Presence::Both,
        packages,
        shadowed,
        runs,
        own_programs,
        system_programs: system_programs(before, after),
        variables,
        commands: commands(before, after),
        generations: Turn::between(numbers(before), numbers(after)),
        profiles: join(&before.profiles, &after.profiles)
            .filter_map(|(name, was, is)| Some((*name, profile(was, is)?)))
            .collect(),
        links: home.links,
        left_behind,
        units,
        files,
        rebuilt: rebuilds.finish(),
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
    Turn::between(of(before), of(after))
}
