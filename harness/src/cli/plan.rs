//! `switchproof plan`.

use std::collections::BTreeSet;

use clap::{Args, ValueEnum};

use super::common::{Chosen, Error, Exit, print};
use super::form::{Form, Printed};
use crate::plan::PlanFormat;
use crate::session::{Limits, Session};

/// What to plan, and how to print it.
#[derive(Args)]
pub struct PlanArgs {
    #[command(flatten)]
    chosen: Chosen,
    #[command(flatten)]
    printed: Printed<Format>,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Format {
    /// A tree for people
    #[default]
    Text,
    /// A graph for Graphviz
    Dot,
    /// One array of objects
    Json,
}

impl Form for Format {
    const JSON: Self = Self::Json;
}

pub fn run(args: &PlanArgs) -> Result<Exit, Error> {
    let cases = args.chosen.load_some()?;
    let session = Session::open(Limits::default())?;
    let plan = session.plan(cases);
    let format = match args.printed.form() {
        Format::Text => PlanFormat::Text,
        Format::Dot => PlanFormat::Dot,
        Format::Json => PlanFormat::Json,
    };
    // Of all cases, as a run has it: what is shared, and so kept, does not depend on the choice.
    let chosen: BTreeSet<usize> = (0..plan.cases.len())
        .filter(|&case| args.chosen.admits(&plan.cases[case]))
        .collect();
    let known = session.foresee(&plan, &chosen);
    print(&plan.show(format, &chosen, &known))?;
    Ok(args.chosen.exit(Exit::Passed))
}
