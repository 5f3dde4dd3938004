//! Why a user cannot log in, in words that name the one to blame.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::Session;

/// A user's session did not begin: nothing that was to happen in it did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoLogin {
    /// Whose.
    pub user: String,
    /// Which kind.
    pub session: Session,
    /// Why.
    pub reason: NoLoginReason,
}

/// What kept a session from beginning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoLoginReason {
    /// The user's shell does not exist.
    NoShell(String),
    /// The user's shell is nothing that can be executed.
    NoProgram(String),
    /// The shell ended before it had read its start-up files.
    Ended {
        /// The shell.
        shell: String,
        /// How it ended.
        status: i32,
        /// What its start-up files did last, where that is known.
        last: Option<StartUp>,
    },
    /// The start-up files did not end in time.
    Stuck {
        /// The shell.
        shell: String,
        /// What they did last, where that is known.
        last: Option<StartUp>,
    },
    /// No session could be opened at all.
    NoSession {
        /// How that ended.
        status: i32,
        /// What was said of it.
        said: String,
    },
}

/// A line of a start-up file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartUp {
    /// The file, relative to the home where it is in it.
    pub file: String,
    /// The line in it, from 1.
    pub line: u32,
    /// What the shell did there.
    pub command: String,
}

impl fmt::Display for NoLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let user = &self.user;
        match self.session {
            Session::Login => write!(f, "{user} cannot log in: ")?,
            Session::Interactive => write!(f, "{user} cannot open an interactive shell: ")?,
            Session::NonInteractive => write!(f, "{user} cannot run a command in their shell: ")?,
            Session::Service => write!(f, "{user} cannot start a service: ")?,
        }
        match &self.reason {
            NoLoginReason::NoShell(shell) => {
                write!(f, "their login shell {shell} does not exist")
            }
            NoLoginReason::NoProgram(shell) => {
                write!(f, "their login shell {shell} cannot be executed")
            }
            NoLoginReason::Ended {
                last: Some(last), ..
            } => write!(
                f,
                "{} ended the shell before a command could run (line {}: `{}`)",
                last.file, last.line, last.command
            ),
            NoLoginReason::Ended {
                shell,
                status,
                last: None,
            } => write!(
                f,
                "{shell} ended with status {status} before a command could run"
            ),
            NoLoginReason::Stuck {
                last: Some(last), ..
            } => write!(
                f,
                "{} had not ended after {} s (line {}: `{}`)",
                last.file,
                super::script::BEGIN_LIMIT_S,
                last.line,
                last.command
            ),
            NoLoginReason::Stuck { shell, last: None } => write!(
                f,
                "{shell} was not ready for a command after {} s",
                super::script::BEGIN_LIMIT_S
            ),
            NoLoginReason::NoSession { status, said } if said.is_empty() => {
                write!(f, "no session could be opened (status {status})")
            }
            NoLoginReason::NoSession { said, .. } => write!(f, "{said}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_to_blame_is_named() {
        let words = |session, reason| {
            NoLogin {
                user: "alice".to_owned(),
                session,
                reason,
            }
            .to_string()
        };
        let zsh = "/run/current-system/sw/bin/zsh".to_owned();
        assert_eq!(
            words(Session::Login, NoLoginReason::NoShell(zsh.clone())),
            "alice cannot log in: their login shell /run/current-system/sw/bin/zsh does not exist"
        );
        let last = |command: &str| {
            Some(StartUp {
                file: ".profile".to_owned(),
                line: 3,
                command: command.to_owned(),
            })
        };
        let ended = NoLoginReason::Ended {
            shell: zsh.clone(),
            status: 0,
            last: last("exit 0"),
        };
        assert_eq!(
            words(Session::Login, ended),
            "alice cannot log in: .profile ended the shell before a command could run (line 3: `exit 0`)"
        );
        let stuck = NoLoginReason::Stuck {
            shell: zsh,
            last: last("sleep 1d"),
        };
        assert_eq!(
            words(Session::Interactive, stuck),
            "alice cannot open an interactive shell: .profile had not ended after 60 s (line 3: `sleep 1d`)"
        );
    }
}
