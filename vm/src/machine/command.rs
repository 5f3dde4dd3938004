//! Commands in the guest, and files to it.

use std::io::{self, BufReader, Read};
use std::time::Duration;

use crate::guest::{GuestCommand, GuestExit, GuestUser, Input, OutputStream, Streams};
use crate::machine::MachineError;
use crate::machine::bulk::BulkReader;
use crate::machine::running::Machine;

/// Unpacks a tar archive from standard input to `$DESTINATION` as `$OWNER`. The directory is made by root, for its
/// parent may be one that the user cannot write to; the rest is the user's own doing.
const UNPACK: &str = r#"set -e
group=$(id --group --name -- "$OWNER")
if ! [ -d "$DESTINATION" ]; then
    mkdir --parents -- "$DESTINATION"
    chown -- "$OWNER:$group" "$DESTINATION"
fi
exec setpriv --reuid="$OWNER" --regid="$group" --init-groups -- \
    tar --extract --file=- --directory="$DESTINATION" --no-same-owner --same-permissions --no-overwrite-dir"#;

/// How long unpacking may take per MiB, beside a fixed minute.
const UNPACK_PER_MIB: Duration = Duration::from_secs(2);

impl Machine {
    /// Runs a command and hands over its output as it comes. Returns when its main process has ended and all that
    /// this wrote has been handed over; children that it left in the background go on, their output is dropped.
    ///
    /// When the deadline passes, or the command prints without an end, it is killed with everything that it started.
    /// After [`MachineError::Endless`], and [`MachineError::Deadline`] with `killed`, the machine can be used further,
    /// after other errors it cannot.
    pub fn exec(
        &mut self,
        command: &GuestCommand,
        on_output: &mut dyn FnMut(OutputStream, &[u8]),
    ) -> Result<GuestExit, MachineError> {
        let mut job = self.begin(command, Streams::OUTPUT)?;
        let exit = self.finish(&mut job, &[], on_output)?;
        self.check_shutdown(&exit, &command.user)?;
        Ok(exit)
    }

    /// As [`Machine::exec`], and `input` is the command's standard input. What it does not read is dropped.
    pub fn feed(
        &mut self,
        command: &GuestCommand,
        input: &[u8],
        on_output: &mut dyn FnMut(OutputStream, &[u8]),
    ) -> Result<GuestExit, MachineError> {
        let streams = Streams {
            input: Input::Bulk(input.len() as u64),
            ..Streams::OUTPUT
        };
        let mut job = self.begin(command, streams)?;
        self.finish(&mut job, input, on_output)
    }

    /// Runs a command whose standard output is bulk data, and lets `consume` read that to its end. What it leaves
    /// unread is dropped. The command's output limit holds: what is to carry an archive needs a generous one, and
    /// [`GuestExit::dropped_bytes`] tells a cut one. When `consume` fails, the command is still run to its end, and then that failure is returned as
    /// [`MachineError::Io`].
    pub fn pull(
        &mut self,
        command: &GuestCommand,
        consume: &mut dyn FnMut(&mut dyn Read) -> io::Result<()>,
    ) -> Result<GuestExit, MachineError> {
        let streams = Streams {
            bulk_output: true,
            ..Streams::OUTPUT
        };
        let mut job = self.begin(command, streams)?;
        let mut ignore = |_: OutputStream, _: &[u8]| {};
        let mut reader = BulkReader::new(self, &mut job, &mut ignore);
        let consumed = consume(&mut BufReader::with_capacity(64 * 1024, &mut reader));
        // A failure of the machine shows as one of the consumer's too, and says more.
        reader.finish()?;
        consumed.map_err(MachineError::io(format!(
            "cannot use what {} printed",
            command.describe()
        )))?;
        let none = || Err(MachineError::BadCommand("it has no end".to_owned()));
        job.exit_or_endless().unwrap_or_else(none)
    }

    /// Unpacks a tar archive in the guest at the absolute path `destination`, which is made when missing. With
    /// an `owner`, everything is given to that user and its group, else to root.
    pub fn push(
        &mut self,
        tar: &[u8],
        destination: &str,
        owner: Option<&str>,
    ) -> Result<(), MachineError> {
        let owner = owner.unwrap_or("root");
        let deadline =
            Duration::from_secs(60) + UNPACK_PER_MIB * (tar.len() / (1024 * 1024)) as u32;
        let command = GuestCommand::shell(UNPACK)
            .env("OWNER", owner)
            .env("DESTINATION", destination)
            .deadline(deadline * self.host.accelerator.patience());
        let exit = self.feed(&command, tar, &mut |_, _| {})?;
        self.require(exit, &format!("unpacking files to {destination}"))
            .map(drop)
    }

    /// Turns a failed command that the machinery itself needs into an error.
    pub(super) fn require(&self, exit: GuestExit, what: &str) -> Result<GuestExit, MachineError> {
        if exit.success() {
            return Ok(exit);
        }
        let stderr_tail = String::from_utf8_lossy(&exit.stderr_tail)
            .trim_end()
            .to_owned();
        Err(MachineError::GuestSetup {
            what: what.to_owned(),
            status: exit.status(),
            stderr_tail,
        })
    }
}

impl GuestCommand {
    /// Its beginning, for messages.
    pub(super) fn describe(&self) -> String {
        use crate::guest::Program;
        let text = match &self.program {
            Program::Shell(script) => script.clone(),
            Program::Argv(argv) => argv
                .iter()
                .map(|argument| argument.to_string_lossy())
                .collect::<Vec<_>>()
                .join(" "),
        };
        let mut line: String = text
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .take(61)
            .collect();
        if line.chars().count() > 60 {
            line = line.chars().take(60).chain(['…']).collect();
        }
        match &self.user {
            GuestUser::Root => format!("`{line}`"),
            GuestUser::Login(name) | GuestUser::BeforeLogin(name) => {
                format!("`{line}` of {name}")
            }
        }
    }
}
