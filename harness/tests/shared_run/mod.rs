//! One run of machines for all selected cases of a test binary; each test waits for its verdict.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};

use libtest_mimic::Arguments;
use switchproof::host_context::{HostContext, Limits};
use switchproof::judge::{SnapshotPolicy, Verdict};
use switchproof::language::{LoadOptions, load_with, render_text};
use switchproof::laws::with_trials;
use switchproof::model::{Case, Step};
use switchproof::observe::Observation;
use switchproof::plan::Plan;
use switchproof::report::{Event, PlainSink, Sink, StateSeen, Telling};
use switchproof::run::Options;

/// The cases of `scenarios/`, or the mistakes in them as text.
pub fn bundled(options: &LoadOptions) -> Result<Vec<Case>, String> {
    let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let cases = load_with(&[scenarios], options).map_err(|found| render_text(&found))?;
    Ok(with_trials(cases))
}

/// Is shown what was seen after each step of a selected case.
pub type Watch = dyn Fn(&str, &Step, &Observation) + Send + Sync;

/// The run, begun by the first who asks for a verdict.
pub struct SharedRun {
    jobs: Option<usize>,
    cases: Vec<Case>,
    selected: BTreeSet<usize>,
    snapshots: SnapshotPolicy,
    watch: Arc<Watch>,
    started: OnceLock<()>,
    verdicts: Mutex<BTreeMap<String, Verdict>>,
    changed: Condvar,
}

impl SharedRun {
    /// A run of those `cases` that `args` select. Tells libtest-mimic to start all tests at once, as they only wait:
    /// how many machines run at once is the budget's business.
    pub fn new(
        args: &mut Arguments,
        cases: Vec<Case>,
        snapshots: SnapshotPolicy,
        watch: Arc<Watch>,
    ) -> Arc<Self> {
        let jobs = args.test_threads.filter(|&threads| threads > 0);
        let selected = selection(args, &cases);
        // A single thread prints a test's name before it runs, and what goes on would tear that line.
        args.test_threads = Some(selected.len().max(2));
        Arc::new(Self {
            jobs,
            cases,
            selected,
            snapshots,
            watch,
            started: OnceLock::new(),
            verdicts: Mutex::default(),
            changed: Condvar::new(),
        })
    }

    /// Waits for the verdict of a case.
    pub fn verdict(self: &Arc<Self>, id: &str) -> Verdict {
        self.started.get_or_init(|| {
            let run = Arc::clone(self);
            std::thread::spawn(move || run.run());
        });
        let mut verdicts = self.verdicts();
        loop {
            if let Some(verdict) = verdicts.get(id) {
                return verdict.clone();
            }
            verdicts = self
                .changed
                .wait(verdicts)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn verdicts(&self) -> MutexGuard<'_, BTreeMap<String, Verdict>> {
        self.verdicts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) {
        let guard = Unanswered(self);
        let limits = Limits {
            jobs: self.jobs,
            memory_mib: None,
        };
        match HostContext::open(limits) {
            Ok(host) => {
                let plan = Arc::new(host.plan(self.cases.clone()));
                let sink = Mutex::new(Progress {
                    shown: PlainSink::new(std::io::stderr(), Telling::Cases),
                    plan: Arc::clone(&plan),
                    watch: Arc::clone(&self.watch),
                });
                let options = Options {
                    fresh: std::env::var_os("SWITCHPROOF_FRESH").is_some(),
                    snapshots: self.snapshots.clone(),
                    ..Options::new(self.snapshots.mode)
                };
                host.run(&plan, &self.selected, &options, &sink, &|case, verdict| {
                    self.tell(&plan.cases[case].id, verdict.clone());
                });
            }
            Err(error) => {
                let verdict = Verdict::Errored {
                    message: error.to_string(),
                    hint: error.hint(),
                    during: None,
                };
                for &case in &self.selected {
                    self.tell(&self.cases[case].id, verdict.clone());
                }
            }
        }
        drop(guard);
    }

    fn tell(&self, id: &str, verdict: Verdict) {
        self.verdicts().entry(id.to_owned()).or_insert(verdict);
        self.changed.notify_all();
    }
}

/// The cases that libtest-mimic will run, by its own rules.
pub fn selection(args: &Arguments, cases: &[Case]) -> BTreeSet<usize> {
    let matches = |filter: &String, id: &str| {
        if args.exact {
            filter == id
        } else {
            id.contains(filter.as_str())
        }
    };
    let chosen = |&case: &usize| {
        let id = &cases[case].id;
        let filter = args.filter.as_ref();
        filter.is_none_or(|filter| matches(filter, id))
            && !args.skip.iter().any(|filter| matches(filter, id))
            && !args.ignored
    };
    (0..cases.len()).filter(chosen).collect()
}

/// What goes on; the verdicts are libtest's to print.
struct Progress {
    shown: PlainSink<std::io::Stderr>,
    plan: Arc<Plan>,
    watch: Arc<Watch>,
}

impl Sink for Progress {
    fn event(&mut self, event: &Event) {
        if !matches!(event, Event::CaseFinished { .. } | Event::Finished { .. }) {
            self.shown.event(event);
        }
    }

    fn saw(&mut self, state: StateSeen<'_>) {
        let nodes = self.plan.nodes.iter();
        for node in nodes.filter(|node| node.key == *state.state) {
            for visit in &node.visits {
                let case = &self.plan.cases[visit.case];
                if let Some(step) = visit.step.and_then(|step| case.steps.get(step)) {
                    (self.watch)(&case.id, step, state.observation);
                }
            }
        }
    }
}

/// No test waits for ever: whatever ends the run, every case has a verdict after it.
struct Unanswered<'a>(&'a SharedRun);

impl Drop for Unanswered<'_> {
    fn drop(&mut self) {
        for case in &self.0.cases {
            let reason = "the run ended before its turn".to_owned();
            self.0.tell(&case.id, Verdict::NotRun { reason });
        }
    }
}
