//! What is waited for, and what is known of the machine meanwhile.

use std::time::{Duration, Instant};

/// What is waited for, since when, and until when.
#[derive(Debug, Clone)]
pub(super) struct Waiting {
    pub(super) what: String,
    pub(super) since: Instant,
    pub(super) deadline: Instant,
}

impl Waiting {
    pub(super) fn new(what: impl Into<String>, at_most: Duration) -> Self {
        let since = Instant::now();
        Self {
            what: what.into(),
            since,
            deadline: since + at_most,
        }
    }

    pub(super) fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }
}

/// What the machine is known to be doing.
#[derive(Debug)]
pub(super) struct Liveness {
    /// The last sign of life and when it was seen.
    pub(super) last_seen: (String, Instant),
    pub(super) pinged: Option<Instant>,
    pub(super) port_closed: Option<Instant>,
    /// Whether the guest agent was asked what that means.
    pub(super) closing_doubted: bool,
    /// Whether a shutdown or reset was asked for by us.
    pub(super) expects_end: bool,
    /// Whether we have had the machine stopped, to freeze it.
    pub(super) expects_stop: bool,
    /// Why QEMU stopped the machine, once it has.
    pub(super) shutdown_reason: Option<String>,
    /// Whether the guest was reset since this was last cleared.
    pub(super) was_reset: bool,
}

impl Liveness {
    pub(super) fn new() -> Self {
        Self {
            last_seen: ("QEMU's start".to_owned(), Instant::now()),
            pinged: None,
            port_closed: None,
            closing_doubted: false,
            expects_end: false,
            expects_stop: false,
            shutdown_reason: None,
            was_reset: false,
        }
    }

    /// For how long the control port has been closed, where that was not to be expected.
    pub(super) fn closed_for(&self) -> Option<Duration> {
        let closed = self.port_closed.filter(|_| !self.expects_end)?;
        Some(closed.elapsed())
    }

    pub(super) fn saw(&mut self, what: impl Into<String>) {
        self.last_seen = (what.into(), Instant::now());
        self.pinged = None;
    }
}
