//! The cases that try laws.

use super::place::{Deed, Place, switch_of};
use super::{clean, equal, idempotent, reversible, survives};
use crate::model::{Case, Law, Outcome, Part, Step, Trial};
use crate::text::word;

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
            Law::Reboots => Some(survives::reboot(&place)),
            Law::Equal => equal::deed(&place),
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
            name: word(&law),
            action: deed.action,
            outcome: Outcome::Succeeds,
            // What is compared must have been asked for on both sides.
            expect: [&self.case.steps[deed.against].expect[..], &deed.expect].concat(),
            snapshot: false,
            deadline_s: switch.deadline_s,
            line: switch.line,
            part: Part::Law,
        };
        Case {
            id: format!("{}:{}", self.case.id, word(&law)),
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
