//! A process that was started, until it has ended.

use std::fs::File;
use std::io;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use super::ProcessError;
use super::text::{read_all, read_tail};

/// How long a process group has to go after a polite signal before it is killed.
const POLITE_WAIT: Duration = Duration::from_secs(5);
/// The longest time between two questions whether a process runs.
const POLL: Duration = Duration::from_millis(100);

/// What a successful process left.
#[derive(Debug, Clone)]
pub struct Output {
    /// Its standard output; empty when it went to a log file.
    pub stdout: Vec<u8>,
    /// Its error output; empty when it went to a log file.
    pub stderr: Vec<u8>,
}

impl Output {
    /// The standard output as text, damaged UTF-8 replaced.
    pub fn stdout_text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }
}

/// A process that was started. Dropping it kills its whole group.
#[derive(Debug)]
pub struct Running {
    handle: duct::Handle,
    command: String,
    stdout: File,
    stderr: File,
    finished: bool,
    pid: u32,
}

impl Running {
    pub(super) fn new(handle: duct::Handle, command: String, stdout: File, stderr: File) -> Self {
        // One command without a pipe is one process.
        let pid = handle.pids().first().copied().unwrap_or(0);
        Self {
            handle,
            command,
            stdout,
            stderr,
            finished: false,
            pid,
        }
    }

    /// The process's id, which is also its group's.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// How it ended, or nothing while it runs.
    pub fn try_wait(&mut self) -> Result<Option<ExitStatus>, ProcessError> {
        let status = self
            .handle
            .try_wait()
            .map(|output| output.map(|output| output.status));
        self.note(status)
    }

    /// Waits until it has ended, at most this long.
    pub fn wait(&mut self, at_most: Duration) -> Result<Option<ExitStatus>, ProcessError> {
        let status = self
            .handle
            .wait_timeout(at_most)
            .map(|output| output.map(|output| output.status));
        self.note(status)
    }

    fn note(
        &mut self,
        status: io::Result<Option<ExitStatus>>,
    ) -> Result<Option<ExitStatus>, ProcessError> {
        let status = status.map_err(|source| ProcessError::Watch {
            command: self.command.clone(),
            source,
        })?;
        self.finished |= status.is_some();
        Ok(status)
    }

    /// The last lines of the error output so far.
    pub fn tail(&self) -> String {
        read_tail(&self.stderr).unwrap_or_default()
    }

    /// Waits for a successful end; a process that is not done at the deadline is killed.
    pub fn finish(self, deadline: Duration) -> Result<Output, ProcessError> {
        self.finish_watched(deadline, &mut || {})
    }

    /// As [`Running::finish`], and calls `meanwhile` several times a second while it waits.
    pub fn finish_watched(
        mut self,
        deadline: Duration,
        meanwhile: &mut dyn FnMut(),
    ) -> Result<Output, ProcessError> {
        let until = Instant::now() + deadline;
        let status = loop {
            let left = until.saturating_duration_since(Instant::now());
            if let Some(status) = self.wait(left.min(POLL))? {
                meanwhile();
                break status;
            }
            meanwhile();
            if left.is_zero() {
                self.stop();
                let (command, tail) = (self.command.clone(), self.tail());
                return Err(ProcessError::Deadline {
                    command,
                    deadline_s: deadline.as_secs_f64(),
                    tail,
                });
            }
        };
        // What it left behind in its group would otherwise live on.
        self.signal(Signal::KILL);
        if !status.success() {
            let tail = Some(self.tail()).filter(|tail| !tail.trim().is_empty());
            let tail = tail.unwrap_or_else(|| read_tail(&self.stdout).unwrap_or_default());
            return Err(ProcessError::Failed {
                command: self.command.clone(),
                status,
                tail,
            });
        }
        let read = |file: &File| {
            read_all(file).map_err(|source| ProcessError::Watch {
                command: self.command.clone(),
                source,
            })
        };
        Ok(Output {
            stdout: read(&self.stdout)?,
            stderr: read(&self.stderr)?,
        })
    }

    /// Ends it now: asks, waits a little, and kills what is left of the group.
    pub fn stop(&mut self) {
        self.signal(Signal::TERM);
        // Whether it went or not, what is left is killed next.
        let _ = self.wait(POLITE_WAIT);
        self.kill();
    }

    /// Kills the whole group at once and reaps it.
    pub fn kill(&mut self) {
        self.signal(Signal::KILL);
        if !self.finished {
            // A killed process ends; the bound is for one that hangs inside the kernel.
            let _ = self.wait(POLITE_WAIT);
        }
    }

    fn signal(&self, signal: Signal) {
        if let Some(group) = i32::try_from(self.pid).ok().and_then(Pid::from_raw) {
            // It fails when the group has gone already, which is what was wanted.
            let _ = kill_process_group(group, signal);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.finished {
            self.kill();
        }
    }
}
