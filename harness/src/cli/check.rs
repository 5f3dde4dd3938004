//! `switchproof check`.

use clap::{Args, ValueEnum};

use super::chosen::Chosen;
use super::common::{Error, Exit, print};
use super::form::{Form, Printed};
use super::sink::is_quiet;
use super::snapshots::shared;
use crate::judge::orphans;
use crate::language;
use crate::model::Case;
use crate::report::count;

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
            let files = count(checked.files, "file");
            if !checked.is_fine() {
                let mistakes = count(checked.diagnostics.len(), "mistake");
                eprintln!("{mistakes} in {files}");
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
