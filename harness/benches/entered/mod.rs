//! How soon a fork of a system that was entered answers, beside a fork of the Debian that it was entered from.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::json;
use switchproof::flake::Channels;
use switchproof::host_context::{HostContext, Limits};
use switchproof::language::{LoadOptions, load_text};
use switchproof::report::Sink;
use switchproof::run::Hypervisor;
use switchproof_vm::layer::LayerKey;
use switchproof_vm::machine::{Machine, Purpose};

use crate::cases::pass;
use crate::common::{BOOT, Failure, Lab, median, run};

/// How many forks of each are measured, one after the other.
const FORKS: usize = 10;

/// From the beginning of a fork to its first command answered.
pub struct Answered {
    pub debian: Duration,
    pub entered: Duration,
}

/// Of the smallest system that can be entered: what the road itself costs.
pub fn small(lab: &Lab) -> Result<Answered, Failure> {
    let mut machine = lab.host.fork(&lab.base, Purpose::Layer)?;
    run(
        &mut machine,
        include_str!("../../../vm/tests/machine/small_system.sh"),
    )?;
    machine.reboot(BOOT)?;
    run(&mut machine, "test -e /run/switchproof/debian/usr/bin/apt")?;
    let entered = machine.freeze(&LayerKey::root(&[b"entered"]), json!("bench"))?;
    answered(
        || Ok(lab.host.fork(&lab.base, Purpose::Leaf)?),
        || Ok(lab.host.fork(&entered, Purpose::Leaf)?),
    )
}

const HOST: &str = "name: bench
setup: { install: nixos-module, home: { stateVersion: \"24.05\" } }
laws: none
steps:
  - switch:
    snapshot: false
    deadline: 1h
";

/// Of a NixOS of nixpkgs' own modules, where the environment names checkouts as `harness/tests/nixos.rs` says.
pub fn real() -> Result<Option<Answered>, Failure> {
    let options = LoadOptions {
        channels: Channels::from_environment(None),
        ..LoadOptions::default()
    };
    let (cases, found) = load_text(Path::new("bench.yaml"), HOST, &options);
    if let Some(mistake) = found.first() {
        return Err(mistake.message.clone().into());
    }
    if cases.iter().all(|case| case.booted_host().is_none()) {
        return Ok(None);
    }
    let host = HostContext::open(Limits::default())?;
    pass(&host, cases.clone(), false, Vec::<Box<dyn Sink>>::new())?;
    let plan = host.plan(cases);
    let first_system = &plan[plan.paths[0][0]].key;
    let guest = &plan.cases[0].guest;
    let machines = &host.hypervisor;
    machines.ensure_base(guest, &mut |_| {}).map_err(told)?;
    let fork = |key| machines.forked(key, guest, Purpose::Leaf).map_err(told);
    let debian = machines.base_key(guest);
    answered(|| fork(&debian), || fork(first_system)).map(Some)
}

fn told(error: switchproof::machine::MachineError) -> Failure {
    error.message.into()
}

fn answered(
    debian: impl Fn() -> Result<Machine, Failure>,
    entered: impl Fn() -> Result<Machine, Failure>,
) -> Result<Answered, Failure> {
    let (mut of_debian, mut of_entered) = (Vec::new(), Vec::new());
    for _ in 0..FORKS {
        of_debian.push(first_command(&debian)?);
        of_entered.push(first_command(&entered)?);
    }
    Ok(Answered {
        debian: median(of_debian),
        entered: median(of_entered),
    })
}

fn first_command(fork: impl Fn() -> Result<Machine, Failure>) -> Result<Duration, Failure> {
    let start = Instant::now();
    run(&mut fork()?, "true")?;
    Ok(start.elapsed())
}
