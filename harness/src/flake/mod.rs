//! Flakes: the Nix text of one that a scenario describes, the files of one that lies on this computer, its inputs and
//! their locks, and the channels that the inputs come from.

pub(crate) mod channel;
pub(crate) mod channels;
mod checkout;
mod copy;
pub mod fetched;
mod flake_name;
pub(crate) mod git;
mod host_file_error;
pub(crate) mod host_files;
mod init;
mod lock;
mod lock_file;
mod machine;
pub(crate) mod names;
pub(crate) mod nix;
mod outside;
mod packages;
mod reference;
pub(crate) mod release;
pub(crate) mod setup;
mod tracked;

pub use channels::Channels;
pub use checkout::{Checkout, revision_overlay};
pub use host_file_error::HostFileError;
pub(crate) use init::other_platform;
pub use init::{
    Draft, Drafts, Evaluated, Found, InitError, Outputs, Wanted, flake_folder, init, outputs,
    scenario_to_ask,
};
pub(crate) use lock::{FlakeInputs, Held, Remote, is_offline};
pub(crate) use machine::{HostCaches, NETWORK_UP, for_the_machine, without_the_machine};
pub(crate) use packages::{lacking, package_at, package_in};
