//! The same switch again changes nothing, not even a generation's number.

use super::broken::{Broken, broken};
use super::place::{Deed, Place};
use crate::change::Change;
use crate::model::Action;

pub(super) fn deed(place: &Place<'_>) -> Deed {
    Deed::new(Action::Switch(place.switch.clone()), place.at)
}

pub(super) fn judge(change: Change) -> Option<Broken> {
    let is_kept = change.is_equal() && change.counts().generations == 0;
    (!is_kept).then(|| broken("the same switch again is not without effect", &change))
}
