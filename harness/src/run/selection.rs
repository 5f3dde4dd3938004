//! Where each case has to begin: what is known need not run again.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Mutex;

use rayon::prelude::*;

use super::evaluate::Evaluation;
use super::ledger::Ledger;
use super::{Knowledge, Known, Pass, RunId, Seen};
use crate::plan::{NodeId, Visit};
use crate::report::Sink;

/// A case's place in the plan, and what was seen there.
type Observed = (NodeId, Visit, Seen);

/// What a run has to do itself.
pub struct Selection {
    /// Where machines begin: each of these nodes follows a kept state, or a booted guest.
    pub starts: Vec<NodeId>,
    /// Which run had seen each node that machines must pass, before this one began.
    pub before: BTreeMap<NodeId, RunId>,
}

/// What is kept of each node, read once, for cases share them.
#[derive(Default)]
struct Kept {
    seen: HashMap<NodeId, Option<Seen>>,
    layers: HashMap<NodeId, bool>,
}

impl Kept {
    fn seen(&mut self, known: &Known<'_>, id: NodeId) -> Option<&Seen> {
        let seen = self.seen.entry(id).or_insert_with(|| known.seen(id));
        seen.as_ref()
    }

    fn has_layer(&mut self, known: &Known<'_>, id: NodeId) -> bool {
        let has = || known.hypervisor.has(&known.layer_key(id));
        *self.layers.entry(id).or_insert_with(has)
    }
}

impl Known<'_> {
    /// Ends the cases that passed before and whose observations still pass, and finds where machines must begin for
    /// the others.
    pub(super) fn select(&self, ledger: &Ledger<'_>) -> Selection {
        let left: Vec<usize> = self
            .selected
            .par_iter()
            .copied()
            .filter(|&case| !self.settle(case, ledger))
            .collect();
        let mut kept = Kept::default();
        let must_run = self.must_run(&left, ledger, &mut kept, &mut |case, found| {
            ledger.note(case, found);
        });
        let follows_known = |id: &NodeId| {
            self.plan[*id]
                .parent
                .is_none_or(|parent| !must_run.contains(&parent))
        };
        let mut run = |&id: &NodeId| Some((id, kept.seen(self, id)?.run.clone()));
        Selection {
            before: must_run.iter().filter_map(&mut run).collect(),
            starts: must_run.iter().copied().filter(follows_known).collect(),
        }
    }

    /// What is known of each node before a run, by the rules that the run itself goes by. Nothing is run, judged or written.
    #[must_use]
    pub fn foresee(&self) -> Vec<Knowledge> {
        let silent: Mutex<Vec<Box<dyn Sink>>> = Mutex::default();
        let ledger = Ledger::new(*self, &silent, &|_, _| {});
        let is_open = |case: &usize| self.kept(*case).is_none();
        let open: Vec<usize> = self.selected.iter().copied().filter(is_open).collect();
        let must_run = self.must_run(&open, &ledger, &mut Kept::default(), &mut |_, _| {});
        // What lies before a place where a machine begins is needed as a frozen state, or not at all.
        let begins_a_machine = |id: NodeId| {
            let follows = |child: &NodeId| must_run.contains(child);
            !must_run.contains(&id) && self.plan[id].children.iter().any(follows)
        };
        (0..self.plan.nodes.len())
            .map(NodeId)
            .map(|id| match must_run.contains(&id) {
                true => Knowledge::New,
                false if begins_a_machine(id) => Knowledge::Frozen,
                false => Knowledge::Cached,
            })
            .collect()
    }

    /// The nodes that machines must pass for these cases. `note` is handed what was seen on the way before them.
    fn must_run(
        &self,
        cases: &[usize],
        ledger: &Ledger<'_>,
        kept: &mut Kept,
        note: &mut dyn FnMut(usize, Evaluation),
    ) -> BTreeSet<NodeId> {
        let mut must_run = BTreeSet::new();
        for &case in cases {
            let path = &self.plan.paths[case];
            let (from, before) = self.first_to_run(case, ledger, kept);
            before.into_iter().for_each(|found| note(case, found));
            must_run.extend(path[from..].iter().copied());
        }
        must_run
    }

    /// All that was seen of a case, when that is all that is asked now, and when: it passed before, or by what is wanted now
    /// nothing was wrong but that snapshots are not there yet. A failure is seen anew.
    fn kept(&self, case: usize) -> Option<(u64, Vec<Observed>)> {
        let last = *self.plan.paths[case].last()?;
        if self.is_fresh(last) {
            return None;
        }
        let seen: Option<Vec<_>> = self
            .observed(case)
            .map(|(id, visit)| Some((id, visit, self.seen(id)?)))
            .collect();
        let seen = seen?;
        let mut pairs = seen.windows(2);
        let is_one_way = pairs.all(|pair| self.leads_on(case, &pair[0].2.run, &pair[1].2));
        if !is_one_way {
            return None;
        }
        let pass = self
            .results
            .pass(&self.plan.cases[case].id, &self.plan[last].key);
        let at_s = match pass {
            Some(pass) => pass.at_s,
            None => {
                let mut observed = seen.iter();
                let is_well =
                    observed.all(|(_, visit, seen)| self.evaluate(*visit, seen).is_new_at_most());
                is_well.then_some(seen.last()?.2.at_s)?
            }
        };
        Some((at_s, seen))
    }

    /// Whether what was seen after was made from what the run `before` saw. Only laws compare the two: of a state that was made
    /// anew meanwhile, a key or a date may be another one.
    fn leads_on(&self, case: usize, before: &RunId, after: &Seen) -> bool {
        self.plan.cases[case].trial.is_none() || after.follows.as_ref() == Some(before)
    }

    /// Judges a case by what is kept of its last run; true when that gave it a verdict.
    fn settle(&self, case: usize, ledger: &Ledger<'_>) -> bool {
        let Some((at_s, seen)) = self.kept(case) else {
            return false;
        };
        if let Some(&last) = self.plan.paths[case].last() {
            // A pass that cannot be kept is found out anew.
            let id = &self.plan.cases[case].id;
            let _ = self
                .results
                .keep_pass(id, &self.plan[last].key, &Pass { at_s });
        }
        for (id, visit, seen) in &seen {
            ledger.reached(*visit, *id, seen, Some(at_s));
        }
        !ledger.is_open(case)
    }

    /// The nodes where the case is observed, its last step always among them.
    fn observed(&self, case: usize) -> impl Iterator<Item = (NodeId, Visit)> {
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

    /// Removes the states that only this run could use.
    pub(super) fn forget_own(&self) {
        // What stands on others was made after them.
        for id in (0..self.plan.nodes.len()).rev().map(NodeId) {
            if self.is_fresh(id) && self.plan.is_kept(id) {
                self.hypervisor.forget(&self.layer_key(id));
            }
        }
    }

    /// The place in the case's path where its machine has to begin: after the last kept state all of whose
    /// steps are known to be as they must, whatever their snapshots say; and what was seen before that. The last step of a case that did not pass
    /// always runs.
    fn first_to_run(
        &self,
        case: usize,
        ledger: &Ledger<'_>,
        kept: &mut Kept,
    ) -> (usize, Vec<Evaluation>) {
        let path = &self.plan.paths[case];
        let (mut good, mut evaluations) = (Vec::new(), Vec::new());
        let mut before: Option<RunId> = None;
        for (place, &id) in path.iter().enumerate().take(path.len() - 1) {
            let visit = Visit {
                case,
                step: place.checked_sub(1),
            };
            if visit.step.is_some() {
                let Some(seen) = kept.seen(self, id) else {
                    break;
                };
                let found = self.evaluate(visit, seen);
                let leads_on = before
                    .as_ref()
                    .is_none_or(|before| self.leads_on(case, before, seen));
                if !found.may_go_on() || !leads_on {
                    break;
                }
                ledger.saw(id, seen);
                before = Some(seen.run.clone());
                evaluations.push(found);
            }
            good.push(id);
        }
        let from = good.iter().rposition(|&id| kept.has_layer(self, id));
        let from = from.map_or(0, |place| place + 1);
        // The preparation is not observed.
        evaluations.truncate(from.saturating_sub(1));
        (from, evaluations)
    }
}
