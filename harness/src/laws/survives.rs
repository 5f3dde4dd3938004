//! A new login has what the switch promised: the same variables, the same programs, the same units.

use super::broken::{Broken, broken};
use super::place::{Deed, Place};
use crate::change::{Change, UnitView, UserChange, VariableChange, without_hashes};
use crate::model::{Action, Law, Session, UnitState};
use crate::observe::{Observation, UserSeen};

pub(super) fn deed(place: &Place<'_>) -> Option<Deed> {
    let first = place.case.users.first().map(|user| user.name.clone());
    let user = place.switch.target.user.clone().or(first)?;
    Some(Deed::new(Action::Relogin { user }, place.at))
}

pub(super) fn reboot(place: &Place<'_>) -> Deed {
    Deed::new(Action::Reboot, place.at)
}

pub(super) fn judge(law: Law, mut change: Change, after: &Observation) -> Option<Broken> {
    for (name, user) in &mut change.users {
        *user = lost(std::mem::take(user), after.users.get(name));
    }
    change
        .users
        .retain(|_, user| *user != UserChange::default());
    let what = match law {
        Law::Reboots => "after a restart the login is another one",
        _ => "a new login is another one",
    };
    (change != Change::default()).then(|| broken(what, &change))
}

/// Of a change, what a login must not bring about. A service manager that began anew may run more units, and know more
/// variables: those of a login session, as it has them.
fn lost(mut user: UserChange, after: Option<&UserSeen>) -> UserChange {
    let login = after.and_then(|after| after.sessions.get(&Session::Login));
    let is_learned = |it: &VariableChange| {
        let learned = login.and_then(|login| login.get(&it.name));
        let value = it.value.after.as_deref();
        value.is_some() && (it.value.before.is_none() || same(learned, value))
    };
    user.variables.retain(|it| {
        let is_of_services = |session: &Session| *session == Session::Service;
        !it.sessions.iter().all(is_of_services) || !is_learned(it)
    });
    let was_active = |view: &Option<UnitView>| {
        let state = view.as_ref().map(|view| view.state);
        state == Some(UnitState::Active)
    };
    user.units.retain(|it| {
        let state = it.state.as_ref();
        state.is_some_and(|it| was_active(&it.before) && !was_active(&it.after))
    });
    UserChange {
        packages: user.packages,
        shadowed: user.shadowed,
        runs: user.runs,
        system_programs: user.system_programs,
        variables: user.variables,
        units: user.units,
        ..UserChange::default()
    }
}

/// Whether a variable has this value, whose store hashes are left out.
fn same(variable: Option<&String>, value: Option<&str>) -> bool {
    variable.map(|it| without_hashes(it)).as_deref() == value
}
