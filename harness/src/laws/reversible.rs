//! After a switch from one setup to another, a rollback gives the first again.

use super::broken::{Broken, broken};
use super::place::{Deed, Place, switch_of};
use crate::change::Change;
use crate::model::{Action, Switch};

/// Only of two switches in a row: what else was done between them is not what a rollback takes back.
pub(super) fn deed(place: &Place<'_>) -> Option<Deed> {
    let against = place.at.checked_sub(1)?;
    let first = switch_of(&place.case.steps[against])?;
    let is_turned =
        first.target.user == place.switch.target.user && !is_same_setup(first, place.switch);
    let rollback = || Action::Rollback(place.switch.target.clone());
    is_turned.then(|| Deed::new(rollback(), against))
}

/// Whether two switches name one setup, however it is switched to: the second makes no generation to go back from.
fn is_same_setup(one: &Switch, other: &Switch) -> bool {
    one.flake == other.flake
        && one.output == other.output
        && one.override_inputs == other.override_inputs
}

pub(super) fn judge(change: Change) -> Option<Broken> {
    (!change.is_equal()).then(|| broken("a rollback does not give the state before", &change))
}
