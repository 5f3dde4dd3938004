//! `switchproof check`.

use std::collections::BTreeSet;

use clap::{Args, ValueEnum};

use super::chosen::Chosen;
use super::common::{Error, Exit, print};
use super::form::{Form, Printed};
use super::sink::is_quiet;
use super::snapshots::shared;
use crate::flake::FlakeInputs;
use crate::judge::orphans;
use crate::language::{self, Severity};
use crate::model::Case;
use crate::text::{count, printable_line};

/// What to check.
#[derive(Args)]
pub struct CheckArgs {
    #[command(flatten)]
    chosen: Chosen,
    #[command(flatten)]
    printed: Printed<Format>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    #[default]
    Text,
    /// For editors: one array of objects
    Json,
    /// For GitHub: workflow commands that annotate the files
    Github,
}

impl Form for Format {
    const JSON: Self = Self::Json;
}

pub fn run(args: &CheckArgs) -> Result<Exit, Error> {
    let paths = args.chosen.paths();
    let mut checked = language::check(&paths, &args.chosen.trust.load_options());
    checked.diagnostics.extend(shared(&checked.cases));
    match args.printed.form() {
        Format::Json => print(&language::render_json(&checked.diagnostics))?,
        Format::Github => print(&language::render_github(&checked.diagnostics))?,
        Format::Text => {
            eprint!("{}", language::render_text(&checked.diagnostics));
            let reaches_host = |case: &&Case| case.guest.network.reaches_host();
            for case in checked.cases.iter().filter(reaches_host) {
                print(&format!(
                    "{}: its machine reaches this computer over the network\n",
                    case.id
                ))?;
            }
            if !is_quiet() {
                for line in inputs(&checked.cases) {
                    print(&line)?;
                }
            }
            let files = count(checked.files, "file");
            if !checked.is_fine() {
                let of = |severity| {
                    let found = checked.diagnostics.iter();
                    found.filter(|it| it.severity == severity).count()
                };
                let mistakes = count(of(Severity::Error), "mistake");
                match of(Severity::Warning) {
                    0 => eprintln!("{mistakes} in {files}"),
                    warnings => {
                        eprintln!("{mistakes} and {} in {files}", count(warnings, "warning"))
                    }
                }
            } else if !is_quiet() {
                let cases = count(checked.cases.len(), "case");
                print(&format!("no mistakes: {files}, {cases}\n"))?;
            }
            for orphan in orphans(&checked.cases, &paths) {
                eprintln!("note: no case owns {}; delete it", orphan.display());
            }
        }
    }
    Ok(if checked.is_fine() {
        Exit::Passed
    } else {
        Exit::Input
    })
}

/// Where each input of a flake is, of cases without a network whose flakes have more than channels have; each line once.
fn inputs(cases: &[Case]) -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    for case in cases.iter().filter(|case| !case.guest.network.is_on()) {
        for switch in case.steps.iter().filter_map(|step| step.action.setup()) {
            let states = FlakeInputs::of(&switch.flake).states(&switch.override_inputs);
            let is_usual = |name: &String| {
                matches!(
                    name.as_str(),
                    "nixpkgs" | "home-manager" | "nix-darwin" | "original"
                )
            };
            if states.keys().all(is_usual) {
                continue;
            }
            for (name, state) in states {
                lines.insert(format!(
                    "{}: input {}: {}\n",
                    case.scenario,
                    printable_line(&name),
                    printable_line(&state)
                ));
            }
        }
    }
    lines
}
