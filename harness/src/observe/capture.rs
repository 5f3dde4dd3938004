//! Observing a machine: one round trip for all homes, one for each user's session.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::rc::Rc;
use std::time::Duration;

use super::budget::Budget;
use super::budget::malformed;
use super::commands::{Reader, read_variables};
use super::fields::Source;
use super::generations::{generations, profiles, system_profile};
use super::observation::{CommandSeen, Observation, UserSeen};
use super::output::StepOutput;
use super::places::{self, Place, PlaceSeen};
use super::probe::Probe;
use super::programs::read_programs;
use super::script::{
    self, COMMAND_DEADLINE_S, LOGIN_MAGIC, LoginProbes, OBSERVE_DEADLINE_S, VARIABLES_DEADLINE_S,
};
use super::sections::{Homes, read_homes};
use super::units::read_units;
use crate::login::Nonce;
use crate::machine::{GuestScript, MachineError, Observable};
use crate::model::Session;

/// How long the capture of all homes may take.
const HOMES_DEADLINE: Duration = Duration::from_secs(300);
/// How long a session may take to begin, and to be blamed when it does not.
const SESSION_DEADLINE: Duration = Duration::from_secs(90);

/// Observes a machine after a step. `users` are those whose homes and sessions are observed, `probes` what is
/// asked for besides (a probe of no user is the first user's), `output` how the step went. The folders of `exclude`,
/// relative to each home, are not looked into.
pub fn observe(
    machine: &mut dyn Observable,
    users: &[String],
    exclude: &BTreeSet<String>,
    probes: &[Probe],
    output: StepOutput,
) -> Result<Observation, MachineError> {
    let budget = Rc::new(Budget::default());
    let homes = capture_homes(machine, users, exclude, &budget)?;
    let mut seen = BTreeMap::new();
    let mut places = capture_places(machine, users, probes, &budget)?;
    for user in users {
        let asked: Vec<&Probe> = probes
            .iter()
            .filter(|probe| match probe.user() {
                Some(name) => name == user,
                None => users.first() == Some(user),
            })
            .collect();
        seen.insert(
            user.clone(),
            capture_user(machine, &homes, user, &asked, &budget)?,
        );
    }
    // The homes are large; what is kept of them moves, and nothing is left behind.
    let system = system_profile(&homes, "system");
    for (name, home) in homes.users {
        if let Some(user) = seen.get_mut(&name) {
            user.home = home.home.unwrap_or_default();
            user.baseline = home.baseline;
            user.packages = home.packages;
            user.places = places.remove(&name).unwrap_or_default();
        }
    }
    Ok(Observation {
        users: seen,
        system,
        image_paths: homes.image_paths,
        replaced: homes.replaced,
        long_texts: budget.long_texts(),
        ..Observation::printed(output)
    })
}

fn capture_homes(
    machine: &mut dyn Observable,
    users: &[String],
    exclude: &BTreeSet<String>,
    budget: &Rc<Budget>,
) -> Result<Homes, MachineError> {
    let script = GuestScript::root(script::homes(users, exclude), HOMES_DEADLINE);
    let mut homes = Homes::default();
    pull(
        machine,
        &script,
        "the homes of the guest",
        budget,
        |source| {
            homes = read_homes(source, users.len())?;
            Ok(())
        },
    )?;
    Ok(homes)
}

/// What is at the places that were asked for, by user; where none were, the guest is not asked.
fn capture_places(
    machine: &mut dyn Observable,
    users: &[String],
    probes: &[Probe],
    budget: &Rc<Budget>,
) -> Result<BTreeMap<String, Vec<PlaceSeen>>, MachineError> {
    let mut asked: Vec<(&str, Place, &str)> = Vec::new();
    for probe in probes {
        if let Probe::Place { base, path, .. } = probe
            && let Some(user) = probe.user().or(users.first().map(String::as_str))
        {
            asked.push((user, *base, path));
        }
    }
    let mut seen = BTreeMap::new();
    if asked.is_empty() {
        return Ok(seen);
    }
    let script = GuestScript::root(places::script(&asked), HOMES_DEADLINE);
    let what = "the places that are asked for";
    pull(machine, &script, what, budget, |source| {
        seen = places::read(source, &asked)?;
        Ok(())
    })?;
    Ok(seen)
}

fn capture_user(
    machine: &mut dyn Observable,
    homes: &Homes,
    user: &str,
    asked: &[&Probe],
    budget: &Rc<Budget>,
) -> Result<UserSeen, MachineError> {
    let what = format!("the session of {user}");
    let Some(home) = homes
        .users
        .get(user)
        .filter(|home| !home.directory.is_empty())
    else {
        return Err(unreadable(
            &what,
            &format!("the guest has no user `{user}`"),
        ));
    };
    let probes = of_login(asked);
    let nonce = Nonce::new();
    let script = GuestScript::login(user, script::login(&probes, &nonce), deadline(&probes));
    let mut seen = UserSeen {
        home_directory: home.directory.clone(),
        generations: generations(homes, user, home),
        profiles: profiles(homes, user, home),
        ..UserSeen::default()
    };
    let reader = Reader {
        user,
        home: &home.directory,
        nonce: &nonce,
    };
    pull(machine, &script, &what, budget, |source| {
        read_login(source, &probes, reader, &mut seen)
    })?;
    Ok(seen)
}

/// Each session has a limit of its own in the guest; the host's is for a guest that does not keep them.
fn deadline(probes: &LoginProbes<'_>) -> Duration {
    let each = |limit_s| SESSION_DEADLINE + Duration::from_secs(limit_s);
    each(OBSERVE_DEADLINE_S)
        + each(VARIABLES_DEADLINE_S) * probes.sessions.len() as u32
        + each(COMMAND_DEADLINE_S) * probes.commands.len() as u32
}

fn of_login<'a>(asked: &[&'a Probe]) -> LoginProbes<'a> {
    let mut probes = LoginProbes {
        sessions: Vec::new(),
        units: Vec::new(),
        commands: Vec::new(),
    };
    for probe in asked {
        match probe {
            Probe::Session {
                session: Session::Login,
                ..
            } => {}
            Probe::Session { session, .. } => probes.sessions.push(*session),
            Probe::Unit { name, .. } => probes.units.push(name),
            Probe::Command {
                session,
                command,
                without_guests,
                ..
            } => probes.commands.push((*session, command, *without_guests)),
            Probe::Place { .. } | Probe::Wait { .. } => {}
        }
    }
    // The same thing may be asked for by name and for nobody in particular.
    keep_first(&mut probes.sessions);
    keep_first(&mut probes.units);
    keep_first(&mut probes.commands);
    probes
}

/// Drops what was there before and leaves the rest in its order: commands may build on each other.
fn keep_first<T: PartialEq + Copy>(list: &mut Vec<T>) {
    let mut kept = Vec::new();
    list.retain(|item| {
        let is_first = !kept.contains(item);
        kept.push(*item);
        is_first
    });
}

fn read_login(
    source: &mut Source<'_>,
    probes: &LoginProbes<'_>,
    reader: Reader<'_>,
    seen: &mut UserSeen,
) -> io::Result<()> {
    let mut record = match reader.record(source) {
        Err(error) if error.kind() == io::ErrorKind::FileTooLarge => {
            seen.no_login = Some(reader.drowned());
            return Ok(());
        }
        record => record?,
    };
    let has_observed = record == LOGIN_MAGIC;
    if has_observed {
        read_seen(source, reader, seen)?;
        record = reader.record(source)?;
    }
    (_, seen.no_login) = reader.told(&record, Session::Login)?;
    if !has_observed && seen.no_login.is_none() {
        return Err(malformed(
            "the login session ended well and showed nothing".into(),
        ));
    }
    for session in &probes.sessions {
        match reader.session(source, *session)? {
            Ok(variables) => drop(seen.sessions.insert(*session, variables)),
            Err(no_login) => drop(seen.no_sessions.insert(*session, no_login)),
        }
    }
    for (session, command, without_guests) in &probes.commands {
        seen.commands.push(CommandSeen {
            without_guests: *without_guests,
            ..reader.command(source, *session, command)?
        });
    }
    source.expect("done")
}

fn read_seen(source: &mut Source<'_>, reader: Reader<'_>, seen: &mut UserSeen) -> io::Result<()> {
    let variables = read_variables(source)?;
    let path = variables.get("PATH").map_or("", String::as_str);
    let listing = read_programs(source, path, reader.user, reader.home)?;
    seen.login_path = listing.path;
    seen.programs = listing.programs;
    seen.system_programs = listing.system;
    seen.sessions.insert(Session::Login, variables);
    seen.units = read_units(source)?;
    source.expect("done")
}

/// Runs a script and reads what it sends. What is wrong with the stream is remembered here, for a machine may
/// report a reader that gave up in words of its own.
fn pull(
    machine: &mut dyn Observable,
    script: &GuestScript,
    what: &str,
    budget: &Rc<Budget>,
    mut read: impl FnMut(&mut Source<'_>) -> io::Result<()>,
) -> Result<(), MachineError> {
    let mut broken = None;
    let exit = machine.pull(script, &mut |stream| {
        if let Err(error) = read(&mut Source::within(stream, budget)) {
            broken = Some(error);
        }
        Ok(())
    });
    let failed = |why: &str, hint| not_observed(what, why, hint);
    let exit = match exit {
        Err(error) if error.beyond.is_some() => {
            let hint = "a process of the guest keeps printing, or what it makes grows as it is read: look with \
                 `switchproof shell`";
            return Err(failed(": the guest still sent when its time was up", hint));
        }
        exit => exit?,
    };
    if let Some(shortage) = exit.shortage.filter(|_| exit.status != 0) {
        let why = format!(": {shortage}");
        return Err(failed(&why, "let the steps leave more of it"));
    }
    if exit.truncated {
        let why = " whole: there is more of it than the machine lets through";
        let hint = "let the scenario leave less behind in the home";
        return Err(failed(why, hint));
    }
    if exit.status != 0 {
        let why = format!(
            ": the script in the guest ended with status {}",
            exit.status
        );
        let hint = "see with `switchproof shell` whether `/run` in the guest has room, and no process of the user ends \
             others";
        return Err(failed(&why, hint));
    }
    broken.map_or(Ok(()), |source| Err(unreadable(what, &source.to_string())))
}

/// The guest sent something that cannot be read.
fn unreadable(what: &str, why: &str) -> MachineError {
    let hint = "open a shell in the guest after this step (`switchproof shell`) and see whether the home is readable, \
         `/run` has room, and no process is changing files";
    not_observed(what, &format!(": {why}"), hint)
}

/// The machine could not be observed: the machinery's fault, never the setup's.
fn not_observed(what: &str, why: &str, hint: &str) -> MachineError {
    MachineError::new(format!("{what} could not be observed{why}"), Some(hint))
}
