//! Which cases a command is about, and how they are loaded.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Args;
use switchproof_vm::image::Suite;

use super::common::{Error, Exit, refuse};
use super::image::parse_suite;
use crate::flake::Channels;
use crate::language::{self, LoadOptions, Severity};
use crate::laws::with_trials;
use crate::model::{Case, Trial};

/// Which cases a command is about.
#[derive(Args, Debug, Clone, Default)]
pub struct Chosen {
    /// Scenario files, folders to look for them in [default: scenarios, here or in a folder above], or cases by their
    /// names
    #[arg(value_name = "PATH|CASE")]
    pub paths: Vec<PathBuf>,
    /// Only cases whose id contains this text; given again, also those with another
    #[arg(
        long,
        value_name = "SUBSTRING",
        env = "SWITCHPROOF_FILTER",
        value_delimiter = '\n'
    )]
    pub filter: Vec<String>,
    #[command(flatten)]
    pub trust: Trust,
}

/// All cases of some paths, and which of them were asked for.
pub struct Selection {
    /// The cases.
    pub cases: Vec<Case>,
    /// The places of those that were asked for.
    pub selected: BTreeSet<usize>,
    /// Whether a file that was read has a mistake.
    has_mistakes: bool,
}

impl Selection {
    /// The status to end with: also 2 where a file that was not asked for has a mistake.
    pub fn exit(&self, exit: Exit) -> Exit {
        match self.has_mistakes {
            true => exit.max(Exit::Input),
            false => exit,
        }
    }
}

/// What scenarios may take of this computer.
#[derive(Args, Debug, Clone, Default)]
pub struct Trust {
    /// Let scenarios take files from outside of their repository
    #[arg(long)]
    pub allow_outside: bool,
    /// The channel of setups that name none: `pocket`, a release such as 26.05, or one of switchproof.yaml
    #[arg(long, value_name = "CHANNEL", env = "SWITCHPROOF_CHANNEL")]
    pub channel: Option<String>,
    /// The guest's Debian release where a scenario names none: trixie or sid [default: trixie]
    #[arg(long, value_name = "SUITE", env = "SWITCHPROOF_SUITE", value_parser = parse_suite)]
    pub suite: Option<Suite>,
    /// A checkout of Home Manager in place of the pocket channel's [default: $SWITCHPROOF_HOME_MANAGER]
    #[arg(long, value_name = "DIR")]
    pub channel_from: Option<PathBuf>,
    /// In every flake that has an input NAME it is REF: a flake reference, a channel, or a folder of this computer
    #[arg(long, num_args = 2, value_names = ["NAME", "REF"])]
    pub override_input: Vec<String>,
}

impl Trust {
    /// How scenarios are loaded.
    pub fn load_options(&self) -> LoadOptions {
        let usual = LoadOptions::default();
        let mut channels = Channels::from_environment(self.channel_from.clone()).with_kept();
        let inputs = self
            .override_input
            .chunks_exact(2)
            .map(|pair| (pair[0].clone(), channels.or_folder(&pair[1])))
            .collect();
        LoadOptions {
            allow_outside: self.allow_outside,
            suite: self.suite.unwrap_or(usual.suite),
            channel: self.channel.clone().unwrap_or(usual.channel),
            inputs,
            channels,
            ..usual
        }
    }
}

impl Chosen {
    /// All cases of these paths.
    pub fn of(paths: Vec<PathBuf>, trust: Trust) -> Self {
        let filter = Vec::new();
        Self {
            paths,
            filter,
            trust,
        }
    }

    /// The paths, or the folder that every project has.
    pub fn paths(&self) -> Vec<PathBuf> {
        match self.paths.as_slice() {
            [] => vec![scenarios_from_here()],
            paths => paths.to_vec(),
        }
    }

    /// The same where cases may be named too: without those.
    fn paths_beside_names(&self) -> Vec<PathBuf> {
        let is_path = |path: &&PathBuf| case_name(path).is_none();
        let paths: Vec<PathBuf> = self.paths.iter().filter(is_path).cloned().collect();
        match paths.is_empty() {
            true => vec![scenarios_from_here()],
            false => paths,
        }
    }

    /// The cases that are named where a path could be, as they are written.
    fn names(&self) -> impl Iterator<Item = &str> {
        self.paths.iter().filter_map(|path| case_name(path))
    }

    /// Whether nothing of the paths is left out.
    pub fn is_everything(&self) -> bool {
        self.filter.is_empty() && self.names().next().is_none()
    }

    /// Loads all cases of the paths. Every mistake and warning is printed; after a mistake the command ends.
    pub fn load(&self) -> Result<Vec<Case>, Error> {
        let checked = language::check(&self.paths(), &self.trust.load_options());
        if !checked.is_fine() {
            return Err(refuse(&checked.diagnostics));
        }
        eprint!("{}", language::render_text(&checked.diagnostics));
        match checked.cases.is_empty() {
            true => Err(self.nothing_here()),
            false => Ok(with_trials(checked.cases)),
        }
    }

    fn nothing_here(&self) -> Error {
        let paths: Vec<_> = self
            .paths()
            .iter()
            .map(|path| path.display().to_string())
            .collect();
        let message = format!("no scenario was found in {}", paths.join(", "));
        let hint =
            "a scenario is a file that ends in .yaml; `switchproof run PATH` names another place";
        Error::input(message, hint)
    }

    /// Loads, and refuses a filter or a name that lets nothing through. Mistakes in files of cases that were not asked
    /// for are printed, and end nothing; see [`Selection::exit`]. Their warnings are left to those who ask for them.
    pub fn load_some(&self) -> Result<Selection, Error> {
        if self.is_everything() {
            let cases = self.load()?;
            return Ok(Selection {
                selected: (0..cases.len()).collect(),
                cases,
                has_mistakes: false,
            });
        }
        let checked = language::check(&self.paths_beside_names(), &self.trust.load_options());
        let has_mistakes = !checked.is_fine();
        let cases = with_trials(checked.cases);
        let selected = self.select(&cases);
        let mut told = checked.diagnostics;
        if let Ok(selected) = &selected {
            let files = selected.iter().map(|&case| &cases[case].file);
            told.retain(|one| {
                one.severity == Severity::Error || files.clone().any(|file| *file == one.file)
            });
        }
        eprint!("{}", language::render_text(&told));
        if cases.is_empty() && !has_mistakes {
            return Err(self.nothing_here());
        }
        let selected = selected?;
        let idle = |filter: &&String| !cases.iter().any(|case| case.id.contains(*filter));
        match self.filter.iter().find(idle) {
            Some(filter) => Err(no_case(filter)),
            None => Ok(Selection {
                cases,
                selected,
                has_mistakes,
            }),
        }
    }

    /// The cases that a filter lets through, and those that are named: by a case's id, by that of a scenario, which are all
    /// of it, or by a part of an id that no other has.
    fn select(&self, cases: &[Case]) -> Result<BTreeSet<usize>, Error> {
        let all = |wanted: &dyn Fn(&Case) -> bool| -> Vec<usize> {
            (0..cases.len()).filter(|&at| wanted(&cases[at])).collect()
        };
        let is_filtered = |case: &Case| self.filter.iter().any(|it| case.id.contains(it));
        let mut selected = BTreeSet::from_iter(all(&is_filtered));
        for name in self.names() {
            let of_scenario = all(&|case| case.scenario == name);
            if !of_scenario.is_empty() && !cases.iter().any(|case| case.id == name) {
                selected.extend(of_scenario);
                continue;
            }
            // A case's laws go with it.
            let one = pick(cases, name)?;
            let is_its = |trial: &Trial| trial.of == cases[one].id;
            selected.extend(all(&|case| case.trial.as_ref().is_some_and(is_its)));
            selected.insert(one);
        }
        Ok(selected)
    }
}

/// What may be the name of a case: nothing of that name is here, and it does not look like a path.
fn case_name(path: &Path) -> Option<&str> {
    let name = path.to_str()?;
    let is_path = name.ends_with(".yaml")
        || name
            .split('[')
            .next()
            .is_some_and(|name| name.contains('/'))
        || matches!(name, "." | "..")
        || path.exists();
    (!is_path).then_some(name)
}

/// The folder `scenarios` here or in the nearest folder above that has one, as far as the repository reaches.
fn scenarios_from_here() -> PathBuf {
    let usual = PathBuf::from("scenarios");
    let Ok(here) = std::env::current_dir() else {
        return usual;
    };
    let mut up = PathBuf::new();
    for folder in here.ancestors() {
        if folder.file_name().is_some_and(|name| name == "scenarios") {
            return if up.as_os_str().is_empty() {
                ".".into()
            } else {
                up
            };
        }
        let found = up.join("scenarios");
        if found.is_dir() {
            return found;
        }
        if folder.join(".git").exists() {
            break;
        }
        up.push("..");
    }
    usual
}

fn no_case(wanted: &str) -> Error {
    let message = format!("no case contains '{wanted}'");
    Error::input(message, "`switchproof list` prints every case")
}

/// The case that a text names: by its id, or by a part that only it has.
pub fn pick(cases: &[Case], wanted: &str) -> Result<usize, Error> {
    let id = |case: usize| cases[case].id.as_str();
    if let Some(exact) = cases.iter().position(|case| case.id == wanted) {
        return Ok(exact);
    }
    let is_like = |case: &usize| id(*case).contains(wanted);
    let mut like: Vec<usize> = (0..cases.len()).filter(is_like).collect();
    // The cases that try a case's laws have its id in theirs: they do not make its name ambiguous.
    let meant = like.clone();
    like.retain(|&case| {
        let (of, law) = id(case).rsplit_once(':').unwrap_or_default();
        law.is_empty() || !meant.iter().any(|&other| id(other) == of)
    });
    match like.as_slice() {
        [one] => Ok(*one),
        [] => Err(no_case(wanted)),
        many => {
            let names: Vec<_> = many.iter().map(|&case| id(case)).collect();
            let (count, names) = (many.len(), names.join(", "));
            let message = format!("'{wanted}' is part of {count} cases: {names}");
            Err(Error::input(message, "name one of them in full"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Folder;

    const GOOD: &str = "matrix: { v: [a, b] }\nsetup: { home: { stateVersion: \"24.05\" } }\nsteps: [{ run: \"echo ${{ matrix.v }}\" }]\n";

    fn chosen(root: &Path, named: &[&str]) -> Chosen {
        let mut paths = vec![root.join("scenarios")];
        paths.extend(named.iter().map(PathBuf::from));
        Chosen::of(paths, Trust::default())
    }

    fn ids(chosen: &Selection) -> Vec<&str> {
        let cases = chosen.selected.iter().map(|&case| &chosen.cases[case]);
        cases.map(|case| case.id.as_str()).collect()
    }

    #[test]
    fn cases_are_named_as_for_a_shell_and_mistakes_of_others_are_told_at_the_end() {
        let root = Folder::new();
        for name in ["one", "ones"] {
            let text = format!("name: {name}\n{GOOD}");
            root.write(format!("scenarios/{name}.yaml"), text);
        }
        let by = |names: &[&str]| chosen(root.path(), names).load_some();
        assert_eq!(ids(&by(&["one"]).unwrap()), ["one[v=a]", "one[v=b]"]);
        assert_eq!(ids(&by(&["ones[v=b]"]).unwrap()), ["ones[v=b]"]);
        let refused = by(&["v=a"]).err().unwrap();
        assert!(refused.message.contains("part of 2 cases"), "{refused}");
        assert!(by(&["none"]).is_err());

        root.write("scenarios/bad.yaml", "name: bad\nstep: []\n");
        let well = by(&["one"]).unwrap();
        assert_eq!(ids(&well).len(), 2);
        assert_eq!(well.exit(Exit::Passed), Exit::Input);
        assert_eq!(well.exit(Exit::Machinery), Exit::Machinery);
        assert!(by(&[]).is_err());
    }
}
