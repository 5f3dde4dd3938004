//! Merging cases.

use std::collections::HashMap;

use super::{Node, NodeId, StateKey, Visit, Work};
use crate::first_system::first_system;
use crate::model::{Action, Case, ChannelOverlay, Guest, Part, Step, Switch};
use crate::observe::{Probe, probes};

/// All cases as one trie. Every node is reached once, however many cases pass through it.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The cases, in the order they were given.
    pub cases: Vec<Case>,
    /// Parents before children.
    pub nodes: Vec<Node>,
    /// The nodes that follow a booted guest directly.
    pub roots: Vec<NodeId>,
    /// For every case, its way from the root to its last step.
    pub paths: Vec<Vec<NodeId>>,
}

impl Plan {
    /// Merges `cases`. `base` names the booted guest that a case with such needs begins from.
    pub fn new(mut cases: Vec<Case>, base: impl Fn(&Guest) -> StateKey) -> Self {
        for case in &mut cases {
            let has_nixos = case.guest.channels.iter().any(ChannelOverlay::has_nixos);
            case.guest.builds_nixos = has_nixos && case.booted_host().is_some();
        }
        let mut plan = Self {
            cases: Vec::new(),
            nodes: Vec::new(),
            roots: Vec::new(),
            paths: Vec::new(),
        };
        let mut known: HashMap<StateKey, NodeId> = HashMap::new();
        // Cases of one file ask the same of their machine, most often.
        let mut booted: Option<(&Guest, StateKey)> = None;
        for (index, case) in cases.iter().enumerate() {
            let base = match &booted {
                Some((guest, base)) if *guest == &case.guest => base,
                _ => &booted.insert((&case.guest, base(&case.guest))).1,
            };
            let (work, key) = prepared(case, base);
            let visit = Visit {
                case: index,
                step: None,
            };
            let mut at = plan.node(&mut known, None, key, work, visit);
            let mut path = vec![at];
            for (number, step) in case.steps.iter().enumerate() {
                let work = Work::Step(step.action.clone());
                let probes = probes_of(step);
                let key = plan[at].key.after(&work, probes.as_deref());
                let visit = Visit {
                    case: index,
                    step: Some(number),
                };
                at = plan.node(&mut known, Some(at), key, work, visit);
                plan.ask(at, step, probes);
                path.push(at);
            }
            plan.nodes[at.0].is_end = true;
            for id in &path {
                plan.nodes[id.0].locked &= case.guest.locked;
            }
            plan.paths.push(path);
        }
        plan.cases = cases;
        plan
    }

    /// The node of a state, made where no case before led to it.
    fn node(
        &mut self,
        known: &mut HashMap<StateKey, NodeId>,
        parent: Option<NodeId>,
        key: StateKey,
        work: Work,
        visit: Visit,
    ) -> NodeId {
        let id = *known.entry(key.clone()).or_insert_with(|| {
            let id = NodeId(self.nodes.len());
            let (name, deadline_s) = match &work {
                Work::Prepare { system, guest, .. } if system.is_some() => {
                    let is_real = guest.network.is_on();
                    let deadline_s = [SYSTEM_DEADLINE_S, REAL_SYSTEM_DEADLINE_S];
                    ("first NixOS", deadline_s[usize::from(is_real)])
                }
                Work::Prepare { .. } | Work::Step(_) => ("prepare", PREPARE_DEADLINE_S),
            };
            match parent {
                Some(parent) => self.nodes[parent.0].children.push(id),
                None => self.roots.push(id),
            }
            self.nodes.push(Node {
                parent,
                key,
                name: name.to_owned(),
                work,
                locked: true,
                is_end: false,
                deadline_s,
                probes: None,
                visits: Vec::new(),
                children: Vec::new(),
            });
            id
        });
        self.nodes[id.0].visits.push(visit);
        id
    }

    fn ask(&mut self, at: NodeId, step: &Step, probes: Option<Vec<Probe>>) {
        let node = &mut self.nodes[at.0];
        if node.visits.len() == 1 {
            node.name.clone_from(&step.name);
            node.deadline_s = step.deadline_s;
            node.probes = probes;
        }
        node.deadline_s = node.deadline_s.max(step.deadline_s);
    }

    /// How the machines of a node are prepared.
    #[must_use]
    pub fn root(&self, mut id: NodeId) -> &Work {
        while let Some(parent) = self[id].parent {
            id = parent;
        }
        &self[id].work
    }

    /// What the machines of a node must offer.
    #[must_use]
    pub fn guest(&self, id: NodeId) -> &Guest {
        match self.root(id) {
            Work::Prepare { guest, .. } => guest,
            Work::Step(_) => unreachable!("every way begins with a preparation"),
        }
    }

    /// Whether the state is worth freezing: more than one way leads on from it, or it took a boot or a switch, which a repeat of
    /// a step that failed after it must not cost again.
    #[must_use]
    pub fn is_kept(&self, id: NodeId) -> bool {
        let node = &self[id];
        let took_long = match &node.work {
            Work::Prepare { system, .. } => system.is_some(),
            Work::Step(action) => matches!(action, Action::Reboot | Action::Switch(_)),
        };
        node.children.len() > 1 || (!node.children.is_empty() && (node.is_end || took_long))
    }
}

impl std::ops::Index<NodeId> for Plan {
    type Output = Node;

    fn index(&self, id: NodeId) -> &Node {
        &self.nodes[id.0]
    }
}

/// What a step asks to observe besides what is always observed; `None` where nothing is.
fn probes_of(step: &Step) -> Option<Vec<Probe>> {
    let is_asked = step.snapshot || !step.expect.is_empty() || step.part == Part::Law;
    is_asked.then(|| probes(&step.expect))
}

/// Making users and a first login take seconds, laying a checkout over the channel half a minute under emulation; a machine
/// that needs longer than this for one of them is broken.
const PREPARE_DEADLINE_S: u32 = 120;

/// Building a system of some hundred derivations, and booting it.
const SYSTEM_DEADLINE_S: u32 = 1500;

/// Fetching one as well, which may be a gibibyte: as long as a step with a network may take.
const REAL_SYSTEM_DEADLINE_S: u32 = 3600;

/// How the machines of a case are prepared, and the key of the state that this leads to.
fn prepared(case: &Case, base: &StateKey) -> (Work, StateKey) {
    let typed_by = |step: &Step| step.action.typed_by().map(str::to_owned);
    let system = first_host(case);
    let script = system.as_ref().map(|host| first_system(host, &case.users));
    let work = Work::Prepare {
        guest: case.guest.clone(),
        users: case.users.clone(),
        logged_in: case.steps.first().and_then(typed_by),
        system: system.map(Box::new),
    };
    let key = base.after(&work, None);
    let key = match script {
        Some(script) => key.with(&script),
        None => key,
    };
    (work, key)
}

/// The host that a case begins on, where it is a NixOS that boots: the first that it switches to, as it is before anybody
/// has a home.
fn first_host(case: &Case) -> Option<Switch> {
    let host = case.booted_host()?.clone();
    Some(Switch {
        flake: host.first_host.unwrap_or(host.flake),
        backup_extension: None,
        dry_run: false,
        first_host: None,
        ..host
    })
}
