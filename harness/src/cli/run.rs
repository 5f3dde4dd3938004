//! `switchproof run`.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Mutex;

use clap::Args;

use super::common::{Chosen, Error, Exit, snapshots_beside};
use super::reports::Report;
use super::sink::terminal_or_plain;
use crate::judge::{SnapshotMode, SnapshotPolicy, Verdict, orphans, shared_snapshots};
use crate::report::Tee;
use crate::scenario::model::Case;
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
    let snapshots = SnapshotPolicy {
        mode,
        root: snapshots_beside(&args.chosen.paths()),
    };
    refuse_shared(&plan.cases, &snapshots.root)?;
    let orphans = if args.chosen.is_everything() {
        orphans(&plan.cases, &snapshots.root)
    } else {
        Vec::new()
    };
    let sink = Mutex::new(Tee::new(sinks));
    let verdicts = session.run(&plan, &selected, args.fresh, snapshots, &sink, &|_, _| {});
    for orphan in orphans {
        eprintln!("note: no case owns {}; delete it", orphan.display());
    }
    Ok(verdicts
        .iter()
        .map(|(_, verdict)| exit_of(verdict))
        .max()
        .unwrap_or(Exit::Passed))
}

/// Two steps that share a snapshot would each overwrite what the other saw.
fn refuse_shared(cases: &[Case], root: &Path) -> Result<(), Error> {
    match shared_snapshots(cases, root).first() {
        None => Ok(()),
        Some((path, ids)) => Err(Error::input(
            format!(
                "{} would share the snapshot {}",
                ids.join(" and "),
                path.display()
            ),
            "give their steps names that differ in more than upper and lower case",
        )),
    }
}

/// What a verdict means for the exit status; the worst one counts.
fn exit_of(verdict: &Verdict) -> Exit {
    match verdict {
        Verdict::Passed { .. } => Exit::Passed,
        Verdict::Failed(_) => Exit::Failed,
        Verdict::Errored { .. } | Verdict::NotRun { .. } => Exit::Machinery,
    }
}
