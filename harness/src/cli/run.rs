//! `switchproof run`.

use std::collections::BTreeSet;
use std::sync::Mutex;

use clap::Args;

use super::common::{Chosen, Error, Exit};
use super::reports::Report;
use super::sink::terminal_or_plain;
use super::snapshots::refuse_shared;
use crate::judge::{Conclusion, SnapshotMode, SnapshotPolicy, orphans};
use crate::report::Tee;
use crate::session::{Limits, Session};

/// What to run, and how.
#[derive(Args)]
pub struct RunArgs {
    #[command(flatten)]
    chosen: Chosen,
    #[command(flatten)]
    limits: LimitArgs,
    /// Accept what was seen: write it as the new snapshots
    #[arg(long)]
    update: bool,
    /// Run everything, also what is known to pass
    #[arg(long)]
    fresh: bool,
    /// Print every line that a step prints
    #[arg(long, short)]
    verbose: bool,
    /// Also write a report: json, junit, html or github, with =FILE or to standard output
    #[arg(long = "report", value_name = "FORMAT[=FILE]")]
    reports: Vec<Report>,
}

/// How much of the machine may be used.
#[derive(Args)]
pub struct LimitArgs {
    /// At most N machines at once [default: the number of cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// At most this much memory for all machines together [default: what is available]
    #[arg(long, value_name = "MIB")]
    memory: Option<u64>,
}

impl LimitArgs {
    /// The limits for a session.
    pub fn limits(&self) -> Limits {
        Limits {
            jobs: self.jobs.map(usize::from),
            memory_mib: self.memory,
        }
    }
}

pub fn run(args: &RunArgs) -> Result<Exit, Error> {
    let cases = args.chosen.load_some()?;
    let mut sinks = vec![terminal_or_plain(args.verbose)];
    for report in &args.reports {
        sinks.push(report.sink()?);
    }
    let session = Session::open(args.limits.limits())?;
    let plan = session.plan(cases);
    let selected: BTreeSet<usize> = (0..plan.cases.len())
        .filter(|&case| args.chosen.admits(&plan.cases[case]))
        .collect();
    let mode = if args.update {
        SnapshotMode::Update
    } else {
        SnapshotMode::from_environment()
    };
    refuse_shared(&plan.cases)?;
    // Whoever runs a few cases is not told of all others each time.
    let orphans = match args.chosen.filter.is_empty() {
        true => orphans(&plan.cases, &args.chosen.paths()),
        false => Vec::new(),
    };
    let sink = Mutex::new(Tee::new(sinks));
    let snapshots = SnapshotPolicy::new(mode);
    let verdicts = session.run(&plan, &selected, args.fresh, snapshots, &sink, &|_, _| {});
    for orphan in orphans {
        eprintln!("note: no case owns {}; delete it", orphan.display());
    }
    let verdicts = verdicts.iter().map(|(_, verdict)| verdict);
    Ok(Conclusion::of(verdicts).into())
}
