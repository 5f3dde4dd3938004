//! How big a machine is.

use serde::{Deserialize, Serialize};

/// Memory, cores and network of a machine. A frozen state only fits a machine of the same shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MachineShape {
    /// Memory in MiB.
    pub ram_mib: u32,
    /// Virtual cores.
    pub cores: u32,
    /// Whether there is a network card with user-mode networking.
    pub network: bool,
}

impl Default for MachineShape {
    /// 1.5 GiB, which an evaluation of Home Manager needs, two cores, no network.
    fn default() -> Self {
        Self {
            ram_mib: 1536,
            cores: 2,
            network: false,
        }
    }
}
