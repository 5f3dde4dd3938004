//! What turned between two runs.

use serde::Serialize;

use crate::report::results::{CaseResult, Results, StateResult};

/// What turned since an earlier run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Turned {
    /// Verdicts that are others now.
    pub verdicts: Vec<TurnedVerdict>,
    /// Steps that change other things than they did.
    pub changes: Vec<TurnedChange>,
}

/// A case whose verdict is another one now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TurnedVerdict {
    /// The case.
    pub case: String,
    /// The verdict before; `None` where there was no such case.
    pub before: Option<String>,
    /// The verdict now; `None` where there is no such case any more.
    pub after: Option<String>,
}

/// A step that changes other things than it did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TurnedChange {
    /// The case.
    pub case: String,
    /// The step.
    pub step: String,
    /// All that it changes now, in a line.
    pub line: String,
}

/// What turned between an earlier run and this one.
#[must_use]
pub fn turned(earlier: &Results, results: &Results) -> Turned {
    let mut turned = Turned::default();
    for case in &results.cases {
        let old = earlier.cases.iter().find(|old| old.id == case.id);
        let before = old.map(word);
        if before.as_deref() != Some(&*word(case)) {
            turned.verdicts.push(TurnedVerdict {
                case: case.id.clone(),
                before,
                after: Some(word(case)),
            });
        }
        if let Some(old) = old {
            turned
                .changes
                .extend(changes((earlier, old), (results, case)));
        }
    }
    let is_gone = |old: &&CaseResult| results.cases.iter().all(|case| case.id != old.id);
    for gone in earlier.cases.iter().filter(is_gone) {
        turned.verdicts.push(TurnedVerdict {
            case: gone.id.clone(),
            before: Some(word(gone)),
            after: None,
        });
    }
    turned
}

fn word(case: &CaseResult) -> String {
    match case.is_new() {
        true => "new".to_owned(),
        false => crate::text::word(&case.verdict).replace('-', " "),
    }
}

fn changes(old: (&Results, &CaseResult), new: (&Results, &CaseResult)) -> Vec<TurnedChange> {
    let (_, case) = new;
    case.steps
        .iter()
        .filter_map(|step| {
            let now = state(new, &step.name)?.change.as_ref()?;
            let before = state(old, &step.name)?.change.as_ref()?;
            (before.text != now.text).then(|| TurnedChange {
                case: case.id.clone(),
                step: step.name.clone(),
                line: now.line.clone(),
            })
        })
        .collect()
}

fn state<'a>((results, case): (&'a Results, &CaseResult), step: &str) -> Option<&'a StateResult> {
    results.states.get(case.step(step)?.state.as_ref()?)
}
