//! Running cases as the commands do, for benchmarks.

use std::collections::BTreeSet;
use std::sync::Mutex;

use switchproof::host_context::HostContext;
use switchproof::judge::{SnapshotMode, Verdict};
use switchproof::model::Case;
use switchproof::report::Sink;
use switchproof::run::Options;

/// Runs cases, each of which must pass, and gives back the sink that got the events. `fresh`: also those that have passed
/// before.
pub fn pass<S: Sink + 'static>(
    host: &HostContext,
    cases: Vec<Case>,
    fresh: bool,
    sink: S,
) -> Result<S, Box<dyn std::error::Error>> {
    let plan = host.plan(cases);
    let selected: BTreeSet<usize> = (0..plan.cases.len()).collect();
    let options = Options {
        fresh,
        ..Options::new(SnapshotMode::Compare)
    };
    let sink = Mutex::new(sink);
    let verdicts = host.run(&plan, &selected, &options, &sink, &|_, _| {});
    let failed = verdicts
        .iter()
        .find(|(_, verdict)| !matches!(verdict, Verdict::Passed { .. }));
    match failed {
        Some((case, verdict)) => Err(format!("{}: {verdict:?}", plan.cases[*case].id).into()),
        None => Ok(sink.into_inner().map_err(|_| "a sink panicked")?),
    }
}
