//! Why there is no guest image.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::BuildStep;
use crate::cache_dir::CacheDirError;
use crate::store::Held;

/// Why there is no guest image.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// There is no cache to keep it in.
    #[error(transparent)]
    Cache(#[from] CacheDirError),
    /// A file or directory of the cache cannot be used.
    #[error("cannot {action} {}: {source}", .path.display())]
    Io {
        /// What was tried, a verb.
        action: &'static str,
        /// With what.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The host lacks programs that building needs.
    #[error("an image cannot be built without {}", .0.join(", "))]
    MissingPrograms(Vec<String>),
    /// An ordinary user has no ids to lend to the guest's users.
    #[error("the user has no subordinate {0}, which building an image as an ordinary user needs")]
    NoSubordinateIds(&'static str),
    /// The disk is too full to begin.
    #[error("{} has {free_mib} MiB free; building an image takes {needed_mib} MiB", .path.display())]
    NoSpace {
        /// Where the image would be built.
        path: PathBuf,
        /// What is free there, in MiB.
        free_mib: u64,
        /// What a build takes at most, in MiB.
        needed_mib: u64,
    },
    /// The definition has no channel to build.
    #[error("the definition of the guest lacks `{0}`")]
    Incomplete(&'static str),
    /// A step of the build failed.
    #[error("building the guest image failed at the step \"{step}\": {cause}\n{tail}\nThe whole log is {}", .log.display())]
    Step {
        /// Which step.
        step: BuildStep,
        /// What went wrong, in a line.
        cause: String,
        /// Whether the disk was full when it did.
        disk_full: bool,
        /// The end of the log.
        tail: String,
        /// Where the whole log is kept.
        log: PathBuf,
    },
    /// Another process builds the same image and is not done.
    #[error("another process has been building this image for more than {} minutes: {held}", .waited.as_secs() / 60)]
    OtherTooSlow {
        /// How long this one waited.
        waited: Duration,
        /// The lock.
        held: Held,
    },
    /// The image that is there is not what was built.
    #[error("the image in {} is damaged: {reason}", .path.display())]
    Damaged {
        /// The image's directory.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

impl ImageError {
    /// What the user can do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::Cache(error) => error.hint().to_owned(),
            Self::Io { .. } => "check the directory's permissions and free space, or set SWITCHPROOF_CACHE_DIR".to_owned(),
            Self::MissingPrograms(_) => "run vm/setup, which installs what the host lacks".to_owned(),
            Self::NoSubordinateIds(_) => {
                "run `sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 $USER`, or build as root".to_owned()
            }
            Self::NoSpace { .. } => "free some space, or set SWITCHPROOF_CACHE_DIR to a directory on a larger disk".to_owned(),
            Self::Incomplete(_) => "build switchproof from a whole checkout".to_owned(),
            Self::Step { tail, disk_full, .. } => step_hint(tail, *disk_full).to_owned(),
            Self::OtherTooSlow { .. } => "wait for it, or end it, and try again".to_owned(),
            Self::Damaged { .. } => "run `switchproof image build`, which builds it anew".to_owned(),
        }
    }
}

/// What the end of a build's log suggests.
fn step_hint(tail: &str, disk_full: bool) -> &'static str {
    let says = |words: &[&str]| words.iter().any(|word| tail.contains(word));
    if disk_full
        || says(&[
            "No space left on device",
            "not enough free space",
            "Could not allocate block",
        ])
    {
        "the disk is full: free some space, or set SWITCHPROOF_CACHE_DIR (and TMPDIR, for an ordinary user's build)"
    } else if says(&[
        "Temporary failure resolving",
        "Could not connect",
        "Failed to fetch",
        "Could not resolve",
        "Connection",
    ]) {
        "the Debian mirror was not reached: check the network, or name another mirror in SWITCHPROOF_MIRROR"
    } else if says(&["GPG error", "NO_PUBKEY", "public key is not available"]) {
        "the host's Debian keys are too old or missing: install a current debian-archive-keyring"
    } else if says(&["Operation not permitted", "newuidmap", "unshare"]) {
        "the host forbids what building as an ordinary user needs (user namespaces): build once as root"
    } else {
        "read the log; nothing half-built was kept, and the next run begins anew"
    }
}

/// An error that names what was tried with what.
pub(super) fn io_error(
    action: &'static str,
    path: &Path,
) -> impl Fn(io::Error) -> ImageError + use<> {
    let path = path.to_owned();
    move |source| ImageError::Io {
        action,
        path: path.clone(),
        source,
    }
}
