//! What a build tells while it goes on.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use strum::{AsRefStr, EnumString, VariantArray};

/// The steps of a build, in their order.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    AsRefStr,
    EnumString,
    VariantArray,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum BuildStep {
    /// Package lists and the packages that every Debian has.
    FetchPackages,
    /// The rest of the packages, fetched and installed.
    InstallPackages,
    /// The pocket channel's programs, built into the guest's store.
    BuildChannel,
    /// Settings, masked units, the initrd.
    Configure,
    /// The kernel and the initrd, copied out.
    ExtractKernel,
    /// The file system image.
    WriteFileSystem,
    /// Hashing, syncing, and putting the image in its place.
    Keep,
}

impl fmt::Display for BuildStep {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::FetchPackages => "fetch packages",
            Self::InstallPackages => "install packages",
            Self::BuildChannel => "build the channel",
            Self::Configure => "configure the guest",
            Self::ExtractKernel => "extract the kernel",
            Self::WriteFileSystem => "write the file system",
            Self::Keep => "keep the image",
        })
    }
}

/// Something that happened while an image was made.
#[derive(Debug, Clone, PartialEq)]
pub enum Progress {
    /// Another process builds the same image; this one waits for it. Sent once.
    WaitingForOther {
        /// How long it will wait at most.
        at_most: Duration,
    },
    /// The image that was there is damaged and will be built anew.
    Damaged {
        /// What is wrong with it.
        reason: String,
    },
    /// A step begins.
    Step {
        /// Which.
        step: BuildStep,
        /// Time since the build began.
        elapsed: Duration,
    },
    /// A line of a step's output.
    Output {
        /// Without the line end.
        line: String,
    },
    /// The image is whole and in its place.
    Done {
        /// How long the build took.
        elapsed: Duration,
    },
}
