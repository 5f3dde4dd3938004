//! The cases that try laws.

use super::{clean, idempotent, reversible, survives};
use crate::model::{Action, Case, Law, Outcome, Part, Step, Switch, Trial};

/// Where laws are tried of a case: after its last switch that succeeds and is looked at.
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
}

/// The cases, each followed by those that try its laws.
#[must_use]
pub fn with_trials(cases: Vec<Case>) -> Vec<Case> {
    cases
        .into_iter()
        .flat_map(|case| {
            let trials = trials(&case);
            std::iter::once(case).chain(trials)
        })
        .collect()
}

fn trials(case: &Case) -> Vec<Case> {
    let Some(place) = Place::of(case) else {
        return Vec::new();
    };
    let made = case.laws.on.iter().filter_map(|&law| {
        let deed = match law {
            Law::Complete => None,
            Law::Survives => survives::deed(&place),
            Law::Idempotent => Some(idempotent::deed(&place)),
            Law::Reversible => reversible::deed(&place),
            Law::Clean => clean::deed(&place),
        };
        Some(place.trial(law, deed?))
    });
    made.collect()
}

impl<'a> Place<'a> {
    fn of(case: &'a Case) -> Option<Self> {
        let mut steps = case.steps.iter().enumerate().rev();
        steps.find_map(|(at, step)| {
            let switch = switch_of(step)?;
            Some(Self { case, at, switch })
        })
    }

    fn trial(&self, law: Law, deed: Deed) -> Case {
        let way = self.case.steps[..=self.at].iter().map(|step| Step {
            part: Part::Way,
            ..step.clone()
        });
        let switch = &self.case.steps[self.at];
        let own = Step {
            name: law.as_str().to_owned(),
            action: deed.action,
            outcome: Outcome::Succeeds,
            // What is compared must have been asked for on both sides.
            expect: self.case.steps[deed.against].expect.clone(),
            snapshot: false,
            deadline_s: switch.deadline_s,
            line: switch.line,
            part: Part::Law,
        };
        Case {
            id: format!("{}:{}", self.case.id, law.as_str()),
            description: law.sentence().to_owned(),
            steps: way.chain([own]).collect(),
            trial: Some(Trial {
                law,
                of: self.case.id.clone(),
                against: deed.against,
            }),
            ..self.case.clone()
        }
    }
}

/// What a step switches to, where it succeeds and is looked at.
pub(super) fn switch_of(step: &Step) -> Option<&Switch> {
    let Action::Switch(switch) = &step.action else {
        return None;
    };
    let is_looked_at = step.snapshot || !step.expect.is_empty();
    let counts = step.outcome == Outcome::Succeeds && is_looked_at && !switch.dry_run;
    counts.then_some(switch)
}
