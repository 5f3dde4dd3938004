//! What can go wrong with a host process.

use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;

/// Why a host process did not do what it was started for.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// The program could not be started at all.
    #[error("cannot start `{command}`: {source}")]
    Start {
        /// The command line, quoted for a shell.
        command: String,
        /// What the operating system said.
        source: io::Error,
    },
    /// It ended with another status than 0.
    #[error("`{command}` ended with {status}{}", show_tail(.tail))]
    Failed {
        /// The command line, quoted for a shell.
        command: String,
        /// How it ended.
        status: ExitStatus,
        /// The last lines of its error output, or of its output when that went to the same place.
        tail: String,
    },
    /// It was still running at its deadline, and was killed.
    #[error("`{command}` did not end within {deadline_s:.0} s{}", show_tail(.tail))]
    Deadline {
        /// The command line, quoted for a shell.
        command: String,
        /// How long it was given, in seconds.
        deadline_s: f64,
        /// The last lines of its output.
        tail: String,
    },
    /// The folder for temporary files, where its output is kept, cannot be used.
    #[error("nothing can be written to the folder for temporary files {}, as `{command}` needs: {source}", .folder.display())]
    Temporary {
        /// The command line, quoted for a shell.
        command: String,
        /// The folder.
        folder: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// Its output could not be kept, or it could not be waited for.
    #[error("cannot watch `{command}`: {source}")]
    Watch {
        /// The command line, quoted for a shell.
        command: String,
        /// What the operating system said.
        source: io::Error,
    },
}

impl ProcessError {
    /// What the user can do about it, where that is known.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Start { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                Some("run vm/setup, which installs what the host lacks")
            }
            Self::Temporary { .. } => {
                Some("name a folder in TMPDIR that is there, has room, and that you may write to")
            }
            _ => None,
        }
    }

    /// Whether the program itself was not there.
    pub fn is_missing_program(&self) -> bool {
        matches!(self, Self::Start { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }
}

fn show_tail(tail: &str) -> String {
    if tail.trim().is_empty() {
        String::new()
    } else {
        format!("; its last output:\n{}", tail.trim_end())
    }
}
