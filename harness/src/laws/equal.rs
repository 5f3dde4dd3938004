//! The same home has the same files by itself and as a module of a NixOS system.

use super::broken::{Broken, broken};
use super::change;
use super::clean::is_kept;
use super::place::{Deed, Place};
use crate::change::{Change, UserChange};
use crate::model::{Action, Case};
use crate::observe::{EntryKind, Observation};

/// What the profile is called in the comparison.
const PROFILE: &str = "(the user's profile)";

/// Only of a described home: nobody can tell the other way of a flake of one's own.
pub(super) fn deed(place: &Place<'_>) -> Option<Deed> {
    let other = place.switch.other_way.as_deref()?;
    Some(Deed::new(Action::Switch(other.clone()), place.at))
}

pub(super) fn judge(case: &Case, before: &Observation, after: &Observation) -> Option<Broken> {
    let change = change(case, &brought(before), &brought(after));
    // One of the two switches, that of a home by itself, says whose home it is.
    let mut steps = case.steps.iter().rev();
    let whose = steps.find_map(|step| step.action.typed_by())?;
    let files = change.users.get(whose).map(|user| user.files.clone());
    let files = files.filter(|files| !files.is_empty())?;
    let user = UserChange {
        files,
        ..UserChange::default()
    };
    let change = Change {
        users: [(whose.to_owned(), user)].into(),
        ..Change::default()
    };
    Some(broken(
        "installed the other way, the home has other files",
        &change,
    ))
}

/// What was seen of files that a home brings: with one word for the profile that its programs are in, which
/// `useUserPackages` makes one of the system's; without what the command `home-manager` keeps; and whichever group the
/// system puts its users into.
fn brought(seen: &Observation) -> Observation {
    let mut seen = seen.clone();
    for (name, user) in &mut seen.users {
        let text = serde_json::to_string(&user.home).expect("plain data always serialises");
        let text = text
            .replace(&format!("/etc/profiles/per-user/{name}"), PROFILE)
            .replace(&format!("{}/.nix-profile", user.home_directory), PROFILE);
        user.home = serde_json::from_str(&text).expect("only texts in it are other ones");
        user.home.itself = None;
        let entries = &mut user.home.entries;
        entries.retain(|path, entry| !is_kept(path) && !matches!(entry.kind, EntryKind::Directory));
        for entry in entries.values_mut() {
            entry.group = entry.owner.clone();
        }
    }
    seen
}
