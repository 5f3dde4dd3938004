//! Reaching one state of one case, for a person to look at.

use std::time::Duration;

use super::perform::{perform, prepare_failed};
use super::{Hypervisor, Purpose, RunId};
use crate::machine::MachineError;
use crate::model::Guest;
use crate::plan::{NodeId, Plan, StateKey, Work};

/// Makes sure that the state at the end of `path` is frozen, by performing what follows the last state on it that
/// is. A step that ends with an error status, or beyond a bound of its own, is passed over: its aftermath is what people want
/// to see. `tell` gets a line for each thing that is done. Returns the state's key, which is none that a run uses; where an input is not locked and may have
/// changed, everything is performed anew.
pub fn reach(
    plan: &Plan,
    path: &[NodeId],
    hypervisor: &dyn Hypervisor,
    tell: &mut dyn FnMut(&str),
) -> Result<StateKey, MachineError> {
    let guest = guest_of(plan, path);
    let kept = |id: NodeId| {
        let key = &plan[id].key;
        let keys = [key.clone(), key.for_shell()];
        keys.into_iter()
            .find(|key| guest.locked && hypervisor.has(key))
    };
    let frozen = path
        .iter()
        .enumerate()
        .rev()
        .find_map(|(place, &id)| Some((place, kept(id)?)));
    let (from, rest) = match frozen {
        Some((place, key)) => (key, &path[place + 1..]),
        None => {
            hypervisor.ensure_base(&guest, tell)?;
            (hypervisor.base_key(&guest), path)
        }
    };
    let Some(&last) = rest.last() else {
        return Ok(from);
    };
    let key = match guest.locked {
        true => plan[last].key.for_shell(),
        false => plan[last].key.for_shell().made_anew(&RunId::new()),
    };
    let mut waits = || tell("waiting: another switchproof makes this state");
    let _claim = hypervisor.claim(&key, &mut waits)?;
    if hypervisor.has(&key) {
        return Ok(key);
    }
    let mut machine = hypervisor.fork(&from, &guest, Purpose::Layer)?;
    for &id in rest {
        let node = &plan[id];
        tell(&format!("performing {}", node.name));
        let deadline = Duration::from_secs(node.deadline_s.into());
        let is_step = matches!(node.work, Work::Step(_));
        match perform(&mut *machine, &node.work, deadline, &mut |line| tell(line)) {
            Ok(output) if output.status == 0 => {}
            Ok(output) if is_step => {
                tell(&format!(
                    "{} ended with status {}",
                    node.name, output.status
                ));
            }
            Ok(output) => return Err(prepare_failed(&output)),
            // It was ended, and the machine goes on as the step left it.
            Err(error) if is_step && error.beyond.is_some() => {
                tell(&format!("{}: {}", node.name, error.message));
            }
            Err(error) => return Err(error),
        }
    }
    machine.freeze(&key, &format!("a shell at {}", plan[last].name))?;
    Ok(key)
}

/// What the machine of a path must offer.
pub fn guest_of(plan: &Plan, path: &[NodeId]) -> Guest {
    match path.first().map(|&root| &plan[root].work) {
        Some(Work::Prepare { guest, .. }) => guest.clone(),
        Some(Work::Step(_)) | None => Guest::default(),
    }
}
