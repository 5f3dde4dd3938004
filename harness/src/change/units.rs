//! What differs in a user's units: what systemd says of them, and the files that define them.

use std::collections::BTreeMap;

use super::join::join;
use super::model::{FileChange, Turn, UnitChange, UnitView};
use crate::observe::{UnitSeen, UserSeen};

/// Where a home has its units.
const UNITS: &str = ".config/systemd/user/";

/// Units that differ. The files that belong to them are taken out of `files`.
pub(super) fn units(
    before: &UserSeen,
    after: &UserSeen,
    files: &mut Vec<FileChange>,
) -> Vec<UnitChange> {
    let mut found: BTreeMap<String, UnitChange> = BTreeMap::new();
    let new = |name: &str| UnitChange {
        name: name.to_owned(),
        state: None,
        files: Vec::new(),
    };
    for file in std::mem::take(files) {
        match unit_of(&file.path) {
            Some(name) => found
                .entry(name.to_owned())
                .or_insert_with(|| new(name))
                .files
                .push(file),
            None => files.push(file),
        }
    }
    // Where no manager was asked nothing is known of states.
    if let (Some(old), Some(now)) = (&before.units, &after.units) {
        for (name, was, is) in join(old, now) {
            if let Some(state) = Turn::between(was.map(view), is.map(view)) {
                let unit = found.entry(name.clone()).or_insert_with(|| new(name));
                unit.state = Some(state);
            }
        }
    }
    found.into_values().collect()
}

fn view(seen: &UnitSeen) -> UnitView {
    UnitView {
        state: seen.state,
        sub_state: seen.sub_state.clone(),
        enabled: seen.enabled.clone(),
    }
}

/// The unit that a file defines, asks for (`x.target.wants/UNIT`) or adds to (`UNIT.d/x.conf`).
fn unit_of(path: &str) -> Option<&str> {
    let rest = path.strip_prefix(UNITS)?;
    let name = match rest.split_once('/') {
        None => rest,
        Some((folder, name)) => match folder.strip_suffix(".d") {
            Some(unit) => unit,
            None => name,
        },
    };
    let is_unit = name.rsplit_once('.').is_some_and(|(_, kind)| {
        matches!(
            kind,
            "service"
                | "socket"
                | "target"
                | "timer"
                | "path"
                | "mount"
                | "automount"
                | "slice"
                | "swap"
        )
    });
    is_unit.then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_belongs_to_the_unit_it_is_about() {
        let table = "
            .config/systemd/user/a.service => a.service
            .config/systemd/user/default.target.wants/a.service => a.service
            .config/systemd/user/a.service.d/override.conf => a.service
            .config/systemd/user/notes.txt =>
            .bashrc =>
        ";
        let of = |path: &str| unit_of(path).unwrap_or_default().to_owned();
        crate::testing::all_come_to(of, table);
    }
}
