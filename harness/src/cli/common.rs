//! What the commands share: exit statuses, errors for people, loading, and the choice of cases.

use std::fmt;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use crate::judge::Conclusion;
use crate::keep::KeepError;
use crate::scenario::model::Case;
use crate::scenario::{self, Channels, Diagnostic, LoadOptions};
use crate::session::SessionError;

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

impl From<SessionError> for Error {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::Keep(error) => error.into(),
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

/// Which cases a command is about.
#[derive(Args, Debug, Clone)]
pub struct Chosen {
    /// Scenario files, or folders to look for them in [default: scenarios]
    pub paths: Vec<PathBuf>,
    /// Only cases whose id contains this text; given again, also those with another
    #[arg(long, value_name = "SUBSTRING")]
    pub filter: Vec<String>,
    #[command(flatten)]
    pub trust: Trust,
}

/// What scenarios may take of this computer.
#[derive(Args, Debug, Clone, Default)]
pub struct Trust {
    /// Let scenarios take files from outside of their repository
    #[arg(long)]
    pub allow_outside: bool,
    /// The channel of setups that name none: `pocket`, a release such as 26.05, or one of switchproof.yaml
    #[arg(long, value_name = "CHANNEL")]
    pub channel: Option<String>,
    /// A checkout of Home Manager in place of the pocket channel's [default: $SWITCHPROOF_HOME_MANAGER]
    #[arg(long, value_name = "DIR")]
    pub channel_from: Option<PathBuf>,
}

impl Trust {
    /// How scenarios are loaded.
    pub fn load_options(&self) -> LoadOptions {
        let usual = LoadOptions::default();
        LoadOptions {
            allow_outside: self.allow_outside,
            channel: self.channel.clone().unwrap_or(usual.channel),
            channels: Channels::from_environment(self.channel_from.clone()),
            ..usual
        }
    }
}

impl Chosen {
    /// The paths, or the folder that every project has.
    pub fn paths(&self) -> Vec<PathBuf> {
        match self.paths.as_slice() {
            [] => vec![PathBuf::from("scenarios")],
            paths => paths.to_vec(),
        }
    }

    /// Whether the filters let a case through.
    pub fn admits(&self, case: &Case) -> bool {
        self.filter.is_empty() || self.filter.iter().any(|it| case.id.contains(it))
    }

    /// Loads all cases of the paths. Every mistake is printed, then the command ends.
    pub fn load(&self) -> Result<Vec<Case>, Error> {
        let cases = scenario::load_with(&self.paths(), &self.trust.load_options())
            .map_err(|found| refuse(&found))?;
        if cases.is_empty() {
            let paths: Vec<_> = self
                .paths()
                .iter()
                .map(|path| path.display().to_string())
                .collect();
            return Err(Error::input(
                format!("no scenario was found in {}", paths.join(", ")),
                "a scenario is a file that ends in .yaml; `switchproof run PATH` names another place",
            ));
        }
        Ok(cases)
    }

    /// Loads, and refuses a filter that lets nothing through.
    pub fn load_some(&self) -> Result<Vec<Case>, Error> {
        let cases = self.load()?;
        let idle = |filter: &&String| !cases.iter().any(|case| case.id.contains(*filter));
        match self.filter.iter().find(idle) {
            Some(filter) => Err(Error::input(
                format!("no case contains '{filter}'"),
                "`switchproof list` prints every case",
            )),
            None => Ok(cases),
        }
    }
}

/// The case that is meant.
pub fn pick(ids: &[String], wanted: &str) -> Result<usize, Error> {
    if let Some(exact) = ids.iter().position(|id| id == wanted) {
        return Ok(exact);
    }
    let like: Vec<usize> = (0..ids.len())
        .filter(|&case| ids[case].contains(wanted))
        .collect();
    match like.as_slice() {
        [one] => Ok(*one),
        [] => Err(Error::input(
            format!("no case contains '{wanted}'"),
            "`switchproof list` prints every case",
        )),
        many => {
            let names: Vec<_> = many.iter().map(|&case| ids[case].as_str()).collect();
            Err(Error::input(
                format!(
                    "'{wanted}' is part of {} cases: {}",
                    many.len(),
                    names.join(", ")
                ),
                "name one of them in full",
            ))
        }
    }
}

/// Prints every diagnostic; the error that is left only carries the status.
pub fn refuse(found: &[Diagnostic]) -> Error {
    eprint!("{}", scenario::render_text(found));
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
