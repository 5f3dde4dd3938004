//! What a machine costs beside its fork: `cargo bench --bench machine`. Forks, and what they save, are measured by
//! `cargo bench --bench fork`.
//!
//! Needs the guest image (`switchproof image build`), or a directory with one in `$SWITCHPROOF_TEST_IMAGE`. Times depend
//! on the host; the ratios to the cold boot, taken in the same run, do so much less.

mod common;

use std::collections::BTreeSet;
use std::io::{self, Read};
use std::time::{Duration, Instant};

use serde_json::json;
use switchproof::machine::GuestScript;
use switchproof::model::Guest;
use switchproof::observe::{StepOutput, observe};
use switchproof::run::{Hypervisor, Qemu};
use switchproof_vm::cache_dir::CacheDir;
use switchproof_vm::guest::GuestCommand;
use switchproof_vm::layer::Layer;
use switchproof_vm::machine::{Host, Purpose};

use common::{BOOT, Failure, Lab, median, ratio, run};

/// How many round trips are measured.
const ROUND_TRIPS: usize = 50;

/// How often a home is captured.
const CAPTURES: usize = 4;

fn main() -> Result<(), Failure> {
    let Some(lab) = Lab::open("machine")? else {
        return Ok(());
    };
    let table = Table {
        cold_boot: lab.cold_boot,
    };
    table.row("cold boot to the first command", lab.cold_boot);
    table.row("freeze, with the hash of its memory", lab.freeze);
    let (host, base) = (&lab.host, &lab.base);
    let mut growing = Vec::new();
    for round in 0..3u8 {
        let start = Instant::now();
        let machine = host.fork(base, Purpose::Layer)?;
        let forked = start.elapsed();
        let start = Instant::now();
        drop(machine.freeze(&base.key().child(&[round]), json!("bench"))?);
        growing.push((forked, start.elapsed()));
    }
    table.row(
        "fork that can be frozen, awake",
        median(growing.iter().map(|pair| pair.0)),
    );
    table.row(
        "freeze of such a fork",
        median(growing.iter().map(|pair| pair.1)),
    );
    streams(host, base, &table)?;
    capture()
}

/// Round trips and bulk data in one leaf.
fn streams(host: &Host, base: &Layer, table: &Table) -> Result<(), Failure> {
    let mut leaf = host.fork(base, Purpose::Leaf)?;
    let mut trips = Vec::new();
    for _ in 0..ROUND_TRIPS {
        let start = Instant::now();
        run(&mut leaf, "true")?;
        trips.push(start.elapsed());
    }
    table.row("round trip of a root command", median(trips));
    run(
        &mut leaf,
        "mkdir /srv/many; cd /srv/many; for i in $(seq 10000); do echo $i > file-$i; done",
    )?;
    // Once before, so that what is measured is not the guest's disk.
    for label in [None, Some("tar of 10,000 files over the bulk port")] {
        let start = Instant::now();
        let mut bytes = 0;
        let tar = GuestCommand::shell("tar -C /srv -c many")
            .deadline(BOOT)
            .output_limit_bytes(u64::MAX);
        let exit = leaf.pull(&tar, &mut |reader: &mut dyn Read| {
            bytes = io::copy(reader, &mut io::sink())?;
            Ok(())
        })?;
        if let Some(label) = label.filter(|_| exit.success()) {
            table.row(
                &format!("{label} ({} MiB)", bytes / 1048576),
                start.elapsed(),
            );
        }
    }
    Ok(())
}

/// A home of 10,000 files, looked at as after a step, against `tar` alone into the same port; and what that costs the
/// harness. On a machine of the user's cache, for observing is the product's and not the machine's.
fn capture() -> Result<(), Failure> {
    let qemu = Qemu::open(&CacheDir::from_environment()?)?;
    let guest = Guest::default();
    qemu.ensure_base(&guest, &mut |what| eprintln!("{what}"))
        .map_err(|error| error.message)?;
    let forked = qemu.fork(
        &qemu.base_key(&guest),
        &guest,
        switchproof::run::Purpose::Leaf,
    );
    let mut forked = forked.map_err(|error| error.message)?;
    let machine = forked.as_machine();
    let made = "useradd --create-home alice && cd /home/alice && \
                for i in $(seq 10000); do echo $i > file-$i; done && chown -R alice: .";
    let made = machine.exec(&GuestScript::root(made, BOOT), &mut |_, _| {});
    made.map_err(|error| error.message)?;
    let users = ["alice".to_owned()];
    let (mut tars, mut looks) = (Vec::new(), Vec::new());
    let (began, cpu) = (Instant::now(), own_cpu());
    for _ in 0..CAPTURES {
        let start = Instant::now();
        let tar = GuestScript::root("tar -C /home -c alice", BOOT);
        machine
            .pull(&tar, &mut |reader| {
                io::copy(reader, &mut io::sink()).map(drop)
            })
            .map_err(|error| error.message)?;
        tars.push(start.elapsed());
        let start = Instant::now();
        let none = BTreeSet::new();
        observe(machine, &users, &none, &[], StepOutput::default())?;
        looks.push(start.elapsed());
    }
    let busy = (own_cpu() - cpu).as_secs_f64() / began.elapsed().as_secs_f64();
    // The first look begins the user's first session, which starts a service manager.
    let (tar, look) = (
        median(tars.into_iter().skip(1)),
        median(looks.into_iter().skip(1)),
    );
    println!(
        "{:<50} {:>9.3} s  {:.2} times what tar alone takes",
        "all that is seen of a home of 10,000 files",
        look.as_secs_f64(),
        ratio(look, tar)
    );
    println!(
        "{:<50} {:>9.1} %  of the time it took",
        "processor time of the harness meanwhile",
        100.0 * busy
    );
    if let Some(peak) = peak_mib() {
        println!("{:<50} {peak:>7} MiB", "most memory the harness ever held");
    }
    Ok(())
}

/// Processor time of this process so far, without its children's.
fn own_cpu() -> Duration {
    let usage = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(
        usage.tv_sec.unsigned_abs(),
        u32::try_from(usage.tv_nsec).unwrap_or(0),
    )
}

/// Most memory this process ever held; `None` where the system does not say.
fn peak_mib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? / 1024)
}

/// Prints rows, each with its ratio to the cold boot.
struct Table {
    cold_boot: Duration,
}

impl Table {
    fn row(&self, what: &str, time: Duration) {
        println!(
            "{what:<50} {:>9.3} s  {:>6.0}× faster than the cold boot",
            time.as_secs_f64(),
            ratio(self.cold_boot, time)
        );
    }
}
