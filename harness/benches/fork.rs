//! What forking machines and sharing beginnings saves, each line against its goal: `cargo bench --bench fork`, or one
//! part of it: `cargo bench --bench fork -- forks`, `entered`, `cases` or `peers`.
//!
//! Needs the guest image (`switchproof image build`). Times depend on the host and on what else it does; the ratios,
//! taken in one run, do so much less. `peers/mod.rs` says which other tools are compared with, and how to get them.
//! `cargo bench --bench machine` measures what a machine does after it was forked.

mod cases;
mod common;
mod entered;
mod goals;
mod peers;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use switchproof::host_context::{HostContext, Limits};
use switchproof::language::{LoadOptions, load, load_text};
use switchproof::report::Sink;
use switchproof::run::Knowledge;
use switchproof_vm::machine::Purpose;
use switchproof_vm::process::Command;

use cases::pass;
use common::{Failure, Lab, median, ratio, run};
use goals::{Table, seconds};

/// How many forks are measured.
const FORKS: usize = 10;
/// Cases that share all but their last step.
const CASES: usize = 8;
/// How often each way of running cases is measured.
const ROUNDS: usize = 3;
/// How often `true` is run in a fresh machine; the first time does not count.
const FRESH_MACHINES: usize = 20;

fn main() -> Result<(), Failure> {
    // cargo adds `--bench`.
    let arguments = std::env::args().skip(1);
    let wanted: Vec<String> = arguments.filter(|it| !it.starts_with('-')).collect();
    let mut table = Table::default();
    measure(&wanted, &mut table)?;
    table.end();
    Ok(())
}

fn measure(wanted: &[String], table: &mut Table) -> Result<(), Failure> {
    let all = ["forks", "entered", "cases", "peers"];
    if let Some(unknown) = wanted.iter().find(|part| !all.contains(&part.as_str())) {
        return Err(format!("'{unknown}' is none of {}", all.join(", ")).into());
    }
    let wants = |part: &str| wanted.is_empty() || wanted.iter().any(|it| it == part);
    if ["forks", "entered", "peers"].into_iter().any(wants) {
        let Some(lab) = Lab::open("fork")? else {
            return Ok(());
        };
        if wants("forks") {
            forks(&lab, table)?;
        }
        if wants("entered") {
            systems(&lab, table)?;
        }
        if wants("peers") {
            against_peers(&lab, table)?;
        }
    }
    if wants("cases") {
        cases(table)?;
        second_run(table)?;
    }
    Ok(())
}

/// One machine: how soon it runs, how soon it answers, what it holds.
fn forks(lab: &Lab, table: &mut Table) -> Result<(), Failure> {
    let (host, base) = (&lab.host, &lab.base);
    let (mut running, mut answered, mut resident) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..FORKS {
        let start = Instant::now();
        let machine = host.fork_unwoken(base, Purpose::Leaf)?;
        running.push(start.elapsed());
        drop(machine);
        let start = Instant::now();
        let mut leaf = host.fork(base, Purpose::Leaf)?;
        run(&mut leaf, "true")?;
        answered.push(start.elapsed());
        resident.extend(leaf.resident_bytes());
    }
    let (running, answered) = (median(running), median(answered));
    table.fact("cold boot to the first command", seconds(lab.cold_boot));
    table.fact("freeze, with the hash of its memory", seconds(lab.freeze));
    table.at_most("fork to `running`", running.as_secs_f64(), 0.25, "s");
    let times = ratio(lab.cold_boot, running);
    table.goal(
        "fork to `running`, of the cold boot",
        format!("1/{times:.0}"),
        "at most 1/50",
        times >= 50.0,
    );
    table.at_most(
        "fork to the first command answered",
        answered.as_secs_f64(),
        1.2,
        "s",
    );
    resident.sort_unstable();
    match resident.get(resident.len() / 2) {
        Some(&bytes) => {
            let share = bytes as f64 / (f64::from(host.shape.ram_mib) * 1024.0 * 1024.0);
            table.goal(
                "an idle fork, of its configured memory",
                format!("{share:.2} ({} MiB)", bytes >> 20),
                "at most 0.25",
                share <= 0.25,
            );
        }
        None => table.fact("an idle fork", "this host does not tell".to_owned()),
    }
    Ok(())
}

/// Forks of systems that took the place of the Debian which built them.
fn systems(lab: &Lab, table: &mut Table) -> Result<(), Failure> {
    let what = "entered small root, a fork's first command";
    beside_debian(what, &entered::small(lab)?, table);
    let what = "entered NixOS, a fork's first command";
    match entered::real()? {
        Some(answered) => beside_debian(what, &answered, table),
        None => table.fact(
            what,
            "skipped: harness/tests/nixos.rs says which checkouts it needs".to_owned(),
        ),
    }
    Ok(())
}

fn beside_debian(what: &str, answered: &entered::Answered, table: &mut Table) {
    let times = ratio(answered.entered, answered.debian);
    table.goal(
        what,
        format!("{} ({times:.2}× Debian)", seconds(answered.entered)),
        "at most 1.25×, one run",
        times <= 1.25,
    );
}

/// `true` in fresh machines, ours and those of other tools.
fn against_peers(lab: &Lab, table: &mut Table) -> Result<(), Failure> {
    let directory = tempfile::Builder::new()
        .prefix("bench-of-switchproof-peers-")
        .tempdir()?;
    let mut fastest: Option<(&str, Duration)> = None;
    for (name, peer) in peers::peers(&lab.host, directory.path()) {
        let what = format!("`true` in a fresh machine, {name}");
        let times = peer.and_then(|peer| repeat(|| peer.run()));
        match times {
            Ok(time) => {
                table.fact(&what, seconds(time));
                if fastest.is_none_or(|(_, other)| time < other) {
                    fastest = Some((name, time));
                }
            }
            Err(error) => table.fact(&what, format!("skipped: {error}")),
        }
    }
    let ours = repeat(|| {
        let start = Instant::now();
        let mut leaf = lab.host.fork(&lab.base, Purpose::Leaf)?;
        run(&mut leaf, "true")?;
        drop(leaf);
        Ok(start.elapsed())
    })?;
    table.fact("`true` in a fresh machine, switchproof", seconds(ours));
    match fastest {
        Some((name, other)) => {
            let times = ratio(other, ours);
            table.goal(
                &format!("the same, against {name}"),
                format!("{times:.1}× faster"),
                "at least 10×",
                times >= 10.0,
            );
        }
        None => table.fact("the same, against others", "none could run".to_owned()),
    }
    Ok(())
}

/// The median of what `once` takes, the first time left out.
fn repeat(mut once: impl FnMut() -> Result<Duration, Failure>) -> Result<Duration, Failure> {
    let mut times = Vec::new();
    for _ in 0..FRESH_MACHINES {
        times.push(once()?);
    }
    Ok(median(times.into_iter().skip(1)))
}

/// Cases that share all but their last step, against one of them.
fn cases(table: &mut Table) -> Result<(), Failure> {
    let host = HostContext::open(Limits::default())?;
    // The base layer is there before the clock starts.
    run_cases(&host, &scenario(1, "warm"))?;
    let (mut one, mut many) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let salt = format!("{}-{round}", std::process::id());
        one.push(run_cases(&host, &scenario(1, &format!("one-{salt}")))?);
        many.push(run_cases(&host, &scenario(CASES, &format!("many-{salt}")))?);
    }
    let (one, many) = (median(one), median(many));
    table.fact("one case of two steps", seconds(one));
    let times = ratio(many, one);
    table.goal(
        &format!("{CASES} cases that share all but the last step"),
        format!("{} ({times:.2}× one)", seconds(many)),
        "at most 2.2×, two cores",
        times <= 2.2,
    );
    Ok(())
}

/// A second run of unchanged cases, as a person starts it: all bundled ones when they are known to pass, else some that
/// are made here.
fn second_run(table: &mut Table) -> Result<(), Failure> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let bundled = load(&[root.join("scenarios")]).map_err(|_| "the scenarios have mistakes")?;
    let count = bundled.len();
    let all_cached = {
        let host = HostContext::open(Limits::default())?;
        let plan = host.plan(bundled);
        let all: BTreeSet<usize> = (0..plan.cases.len()).collect();
        let known = host.foresee(&plan, &all);
        known.iter().all(|&known| known == Knowledge::Cached)
    };
    let made = tempfile::tempdir()?;
    let (what, folder) = if all_cached {
        (
            format!("unchanged run of all {count} bundled cases"),
            root.join("scenarios"),
        )
    } else {
        table.fact(
            "unchanged run of the bundled cases",
            "skipped: not all of them have passed; `switchproof run` first".to_owned(),
        );
        let folder = made.path().join("scenarios");
        std::fs::create_dir(&folder)?;
        let salt = format!("again-{}", std::process::id());
        std::fs::write(folder.join("bench.yaml"), scenario(CASES, &salt))?;
        switchproof(&folder)?;
        (
            format!("unchanged run of {CASES} cases of this benchmark"),
            folder,
        )
    };
    let times = (0..ROUNDS)
        .map(|_| switchproof(&folder))
        .collect::<Result<Vec<_>, _>>()?;
    table.at_most(&what, median(times).as_secs_f64(), 0.5, "s");
    Ok(())
}

/// Runs the tool on a folder of scenarios; all of it must pass.
fn switchproof(folder: &Path) -> Result<Duration, Failure> {
    let start = Instant::now();
    Command::new(env!("CARGO_BIN_EXE_switchproof"))
        .arg("run")
        .arg(folder)
        .run(Duration::from_secs(900))?;
    Ok(start.elapsed())
}

/// A scenario of `cases` cases that switch a home and then each run a command of their own.
fn scenario(cases: usize, salt: &str) -> String {
    let last: Vec<String> = (0..cases).map(|case| format!("\"{case}\"")).collect();
    format!(
        "name: bench\n\
         matrix:\n  last: [{}]\n\
         setup:\n  home:\n    stateVersion: \"24.05\"\n    packages: [hello]\n    files:\n      .salt: {salt}\n\
         steps:\n  - switch:\n    snapshot: false\n  \
         - run: {{ command: 'echo ${{{{ matrix.last }}}}', user: alice }}\n    snapshot: false\n",
        last.join(", ")
    )
}

/// Runs all cases of a scenario; the time without loading it.
fn run_cases(host: &HostContext, text: &str) -> Result<Duration, Failure> {
    let (cases, found) = load_text(Path::new("bench.yaml"), text, &LoadOptions::default());
    if let Some(mistake) = found.first() {
        return Err(format!("line {}: {}", mistake.line, mistake.message).into());
    }
    let start = Instant::now();
    pass(host, cases, false, Vec::<Box<dyn Sink>>::new())?;
    Ok(start.elapsed())
}
