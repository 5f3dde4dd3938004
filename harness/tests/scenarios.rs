//! Every case of `scenarios/` as a test of its own: `cargo test`, `cargo test NAME`, `cargo nextest run`.
//!
//! Listing is pure. Running forks one set of machines for all selected cases; each test waits for its verdict.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::ExitCode;
use std::sync::{Arc, Condvar, Mutex, OnceLock};

use libtest_mimic::{Arguments, Failed, Trial};
use switchproof::judge::{SnapshotMode, SnapshotPolicy, Verdict};
use switchproof::report::{Event, PlainSink, Sink, describe};
use switchproof::scenario::model::Case;
use switchproof::scenario::{load, render_text};
use switchproof::session::{Limits, Session};

fn main() -> ExitCode {
    let mut args = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let cases = match load(&[root.join("scenarios")]) {
        Ok(cases) => cases,
        Err(found) => {
            eprint!("{}", render_text(&found));
            return ExitCode::from(2);
        }
    };
    let jobs = args.test_threads.filter(|&threads| threads > 0);
    let selected = selection(&args, &cases);
    // Tests only wait here; how many machines run at once is the budget's business.
    args.test_threads = Some(selected.len().max(1));
    let run = Arc::new(SharedRun {
        jobs,
        names: cases.iter().map(|case| case.id.clone()).collect(),
        cases,
        selected,
        started: OnceLock::new(),
        verdicts: Mutex::default(),
        changed: Condvar::new(),
    });
    let trials = run
        .names
        .iter()
        .map(|name| {
            let (run, id) = (Arc::clone(&run), name.clone());
            Trial::test(name.clone(), move || run.verdict(&id))
        })
        .collect();
    libtest_mimic::run(&args, trials).exit_code()
}

/// The cases that libtest-mimic will run, by its own rules.
fn selection(args: &Arguments, cases: &[Case]) -> BTreeSet<usize> {
    let matches = |filter: &String, id: &str| {
        if args.exact {
            filter == id
        } else {
            id.contains(filter.as_str())
        }
    };
    let chosen = |case: &Case| {
        args.filter
            .as_ref()
            .is_none_or(|filter| matches(filter, &case.id))
            && !args.skip.iter().any(|filter| matches(filter, &case.id))
            && !args.ignored
    };
    (0..cases.len())
        .filter(|&case| chosen(&cases[case]))
        .collect()
}

/// Whether `cargo insta test` runs the tests: it reviews the snapshots that differ only if no test fails.
fn forced_to_pass() -> bool {
    std::env::var("INSTA_FORCE_PASS").is_ok_and(|value| value == "1")
}

struct SharedRun {
    jobs: Option<usize>,
    names: Vec<String>,
    cases: Vec<Case>,
    selected: BTreeSet<usize>,
    started: OnceLock<()>,
    verdicts: Mutex<BTreeMap<String, Verdict>>,
    changed: Condvar,
}

impl SharedRun {
    /// Waits for the verdict of a case; the first to ask begins the run for all.
    fn verdict(self: &Arc<Self>, id: &str) -> Result<(), Failed> {
        self.started.get_or_init(|| {
            let run = Arc::clone(self);
            std::thread::spawn(move || run.run());
        });
        let mut verdicts = self.verdicts.lock().map_err(|_| "another test panicked")?;
        loop {
            match verdicts.get(id) {
                Some(Verdict::Passed { .. }) => return Ok(()),
                Some(verdict) if verdict.awaits_review() && forced_to_pass() => return Ok(()),
                Some(verdict) => return Err(describe(id, verdict).into()),
                None => {}
            }
            verdicts = self
                .changed
                .wait(verdicts)
                .map_err(|_| "another test panicked")?;
        }
    }

    fn run(&self) {
        let guard = Unanswered(self);
        let limits = Limits {
            jobs: self.jobs,
            memory_mib: None,
        };
        match Session::open(limits) {
            Ok(session) => {
                let plan = session.plan(self.cases.clone());
                let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots");
                let snapshots = SnapshotPolicy {
                    mode: SnapshotMode::from_environment(),
                    root,
                };
                let sink = Mutex::new(Progress(PlainSink::new(std::io::stderr(), false)));
                let fresh = std::env::var_os("SWITCHPROOF_FRESH").is_some();
                session.run(
                    &plan,
                    &self.selected,
                    fresh,
                    snapshots,
                    &sink,
                    &|case, verdict| {
                        self.tell(&plan.cases[case].id, verdict.clone());
                    },
                );
            }
            Err(error) => {
                let verdict = Verdict::Errored {
                    message: error.to_string(),
                    hint: error.hint(),
                    console_tail: String::new(),
                };
                for &case in &self.selected {
                    self.tell(&self.cases[case].id, verdict.clone());
                }
            }
        }
        drop(guard);
    }

    fn tell(&self, id: &str, verdict: Verdict) {
        if let Ok(mut verdicts) = self.verdicts.lock() {
            verdicts.entry(id.to_owned()).or_insert(verdict);
        }
        self.changed.notify_all();
    }
}

/// What goes on; the verdicts are libtest's to print.
struct Progress(PlainSink<std::io::Stderr>);

impl Sink for Progress {
    fn event(&mut self, event: &Event) {
        if !matches!(event, Event::CaseFinished { .. } | Event::Finished { .. }) {
            self.0.event(event);
        }
    }
}

/// No test waits for ever: whatever ends the run, every case has a verdict after it.
struct Unanswered<'a>(&'a SharedRun);

impl Drop for Unanswered<'_> {
    fn drop(&mut self) {
        for name in &self.0.names {
            let reason = "the run ended before its turn".to_owned();
            self.0.tell(name, Verdict::NotRun { reason });
        }
    }
}
