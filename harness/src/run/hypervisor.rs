//! What the executor needs of whatever makes machines.

pub use switchproof_vm::machine::Purpose;

use crate::machine::{Machine, MachineError};
use crate::model::Guest;
use crate::plan::StateKey;

/// Makes, keeps and forks machine states. Safe to use from many threads and many processes at once.
pub trait Hypervisor: Sync {
    /// Names the booted, settled guest that serves `guest`. Fast and without effect: nothing is built or booted.
    fn base_key(&self, guest: &Guest) -> StateKey;

    /// Names what is in the guest image that serves `guest`, for two builds of one definition may differ; `None` while
    /// there is no image. Fast.
    fn image(&self, guest: &Guest) -> Option<String>;

    /// Makes sure that the state of [`Self::base_key`] is there, building the image and booting when it is not.
    fn ensure_base(
        &self,
        guest: &Guest,
        progress: &mut dyn FnMut(&str),
    ) -> Result<(), MachineError>;

    /// Whether a state is kept, whole and usable. A damaged one is removed.
    fn has(&self, key: &StateKey) -> bool;

    /// Takes the right to make a state: nobody else makes it while the guard lives. Waits for the process that has it, and
    /// calls `waits` first when it has to.
    fn claim(&self, key: &StateKey, waits: &mut dyn FnMut())
    -> Result<Box<dyn Send>, MachineError>;

    /// A running machine in the state `key`.
    fn fork<'a>(
        &'a self,
        key: &StateKey,
        guest: &Guest,
        purpose: Purpose,
    ) -> Result<Box<dyn ForkedMachine + 'a>, MachineError>;

    /// Removes a state that this run has seen or made, for nobody will ask for it again. One that somebody uses stays.
    fn forget(&self, key: &StateKey);

    /// The memory that the machines of `guest` have, in MiB.
    fn ram_mib(&self, guest: &Guest) -> u32;
}

/// A machine that was forked: it can be frozen again, and restarted.
pub trait ForkedMachine: Machine {
    /// Freezes the machine as the state `key`, in place of one that is there already unless somebody uses that. A frozen
    /// machine runs no more. Made with [`Purpose::Layer`] only.
    fn freeze(self: Box<Self>, key: &StateKey, note: &str) -> Result<(), MachineError>;

    /// Restarts the guest and waits until it has settled.
    fn reboot(&mut self) -> Result<(), MachineError>;

    /// Itself as the plain machine that observers use.
    fn as_machine(&mut self) -> &mut dyn Machine;
}
