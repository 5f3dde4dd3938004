//! One turn of waiting: whatever comes first, from the guest, from QEMU, or the deadline.

use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags};

use crate::guest::Frame;
use crate::machine::waiting::Waiting;
use crate::machine::{Machine, MachineError};
use crate::qemu::{poll_until, write_some};

/// After this much silence the supervisor is asked whether it lives.
const PING_AFTER: Duration = Duration::from_secs(10);

/// A supervisor that does not answer for this long is gone, however loaded the host is.
const SILENT_AFTER: Duration = Duration::from_secs(60);

/// A closed control port is most often the first sign of a guest that shuts down; this is how long the rest may take.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(30);

/// When the port has been closed for so long, the guest agent is asked whether the guest shuts down at all.
const SHUTDOWN_DOUBTED: Duration = Duration::from_millis(500);

/// How long the agent may take to say so; one that is silent is taken to shut down with the rest.
const SHUTDOWN_ANSWER: Duration = Duration::from_secs(5);

/// What a turn should do with the bulk port.
#[derive(Debug, Default)]
pub(super) struct BulkWork<'a> {
    /// Bytes still to be written to it.
    pub(super) input: &'a [u8],
    /// Whether bytes to read from it end the turn.
    pub(super) readable: bool,
    /// Something else whose bytes to read end the turn: a person's terminal.
    pub(super) typed: Option<BorrowedFd<'a>>,
}

impl Machine {
    /// Waits for one thing to happen and takes it in. Errors when that is the end of the machine or the deadline.
    pub(super) fn turn(
        &mut self,
        waiting: &Waiting,
        bulk: &mut BulkWork<'_>,
    ) -> Result<(), MachineError> {
        if waiting.left().is_zero() {
            return Err(self.late(waiting));
        }
        self.check_silence(waiting)?;
        let connections = &self.connections;
        let mut control_flags = PollFlags::IN;
        control_flags.set(PollFlags::OUT, connections.control.wants_to_write());
        let mut bulk_flags = PollFlags::empty();
        bulk_flags.set(PollFlags::IN, bulk.readable);
        bulk_flags.set(PollFlags::OUT, !bulk.input.is_empty());
        let mut entries = vec![
            PollFd::new(&connections.qmp, PollFlags::IN),
            PollFd::new(&connections.control, control_flags),
            PollFd::new(&connections.bulk, bulk_flags),
        ];
        entries.extend(
            bulk.typed
                .map(|typed| PollFd::from_borrowed_fd(typed, PollFlags::IN)),
        );
        poll_until(&mut entries, waiting.left().min(Duration::from_secs(1)))
            .map_err(MachineError::io("cannot wait for the machine"))?;
        let [qmp, control, bulk_port] = [0, 1, 2].map(|at| entries[at].revents());
        if !qmp.is_empty() {
            self.take_events(waiting)?;
        }
        if control.contains(PollFlags::OUT) && self.connections.control.flush().is_err() {
            return Err(self.died(waiting));
        }
        if control.intersects(PollFlags::IN | PollFlags::HUP)
            && !matches!(self.connections.control.receive(), Ok(true))
        {
            return Err(self.died(waiting));
        }
        if bulk_port.contains(PollFlags::OUT) {
            match write_some(&self.connections.bulk, bulk.input) {
                Ok(count) => bulk.input = &bulk.input[count..],
                Err(_) => return Err(self.died(waiting)),
            }
        }
        Ok(())
    }

    /// The next frame that has come in.
    pub(super) fn next_frame(&mut self, waiting: &Waiting) -> Result<Option<Frame>, MachineError> {
        match self.connections.control.next_frame() {
            Ok(Some(frame)) => {
                self.liveness.saw("the guest's supervisor");
                Ok(Some(frame))
            }
            Ok(None) => Ok(None),
            Err(what) => Err(self.broke_protocol(what, waiting)),
        }
    }

    /// What to report when the guest sent what the protocol does not allow.
    pub(super) fn broke_protocol(&mut self, what: String, waiting: &Waiting) -> MachineError {
        self.usable = false;
        MachineError::Protocol {
            what,
            waited: self.waited(waiting),
        }
    }

    fn check_silence(&mut self, waiting: &Waiting) -> Result<(), MachineError> {
        let is_doubted = |closed: Duration| closed > SHUTDOWN_DOUBTED;
        if self.liveness.closed_for().is_some_and(is_doubted) && !self.liveness.closing_doubted {
            self.liveness.closing_doubted = true;
            if self.runs_on(waiting)? {
                let who = "its supervisor was ended, though the guest runs on";
                return Err(self.lost(who, waiting));
            }
        }
        let is_over = |closed: Duration| closed > SHUTDOWN_GRACE;
        if self.liveness.closed_for().is_some_and(is_over) {
            return Err(self.lost("its supervisor has ended", waiting));
        }
        match self.liveness.pinged {
            None if self.liveness.last_seen.1.elapsed() > PING_AFTER => {
                self.liveness.pinged = Some(Instant::now());
                self.connections.control.queue(b'P', 0, b"");
            }
            Some(pinged) if pinged.elapsed() > SILENT_AFTER && !self.liveness.expects_end => {
                let who = if self.agent_answers() {
                    "its supervisor is silent, the QEMU guest agent is not"
                } else {
                    "neither its supervisor nor the QEMU guest agent"
                };
                return Err(self.lost(who, waiting));
            }
            _ => {}
        }
        Ok(())
    }

    fn lost(&mut self, who: &'static str, waiting: &Waiting) -> MachineError {
        self.usable = false;
        self.silent(who, waiting)
    }

    /// Whether the guest, whose supervisor has gone, is not shutting down: so its agent says, which lives a little
    /// longer in a shutdown. The end of the machine, should it come meanwhile, is an error of the wait that goes on.
    fn runs_on(&mut self, waiting: &Waiting) -> Result<bool, MachineError> {
        let waiting = Waiting {
            deadline: Instant::now() + waiting.left().min(SHUTDOWN_ANSWER),
            ..waiting.clone()
        };
        match self.agent_shell("timeout 5 systemctl is-system-running", &[], &waiting) {
            Ok((_, state)) => Ok(state.starts_with("running") || state.starts_with("degraded")),
            Err(MachineError::AgentSilent { .. } | MachineError::Agent { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn agent_answers(&mut self) -> bool {
        let asked = self.connections.agent.request_sync();
        asked.is_ok_and(|id| {
            matches!(
                self.connections.agent.synced(id, Duration::from_secs(10)),
                Ok(true)
            )
        })
    }
}
