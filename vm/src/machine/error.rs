//! What can go wrong between the harness and a guest.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::accel::Accelerator;
use crate::layer::LayerError;

/// What a failed wait knew: part of every error that a machine reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waited {
    /// What was waited for, as a noun phrase: "the guest agent's first answer".
    pub waited_for: String,
    /// For how long.
    pub waited: Duration,
    /// The last sign of life before, as a sentence part: "QMP event RESUME 3.1 s ago".
    pub last_seen: String,
    /// The last lines of the guest's serial console, made printable; empty when it said nothing.
    pub console_tail: String,
}

impl fmt::Display for Waited {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            waited_for,
            waited,
            last_seen,
            console_tail,
        } = self;
        let waited_s = waited.as_secs_f64();
        write!(
            formatter,
            "waited {waited_s:.1} s for {waited_for}; last seen: {last_seen}"
        )?;
        if console_tail.is_empty() {
            return write!(formatter, "; the console said nothing");
        }
        write!(formatter, "; the console's tail:")?;
        console_tail
            .lines()
            .try_for_each(|line| write!(formatter, "\n    {line}"))
    }
}

/// What a kernel that panics says before anything else of it.
const PANIC: &str = "Kernel panic - not syncing";

/// Lines of the console that are shown before a panic.
const LINES_BEFORE_PANIC: usize = 10;

/// How the report of a crash begins that ends in a panic: the cause stands there, far above the panic's own line.
const CRASHES: [&str; 3] = ["BUG: ", "Oops: ", "general protection fault"];

/// The first line of a panic on a console, and what led to it: the beginning of the crash's report, or else the lines
/// before. The trace behind it says little, and is long.
pub(super) fn panic_of(console: &str) -> Option<(String, String)> {
    let lines: Vec<&str> = console.lines().collect();
    let begins = |line: &&str| line.contains(PANIC) && !line.contains("---[ end ");
    let at = lines.iter().rposition(begins)?;
    let (_, said) = lines[at].split_once(PANIC)?;
    let said = said.trim_start_matches(':').trim().to_owned();
    let before = at.saturating_sub(LINES_BEFORE_PANIC);
    let is_crash = |line: &&str| CRASHES.iter().any(|words| line.contains(words));
    let shown = match lines[..before].iter().position(is_crash) {
        Some(crash) => {
            let mut shown = lines[crash..(crash + LINES_BEFORE_PANIC).min(at)].to_vec();
            shown.extend(["...", lines[at]]);
            shown
        }
        None => lines[before..=at].to_vec(),
    };
    Some((said, shown.join("\n")))
}

/// Why a machine could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum MachineError {
    /// The QEMU process ended without being asked to.
    #[error("QEMU died ({status}): {stderr_tail}\n  {waited}")]
    QemuDied {
        /// Its exit status or signal in words.
        status: String,
        /// The last lines it wrote to standard error.
        stderr_tail: String,
        /// Bytes free where the memory file and the disk overlay live, when that is few enough to be the cause.
        few_bytes_free: Option<u64>,
        /// The wait that noticed it.
        waited: Box<Waited>,
    },
    /// QEMU did not come up at all.
    #[error("QEMU did not start ({status}): {stderr_tail}")]
    QemuDidNotStart {
        /// Its exit status in words, or why it could not be executed.
        status: String,
        /// What it wrote to standard error.
        stderr_tail: String,
    },
    /// QEMU stopped the machine of its own accord, as it does when the accelerator cannot go on.
    #[error("QEMU stopped the machine ({reason}): {waited}")]
    Stopped {
        /// The first line that it wrote to standard error.
        reason: String,
        /// What ran the guest's instructions.
        accelerator: Accelerator,
        /// The wait that noticed it.
        waited: Box<Waited>,
    },
    /// The guest's kernel panicked.
    #[error("the guest's kernel panicked ({said}): {waited}")]
    GuestPanicked {
        /// What the kernel said first.
        said: String,
        /// The wait that noticed it; its console ends with the panic's first line.
        waited: Box<Waited>,
    },
    /// The guest switched itself off, or rebooted, when nobody had asked for that.
    #[error("the guest {how} in the middle of the work: {waited}")]
    GuestPoweredOff {
        /// "powered off" or "rebooted".
        how: &'static str,
        /// The wait that noticed it.
        waited: Box<Waited>,
    },
    /// The program in the guest that answers for it no longer does, though the machine runs.
    #[error("nobody answers in the guest ({who}): {waited}")]
    AgentSilent {
        /// Which of them is silent.
        who: &'static str,
        /// The wait that noticed it.
        waited: Box<Waited>,
    },
    /// A deadline passed.
    #[error("the deadline passed: {waited}")]
    Deadline {
        /// The wait that took too long.
        waited: Box<Waited>,
        /// Whether the guest confirmed that the late command and all its children were killed.
        killed: bool,
    },
    /// A command printed far more than is kept, so it was taken to print without end, and was killed with all its
    /// children.
    #[error("{} MiB were printed in {:.0} s, without an end in sight", printed_bytes >> 20, elapsed.as_secs_f64())]
    Endless {
        /// What it had printed by then.
        printed_bytes: u64,
        /// From its start to its end.
        elapsed: Duration,
    },
    /// The guest sent what our protocol does not allow.
    #[error("the guest broke the protocol ({what}): {waited}")]
    Protocol {
        /// What was wrong.
        what: String,
        /// The wait that noticed it.
        waited: Box<Waited>,
    },
    /// QEMU refused a command.
    #[error("QEMU refused `{command}`: {description}")]
    Qmp {
        /// The QMP command.
        command: String,
        /// QEMU's words.
        description: String,
    },
    /// The guest's agent refused a command.
    #[error("the guest agent refused `{command}`: {description}")]
    Agent {
        /// The agent's command.
        command: String,
        /// The agent's words.
        description: String,
    },
    /// A command that the machinery itself needs failed in the guest.
    #[error("{what} failed in the guest with status {status}: {stderr_tail}")]
    GuestSetup {
        /// What the command was for.
        what: String,
        /// The command's status.
        status: i32,
        /// The tail of its standard error.
        stderr_tail: String,
    },
    /// A command cannot be put to the guest: it is empty, or a part of it holds a NUL byte.
    #[error("not a command that a guest can run: {0}")]
    BadCommand(String),
    /// A fork made as a leaf has private memory and cannot be frozen.
    #[error("this machine was forked as a leaf: its memory is private and cannot be frozen")]
    LeafCannotFreeze,
    /// There is not enough room for a machine.
    #[error("{free_bytes} bytes are free at {}, a machine needs about {needed_bytes}", path.display())]
    NoSpace {
        /// The directory in question.
        path: PathBuf,
        /// Bytes free there.
        free_bytes: u64,
        /// Bytes wanted.
        needed_bytes: u64,
    },
    /// Files may not become as long as a machine's memory is.
    #[error(
        "a machine needs a file of {needed_bytes} bytes, and this process may write {limit_bytes} (`ulimit -f`)"
    )]
    FileLimit {
        /// The longest file that may be written.
        limit_bytes: u64,
        /// The machine's memory.
        needed_bytes: u64,
    },
    /// The layer to fork from, or to freeze to, is at fault.
    #[error(transparent)]
    Layer(#[from] LayerError),
    /// The host's operating system refused something.
    #[error("{doing}: {source}")]
    Io {
        /// What was being done.
        doing: String,
        /// The system's words.
        source: io::Error,
    },
}

impl MachineError {
    /// Wraps what the operating system said while we were `doing` something.
    pub(crate) fn io(doing: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let doing = doing.into();
        move |source| Self::Io { doing, source }
    }

    /// Whether an error of a fork that has not answered yet is the state's: QEMU refused it, ended by itself or crashed.
    /// Who kills a process from outside, or takes it its disk, says nothing of the state.
    pub(super) fn blames_state(&self) -> bool {
        const CRASHES: [&str; 3] = ["SIGABRT", "SIGSEGV", "SIGILL"];
        match self {
            Self::Qmp { command, .. } => command == "migrate",
            Self::Stopped { .. } => true,
            Self::QemuDied {
                status,
                few_bytes_free: None,
                ..
            } => {
                let is_crash = CRASHES.iter().any(|signal| status.ends_with(signal));
                status.starts_with("exit status") || is_crash
            }
            _ => false,
        }
    }

    /// What to do about it, as one sentence for the user.
    pub fn hint(&self) -> Option<String> {
        let text = match self {
            Self::QemuDied {
                few_bytes_free: Some(free),
                ..
            } => {
                return Some(format!(
                    "only {free} bytes are free where the machine's memory file lives; QEMU is killed by SIGBUS when \
                     it cannot grow: free some space or point SWITCHPROOF_CACHE_DIR elsewhere"
                ));
            }
            Self::QemuDied { .. } => {
                "if the host is short of memory, run fewer machines at once (--jobs, --memory)"
            }
            Self::Stopped {
                accelerator: Accelerator::Tcg,
                ..
            } => "`switchproof doctor` shows the version of QEMU; another may do better",
            Self::Stopped { .. } => {
                "hardware virtualisation does not run this guest on this host: SWITCHPROOF_ACCEL=tcg does without"
            }
            Self::QemuDidNotStart { .. } => "`switchproof doctor` says what this host lacks",
            Self::GuestPanicked { said, .. } if said.contains("kill init") => {
                "the first process of the guest's system ended, or could not be started: the console says why"
            }
            Self::GuestPanicked { .. } => {
                "what stands before it on the console says what led to it"
            }
            Self::GuestPoweredOff { .. } => {
                "use a `reboot` step where a scenario needs one; a `run` step must not power the guest off"
            }
            Self::AgentSilent { .. } => {
                "a step may have killed it, or the guest is out of memory: see the console"
            }
            Self::Deadline { killed: true, .. } => {
                "give the step a longer `deadline` if it is only slow"
            }
            Self::Deadline { .. } => {
                "the guest could not end it either; it may be out of memory: see the console"
            }
            Self::Endless { .. } => "let what prints come to an end, or print to a file",
            Self::NoSpace { .. } => {
                "`switchproof cache gc --free 2` makes room for 2 GiB; SWITCHPROOF_CACHE_DIR moves the cache to another disk"
            }
            Self::FileLimit { .. } => "run it again after `ulimit -f unlimited`",
            Self::Layer(error) => return error.hint(),
            _ => return None,
        };
        Some(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_told_by_its_first_line_and_what_led_to_it() {
        let console = "initrd: cannot start /init\n[ 1.2] Kernel panic - not syncing: Attempted to kill init! exitcode=0x7f00\n\
             [ 1.2] CPU: 0\n[ 1.2] ---[ end Kernel panic - not syncing: Attempted to kill init! exitcode=0x7f00 ]---";
        let (said, shown) = panic_of(console).expect("there is one");
        assert_eq!(said, "Attempted to kill init! exitcode=0x7f00");
        assert!(shown.starts_with("initrd: cannot") && shown.ends_with("exitcode=0x7f00"));
        assert_eq!(shown.lines().count(), 2);
        assert_eq!(panic_of("all is well"), None);
    }

    #[test]
    fn of_a_crash_the_beginning_is_shown() {
        let registers = "[ 1.9] RAX: 0000000000000004\n".repeat(30);
        let console = format!(
            "started\n[ 1.9] BUG: unable to handle page fault for address: ffff8e9c3ffff000\n\
             [ 1.9] RIP: 0010:some_function+0x1/0x2\n{registers}[ 1.9] Kernel panic - not syncing: Fatal exception"
        );
        let (said, shown) = panic_of(&console).expect("there is one");
        assert_eq!(said, "Fatal exception");
        assert!(shown.starts_with("[ 1.9] BUG: unable"), "{shown}");
        assert!(
            shown.ends_with("...\n[ 1.9] Kernel panic - not syncing: Fatal exception"),
            "{shown}"
        );
        assert_eq!(shown.lines().count(), LINES_BEFORE_PANIC + 2);
    }

    #[test]
    fn a_crash_is_the_states_and_a_kill_is_not() {
        let blames = |status: &str, few_bytes_free| {
            let waited = Box::new(Waited {
                waited_for: "a test".to_owned(),
                waited: Duration::ZERO,
                last_seen: "nothing".to_owned(),
                console_tail: String::new(),
            });
            let error = MachineError::QemuDied {
                status: status.to_owned(),
                stderr_tail: String::new(),
                few_bytes_free,
                waited,
            };
            error.blames_state()
        };
        for status in ["exit status 1", "killed by SIGABRT", "killed by SIGSEGV"] {
            assert!(blames(status, None), "{status}");
        }
        for status in ["killed by SIGKILL", "killed by SIGBUS", "still running"] {
            assert!(!blames(status, None), "{status}");
        }
        assert!(!blames("killed by SIGABRT", Some(7)));
    }
}
