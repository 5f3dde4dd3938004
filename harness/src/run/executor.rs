//! Runs the part of a plan that is not known yet, as many machines at once as fit, the longest way first.

use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Condvar, Mutex};
use std::time::{Duration, Instant};

use super::chain::{Crew, Next, Stop};
use super::ledger::{Ledger, lock};
use super::selection::Selection;
use super::{Budget, Known};
use crate::judge::Verdict;
use crate::machine::MachineError;
use crate::plan::{NodeId, Plan, StateKey, Work};
use crate::report::{Event, Sink};

/// How often those who listen are told that time passes.
const TICK: Duration = Duration::from_millis(250);

/// All that a run needs.
pub struct Run<'a> {
    /// What it is about.
    pub known: Known<'a>,
    /// How many machines may run.
    pub budget: &'a Budget,
    /// Where events go.
    pub sink: &'a Mutex<dyn Sink>,
}

impl Run<'_> {
    /// Runs, and returns a verdict for every selected case, in the order of the plan. `on_verdict` gets each
    /// one as it falls.
    pub fn run(&self, on_verdict: &(dyn Fn(usize, &Verdict) + Sync)) -> Vec<(usize, Verdict)> {
        let began = Instant::now();
        let steps = self
            .known
            .plan
            .nodes
            .iter()
            .filter(|node| matches!(node.work, Work::Step(_)))
            .filter(|node| {
                node.visits
                    .iter()
                    .any(|visit| self.known.selected.contains(&visit.case))
            })
            .count();
        let laws = self.known.selected.iter();
        let laws = laws.filter(|&&case| self.known.plan.cases[case].trial.is_some());
        let ledger = Ledger::new(self.known, self.sink, on_verdict);
        lock(self.sink).planned(self.known.plan, self.known.selected);
        ledger.event(&Event::Started {
            cases: self.known.selected.len(),
            laws: laws.count(),
            steps,
            sources: sources(self.known.plan, self.known.selected),
        });
        std::thread::scope(|scope| {
            let (over, is_over) = mpsc::channel::<()>();
            scope.spawn(move || {
                while is_over.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                    lock(self.sink).tick(began.elapsed());
                }
            });
            // A bug must not keep the cases it does not concern from being told.
            let work = std::panic::AssertUnwindSafe(|| self.work(&ledger));
            let whole = std::panic::catch_unwind(work).is_ok();
            drop(over);
            let reason = match whole {
                true => ledger.ended_by().unwrap_or_else(|| "the run ended before its turn".to_owned()),
                false => "switchproof has a bug: it panicked, which ended the run before its turn; please report it \
                     with the lines printed above"
                    .to_owned(),
            };
            for &case in self.known.selected {
                ledger.not_run(case, &reason);
            }
        });
        ledger.event(&Event::Finished {
            elapsed: began.elapsed(),
        });
        let verdict = |&case| Some((case, ledger.verdict(case)?));
        self.known.selected.iter().filter_map(verdict).collect()
    }

    fn work(&self, ledger: &Ledger<'_>) {
        let known = self.known;
        let Selection { starts, before } = known.select(ledger);
        let crew = Crew {
            known,
            ledger,
            before,
        };
        self.make_bases(&crew, &starts);
        let queue = Queue::default();
        for &start in &starts {
            queue.add(start, self.expected(start));
        }
        std::thread::scope(|scope| {
            for _ in 0..self.budget.slots() {
                scope.spawn(|| {
                    while let Some(start) = queue.take() {
                        let _done = Done(&queue);
                        for next in self.chain(&crew, start) {
                            queue.add(next, self.expected(next));
                        }
                    }
                });
            }
        });
        known.forget_own();
    }

    /// Boots what must be booted before machines start in parallel.
    fn make_bases(&self, crew: &Crew<'_>, starts: &[NodeId]) {
        let mut made: BTreeMap<StateKey, Option<Stop>> = BTreeMap::new();
        let is_root = |start: &&NodeId| self.known.plan[**start].parent.is_none();
        for &start in starts.iter().filter(is_root) {
            let guest = crew.guest(start);
            let broken = made
                .entry(self.known.hypervisor.base_key(guest))
                .or_insert_with(|| {
                    let mut tell = |what: &str| crew.tell(what);
                    // A boot is a machine like any other.
                    let slot = match self
                        .known
                        .hypervisor
                        .has(&self.known.hypervisor.base_key(guest))
                    {
                        true => None,
                        false => match self
                            .budget
                            .acquire(self.known.hypervisor.ram_mib(guest), &mut tell)
                        {
                            Ok(slot) => Some(slot),
                            Err(error) => return Some(Stop::NoRoom(error)),
                        },
                    };
                    let broken = self.known.hypervisor.ensure_base(guest, &mut tell).err();
                    drop(slot);
                    broken.map(Stop::Broken)
                });
            if let Some(stop) = broken {
                self.stop_from(crew.ledger, start, stop);
            }
        }
    }

    fn chain(&self, crew: &Crew<'_>, start: NodeId) -> Next {
        if !crew.ledger.is_wanted(start) {
            return Vec::new();
        }
        let slot = || {
            let mut tell = |what: &str| crew.tell(what);
            let ram_mib = self.known.hypervisor.ram_mib(crew.guest(start));
            self.budget
                .acquire(ram_mib, &mut tell)
                .map_err(Stop::NoRoom)
        };
        let run = std::panic::AssertUnwindSafe(|| crew.run(start, &slot));
        let done = std::panic::catch_unwind(run).unwrap_or_else(|_| Err(panicked().into()));
        done.unwrap_or_else(|stop| {
            self.stop_from(crew.ledger, start, &stop);
            Vec::new()
        })
    }

    /// The cases that would have passed through `start` cannot: those whose machine broke errored, and where none could
    /// be started they were not run.
    fn stop_from(&self, ledger: &Ledger<'_>, start: NodeId, stop: &Stop) {
        for visit in &self.known.plan[start].visits {
            if self.known.selected.contains(&visit.case) {
                match stop {
                    Stop::Broken(error) => ledger.error(visit.case, error, None),
                    Stop::NoRoom(error) => {
                        ledger.not_run(visit.case, &format!("{error}; {}", error.hint()));
                    }
                }
            }
        }
    }

    /// How long the longest way from a node on took last time.
    fn expected(&self, id: NodeId) -> Duration {
        let node = &self.known.plan[id];
        let own = self.known.results.duration(&node.key).unwrap_or(UNKNOWN);
        own + node
            .children
            .iter()
            .map(|&child| self.expected(child))
            .max()
            .unwrap_or_default()
    }
}

/// What a step that never ran is taken to last.
const UNKNOWN: Duration = Duration::from_secs(15);

fn panicked() -> MachineError {
    MachineError::new(
        "switchproof has a bug: it panicked while it worked on this case".to_owned(),
        Some("please report it with the lines printed above"),
    )
}

/// Ready nodes, the longest way first. Empty for good once nobody works and nothing is left.
#[derive(Default)]
struct Queue {
    state: Mutex<QueueState>,
    changed: Condvar,
}

#[derive(Default)]
struct QueueState {
    ready: BinaryHeap<(Duration, std::cmp::Reverse<NodeId>)>,
    working: usize,
}

impl Queue {
    fn add(&self, id: NodeId, expected: Duration) {
        lock(&self.state)
            .ready
            .push((expected, std::cmp::Reverse(id)));
        self.changed.notify_all();
    }

    fn take(&self) -> Option<NodeId> {
        let mut state = lock(&self.state);
        loop {
            if let Some((_, std::cmp::Reverse(id))) = state.ready.pop() {
                state.working += 1;
                return Some(id);
            }
            if state.working == 0 {
                return None;
            }
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(std::sync::PoisonError::into_inner);
        }
    }
}

/// Ends a worker's turn, also when it panics: the others must not wait for it.
struct Done<'a>(&'a Queue);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        lock(&self.0.state).working -= 1;
        self.0.changed.notify_all();
    }
}
/// Where the channels of the selected cases come from, each folder once.
fn sources(plan: &Plan, selected: &BTreeSet<usize>) -> Vec<String> {
    let channels = selected
        .iter()
        .flat_map(|&index| &plan.cases[index].guest.channels);
    let lines: BTreeSet<String> = channels
        .flat_map(|channel| {
            let line = move |source| match channel.is_bare {
                true => format!("{source}"),
                false => format!("channel {}: {source}", channel.shown_name()),
            };
            channel.sources.iter().map(line)
        })
        .collect();
    lines.into_iter().collect()
}
