//! The QEMU process: it ends when its owner drops it, and when the harness ends in whatever way.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::ExitStatus;
use std::sync::{OnceLock, mpsc};
use std::time::Duration;

use duct::{Expression, Handle};

use crate::qemu::TailRing;

/// How long a killed process may take to be gone.
const REAP: Duration = Duration::from_secs(10);

/// A running QEMU. Dropping it kills it and waits for its end.
#[derive(Debug)]
pub struct QemuProcess {
    handle: Handle,
    stderr: TailRing,
}

impl QemuProcess {
    /// Starts QEMU in a process group of its own, with nothing on its standard input.
    pub fn start(program: &Path, arguments: &[OsString]) -> io::Result<Self> {
        let (reader, writer) = io::pipe()?;
        let expression = duct::cmd(program, arguments)
            .stdin_null()
            .stdout_file(writer.try_clone()?)
            .stderr_file(writer)
            .unchecked()
            .before_spawn(|command| {
                command.process_group(0);
                die_with_parent(command);
                Ok(())
            });
        let stderr = TailRing::default();
        let handle = start_on_lasting_thread(expression)?;
        stderr.drain(reader);
        Ok(Self { handle, stderr })
    }

    /// How it ended, or none while it runs.
    pub fn exit_status(&self, timeout: Duration) -> Option<ExitStatus> {
        self.handle
            .wait_timeout(timeout)
            .ok()
            .flatten()
            .map(|output| output.status)
    }

    /// How it ended, in words.
    pub fn exit_words(&self, timeout: Duration) -> String {
        let Some(status) = self.exit_status(timeout) else {
            return "still running".to_owned();
        };
        match (status.code(), status.signal()) {
            (Some(code), _) => format!("exit status {code}"),
            (None, Some(7)) => "killed by SIGBUS".to_owned(),
            (None, Some(9)) => "killed by SIGKILL".to_owned(),
            (None, Some(31)) => "killed by its seccomp filter".to_owned(),
            (None, signal) => format!("killed by signal {}", signal.unwrap_or_default()),
        }
    }

    /// The last lines of its standard error.
    pub fn stderr_tail(&self) -> String {
        self.stderr.tail(10)
    }

    /// Its process id.
    pub fn pid(&self) -> Option<u32> {
        self.handle.pids().first().copied()
    }

    /// Ends it at once.
    pub fn kill(&self) {
        // Errors here mean that it is gone already.
        let _ = self.handle.kill();
        let _ = self.handle.wait_timeout(REAP);
    }
}

impl Drop for QemuProcess {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Asks the kernel to kill the child when we die, even by SIGKILL.
#[cfg(target_os = "linux")]
fn die_with_parent(command: &mut std::process::Command) {
    let parent = rustix::process::getpid();
    let hook = move || {
        rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
        // The parent may have died before that call.
        if rustix::process::getppid() != Some(parent) {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        Ok(())
    };
    // SAFETY: the hook runs between fork and exec and makes two system calls; it neither allocates nor locks.
    unsafe { command.pre_exec(hook) };
}

#[cfg(not(target_os = "linux"))]
fn die_with_parent(_command: &mut std::process::Command) {}

type StartRequest = (Expression, mpsc::Sender<io::Result<Handle>>);

/// Starts children from one thread that lives as long as the process: the kernel's parent death signal goes off
/// when the *thread* that forked ends, and machines are started from threads that come and go.
fn start_on_lasting_thread(expression: Expression) -> io::Result<Handle> {
    static STARTER: OnceLock<mpsc::Sender<StartRequest>> = OnceLock::new();
    let starter = STARTER.get_or_init(|| {
        let (sender, requests) = mpsc::channel::<StartRequest>();
        std::thread::spawn(move || {
            for (expression, reply) in requests {
                // Nobody waiting any more is fine: the handle is dropped and the closure of QEMU's sockets ends it.
                let _ = reply.send(expression.start());
            }
        });
        sender
    });
    let (reply, answer) = mpsc::channel();
    let gone = || io::Error::other("the thread that starts processes has ended");
    starter.send((expression, reply)).map_err(|_| gone())?;
    answer.recv().map_err(|_| gone())?
}
