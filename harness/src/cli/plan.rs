//! `switchproof plan`.

use std::collections::BTreeSet;

use clap::Args;

use super::chosen::Chosen;
use super::common::{Error, Exit, print};
use super::form::{Form, Printed};
use crate::host_context::{HostContext, Limits};
use crate::run::PlanFormat;

/// What to plan, and how to print it.
#[derive(Args)]
pub struct PlanArgs {
    #[command(flatten)]
    chosen: Chosen,
    #[command(flatten)]
    printed: Printed<PlanFormat>,
}

impl Form for PlanFormat {
    const JSON: Self = Self::Json;
}

pub fn run(args: &PlanArgs) -> Result<Exit, Error> {
    let cases = args.chosen.load_some()?;
    let host = HostContext::open(Limits::default())?;
    let plan = host.plan(cases);
    // Of all cases, as a run has it: what is shared, and so kept, does not depend on the choice.
    let chosen: BTreeSet<usize> = (0..plan.cases.len())
        .filter(|&case| args.chosen.admits(&plan.cases[case]))
        .collect();
    let known = host.foresee(&plan, &chosen);
    print(&plan.show(args.printed.form(), &chosen, &known))?;
    Ok(args.chosen.exit(Exit::Passed))
}
