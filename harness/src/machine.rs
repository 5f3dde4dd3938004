//! The one door to a machine: what the executor and the observers may ask of it. `switchproof-vm` stands behind
//! it in a run, a fake in tests.

use std::fmt;
use std::io::Read;
use std::time::Duration;

use serde::{Deserialize, Serialize};
pub use switchproof_vm::guest::OutputStream as Stream;

/// Where every guest has the programs that scripts call by their full names, whatever the PATH is.
pub use switchproof_vm::guest::TOOLS;

/// Who runs a command in the guest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GuestUser {
    /// The superuser, with no session.
    Root,
    /// A named user in a login session of their own (PAM, `XDG_RUNTIME_DIR`, a user service manager), before any of
    /// their start-up files is read. See [`crate::login`] for the session of their own shell.
    Login(String),
}

/// A shell script to run in the guest.
#[derive(Debug, Clone)]
pub struct GuestScript {
    /// Text for `bash` in a user's session, for `sh` as root.
    pub script: String,
    /// Who runs it.
    pub user: GuestUser,
    /// How long it may take; past that its processes are killed and the call fails.
    pub deadline: Duration,
}

impl GuestScript {
    /// A script run by root.
    pub fn root(script: impl Into<String>, deadline: Duration) -> Self {
        Self {
            script: script.into(),
            user: GuestUser::Root,
            deadline,
        }
    }

    /// A script run in a login session of `user`, before any of their start-up files is read.
    pub fn login(user: &str, script: impl Into<String>, deadline: Duration) -> Self {
        Self {
            script: script.into(),
            user: GuestUser::Login(user.to_owned()),
            deadline,
        }
    }
}

/// How a script ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GuestExit {
    /// The exit status; 128 + n after signal n, as shells say it.
    pub status: i32,
    /// Whether output beyond the limit was dropped.
    pub truncated: bool,
    /// What the guest had run out of by then.
    pub shortage: Option<Shortage>,
}

impl GuestExit {
    /// An end in a guest that wants for nothing.
    #[must_use]
    pub fn with_status(status: i32) -> Self {
        Self {
            status,
            truncated: false,
            shortage: None,
        }
    }
}

/// What a guest has run out of, as its kernel says and whatever was printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shortage {
    /// Memory: so many processes were killed for it since the last command ended.
    Memory(u32),
    /// Room on its disk, for content or for names of files.
    Disk,
}

impl fmt::Display for Shortage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory(killed) => write!(
                f,
                "the guest's memory ran out, and its kernel killed {killed} of its processes"
            ),
            Self::Disk => write!(f, "the guest's disk is full"),
        }
    }
}

/// How unpacking an archive in the guest ended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Unpacked {
    /// The exit status; 0 when all of it was unpacked.
    pub status: i32,
    /// What the guest said of it on standard error, its end at least.
    pub stderr: String,
}

/// A machine could not do what it was asked: the machinery's fault, never the setup's.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct MachineError {
    /// What happened, what was waited for and for how long.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// The bound that what was run went beyond: it was ended, and the machine is well.
    pub beyond: Option<Bound>,
}

/// A bound that every script has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// Its deadline.
    Deadline,
    /// Far more output than anybody keeps: it prints without an end.
    Output,
}

impl MachineError {
    /// An error that the guest's console says nothing about and that no bound caused.
    #[must_use]
    pub fn new(message: impl Into<String>, hint: Option<&str>) -> Self {
        Self {
            message: message.into(),
            hint: hint.map(str::to_owned),
            beyond: None,
        }
    }
}

/// A running machine, as far as it takes to look at it.
pub trait Observable: Send {
    /// Runs a script whose standard output is bulk data: `consume` reads it to its end. What is left unread is
    /// dropped. The data is hostile until parsed.
    fn pull(
        &mut self,
        script: &GuestScript,
        consume: &mut dyn FnMut(&mut dyn Read) -> std::io::Result<()>,
    ) -> Result<GuestExit, MachineError>;
}

/// A running machine.
pub trait Machine: Observable {
    /// Runs a script to its end, handing its output over as it comes.
    fn exec(
        &mut self,
        script: &GuestScript,
        on_output: &mut dyn FnMut(Stream, &[u8]),
    ) -> Result<GuestExit, MachineError>;

    /// Unpacks a tar archive at `destination` in the guest, as `owner` (root when `None`). That it cannot be unpacked
    /// there is no error of the machine: see [`Unpacked`].
    fn push(
        &mut self,
        tar: &[u8],
        destination: &str,
        owner: Option<&str>,
    ) -> Result<Unpacked, MachineError>;
}
