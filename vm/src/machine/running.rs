//! A machine that runs.

use crate::layer::Layer;
use crate::machine::host::{Host, Purpose};
use crate::machine::start::Connections;
use crate::machine::waiting::{Liveness, Waiting};
use crate::machine::{MachineError, Waited};
use crate::store::WorkDir;

/// Lines of the console that an error shows.
const CONSOLE_LINES: usize = 12;

/// A machine that runs. Dropping it ends it at once and removes everything that it had on the host.
#[derive(Debug)]
pub struct Machine {
    // Ends before the files that it uses are removed.
    pub(super) connections: Connections,
    pub(super) host: Host,
    pub(super) liveness: Liveness,
    pub(super) purpose: Purpose,
    pub(super) work: WorkDir,
    /// Held so that nobody removes what this machine runs on.
    pub(super) parent: Option<Layer>,
    /// False once the guest cannot be talked to any more.
    pub(super) usable: bool,
}

impl Machine {
    /// The last lines of the serial console, made printable.
    pub fn console_tail(&self, lines: usize) -> String {
        self.connections.console.tail(lines)
    }

    /// Memory that the machine's process keeps resident, in bytes, pages of shared files included. None where the
    /// host does not tell.
    pub fn resident_bytes(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).ok()?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))?;
        let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
        Some(kib * 1024)
    }

    /// The process id of its QEMU.
    pub fn pid(&self) -> u32 {
        self.connections.process.pid()
    }

    /// Everything known about a wait that has failed.
    pub(super) fn waited(&self, waiting: &Waiting) -> Box<Waited> {
        let (what, when) = &self.liveness.last_seen;
        Box::new(Waited {
            waited_for: waiting.what.clone(),
            waited: waiting.since.elapsed(),
            last_seen: format!("{what} {:.1} s ago", when.elapsed().as_secs_f64()),
            console_tail: self.connections.console.tail(CONSOLE_LINES),
        })
    }

    /// The error that the time is up.
    pub(super) fn late(&self, waiting: &Waiting) -> MachineError {
        MachineError::Deadline {
            waited: self.waited(waiting),
            killed: false,
        }
    }

    /// Errors once the guest cannot be talked to any more.
    pub(super) fn check_usable(&self, waiting: &Waiting) -> Result<(), MachineError> {
        if self.usable {
            return Ok(());
        }
        Err(MachineError::AgentSilent {
            who: "an earlier error left the machine unusable",
            waited: self.waited(waiting),
        })
    }
}
