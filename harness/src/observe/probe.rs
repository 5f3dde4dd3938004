//! What has to be run in the guest because an expectation asks for it.

use serde::{Deserialize, Serialize};

use super::places::Place;
use crate::model::{Check, Expectation, Session};

/// Something to observe besides what always is. `user: None` is the case's first user.
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
        /// Whether it finds no program of the guest's own.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        without_guests: bool,
    },
    /// A path that is observed only where it is asked for.
    Place {
        /// Whose.
        user: Option<String>,
        /// What the path is relative to.
        base: Place,
        /// The path.
        path: String,
    },
    /// Another observation until something is so, for as long as it may take.
    Wait {
        /// In seconds.
        within_s: u32,
        /// What, as JSON: what is seen depends on it.
        until: String,
    },
}

impl Probe {
    /// Whose probe it is.
    pub fn user(&self) -> Option<&str> {
        match self {
            Self::Session { user, .. }
            | Self::Unit { user, .. }
            | Self::Command { user, .. }
            | Self::Place { user, .. } => user.as_deref(),
            Self::Wait { .. } => None,
        }
    }

    /// Whether something of the user's runs for it, which may change the home.
    pub fn runs(&self) -> bool {
        matches!(self, Self::Session { .. } | Self::Command { .. })
    }
}

/// What must be run in the guest to judge these expectations, in the order in which they are written.
pub fn probes(expectations: &[Expectation]) -> Vec<Probe> {
    let mut probes = Vec::new();
    for probe in expectations
        .iter()
        .filter_map(probe)
        .chain(waits(expectations))
    {
        if !probes.contains(&probe) {
            probes.push(probe);
        }
    }
    probes
}

/// What is waited for.
fn waits(expectations: &[Expectation]) -> impl Iterator<Item = Probe> {
    expectations.iter().filter_map(|one| {
        let until = serde_json::to_string(&(&one.user, &one.check));
        Some(Probe::Wait {
            within_s: one.within_s?,
            until: until.expect("plain data always serialises"),
        })
    })
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
            command,
            without_guests,
            session,
            ..
        } => Some(Probe::Command {
            user,
            session: *session,
            command: command.clone(),
            without_guests: *without_guests,
        }),
        Check::File { path, .. } if Place::Home.is_asked_for(path) => Some(Probe::Place {
            user,
            base: Place::Home,
            path: path.clone(),
        }),
        Check::InGeneration { path, .. } => Some(Probe::Place {
            user,
            base: Place::Generation,
            path: path.clone(),
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
    use crate::testing::expectations;

    #[test]
    fn only_what_is_not_always_seen_is_probed() {
        let mut expect = expectations("environment: { EDITOR: { unset: true } }");
        let service = "environment: { EDITOR: { unset: true, session: service } }";
        expect.extend([service, service].map(expectations).concat());
        // In the order in which they are written.
        for unit in ["z.service", "a.service"] {
            expect.extend(expectations(&format!("units: {{ {unit}: active }}")));
        }
        expect.extend(expectations("packages: { hello: absent }"));
        let asked = probes(&expect);
        let units = asked.iter().map(|probe| match probe {
            Probe::Unit { name, .. } => &**name,
            _ => "",
        });
        assert_eq!(Vec::from_iter(units), ["", "z.service", "a.service"]);
        assert!(asked.iter().all(|probe| probe.user() == Some("alice")));
    }
}
