//! Machines that are none: they write down what they are asked, and every method of theirs can be made to fail.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::sync::{Arc, Mutex};

use super::ledger::lock;
use super::{ForkedMachine, Hypervisor, Purpose};
use crate::machine::{
    Bound, GuestExit, GuestScript, Machine, MachineError, Observable, Stream, Unpacked,
};
use crate::model::Guest;
use crate::observe::sample::{filled, homes_stream, login_stream, told};
use crate::plan::StateKey;

/// A method of the two traits that may fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Method {
    EnsureBase,
    Claim,
    Fork,
    Exec,
    Pull,
    Push,
    Freeze,
    Reboot,
}

/// How it fails.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    /// With an error, each time.
    Error(MachineError),
    /// By a bug of the tool.
    Panic,
}

/// Machines of one user, `alice`. What a command does is in its text: one with `fail` in it ends with status 1, `die`
/// breaks the machine, `hang` keeps no deadline, `spam` prints without an end, `bug` panics, `sleep` takes a moment, and in `locked-out` a start-up file
/// ended the shell before.
#[derive(Default)]
pub(crate) struct FakeHypervisor {
    pub(crate) layers: Arc<Mutex<BTreeSet<StateKey>>>,
    /// Those of them in which an interactive shell has begun, as one does where somebody looks at it.
    touched: Mutex<BTreeSet<StateKey>>,
    /// What another process does while the first claim waits for it.
    pub(crate) other_process: Mutex<Option<OtherProcess>>,
    pub(crate) log: Arc<Mutex<Vec<String>>>,
    /// What is in the image, where there is one.
    pub(crate) image: Mutex<Option<String>>,
    /// The memory of the machines that run, and the most that it ever was, in MiB.
    pub(crate) memory_mib: Mutex<(u32, u32)>,
    /// The files in the home of `alice`.
    pub(crate) home: Mutex<Vec<(&'static str, &'static str)>>,
    faults: Mutex<BTreeMap<Method, Fault>>,
}

pub(crate) type OtherProcess = Box<dyn FnOnce(&StateKey) + Send>;

struct FakeMachine<'a> {
    hypervisor: &'a FakeHypervisor,
    purpose: Purpose,
    touched: bool,
    ram_mib: u32,
}

impl Drop for FakeMachine<'_> {
    fn drop(&mut self) {
        lock(&self.hypervisor.memory_mib).0 -= self.ram_mib;
    }
}

/// A machine that broke.
pub(crate) fn broken() -> MachineError {
    MachineError {
        message: "QEMU died".to_owned(),
        hint: None,
        beyond: None,
    }
}

impl FakeHypervisor {
    /// Lets a method fail from now on.
    pub(crate) fn break_at(&self, method: Method, fault: Fault) {
        lock(&self.faults).insert(method, fault);
    }

    /// How many lines of the log have this text.
    pub(crate) fn ran(&self, what: &str) -> usize {
        let has = |line: &&String| line.contains(what);
        lock(&self.log).iter().filter(has).count()
    }

    fn note(&self, method: Method, line: String) -> Result<(), MachineError> {
        lock(&self.log).push(line);
        let fault = lock(&self.faults).get(&method).cloned();
        match fault {
            None => Ok(()),
            Some(Fault::Error(error)) => Err(error),
            Some(Fault::Panic) => panic!("a bug in the tool"),
        }
    }
}

impl Hypervisor for FakeHypervisor {
    fn base_key(&self, guest: &Guest) -> StateKey {
        StateKey(format!("base-{:?}", guest.network))
    }

    fn image(&self, _: &Guest) -> Option<String> {
        lock(&self.image).clone()
    }

    fn ensure_base(&self, _: &Guest, _: &mut dyn FnMut(&str)) -> Result<(), MachineError> {
        self.note(Method::EnsureBase, "base".to_owned())?;
        lock(&self.image).get_or_insert("image".to_owned());
        Ok(())
    }

    fn has(&self, key: &StateKey) -> bool {
        lock(&self.layers).contains(key)
    }

    fn forget(&self, key: &StateKey) {
        lock(&self.layers).remove(key);
    }

    fn claim(
        &self,
        key: &StateKey,
        waits: &mut dyn FnMut(),
    ) -> Result<Box<dyn Send>, MachineError> {
        self.note(Method::Claim, "claim".to_owned())?;
        if let Some(other) = lock(&self.other_process).take() {
            waits();
            other(key);
        }
        Ok(Box::new(()))
    }

    fn fork<'a>(
        &'a self,
        key: &StateKey,
        guest: &Guest,
        purpose: Purpose,
    ) -> Result<Box<dyn ForkedMachine + 'a>, MachineError> {
        assert!(
            key.0.starts_with("base-") || self.has(key),
            "forked from a state that is not there"
        );
        self.note(Method::Fork, format!("fork {purpose:?}"))?;
        let ram_mib = self.ram_mib(guest);
        let mut memory_mib = lock(&self.memory_mib);
        memory_mib.0 += ram_mib;
        memory_mib.1 = memory_mib.1.max(memory_mib.0);
        Ok(Box::new(FakeMachine {
            hypervisor: self,
            ram_mib,
            purpose,
            touched: lock(&self.touched).contains(key),
        }))
    }

    fn ram_mib(&self, guest: &Guest) -> u32 {
        guest.memory_mib.unwrap_or(64)
    }
}

impl Observable for FakeMachine<'_> {
    fn pull(
        &mut self,
        script: &GuestScript,
        consume: &mut dyn FnMut(&mut dyn Read) -> std::io::Result<()>,
    ) -> Result<GuestExit, MachineError> {
        self.hypervisor.note(Method::Pull, "pull".to_owned())?;
        let mut home = lock(&self.hypervisor.home).clone();
        if self.touched {
            home.push(("was-here", ""));
        }
        let interactive = script.script.contains("\nsession interactive");
        self.touched |= interactive;
        let mut stream = match script.script.contains("switchproof-homes") {
            true => homes_stream(&[("alice", &home)]),
            false => login_stream(&[("PATH", "/usr/bin:/bin")]),
        };
        if interactive {
            stream.truncate(stream.len() - b"done\0".len());
            let variables = b"\0switchproof-session-1\0A=1\0";
            let told = format!(
                "\0@NONCE@ told\nran\n0\n/bin/bash\n\0{0}\0{0}\0",
                variables.len()
            );
            stream.extend_from_slice(told.as_bytes());
            stream.extend_from_slice(variables);
            stream.extend_from_slice(b"done\0");
        }
        let stream = filled(stream, script);
        let read = consume(&mut stream.as_slice());
        read.map_err(|error| MachineError::new(error.to_string(), None))?;
        Ok(GuestExit::with_status(0))
    }
}

impl Machine for FakeMachine<'_> {
    fn exec(
        &mut self,
        script: &GuestScript,
        on_output: &mut dyn FnMut(Stream, &[u8]),
    ) -> Result<GuestExit, MachineError> {
        // Of a session's script only the line that says what is to be done in it.
        let mut lines = script.script.lines();
        let errand = lines.find(|line| line.starts_with("session login"));
        let text = errand.unwrap_or(&script.script);
        self.hypervisor.note(Method::Exec, format!("exec {text}"))?;
        if text.contains("sleep") {
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        if text.contains("die") {
            return Err(broken());
        }
        if text.contains("drip") {
            on_output(Stream::Stdout, b"one\n");
        }
        if text.contains("hang") {
            return Err(MachineError {
                beyond: Some(Bound::Deadline),
                ..broken()
            });
        }
        if text.contains("spam") {
            on_output(Stream::Stdout, b"one\ntwo\n");
            return Err(MachineError {
                beyond: Some(Bound::Output),
                ..MachineError::new("264 MiB were printed", None)
            });
        }
        assert!(!text.contains("bug"), "a bug in the tool");
        on_output(Stream::Stdout, b"hello\n");
        let status = i32::from(text.contains("fail"));
        let said = match text.contains("locked-out") {
            true => "\0@NONCE@ told\nended\n0\n/bin/bash\n+@@ /home/alice/.profile:1: exit 0\0",
            false => "",
        };
        on_output(Stream::Stderr, &told(said, status, script));
        Ok(GuestExit::with_status(status))
    }

    fn push(&mut self, _: &[u8], _: &str, owner: Option<&str>) -> Result<Unpacked, MachineError> {
        self.hypervisor.note(Method::Push, "push".to_owned())?;
        match owner {
            Some("bob") => Ok(Unpacked {
                status: 2,
                stderr: "tar: .config/x: Cannot open: Read-only file system".to_owned(),
            }),
            _ => Ok(Unpacked::default()),
        }
    }
}

impl ForkedMachine for FakeMachine<'_> {
    fn freeze(self: Box<Self>, key: &StateKey, _: &str) -> Result<(), MachineError> {
        assert_eq!(self.purpose, Purpose::Layer, "a leaf cannot be frozen");
        self.hypervisor.note(Method::Freeze, "freeze".to_owned())?;
        if self.touched {
            lock(&self.hypervisor.touched).insert(key.clone());
        }
        lock(&self.hypervisor.layers).insert(key.clone());
        Ok(())
    }

    fn reboot(&mut self) -> Result<(), MachineError> {
        self.hypervisor.note(Method::Reboot, "reboot".to_owned())
    }

    fn as_machine(&mut self) -> &mut dyn Machine {
        self
    }
}
