//! Every case of `scenarios/` as a test of its own: `cargo test`, `cargo test NAME`, `cargo nextest run`.
//!
//! Listing is pure. Running forks one set of machines for all selected cases; each test waits for its verdict.

mod other_versions;
mod shared_run;

use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};
use other_versions::OtherVersions;
use shared_run::{SharedRun, bundled, selection};
use switchproof::judge::{Conclusion, SnapshotMode, SnapshotPolicy, Verdict};
use switchproof::language::LoadOptions;
use switchproof::model::Step;
use switchproof::observe::Observation;
use switchproof::report::describe;

/// The test of what all cases saw together; without a case beside it there is nothing to show.
const HOLDS: &str = "snapshots-hold-with-other-versions";

fn main() -> ExitCode {
    let mut args = Arguments::from_args();
    let cases = match bundled(&LoadOptions::default()) {
        Ok(cases) => cases,
        Err(mistakes) => {
            eprint!("{mistakes}");
            return ExitCode::from(2);
        }
    };
    let names: Vec<String> = cases.iter().map(|case| case.id.clone()).collect();
    let snapshots = SnapshotPolicy::new(SnapshotMode::from_environment());
    let is_chosen = !selection(&args, &cases).is_empty();
    let other_versions = Arc::new(OtherVersions::default());
    let watching = Arc::clone(&other_versions);
    let watch = move |id: &str, step: &Step, seen: &Observation| watching.show(id, step, seen);
    let run = SharedRun::new(&mut args, cases, snapshots, Arc::new(watch));
    let trial = |id: &String| {
        let (id, run) = (id.clone(), Arc::clone(&run));
        Trial::test(id.clone(), move || outcome(&id, &run.verdict(&id)))
    };
    let mut trials: Vec<Trial> = names.iter().map(trial).collect();
    let holds = move || {
        // A case that was not selected has its verdict when all others have theirs.
        names.iter().for_each(|id| drop(run.verdict(id)));
        other_versions.verdict().map(drop).map_err(Failed::from)
    };
    trials.push(Trial::test(HOLDS, holds).with_ignored_flag(!is_chosen));
    libtest_mimic::run(&args, trials).exit_code()
}

fn outcome(id: &str, verdict: &Verdict) -> Result<(), Failed> {
    match Conclusion::of([verdict]) {
        Conclusion::Passed => Ok(()),
        _ if verdict.awaits_review() && forced_to_pass() => Ok(()),
        _ => Err(describe(id, verdict).into()),
    }
}

/// Whether `cargo insta test` runs the tests: it reviews the snapshots that differ only if no test fails.
fn forced_to_pass() -> bool {
    std::env::var("INSTA_FORCE_PASS").is_ok_and(|value| value == "1")
}
