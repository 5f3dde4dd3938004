//! Judging what was seen of a step. Records and writes nothing.

use std::time::Duration;

use super::{Known, Seen};
use crate::change::{Change, ShowOptions};
use crate::judge::{Compared, Finding, SnapshotError, SnapshotMode, exhausted, judge};
use crate::laws;
use crate::machine::{Bound, MachineError};
use crate::model::{Case, Law, Outcome, Part, Step};
use crate::observe::Observation;
use crate::plan::{StateKey, Visit};
use crate::text::word;

impl Known<'_> {
    /// What is wrong at a step, its snapshot included. Only judges: records and writes nothing.
    pub(super) fn evaluate(&self, visit: Visit, seen: &Seen) -> Evaluation {
        let Some(step) = visit.step else {
            return Evaluation::default();
        };
        let case = &self.plan.cases[visit.case];
        let step = &case.steps[step];
        let (took, seen) = (Duration::from_millis(seen.took_ms), &seen.observation);
        if took > Duration::from_secs(step.deadline_s.into()) {
            let error = MachineError::new(format!("it took {} s", took.as_secs()), None);
            return Evaluation {
                findings: vec![beyond(case, step, &error)],
                stops: true,
                ..Evaluation::default()
            };
        }
        let mut found = Evaluation {
            stops: !ended_as_it_must(&step.outcome, seen)
                || exhausted(&case.guest, step, seen).is_some(),
            ..Evaluation::default()
        };
        if step.part == Part::Way {
            return found;
        }
        found.findings = judge(case, step, seen);
        if !found.stops {
            match self.broken_law(visit, step, seen) {
                Ok(broken) => found.findings.extend(broken),
                Err(error) => {
                    found.stops = true;
                    found.lost = Some(error);
                }
            }
        }
        if step.has_snapshot() && !found.stops {
            match Compared::new(case, step, seen, &self.options.snapshots) {
                Ok(compared) => {
                    let path = &self.plan.paths[visit.case];
                    let at = visit.step.and_then(|step| path.get(step + 1));
                    found.state = at.map(|&at| self.plan[at].key.clone());
                    found.change = compared
                        .outdated()
                        .and_then(|text| self.since(text, step, seen));
                    found.is_accepted =
                        compared.is_equal() || self.options.snapshots.mode == SnapshotMode::Update;
                    found.snapshot = Some(compared);
                }
                Err(error) => {
                    found.stops = true;
                    found.broken = Some(error);
                }
            }
        }
        found
    }

    /// What differs from what was seen when a snapshot with this text was compared, where that is kept.
    fn since(&self, text: &str, step: &Step, seen: &Observation) -> Option<String> {
        let before = self.results.seen(&self.results.shown(text)?)?;
        let change = Change::of_step(step, &before.observation, step, seen)?;
        (!change.is_equal()).then(|| change.show(ShowOptions::default()))
    }

    /// How a law is broken at a step, if it is; an error where nobody knows any more what it is to be compared with.
    fn broken_law(
        &self,
        visit: Visit,
        step: &Step,
        seen: &Observation,
    ) -> Result<Option<Finding>, MachineError> {
        let case = &self.plan.cases[visit.case];
        let (law, broken) = match &case.trial {
            Some(trial) if step.part == Part::Law => {
                let before = self.plan.paths[visit.case][trial.against + 1];
                let before = self.results.seen(&self.plan[before].key);
                let before = before.ok_or_else(before_is_lost)?;
                let broken = laws::judge(case, trial, &before.observation, seen);
                (trial.law, broken)
            }
            _ => (Law::Complete, laws::incomplete(case, step, seen)),
        };
        Ok(broken.map(|broken| {
            let message = format!("law `{}`: {}", word(&law), broken.message);
            Finding::at(case, step, message, broken.detail)
        }))
    }
}

/// A step did not keep within a bound.
pub fn beyond(case: &Case, step: &Step, error: &MachineError) -> Finding {
    let message = match error.beyond {
        Some(Bound::Output) => "the step printed without an end, and was ended".to_owned(),
        Some(Bound::Deadline) | None => format!(
            "the step did not end within its deadline of {} s",
            step.deadline_s
        ),
    };
    Finding::at(case, step, message, error.message.clone())
}

/// Whether what follows a step may be tried at all.
fn ended_as_it_must(outcome: &Outcome, seen: &Observation) -> bool {
    seen.no_logins().next().is_none()
        && match outcome {
            Outcome::Succeeds => seen.output.status == 0,
            Outcome::Fails { .. } => seen.output.status != 0,
        }
}

/// What is wrong at a step.
#[derive(Default)]
pub struct Evaluation {
    pub(super) findings: Vec<Finding>,
    /// The step did not end as it must: what follows it would say nothing.
    pub(super) stops: bool,
    pub(super) snapshot: Option<Compared>,
    /// The state that the snapshot shows.
    pub(super) state: Option<StateKey>,
    /// What differs from the state that the reviewed snapshot shows, in words.
    pub(super) change: Option<String>,
    /// Whether the snapshot, if there is one, is as it was reviewed or will be accepted.
    is_accepted: bool,
    /// The snapshot could not be read.
    pub(super) broken: Option<SnapshotError>,
    /// What a law compares is not known any more.
    pub(super) lost: Option<MachineError>,
}

impl Evaluation {
    /// Whether all is as it must be.
    pub fn is_good(&self) -> bool {
        self.may_go_on() && (self.snapshot.is_none() || self.is_accepted)
    }

    /// Whether all is as it must be but for a snapshot that is not there yet.
    pub fn is_new_at_most(&self) -> bool {
        let snapshot = self.snapshot.as_ref();
        let is_new = snapshot.is_some_and(|it| it.outdated().is_none());
        self.may_go_on() && (is_new || self.is_good())
    }

    /// Whether what follows may begin from here without being observed again: all is as it must be but for the snapshot, of
    /// which the same observation says the same.
    pub fn may_go_on(&self) -> bool {
        !self.stops && self.broken.is_none() && self.findings.is_empty()
    }
}

/// What was seen before a law's step could not be kept, or was removed while the run went on.
fn before_is_lost() -> MachineError {
    MachineError::new(
        "what was seen before the step is not kept any more",
        Some("see whether the disk is full, and run again"),
    )
}
