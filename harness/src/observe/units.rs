//! User units, as `systemctl --user show` says them.

use std::collections::BTreeMap;
use std::io;

use super::fields::Source;
use super::observation::UnitSeen;
use crate::model::UnitState;
use crate::text::escape_name;

/// Most units that are observed.
const UNITS: usize = 10_000;

/// Parses the section of units: the names asked about, systemctl's answer in blocks, and its status. `None`: nobody
/// answered.
pub(super) fn read_units(
    source: &mut Source<'_>,
) -> io::Result<Option<BTreeMap<String, UnitSeen>>> {
    let names = source.list(UNITS, 4096)?;
    let answer = source.field(16 * 1024 * 1024)?;
    let status: i32 = source.number()?;
    if status != 0 {
        return Ok(None);
    }
    let answer = String::from_utf8_lossy(&answer);
    let blocks = answer
        .split("\n\n")
        .map(str::trim)
        .filter(|block| !block.is_empty());
    Ok(Some(
        names
            .iter()
            .map(|name| escape_name(name))
            .zip(blocks.map(unit))
            .collect(),
    ))
}

fn unit(block: &str) -> UnitSeen {
    let value = |key: &str| {
        block
            .lines()
            .find_map(|line| line.strip_prefix(key)?.strip_prefix('='))
            .map(|value| escape_name(value.as_bytes()))
            .unwrap_or_default()
    };
    let (load, active_state) = (value("LoadState"), value("ActiveState"));
    UnitSeen {
        state: state(&load, &active_state),
        active_state,
        sub_state: value("SubState"),
        enabled: value("UnitFileState"),
    }
}

/// systemd's states in a scenario's words. A unit on its way up counts as inactive until it is there; one whose
/// file is gone but that still runs is active.
fn state(load: &str, active: &str) -> UnitState {
    match (load, active) {
        (_, "active" | "reloading" | "refreshing") => UnitState::Active,
        (_, "failed") => UnitState::Failed,
        ("not-found", _) => UnitState::Absent,
        _ => UnitState::Inactive,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_matched_with_the_names_asked_about() {
        let mut stream: &[u8] = b"a.service\0b.timer\0\0\
            Id=a.service\nLoadState=loaded\nActiveState=active\nSubState=running\nUnitFileState=enabled\n\n\
            Id=b.timer\nLoadState=not-found\nActiveState=inactive\nSubState=dead\nUnitFileState=\n\0\x30\0";
        let units = read_units(&mut Source::new(&mut stream)).unwrap().unwrap();
        assert_eq!(units["a.service"].state, UnitState::Active);
        assert_eq!(units["a.service"].enabled, "enabled");
        assert_eq!(units["b.timer"].state, UnitState::Absent);
    }

    #[test]
    fn a_failing_systemctl_means_nobody_answered() {
        let mut stream: &[u8] = b"a.service\0\0\0\x31\0";
        assert_eq!(read_units(&mut Source::new(&mut stream)).unwrap(), None);
    }
}
