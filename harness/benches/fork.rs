//! What sharing and forking save over whole runs: `cargo bench --bench fork`.
//!
//! Needs the guest image (`switchproof image build`). Times depend on the host; the ratios, taken in one run, do so
//! much less. `cargo bench --bench machine` measures a single fork.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use switchproof::judge::{SnapshotMode, SnapshotPolicy, Verdict};
use switchproof::report::{Event, Sink};
use switchproof::scenario::{LoadOptions, load_text};
use switchproof::session::{Limits, Session};

/// Cases that share all but their last step.
const CASES: usize = 8;

type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    match measure() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("fork: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measure() -> Result<(), Failure> {
    let session = Session::open(Limits::default())?;
    // The base layer is there before the clock starts.
    run(&session, &scenario(1, "warm"))?;
    let salt = std::process::id().to_string();
    let one = run(&session, &scenario(1, &format!("one-{salt}")))?;
    let many = format!("many-{salt}");
    let eight = run(&session, &scenario(CASES, &many))?;
    let again = run(&session, &scenario(CASES, &many))?;
    row("one case of two steps", one, one);
    row(
        &format!("{CASES} cases that share all but the last step"),
        eight,
        one,
    );
    row("the same again, unchanged", again, one);
    println!("vmtest and virtme-ng: skipped, this benchmark does not drive them yet");
    Ok(())
}

fn row(what: &str, time: Duration, one: Duration) {
    let ratio = time.as_secs_f64() / one.as_secs_f64().max(1e-9);
    println!(
        "{what:<50} {:>9.3} s  {ratio:>6.3} times one case",
        time.as_secs_f64()
    );
}

/// A scenario of `cases` cases that switch a home and then each run a command of their own.
fn scenario(cases: usize, salt: &str) -> String {
    let last: Vec<String> = (0..cases).map(|case| format!("\"{case}\"")).collect();
    format!(
        "name: bench\n\
         matrix:\n  last: [{}]\n\
         setup:\n  home:\n    stateVersion: \"24.05\"\n    packages: [hello]\n    files:\n      .salt: {salt}\n\
         steps:\n  - switch:\n    snapshot: false\n  \
         - run: {{ command: 'echo ${{{{ matrix.last }}}}', user: alice }}\n    snapshot: false\n",
        last.join(", ")
    )
}

/// Runs all cases of a scenario; the time without loading it.
fn run(session: &Session, text: &str) -> Result<Duration, Failure> {
    let (cases, found) = load_text(Path::new("bench.yaml"), text, &LoadOptions::default());
    if let Some(mistake) = found.first() {
        return Err(format!("line {}: {}", mistake.line, mistake.message).into());
    }
    let plan = session.plan(cases);
    let selected: BTreeSet<usize> = (0..plan.cases.len()).collect();
    let snapshots = SnapshotPolicy {
        mode: SnapshotMode::Compare,
        root: "snapshots".into(),
    };
    let start = Instant::now();
    let sink = Mutex::new(Silent);
    let verdicts = session.run(&plan, &selected, false, snapshots, &sink, &|_, _| {});
    let elapsed = start.elapsed();
    match verdicts
        .iter()
        .find(|(_, verdict)| !matches!(verdict, Verdict::Passed { .. }))
    {
        Some((case, verdict)) => Err(format!("{}: {verdict:?}", plan.cases[*case].id).into()),
        None => Ok(elapsed),
    }
}

/// Nobody listens while the clock runs.
struct Silent;

impl Sink for Silent {
    fn event(&mut self, _: &Event) {}
}
