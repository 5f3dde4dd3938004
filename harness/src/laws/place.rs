//! Where a law is tried, and what it does there.

use crate::model::{Action, Case, Expectation, Outcome, Step, Switch};

/// Where laws are tried of a case: after its last switch that succeeds and is observed.
pub(super) struct Place<'a> {
    pub(super) case: &'a Case,
    /// The switch's place among the case's steps.
    pub(super) at: usize,
    pub(super) switch: &'a Switch,
}

/// What a law does.
pub(super) struct Deed {
    pub(super) action: Action,
    /// The step whose state the new one is compared with.
    pub(super) against: usize,
    /// What it asks of the new state besides.
    pub(super) expect: Vec<Expectation>,
}

impl Deed {
    /// One that asks nothing more.
    pub(super) fn new(action: Action, against: usize) -> Self {
        let expect = Vec::new();
        Self {
            action,
            against,
            expect,
        }
    }
}

/// What a step switches to, where it succeeds and is observed.
pub(super) fn switch_of(step: &Step) -> Option<&Switch> {
    let Action::Switch(switch) = &step.action else {
        return None;
    };
    let is_observed = step.snapshot || !step.expect.is_empty();
    let counts = step.outcome == Outcome::Succeeds && is_observed && !switch.dry_run;
    counts.then_some(switch)
}
