//! What a switch costs on a forked machine: `cargo bench --bench switch`.
//!
//! Needs the guest image (`switchproof image build`) and a quiet host. For each bundled setup, in a fork of a prepared
//! machine: the time to evaluate and build it, and to switch to it; each the median of three machines. Where
//! `SWITCHPROOF_HOME_MANAGER` names a checkout of Home Manager, the first of them is also switched to on that.

mod cases;

use std::path::Path;
use std::time::Duration;

use cases::pass;
use switchproof::flake::Channels;
use switchproof::host_context::{HostContext, Limits};
use switchproof::language::{load, render_text};
use switchproof::model::{Action, Case};
use switchproof::report::{Event, Sink};

/// The bundled scenarios, and what evaluating and building each may take at most under emulation, in seconds.
const SETUPS: [(&str, f64); 2] = [("first-switch", 8.0), ("article-nixos-module", 15.0)];
const ROUNDS: usize = 3;
/// How many times the pocket's switch one on a checkout may take at most.
const CHECKOUT: f64 = 2.0;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let limits = Limits {
        jobs: Some(1),
        ..Limits::default()
    };
    let host = HostContext::open(limits)?;
    for (scenario, goal_s) in SETUPS {
        let case = first_step_of(scenario)?;
        let mut building = case.clone();
        for step in &mut building.steps {
            if let Action::Switch(switch) = &step.action {
                step.action = Action::Build(switch.clone());
            }
        }
        // Whatever the machines are forked from is there before the clock starts.
        median(&host, &building, 1)?;
        let build = median(&host, &building, ROUNDS)?;
        let verdict = if build <= goal_s { "kept" } else { "MISSED" };
        println!(
            "{scenario:<22} evaluate and build  {build:>6.1} s  (goal {goal_s:.0} s: {verdict})"
        );
        let switch = median(&host, &case, ROUNDS)?;
        println!(
            "{scenario:<22} switch              {switch:>6.1} s  ({:.2} times building)",
            switch / build
        );
    }
    on_checkout(&host)
}

/// The first setup on a checkout of Home Manager beside the same on the pocket, in turn.
fn on_checkout(host: &HostContext) -> Result<(), Failure> {
    let (scenario, _) = SETUPS[0];
    let Some(checkout) = Channels::from_environment(None).pocket else {
        println!("on a checkout: skipped, as SWITCHPROOF_HOME_MANAGER names none");
        return Ok(());
    };
    let pocket = first_step_of(scenario)?;
    let mut real = pocket.clone();
    real.guest.channels = vec![checkout.overlay()?];
    last_step(host, &real)?;
    let (real, pocket) = (median(host, &real, ROUNDS)?, median(host, &pocket, ROUNDS)?);
    let ratio = real / pocket;
    let verdict = if ratio <= CHECKOUT { "kept" } else { "MISSED" };
    println!(
        "{scenario:<22} on {:<16} {real:>6.1} s  ({ratio:.2} times the pocket's; goal {CHECKOUT}: {verdict})",
        checkout.release()?
    );
    Ok(())
}

/// The case of a bundled scenario, cut off after its first switch and with nothing to look at.
fn first_step_of(scenario: &str) -> Result<Case, Failure> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("scenarios/{scenario}.yaml"));
    let mut cases = load(&[file]).map_err(|found| render_text(&found))?;
    let mut case = cases.swap_remove(0);
    let switch = case
        .steps
        .iter()
        .position(|step| matches!(step.action, Action::Switch(_)))
        .ok_or("the scenario has no switch")?;
    case.steps.truncate(switch + 1);
    for step in &mut case.steps {
        step.snapshot = false;
        step.expect.clear();
    }
    Ok(case)
}

/// The median time of the case's last step over so many machines, in seconds.
fn median(host: &HostContext, case: &Case, rounds: usize) -> Result<f64, Failure> {
    let mut times = Vec::new();
    for _ in 0..rounds {
        times.push(last_step(host, case)?.as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    Ok(times[times.len() / 2])
}

fn last_step(host: &HostContext, case: &Case) -> Result<Duration, Failure> {
    let watch = pass(host, vec![case.clone()], true, Stopwatch::default())?;
    watch.last.ok_or_else(|| "no step ran".into())
}

/// Keeps how long the step took that ended last.
#[derive(Default)]
struct Stopwatch {
    last: Option<Duration>,
}

impl Sink for Stopwatch {
    fn event(&mut self, event: &Event) {
        if let Event::StepFinished { elapsed, .. } = event {
            self.last = Some(*elapsed);
        }
    }
}
