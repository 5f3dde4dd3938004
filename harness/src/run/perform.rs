//! Performing one action on a machine.

use std::time::Duration;

use super::ForkedMachine;
use super::archive::pack;
use super::{network, scripts};
use crate::first_system::{first_system, no_first_system};
use crate::judge::broken_download;
use crate::login::{Errand, Language, NoLogin, NoLoginReason, Nonce, Witness, errand};
use crate::machine::{GuestExit, GuestScript, MachineError, Stream, Unpacked};
use crate::model::{Action, Guest, Install, Session, Switch, User, usual_home};
use crate::observe::{OutputCollector, StepOutput, before, before_is_known, before_session};
use crate::plan::Work;
use crate::text::{printable, printable_line, tail};

/// Performs `work` and says what it printed and how it ended. `on_line` gets every line as it comes.
pub fn perform(
    machine: &mut dyn ForkedMachine,
    work: &Work,
    deadline: Duration,
    on_line: &mut dyn FnMut(&str),
) -> Result<StepOutput, MachineError> {
    let mut doing = Doing {
        machine,
        deadline,
        on_line,
    };
    match work {
        Work::Prepare {
            guest,
            users,
            logged_in,
            system,
        } => doing
            .prepare(guest, users, logged_in, system)
            .map_err(not_the_step),
        Work::Step(action) => doing.step(action),
    }
}

struct Doing<'a> {
    machine: &'a mut dyn ForkedMachine,
    deadline: Duration,
    on_line: &'a mut dyn FnMut(&str),
}

impl Doing<'_> {
    fn prepare(
        &mut self,
        guest: &Guest,
        users: &[User],
        logged_in: &Option<String>,
        system: &Option<Box<Switch>>,
    ) -> Result<StepOutput, MachineError> {
        if guest.network.is_on() {
            let connected = self.root(&network::connect(guest))?;
            if connected.status != 0 {
                return Ok(connected);
            }
        }
        let entered = match system {
            Some(host) => self.enter(host, users, guest)?,
            None => false,
        };
        let mut script = match entered {
            true => scripts::require_users(users),
            false => scripts::make_users(users),
        };
        let names: Vec<&str> = users.iter().map(|user| user.name.as_str()).collect();
        script += &before(&names);
        let made = self.root(&script)?;
        if made.status != 0 {
            return Ok(made);
        }
        for user in names {
            let known = self.know_session(user, logged_in.as_deref() == Some(user))?;
            if known.status != 0 {
                return Ok(known);
            }
        }
        self.root(&before_is_known())
    }

    /// Builds the system of `host`, still without its homes, and boots it in place of the guest that built it. False where
    /// it cannot be built, which is the setup's fault: the step that switches to it says why.
    fn enter(
        &mut self,
        host: &Switch,
        users: &[User],
        guest: &Guest,
    ) -> Result<bool, MachineError> {
        if guest.network.is_on() {
            network::require_route(self.machine.as_machine(), guest)?;
        }
        let place = host.target.install.flake_place();
        let made = self.root(&scripts::make_place(place, None))?;
        if made.status != 0 {
            return Err(prepare_failed(&made));
        }
        let archive = pack(FOR_THE_GUEST, &host.flake.files)?;
        self.push(&archive, place, None)?;
        let built = self.root(&first_system(host, users))?;
        if built.status != 0 {
            let lost = guest
                .network
                .is_on()
                .then(|| broken_download(&built.stderr));
            if let Some(what) = lost.flatten() {
                return Err(MachineError::new(
                    format!("the first system was not built, as {what} could not be downloaded"),
                    Some("see whether it is within reach, and run again"),
                ));
            }
            let why = format!(
                "the host cannot be built without its homes:\n{}",
                built.stderr
            );
            let told = self.root(&no_first_system(&why))?;
            return match told.status {
                0 => Ok(false),
                _ => Err(prepare_failed(&told)),
            };
        }
        self.machine.reboot()?;
        Ok(true)
    }

    /// Writes down what a login session of a user has before the first step, so that later only what differs from it
    /// says something of the setup. The session ends again unless the user stays logged in.
    fn know_session(&mut self, user: &str, stays: bool) -> Result<StepOutput, MachineError> {
        let known = self.run(&Some(user.to_owned()), &before_session(user))?;
        if known.status != 0 || stays {
            return Ok(known);
        }
        self.root(&scripts::relogin(user))
    }

    fn step(&mut self, action: &Action) -> Result<StepOutput, MachineError> {
        match action {
            Action::Seed { user, files } => {
                let archive = pack(FOR_THE_GUEST, files)?;
                // Where a setup leaves no room for a file, that is for the setup to answer for.
                let place = self.home_of(user)?;
                let unpacked = self.machine.push(&archive, &place, Some(user));
                let Unpacked { status, stderr } = unpacked.map_err(not_the_step)?;
                Ok(StepOutput {
                    status,
                    stderr,
                    ..StepOutput::default()
                })
            }
            Action::Switch(switch) => self.switch(switch, "switch"),
            Action::Build(switch) => self.switch(switch, "build"),
            Action::Rollback(target) => self.run(&target.user, &scripts::rollback(target)),
            Action::Generation { target, number } => {
                self.run(&target.user, &scripts::generation(target, *number))
            }
            Action::Relogin { user } => self.root(&scripts::relogin(user)),
            Action::Reboot => self.machine.reboot().map(|()| StepOutput::default()),
            Action::Run {
                command,
                user,
                session,
            } => {
                let Some(user) = user else {
                    return self.root(command);
                };
                let errand = Errand {
                    session: *session,
                    language: Language::User,
                    text: command,
                };
                self.errand(user, &errand)
            }
            Action::Edit { user, path, change } => {
                self.run(&Some(user.clone()), &scripts::edit(path, change))
            }
            Action::Uninstall { target, env } => {
                self.run(&target.user, &scripts::uninstall(target, env))
            }
            Action::CollectGarbage { user } => self.run(user, "nix-collect-garbage --delete-old"),
        }
    }

    /// The home of a user, as the guest has it: a system may have moved it. Nothing of it is the step's own output.
    fn home_of(&mut self, user: &str) -> Result<String, MachineError> {
        let script = GuestScript::root(scripts::home_of(user), self.deadline);
        let mut told = Vec::new();
        let asked = self.machine.exec(&script, &mut |stream, bytes| {
            if stream == Stream::Stdout {
                told.extend_from_slice(bytes);
            }
        });
        asked.map_err(not_the_step)?;
        let told = String::from_utf8_lossy(&told);
        let home = told.trim_end_matches('\n');
        Ok(match home.starts_with('/') {
            true => home.to_owned(),
            false => usual_home(user),
        })
    }

    fn switch(&mut self, switch: &Switch, verb: &str) -> Result<StepOutput, MachineError> {
        let owner = match switch.target.install {
            Install::Standalone => switch.target.user.as_deref(),
            Install::NixosModule | Install::DarwinModule => None,
        };
        let place = switch.place();
        let prepare = scripts::make_place(place, owner) + &scripts::pack_channels(&switch.channels);
        let prepared = self.root(&prepare)?;
        if prepared.status != 0 {
            return Ok(prepared);
        }
        let archive = pack(FOR_THE_GUEST, &switch.flake.files)?;
        self.push(&archive, place, owner)?;
        self.run(&switch.target.user, &scripts::switch(switch, verb))
    }

    fn push(&mut self, tar: &[u8], place: &str, owner: Option<&str>) -> Result<(), MachineError> {
        let unpacked = self.machine.push(tar, place, owner).map_err(not_the_step)?;
        match unpacked.status {
            0 => Ok(()),
            status => Err(MachineError::new(
                format!(
                    "files could not be unpacked at {place} in the guest (status {status}): {}",
                    unpacked.stderr
                ),
                Some(
                    "what earlier steps left there, or a full disk, may be in the way: look with `switchproof shell`",
                ),
            )),
        }
    }

    fn root(&mut self, script: &str) -> Result<StepOutput, MachineError> {
        self.exec(&GuestScript::root(script, self.deadline))
    }

    /// Runs a text of our own: in a login session of a user, or as root.
    fn run(&mut self, user: &Option<String>, script: &str) -> Result<StepOutput, MachineError> {
        let Some(user) = user else {
            return self.root(script);
        };
        let errand = Errand {
            session: Session::Login,
            language: Language::Bash,
            text: script,
        };
        self.errand(user, &errand)
    }

    /// Runs something in a session of a user, who may turn out to have none.
    fn errand(&mut self, user: &str, what: &Errand<'_>) -> Result<StepOutput, MachineError> {
        let nonce = Nonce::new();
        let script = errand(user, what, self.deadline, &nonce);
        let mut witness = Witness::new(&nonce);
        let (output, ended) = self.exec_witnessed(&script, Some(&mut witness));
        let output = match ended {
            Ok(()) => output,
            // Start-up files went beyond a bound before the command could begin.
            Err(error) if error.beyond.is_some() && !witness.began => StepOutput {
                status: 124,
                stderr: error.message,
                ..StepOutput::default()
            },
            Err(error) => return Err(with_last_words(error, &output)),
        };
        Ok(witnessed(output, &witness, user, what.session))
    }

    fn exec(&mut self, script: &GuestScript) -> Result<StepOutput, MachineError> {
        let (output, ended) = self.exec_witnessed(script, None);
        match ended {
            Ok(()) => Ok(output),
            Err(error) => Err(with_last_words(error, &output)),
        }
    }

    /// Runs a script. What was printed is told whether or not the machine came to the script's end.
    fn exec_witnessed(
        &mut self,
        script: &GuestScript,
        mut witness: Option<&mut Witness>,
    ) -> (StepOutput, Result<(), MachineError>) {
        let mut output = OutputCollector::new();
        let mut lines = Lines::default();
        let on_line = &mut *self.on_line;
        let mut take = |stream, bytes: &[u8]| {
            output.push(stream, bytes);
            lines.push(stream, bytes, on_line);
        };
        let exit = self
            .machine
            .exec(script, &mut |stream, bytes| match &mut witness {
                Some(witness) if stream == Stream::Stderr => {
                    witness.pass(bytes, &mut |bytes| take(stream, bytes));
                }
                _ => take(stream, bytes),
            });
        if let Some(witness) = witness {
            witness.finish(&mut |bytes| take(Stream::Stderr, bytes));
        }
        match exit {
            Ok(exit) => (output.finish(exit), Ok(())),
            Err(error) => (output.finish(GuestExit::with_status(-1)), Err(error)),
        }
    }
}

/// Lines that an error shows of what was printed before it.
const LAST_LINES: usize = 5;

/// An error with what was seen last of a step.
fn with_last_words(mut error: MachineError, output: &StepOutput) -> MachineError {
    let printed = printable(&output.printed);
    error.message += &match printed.trim_end() {
        "" => "\nnothing had been printed".to_owned(),
        printed => format!("\nprinted last:\n{}", tail(printed, LAST_LINES)),
    };
    error
}

/// The output of what was done in a session, with what is known of the session's beginning and end.
fn witnessed(output: StepOutput, witness: &Witness, user: &str, session: Session) -> StepOutput {
    let status = witness
        .told
        .as_ref()
        .map_or(output.status, |told| told.status);
    let no_login = match &witness.told {
        Some(told) => told.no_login(user, &usual_home(user), session),
        // What had begun was killed with all around it.
        None if witness.began => None,
        None => Some(NoLogin {
            user: user.to_owned(),
            session,
            reason: NoLoginReason::NoSession {
                status,
                said: printable_line(output.stderr.trim_end().lines().last().unwrap_or_default()),
            },
        }),
    };
    StepOutput {
        status,
        no_login,
        ..output
    }
}

/// An error of something that the machinery does for itself: its deadline is none that a scenario set.
fn not_the_step(error: MachineError) -> MachineError {
    MachineError {
        beyond: None,
        ..error
    }
}

/// The guest could not be prepared.
pub fn prepare_failed(output: &StepOutput) -> MachineError {
    MachineError::new(
        format!(
            "the guest could not be prepared (status {}): {}",
            output.status,
            output.stderr.trim()
        ),
        Some("`switchproof doctor` says whether the guest image is whole"),
    )
}

/// Which files an error is about.
const FOR_THE_GUEST: &str = "for the guest";

/// Cuts both streams into lines as they come, for the eye only: a line longer than [`Self::LONGEST`] is cut.
#[derive(Default)]
struct Lines {
    out: Vec<u8>,
    err: Vec<u8>,
}

impl Lines {
    const LONGEST: usize = 500;

    fn push(&mut self, stream: Stream, bytes: &[u8], on_line: &mut dyn FnMut(&str)) {
        let line = match stream {
            Stream::Stdout => &mut self.out,
            Stream::Stderr => &mut self.err,
        };
        for &byte in bytes {
            match byte {
                b'\n' | b'\r' => {
                    if !line.is_empty() {
                        on_line(&printable_line(&String::from_utf8_lossy(line)));
                    }
                    line.clear();
                }
                _ if line.len() < Self::LONGEST => line.push(byte),
                _ => {}
            }
        }
    }
}
