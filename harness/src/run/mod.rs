//! From a plan to verdicts: the only stage that touches machines.

mod archive;
mod budget;
mod chain;
mod channels;
mod evaluate;
mod executor;
mod hypervisor;
mod id;
mod known;
mod ledger;
mod network;
mod perform;
mod qemu;
mod scripts;
mod selection;
mod show;
mod store;
mod times;
mod travel;
mod vm_terms;

pub use budget::*;
pub use executor::*;
pub use hypervisor::*;
pub use id::*;
pub use known::*;
pub(crate) use ledger::lock;
pub use qemu::*;
pub use show::*;
pub use store::*;
pub use times::recorded_cost_ms;
pub(crate) use times::remember;
pub use travel::*;
pub use vm_terms::in_words;

#[cfg(test)]
pub(crate) mod fake;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod trial;
#[cfg(test)]
pub(crate) use trial::{case as test_case, test_nixos, test_switch};
