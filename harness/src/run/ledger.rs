//! What is known of every case while a run goes on.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use super::evaluate::Evaluation;
use super::{Known, Pass, Seen, now_s};
use crate::judge::{
    Compared, Conclusion, Finding, FindingKind, Place, SnapshotError, SnapshotMode, Verdict,
    exhausted, judge,
};
use crate::machine::MachineError;
use crate::model::{Part, Step};
use crate::observe::Observation;
use crate::plan::{NodeId, Visit};
use crate::report::{Event, Sink, StateSeen};

/// One entry a case. A case ends exactly once.
pub struct Ledger<'a> {
    known: Known<'a>,
    sink: &'a Mutex<dyn Sink>,
    on_verdict: &'a (dyn Fn(usize, &Verdict) + Sync),
    entries: Vec<Mutex<Entry>>,
    machines: AtomicUsize,
    /// The case that ended the run, where the first that is not well does.
    ended_by: OnceLock<usize>,
}

#[derive(Default)]
struct Entry {
    spent: Duration,
    findings: Vec<Finding>,
    /// The snapshots of the steps so far; what is to be written is written when the verdict falls.
    snapshots: Vec<Compared>,
    verdict: Option<Verdict>,
}

impl<'a> Ledger<'a> {
    pub fn new(
        known: Known<'a>,
        sink: &'a Mutex<dyn Sink>,
        on_verdict: &'a (dyn Fn(usize, &Verdict) + Sync),
    ) -> Self {
        let entries = known.plan.cases.iter().map(|_| Mutex::default()).collect();
        Self {
            known,
            sink,
            on_verdict,
            entries,
            machines: AtomicUsize::default(),
            ended_by: OnceLock::new(),
        }
    }

    pub fn event(&self, event: &Event) {
        lock(self.sink).event(event);
    }

    /// Tells what was seen at a node.
    pub fn saw(&self, at: NodeId, seen: &Seen) {
        lock(self.sink).saw(StateSeen {
            state: &self.known.plan[at].key,
            observation: &seen.observation,
            at_s: seen.at_s,
            took: Duration::from_millis(seen.took_ms),
        });
    }

    /// The number of a machine that was just started.
    pub fn next_machine(&self) -> usize {
        self.machines.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Whether nothing new may begin.
    pub fn is_over(&self) -> bool {
        self.ended_by.get().is_some()
    }

    /// Why nothing new may begin.
    pub fn ended_by(&self) -> Option<String> {
        let case = &self.known.plan.cases[*self.ended_by.get()?];
        Some(format!("the run ended with {} (--fail-fast)", case.id))
    }

    /// Whether the case still waits for its verdict.
    pub fn is_open(&self, case: usize) -> bool {
        lock(&self.entries[case]).verdict.is_none()
    }

    /// Whether a case that was asked for still has to pass here.
    pub fn awaits(&self, visit: &Visit) -> bool {
        self.known.selected.contains(&visit.case) && self.is_open(visit.case)
    }

    /// Whether any case that was asked for still needs the node.
    pub fn is_wanted(&self, id: NodeId) -> bool {
        let mut visits = self.known.plan[id].visits.iter();
        !self.is_over() && visits.any(|visit| self.awaits(visit))
    }

    /// A machine worked for the case, alone or for others too.
    pub fn spend(&self, case: usize, elapsed: Duration) {
        lock(&self.entries[case]).spent += elapsed;
    }

    fn mode(&self) -> SnapshotMode {
        self.known.options.snapshots.mode
    }

    /// Judges a case at a node it passes through, and ends it where this was its last step or nothing can follow.
    pub fn reached(&self, visit: Visit, at: NodeId, seen: &Seen, cached_at_s: Option<u64>) {
        if !self.is_open(visit.case) {
            return;
        }
        self.saw(at, seen);
        let case = &self.known.plan.cases[visit.case];
        let step = visit.step.and_then(|step| case.steps.get(step));
        let ran_out = |step| exhausted(&case.guest, step, &seen.observation);
        if let Some(error) = step.and_then(ran_out) {
            self.error(visit.case, &error, visit.step);
            return;
        }
        let found = self.known.evaluate(visit, seen);
        if let Some(error) = &found.broken {
            self.end(visit.case, snapshot_broken(error));
            return;
        }
        if let Some(error) = &found.lost {
            self.error(visit.case, error, visit.step);
            return;
        }
        if let Some(step) = step.filter(|step| found.stops && step.part == Part::Way) {
            self.way_failed(visit.case, step, found.findings, &seen.observation);
            return;
        }
        let last = self.known.plan.paths[visit.case].last() == Some(&at);
        let ends = found.stops || last;
        self.note(visit.case, found);
        if !ends {
            return;
        }
        let findings = std::mem::take(&mut lock(&self.entries[visit.case]).findings);
        match findings.is_empty() {
            true => self.end(visit.case, Verdict::Passed { cached_at_s }),
            false => self.end(visit.case, Verdict::Failed(findings)),
        }
    }

    /// The way of a law failed: its case tells how, where that was asked for as well.
    fn way_failed(&self, law: usize, step: &Step, mut found: Vec<Finding>, seen: &Observation) {
        let case = &self.known.plan.cases[law];
        let of = case.trial.as_ref().map(|trial| &trial.of);
        let mut asked_for = self
            .known
            .selected
            .iter()
            .map(|&case| &self.known.plan.cases[case].id);
        if asked_for.any(|id| Some(id) == of) {
            let reason = format!("its step `{}` did not end as it must", step.name);
            return self.not_run(law, &reason);
        }
        if found.is_empty() {
            found = judge(case, step, seen);
        }
        self.end(law, Verdict::Failed(found));
    }

    /// Takes down what was seen of a case on its way.
    pub fn note(&self, case: usize, found: Evaluation) {
        let mut entry = lock(&self.entries[case]);
        entry.findings.extend(found.findings);
        if let Some(snapshot) = found.snapshot {
            let case = &self.known.plan.cases[case];
            let mut finding = snapshot.finding(case, self.mode(), &entry.snapshots);
            if let Some(FindingKind::ChangedSnapshot { change, .. }) =
                finding.as_mut().map(|it| &mut it.kind)
            {
                *change = found.change;
            }
            entry.findings.extend(finding);
            if let Some(state) = &found.state {
                // Without it a later difference is told as text alone.
                let _ = self.known.results.keep_shown(snapshot.text(), state);
            }
            entry.snapshots.push(snapshot);
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
        let (file, steps) = (
            &self.known.plan.cases[case].file,
            &self.known.plan.cases[case].steps,
        );
        let during = during.and_then(|step| steps.get(step));
        let of = self.known.plan.cases[case]
            .trial
            .as_ref()
            .map(|trial| &trial.of);
        // What broke on the way is told whole by the case whose way it is.
        if let (Some(of), true) = (of, during.is_none_or(|step| step.part == Part::Way)) {
            self.not_run(case, &format!("the way of {of} broke: {}", error.message));
            return;
        }
        let during = during.map(|step| Place {
            file: file.clone(),
            step: step.name.clone(),
        });
        let verdict = Verdict::Errored {
            message: error.message.clone(),
            hint: error.hint.clone(),
            during,
        };
        self.end(case, verdict);
    }

    /// Nothing will work for a case any more.
    pub fn not_run(&self, case: usize, reason: &str) {
        let reason = reason.to_owned();
        self.end(case, Verdict::NotRun { reason });
    }

    /// The verdict falls, once: snapshots are written, and all are told.
    fn end(&self, case: usize, mut verdict: Verdict) {
        let (elapsed, snapshots) = {
            let mut entry = lock(&self.entries[case]);
            if entry.verdict.is_some() {
                return;
            }
            entry.verdict = Some(verdict.clone());
            (entry.spent, std::mem::take(&mut entry.snapshots))
        };
        if let Err(error) = self.store(case, &snapshots) {
            verdict = snapshot_broken(&error);
            lock(&self.entries[case]).verdict = Some(verdict.clone());
        }
        if self.known.options.fail_fast && Conclusion::of([&verdict]) != Conclusion::Passed {
            self.ended_by.get_or_init(|| case);
        }
        self.remember(case, &verdict);
        let case_of = &self.known.plan.cases[case];
        self.event(&Event::CaseFinished {
            case: case_of.id.clone(),
            verdict: verdict.clone(),
            elapsed,
            remarks: case_of.remarks(),
            is_law: case_of.trial.is_some(),
        });
        (self.on_verdict)(case, &verdict);
    }

    /// Writes what is to be written of a case's snapshots.
    fn store(&self, case: usize, snapshots: &[Compared]) -> Result<(), SnapshotError> {
        let case = &self.known.plan.cases[case];
        for snapshot in snapshots {
            if let Some(path) = snapshot.store(case, self.mode())? {
                self.event(&Event::SnapshotWritten {
                    case: case.id.clone(),
                    path,
                });
            }
        }
        Ok(())
    }

    /// A pass may be served again; anything else must be seen anew, at least in its last step.
    fn remember(&self, case: usize, verdict: &Verdict) {
        let Some(&last) = self.known.plan.paths[case].last() else {
            return;
        };
        let (id, key) = (&self.known.plan.cases[case].id, &self.known.plan[last].key);
        match verdict {
            Verdict::Passed {
                cached_at_s: Some(_),
            } => {}
            Verdict::Passed { cached_at_s: None } => {
                // A pass that cannot be kept only costs time later.
                let _ = self
                    .known
                    .results
                    .keep_pass(id, key, &Pass { at_s: now_s() });
            }
            Verdict::Failed(_) | Verdict::Errored { .. } | Verdict::NotRun { .. } => {
                self.known.results.forget_pass(id, key);
            }
        }
    }

    /// The verdict of a case, once it has one.
    pub fn verdict(&self, case: usize) -> Option<Verdict> {
        lock(&self.entries[case]).verdict.clone()
    }
}

/// A snapshot could be neither compared nor written, which says nothing about the setup.
fn snapshot_broken(error: &SnapshotError) -> Verdict {
    Verdict::Errored {
        message: error.to_string(),
        hint: Some(error.hint()),
        during: None,
    }
}

/// A thread that panicked while holding a lock left plain data behind, which is still good.
pub fn lock<T: ?Sized>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}
