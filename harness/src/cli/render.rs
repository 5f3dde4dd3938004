//! `switchproof render`, `schema` and `init`: what the scenario language can print without a machine.

use std::fs;
use std::io;
use std::path::PathBuf;

use clap::Args;

use super::common::{Chosen, Error, Exit, Trust, pick, print};
use crate::scenario;

/// Whose flake to print.
#[derive(Args)]
pub struct RenderArgs {
    /// The case, as `switchproof list` prints it, or a part of its id that no other case has
    case: String,
    /// Scenario files, or folders to look for them in [default: scenarios]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    trust: Trust,
}

/// Which flake to draft scenarios for.
#[derive(Args)]
pub struct InitArgs {
    /// The folder of the flake
    #[arg(default_value = ".")]
    path: PathBuf,
}

pub fn render(args: &RenderArgs) -> Result<Exit, Error> {
    let cases = Chosen {
        paths: args.paths.clone(),
        filter: None,
        trust: args.trust,
    }
    .load()?;
    let ids: Vec<_> = cases.iter().map(|case| case.id.clone()).collect();
    print(&scenario::render(&cases[pick(&ids, &args.case)?]))?;
    Ok(Exit::Passed)
}

pub fn schema() -> Result<Exit, Error> {
    print(&scenario::schema())?;
    Ok(Exit::Passed)
}

/// Writes a first scenario for each host and home; a file that is there already stays as it is.
pub fn init(args: &InitArgs) -> Result<Exit, Error> {
    let found = scenario::init(&args.path)
        .map_err(|error| Error::input(error.to_string(), error.hint()))?;
    for draft in &found.drafts {
        let path = args.path.join(&draft.path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        match fs::File::create_new(&path) {
            Ok(mut file) => {
                io::Write::write_all(&mut file, draft.text.as_bytes())?;
                print(&format!("wrote {} for {}\n", path.display(), draft.subject))?;
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                print(&format!("kept {}: it is there already\n", path.display()))?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    for note in &found.notes {
        print(&format!("note: {note}\n"))?;
    }
    Ok(Exit::Passed)
}
