//! A machine made of prepared answers, for tests of what talks to machines.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use crate::login::Nonce;
use crate::machine::{GuestExit, GuestScript, GuestUser, Machine, MachineError, Stream, Unpacked};
use crate::observe::sample::{homes_stream, login_stream};

/// What a fake machine does when a script comes.
#[derive(Debug, Clone)]
pub enum Reply {
    /// It prints this and ends so. For a pull, `stdout` is the bulk data.
    Exit {
        /// The exit status.
        status: i32,
        /// Standard output.
        stdout: Vec<u8>,
        /// Standard error.
        stderr: Vec<u8>,
    },
    /// The machine fails.
    Fault(MachineError),
}

impl Reply {
    /// Success that prints this.
    pub fn ok(stdout: impl Into<Vec<u8>>) -> Self {
        Self::Exit {
            status: 0,
            stdout: stdout.into(),
            stderr: Vec::new(),
        }
    }

    /// Failure with this status and standard error.
    pub fn failed(status: i32, stderr: impl Into<Vec<u8>>) -> Self {
        Self::Exit {
            status,
            stdout: Vec::new(),
            stderr: stderr.into(),
        }
    }

    /// A fault of the machine, with its message.
    pub fn fault(message: &str) -> Self {
        Self::Fault(MachineError {
            message: message.to_owned(),
            hint: None,
            console_tail: String::new(),
            step_deadline: false,
        })
    }
}

/// Something that was asked of a fake machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// A script.
    Exec {
        /// Who ran it; `None` is root.
        user: Option<String>,
        /// Its text.
        script: String,
    },
    /// A script whose output is bulk data.
    Pull {
        /// Who ran it; `None` is root.
        user: Option<String>,
        /// Its text.
        script: String,
    },
    /// An archive.
    Push {
        /// Where it was unpacked.
        destination: String,
        /// Whose it became.
        owner: Option<String>,
        /// Its bytes.
        tar: Vec<u8>,
    },
}

/// A rule: scripts with this text in them get these answers, one after another; the last one stays.
#[derive(Debug)]
struct Rule {
    has: String,
    replies: VecDeque<Reply>,
}

/// A fake machine. Clones share their rules and their log, so that a test can look at what a moved one was asked.
#[derive(Debug, Clone, Default)]
pub struct FakeMachine {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    rules: Vec<Rule>,
    push_fault: Option<MachineError>,
    calls: Vec<Call>,
}

impl FakeMachine {
    /// A machine where every script succeeds and prints nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Answers scripts that contain `has`. Of several rules the first that fits counts; a rule of the same text gets
    /// one more answer.
    pub fn on(self, has: &str, reply: Reply) -> Self {
        self.with(|state| {
            match state.rules.iter_mut().find(|rule| rule.has == has) {
                Some(rule) => rule.replies.push_back(reply),
                None => state.rules.push(Rule {
                    has: has.to_owned(),
                    replies: VecDeque::from([reply]),
                }),
            };
        });
        self
    }

    /// Answers a look at the machine: these users, each with an empty home and a plain session. Rules made before this
    /// one come first.
    pub fn seen_empty(self, users: &[&str]) -> Self {
        let homes: Vec<_> = users.iter().map(|user| (*user, [].as_slice())).collect();
        let login = login_stream(&[("PATH", "/usr/bin:/bin")]);
        self.on("switchproof-homes", Reply::ok(homes_stream(&homes)))
            .on("switchproof-login", Reply::ok(login))
    }

    /// Lets every push fail.
    pub fn fail_push(self, error: MachineError) -> Self {
        self.with(|state| state.push_fault = Some(error));
        self
    }

    /// What was asked so far, in order.
    pub fn calls(&self) -> Vec<Call> {
        self.with(|state| state.calls.clone())
    }

    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn answer(&self, call: Call, script: &str) -> Reply {
        self.with(|state| {
            state.calls.push(call);
            let rule = state
                .rules
                .iter_mut()
                .find(|rule| script.contains(&rule.has));
            match rule {
                Some(rule) if rule.replies.len() > 1 => rule.replies.pop_front(),
                Some(rule) => rule.replies.front().cloned(),
                None => None,
            }
            .unwrap_or_else(|| Reply::ok(""))
        })
    }
}

fn who(script: &GuestScript) -> Option<String> {
    match &script.user {
        GuestUser::Root => None,
        GuestUser::Login(name) => Some(name.clone()),
    }
}

/// An answer with the script's nonce in the place of `@NONCE@`.
pub(crate) fn filled(answer: Vec<u8>, script: &GuestScript) -> Vec<u8> {
    let Some(nonce) = Nonce::of(&script.script) else {
        return answer;
    };
    let mut rest = answer.as_slice();
    let mut filled = Vec::new();
    while let Some(at) = rest.windows(NONCE.len()).position(|window| window == NONCE) {
        filled.extend_from_slice(&rest[..at]);
        filled.extend_from_slice(nonce.as_str().as_bytes());
        rest = &rest[at + NONCE.len()..];
    }
    filled.extend_from_slice(rest);
    filled
}

/// What stands for the nonce of a script in prepared answers.
const NONCE: &[u8] = b"@NONCE@";

/// Standard error with what a session's script tells, unless the answer tells it itself.
pub(crate) fn told(mut stderr: Vec<u8>, status: i32, script: &GuestScript) -> Vec<u8> {
    let tells = stderr.windows(NONCE.len()).any(|window| window == NONCE);
    if Nonce::of(&script.script).is_some() && !tells {
        stderr.splice(0..0, *b"\0@NONCE@ began\0");
        stderr
            .extend_from_slice(format!("\0@NONCE@ told\nran\n{status}\n/bin/bash\n\0").as_bytes());
    }
    filled(stderr, script)
}

fn exit(status: i32) -> GuestExit {
    GuestExit {
        status,
        truncated: false,
    }
}

impl Machine for FakeMachine {
    fn exec(
        &mut self,
        script: &GuestScript,
        on_output: &mut dyn FnMut(Stream, &[u8]),
    ) -> Result<GuestExit, MachineError> {
        let call = Call::Exec {
            user: who(script),
            script: script.script.clone(),
        };
        match self.answer(call, &script.script) {
            Reply::Exit {
                status,
                stdout,
                stderr,
            } => {
                on_output(Stream::Out, &filled(stdout, script));
                on_output(Stream::Err, &told(stderr, status, script));
                Ok(exit(status))
            }
            Reply::Fault(error) => Err(error),
        }
    }

    fn pull(
        &mut self,
        script: &GuestScript,
        consume: &mut dyn FnMut(&mut dyn std::io::Read) -> std::io::Result<()>,
    ) -> Result<GuestExit, MachineError> {
        let call = Call::Pull {
            user: who(script),
            script: script.script.clone(),
        };
        match self.answer(call, &script.script) {
            Reply::Exit { status, stdout, .. } => {
                consume(&mut filled(stdout, script).as_slice()).map_err(|error| MachineError {
                    message: format!("the bulk data could not be read: {error}"),
                    hint: None,
                    console_tail: String::new(),
                    step_deadline: false,
                })?;
                Ok(exit(status))
            }
            Reply::Fault(error) => Err(error),
        }
    }

    fn push(
        &mut self,
        tar: &[u8],
        destination: &str,
        owner: Option<&str>,
    ) -> Result<Unpacked, MachineError> {
        self.with(|state| {
            state.calls.push(Call::Push {
                destination: destination.to_owned(),
                owner: owner.map(str::to_owned),
                tar: tar.to_vec(),
            });
            let done = Ok(Unpacked::default());
            state.push_fault.clone().map_or(done, Err)
        })
    }
}
