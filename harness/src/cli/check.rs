//! `switchproof check`.

use clap::{Args, ValueEnum};

use super::common::{Chosen, Error, Exit, print};
use crate::scenario;

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
    let found = match scenario::load(&args.chosen.paths()) {
        Ok(cases) => {
            let count = cases.len();
            match args.format {
                Format::Json => print("[]\n")?,
                Format::Github => {}
                Format::Text => print(&format!("no mistakes in {count} cases\n"))?,
            }
            return Ok(Exit::Passed);
        }
        Err(found) => found,
    };
    match args.format {
        Format::Text => eprint!("{}", scenario::render_text(&found)),
        Format::Json => print(&scenario::render_json(&found))?,
        Format::Github => print(&scenario::render_github(&found))?,
    }
    Ok(Exit::Input)
}
