//! Setups that steps change: the changes laid over the scenario's own setup.

use super::apply::merge;
use crate::language::report::{Mistake, Report};
use crate::language::yaml::{Entry, Kind, Node};

/// The most values that all changed setups of a case may have together: bounds time and memory.
const MAX_CHANGED_VALUES: usize = 400_000;

/// Puts the whole changed setup in the place of the changes, in every step that has some: it is checked and understood
/// like one that was written so.
pub(crate) fn spell_out_changes(scenario: &mut Node, report: &mut Report) {
    let setup = scenario.entry("setup").cloned();
    let size = setup.as_ref().map_or(0, |setup| setup.value.count());
    let Some(Kind::List(steps)) = scenario.get_mut("steps").map(|steps| &mut steps.kind) else {
        return;
    };
    let mut values = 0;
    for step in steps {
        for action in ["switch", "build"] {
            let Some(Kind::Map(details)) = step.get_mut(action).map(|action| &mut action.kind)
            else {
                continue;
            };
            // Changes to nothing change nothing.
            details.retain(|entry| &*entry.key != "setup" || !entry.value.is_null());
            let Some(changes) = details.iter_mut().find(|entry| &*entry.key == "setup") else {
                continue;
            };
            values += size;
            if values > MAX_CHANGED_VALUES {
                let message = format!("the steps change a setup of {size} values too often");
                let hint = "put long lists into files, or split the scenario";
                report.add(Mistake::new(changes.key_span, message).hint(hint));
                return;
            }
            let mut whole = setup.clone().unwrap_or_else(|| Entry {
                value: Node::new(changes.value.span, Kind::Map(Vec::new())),
                ..changes.clone()
            });
            merge(&mut whole.value, &changes.value);
            *changes = whole;
        }
    }
}
