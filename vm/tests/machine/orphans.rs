//! The harness killed with SIGKILL at any time. The part that is killed is this test program itself, started once
//! more for one "test" that never ends.

use std::time::{Duration, Instant};

use serde_json::json;
use switchproof_vm::cache_dir::CacheDir;
use switchproof_vm::layer::{LayerStore, Lookup};
use switchproof_vm::machine::Purpose;
use switchproof_vm::process::Command;

use crate::lab::{cache, lab, qemus};

/// Set in the program that will be killed.
const VICTIM: &str = "SWITCHPROOF_TEST_VICTIM";

#[test]
#[ignore = "boots machines; needs the guest image"]
fn victim() {
    if std::env::var_os(VICTIM).is_none() {
        return;
    }
    let lab = lab();
    let base = lab.base();
    let key = base.key().child(b"victim");
    loop {
        let machine = lab.host.fork(&base, Purpose::Layer).expect("a fork");
        drop(machine.freeze(&key, json!(null)).expect("a layer"));
        lab.host.store.remove(&key).expect("removed");
    }
}

#[test]
#[ignore = "boots machines; needs the guest image"]
fn a_killed_harness_leaves_no_machine_and_no_half_layer() {
    let lab = lab();
    let base = lab.base();
    let before = qemus();
    for delay_ms in [300, 450, 600, 750, 900, 1300] {
        let mut victim = Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", "orphans::victim", "--nocapture", "--ignored"])
            .env(VICTIM, "1")
            .spawn()
            .expect("started");
        std::thread::sleep(Duration::from_millis(delay_ms));
        let ended = victim.try_wait().expect("asked");
        assert!(ended.is_none(), "{}", victim.tail());
        let running = qemus().len() - before.len();
        // The process group holds the harness alone: each QEMU has one of its own.
        victim.kill();
        let end = Instant::now() + Duration::from_secs(5);
        while qemus() != before {
            assert!(Instant::now() < end, "a QEMU lives on");
            std::thread::sleep(Duration::from_millis(10));
        }
        // The next harness finds layers whole or not at all, and clears away what was unfinished. A child that was
        // killed between fork and exec may hold its parent's lock for a moment longer.
        let mut store = LayerStore::open(&CacheDir::at(cache())).expect("a store");
        while half_made() > 0 {
            assert!(Instant::now() < end, "something unfinished is kept");
            std::thread::sleep(Duration::from_millis(50));
            store = LayerStore::open(&CacheDir::at(cache())).expect("a store");
        }
        let key = base.key().child(b"victim");
        match store.verify(&key).expect("verified") {
            Lookup::Absent => eprintln!("{delay_ms} ms: {running} QEMU, no layer"),
            Lookup::Whole(layer) => {
                eprintln!("{delay_ms} ms: {running} QEMU, a whole layer");
                drop(layer);
                store.remove(&key).expect("removed");
            }
            Lookup::Removed { what } => panic!("a damaged layer: {what}"),
        }
    }
    assert!(lab.is_whole(base.key()));
}

/// How many directories in the store are no layers.
fn half_made() -> usize {
    let entries = std::fs::read_dir(cache().join("layers")).expect("listed");
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    names
        .filter(|name| name.to_string_lossy().starts_with(".tmp-"))
        .count()
}
