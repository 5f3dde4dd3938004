//! What is known of every case while a run goes on.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::judge::{Finding, Place, Verdict, judge, snapshot};
use crate::machine::MachineError;
use crate::observe::Observation;
use crate::plan::{NodeId, Plan, Visit};
use crate::report::{Event, Sink, StateSeen};
use crate::scenario::model::{Case, Outcome, Step};

use super::{Options, Pass, ResultStore, Seen, now_s};

/// One entry a case. A case ends exactly once.
pub struct Ledger<'a> {
    plan: &'a Plan,
    results: &'a ResultStore,
    options: &'a Options,
    sink: &'a Mutex<dyn Sink>,
    on_verdict: &'a (dyn Fn(usize, &Verdict) + Sync),
    entries: Vec<Mutex<Entry>>,
    machines: AtomicUsize,
}

#[derive(Default)]
struct Entry {
    spent: Duration,
    findings: Vec<Finding>,
    verdict: Option<Verdict>,
}

impl<'a> Ledger<'a> {
    pub fn new(
        plan: &'a Plan,
        results: &'a ResultStore,
        options: &'a Options,
        sink: &'a Mutex<dyn Sink>,
        on_verdict: &'a (dyn Fn(usize, &Verdict) + Sync),
    ) -> Self {
        let entries = plan.cases.iter().map(|_| Mutex::default()).collect();
        Self {
            plan,
            results,
            options,
            sink,
            on_verdict,
            entries,
            machines: AtomicUsize::default(),
        }
    }

    pub fn event(&self, event: &Event) {
        lock(self.sink).event(event);
    }

    /// Tells what was seen at a node.
    pub fn saw(&self, at: NodeId, seen: &Seen) {
        lock(self.sink).saw(StateSeen {
            state: &self.plan[at].key,
            observation: &seen.observation,
            at_s: seen.at_s,
            took: Duration::from_millis(seen.took_ms),
        });
    }

    /// The number of a machine that was just started.
    pub fn next_machine(&self) -> usize {
        self.machines.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Whether the case still waits for its verdict.
    pub fn is_open(&self, case: usize) -> bool {
        lock(&self.entries[case]).verdict.is_none()
    }

    /// A machine worked for the case, alone or for others too.
    pub fn spend(&self, case: usize, elapsed: Duration) {
        lock(&self.entries[case]).spent += elapsed;
    }

    /// What is wrong at a step, its snapshot included.
    pub fn look(&self, visit: Visit, seen: &Seen) -> Looked {
        let Some(step) = visit.step else {
            return Looked::default();
        };
        let case = &self.plan.cases[visit.case];
        let step = &case.steps[step];
        let (took, seen) = (Duration::from_millis(seen.took_ms), &seen.observation);
        if took > Duration::from_secs(step.deadline_s.into()) {
            let findings = vec![late(case, step, &format!("it took {} s", took.as_secs()))];
            return Looked {
                findings,
                stops: true,
                broken: None,
            };
        }
        let mut findings = judge(case, step, seen);
        let stops = !ended_as_it_must(&step.outcome, seen);
        if step.snapshot && !stops {
            match snapshot(case, step, seen, &self.options.snapshots) {
                Ok(found) => findings.extend(found),
                Err(error) => {
                    return Looked {
                        findings,
                        stops: true,
                        broken: Some(error.to_string()),
                    };
                }
            }
        }
        Looked {
            findings,
            stops,
            broken: None,
        }
    }

    /// Judges a case at a node it passes through, and ends it where this was its last step or nothing can follow.
    pub fn reached(&self, visit: Visit, at: NodeId, seen: &Seen, cached_at_s: Option<u64>) {
        if !self.is_open(visit.case) {
            return;
        }
        self.saw(at, seen);
        let looked = self.look(visit, seen);
        if let Some(message) = looked.broken {
            let hint = Some("look at the permissions of the snapshots folder".to_owned());
            self.end(
                visit.case,
                Verdict::Errored {
                    message,
                    hint,
                    console_tail: String::new(),
                    during: None,
                },
            );
            return;
        }
        let findings = {
            let mut entry = lock(&self.entries[visit.case]);
            entry.findings.extend(looked.findings);
            let last = self.plan.paths[visit.case].last() == Some(&at);
            (looked.stops || last).then(|| std::mem::take(&mut entry.findings))
        };
        match findings {
            None => {}
            Some(none) if none.is_empty() => self.end(visit.case, Verdict::Passed { cached_at_s }),
            Some(findings) => self.end(visit.case, Verdict::Failed(findings)),
        }
    }

    /// Ends a case with one more finding.
    pub fn fail(&self, case: usize, finding: Finding) {
        let mut findings = std::mem::take(&mut lock(&self.entries[case]).findings);
        findings.push(finding);
        self.end(case, Verdict::Failed(findings));
    }

    /// The machinery failed a case, `during` the step with this number if it was one.
    pub fn error(&self, case: usize, error: &MachineError, during: Option<usize>) {
        let (file, steps) = (&self.plan.cases[case].file, &self.plan.cases[case].steps);
        let during = during.and_then(|step| steps.get(step)).map(|step| Place {
            file: file.clone(),
            step: step.name.clone(),
        });
        let verdict = Verdict::Errored {
            message: error.message.clone(),
            hint: error.hint.clone(),
            console_tail: error.console_tail.clone(),
            during,
        };
        self.end(case, verdict);
    }

    fn end(&self, case: usize, verdict: Verdict) {
        let elapsed = {
            let mut entry = lock(&self.entries[case]);
            if entry.verdict.is_some() {
                return;
            }
            entry.verdict = Some(verdict.clone());
            entry.spent
        };
        self.remember(case, &verdict);
        self.event(&Event::CaseFinished {
            case: self.plan.cases[case].id.clone(),
            verdict: verdict.clone(),
            elapsed,
            only_built: self.plan.cases[case].is_only_built(),
        });
        (self.on_verdict)(case, &verdict);
    }

    /// A pass may be served again; anything else must be seen anew, at least in its last step.
    fn remember(&self, case: usize, verdict: &Verdict) {
        let Some(&last) = self.plan.paths[case].last() else {
            return;
        };
        let (id, key) = (&self.plan.cases[case].id, &self.plan[last].key);
        match verdict {
            Verdict::Passed {
                cached_at_s: Some(_),
            } => {}
            Verdict::Passed { cached_at_s: None } => {
                // A pass that cannot be kept only costs time later.
                let _ = self.results.keep_pass(id, key, &Pass { at_s: now_s() });
            }
            Verdict::Failed(_) | Verdict::Errored { .. } | Verdict::NotRun { .. } => {
                self.results.forget_pass(id, key);
            }
        }
    }

    /// Every case's verdict; one that nothing ended says so.
    pub fn close(self) -> Vec<Option<Verdict>> {
        self.entries
            .into_iter()
            .map(|entry| unlocked(entry).verdict)
            .collect()
    }
}

/// A step did not keep its deadline.
pub fn late(case: &Case, step: &Step, detail: &str) -> Finding {
    Finding {
        step: step.name.clone(),
        file: case.file.clone(),
        line: step.line,
        message: format!(
            "the step did not end within its deadline of {} s",
            step.deadline_s
        ),
        detail: detail.to_owned(),
        to_review: false,
    }
}

/// Whether what follows a step may be tried at all.
fn ended_as_it_must(outcome: &Outcome, seen: &Observation) -> bool {
    match outcome {
        Outcome::Succeeds => seen.output.status == 0,
        Outcome::Fails { .. } => seen.output.status != 0,
    }
}

/// What a look at an observation found.
#[derive(Default)]
pub struct Looked {
    pub findings: Vec<Finding>,
    /// The step did not end as it must: what follows it would say nothing.
    pub stops: bool,
    /// The snapshot could not be read or written.
    pub broken: Option<String>,
}

impl Looked {
    /// Whether all is as it must be.
    pub fn is_good(&self) -> bool {
        !self.stops && self.broken.is_none() && self.findings.is_empty()
    }
}

/// A thread that panicked while holding a lock left plain data behind, which is still good.
pub fn lock<T: ?Sized>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn unlocked<T>(mutex: Mutex<T>) -> T {
    mutex
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}
