//! `switchproof check`.

use clap::{Args, ValueEnum};

use super::common::{Chosen, Error, Exit, print};
use super::snapshots::shared;
use crate::judge::orphans;
use crate::language;
use crate::report::count;

/// What to check.
#[derive(Args)]
pub struct CheckArgs {
    #[command(flatten)]
    chosen: Chosen,
    /// How to print what is found
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For editors: one array of objects
    Json,
    /// For GitHub: workflow commands that annotate the files
    Github,
}

pub fn run(args: &CheckArgs) -> Result<Exit, Error> {
    let paths = args.chosen.paths();
    let mut checked = language::check(&paths, &args.chosen.trust.load_options());
    checked.diagnostics.extend(shared(&checked.cases));
    match args.format {
        Format::Json => print(&language::render_json(&checked.diagnostics))?,
        Format::Github => print(&language::render_github(&checked.diagnostics))?,
        Format::Text => {
            eprint!("{}", language::render_text(&checked.diagnostics));
            for case in &checked.reach_host {
                print(&format!(
                    "{case}: its machine reaches this computer over the network\n"
                ))?;
            }
            if checked.is_fine() {
                let files = count(checked.files, "file");
                let cases = count(checked.cases.len(), "case");
                print(&format!("no mistakes: {files}, {cases}\n"))?;
            } else {
                let mistakes = count(checked.diagnostics.len(), "mistake");
                eprintln!("{mistakes} in {}", count(checked.files, "file"));
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
