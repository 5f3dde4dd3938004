//! `switchproof preview`.

mod document;
mod kept;
mod question;

use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::FalseyValueParser;

use super::common::{Error, Exit, flake_and_output, print};
use super::diff::ShowArgs;
use super::form::{ComparisonForm, Printed};
use super::gather::{CaseSeen, cases_of_text, gather, observe_every_step};
use super::job_summary::{SUMMARY_BYTES, add_comparisons, add_refusal};
use super::reports::ReportArgs;
use super::run::LimitArgs;
use crate::change::{Change, ShowOptions};
use crate::flake::Channels;
use crate::host_context::HostContext;
use crate::judge::known_reason;
use crate::model::{Action, Case, Install};
use crate::preview::{Answer, Asked, Options, RealHome, Stage, YOUR_HOME, comparison};
use crate::report::views::{self, Comparison, Weight};

/// What the summary of a job calls it.
const COMMAND: &str = "switchproof preview";

/// Tell what will be different on a machine, and why, before anything is changed there
///
/// Runs today's setup and then tomorrow's in the same home, in a virtual machine, and prints what differs, what new
/// warnings there are, which options are behind it with the lines that keep their old values, and what stays behind.
/// Nothing is written. Exit status: 0 it works, 1 today's or tomorrow's switch fails.
#[derive(Args)]
pub struct PreviewArgs {
    /// The flake's folder, and the home or host in it where there are several; `.?dir=nix` as Nix takes it
    #[arg(default_value = ".", value_name = "FLAKE[#OUTPUT]")]
    flake: String,
    /// Tomorrow's home.stateVersion
    #[arg(long, value_name = "VERSION")]
    state_version: Option<String>,
    /// Tomorrow's input NAME is REF: a flake reference, or a channel
    #[arg(long, num_args = 2, value_names = ["NAME", "REF"])]
    override_input: Vec<String>,
    /// Today is the flake as it was committed at this revision, tomorrow the work tree
    #[arg(long, value_name = "REVISION")]
    since: Option<String>,
    /// Go through the releases between today's stateVersion and tomorrow's, and say what each brings
    #[arg(long, requires = "state_version")]
    each: bool,
    /// Where nixpkgs and home-manager come from, today and tomorrow: `pocket`, or a release such as 26.05
    #[arg(long, value_name = "CHANNEL", env = "SWITCHPROOF_CHANNEL")]
    channel: Option<String>,
    /// A checkout of Home Manager in place of the pocket channel's [default: $SWITCHPROOF_HOME_MANAGER]
    #[arg(long, value_name = "DIR")]
    channel_from: Option<PathBuf>,
    /// The user whose home it is [default: as the flake names them]
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// How Home Manager is installed [default: by what the output is]
    #[arg(long, value_enum)]
    install: Option<Install>,
    /// Find all that is in the way in a real home: names, types, modes and link targets of this one are put into the
    /// machine after today's switch, and no content; folders of browsers and keys by name alone
    #[arg(long, value_name = "DIR")]
    home: Option<PathBuf>,
    /// A folder or file of that home that is left out, relative to it
    #[arg(long, value_name = "PATH", requires = "home")]
    exclude: Vec<PathBuf>,
    #[command(flatten)]
    reports: ReportArgs,
    /// Keep it as a scenario in this file below the flake's folder
    #[arg(long, value_name = "FILE", conflicts_with = "home")]
    write: Option<PathBuf>,
    /// End with status 1 also when anything changes
    #[arg(long)]
    exit_code: bool,
    /// Do not look for the options behind it
    #[arg(long)]
    no_options: bool,
    /// Run it all anew
    #[arg(long, env = "SWITCHPROOF_FRESH", value_parser = FalseyValueParser::new())]
    fresh: bool,
    #[command(flatten)]
    printed: Printed<ComparisonForm>,
    #[command(flatten)]
    show: ShowArgs,
    #[command(flatten)]
    limits: LimitArgs,
}

pub fn run(args: &PreviewArgs) -> Result<Exit, Error> {
    preview(args).inspect_err(|error| add_refusal(COMMAND, &args.flake, error))
}

fn preview(args: &PreviewArgs) -> Result<Exit, Error> {
    let (folder, query, output) = flake_and_output(&args.flake);
    if !folder.is_dir() {
        return Err(Error::input(
            format!("there is no folder {}", folder.display()),
            "name the folder that holds the flake.nix, with #OUTPUT behind it where it has several",
        ));
    }
    let (asked, revision) = question::asked(args, folder, query, output)?;
    let home = args
        .home
        .as_ref()
        .map(|home| RealHome::take(home, &args.exclude))
        .transpose()
        .map_err(|error| Error::input(error.to_string(), error.hint()))?;
    let cases = cases(args, folder, &asked, home.as_ref())?;
    let host = HostContext::open(args.limits.limits())?;
    let wanted: Vec<usize> = (0..cases.len()).collect();
    let plan = host.plan(cases);
    let seen = gather(&host, &plan, &wanted, args.fresh, &args.reports.wanted)?;
    drop(revision);
    let mut notes = question::notes(&asked);
    notes.extend(home.map(|home| home.words()));
    let answer = answer(&asked, &plan.cases[0], seen, notes);
    let options = ShowOptions {
        brief: !args.show.options().whole,
        ..args.show.options()
    };
    let comparison = Comparison {
        title: answer.title(),
        weight: match answer.works {
            false => Weight::Broken,
            true if answer.is_equal() => Weight::Equal,
            true => Weight::Differs,
        },
        line: answer.line(),
        text: answer.show(options),
    };
    let comparisons = [comparison];
    print(&match args.printed.form() {
        ComparisonForm::Text => comparisons[0].text.clone(),
        ComparisonForm::Json => document::json(&answer)?,
        ComparisonForm::Markdown => views::comparisons(COMMAND, &comparisons, SUMMARY_BYTES),
    })?;
    add_comparisons(COMMAND, &comparisons);
    if let Some(file) = &args.write {
        kept::write(folder, file, &asked)?;
    }
    Ok(
        match answer.works && (answer.is_equal() || !args.exit_code) {
            true => Exit::Passed,
            false => Exit::Failed,
        },
    )
}

/// The case of today and tomorrow, and the one that compares their options.
fn cases(
    args: &PreviewArgs,
    folder: &Path,
    asked: &Asked,
    home: Option<&RealHome>,
) -> Result<Vec<Case>, Error> {
    let text = asked.scenario(&kept::name_of(&asked.output.name), Path::new("."));
    let channels = Channels::from_environment(args.channel_from.clone()).with_kept();
    let mut cases = cases_of_text(folder.join("preview.yaml"), &text, channels)?;
    for step in cases.iter_mut().flat_map(|case| &mut case.steps) {
        step.snapshot = false;
    }
    if let Some(home) = home {
        cases[0].steps.insert(1, home.step(&asked.user));
    }
    cases.iter_mut().for_each(observe_every_step);
    let last = cases[0].steps.len() - 1;
    let can_compare = !args.no_options && !cases[0].is_only_built();
    let comparison = can_compare.then(|| comparison(&cases[0], &asked.user, 0, last));
    cases.extend(comparison.flatten());
    Ok(cases)
}

fn answer(asked: &Asked, case: &Case, mut seen: Vec<CaseSeen>, notes: Vec<String>) -> Answer {
    let compared = (seen.len() > 1).then(|| seen.remove(1));
    let options = compared.map(|steps| match steps.into_iter().next_back().flatten() {
        Some(step) => Options::read(&step.observation),
        None => Err("today's home was not made".to_owned()),
    });
    let mut steps: Vec<Stage> = Vec::new();
    let count = case.steps.len();
    for (step, seen) in case.steps.iter().zip(seen.remove(0)) {
        let Some(seen) = seen else { break };
        let change = match (steps.as_slice(), &step.action) {
            // What is put there is the user's own.
            ([], _) | (_, Action::Seed { .. }) => None,
            ([.., today, home], _) if home.name == YOUR_HOME => {
                let before = home.observation.clone().said(&today.observation);
                Some(Change::between(&before, &seen.observation, true))
            }
            ([.., before], _) => Some(Change::between(
                &before.observation,
                &seen.observation,
                true,
            )),
        };
        steps.push(Stage {
            name: step.name.clone(),
            observation: seen.observation,
            took: seen.took,
            change,
        });
    }
    let is_good = |step: &Stage| step.observation.output.status == 0;
    let failed = steps
        .iter()
        .zip(&case.steps)
        .find(|(stage, _)| !is_good(stage));
    let reason = failed.map(|(stage, step)| known_reason(case, step, &stage.observation));
    Answer {
        way_out: reason
            .unwrap_or_default()
            .trim_start_matches("; ")
            .to_owned(),
        output: asked.output.name.clone(),
        asked: asked.words(),
        works: steps.len() == count && steps.iter().all(is_good),
        // Options of a home that cannot be made explain nothing.
        options: options
            .filter(|_| steps.len() == count && steps.iter().all(is_good))
            .map(|it| it.map(|it| it.seen_in(steps.iter().filter_map(|it| it.change.as_ref())))),
        steps,
        notes,
    }
}
