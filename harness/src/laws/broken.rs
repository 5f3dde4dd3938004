//! How a law is broken.

use crate::change::{Change, ShowOptions};

/// How a law is broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// In one sentence.
    pub message: String,
    /// All of it.
    pub detail: String,
}

/// A law that a change breaks.
pub(super) fn broken(what: &str, change: &Change) -> Broken {
    let options = ShowOptions {
        rebuilt: true,
        whole: true,
        ..ShowOptions::default()
    };
    Broken {
        message: format!("{what}: {}", change.counts().line()),
        detail: change.show(options),
    }
}

/// A law that all of this breaks, if there is anything.
pub(super) fn broken_by(what: &str, found: &[String]) -> Option<Broken> {
    let first = found.first()?;
    let message = match found.len() {
        1 => first.clone(),
        count => format!("{first}, and {} more", count - 1),
    };
    Some(Broken {
        message: format!("{what}: {message}"),
        detail: found.join("\n"),
    })
}
