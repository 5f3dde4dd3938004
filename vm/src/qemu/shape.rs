//! How big a machine is, and what it reaches.

use serde::{Deserialize, Serialize};

use crate::accel::Accelerator;

/// What of the network a guest reaches.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Network {
    /// Nothing: it has no network card.
    #[default]
    Off,
    /// Public addresses, and the host's name server: neither this host nor its neighbours.
    Internet,
    /// Whatever this host reaches, and the host itself as 10.0.2.2.
    InternetAndHost,
}

impl Network {
    /// Whether there is a network card.
    #[must_use]
    pub fn is_on(self) -> bool {
        self != Self::Off
    }

    /// Whether this host is within reach.
    #[must_use]
    pub fn reaches_host(self) -> bool {
        self == Self::InternetAndHost
    }
}

/// Memory, cores, disk and network of a machine. A frozen state only fits a machine of the same shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MachineShape {
    /// Memory in MiB.
    pub ram_mib: u32,
    /// Virtual cores.
    pub cores: u32,
    /// Size of its disk in MiB, all of which its root file system fills; the image's own when `None`, or when that is
    /// larger. What the guest does not write takes no room on the host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disk_mib: Option<u32>,
    /// What it reaches through a card with user-mode networking.
    pub network: Network,
}

impl MachineShape {
    /// What a machine has where nobody says: 1.5 GiB, which an evaluation of Home Manager needs, as many cores as are usual
    /// with `accelerator`, the image's disk, no network.
    #[must_use]
    pub const fn usual(accelerator: Accelerator) -> Self {
        Self {
            ram_mib: 1536,
            cores: accelerator.usual_cores(),
            disk_mib: None,
            network: Network::Off,
        }
    }
}
