//! What the commands share: exit statuses, and errors for people.

use std::fmt;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use crate::host_context::HostError;
use crate::judge::Conclusion;
use crate::keep::KeepError;
use crate::language::{self, Diagnostic};

/// The exit statuses, as `--help` promises them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// Everything passed.
    Passed,
    /// At least one case failed: the setup is wrong.
    Failed,
    /// The input is wrong: nothing was run.
    Input,
    /// The machinery failed: nothing is said about the setup.
    Machinery,
}

impl From<Conclusion> for Exit {
    fn from(conclusion: Conclusion) -> Self {
        match conclusion {
            Conclusion::Passed => Self::Passed,
            Conclusion::Failed => Self::Failed,
            Conclusion::Broken => Self::Machinery,
        }
    }
}

impl Exit {
    /// The status for the operating system.
    pub fn code(self) -> ExitCode {
        ExitCode::from(match self {
            Self::Passed => 0,
            Self::Failed => 1,
            Self::Input => 2,
            Self::Machinery => 3,
        })
    }
}

/// An error on its way to a person.
#[derive(Debug)]
pub struct Error {
    /// What happened.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
    /// The status to end with.
    pub exit: Exit,
    /// It is only that nobody reads on.
    pub broken_pipe: bool,
}

impl Error {
    /// The input is wrong.
    pub fn input(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: Some(hint.into()),
            exit: Exit::Input,
            broken_pipe: false,
        }
    }

    /// The machinery failed.
    pub fn machinery(message: impl Into<String>, hint: Option<String>) -> Self {
        Self {
            message: message.into(),
            hint,
            exit: Exit::Machinery,
            broken_pipe: false,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Diagnostics are printed where they are found; nothing is left to say then.
        if self.message.is_empty() {
            return Ok(());
        }
        writeln!(f, "error: {}", self.message)?;
        match &self.hint {
            Some(hint) => writeln!(f, " help: {hint}"),
            None => Ok(()),
        }
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        let broken_pipe = error.kind() == io::ErrorKind::BrokenPipe;
        Self {
            message: error.to_string(),
            hint: None,
            exit: Exit::Machinery,
            broken_pipe,
        }
    }
}

impl From<HostError> for Error {
    fn from(error: HostError) -> Self {
        match error {
            HostError::Keep(error) => error.into(),
            error => Self::machinery(error.to_string(), error.hint()),
        }
    }
}

impl From<KeepError> for Error {
    fn from(error: KeepError) -> Self {
        let made = Self::machinery(error.to_string(), error.hint());
        match error {
            KeepError::NotALimit(_) => Self {
                exit: Exit::Input,
                ..made
            },
            _ => made,
        }
    }
}

/// The folder, the parameters and the output of a flake that is named as for Nix: `.?dir=nix#alice`.
pub fn flake_and_output(text: &str) -> (&Path, &str, Option<&str>) {
    let (flake, output) = match text.split_once('#') {
        Some((flake, output)) => (flake, Some(output)),
        None => (text, None),
    };
    let (path, query) = flake.split_at(flake.find('?').unwrap_or(flake.len()));
    let path = Path::new(if path.is_empty() { "." } else { path });
    (crate::flake::flake_folder(path), query, output)
}

/// Prints every diagnostic; the error that is left only carries the status.
pub fn refuse(found: &[Diagnostic]) -> Error {
    eprint!("{}", language::render_text(found));
    Error {
        message: String::new(),
        hint: None,
        exit: Exit::Input,
        broken_pipe: false,
    }
}

/// Prints to standard output; a reader that went away is reported as such.
pub fn print(text: &str) -> Result<(), Error> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(())
}
