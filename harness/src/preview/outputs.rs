//! The homes and hosts of a flake, as Nix evaluates them in the guest: for those that its text does not tell.

use serde::Deserialize;

use super::question::Question;
use crate::flake::Evaluated;
use crate::model::{Case, Install, Switch};
use crate::observe::Observation;

const OUTPUTS: &str = include_str!("outputs.nix");
const OUTPUTS_SH: &str = include_str!("outputs.sh");

/// A case that asks for the homes and hosts of the flake that the first step of `case` builds; `user` asks. `None` where that
/// step builds none.
#[must_use]
pub fn question_of_outputs(case: &Case, user: &str) -> Option<Case> {
    // What a host must be to run in a machine is no matter of its name.
    let switch = Switch {
        first_host: None,
        ..case.steps.first()?.action.setup()?.clone()
    };
    let question = Question {
        name: "outputs",
        script: OUTPUTS_SH,
        expression: OUTPUTS,
        flakes: [("asked", &switch)].into(),
        argument: "asked".to_owned(),
    };
    Some(Case {
        id: format!("{} (outputs)", case.id),
        steps: question.steps(user).into(),
        ..case.clone()
    })
}

/// Reads what the question printed.
///
/// # Errors
/// The words of the failure, where not even a name could be evaluated.
pub fn read_outputs(seen: &Observation) -> Result<Vec<Evaluated>, String> {
    let mut found: Vec<Evaluated> = Vec::new();
    let mut failed = None;
    let mut asked: Vec<&str> = Vec::new();
    for line in seen.output.stdout.lines() {
        if let Some(question) = line.strip_prefix("asked ") {
            asked = question.split(' ').collect();
        } else if let Some(words) = line.trim().strip_prefix("error: ") {
            match place(&found, &asked) {
                Some(at) => found[at].error = Some(words.to_owned()),
                None => failed = Some(words.to_owned()),
            }
        } else if let Ok(answer) = serde_json::from_str::<Answer>(line) {
            match place(&found, &asked) {
                Some(at) => answer.tell(&mut found[at]),
                None => found.extend(answer.named(&asked)),
            }
        }
    }
    match failed.filter(|_| found.is_empty()) {
        Some(words) => Err(words),
        None if seen.output.status != 0 => Err(crate::judge::complaint(seen)),
        None => Ok(found),
    }
}

/// One answer; what was not asked is not there.
#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    names: Vec<String>,
    #[serde(default)]
    users: Vec<String>,
    #[serde(default)]
    versions: Vec<String>,
    platform: Option<String>,
}

impl Answer {
    fn named(self, asked: &[&str]) -> Vec<Evaluated> {
        let install = asked.get(1).and_then(|set| install(set));
        let one = |name| install.map(|install| Evaluated::named(install, name));
        self.names.into_iter().filter_map(one).collect()
    }

    fn tell(self, of: &mut Evaluated) {
        of.users.extend(self.users);
        of.versions.extend(self.versions);
        of.platform = self.platform.or(of.platform.take());
    }
}

/// Which of those that were found a question is about, by the number of its set and its own in it.
fn place(found: &[Evaluated], asked: &[&str]) -> Option<usize> {
    let [_, set, number] = asked else {
        return None;
    };
    let install = install(set)?;
    let of_set = found
        .iter()
        .enumerate()
        .filter(|(_, it)| it.install == install);
    of_set.map(|(at, _)| at).nth(number.parse().ok()?)
}

/// The sets in the order in which outputs.nix has them.
fn install(number: &str) -> Option<Install> {
    Install::ALL.get(number.parse::<usize>().ok()?).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::sample::observation;

    const PRINTED: &str = r#"Added 4 variables.
nix-repl> "asked names 0"
asked names 0

nix-repl> names 0
{"count":2,"names":["alice@x","broken"]}
asked names 1
error:
       … while calling the 'attrNames' builtin
       error: no such host
asked names 2
{"count":0,"names":[]}
asked users 0 0
{"users":["alice"]}
asked versions 0 0
{"versions":["24.05"]}
asked platform 0 0
{"platform":"x86_64-linux"}
asked users 0 1
error:
       … while evaluating the attribute 'config'
       error: attribute 'zig' missing
"#;

    #[test]
    fn an_error_ends_the_answer_to_one_question_only() {
        let mut seen = observation();
        seen.output.stdout = PRINTED.to_owned();
        let found = read_outputs(&seen).unwrap();
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].name, "alice@x");
        assert!(found[0].users.contains("alice") && found[0].error.is_none());
        assert_eq!(found[0].platform.as_deref(), Some("x86_64-linux"));
        assert_eq!(found[1].error.as_deref(), Some("attribute 'zig' missing"));
    }

    #[test]
    fn a_flake_that_cannot_be_evaluated_at_all_is_a_failure_in_its_words() {
        let mut seen = observation();
        seen.output.stdout = "asked names 0\nerror:\n error: no such file\n".to_owned();
        assert_eq!(read_outputs(&seen).unwrap_err(), "no such file");
    }
}
