//! One turn of waiting: whatever comes first, from the guest, from QEMU, or the deadline.

use std::os::fd::BorrowedFd;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags};
use serde_json::Value;

use crate::guest::{AgentError, Frame};
use crate::machine::control::write_some;
use crate::machine::start::{exit_words, free_bytes};
use crate::machine::{Machine, MachineError, Waited};
use crate::qemu::{Event, QmpError, poll_until};

/// Lines of the console that an error shows.
const CONSOLE_LINES: usize = 12;

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

/// With less than this free, a QEMU that died without a word most likely could not grow its memory file.
const FEW_BYTES: u64 = 256 * 1024 * 1024;

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

/// What the machine is known to be doing.
#[derive(Debug)]
pub(super) struct Life {
    /// The last sign of life and when it was seen.
    last_seen: (String, Instant),
    pinged: Option<Instant>,
    port_closed: Option<Instant>,
    /// Whether the guest agent was asked what that means.
    closing_doubted: bool,
    /// Whether a shutdown or reset was asked for by us.
    pub(super) expects_end: bool,
    /// Whether we have had the machine stopped, to freeze it.
    pub(super) expects_stop: bool,
    /// Why QEMU stopped the machine, once it has.
    pub(super) shutdown_reason: Option<String>,
    /// Whether the guest was reset since this was last cleared.
    pub(super) was_reset: bool,
}

impl Life {
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

    pub(super) fn saw(&mut self, what: impl Into<String>) {
        self.last_seen = (what.into(), Instant::now());
        self.pinged = None;
    }
}

impl Machine {
    /// Waits for one thing to happen and takes it in. Errors when that is the end of the machine or the deadline.
    pub(super) fn turn(
        &mut self,
        waiting: &Waiting,
        bulk: &mut BulkWork<'_>,
    ) -> Result<(), MachineError> {
        if waiting.left().is_zero() {
            return Err(MachineError::Deadline {
                waited: self.waited(waiting),
                killed: false,
            });
        }
        self.check_silence(waiting)?;
        let wires = &self.wires;
        let mut control_flags = PollFlags::IN;
        control_flags.set(PollFlags::OUT, wires.control.wants_to_write());
        let mut bulk_flags = PollFlags::empty();
        bulk_flags.set(PollFlags::IN, bulk.readable);
        bulk_flags.set(PollFlags::OUT, !bulk.input.is_empty());
        let mut entries = vec![
            PollFd::new(&wires.qmp, PollFlags::IN),
            PollFd::new(&wires.control, control_flags),
            PollFd::new(&wires.bulk, bulk_flags),
        ];
        entries.extend(
            bulk.typed
                .map(|typed| PollFd::from_borrowed_fd(typed, PollFlags::IN)),
        );
        poll_until(&mut entries, waiting.left().min(Duration::from_secs(1)))
            .map_err(MachineError::io("cannot wait for the machine"))?;
        let [qmp, control, bulk_port] = [0, 1, 2].map(|at| entries[at].revents());
        if !qmp.is_empty() {
            self.hear_qmp(waiting)?;
        }
        if control.contains(PollFlags::OUT) && self.wires.control.flush().is_err() {
            return Err(self.died(waiting));
        }
        if control.intersects(PollFlags::IN | PollFlags::HUP)
            && !matches!(self.wires.control.receive(), Ok(true))
        {
            return Err(self.died(waiting));
        }
        if bulk_port.contains(PollFlags::OUT) {
            match write_some(&self.wires.bulk, bulk.input) {
                Ok(count) => bulk.input = &bulk.input[count..],
                Err(_) => return Err(self.died(waiting)),
            }
        }
        Ok(())
    }

    /// Errors once the guest cannot be talked to any more.
    pub(super) fn check_usable(&self, waiting: &Waiting) -> Result<(), MachineError> {
        if self.usable {
            return Ok(());
        }
        Err(MachineError::AgentSilent {
            who: "an earlier error left the machine unusable",
            waited: self.waited(waiting),
        })
    }

    /// The next frame that has come in.
    pub(super) fn next_frame(&mut self, waiting: &Waiting) -> Result<Option<Frame>, MachineError> {
        match self.wires.control.next_frame() {
            Ok(Some(frame)) => {
                self.life.saw("the guest's supervisor");
                Ok(Some(frame))
            }
            Ok(None) => Ok(None),
            Err(what) => {
                self.usable = false;
                Err(MachineError::Protocol {
                    what,
                    waited: self.waited(waiting),
                })
            }
        }
    }

    fn check_silence(&mut self, waiting: &Waiting) -> Result<(), MachineError> {
        let silent = |who| move |waited| MachineError::AgentSilent { who, waited };
        let doubted = |since: Instant| since.elapsed() > SHUTDOWN_DOUBTED;
        if !self.life.expects_end
            && !self.life.closing_doubted
            && self.life.port_closed.is_some_and(doubted)
        {
            self.life.closing_doubted = true;
            if self.runs_on(waiting)? {
                self.usable = false;
                let who = "its supervisor was ended, though the guest runs on";
                return Err(silent(who)(self.waited(waiting)));
            }
        }
        if !self.life.expects_end
            && self
                .life
                .port_closed
                .is_some_and(|since| since.elapsed() > SHUTDOWN_GRACE)
        {
            self.usable = false;
            return Err(silent("its supervisor has ended")(self.waited(waiting)));
        }
        match self.life.pinged {
            None if self.life.last_seen.1.elapsed() > PING_AFTER => {
                self.life.pinged = Some(Instant::now());
                self.wires.control.queue(b'P', 0, b"");
            }
            Some(pinged) if pinged.elapsed() > SILENT_AFTER && !self.life.expects_end => {
                self.usable = false;
                let who = if self.agent_answers() {
                    "its supervisor is silent, the QEMU guest agent is not"
                } else {
                    "neither its supervisor nor the QEMU guest agent"
                };
                return Err(silent(who)(self.waited(waiting)));
            }
            _ => {}
        }
        Ok(())
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
        let asked = self.wires.agent.request_sync();
        asked.is_ok_and(|id| {
            matches!(
                self.wires.agent.synced(id, Duration::from_secs(10)),
                Ok(true)
            )
        })
    }

    /// Takes in what QEMU has said.
    pub(super) fn hear_qmp(&mut self, waiting: &Waiting) -> Result<(), MachineError> {
        let pumped = self.wires.qmp.pump(Duration::ZERO);
        while let Some(event) = self.wires.qmp.next_event() {
            self.handle(&event, waiting)?;
        }
        pumped.map_err(|error| self.qmp_error(error, waiting))
    }

    fn handle(&mut self, event: &Event, waiting: &Waiting) -> Result<(), MachineError> {
        let text = |name: &str| {
            event
                .data
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        match event.name.as_str() {
            "GUEST_PANICKED" => {
                self.usable = false;
                return Err(MachineError::GuestPanicked {
                    waited: self.waited(waiting),
                });
            }
            "SHUTDOWN" => {
                let reason = text("reason").to_owned();
                self.life.shutdown_reason = Some(reason.clone());
                if !self.life.expects_end {
                    return Err(self.ended_by_guest(&reason, waiting));
                }
            }
            // QEMU has stopped the guest rather than let its disk lose a write.
            "BLOCK_IO_ERROR" if text("action") == "stop" => {
                self.usable = false;
                return Err(self.disk_failed(event));
            }
            // What else stops a machine has an event of its own, which comes first.
            "STOP" if self.stops_unasked() => {
                self.usable = false;
                // Behind its first line QEMU prints every register.
                let stderr = self.wires.process.tail();
                return Err(MachineError::Stopped {
                    reason: stderr
                        .lines()
                        .next()
                        .unwrap_or("it says no reason")
                        .to_owned(),
                    accelerator: self.host.accelerator,
                    waited: self.waited(waiting),
                });
            }
            "RESET" => self.life.was_reset = true,
            "VSERPORT_CHANGE" if text("id") == "control" => {
                let open = event.data.get("open") == Some(&Value::Bool(true));
                self.life.port_closed = (!open).then(Instant::now);
                self.life.closing_doubted = false;
            }
            _ => {}
        }
        if !event.name.starts_with("VSERPORT") {
            self.life.last_seen = (format!("QMP event {}", event.name), Instant::now());
        }
        Ok(())
    }

    fn stops_unasked(&self) -> bool {
        !self.life.expects_stop && self.life.shutdown_reason.is_none()
    }

    fn ended_by_guest(&mut self, reason: &str, waiting: &Waiting) -> MachineError {
        self.usable = false;
        let waited = self.waited(waiting);
        // A panic reboots at once; where the kernel has no pvpanic driver yet, only the console tells.
        if self
            .wires
            .console
            .tail(200)
            .contains("Kernel panic - not syncing")
        {
            return MachineError::GuestPanicked { waited };
        }
        let how = if reason == "guest-reset" {
            "rebooted"
        } else {
            "powered off"
        };
        MachineError::GuestPoweredOff { how, waited }
    }

    fn disk_failed(&self, event: &Event) -> MachineError {
        let path = self
            .work_path()
            .parent()
            .unwrap_or(self.work_path())
            .to_owned();
        let free_bytes = free_bytes(&path).unwrap_or_default();
        if event.data.get("nospace") == Some(&Value::Bool(true)) {
            return MachineError::NoSpace {
                path,
                free_bytes,
                needed_bytes: FEW_BYTES,
            };
        }
        let reason = event
            .data
            .get("reason")
            .and_then(Value::as_str)
            .unwrap_or("no reason given");
        MachineError::Io {
            doing: "QEMU cannot write the guest's disk".to_owned(),
            source: std::io::Error::other(reason.to_owned()),
        }
    }

    /// What to report when a connection to QEMU has ended.
    pub(super) fn died(&mut self, waiting: &Waiting) -> MachineError {
        self.usable = false;
        // QEMU's last words may tell more than its end.
        let pumped = self.wires.qmp.pump(Duration::ZERO);
        if pumped.is_ok() {
            while let Some(event) = self.wires.qmp.next_event() {
                if let Err(error) = self.handle(&event, waiting) {
                    return error;
                }
            }
        }
        let status = exit_words(&mut self.wires.process, Duration::from_secs(5));
        let few_bytes_free = free_bytes(self.work_path())
            .ok()
            .filter(|&free| free < FEW_BYTES);
        let stderr_tail = self.wires.process.tail().trim_end().to_owned();
        MachineError::QemuDied {
            status,
            stderr_tail,
            few_bytes_free,
            waited: self.waited(waiting),
        }
    }

    /// Everything known about a wait that has failed.
    pub(super) fn waited(&self, waiting: &Waiting) -> Box<Waited> {
        let (what, when) = &self.life.last_seen;
        Box::new(Waited {
            waited_for: waiting.what.clone(),
            waited: waiting.since.elapsed(),
            last_seen: format!("{what} {:.1} s ago", when.elapsed().as_secs_f64()),
            console_tail: self.wires.console.tail(CONSOLE_LINES),
        })
    }

    pub(super) fn qmp_error(&mut self, error: QmpError, waiting: &Waiting) -> MachineError {
        match error {
            QmpError::Closed => self.died(waiting),
            QmpError::Deadline { .. } => MachineError::Deadline {
                waited: self.waited(waiting),
                killed: false,
            },
            QmpError::Refused {
                command,
                description,
            } => MachineError::Qmp {
                command,
                description,
            },
            QmpError::Malformed(what) => MachineError::Protocol {
                what,
                waited: self.waited(waiting),
            },
        }
    }

    pub(super) fn agent_error(&mut self, error: AgentError, waiting: &Waiting) -> MachineError {
        match error {
            AgentError::Closed => self.died(waiting),
            AgentError::Silent { .. } => MachineError::AgentSilent {
                who: "the QEMU guest agent",
                waited: self.waited(waiting),
            },
            AgentError::Refused {
                command,
                description,
            } => MachineError::Agent {
                command,
                description,
            },
        }
    }

    fn work_path(&self) -> &Path {
        self.work.path()
    }
}
