//! The same switch again changes nothing, not even a generation's number.

use super::trials::{Deed, Place};
use super::{Broken, broken};
use crate::change::Change;
use crate::model::Action;
use crate::observe::Observation;

pub(super) fn deed(place: &Place<'_>) -> Deed {
    Deed {
        action: Action::Switch(place.switch.clone()),
        against: place.at,
    }
}

pub(super) fn judge(before: &Observation, after: &Observation) -> Option<Broken> {
    // What the two print is different in kind: one makes generations, the other keeps them.
    let change = Change::between(before, after, false);
    let is_kept = change.is_equal() && change.counts().generations == 0;
    (!is_kept).then(|| broken("the same switch again is not without effect", &change))
}
