//! One machine's work: from a kept state through steps that follow each other without a branch, to a state that
//! is frozen for others or to the end of a case.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::evaluate::beyond;
use super::hypervisor::{ForkedMachine, Hypervisor, Purpose};
use super::ledger::Ledger;
use super::network::require_route;
use super::perform::{perform, prepare_failed};
use super::{BudgetError, Known, RunId, Seen, now_s};
use crate::judge::is_awaited;
use crate::machine::{Bound, MachineError};
use crate::model::Guest;
use crate::observe::{Observation, Probe, StepOutput, observe};
use crate::plan::{NodeId, Plan, StateKey, Visit, Work};
use crate::report::Event;

/// Why machines of some cases do no more.
#[derive(Debug)]
pub enum Stop {
    /// One broke.
    Broken(MachineError),
    /// None could be started.
    NoRoom(BudgetError),
}

impl From<MachineError> for Stop {
    fn from(error: MachineError) -> Self {
        Self::Broken(error)
    }
}

/// What all machines of a run share.
pub struct Crew<'a> {
    pub known: Known<'a>,
    pub ledger: &'a Ledger<'a>,
    /// Which run had seen each node when this one began, of those that must be passed.
    pub before: BTreeMap<NodeId, RunId>,
}

/// The right to make what other processes may want to make too.
struct Claim {
    _held: Box<dyn Send>,
    /// Whether another process had it.
    waited: bool,
}

/// What a chain leaves for others.
pub type Next = Vec<NodeId>;

impl Crew<'_> {
    fn plan(&self) -> &Plan {
        self.known.plan
    }

    fn hypervisor(&self) -> &dyn Hypervisor {
        self.known.hypervisor
    }

    /// Says that something takes a while.
    pub fn tell(&self, what: &str) {
        self.ledger.event(&Event::Preparing {
            what: what.to_owned(),
        });
    }

    /// The nodes that one machine passes from `start` on: up to the first that must be frozen, or a leaf.
    pub fn links(&self, start: NodeId) -> Vec<NodeId> {
        let mut links = vec![start];
        let mut at = start;
        while !self.plan().is_kept(at) {
            let Some(&child) = self.plan()[at].children.first() else {
                break;
            };
            links.push(child);
            at = child;
        }
        links
    }

    /// Runs the chain that begins with `start` and returns the nodes that are ready after it. `slot` waits for
    /// room for a machine; it is called only when a machine is really needed.
    pub fn run<S>(&self, start: NodeId, slot: &dyn Fn() -> Result<S, Stop>) -> Result<Next, Stop> {
        let links = self.links(start);
        let Some(&end) = links.last() else {
            return Ok(Vec::new());
        };
        let frozen = self.plan().is_kept(end);
        let is_shared = frozen || self.plan()[end].visits.len() > 1;
        let claim = is_shared.then(|| self.claim(start, end)).transpose()?;
        // The process that held the claim before may have made just what this chain is for.
        if claim
            .as_ref()
            .is_some_and(|claim| self.is_made(&links, frozen, claim.waited))
        {
            return Ok(self.plan()[end].children.clone());
        }
        let _slot = slot()?;
        let purpose = if frozen {
            Purpose::Layer
        } else {
            Purpose::Leaf
        };
        let parent = self.parent_key(start);
        let mut machine = self
            .hypervisor()
            .fork(&parent, self.guest(start), purpose)?;
        let number = self.ledger.next_machine();
        let mut is_connected = !self.guest(start).network.is_on();
        let before = self.plan()[start].parent;
        let mut follows = before.and_then(|before| Some(self.known.seen(before)?.run));
        for &id in &links {
            if !self.ledger.is_wanted(id) {
                return Ok(Vec::new());
            }
            if !is_connected && matches!(self.plan()[id].work, Work::Step(_)) {
                require_route(machine.as_machine(), self.guest(start))?;
                is_connected = true;
            }
            self.step(&mut *machine, number, id, follows.take())?;
            follows = Some(self.known.options.run.clone());
        }
        let (key, is_wanted) = (self.known.layer_key(end), self.any_child_wanted(end));
        // A state that is there already is of an earlier time, and what was seen is now of this one.
        if frozen && (is_wanted || self.hypervisor().has(&key)) {
            let frozen = machine.freeze(&key, &self.note(end));
            frozen.inspect_err(|_| self.known.results.forget_seen(&self.plan()[end].key))?;
        }
        match frozen && is_wanted {
            true => Ok(self.plan()[end].children.clone()),
            false => Ok(Vec::new()),
        }
    }

    fn any_child_wanted(&self, id: NodeId) -> bool {
        self.plan()[id]
            .children
            .iter()
            .any(|&child| self.ledger.is_wanted(child))
    }

    /// The right to go the way from `start` to `end`, which other processes may want to go too.
    fn claim(&self, start: NodeId, end: NodeId) -> Result<Claim, MachineError> {
        let (case, step) = self.name(start);
        let mut waited = false;
        let mut waits = || {
            waited = true;
            let (case, step) = (case.clone(), step.clone());
            self.ledger.event(&Event::Waiting { case, step });
        };
        let held = self
            .hypervisor()
            .claim(&self.known.layer_key(end), &mut waits);
        if waited {
            self.ledger.event(&Event::WaitOver { case, step });
        }
        Ok(Claim {
            _held: held?,
            waited,
        })
    }

    /// Whether another process has gone the whole way meanwhile; if so its observations count, and a `frozen` end is
    /// there. What is not as it must be counts only when this one `waited` for it and it was not there when this run began:
    /// the process that was waited for may have been killed, and failures of earlier runs are seen anew.
    fn is_made(&self, links: &[NodeId], frozen: bool, waited: bool) -> bool {
        let Some(&end) = links.last() else {
            return false;
        };
        let seen: Option<Vec<_>> = links
            .iter()
            .filter(|&&id| matches!(self.plan()[id].work, Work::Step(_)))
            .map(|&id| Some((id, self.known.seen(id)?)))
            .collect();
        let Some(seen) = seen else { return false };
        let is_new = |(id, seen): &(NodeId, Seen)| self.before.get(id) != Some(&seen.run);
        let is_good = |(id, seen): &(NodeId, Seen)| {
            self.open(*id)
                .iter()
                .all(|visit| self.known.evaluate(*visit, seen).is_good())
        };
        // A machine that came to the end of the way has passed all of it.
        let counts = match seen.last() {
            Some(last) if is_new(last) => {
                seen.iter().all(|one| waited && is_new(one) || is_good(one))
            }
            _ => frozen && seen.iter().all(is_good),
        };
        if !counts {
            return false;
        }
        if frozen && !self.hypervisor().has(&self.known.layer_key(end)) {
            return false;
        }
        for (id, seen) in seen {
            self.judge_all(id, &seen);
        }
        true
    }

    fn step(
        &self,
        machine: &mut dyn ForkedMachine,
        number: usize,
        id: NodeId,
        follows: Option<RunId>,
    ) -> Result<(), MachineError> {
        let node = &self.plan()[id];
        let open: Vec<Visit> = self.open(id);
        let (case, step) = self.name(id);
        self.ledger.event(&Event::StepStarted {
            case: case.clone(),
            step: step.clone(),
            shared_by: open.len(),
            machine: number,
            state: node.key.clone(),
        });
        let began = Instant::now();
        let mut printed = began;
        let mut on_line = |line: &str| {
            printed = Instant::now();
            self.ledger.event(&Event::StepOutput {
                case: case.clone(),
                step: step.clone(),
                line: line.to_owned(),
            });
        };
        let deadline = Duration::from_secs(node.deadline_s.into());
        let done = perform(machine, &node.work, deadline, &mut on_line).and_then(|output| {
            let took = began.elapsed();
            self.observe_step(machine, id, (output, took), follows)
        });
        let elapsed = began.elapsed();
        for visit in &open {
            self.ledger.spend(visit.case, elapsed);
        }
        self.ledger.event(&Event::StepFinished {
            case,
            step,
            elapsed,
            machine: number,
            state: node.key.clone(),
        });
        // A duration that cannot be kept only makes the next run's order worse.
        let _ = self.known.results.keep_duration(&node.key, elapsed);
        match done {
            Ok(seen) => {
                self.judge_all(id, &seen);
                Ok(())
            }
            Err(mut error) if error.beyond.is_some() => {
                if error.beyond == Some(Bound::Deadline) && printed > began {
                    error.message = still_printing(&error.message, printed.elapsed());
                }
                self.beyond(id, &error);
                Ok(())
            }
            Err(error) => {
                self.known.results.forget_seen(&node.key);
                for visit in &open {
                    self.ledger.error(visit.case, &error, visit.step);
                }
                Err(error)
            }
        }
    }

    /// A case that is on its way through a node, and what the node is called.
    fn name(&self, id: NodeId) -> (String, String) {
        let case = self.open(id).first().map(|visit| visit.case);
        let case = case.map_or_else(String::new, |case| self.plan().cases[case].id.clone());
        (case, self.plan()[id].name.clone())
    }

    fn open(&self, id: NodeId) -> Vec<Visit> {
        let visits = self.plan()[id].visits.iter().copied();
        visits.filter(|visit| self.ledger.awaits(visit)).collect()
    }

    /// Sees what the step left behind, and keeps it.
    fn observe_step(
        &self,
        machine: &mut dyn ForkedMachine,
        id: NodeId,
        (output, took): (StepOutput, Duration),
        follows: Option<RunId>,
    ) -> Result<Seen, MachineError> {
        let node = &self.plan()[id];
        let is_step = matches!(node.work, Work::Step(_));
        if !is_step && output.status != 0 {
            return Err(prepare_failed(&output));
        }
        // A user who could not log in for the step cannot log in to be observed either: it is not waited for twice.
        let observation = match &node.probes {
            Some(probes) if output.no_login.is_none() => {
                self.observe_until_it_is_so(machine, id, probes, &output)?
            }
            _ => Observation::printed(output),
        };
        let seen = Seen {
            at_s: now_s(),
            run: self.known.options.run.clone(),
            follows,
            image: self.hypervisor().image(self.guest(id)).unwrap_or_default(),
            took_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            observation,
        };
        if is_step {
            // What cannot be kept is seen anew the next time.
            let _ = self.known.results.keep_seen(&node.key, &seen);
        }
        Ok(seen)
    }

    /// Observes the machine, and again as long as something that a case waits for is not so yet.
    fn observe_until_it_is_so(
        &self,
        machine: &mut dyn ForkedMachine,
        id: NodeId,
        probes: &[Probe],
        output: &StepOutput,
    ) -> Result<Observation, MachineError> {
        let began = Instant::now();
        loop {
            let seen = observe(
                machine.as_machine(),
                &self.users(id),
                &self.guest(id).exclude,
                probes,
                output.clone(),
            )?;
            // All cases that pass here wait for the same: what they wait for is part of the state's key.
            let awaited = self.plan()[id].visits.first().is_some_and(|visit| {
                let case = &self.plan().cases[visit.case];
                let step = visit.step.and_then(|step| case.steps.get(step));
                step.is_some_and(|step| is_awaited(case, step, &seen, began.elapsed()))
            });
            if !awaited {
                return Ok(seen);
            }
            std::thread::sleep(BETWEEN_OBSERVATIONS);
        }
    }

    fn judge_all(&self, id: NodeId, seen: &Seen) {
        for visit in self.open(id) {
            self.ledger.reached(visit, id, seen, None);
        }
    }

    /// A step went beyond a bound, of deadlines the longest: its cases failed, and nothing can follow on this machine.
    fn beyond(&self, id: NodeId, error: &MachineError) {
        self.known.results.forget_seen(&self.plan()[id].key);
        for visit in self.open(id) {
            let case = &self.plan().cases[visit.case];
            match visit.step.and_then(|step| case.steps.get(step)) {
                Some(step) => self.ledger.fail(visit.case, beyond(case, step, error)),
                None => self.ledger.error(visit.case, error, None),
            }
        }
    }

    fn parent_key(&self, id: NodeId) -> StateKey {
        match self.plan()[id].parent {
            Some(parent) => self.known.layer_key(parent),
            None => self.hypervisor().base_key(self.guest(id)),
        }
    }

    /// What the machine of a node must offer.
    pub fn guest(&self, id: NodeId) -> &Guest {
        self.plan().guest(id)
    }

    fn users(&self, id: NodeId) -> Vec<String> {
        match self.plan().root(id) {
            Work::Prepare { users, .. } => users.iter().map(|user| user.name.clone()).collect(),
            Work::Step(_) => Vec::new(),
        }
    }

    fn note(&self, id: NodeId) -> String {
        let node = &self.plan()[id];
        let case = node
            .visits
            .first()
            .map_or("", |visit| &self.plan().cases[visit.case].id);
        format!("{case} after {}", node.name)
    }
}

/// What a step that its deadline ended did last: one that still printed may never end, however long it is given.
fn still_printing(message: &str, since: Duration) -> String {
    match since < STILL {
        true => format!(
            "{message}; it was still printing then, which is an output without an end or work that takes longer"
        ),
        false => format!(
            "{message}; it had printed nothing for {} s",
            since.as_secs()
        ),
    }
}

/// How long a machine is left alone before it is observed again.
const BETWEEN_OBSERVATIONS: Duration = Duration::from_secs(1);

/// A step whose last line is not older than this still prints.
const STILL: Duration = Duration::from_secs(10);
