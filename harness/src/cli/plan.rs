//! `switchproof plan`.

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
    let mut chosen = args.chosen.load_some()?;
    let host = HostContext::open(Limits::default())?;
    // Of all cases, as a run has it: what is shared, and so kept, does not depend on the choice.
    let plan = host.plan(std::mem::take(&mut chosen.cases));
    let known = host.foresee(&plan, &chosen.selected);
    print(&plan.show(args.printed.form(), &chosen.selected, &known))?;
    Ok(chosen.exit(Exit::Passed))
}
