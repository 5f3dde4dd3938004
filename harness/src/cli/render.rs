//! `switchproof render` and `schema`: what the scenario language can print.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::chosen::{Chosen, Trust, pick};
use super::common::{Error, Exit, print};
use crate::language;
use crate::report::results;

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

pub fn render(args: &RenderArgs) -> Result<Exit, Error> {
    let cases = Chosen::of(args.paths.clone(), args.trust.clone()).load()?;
    print(&language::render(&cases[pick(&cases, &args.case)?]))?;
    Ok(Exit::Passed)
}

/// Which schema.
#[derive(Args)]
pub struct SchemaArgs {
    /// Of what
    #[arg(value_enum, default_value_t)]
    of: SchemaOf,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum SchemaOf {
    /// Of scenario files
    #[default]
    Scenario,
    /// Of results.json
    Results,
    /// Of switchproof.yaml
    Project,
}

pub fn schema(args: &SchemaArgs) -> Result<Exit, Error> {
    print(&match args.of {
        SchemaOf::Scenario => language::schema(),
        SchemaOf::Results => results::schema(),
        SchemaOf::Project => language::project_schema(),
    })?;
    Ok(Exit::Passed)
}
