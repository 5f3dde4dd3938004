//! `switchproof diff`.

use std::path::PathBuf;

use clap::Args;
use clap::builder::FalseyValueParser;
use serde::Serialize;

use super::chosen::{Chosen, Trust};
use super::common::{Error, Exit, print};
use super::form::{ComparisonForm, Printed, document};
use super::gather::{CaseSeen, gather, observe_every_step};
use super::job_summary::{SUMMARY_BYTES, add_comparisons, add_refusal};
use super::pairs::{Pair, Place, pairs};
use super::run::LimitArgs;
use crate::change::{Change, ShowOptions};
use crate::host_context::HostContext;
use crate::plan::Plan;
use crate::report::views::{self, Comparison, Weight};
use crate::text::printable_line;

/// What the summary of a job calls it.
const COMMAND: &str = "switchproof diff";

/// Tell what differs between two steps of a case, or between two cases
///
/// `diff CASE` compares each step with the one before it, `diff CASE STEP` that one step, `diff CASE STEP STEP` two
/// steps, and `diff CASE CASE` the steps of the same names in two cases. What was seen in earlier runs is used without a
/// machine; what was not is run. Exit status: 0 they are equal, 1 they differ.
#[derive(Args)]
pub struct DiffArgs {
    /// A case, and steps of it or another case
    #[arg(required = true, num_args = 1..=3, value_name = "CASE|STEP")]
    what: Vec<String>,
    /// Scenario files, or folders to look for them in [default: scenarios]
    #[arg(long, value_name = "PATH")]
    scenarios: Vec<PathBuf>,
    #[command(flatten)]
    trust: Trust,
    #[command(flatten)]
    limits: LimitArgs,
    #[command(flatten)]
    printed: Printed<ComparisonForm>,
    #[command(flatten)]
    show: ShowArgs,
    /// Run it all anew
    #[arg(long, env = "SWITCHPROOF_FRESH", value_parser = FalseyValueParser::new())]
    fresh: bool,
}

/// How much of a change is printed.
#[derive(Args, Clone, Copy)]
pub struct ShowArgs {
    /// List packages that are the same by name and version and were built anew
    #[arg(long)]
    rebuilt: bool,
    /// Print the texts of files that came and went, every file of a folder, and links to generations
    #[arg(long)]
    whole: bool,
}

impl ShowArgs {
    /// As the change takes it.
    pub fn options(self) -> ShowOptions {
        ShowOptions {
            rebuilt: self.rebuilt,
            whole: self.whole,
            brief: false,
        }
    }
}

pub fn run(args: &DiffArgs) -> Result<Exit, Error> {
    compare(args).inspect_err(|error| add_refusal(COMMAND, &args.what.join(" "), error))
}

fn compare(args: &DiffArgs) -> Result<Exit, Error> {
    let chosen = Chosen::of(args.scenarios.clone(), args.trust.clone());
    let mut cases = chosen.load()?;
    cases.iter_mut().for_each(observe_every_step);
    let pairs = pairs(&cases, &args.what)?;
    let host = HostContext::open(args.limits.limits())?;
    let plan = host.plan(cases);
    let mut wanted: Vec<usize> = pairs
        .iter()
        .flat_map(|pair| [pair.before.case, pair.after.case])
        .collect();
    wanted.sort_unstable();
    wanted.dedup();
    let seen = gather(&host, &plan, &wanted, args.fresh, &[])?;
    let told: Vec<Told> = pairs
        .iter()
        .map(|pair| tell(&plan, &wanted, &seen, *pair))
        .collect();
    let options = args.show.options();
    let comparisons: Vec<Comparison> = told
        .iter()
        .map(|told| comparison(&plan, told, options))
        .collect();
    print(&match args.printed.form() {
        ComparisonForm::Text => text(&comparisons),
        ComparisonForm::Json => json(&plan, &told)?,
        ComparisonForm::Markdown => views::comparisons(COMMAND, &comparisons, SUMMARY_BYTES),
    })?;
    add_comparisons(COMMAND, &comparisons);
    let is_equal = |told: &Told| matches!(&told.change, Ok(change) if change.is_equal());
    Ok(match told.iter().all(is_equal) {
        true => Exit::Passed,
        false => Exit::Failed,
    })
}

/// A pair and what differs, or why nothing can be said.
struct Told {
    pair: Pair,
    change: Result<Change, String>,
}

fn tell(plan: &Plan, wanted: &[usize], seen: &[CaseSeen], pair: Pair) -> Told {
    let of = |place: Place| {
        let case = wanted.iter().position(|&case| case == place.case)?;
        Some(&seen.get(case)?.get(place.step)?.as_ref()?.observation)
    };
    let step = |place: Place| &plan.cases[place.case].steps[place.step];
    let change = match (of(pair.before), of(pair.after)) {
        (None, _) => Err(not_reached(plan, wanted, seen, pair.before)),
        (_, None) => Err(not_reached(plan, wanted, seen, pair.after)),
        (Some(before), Some(after)) => {
            Change::of_step(step(pair.before), before, step(pair.after), after)
                .ok_or_else(|| "nobody's home was seen".to_owned())
        }
    };
    Told { pair, change }
}

/// Why a step was not reached: what ended before it.
fn not_reached(plan: &Plan, wanted: &[usize], seen: &[CaseSeen], place: Place) -> String {
    let steps = &plan.cases[place.case].steps;
    let case = wanted.iter().position(|&case| case == place.case);
    let last = case.and_then(|case| seen.get(case)).and_then(|seen| {
        let place = seen.iter().rposition(Option::is_some)?;
        Some((place, seen[place].as_ref()?))
    });
    let name = &steps[place.step].name;
    match last {
        Some((before, step)) => format!(
            "{name} was not reached: {} ended with status {}",
            steps[before].name, step.observation.output.status
        ),
        None => format!("{name} was not reached"),
    }
}

fn heading(plan: &Plan, pair: Pair) -> String {
    let (one, other) = (&plan.cases[pair.before.case], &plan.cases[pair.after.case]);
    let (before, after) = (
        &one.steps[pair.before.step].name,
        &other.steps[pair.after.step].name,
    );
    let heading = match pair.before.case == pair.after.case {
        true => format!("{}: {before} -> {after}", one.id),
        false => format!("{} {before} -> {} {after}", one.id, other.id),
    };
    printable_line(&heading)
}

fn comparison(plan: &Plan, told: &Told, options: ShowOptions) -> Comparison {
    let (weight, line, text) = match &told.change {
        Ok(change) if change.is_equal() => (
            Weight::Equal,
            "they are equal".to_owned(),
            change.show(options),
        ),
        Ok(change) => (
            Weight::Differs,
            change.counts().line(),
            change.show(options),
        ),
        Err(reason) => {
            let reason = printable_line(reason);
            (Weight::Broken, reason.clone(), format!("{reason}\n"))
        }
    };
    Comparison {
        title: heading(plan, told.pair),
        weight,
        line,
        text,
    }
}

fn text(comparisons: &[Comparison]) -> String {
    let parts = comparisons
        .iter()
        .map(|it| format!("{}\n{}", it.title, it.text));
    let parts: Vec<String> = parts.collect();
    parts.join("\n")
}

/// The document that `--format json` prints.
#[derive(Serialize)]
struct Document<'a> {
    /// Counted up when a reader would have to change.
    format: u32,
    changes: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    before: Name<'a>,
    after: Name<'a>,
    equal: Option<bool>,
    change: Option<&'a Change>,
    /// Why there is no change to tell.
    reason: Option<&'a str>,
}

#[derive(Serialize)]
struct Name<'a> {
    case: &'a str,
    step: &'a str,
}

fn json(plan: &Plan, told: &[Told]) -> Result<String, Error> {
    let name = |place: Place| Name {
        case: &plan.cases[place.case].id,
        step: &plan.cases[place.case].steps[place.step].name,
    };
    let changes = told
        .iter()
        .map(|told| Entry {
            before: name(told.pair.before),
            after: name(told.pair.after),
            equal: told.change.as_ref().ok().map(Change::is_equal),
            change: told.change.as_ref().ok(),
            reason: told.change.as_ref().err().map(String::as_str),
        })
        .collect();
    document(&Document { format: 1, changes })
}
