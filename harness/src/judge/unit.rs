//! Units of a user's service manager.

use super::text_match::{Mismatch, plain};
use super::who::Who;
use crate::model::UnitState;
use crate::suggest::did_you_mean;
use crate::text::word;

/// Checks a unit's state.
pub(super) fn unit(who: Who<'_>, name: &str, wanted: UnitState) -> Vec<Mismatch> {
    let expected = format!(
        "expected the unit `{name}` of {} to be {}",
        who.name,
        word(&wanted)
    );
    let Some(units) = &who.seen.units else {
        return vec![plain(format!(
            "{expected}, and their service manager does not answer"
        ))];
    };
    let Some(seen) = units.get(name) else {
        return vec![plain(format!("{expected}, and it was not looked at"))];
    };
    if seen.state == wanted {
        return Vec::new();
    }
    let near = match seen.state {
        UnitState::Absent => {
            let there = units
                .iter()
                .filter(|(_, unit)| unit.state != UnitState::Absent);
            did_you_mean(name, there.map(|(name, _)| name.as_str()))
        }
        _ => String::new(),
    };
    vec![plain(format!(
        "{expected}, seen {} ({}, {}){near}",
        word(&seen.state),
        seen.active_state,
        seen.sub_state,
    ))]
}
