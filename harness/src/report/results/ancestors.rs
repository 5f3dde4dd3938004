//! Observations that later ones are compared with.

use std::collections::HashMap;

use super::seen::ChangeResult;
use crate::change::Change;
use crate::observe::Observation;

/// Keeps what was seen in states as long as something that follows them is expected.
#[derive(Default)]
pub(super) struct Ancestors {
    states: HashMap<String, Ancestor>,
}

#[derive(Default)]
struct Ancestor {
    parent: Option<String>,
    evaluates: bool,
    /// How many states that follow were not looked at yet.
    awaited: usize,
    seen: Option<Observation>,
}

impl Ancestors {
    /// Notes a state that is to be reached, after its parent was noted. `evaluates`: whether the step to it evaluates a
    /// setup, so that what it prints can be compared with what such a step printed before.
    pub(super) fn expect(&mut self, state: &str, parent: Option<&str>, evaluates: bool) {
        if self.states.contains_key(state) {
            return;
        }
        if let Some(parent) = parent.and_then(|parent| self.states.get_mut(parent)) {
            parent.awaited += 1;
        }
        let ancestor = Ancestor {
            parent: parent.map(str::to_owned),
            evaluates,
            ..Ancestor::default()
        };
        self.states.insert(state.to_owned(), ancestor);
    }

    /// What a state changed since the nearest one before that was looked at. `None` where nothing was.
    pub(super) fn change(&mut self, state: &str, seen: &Observation) -> Option<ChangeResult> {
        if seen.users.is_empty() {
            return None;
        }
        let entry = self.states.get_mut(state)?;
        let is_new = entry.seen.is_none();
        if entry.awaited > 0 {
            entry.seen = Some(seen.clone());
        }
        let (evaluates, parent) = (entry.evaluates, entry.parent.clone());
        let change = self.since(parent.as_deref(), evaluates, seen);
        if is_new && let Some(parent) = parent.and_then(|key| self.states.get_mut(&key)) {
            parent.awaited = parent.awaited.saturating_sub(1);
            if parent.awaited == 0 {
                parent.seen = None;
            }
        }
        change
    }

    fn since<'a>(
        &'a self,
        mut state: Option<&'a str>,
        evaluates: bool,
        seen: &Observation,
    ) -> Option<ChangeResult> {
        loop {
            let key = state?;
            let ancestor = self.states.get(key)?;
            if let Some(before) = &ancestor.seen {
                let change = Change::between(before, seen, evaluates && ancestor.evaluates);
                return Some(ChangeResult::new(key, change));
            }
            state = ancestor.parent.as_deref();
        }
    }
}
