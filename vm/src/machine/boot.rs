//! Booting a guest, waking it after a fork, rebooting it and switching it off.

use std::fs::File;
use std::io::Read;
use std::time::{Duration, Instant, SystemTime};

use serde_json::{Value, json};

use crate::guest::{
    Agent, FrameKind, GuestCommand, SUPERVISOR, Streams, install, shell_arguments, shell_ended,
    wake_payload,
};
use crate::machine::turn::BulkWork;
use crate::machine::waiting::Waiting;
use crate::machine::{Machine, MachineError};
use crate::qemu::TalkError;

/// Asks the kernel for a root file system of as many blocks as the disk has: `EXT4_IOC_RESIZE_FS` of Linux'
/// `include/uapi/linux/ext4.h`, which is what `resize2fs` does to a mounted file system, and the guest has no `resize2fs`.
const FILL_DISK: &str = r#"exec perl -e '
open my $size, "<", "/sys/class/block/vda/size" or die "the size of the disk: $!";
open my $root, "<", "/" or die "/: $!";
ioctl $root, 0x40086610, pack "Q", <$size> * 512 / 4096 or die "ioctl: $!";'"#;

/// How long the agent is listened to before QEMU is.
const LISTEN: Duration = Duration::from_millis(100);

/// Between two questions about a process that the agent started.
const STATUS_POLL: Duration = Duration::from_millis(20);

/// Bytes of the host's entropy that a fork gets: twice what the kernel's generator is keyed with.
const ENTROPY_BYTES: usize = 64;

/// A wake-up that took longer has set the clock too far back, and is repeated.
const CLOCK_TOLERANCE: Duration = Duration::from_millis(200);

/// How many times the clock is set for that alone.
const WAKE_TRIES: usize = 4;

/// However busy the host is, no fork's clock is further off.
const CLOCK_LIMIT: Duration = Duration::from_secs(1);

impl Machine {
    /// Lets the guest boot and waits until it has settled.
    pub(super) fn boot(&mut self, waiting: &Waiting) -> Result<(), MachineError> {
        self.qmp("cont", json!({}), waiting)?;
        self.come_up(waiting)
    }

    /// Grows the root file system to all of its disk.
    pub(super) fn fill_disk(&mut self, waiting: &Waiting) -> Result<(), MachineError> {
        let grow = GuestCommand::shell(FILL_DISK).deadline(waiting.left());
        let exit = self.exec(&grow, &mut |_, _| {})?;
        self.require(exit, "growing the root file system").map(drop)
    }

    /// Waits for the agent, starts the supervisor, and waits until the guest has settled.
    fn come_up(&mut self, waiting: &Waiting) -> Result<(), MachineError> {
        self.await_agent(waiting)?;
        let (status, output) = self.agent_shell(&install(), SUPERVISOR.as_bytes(), waiting)?;
        if status != 0 {
            let what = "starting the supervisor".to_owned();
            return Err(MachineError::GuestSetup {
                what,
                status: status as i32,
                stderr_tail: output,
            });
        }
        self.await_frame(FrameKind::Ready, waiting)?;
        self.liveness.expects_end = false;
        // "degraded" (a unit failed) is a settled state too; what fails belongs to the image, not to the machine.
        let settle = GuestCommand::shell("systemctl is-system-running --wait")
            .deadline(waiting.left().max(Duration::from_secs(1)));
        let mut state = Vec::new();
        let exit = self.exec(&settle, &mut |_, bytes| state.extend_from_slice(bytes))?;
        if state.starts_with(b"running") || state.starts_with(b"degraded") {
            return Ok(());
        }
        let what = format!("settling ({})", String::from_utf8_lossy(&state).trim_end());
        self.require(exit, &what).map(drop)
    }

    fn await_agent(&mut self, waiting: &Waiting) -> Result<(), MachineError> {
        let asked = self.connections.agent.request_sync();
        let id = asked.map_err(|error| self.agent_error(error, waiting))?;
        let synced = self.listen(waiting, |agent| {
            agent.synced(id, LISTEN).map(|synced| synced.then_some(()))
        })?;
        synced.ok_or_else(|| self.late(waiting))
    }

    /// What the agent says to something, listening to QEMU as well: a guest that panics meanwhile never says it. None
    /// at the deadline.
    fn listen<T>(
        &mut self,
        waiting: &Waiting,
        mut said: impl FnMut(&mut Agent) -> Result<Option<T>, TalkError>,
    ) -> Result<Option<T>, MachineError> {
        loop {
            let said = said(&mut self.connections.agent);
            let said = said.map_err(|error| self.agent_error(error, waiting))?;
            if said.is_some() {
                return Ok(said);
            }
            self.take_events(waiting)?;
            if waiting.left().is_zero() {
                return Ok(None);
            }
        }
    }

    /// Has the agent run a root shell script with `input` on its standard input; returns its status and what it
    /// printed. One that has not ended in time counts as the agent's silence, and is left to itself: where a hostile
    /// guest can make it wait, it must bound itself.
    pub(super) fn agent_shell(
        &mut self,
        script: &str,
        input: &[u8],
        waiting: &Waiting,
    ) -> Result<(i64, String), MachineError> {
        let started = self.ask_agent("guest-exec", shell_arguments(script, input), waiting)?;
        loop {
            let question = json!({ "pid": started["pid"] });
            let status = self.ask_agent("guest-exec-status", question, waiting)?;
            if let Some(ended) = shell_ended(&status) {
                return Ok(ended);
            }
            // The guest decides what the agent answers: it could say for ever that the process still runs.
            self.take_events(waiting)?;
            if waiting.left().is_zero() {
                return Err(self.agent_silent(waiting));
            }
            std::thread::sleep(STATUS_POLL);
        }
    }

    fn ask_agent(
        &mut self,
        command: &str,
        arguments: Value,
        waiting: &Waiting,
    ) -> Result<Value, MachineError> {
        let asked = self.connections.agent.request(command, arguments);
        asked.map_err(|error| self.agent_error(error, waiting))?;
        let answer = self.listen(waiting, |agent| agent.answer(command, LISTEN))?;
        answer.ok_or_else(|| self.agent_silent(waiting))
    }

    /// Waits for a frame of this kind and drops all others.
    fn await_frame(&mut self, kind: FrameKind, waiting: &Waiting) -> Result<Vec<u8>, MachineError> {
        loop {
            while let Some(frame) = self.next_frame(waiting)? {
                if frame.kind == kind {
                    return Ok(frame.payload);
                }
            }
            self.turn(waiting, &mut BulkWork::default())?;
        }
    }

    /// After a fork: sets the guest's clock and gives it entropy that no other fork has.
    pub(super) fn wake(&mut self, waiting: &Waiting) -> Result<(), MachineError> {
        for tries in 1.. {
            if waiting.left().is_zero() {
                return Err(self.late(waiting));
            }
            let mut entropy = [0; ENTROPY_BYTES];
            File::open("/dev/urandom")
                .and_then(|mut file| file.read_exact(&mut entropy))
                .map_err(MachineError::io("cannot read /dev/urandom"))?;
            let sent = Instant::now();
            self.connections
                .control
                .queue(b'W', 0, &wake_payload(SystemTime::now(), &entropy));
            let problem = self.await_frame(FrameKind::Woken, waiting)?;
            if !problem.is_empty() {
                let stderr_tail = String::from_utf8_lossy(&problem).into_owned();
                return Err(MachineError::GuestSetup {
                    what: "waking the fork".to_owned(),
                    status: 1,
                    stderr_tail,
                });
            }
            let off = sent.elapsed();
            if off < CLOCK_TOLERANCE || (tries >= WAKE_TRIES && off < CLOCK_LIMIT) {
                break;
            }
        }
        Ok(())
    }

    /// Reboots the guest and waits until it has settled.
    pub fn reboot(&mut self, deadline: Duration) -> Result<(), MachineError> {
        let waiting = Waiting::new("the guest to reboot", deadline);
        self.qmp("set-action", json!({ "reboot": "reset" }), &waiting)?;
        self.liveness.expects_end = true;
        self.liveness.was_reset = false;
        // Its end may never be told.
        let reboot = GuestCommand::argv(["systemctl", "--no-block", "reboot"]);
        self.begin(&reboot.deadline(waiting.left()), Streams::OUTPUT)?;
        while !self.liveness.was_reset {
            self.drop_frames(&waiting)?;
            self.turn(&waiting, &mut BulkWork::default())?;
        }
        self.connections.control.reset();
        self.come_up(&waiting)?;
        // Not before: the firmware, having found that it ran before, resets the machine a second time.
        self.qmp("set-action", json!({ "reboot": "shutdown" }), &waiting)
            .map(drop)
    }

    fn drop_frames(&mut self, waiting: &Waiting) -> Result<(), MachineError> {
        while self.next_frame(waiting)?.is_some() {}
        Ok(())
    }
}
