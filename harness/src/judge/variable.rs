//! Variables of a session.

use super::text_match::{Mismatch, mismatch, plain, show};
use super::who::Who;
use crate::model::{Session, TextMatch};
use crate::suggest::did_you_mean;

/// Checks a variable; `value: None`: it must not be set.
pub(super) fn variable(
    who: Who<'_>,
    name: &str,
    session: Session,
    value: Option<&TextMatch>,
) -> Vec<Mismatch> {
    let place = format!("{} of {}", session_words(session), who.name);
    if let Some(no_login) = who.seen.no_sessions.get(&session) {
        return vec![plain(no_login.to_string())];
    }
    let Some(variables) = who.seen.sessions.get(&session) else {
        return vec![plain(format!(
            "{place} could not be had, so nobody knows `{name}` in it"
        ))];
    };
    match (variables.get(name), value) {
        (None, None) => Vec::new(),
        (Some(seen), None) => vec![plain(format!(
            "expected `{name}` not to be set in {place}, seen {}",
            show(seen)
        ))],
        (None, Some(_)) => vec![plain(format!(
            "expected `{name}` to be set in {place}, and it is not{}",
            did_you_mean(name, variables.keys().map(String::as_str))
        ))],
        (Some(seen), Some(wanted)) => mismatch(wanted, seen)
            .map(|it| it.of(&format!("`{name}` in {place}")))
            .into_iter()
            .collect(),
    }
}

fn session_words(session: Session) -> &'static str {
    match session {
        Session::Login => "a login session",
        Session::Interactive => "an interactive shell",
        Session::NonInteractive => "a non-interactive session",
        Session::Service => "a user service",
    }
}
