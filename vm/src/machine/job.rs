//! Running one command in the guest.

use std::collections::VecDeque;
use std::time::Duration;

use crate::guest::{
    Ending, Frame, FrameKind, GuestCommand, GuestExit, GuestUser, OutputStream, PAYLOAD_MAX_BYTES,
    Room, Streams, exec_payload,
};
use crate::machine::turn::BulkWork;
use crate::machine::waiting::Waiting;
use crate::machine::{Machine, MachineError};

/// How much of standard error a command's exit keeps.
const STDERR_TAIL_BYTES: usize = 4096;

/// How long the guest may take to kill a command and say so.
const KILL_WAIT: Duration = Duration::from_secs(20);

/// How long a guest that has begun to shut down may take to be off.
const SHUTDOWN_WAIT: Duration = Duration::from_secs(90);

/// A command that the guest is running.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) id: u32,
    pub(super) waiting: Waiting,
    pub(super) ended: Option<Ended>,
    /// How many bytes more the guest may send. It keeps the command's limit; this is for one that does not.
    allowed_bytes: u64,
    limit_bytes: u64,
    stderr_tail: VecDeque<u8>,
}

/// What the guest says of a command's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ended {
    ending: Ending,
    /// Whether it was ended because it printed without an end.
    endless: bool,
    dropped_bytes: u64,
    room: Room,
}

impl Job {
    fn new(id: u32, waiting: Waiting, limit_bytes: u64) -> Self {
        Self {
            id,
            waiting,
            ended: None,
            allowed_bytes: limit_bytes.saturating_add(PAYLOAD_MAX_BYTES as u64),
            limit_bytes,
            stderr_tail: VecDeque::new(),
        }
    }

    /// Counts output that has come; the error says that it is more than the command's limit allows.
    pub(super) fn count(&mut self, bytes: usize) -> Result<(), String> {
        match self.allowed_bytes.checked_sub(bytes as u64) {
            Some(left) => {
                self.allowed_bytes = left;
                Ok(())
            }
            None => Err("it sent more output than the command's limit".to_owned()),
        }
    }

    /// Takes in a frame; what it says to the caller goes to `on_output`.
    pub(super) fn take(
        &mut self,
        frame: Frame,
        on_output: &mut dyn FnMut(OutputStream, &[u8]),
    ) -> Result<(), String> {
        if frame.job != self.id {
            return Ok(());
        }
        if matches!(frame.kind, FrameKind::Stdout | FrameKind::Stderr) {
            self.count(frame.payload.len())?;
        }
        match frame.kind {
            FrameKind::Stdout => on_output(OutputStream::Stdout, &frame.payload),
            FrameKind::Stderr => {
                self.stderr_tail.extend(&frame.payload);
                let excess = self.stderr_tail.len().saturating_sub(STDERR_TAIL_BYTES);
                self.stderr_tail.drain(..excess);
                on_output(OutputStream::Stderr, &frame.payload);
            }
            FrameKind::Ended => self.ended = Some(parse_ended(&frame.payload)?),
            FrameKind::Ready | FrameKind::Woken | FrameKind::Pong => {}
        }
        Ok(())
    }

    /// How it ended, once it has.
    pub(super) fn exit(&self) -> Option<GuestExit> {
        let Ended {
            ending,
            dropped_bytes,
            room,
            ..
        } = self.ended?;
        Some(GuestExit {
            ending,
            dropped_bytes,
            room,
            stderr_tail: self.stderr_tail.iter().copied().collect(),
            elapsed: self.waiting.since.elapsed(),
        })
    }

    /// The same, and an error where it had to be ended because it printed without an end.
    pub(super) fn exit_or_endless(&self) -> Option<Result<GuestExit, MachineError>> {
        let exit = self.exit()?;
        match self.ended {
            Some(Ended { endless: true, .. }) => Some(Err(MachineError::Endless {
                printed_bytes: self.limit_bytes.saturating_add(exit.dropped_bytes),
                elapsed: exit.elapsed,
            })),
            _ => Some(Ok(exit)),
        }
    }
}

fn parse_ended(payload: &[u8]) -> Result<Ended, String> {
    let Ok(payload) = <[u8; 30]>::try_from(payload) else {
        return Err(format!("an end of {} bytes", payload.len()));
    };
    let [kind, value, numbers @ ..] = payload;
    let number = |at: usize| {
        numbers[at..]
            .first_chunk()
            .map_or(0, |it| u64::from_be_bytes(*it))
    };
    let oom_kills = numbers[8..]
        .first_chunk()
        .map_or(0, |it| u32::from_be_bytes(*it));
    let ending = match kind {
        0 => Ending::Exited(value),
        1 | 2 => Ending::Signalled(value),
        other => return Err(format!("an end of kind {other}")),
    };
    Ok(Ended {
        ending,
        endless: kind == 2,
        dropped_bytes: number(0),
        room: Room {
            oom_kills,
            disk_bytes: number(12),
            disk_files: number(20),
        },
    })
}

impl Machine {
    /// Has the guest start a command.
    pub(super) fn begin(
        &mut self,
        command: &GuestCommand,
        streams: Streams,
    ) -> Result<Job, MachineError> {
        let payload = exec_payload(command, streams).map_err(MachineError::BadCommand)?;
        let waiting = Waiting::new(
            format!("the end of {}", command.describe()),
            command.deadline,
        );
        self.check_usable(&waiting)?;
        let id = self.connections.control.new_job();
        self.connections.control.queue(b'E', id, &payload);
        // Silence is counted from here, not from the last command's end.
        self.liveness.saw("the start of the command");
        Ok(Job::new(id, waiting, command.output_limit_bytes))
    }

    /// Waits for a command's end, passing on its output, while its input is written.
    pub(super) fn finish(
        &mut self,
        job: &mut Job,
        input: &[u8],
        on_output: &mut dyn FnMut(OutputStream, &[u8]),
    ) -> Result<GuestExit, MachineError> {
        let mut bulk = BulkWork {
            input,
            ..BulkWork::default()
        };
        let waiting = job.waiting.clone();
        loop {
            self.take_frames(job, on_output)?;
            if let Some(exit) = job.exit_or_endless() {
                return exit;
            }
            match self.turn(&waiting, &mut bulk) {
                Err(MachineError::Deadline { waited, .. }) => {
                    let killed = self.kill(job, &mut bulk);
                    return Err(MachineError::Deadline { waited, killed });
                }
                result => result?,
            }
        }
    }

    /// Hands the job all frames that have come.
    pub(super) fn take_frames(
        &mut self,
        job: &mut Job,
        on_output: &mut dyn FnMut(OutputStream, &[u8]),
    ) -> Result<(), MachineError> {
        while job.ended.is_none()
            && let Some(frame) = self.next_frame(&job.waiting)?
        {
            job.take(frame, on_output)
                .map_err(|what| self.broke_protocol(what, &job.waiting))?;
        }
        Ok(())
    }

    /// Kills a command with everything that it started; true when the guest has confirmed that. Otherwise the
    /// machine is not usable any more.
    fn kill(&mut self, job: &mut Job, bulk: &mut BulkWork<'_>) -> bool {
        let waiting = self.send_kill(job);
        while job.ended.is_none() {
            let taken = self.take_frames(job, &mut |_, _| {});
            if taken.is_err() || (job.ended.is_none() && self.turn(&waiting, bulk).is_err()) {
                self.usable = false;
                return false;
            }
        }
        true
    }

    /// Asks for a command's death and says how long to wait for that.
    pub(super) fn send_kill(&mut self, job: &Job) -> Waiting {
        self.connections.control.queue(b'K', job.id, b"");
        Waiting::new("the death of a command that took too long", KILL_WAIT)
    }

    /// A guest that shuts down terminates the command first. Tells that from a command that ended by itself.
    pub(super) fn check_shutdown(
        &mut self,
        exit: &GuestExit,
        user: &GuestUser,
    ) -> Result<(), MachineError> {
        let by_term = matches!(
            exit.ending,
            Ending::Signalled(15 | 9 | 1) | Ending::Exited(143 | 137 | 129)
        );
        if !by_term {
            return Ok(());
        }
        let mut state = Vec::new();
        let question = GuestCommand::argv(["systemctl", "is-system-running"]);
        let mut job = self.begin(&question, Streams::OUTPUT)?;
        self.finish(&mut job, &[], &mut |_, bytes| {
            state.extend_from_slice(bytes)
        })?;
        if !state.starts_with(b"stopping") {
            return Ok(());
        }
        let who = match user {
            GuestUser::Root => "root",
            GuestUser::Login(name) | GuestUser::BeforeLogin(name) => name,
        };
        let waiting = Waiting::new(
            format!("the guest to be off, which shuts down under a command of {who}"),
            SHUTDOWN_WAIT,
        );
        loop {
            self.turn(&waiting, &mut BulkWork::default())?;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Job, PAYLOAD_MAX_BYTES};
    use crate::guest::{Frame, FrameKind};
    use crate::machine::waiting::Waiting;

    #[test]
    fn a_guest_that_ignores_the_limit_is_noticed() {
        let waiting = Waiting::new("a test", Duration::from_secs(1));
        let mut job = Job::new(1, waiting.clone(), 10);
        let mut take = |kind, bytes| {
            let payload = vec![0; bytes];
            let frame = Frame {
                kind,
                job: 1,
                payload,
            };
            job.take(frame, &mut |_, _| {})
        };
        assert_eq!(take(FrameKind::Stdout, 10), Ok(()));
        assert_eq!(take(FrameKind::Stderr, PAYLOAD_MAX_BYTES), Ok(()));
        assert_eq!(take(FrameKind::Pong, 1), Ok(()));
        assert!(take(FrameKind::Stderr, 1).is_err());
        let mut unlimited = Job::new(1, waiting, u64::MAX);
        assert_eq!(unlimited.count(usize::MAX), Ok(()));
    }
}
