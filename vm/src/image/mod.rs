//! The guest image: a Debian root file system with a kernel beside it, built once from a definition and kept in the
//! cache under the hash of that definition.

mod build;
mod definition;
mod error;
mod follow;
mod gc;
mod kept;
mod means;
mod progress;
mod recipe;
mod store;
mod suite;

/// The names in the pocket channel's package set, a line each, with those of its sets of packages behind the set's. A test of
/// the channel keeps it true.
pub const POCKET_PACKAGES: &str = include_str!("pocket_packages.txt");

pub use definition::{Definition, ImageKey, definition, definition_of, key_of};
pub use error::ImageError;
pub use gc::{ImageSummary, collect, list};
pub use kept::{Image, ImageManifest, manifest_path};
pub use means::can_build;
pub use progress::{BuildStep, Progress};
pub use store::{ensure, find};
pub use suite::{Suite, UnknownSuite};

/// What a kernel of a guest image must be told: where the root is, where to talk, and to reset when it panics, which
/// QEMU's `-no-reboot` turns into an end.
pub const KERNEL_ARGUMENTS: &str = if cfg!(target_arch = "aarch64") {
    "root=/dev/vda rw console=ttyAMA0 quiet panic=-1 net.ifnames=0"
} else {
    "root=/dev/vda rw console=ttyS0 quiet panic=-1 net.ifnames=0"
};
