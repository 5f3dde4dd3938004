//! What was seen after the steps of some cases: as it is kept, or else by running them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::audience::Audience;
use super::common::{Error, refuse};
use super::reports::Report;
use super::sink::terminal_or_plain;
use crate::flake::Channels;
use crate::host_context::HostContext;
use crate::judge::{SnapshotMode, Verdict};
use crate::language::{self, LoadOptions, Severity};
use crate::model::{Case, Check, Expectation, TextMatch};
use crate::observe::Observation;
use crate::plan::{NodeId, Plan, StateKey, Work};
use crate::report::{Event, Sink, StateSeen};
use crate::run::{Options, lock};

/// What was seen after each step of a case; `None` after a step that was not reached.
pub type CaseSeen = Vec<Option<StepSeen>>;

/// What was seen after a step.
#[derive(Debug, Clone)]
pub struct StepSeen {
    /// What was seen.
    pub observation: Observation,
    /// How long the step took.
    pub took: Duration,
}

/// The cases of a scenario's text that is in no file; `file` is where it would be. They cannot be run or opened by name.
pub fn cases_of_text(file: PathBuf, text: &str, channels: Channels) -> Result<Vec<Case>, Error> {
    let options = LoadOptions {
        allow_outside: true,
        channels,
        ..LoadOptions::default()
    };
    let (mut cases, found) = language::load_text(file, text, &options);
    if cases.is_empty() || found.iter().any(|it| it.severity == Severity::Error) {
        return Err(refuse(&found));
    }
    cases.iter_mut().for_each(|case| case.file = PathBuf::new());
    Ok(cases)
}

/// Makes every step one after which the machine is observed.
pub fn observe_every_step(case: &mut Case) {
    for step in &mut case.steps {
        if !step.snapshot && step.expect.is_empty() {
            // A machine is observed for expectations; this one is true of every output.
            step.expect.push(Expectation {
                check: Check::Output(TextMatch::Contains(String::new())),
                user: None,
                within_s: None,
                line: step.line,
            });
        }
    }
}

/// What was seen of the `wanted` cases of a plan, in their order. Where something is not kept, their machines run; `fresh`
/// runs them in any case. The `reports` are written as those of a run.
pub fn gather(
    host: &HostContext,
    plan: &Plan,
    wanted: &[usize],
    fresh: bool,
    reports: &[Report],
) -> Result<Vec<CaseSeen>, Error> {
    let mut seen = Store::default();
    let has_all = !fresh
        && reports.is_empty()
        && wanted.iter().all(|&case| kept(host, plan, case, &mut seen));
    if has_all {
        return Ok(wanted.iter().map(|&case| of(plan, case, &seen)).collect());
    }
    let gathered = Arc::new(Mutex::new(Store::default()));
    let sinks: Vec<Box<dyn Sink>> = vec![
        Box::new(Progress(terminal_or_plain(false))),
        Box::new(Gatherer(Arc::clone(&gathered))),
    ];
    let selected: BTreeSet<usize> = wanted.iter().copied().collect();
    let audience = Audience::beside(reports, sinks, wanted.iter().map(|&case| &plan.cases[case]))?;
    audience.on_host(host.described(plan, &selected));
    let options = Options {
        fresh,
        ..Options::new(SnapshotMode::Compare)
    };
    let verdicts = host.run(plan, &selected, &options, audience.sink(), &|_, _| {});
    audience.on_host(host.described(plan, &selected));
    if let Some(lost) = audience.finish().into_iter().next() {
        return Err(Error::machinery(lost, None));
    }
    for (case, verdict) in &verdicts {
        refuse_broken(&plan.cases[*case].id, verdict)?;
    }
    let mut seen = std::mem::take(&mut *lock(&gathered));
    // A run passes on only what it observes: states before a frozen one are not observed again.
    for &case in wanted {
        kept(host, plan, case, &mut seen);
    }
    Ok(wanted.iter().map(|&case| of(plan, case, &seen)).collect())
}

type Store = BTreeMap<StateKey, StepSeen>;

/// Adds what is kept of a case; whether that is all that a run would see.
fn kept(host: &HostContext, plan: &Plan, case: usize, seen: &mut Store) -> bool {
    let is_locked = plan.cases[case].guest.locked;
    for &id in steps(plan, case) {
        let node = &plan[id];
        if !seen.contains_key(&node.key) {
            let kept = host.results.seen(&node.key);
            let Some(kept) = kept.filter(|_| is_locked) else {
                return false;
            };
            let step = StepSeen {
                observation: kept.observation,
                took: Duration::from_millis(kept.took_ms),
            };
            seen.insert(node.key.clone(), step);
        }
        if !goes_on(plan, case, id, &seen[&node.key].observation) {
            break;
        }
    }
    true
}

/// Whether a case goes on after a step that ended so.
fn goes_on(plan: &Plan, case: usize, id: NodeId, seen: &Observation) -> bool {
    let visit = plan[id].visits.iter().find(|visit| visit.case == case);
    let step = visit.and_then(|visit| plan.cases[case].steps.get(visit.step?));
    step.is_none_or(|step| {
        let must_succeed = step.outcome == crate::model::Outcome::Succeeds;
        seen.no_logins().next().is_none() && must_succeed == (seen.output.status == 0)
    })
}

fn steps(plan: &Plan, case: usize) -> impl Iterator<Item = &NodeId> {
    plan.paths[case]
        .iter()
        .filter(|&&id| matches!(plan[id].work, Work::Step(_)))
}

fn of(plan: &Plan, case: usize, seen: &Store) -> CaseSeen {
    steps(plan, case)
        .map(|&id| seen.get(&plan[id].key).cloned())
        .collect()
}

/// Nothing can be said of a case whose machine broke.
fn refuse_broken(id: &str, verdict: &Verdict) -> Result<(), Error> {
    match verdict {
        Verdict::Passed { .. } | Verdict::Failed(_) => Ok(()),
        Verdict::Errored { message, hint, .. } => {
            Err(Error::machinery(format!("{id}: {message}"), hint.clone()))
        }
        Verdict::NotRun { reason } => Err(Error::machinery(
            format!("{id} was not run: {reason}"),
            None,
        )),
    }
}

/// Keeps what a run says about states.
struct Gatherer(Arc<Mutex<Store>>);

impl Sink for Gatherer {
    fn event(&mut self, _: &Event) {}

    fn saw(&mut self, state: StateSeen<'_>) {
        let step = StepSeen {
            observation: state.observation.clone(),
            took: state.took,
        };
        let mut store = lock(&self.0);
        store.entry(state.state.clone()).or_insert(step);
    }
}

/// Tells what goes on, and no verdicts: they are not what was asked for.
struct Progress(Box<dyn Sink>);

impl Sink for Progress {
    fn event(&mut self, event: &Event) {
        match event {
            Event::Started { .. } | Event::CaseFinished { .. } | Event::Finished { .. } => {}
            event => self.0.event(event),
        }
    }

    fn tick(&mut self, elapsed: Duration) {
        self.0.tick(elapsed);
    }
}
