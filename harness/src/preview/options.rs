//! The options behind what changes: both homes are evaluated side by side in the guest, and their options compared.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::TODAY;
use super::question::Question;
use crate::change::{Change, FileTurn};
use crate::flake::nix::quoted;
use crate::model::{Case, Install, Switch};
use crate::observe::Observation;

/// What compares them.
const COMPARE: &str = include_str!("compare.nix");
/// What runs it.
const COMPARE_SH: &str = include_str!("compare.sh");
/// Longest text of a value that is shown.
const VALUE_CHARS: usize = 300;

/// What the comparison found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Options {
    /// The format of this answer.
    pub format: u32,
    /// `home.stateVersion` of both; `None` where it cannot be told.
    pub state_version: crate::change::Turn<Option<String>>,
    /// How many options were compared.
    pub looked: usize,
    /// How many of them could not be evaluated.
    pub skipped: usize,
    /// Those that have another value, though nobody defines them.
    pub options: Vec<OptionChange>,
}

/// An option with another value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OptionChange {
    /// Its name.
    pub option: String,
    /// Its value as Nix text; what has none stands in angle brackets.
    pub before: String,
    /// Its value now.
    pub after: String,
    /// Whether the file that declares it speaks of `stateVersion`.
    pub gated: bool,
    /// What it decides; `None` where that was not found out.
    pub decides: Option<Decides>,
}

/// What would be otherwise if an option kept its value, or what no option explains.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decides {
    /// Paths in the home.
    pub files: BTreeSet<String>,
    /// Variables.
    pub variables: BTreeSet<String>,
    /// Packages by name.
    pub packages: BTreeSet<String>,
    /// Other options whose values follow from it.
    pub options: BTreeSet<String>,
}

impl OptionChange {
    /// The line that keeps the old value, where it can be written.
    #[must_use]
    pub fn keep(&self) -> Option<String> {
        let has_text = !self.before.contains('<') || self.before.starts_with('"');
        (has_text && self.before.chars().count() <= VALUE_CHARS)
            .then(|| format!("{} = {};", self.option, self.before))
    }

    /// Whether it decides nothing that was seen.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.decides
            .as_ref()
            .is_some_and(|it| it.names().is_empty())
    }
}

impl Decides {
    /// All that was seen of it.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        let all = [&self.files, &self.variables, &self.packages];
        all.into_iter().flatten().map(String::as_str).collect()
    }
}

impl Options {
    /// Reads what the comparison printed.
    ///
    /// # Errors
    /// The words of the failure.
    pub fn read(seen: &Observation) -> Result<Self, String> {
        if seen.output.status != 0 {
            return Err(crate::judge::complaint(seen));
        }
        let mut found: Self = serde_json::from_str(seen.output.stdout.trim())
            .map_err(|error| format!("the comparison of options cannot be read: {error}"))?;
        // Two builds of a package are not two values.
        found.options.retain(|it| {
            crate::judge::redact_hashes(&it.before) != crate::judge::redact_hashes(&it.after)
        });
        Ok(found)
    }

    /// Leaves of what options decide what these changes show: another build of a package gives files other contents that
    /// nobody sees.
    #[must_use]
    pub fn seen_in<'a>(mut self, changes: impl Iterator<Item = &'a Change>) -> Self {
        let mut seen = Decides::default();
        for user in changes.flat_map(|change| change.users.values()) {
            let units = user.units.iter().flat_map(|unit| &unit.files);
            for file in user.files.iter().chain(units).chain(&user.own_programs) {
                if let FileTurn::Moved { from, .. } = &file.turn {
                    seen.files.insert(from.clone());
                }
                seen.files.insert(file.path.clone());
                let package = file.path.split('/').next();
                seen.packages.extend(package.map(str::to_owned));
            }
            let variables = user.variables.iter().map(|it| it.name.clone());
            seen.variables.extend(variables);
            let packages = user.packages.iter().map(|it| it.package.clone());
            seen.packages.extend(packages);
        }
        for decides in self.options.iter_mut().filter_map(|it| it.decides.as_mut()) {
            decides.files.retain(|it| seen.files.contains(it));
            decides.variables.retain(|it| seen.variables.contains(it));
            decides.packages.retain(|it| seen.packages.contains(it));
        }
        self
    }

    /// The options that no other one explains, and those whose values follow from theirs.
    #[must_use]
    pub fn causes(&self) -> (Vec<&OptionChange>, Vec<&OptionChange>) {
        let decides = |it: &OptionChange, other: &OptionChange| {
            let decides = it.decides.as_ref();
            decides.is_some_and(|decides| decides.options.contains(&other.option))
        };
        self.options.iter().partition(|it| {
            let is_cause = |other: &OptionChange| decides(other, it) && !decides(it, other);
            !self.options.iter().any(is_cause)
        })
    }

    /// What of a change none of the options decides.
    #[must_use]
    pub fn unexplained(&self, change: &Change) -> Decides {
        let decides = || self.options.iter().filter_map(|it| it.decides.as_ref());
        let file = |path: &str| decides().any(|it| it.files.contains(path));
        let mut found = Decides::default();
        for user in change.users.values() {
            let units = user.units.iter().flat_map(|unit| &unit.files);
            for change in user.files.iter().chain(units) {
                let from = match &change.turn {
                    FileTurn::Moved { from, .. } => Some(from),
                    _ => None,
                };
                if !file(&change.path) && !from.is_some_and(|from| file(from)) {
                    found.files.insert(change.path.clone());
                }
            }
            let variable = |name: &str| decides().any(|it| it.variables.contains(name));
            let names = user.variables.iter().map(|it| &it.name);
            found
                .variables
                .extend(names.filter(|name| !variable(name)).cloned());
            let package = |name: &str| decides().any(|it| it.packages.contains(name));
            let names = user.packages.iter().map(|it| &it.package);
            found
                .packages
                .extend(names.filter(|name| !package(name)).cloned());
        }
        found
    }
}

/// A case that makes today's home and then, in a machine of its own, compares the options of two of the case's switches.
#[must_use]
pub fn comparison(case: &Case, user: &str, before: usize, after: usize) -> Option<Case> {
    let setup = |step: usize| case.steps[step].action.setup();
    let (old, new) = (setup(before)?, setup(after)?);
    let first = case.steps.iter().find(|step| step.name == TODAY)?.clone();
    let mut case = Case {
        id: format!("{} (options)", case.id),
        steps: vec![first],
        ..case.clone()
    };
    case.steps.extend(question(old, new, user).steps(user));
    Some(case)
}

/// The question, with both flakes as inputs of one.
fn question<'a>(old: &'a Switch, new: &'a Switch, user: &str) -> Question<'a> {
    let is_home = old.target.install == Install::Standalone;
    let user = if is_home {
        "null".to_owned()
    } else {
        quoted(user)
    };
    Question {
        name: "options",
        script: COMPARE_SH,
        expression: COMPARE,
        flakes: [("today", old), ("tomorrow", new)].into(),
        argument: format!(
            "{{\n      today = today.{};\n      tomorrow = tomorrow.{};\n      user = {user};\n    }}",
            output(old),
            output(new),
        ),
    }
}

fn output(switch: &Switch) -> String {
    let set = switch.target.install.set_name();
    format!("{set}.{}", quoted(&switch.output))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::sample::{alice, managed, observation};
    use crate::model::IMPURE;

    fn found() -> Options {
        let text = r#"{"format":1,"looked":900,"skipped":2,"stateVersion":{"before":"25.11","after":"26.05"},
            "options":[
              {"option":"programs.zsh.dotDir","before":"config.home.homeDirectory","after":"\"x\"","gated":true,
               "decides":{"files":[".zshrc",".config/zsh/.zshrc"],"variables":[],"packages":[],"options":["a.package"]}},
              {"option":"a.package","before":"<package jq-1>","after":"<package jq-2>","gated":false,"decides":null},
              {"option":"a.path","before":"\"/nix/store/00000000000000000000000000000000-a\"",
               "after":"\"/nix/store/11111111111111111111111111111111-a\"","gated":false,"decides":null}]}"#;
        let mut seen = observation();
        seen.output.stdout = text.to_owned();
        Options::read(&seen).unwrap()
    }

    #[test]
    fn other_builds_are_no_other_values_and_a_line_keeps_the_old_one() {
        let found = found();
        assert_eq!(found.options.len(), 2);
        assert_eq!(
            found.options[0].keep().as_deref(),
            Some("programs.zsh.dotDir = config.home.homeDirectory;")
        );
        assert_eq!(found.options[1].keep(), None);
        let (causes, follow) = found.causes();
        assert_eq!(causes, [&found.options[0]]);
        assert_eq!(follow, [&found.options[1]]);
    }

    #[test]
    fn what_no_option_decides_is_told() {
        let before = observation();
        let mut after = observation();
        let entries = &mut alice(&mut after).home.entries;
        for path in [".zshrc", ".vimrc"] {
            entries.insert(path.into(), managed('1', path, "x\n"));
        }
        let change = Change::between(&before, &after, true);
        assert_eq!(found().unexplained(&change).names(), [".vimrc"]);
    }

    #[test]
    fn what_nobody_sees_is_not_decided() {
        let before = observation();
        let mut after = observation();
        let entries = &mut alice(&mut after).home.entries;
        entries.insert(".zshrc".into(), managed('1', ".zshrc", "x\n"));
        let change = Change::between(&before, &after, true);
        let found = found().seen_in([&change].into_iter());
        let decides = found.options[0].decides.as_ref().unwrap();
        assert_eq!(decides.files, [".zshrc".to_owned()].into());
        assert!(!found.options[0].is_idle());
        let nothing = found.seen_in(std::iter::empty());
        assert!(nothing.options[0].is_idle());
    }

    #[test]
    fn a_failure_is_told_in_its_words() {
        let mut seen = observation();
        seen.output.status = 1;
        seen.output.stderr = "error: no such option\n".to_owned();
        assert!(Options::read(&seen).unwrap_err().contains("no such option"));
        seen.output.status = 0;
        assert!(Options::read(&seen).unwrap_err().contains("cannot be read"));
    }

    #[test]
    fn inputs_are_replaced_as_the_switch_replaces_them() {
        let switch = Switch {
            output: "a\"${x}".into(),
            override_inputs: [("original/nixpkgs".to_owned(), "path:/x".to_owned())].into(),
            ..crate::run::test_switch(Install::Standalone)
        };
        let mut today = switch.clone();
        today.override_inputs.clear();
        assert_eq!(
            question(&today, &switch, "alice").arguments(),
            " --override-input tomorrow/original/nixpkgs path:/x"
        );
        today.options.push(IMPURE.to_owned());
        assert_eq!(
            question(&today, &switch, "alice").arguments(),
            " --impure --override-input tomorrow/original/nixpkgs path:/x"
        );
        assert_eq!(output(&switch), "homeConfigurations.\"a\\\"\\${x}\"");
    }
}
