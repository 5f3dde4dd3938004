//! A command for the guest, and how it ended.

use std::ffi::OsString;
use std::time::Duration;

/// How long a command may take when nobody says otherwise.
const DEFAULT_DEADLINE: Duration = Duration::from_secs(60);

/// How much output a command may produce when nobody says otherwise.
const DEFAULT_OUTPUT_LIMIT_BYTES: u64 = 8 * 1024 * 1024;

/// What to execute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Program {
    /// A program and its arguments, handed to the kernel as they are. Must not be empty or hold NUL bytes.
    Argv(Vec<OsString>),
    /// Shell text. Root's runs in `/bin/sh`, a login user's in that user's own login shell.
    Shell(String),
}

/// Who executes it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum GuestUser {
    /// Root in `/`, with a fixed small environment and no login session. Cheap: one fork and one exec in the guest.
    Root,
    /// A user with a login session as `su --login` gives it: PAM, `XDG_RUNTIME_DIR`, the user's systemd manager,
    /// a login shell that has read the profile files.
    Login(String),
    /// The same login session just before its shell begins: a bash runs the shell text in its place, with the
    /// variables that the shell would begin with (but its own `SHELL`), and reads no file, whatever the user's shell
    /// and files are.
    BeforeLogin(String),
}

/// One command for the guest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuestCommand {
    /// What to execute.
    pub program: Program,
    /// Who executes it.
    pub user: GuestUser,
    /// Variables added to the user's environment, after the profile files have been read.
    pub env: Vec<(String, String)>,
    /// After this long the whole process tree of the command is killed.
    pub deadline: Duration,
    /// Output beyond this many bytes (standard output and error together) is counted and dropped; the command
    /// goes on.
    pub output_limit_bytes: u64,
}

impl GuestCommand {
    /// A program with arguments, run by root.
    pub fn argv<I, S>(argv: I) -> Self
    where
        I: IntoIterator<Item = S>,
        S: Into<OsString>,
    {
        Self::new(Program::Argv(argv.into_iter().map(Into::into).collect()))
    }

    /// Shell text, run by root.
    pub fn shell(script: impl Into<String>) -> Self {
        Self::new(Program::Shell(script.into()))
    }

    fn new(program: Program) -> Self {
        Self {
            program,
            user: GuestUser::Root,
            env: Vec::new(),
            deadline: DEFAULT_DEADLINE,
            output_limit_bytes: DEFAULT_OUTPUT_LIMIT_BYTES,
        }
    }

    /// The same, in a login session of `name`.
    pub fn login(mut self, name: impl Into<String>) -> Self {
        self.user = GuestUser::Login(name.into());
        self
    }

    /// The same, in a login session of `name` whose shell has not begun.
    pub fn before_login(mut self, name: impl Into<String>) -> Self {
        self.user = GuestUser::BeforeLogin(name.into());
        self
    }

    /// The same, with one more environment variable.
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// The same, with another deadline.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// The same, with another bound on its output.
    pub fn output_limit_bytes(mut self, limit: u64) -> Self {
        self.output_limit_bytes = limit;
        self
    }
}

/// Where a piece of output was written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OutputStream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It returned this status.
    Exited(u8),
    /// This signal ended it.
    Signalled(u8),
}

/// What a guest had left when a command ended, as its kernel says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// How many processes the kernel has killed for want of memory since the last command ended.
    pub oom_kills: u32,
    /// For how many bytes the disk has room.
    pub disk_bytes: u64,
    /// For how many files it has.
    pub disk_files: u64,
}

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuestExit {
    /// How its main process ended. What it left in the background is not waited for.
    pub ending: Ending,
    /// Bytes of output that were dropped because of the limit.
    pub dropped_bytes: u64,
    /// What the guest had left by then.
    pub room: Room,
    /// The last few KiB of standard error, for messages.
    pub stderr_tail: Vec<u8>,
    /// From the request to the end, on the host's clock.
    pub elapsed: Duration,
}

impl GuestExit {
    /// The status as a shell would show it: 128 plus the signal's number for a killed process.
    pub fn status(&self) -> i32 {
        match self.ending {
            Ending::Exited(status) => i32::from(status),
            Ending::Signalled(signal) => 128 + i32::from(signal),
        }
    }

    /// Whether it returned 0.
    pub fn success(&self) -> bool {
        self.ending == Ending::Exited(0)
    }

    /// Whether some of its output was dropped.
    pub fn truncated(&self) -> bool {
        self.dropped_bytes > 0
    }
}
