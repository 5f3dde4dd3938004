//! How long the steps of a case took, by the case's name: unlike the durations of states it is known on another host and
//! after any change of the guest, which is what sharing cases out to jobs needs.

use std::collections::BTreeSet;
use std::time::Duration;

use super::ResultStore;
use crate::plan::{Node, Plan, usual_cost_ms};

/// Remembers what the steps of the selected cases took, as far as that is known of the states they lead to. Failing to
/// do so costs nothing but evenness later.
pub(crate) fn remember(plan: &Plan, selected: &BTreeSet<usize>, results: &ResultStore) {
    for &case in selected {
        let took: Option<Vec<Duration>> = plan.paths[case]
            .iter()
            .map(|&node| results.duration(&plan[node].key))
            .collect();
        if let Some(took) = took {
            let _ = results.keep_case_times(&plan.cases[case].id, &took);
        }
    }
}

/// How long reaching a node takes, in milliseconds: what it took in a case that was timed, or else what is usual.
pub fn recorded_cost_ms(plan: &Plan, results: &ResultStore, node: &Node) -> u64 {
    let timed = node.visits.iter().find_map(|visit| {
        let times = results.case_times(&plan.cases[visit.case].id)?;
        let at = visit.step.map_or(0, |step| step + 1);
        // A case that has other steps than when it was timed is timed anew.
        (times.len() == plan.paths[visit.case].len()).then(|| times.get(at).copied())?
    });
    timed.map_or_else(
        || usual_cost_ms(node),
        |took| u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
    )
}
