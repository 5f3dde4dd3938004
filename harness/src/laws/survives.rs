//! A new login has what the switch promised: the same variables, the same programs, the same units.

use super::broken::{Broken, broken};
use super::place::{Deed, Place};
use crate::change::{Change, UnitLook, UserChange};
use crate::model::{Action, Session, UnitState};

pub(super) fn deed(place: &Place<'_>) -> Option<Deed> {
    let first = place.case.users.first().map(|user| user.name.clone());
    Some(Deed {
        action: Action::Relogin {
            user: place.switch.target.user.clone().or(first)?,
        },
        against: place.at,
    })
}

pub(super) fn judge(mut change: Change) -> Option<Broken> {
    for user in change.users.values_mut() {
        *user = lost(std::mem::take(user));
    }
    change
        .users
        .retain(|_, user| *user != UserChange::default());
    (change != Change::default()).then(|| broken("a new login is another one", &change))
}

/// Of a change, what a login must not bring about. A service manager that began anew may know more variables, and run
/// more units.
fn lost(mut user: UserChange) -> UserChange {
    user.variables.retain(|it| {
        it.sessions
            .iter()
            .any(|session| *session != Session::Service)
    });
    let was_active = |look: &Option<UnitLook>| {
        let state = look.as_ref().map(|look| look.state);
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
