//! Units of a user's service manager.

use super::file::content;
use super::text_match::{Mismatch, plain};
use super::who::Who;
use crate::model::UnitState;
use crate::observe::Content;
use crate::suggest::did_you_mean;
use crate::text::{printable_line, word};

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
        _ => by_name_alone(who, name).unwrap_or_default(),
    };
    vec![plain(format!(
        "{expected}, seen {} ({}, {}){near}",
        word(&seen.state),
        seen.active_state,
        seen.sub_state,
    ))]
}

/// That what a unit of the home starts is a stand-in, whose programs fail.
fn by_name_alone(who: Who<'_>, unit: &str) -> Option<String> {
    let path = format!(".config/systemd/user/{unit}");
    let found = who.seen.home.end(&who.seen.home_directory, &path);
    let Content::Text(text) = content(found)? else {
        return None;
    };
    let mut names = text
        .split('/')
        .filter_map(|it| it.strip_suffix("-99-stand-in"));
    let (_hash, package) = names.next()?.split_once('-')?;
    let package = printable_line(package);
    Some(format!(
        "; what it starts is of `{package}`, which the pocket channel has by name alone"
    ))
}
