//! `switchproof list`.

use clap::Args;

use super::common::{Chosen, Error, Exit, print};

/// What to list.
#[derive(Args)]
pub struct ListArgs {
    #[command(flatten)]
    chosen: Chosen,
}

pub fn run(args: &ListArgs) -> Result<Exit, Error> {
    let cases = args.chosen.load_some()?;
    let ids: Vec<_> = cases
        .iter()
        .filter(|case| args.chosen.admits(case))
        .collect();
    let width = ids
        .iter()
        .map(|case| case.id.chars().count())
        .max()
        .unwrap_or(0);
    let mut text = String::new();
    for case in ids {
        let about = case.description.lines().next().unwrap_or_default();
        text += format!("{:width$}  {about}", case.id).trim_end();
        text.push('\n');
    }
    print(&text)?;
    Ok(Exit::Passed)
}
