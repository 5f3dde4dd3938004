//! A person at a guest's terminal.

use std::io::Read;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use crate::guest::{GuestCommand, GuestExit, GuestUser, Input, OutputStream, Streams, TOOLS};
use crate::machine::job::Job;
use crate::machine::turn::BulkWork;
use crate::machine::waiting::Waiting;
use crate::machine::{Machine, MachineError};
use crate::process::quote;
use crate::qemu::wait_readable;

/// A person may think for this long before the terminal is closed.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 3600);

/// How long a shell may go on after the end of its keys, in seconds.
const PATIENCE_S: u64 = 60;

/// How long the guest may take to follow a new size.
const RESIZE: Duration = Duration::from_secs(5);

/// What a terminal shows is not kept, so it need not be bounded.
const OUTPUT_LIMIT_BYTES: u64 = u64::MAX;

impl Machine {
    /// Opens a login shell of `user` on a terminal in the guest, and joins it to `keys`, which should be a terminal in
    /// raw mode, and to `screen`, until the shell ends or `keys` does. The terminal is as large as `size` says, in rows
    /// and columns; it is asked every second at least, and followed.
    pub fn terminal<K: Read + AsFd>(
        &mut self,
        user: &GuestUser,
        size: &dyn Fn() -> (u16, u16),
        keys: &mut K,
        screen: &mut dyn FnMut(&[u8]),
    ) -> Result<GuestExit, MachineError> {
        let shell = match user {
            GuestUser::Root => "exec bash --login".to_owned(),
            GuestUser::Login(name) | GuestUser::BeforeLogin(name) => {
                format!("exec su --login -- {}", quote(name))
            }
        };
        let mut shown_size = size();
        let (rows, columns) = shown_size;
        // `script` gives the shell a terminal; all three streams of this command are pipes.
        let command = GuestCommand::argv([
            &format!("{TOOLS}/script"),
            "--quiet",
            "--return",
            "--echo",
            "never",
            "--command",
            &format!("stty sane rows {rows} columns {columns}; cd; {shell}"),
            "/dev/null",
        ])
        .env("TERM", "xterm-256color")
        .deadline(LONGEST)
        .output_limit_bytes(OUTPUT_LIMIT_BYTES);
        let streams = Streams {
            input: Input::Live,
            ..Streams::OUTPUT
        };
        let mut job = self.begin(&command, streams)?;
        let waiting = job.waiting.clone();
        let mut shown = |_: OutputStream, bytes: &[u8]| screen(bytes);
        let mut open = true;
        let mut ended_at = None;
        loop {
            self.take_frames(&mut job, &mut shown)?;
            if let Some(exit) = job.exit() {
                return Ok(exit);
            }
            let typed = open.then(|| keys.as_fd());
            self.turn(
                &waiting,
                &mut BulkWork {
                    typed,
                    ..BulkWork::default()
                },
            )?;
            let typed = || wait_readable(&*keys, Duration::ZERO);
            if open && typed().map_err(MachineError::io("cannot wait for the keys"))? {
                let mut buffer = [0; 4096];
                let count = keys
                    .read(&mut buffer)
                    .map_err(MachineError::io("cannot read the keys"))?;
                open = count > 0;
                self.connections
                    .control
                    .queue(b'I', job.id, &buffer[..count]);
            }
            if !open {
                self.end_terminal(&job, &mut ended_at);
            }
            let wanted = size();
            if wanted != shown_size {
                shown_size = wanted;
                self.resize_terminals(wanted)?;
            }
        }
    }

    /// Makes the guest's terminals as large as this one, through the agent: the supervisor is busy with the shell.
    fn resize_terminals(&mut self, (rows, columns): (u16, u16)) -> Result<(), MachineError> {
        let script = format!(
            "for terminal in /dev/pts/[0-9]*; do timeout 5 stty -F \"$terminal\" rows {rows} columns {columns}; done"
        );
        let waiting = Waiting::new("the guest's terminals to be resized", RESIZE);
        // A guest that does not follow is still one to type into.
        match self.agent_shell(&script, &[], &waiting) {
            Ok(_) | Err(MachineError::AgentSilent { .. } | MachineError::Agent { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Types what a terminal sends at the end of its keys, again every second: a shell that is only starting drops
    /// what was typed before its prompt. One that does not care is killed.
    fn end_terminal(&mut self, job: &Job, ended_at: &mut Option<(Instant, u64)>) {
        let (since, said) = *ended_at.get_or_insert((Instant::now(), 0));
        let seconds = since.elapsed().as_secs();
        if seconds < said {
            return;
        }
        *ended_at = Some((since, seconds + 1));
        if seconds < PATIENCE_S {
            self.connections.control.queue(b'I', job.id, b"\x04");
        } else {
            self.send_kill(job);
        }
    }
}
