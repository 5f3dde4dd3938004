//! `switchproof shell`.

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;

use clap::Args;
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};
use switchproof_vm::guest::GuestUser;

use super::chosen::{Chosen, Trust, pick};
use super::common::{Error, Exit};
use super::pairs::no_step;
use crate::host_context::{HostContext, Limits};
use crate::machine::MachineError;
use crate::plan::{NodeId, Plan};
use crate::run::{Hypervisor, Purpose, guest_of, reach};

/// Which machine to open a shell in.
#[derive(Args)]
pub struct ShellArgs {
    /// The case, as `switchproof list` prints it, or a part of its id that no other case has
    case: String,
    /// Scenario files, or folders to look for them in [default: scenarios]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    trust: Trust,
    /// After this step, as `switchproof plan` names it [default: the last one]
    #[arg(long, value_name = "STEP")]
    at: Option<String>,
    /// Before the step instead of after it
    #[arg(long)]
    before: bool,
    /// Whose shell [default: the first user of the case]
    #[arg(long, value_name = "USER")]
    user: Option<String>,
}

pub fn run(args: &ShellArgs) -> Result<Exit, Error> {
    let chosen = Chosen::of(args.paths.clone(), args.trust.clone());
    let cases = chosen.load()?;
    let case = pick(&cases, &args.case)?;
    let host = HostContext::open(Limits::default())?;
    let plan = host.plan(cases);
    let path = way(&plan, case, args)?;
    let user = match &args.user {
        Some(user) if user == "root" => GuestUser::Root,
        Some(user) => GuestUser::Login(known_user(&plan, case, user)?),
        None => first_user(&plan, case),
    };
    // One more machine than the budget has: a person is not kept waiting for a run to end.
    let key = reach(&plan, path, &host.hypervisor, &mut |line| {
        eprintln!("{line}")
    })
    .map_err(machine_broke)?;
    let guest = guest_of(&plan, path);
    let forked = host.hypervisor.forked(&key, &guest, Purpose::Leaf);
    let mut machine = forked.map_err(machine_broke)?;
    eprintln!(
        "a shell in {}; leaving it changes nothing",
        plan.cases[case].id
    );
    let raw = Raw::enter();
    let mut screen = |bytes: &[u8]| {
        let mut out = io::stdout();
        // A screen that is gone ends the keys too.
        let _ = out.write_all(bytes).and_then(|()| out.flush());
    };
    let ended = machine.terminal(&user, &size, &mut io::stdin().lock(), &mut screen);
    drop((raw, machine));
    if !guest.locked {
        host.hypervisor.forget(&key);
    }
    match ended {
        Ok(_) => Ok(Exit::Passed),
        Err(error) => Err(Error::machinery(error.to_string(), error.hint())),
    }
}

/// The nodes up to the chosen state.
fn way<'a>(plan: &'a Plan, case: usize, args: &ShellArgs) -> Result<&'a [NodeId], Error> {
    let (path, steps) = (&plan.paths[case], &plan.cases[case].steps);
    let place = match &args.at {
        None => steps.len(),
        Some(at) => match steps.iter().position(|step| &step.name == at) {
            Some(place) => place + 1,
            None => return Err(no_step(&plan.cases[case], at)),
        },
    };
    let end = if args.before { place } else { place + 1 };
    Ok(&path[..end])
}

fn known_user(plan: &Plan, case: usize, wanted: &str) -> Result<String, Error> {
    let users = &plan.cases[case].users;
    if users.iter().any(|user| user.name == wanted) {
        return Ok(wanted.to_owned());
    }
    let names: Vec<_> = users.iter().map(|user| user.name.as_str()).collect();
    Err(Error::input(
        format!("{} has no user '{wanted}'", plan.cases[case].id),
        format!("there are root and {}", names.join(", ")),
    ))
}

fn first_user(plan: &Plan, case: usize) -> GuestUser {
    let user = plan.cases[case].users.first();
    user.map_or(GuestUser::Root, |user| GuestUser::Login(user.name.clone()))
}

fn machine_broke(error: MachineError) -> Error {
    Error::machinery(error.message, error.hint)
}

/// Rows and columns of this terminal.
fn size() -> (u16, u16) {
    tcgetwinsize(io::stdout()).map_or((24, 80), |size| (size.ws_row.max(1), size.ws_col.max(1)))
}

/// This terminal, handing over every key as it is; what it was before comes back on drop.
struct Raw(Option<Termios>);

impl Raw {
    fn enter() -> Self {
        let stdin = io::stdin();
        if !stdin.is_terminal() {
            return Self(None);
        }
        let Ok(before) = tcgetattr(&stdin) else {
            return Self(None);
        };
        let mut raw = before.clone();
        raw.make_raw();
        // A terminal that refuses still works, line by line.
        let _ = tcsetattr(&stdin, OptionalActions::Now, &raw);
        Self(Some(before))
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        if let Some(before) = &self.0 {
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, before);
        }
    }
}
