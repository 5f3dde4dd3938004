//! Which steps are compared with which.

use super::chosen::pick;
use super::common::Error;
use crate::model::{Case, Step};

/// One comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) before: Place,
    pub(super) after: Place,
}

/// A step of a case, by their places in the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) case: usize,
    pub(super) step: usize,
}

/// What is to be compared.
pub(super) fn pairs(cases: &[Case], what: &[String]) -> Result<Vec<Pair>, Error> {
    let case = pick(cases, &what[0])?;
    let (id, steps) = (&cases[case].id, &cases[case].steps);
    let pair = |before: usize, after: usize| Pair {
        before: Place { case, step: before },
        after: Place { case, step: after },
    };
    match &what[1..] {
        [] if steps.len() < 2 => {
            let message = format!("{id} has one step, so that there is nothing before it");
            Err(Error::input(
                message,
                "name another case to compare it with",
            ))
        }
        [] => Ok((1..steps.len()).map(|step| pair(step - 1, step)).collect()),
        [one] => match (find(steps, one), pick(cases, one)) {
            (Some(0), _) => {
                let message =
                    format!("{one} is the first step of {id}, so that there is nothing before it");
                Err(Error::input(message, "name two steps, or another case"))
            }
            (Some(step), _) => Ok(vec![pair(step - 1, step)]),
            (None, Ok(other)) => between_cases(cases, case, other),
            (None, Err(error)) => {
                let hint = error.hint.unwrap_or_default();
                Err(Error::input(
                    format!("'{one}' is neither a step of {id} nor a case"),
                    format!("its steps are {}; {hint}", names(steps)),
                ))
            }
        },
        [one, other, ..] => {
            let step = |name| find(steps, name).ok_or_else(|| no_step(&cases[case], name));
            Ok(vec![pair(step(one)?, step(other)?)])
        }
    }
}

/// A step was named that the case does not have.
pub(super) fn no_step(case: &Case, name: &str) -> Error {
    let hint = format!("its steps are {}", names(&case.steps));
    Error::input(format!("{} has no step '{name}'", case.id), hint)
}

/// The steps of the same names; the last ones where no names are the same.
fn between_cases(cases: &[Case], one: usize, other: usize) -> Result<Vec<Pair>, Error> {
    if one == other {
        let message = format!("{} is compared with itself", cases[one].id);
        return Err(Error::input(message, "name two cases, or two steps"));
    }
    let pair = |before, after| Pair {
        before: Place {
            case: one,
            step: before,
        },
        after: Place {
            case: other,
            step: after,
        },
    };
    let (left, right) = (&cases[one].steps, &cases[other].steps);
    let mut pairs: Vec<Pair> = left
        .iter()
        .enumerate()
        .filter_map(|(before, step)| Some(pair(before, find(right, &step.name)?)))
        .collect();
    if pairs.is_empty() {
        pairs.push(pair(left.len() - 1, right.len() - 1));
    }
    Ok(pairs)
}

fn find(steps: &[Step], name: &str) -> Option<usize> {
    steps.iter().position(|step| step.name == name)
}

fn names(steps: &[Step]) -> String {
    let names: Vec<&str> = steps.iter().map(|step| step.name.as_str()).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{self, has, rows};

    fn cases() -> Vec<Case> {
        let text = "name: x\nmatrix: { install: [standalone, nixos-module] }\n\
            setup: { home: { stateVersion: \"25.11\" } }\n\
            steps: [switch, relogin, { switch: {}, name: again }]\n";
        let mut cases = testing::cases(text);
        cases.sort_by(|left, right| left.id.cmp(&right.id));
        cases
    }

    fn of(what: &[&str]) -> Result<Vec<Pair>, String> {
        let what: Vec<String> = what.iter().map(|it| (*it).to_owned()).collect();
        pairs(&cases(), &what).map_err(|error| error.message)
    }

    fn pair(before: (usize, usize), after: (usize, usize)) -> Pair {
        let place = |(case, step)| Place { case, step };
        Pair {
            before: place(before),
            after: place(after),
        }
    }

    #[test]
    fn steps_and_cases_are_told_apart() {
        // By id: `x[install=nixos-module]` is the first.
        let (first, second) = (pair((0, 0), (0, 1)), pair((0, 1), (0, 2)));
        assert_eq!(of(&["x[install=nixos-module]"]).unwrap(), [first, second]);
        assert_eq!(of(&["nixos", "again"]).unwrap(), [pair((0, 1), (0, 2))]);
        let both = of(&["nixos", "switch", "again"]).unwrap();
        assert_eq!(both, [pair((0, 0), (0, 2))]);
        let between = of(&["nixos", "standalone"]).unwrap();
        assert_eq!(between.len(), 3);
        assert_eq!(between[2], pair((0, 2), (1, 2)));
    }

    #[test]
    fn what_cannot_be_compared_is_refused() {
        let table = "
            nixos switch => the first step
            nixos nixos => with itself
            nixos nothing => neither a step
            nixos nothing again => no step 'nothing'
            x =>
        ";
        for (what, said) in rows(table) {
            let what: Vec<&str> = what.split(' ').collect();
            has(of(&what).unwrap_err(), &said);
        }
    }
}
