//! `switchproof run`.

use std::path::PathBuf;

use clap::Args;
use clap::builder::FalseyValueParser;

use super::audience::Audience;
use super::chosen::{Chosen, Selection};
use super::common::{Error, Exit};
use super::reports::ReportArgs;
use super::shard::Share;
use super::snapshots::refuse_shared;
use crate::host_context::{HostContext, Limits};
use crate::judge::{Conclusion, SnapshotMode, orphans};
use crate::run::Options;

/// What to run, and how.
#[derive(Args)]
pub struct RunArgs {
    #[command(flatten)]
    chosen: Chosen,
    #[command(flatten)]
    limits: LimitArgs,
    #[command(flatten)]
    share: Share,
    /// Accept what was seen: write it as the new snapshots
    #[arg(long)]
    update: bool,
    /// Run everything, also what is known to pass
    #[arg(long, env = "SWITCHPROOF_FRESH", value_parser = FalseyValueParser::new())]
    fresh: bool,
    /// Begin nothing new once a case failed
    #[arg(long, env = "SWITCHPROOF_FAIL_FAST", value_parser = FalseyValueParser::new())]
    fail_fast: bool,
    /// Print every line that a step prints
    #[arg(long, short, env = "SWITCHPROOF_VERBOSE", value_parser = FalseyValueParser::new())]
    verbose: bool,
    #[command(flatten)]
    reports: ReportArgs,
    /// Show in the page what turned since an earlier run: its results.json, or the folder that has it
    #[arg(long, value_name = "FILE", env = "SWITCHPROOF_COMPARE")]
    compare: Option<PathBuf>,
}

/// How much of the machine may be used.
#[derive(Args)]
pub struct LimitArgs {
    /// At most N machines at once [default: the number of cores]
    #[arg(long, value_name = "N", env = "SWITCHPROOF_JOBS", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// At most this much memory for all machines together [default: what is available]
    #[arg(long, value_name = "MIB", env = "SWITCHPROOF_MEMORY")]
    memory: Option<u64>,
}

impl LimitArgs {
    /// The limits for a host.
    pub fn limits(&self) -> Limits {
        Limits {
            jobs: self.jobs.map(usize::from),
            memory_mib: self.memory,
        }
    }
}

pub fn run(args: &RunArgs) -> Result<Exit, Error> {
    let mut chosen = args.chosen.load_some()?;
    let admitted = std::mem::take(&mut chosen.selected);
    chosen.selected = args.share.narrow(&chosen.cases, admitted)?;
    let cases = chosen.selected.iter().map(|&case| &chosen.cases[case]);
    let earlier = args.compare.as_deref();
    let audience = Audience::open(&args.reports.wanted, earlier, args.verbose, cases)?;
    let done = run_before(args, chosen, &audience);
    let lost = match &done {
        Ok(_) => audience.finish(),
        Err(error) => audience.cut_short(&error.message),
    };
    for lost in &lost {
        eprintln!("error: {lost}");
    }
    match (done, lost.is_empty()) {
        // A reader of the report alone must not take one run for another.
        (Ok(_), false) => Ok(Exit::Machinery),
        (Err(error), false) => Err(Error {
            exit: Exit::Machinery,
            ..error
        }),
        (done, true) => done,
    }
}

/// Runs before an audience.
fn run_before(args: &RunArgs, mut chosen: Selection, audience: &Audience) -> Result<Exit, Error> {
    let host = HostContext::open(args.limits.limits())?;
    let plan = host.plan(std::mem::take(&mut chosen.cases));
    let selected = &chosen.selected;
    let mode = if args.update {
        SnapshotMode::Update
    } else {
        SnapshotMode::from_environment()
    };
    refuse_shared(&plan.cases)?;
    // A run of a few cases does not list all the others.
    let orphans = match args.chosen.is_everything() {
        true => orphans(&plan.cases, &args.chosen.paths()),
        false => Vec::new(),
    };
    let options = Options {
        fresh: args.fresh,
        fail_fast: args.fail_fast,
        ..Options::new(mode)
    };
    audience.on_host(host.described(&plan, selected));
    let verdicts = host.run(&plan, selected, &options, audience.sink(), &|_, _| {});
    // Images that the run has built are known only now.
    audience.on_host(host.described(&plan, selected));
    for orphan in orphans {
        eprintln!("note: no case owns {}; delete it", orphan.display());
    }
    let verdicts = verdicts.iter().map(|(_, verdict)| verdict);
    Ok(chosen.exit(Conclusion::of(verdicts).into()))
}
