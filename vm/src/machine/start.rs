//! Starting QEMU and taking its ends of all connections.

use std::io;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::guest::Agent;
use crate::machine::control::Control;
use crate::machine::{Host, MachineError};
use crate::process::{Command, Running};
use crate::qemu::{
    Listener, MachineParts, PortSockets, Qmp, QmpError, Ram, RuntimeDir, TailRing, command_line,
};

/// How long QEMU may take to open its files and connect; it does so in hundredths of a second.
const START: Duration = Duration::from_secs(30);

/// Between two looks at whether QEMU has died instead of connecting.
const LOOK: Duration = Duration::from_millis(50);

/// A started QEMU, paused, with all its connections.
#[derive(Debug)]
pub(super) struct Wires {
    pub(super) process: Running,
    pub(super) qmp: Qmp,
    pub(super) agent: Agent,
    pub(super) control: Control,
    pub(super) bulk: UnixStream,
    pub(super) console: TailRing,
}

/// Starts QEMU. With `incoming` it waits for a device state.
pub(super) fn start(
    host: &Host,
    ram: Ram<'_>,
    disk: &Path,
    incoming: bool,
) -> Result<Wires, MachineError> {
    let doing = || MachineError::io("cannot make sockets for QEMU");
    let directory = RuntimeDir::create().map_err(doing())?;
    let listen = |name| directory.listen(name).map_err(doing());
    let (console_path, console) = listen("console")?;
    let (qmp_path, qmp) = listen("qmp")?;
    let (agent_path, agent) = listen("agent")?;
    let (control_path, control) = listen("control")?;
    let (bulk_path, bulk) = listen("bulk")?;
    let sockets = PortSockets {
        qmp: qmp_path,
        console: console_path,
        agent: agent_path,
        control: control_path,
        bulk: bulk_path,
    };
    let arguments = command_line(&MachineParts {
        accel: host.accelerator.qemu_argument(),
        cpu: host.cpu(),
        shape: host.shape,
        kernel: &host.image.kernel(),
        initrd: &host.image.initrd(),
        ram,
        disk,
        sockets: &sockets,
        incoming,
    });
    let mut process = Command::new(&host.qemu.path)
        .args(&arguments)
        .spawn()
        .map_err(|error| did_not_start(error.to_string(), String::new()))?;
    let deadline = Instant::now() + START;
    let mut accept = |listener: &Listener| accept(listener, &mut process, deadline);
    let ring = TailRing::default();
    let qmp_stream = accept(&qmp)?;
    ring.drain(accept(&console)?);
    let (agent, control, bulk) = (accept(&agent)?, accept(&control)?, accept(&bulk)?);
    bulk.set_nonblocking(true).map_err(doing())?;
    let agent = Agent::new(agent).map_err(doing())?;
    let control = Control::new(control).map_err(doing())?;
    let qmp = Qmp::new(qmp_stream, deadline).map_err(|error| match error {
        QmpError::Closed => exited(&mut process),
        error => did_not_start(error.to_string(), process.tail()),
    })?;
    Ok(Wires {
        process,
        qmp,
        agent,
        control,
        bulk,
        console: ring,
    })
}

fn accept(
    listener: &Listener,
    process: &mut Running,
    deadline: Instant,
) -> Result<UnixStream, MachineError> {
    loop {
        let accepted = listener
            .accept(LOOK)
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
    match process.wait(at_most) {
        Ok(Some(status)) => match (status.code(), status.signal()) {
            (Some(code), _) => format!("exit status {code}"),
            (None, Some(7)) => "killed by SIGBUS".to_owned(),
            (None, Some(9)) => "killed by SIGKILL".to_owned(),
            (None, Some(31)) => "killed by its seccomp filter".to_owned(),
            (None, signal) => format!("killed by signal {}", signal.unwrap_or_default()),
        },
        Ok(None) => "still running".to_owned(),
        Err(error) => error.to_string(),
    }
}

/// What the operating system says is free where `path` is, in bytes.
pub(super) fn free_bytes(path: &Path) -> io::Result<u64> {
    let space = rustix::fs::statvfs(path)?;
    Ok(space.f_bavail.saturating_mul(space.f_frsize))
}
