//! Every case of `scenarios/` as a test of its own: `cargo test`, `cargo test NAME`, `cargo nextest run`.
//!
//! Listing is pure. Running forks one set of machines for all selected cases; each test waits for its verdict.

mod shared_run;

use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};
use shared_run::{SharedRun, bundled};
use switchproof::judge::{Conclusion, SnapshotMode, SnapshotPolicy, Verdict};
use switchproof::language::LoadOptions;
use switchproof::report::describe;

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
    let run = SharedRun::new(&mut args, cases, snapshots);
    let trials = names
        .into_iter()
        .map(|id| {
            let run = Arc::clone(&run);
            Trial::test(id.clone(), move || outcome(&id, &run.verdict(&id)))
        })
        .collect();
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
