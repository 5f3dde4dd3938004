//! What has to be run in the guest because an expectation asks for it.

use serde::{Deserialize, Serialize};

use crate::model::{Check, Expectation, Session};

/// Something to look at besides what is always looked at. `user: None` is the case's first user.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Probe {
    /// The variables of a kind of session.
    Session {
        /// Whose.
        user: Option<String>,
        /// Which kind.
        session: Session,
    },
    /// The state of a unit of the user's service manager.
    Unit {
        /// Whose.
        user: Option<String>,
        /// Its full name.
        name: String,
    },
    /// What a command does.
    Command {
        /// Who runs it.
        user: Option<String>,
        /// In which kind of session.
        session: Session,
        /// A line for the shell.
        command: String,
    },
}

impl Probe {
    /// Whose probe it is.
    pub fn user(&self) -> Option<&str> {
        match self {
            Self::Session { user, .. } | Self::Unit { user, .. } | Self::Command { user, .. } => {
                user.as_deref()
            }
        }
    }
}

/// What must be run in the guest to judge these expectations, in the order in which they are written.
pub fn probes(expectations: &[Expectation]) -> Vec<Probe> {
    let mut probes = Vec::new();
    for probe in expectations.iter().filter_map(probe) {
        if !probes.contains(&probe) {
            probes.push(probe);
        }
    }
    probes
}

fn probe(expectation: &Expectation) -> Option<Probe> {
    let user = expectation.user.clone();
    match &expectation.check {
        Check::Variable { session, .. } if *session != Session::Login => Some(Probe::Session {
            user,
            session: *session,
        }),
        Check::Unit { name, .. } => Some(Probe::Unit {
            user,
            name: name.clone(),
        }),
        Check::Command {
            command, session, ..
        } => Some(Probe::Command {
            user,
            session: *session,
            command: command.clone(),
        }),
        Check::Variable { .. }
        | Check::Package { .. }
        | Check::File { .. }
        | Check::Output(_)
        | Check::Warnings(_)
        | Check::OnlyWarnings(_)
        | Check::Errors(_)
        | Check::GenerationCount(_)
        | Check::CurrentGeneration(_)
        | Check::NoLeftovers(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{PackageState, UnitState};

    #[test]
    fn only_what_is_not_always_seen_is_probed() {
        let expect = |check| Expectation {
            check,
            user: Some("alice".into()),
            line: 1,
        };
        let variable = |session| Check::Variable {
            name: "EDITOR".into(),
            session,
            value: None,
        };
        let asked = probes(&[
            expect(variable(Session::Login)),
            expect(variable(Session::Service)),
            expect(variable(Session::Service)),
            expect(Check::Unit {
                name: "z.service".into(),
                state: UnitState::Active,
            }),
            expect(Check::Unit {
                name: "a.service".into(),
                state: UnitState::Active,
            }),
            expect(Check::Package {
                name: "hello".into(),
                state: PackageState::Absent,
            }),
        ]);
        let unit = |probe: &Probe| match probe {
            Probe::Unit { name, .. } => name.clone(),
            _ => String::new(),
        };
        assert_eq!(
            asked.iter().map(unit).collect::<Vec<_>>(),
            ["", "z.service", "a.service"],
            "in the order in which they are written"
        );
        assert!(asked.iter().all(|probe| probe.user() == Some("alice")));
    }
}
