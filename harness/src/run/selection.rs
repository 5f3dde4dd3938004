//! Where each case has to begin: what is known need not run again.

use std::collections::BTreeSet;
use std::sync::Mutex;

use rayon::prelude::*;

use super::ledger::{Ledger, lock};
use super::{Hypervisor, Options, ResultStore, Seen};
use crate::judge::Verdict;
use crate::plan::{NodeId, Plan, StateKey, Visit};

/// What a run may use of earlier ones.
pub struct Known<'a> {
    pub plan: &'a Plan,
    pub hypervisor: &'a dyn Hypervisor,
    pub results: &'a ResultStore,
    pub options: &'a Options,
}

impl Known<'_> {
    /// Ends the cases that passed before and whose observations still pass. Returns the nodes where machines must
    /// begin for the others: each follows a kept state, or a booted guest.
    pub fn select(&self, selected: &BTreeSet<usize>, ledger: &Ledger<'_>) -> Vec<NodeId> {
        let wanted: Vec<usize> = selected.iter().copied().collect();
        let left: Vec<usize> = wanted
            .into_par_iter()
            .filter(|&case| !self.settle(case, ledger))
            .collect();
        let layers = Mutex::new(std::collections::HashMap::new());
        let has_layer = |id: NodeId| {
            *lock(&layers)
                .entry(id)
                .or_insert_with(|| self.hypervisor.has(&self.layer_key(id)))
        };
        let mut must_run = BTreeSet::new();
        for &case in &left {
            let path = &self.plan.paths[case];
            let from = self.first_to_run(case, ledger, &has_layer);
            must_run.extend(path[from..].iter().copied());
        }
        let follows_known = |id: &NodeId| {
            self.plan[*id]
                .parent
                .is_none_or(|parent| !must_run.contains(&parent))
        };
        must_run.iter().copied().filter(follows_known).collect()
    }

    /// Judges a case by what is kept of its last run; true when that gave it a verdict.
    fn settle(&self, case: usize, ledger: &Ledger<'_>) -> bool {
        let path = &self.plan.paths[case];
        let Some(last) = path.last() else {
            return false;
        };
        let Some(pass) = self
            .results
            .pass(&self.plan.cases[case].id, &self.plan[*last].key)
        else {
            return false;
        };
        if self.is_fresh(*last) {
            return false;
        }
        let seen: Option<Vec<(NodeId, Visit, Seen)>> = self
            .looks(case)
            .map(|(id, visit)| Some((id, visit, self.seen(id)?)))
            .collect();
        let Some(seen) = seen else { return false };
        for (id, visit, seen) in &seen {
            ledger.reached(*visit, *id, seen, Some(pass.at_s));
        }
        !ledger.is_open(case)
    }

    /// The nodes where the case is looked at, its last step always among them.
    fn looks(&self, case: usize) -> impl Iterator<Item = (NodeId, Visit)> {
        self.plan.paths[case]
            .iter()
            .enumerate()
            .skip(1)
            .map(move |(place, &id)| {
                (
                    id,
                    Visit {
                        case,
                        step: Some(place - 1),
                    },
                )
            })
    }

    /// What was seen at a node, if it covers what is asked now.
    pub fn seen(&self, id: NodeId) -> Option<Seen> {
        let node = &self.plan[id];
        let seen = self.results.seen(&node.key)?;
        let new_enough = !self.is_fresh(id) || seen.at_s >= self.options.started_at_s;
        (new_enough && seen.covers(node)).then_some(seen)
    }

    /// The key under which a node's machine state is kept: one of this run's own where nothing of an earlier run
    /// may be used.
    pub fn layer_key(&self, id: NodeId) -> StateKey {
        let key = &self.plan[id].key;
        match self.is_fresh(id) {
            true => key.made_anew(self.options.started_at_s),
            false => key.clone(),
        }
    }

    /// Whether nothing may be used that was made or seen before this run: so it was asked, or an input is not
    /// locked and may have changed.
    fn is_fresh(&self, id: NodeId) -> bool {
        let locked = |visit: &Visit| self.plan.cases[visit.case].guest.locked;
        self.options.fresh || !self.plan[id].visits.iter().all(locked)
    }

    /// The place in the case's path where its machine has to begin: after the last kept state all of whose
    /// steps are known to be as they must. The last step of a case that did not pass always runs.
    fn first_to_run(
        &self,
        case: usize,
        ledger: &Ledger<'_>,
        has_layer: &dyn Fn(NodeId) -> bool,
    ) -> usize {
        let path = &self.plan.paths[case];
        let mut good = Vec::new();
        for (place, &id) in path.iter().enumerate().take(path.len() - 1) {
            let visit = Visit {
                case,
                step: place.checked_sub(1),
            };
            if visit.step.is_some() {
                let Some(seen) = self.seen(id) else { break };
                let looked = ledger.look(visit, &seen);
                if looked.stops || looked.broken.is_some() || !looked.findings.is_empty() {
                    break;
                }
            }
            good.push(id);
        }
        good.iter()
            .rposition(|&id| has_layer(id))
            .map_or(0, |place| place + 1)
    }
}

/// Whether any selected case still needs the node.
pub fn is_wanted(plan: &Plan, ledger: &Ledger<'_>, selected: &BTreeSet<usize>, id: NodeId) -> bool {
    plan[id]
        .visits
        .iter()
        .any(|visit| selected.contains(&visit.case) && ledger.is_open(visit.case))
}

/// The verdict of a case that no machine got to.
pub fn not_run() -> Verdict {
    Verdict::NotRun {
        reason: "the run ended before its turn".to_owned(),
    }
}
