//! What there is to do, and what a run may use of earlier ones.

use std::collections::BTreeSet;

use super::{Hypervisor, ResultStore, RunId, Seen};
use crate::judge::{SnapshotMode, SnapshotPolicy};
use crate::plan::{NodeId, Plan, StateKey};

/// How to run.
#[derive(Debug, Clone)]
pub struct Options {
    /// Use nothing that another run made or saw, booted guests excepted.
    pub fresh: bool,
    /// Begin nothing new once a case failed or errored.
    pub fail_fast: bool,
    /// Which run it is.
    pub run: RunId,
    /// What to do about snapshots.
    pub snapshots: SnapshotPolicy,
}

impl Options {
    /// As a run without options does.
    #[must_use]
    pub fn new(mode: SnapshotMode) -> Self {
        Self {
            fresh: false,
            fail_fast: false,
            run: RunId::new(),
            snapshots: SnapshotPolicy::new(mode),
        }
    }
}

/// What all parts of a run go by.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    /// What there is to do.
    pub plan: &'a Plan,
    /// Which cases to do, by their place in the plan.
    pub selected: &'a BTreeSet<usize>,
    /// Where machines come from.
    pub hypervisor: &'a dyn Hypervisor,
    /// What is kept between runs.
    pub results: &'a ResultStore,
    /// How to run.
    pub options: &'a Options,
}

impl Known<'_> {
    /// What was seen at a node, if it may be used.
    pub(super) fn seen(&self, id: NodeId) -> Option<Seen> {
        let node = &self.plan[id];
        let seen = self.results.seen(&node.key)?;
        let may_be_used = !self.is_fresh(id) || seen.run == self.options.run;
        // A guest that was built anew may hold other programs.
        let same_image =
            || self.hypervisor.image(self.plan.guest(id)).as_ref() == Some(&seen.image);
        (may_be_used && same_image()).then_some(seen)
    }

    /// The key under which a node's machine state is kept: one of this run's own where nothing of an earlier run
    /// may be used.
    pub(super) fn layer_key(&self, id: NodeId) -> StateKey {
        let key = &self.plan[id].key;
        match self.is_fresh(id) {
            true => key.made_anew(&self.options.run),
            false => key.clone(),
        }
    }

    /// Whether nothing may be used that another run made or saw: so it was asked, or an input is not
    /// locked and may have changed.
    pub(super) fn is_fresh(&self, id: NodeId) -> bool {
        self.options.fresh || !self.plan[id].locked
    }
}
