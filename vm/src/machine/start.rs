//! Starting QEMU and taking its ends of all connections.

use std::io;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::guest::Agent;
use crate::machine::control::Control;
use crate::machine::{Host, MachineError};
use crate::process::{Command, Running};
use crate::qemu::{
    MachineParts, Network, Qmp, RuntimeDir, TailRing, TalkError, accept_within, command_line,
    open_gate, sockets,
};

/// How long QEMU may take to open its files and connect; it does so in hundredths of a second.
const START: Duration = Duration::from_secs(30);

/// Between two questions whether QEMU has died instead of connecting.
const ASK_AGAIN: Duration = Duration::from_millis(50);

/// A started QEMU, paused, with all its connections.
#[derive(Debug)]
pub(super) struct Connections {
    pub(super) process: Running,
    pub(super) qmp: Qmp,
    pub(super) agent: Agent,
    pub(super) control: Control,
    pub(super) bulk: UnixStream,
    pub(super) console: TailRing,
}

/// Starts QEMU with the memory file `ram`. With `incoming` it waits for a device state.
pub(super) fn start(
    host: &Host,
    ram: &Path,
    share_ram: bool,
    disk: &Path,
    incoming: bool,
) -> Result<Connections, MachineError> {
    let doing = || MachineError::io("cannot make sockets for QEMU");
    let directory = RuntimeDir::create().map_err(doing())?;
    let names = sockets(host.shape.network);
    let listeners: Vec<_> = names.iter().map(|name| directory.listen(name)).collect();
    let arguments = command_line(&MachineParts {
        accelerator: host.accelerator,
        cpu: host.cpu(),
        kernel_arguments: host.kernel_arguments(),
        shape: host.shape,
        kernel: &host.image.kernel(),
        initrd: &host.image.initrd(),
        ram,
        share_ram,
        disk,
        sockets: directory.path(),
        incoming,
    });
    let mut process = Command::new(&host.qemu.path)
        .args(&arguments)
        .spawn()
        .map_err(|error| did_not_start(error.to_string(), String::new()))?;
    let deadline = Instant::now() + START;
    let mut streams = Vec::new();
    for listener in listeners {
        let listener = listener.map_err(doing())?;
        streams.push(accept(&listener, &mut process, deadline)?);
    }
    let mut streams = streams.into_iter();
    let mut next = || {
        let stream = streams.next();
        stream.ok_or_else(|| doing()(io::Error::other("one is missing")))
    };
    let (qmp, console) = (next()?, next()?);
    let (agent, control, bulk) = (next()?, next()?, next()?);
    if host.shape.network == Network::Internet {
        open_gate(next()?, next()?).map_err(doing())?;
    }
    let ring = TailRing::default();
    ring.drain(console);
    bulk.set_nonblocking(true).map_err(doing())?;
    let agent = Agent::new(agent).map_err(doing())?;
    let control = Control::new(control).map_err(doing())?;
    let qmp = Qmp::new(qmp, deadline).map_err(|error| match error {
        TalkError::Closed => exited(&mut process),
        error => did_not_start(error.to_string(), process.tail()),
    })?;
    Ok(Connections {
        process,
        qmp,
        agent,
        control,
        bulk,
        console: ring,
    })
}

fn accept(
    listener: &UnixListener,
    process: &mut Running,
    deadline: Instant,
) -> Result<UnixStream, MachineError> {
    loop {
        let accepted = accept_within(listener, ASK_AGAIN)
            .map_err(MachineError::io("cannot accept QEMU's connection"))?;
        if let Some(stream) = accepted {
            return Ok(stream);
        }
        if !matches!(process.try_wait(), Ok(None)) {
            return Err(exited(process));
        }
        if Instant::now() >= deadline {
            let status = format!("it did not connect within {} s", START.as_secs());
            return Err(did_not_start(status, process.tail()));
        }
    }
}

fn exited(process: &mut Running) -> MachineError {
    let status = exit_words(process, Duration::from_secs(5));
    did_not_start(status, process.tail())
}

fn did_not_start(status: String, stderr: String) -> MachineError {
    MachineError::QemuDidNotStart {
        status,
        stderr_tail: stderr.trim_end().to_owned(),
    }
}

/// How the process ended, in words.
pub(super) fn exit_words(process: &mut Running, at_most: Duration) -> String {
    use std::os::unix::process::ExitStatusExt;
    let status = match process.wait(at_most) {
        Ok(Some(status)) => status,
        Ok(None) => return "still running".to_owned(),
        Err(error) => return error.to_string(),
    };
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit status {code}"),
        (None, Some(4)) => "killed by SIGILL".to_owned(),
        (None, Some(6)) => "killed by SIGABRT".to_owned(),
        (None, Some(7)) => "killed by SIGBUS".to_owned(),
        (None, Some(9)) => "killed by SIGKILL".to_owned(),
        (None, Some(11)) => "killed by SIGSEGV".to_owned(),
        (None, Some(25)) => {
            "killed by SIGXFSZ: a file would have grown beyond `ulimit -f`".to_owned()
        }
        (None, Some(31)) => "killed by its seccomp filter".to_owned(),
        (None, signal) => format!("killed by signal {}", signal.unwrap_or_default()),
    }
}
