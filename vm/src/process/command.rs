//! A command line, and how it is started.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock, mpsc};
use std::thread;
use std::time::Duration;

#[cfg(target_os = "linux")]
use rustix::process::Signal;

use super::{Output, ProcessError, Running, quote};

/// What becomes of a stream of the process.
#[derive(Debug, Clone)]
enum Sink {
    /// Kept in an unnamed file and given back.
    Keep,
    /// Appended to a file that the caller named.
    Append(PathBuf),
}

/// What kills the process when the harness is gone without having dropped the handle (SIGKILL). Linux only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrphanSignal {
    /// At once; for processes without children of their own, as QEMU.
    Kill,
    /// A polite signal, for processes that take their children and mounts down with them.
    Terminate,
}

/// A command line to be run on the host.
#[derive(Debug, Clone)]
pub struct Command {
    program: OsString,
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    directory: Option<PathBuf>,
    stdin: Option<Vec<u8>>,
    stdout: Sink,
    stderr: Sink,
    inherited: Vec<Arc<File>>,
    orphan_signal: OrphanSignal,
}

impl Command {
    /// A command without arguments, reading nothing, its output kept for the caller.
    pub fn new(program: impl AsRef<OsStr>) -> Self {
        Self {
            program: program.as_ref().to_owned(),
            arguments: Vec::new(),
            environment: Vec::new(),
            directory: None,
            stdin: None,
            stdout: Sink::Keep,
            stderr: Sink::Keep,
            inherited: Vec::new(),
            orphan_signal: OrphanSignal::Kill,
        }
    }

    /// Adds one argument.
    #[must_use]
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<T: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = T>) -> Self {
        self.arguments.extend(
            arguments
                .into_iter()
                .map(|argument| argument.as_ref().to_owned()),
        );
        self
    }

    /// Sets one environment variable; the rest is inherited.
    #[must_use]
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.environment
            .push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Runs it in this directory.
    #[must_use]
    pub fn dir(mut self, directory: impl Into<PathBuf>) -> Self {
        self.directory = Some(directory.into());
        self
    }

    /// Gives it these bytes to read.
    #[must_use]
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = Some(bytes.into());
        self
    }

    /// Appends both output streams to this file, which stays; nothing is given back.
    #[must_use]
    pub fn log_to(mut self, path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        self.stdout = Sink::Append(path.clone());
        self.stderr = Sink::Append(path);
        self
    }

    /// Lets the process and its children inherit this open file under its present descriptor number.
    #[must_use]
    pub fn inherit(mut self, file: Arc<File>) -> Self {
        self.inherited.push(file);
        self
    }

    /// What the kernel sends the process when the harness dies; [`OrphanSignal::Kill`] unless set.
    #[must_use]
    pub fn orphan_signal(mut self, signal: OrphanSignal) -> Self {
        self.orphan_signal = signal;
        self
    }

    /// The command line, quoted for a shell.
    pub fn command_line(&self) -> String {
        let words = std::iter::once(&self.program).chain(&self.arguments);
        words
            .map(|word| quote(&word.to_string_lossy()))
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// Starts the process and returns at once.
    pub fn spawn(&self) -> Result<Running, ProcessError> {
        let command = self.command_line();
        let stdout = self.open(&self.stdout)?;
        let stderr = self.open(&self.stderr)?;
        let expression = self
            .expression(&stdout, &stderr)
            .map_err(|source| self.watch_error(source))?;
        let handle = start_on_lasting_thread(expression).map_err(|source| ProcessError::Start {
            command: command.clone(),
            source,
        })?;
        Ok(Running::new(handle, command, stdout, stderr))
    }

    /// Runs the process to its end, which must come before the deadline and be a success.
    pub fn run(&self, deadline: Duration) -> Result<Output, ProcessError> {
        self.spawn()?.finish(deadline)
    }

    fn open(&self, sink: &Sink) -> Result<File, ProcessError> {
        match sink {
            Sink::Keep => self.keep_in(std::env::temp_dir()),
            Sink::Append(path) => File::options()
                .create(true)
                .append(true)
                .read(true)
                .open(path)
                .map_err(|source| self.watch_error(source)),
        }
    }

    pub(super) fn keep_in(&self, folder: PathBuf) -> Result<File, ProcessError> {
        tempfile::tempfile_in(&folder).map_err(|source| ProcessError::Temporary {
            command: self.command_line(),
            folder,
            source,
        })
    }

    fn watch_error(&self, source: io::Error) -> ProcessError {
        ProcessError::Watch {
            command: self.command_line(),
            source,
        }
    }

    fn expression(&self, stdout: &File, stderr: &File) -> io::Result<duct::Expression> {
        let mut expression = duct::cmd(&self.program, &self.arguments)
            .unchecked()
            .stdout_file(stdout.try_clone()?)
            .stderr_file(stderr.try_clone()?);
        expression = match &self.stdin {
            Some(bytes) => expression.stdin_bytes(bytes.clone()),
            None => expression.stdin_null(),
        };
        for (name, value) in &self.environment {
            expression = expression.env(name, value);
        }
        if let Some(directory) = &self.directory {
            expression = expression.dir(directory);
        }
        let inherited = self.inherited.clone();
        let orphan_signal = self.orphan_signal;
        Ok(expression.before_spawn(move |command| {
            use std::os::unix::process::CommandExt;
            command.process_group(0);
            prepare_child(command, orphan_signal, inherited.clone());
            Ok(())
        }))
    }
}

/// Between fork and exec: asks for a signal on the harness's death, and keeps the inherited files open.
fn prepare_child(
    command: &mut std::process::Command,
    orphan_signal: OrphanSignal,
    inherited: Vec<Arc<File>>,
) {
    use std::os::unix::process::CommandExt;
    #[cfg(target_os = "linux")]
    let harness = rustix::process::getpid();
    let strays = stray_descriptors(&inherited);
    let setup = move || {
        for &descriptor in &strays {
            // SAFETY: used for this one system call, which refuses a number that is not open, as one that was closed
            // since the list was made.
            let descriptor = unsafe { BorrowedFd::borrow_raw(descriptor) };
            let _ = rustix::io::fcntl_setfd(descriptor, rustix::io::FdFlags::CLOEXEC);
        }
        for file in &inherited {
            rustix::io::fcntl_setfd(file, rustix::io::FdFlags::empty())?;
        }
        #[cfg(target_os = "linux")]
        {
            let signal = match orphan_signal {
                OrphanSignal::Kill => Signal::KILL,
                OrphanSignal::Terminate => Signal::TERM,
            };
            rustix::process::set_parent_process_death_signal(Some(signal))?;
            if rustix::process::getppid() != Some(harness) {
                return Err(io::Error::other(
                    "the harness died while it started a process",
                ));
            }
        }
        #[cfg(not(target_os = "linux"))]
        let _ = orphan_signal;
        Ok(())
    };
    // SAFETY: the closure makes system calls alone (fcntl, prctl, getppid): nothing that allocates or takes a lock on
    // the way that succeeds, so it may run between fork and exec.
    unsafe {
        command.pre_exec(setup);
    }
}

/// Open files that the harness was started with and has no say in: locks, pipes of a build tool. Passed on they would
/// outlive it, and they push the numbers of what a program opens past 9, which the shell of mmdebstrap's hooks does not
/// take.
fn stray_descriptors(inherited: &[Arc<File>]) -> Vec<RawFd> {
    let names = std::fs::read_dir("/dev/fd")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.file_name());
    let descriptors = names.filter_map(|name| name.to_str()?.parse::<RawFd>().ok());
    let wanted = |descriptor: &RawFd| {
        *descriptor > 2 && inherited.iter().all(|file| file.as_raw_fd() != *descriptor)
    };
    descriptors.filter(wanted).collect()
}

type StartRequest = (duct::Expression, mpsc::Sender<io::Result<duct::Handle>>);

/// Starts on a thread that lasts as long as the harness: the kernel's death signal follows the thread that forked, not
/// the process, so a process started by a short-lived test thread would be killed with it.
fn start_on_lasting_thread(expression: duct::Expression) -> io::Result<duct::Handle> {
    static STARTER: OnceLock<mpsc::Sender<StartRequest>> = OnceLock::new();
    let starter = STARTER.get_or_init(|| {
        let (requests, inbox) = mpsc::channel::<StartRequest>();
        thread::spawn(move || {
            for (expression, answer) in inbox {
                // The asker waits for the answer, so it is there to take it.
                let _ = answer.send(expression.start());
            }
        });
        requests
    });
    let (answer, started) = mpsc::channel();
    starter
        .send((expression, answer))
        .map_err(|_| io::Error::other("the process starter thread is gone"))?;
    started
        .recv()
        .map_err(|_| io::Error::other("the process starter thread is gone"))?
}
