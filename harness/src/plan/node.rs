//! A node of the plan: one machine state to reach, and how.

use serde::{Deserialize, Serialize};

use crate::model::{Action, Guest, Switch, User};
use crate::observe::Probe;

/// A node's place in [`super::Plan::nodes`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub usize);

/// Names a machine state by all that led to it, in 32 hexadecimal digits, as layers are named.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StateKey(pub String);

impl StateKey {
    /// The key of the state that `work` leads to from the state `self`, once it has been observed with `probes`. To
    /// observe is to log in, to begin sessions and to run commands, which may change the machine: cases share a state
    /// only when they observe it alike.
    #[must_use]
    pub fn after(&self, work: &Work, probes: Option<&[Probe]>) -> Self {
        let what =
            serde_json::to_vec(&(EPOCH, work, probes)).expect("plain data always serialises");
        self.followed_by(b"\n", &what)
    }

    /// The key of this state with something more in it that `what` describes whole.
    #[must_use]
    pub fn with(&self, what: &impl Serialize) -> Self {
        let what = serde_json::to_vec(what).expect("plain data always serialises");
        self.followed_by(b"\nwith ", &what)
    }

    fn followed_by(&self, how: &[u8], what: &[u8]) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.0.as_bytes()).update(how).update(what);
        Self(hasher.finalize().to_hex()[..DIGITS].to_owned())
    }

    /// A key for the same state made anew by a run, given by its id, which must not meet what others made.
    #[must_use]
    pub fn made_anew(&self, run: &impl std::fmt::Display) -> Self {
        let hash = blake3::hash(format!("{self}\nanew {run}").as_bytes());
        Self(hash.to_hex()[..DIGITS].to_owned())
    }

    /// A key for the same state as a person's shell reached it: nothing was asked there that observers ask, which may
    /// change a state.
    #[must_use]
    pub fn for_shell(&self) -> Self {
        let hash = blake3::hash(format!("{self}\nshell").as_bytes());
        Self(hash.to_hex()[..DIGITS].to_owned())
    }

    /// Enough of the key to tell states apart by eye.
    #[must_use]
    pub fn short(&self) -> &str {
        self.0.get(..12).unwrap_or(&self.0)
    }
}

impl std::fmt::Display for StateKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// 128 bits: two states never meet by accident.
const DIGITS: usize = 32;

/// Raised when a step is performed, or a machine observed, in a way that gives other results than before: what is kept
/// is then made anew. (What is done to a guest before its first step has an epoch in `vm`.)
const EPOCH: u32 = 4;

/// What leads from one state to the next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Work {
    /// Makes the users of a case on a booted guest.
    Prepare {
        /// What the guest must offer.
        guest: Guest,
        /// Who is to exist.
        users: Vec<User>,
        /// Who has logged in already: the user of the first step. The first login of a machine takes longer than
        /// many a step, and this way it is shared.
        logged_in: Option<String>,
        /// The host whose system, still without its homes, takes the guest's place; `None` where the guest that the
        /// image holds is switched itself.
        #[serde(skip_serializing_if = "Option::is_none")]
        system: Option<Box<Switch>>,
    },
    /// A step of a scenario.
    Step(Action),
}

/// One machine state to reach.
#[derive(Debug, Clone)]
pub struct Node {
    /// The state before, `None` for a booted guest with nothing done to it.
    pub parent: Option<NodeId>,
    /// How to get here.
    pub work: Work,
    /// Names the state.
    pub key: StateKey,
    /// The step's name in the first case that has it, or `prepare`.
    pub name: String,
    /// Whether every case that passes through has only inputs that are locked, so that what is kept of it holds.
    pub locked: bool,
    /// Whether a case ends here.
    pub is_end: bool,
    /// The longest deadline that any case gives the step, in seconds.
    pub deadline_s: u32,
    /// How the machine is observed here, if it is: what must be run besides the standard observation.
    pub probes: Option<Vec<Probe>>,
    /// Every case that passes through, with the index of the step (`None` for the preparation).
    pub visits: Vec<Visit>,
    /// The states that follow.
    pub children: Vec<NodeId>,
}

/// A case on its way through a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Visit {
    /// The case's place in [`super::Plan::cases`].
    pub case: usize,
    /// The step's place in the case, `None` for the preparation.
    pub step: Option<usize>,
}
