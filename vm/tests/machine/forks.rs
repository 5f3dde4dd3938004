//! Freezing and forking.

use std::fs::{self, File};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use switchproof_vm::layer::{Layer, LayerError, LayerKey, Lookup};
use switchproof_vm::machine::{Host, MachineError, Purpose};

use crate::lab::{Lab, cache, children, lab, sh};

fn mark(lab: &Lab, base: &Layer, step: &str) -> Layer {
    mark_with(&lab.host, base, step)
}

fn mark_with(host: &Host, base: &Layer, step: &str) -> Layer {
    let mut machine = host.fork(base, Purpose::Layer).expect("a fork");
    sh(&mut machine, &format!("echo {step} > /root/mark"));
    let key = base.key().child(step.as_bytes());
    machine.freeze(&key, json!(step)).expect("a layer")
}

fn layer_dir(key: &LayerKey) -> PathBuf {
    cache().join("layers").join(key.as_str())
}

#[test]
#[ignore = "boots machines; needs the guest image"]
fn forks_share_the_past_but_not_their_random_numbers() {
    let lab = lab();
    let base = lab.base();
    let start = Instant::now();
    let layer = mark(&lab, &base, "one");
    eprintln!("a child layer in {:.2} s", start.elapsed().as_secs_f64());
    let below = mark(&lab, &layer, "two");
    let mut seen = Vec::new();
    for (layer, step) in [(&layer, "one"), (&layer, "one"), (&below, "two")] {
        let start = Instant::now();
        let mut leaf = lab.host.fork(layer, Purpose::Leaf).expect("a fork");
        let look = "cat /root/mark /proc/sys/kernel/random/uuid; date +%s.%N";
        let answer = sh(&mut leaf, look);
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .expect("a time");
        let took_s = start.elapsed().as_secs_f64();
        eprintln!("first answer {took_s:.2} s after the fork began");
        let lines: Vec<String> = answer.lines().map(str::to_owned).collect();
        assert_eq!(lines[0], step);
        let off = lines[2].parse::<f64>().expect("a time") - now.as_secs_f64();
        assert!(off.abs() < 1.0, "the guest's clock is {off} s off");
        assert!(!seen.contains(&lines[1]), "{seen:?}");
        seen.push(lines[1].clone());
        let frozen = leaf.freeze(&layer.key().child(b"x"), json!(null));
        assert!(matches!(frozen, Err(MachineError::LeafCannotFreeze)));
    }
    for layer in [below, layer] {
        let key = layer.key().clone();
        let used = lab.host.store.remove(&key);
        let error = used.expect_err("in use");
        let is_used = matches!(
            error,
            LayerError::InUse { .. } | LayerError::HasChildren { .. }
        );
        assert!(is_used && lab.is_whole(&key), "{error}");
        drop(layer);
        lab.host.store.remove(&key).expect("removed");
    }
}

#[test]
#[ignore = "boots machines; needs the guest image"]
fn a_fork_keeps_its_layer_alive() {
    let lab = lab();
    let layer = mark(&lab, &lab.base(), "kept");
    let key = layer.key().clone();
    let mut leaf = lab.host.fork(&layer, Purpose::Leaf).expect("a fork");
    drop(layer);
    let done = lab.host.store.collect(0).expect("collected");
    assert!(done.in_use.contains(&key), "{done:?}");
    assert_eq!(sh(&mut leaf, "cat /root/mark"), "kept");
    drop(leaf);
    lab.host.store.remove(&key).expect("removed");
}

#[test]
#[ignore = "boots machines; needs the guest image"]
fn damage_is_refused_and_removed() {
    let lab = lab();
    let base = lab.base();
    let damages = [
        ("cut", "ram"),
        ("flip", "state"),
        ("flip", "disk.qcow2"),
        ("flip", "ram"),
    ];
    for (name, file) in damages {
        let layer = mark(&lab, &base, "damaged");
        let key = layer.key().clone();
        damage(&layer_dir(&key).join(file), name);
        // Both the one who holds it and the one who looks for it find out.
        let error = lab.host.fork(&layer, Purpose::Leaf).expect_err("a refusal");
        eprintln!("{name} {file}: {error}");
        assert!(
            matches!(error, MachineError::Layer(LayerError::Damaged { .. })),
            "{error}"
        );
        drop(layer);
        assert!(lab.is_absent(&key));
    }
    let layer = mark(&lab, &base, "damaged");
    damage(&layer_dir(layer.key()).join("ram"), "cut");
    let found = lab.host.find(layer.key()).expect("looked up");
    assert!(matches!(found, Lookup::Removed { .. }), "{found:?}");
}

fn damage(path: &Path, how: &str) {
    let file = File::options().read(true).write(true).open(path);
    let file = file.expect("opened");
    if how == "cut" {
        let bytes = file.metadata().expect("metadata").len();
        return file.set_len(bytes / 2).expect("cut");
    }
    let mut byte = [0];
    file.read_exact_at(&mut byte, 5000).expect("read");
    file.write_all_at(&[byte[0] ^ 1], 5000).expect("written");
}

#[test]
#[ignore = "boots machines; needs the guest image"]
fn qemu_killed_at_any_time_leaves_a_whole_layer_or_none() {
    let lab = lab();
    let base = lab.base();
    let key = base.key().child(b"killed");
    let mut failures = 0;
    for delay_ms in (40..=440).step_by(40) {
        let before = children();
        let killer = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(delay_ms));
            for pid in children().into_iter().filter(|pid| !before.contains(pid)) {
                let _ = kill_process(Pid::from_raw(pid).expect("a process"), Signal::KILL);
            }
        });
        let forked = lab.host.fork(&base, Purpose::Layer);
        let frozen = forked.and_then(|machine| machine.freeze(&key, json!(null)));
        killer.join().expect("joined");
        match frozen {
            Err(error) => {
                failures += 1;
                let text = error.to_string();
                eprintln!("{delay_ms} ms: {}", text.lines().next().unwrap_or_default());
                assert!(lab.is_absent(&key));
            }
            Ok(layer) => {
                drop(layer);
                assert!(lab.is_whole(&key));
                lab.host.store.remove(&key).expect("removed");
            }
        }
    }
    assert!(failures > 0);
    let found = lab.host.find(base.key()).expect("looked up");
    assert!(found.layer().is_some(), "the base is whole");
    assert_eq!(leftovers(), 0);
}

/// As when a host's kernel or processor has changed: QEMU begins, takes the state, and crashes.
#[test]
#[ignore = "boots machines; SWITCHPROOF_TEST_IMAGE names the directory of a guest image"]
fn a_state_that_qemu_dies_of_is_removed() {
    let mut lab = lab();
    let base = lab.base();
    let healthy = lab.host.clone();
    let folder = tempfile::tempdir().expect("a directory");
    lab.host.qemu.path = folder.path().join("qemu");
    for (signal, is_blamed) in [("ABRT", true), ("SEGV", true), ("KILL", false)] {
        let layer = mark_with(&healthy, &base, signal);
        // Its sockets are removed once it has connected to all, and then the state comes.
        let script = format!(
            "#!/bin/sh\nsocket=$(echo \"$*\" | sed 's/.*id=qmp,path=\\([^ ]*\\).*/\\1/')\n\
             (while [ -e \"$socket\" ]; do sleep 0.005; done; kill -{signal} $$) &\nexec {} \"$@\"\n",
            healthy.qemu.path.display()
        );
        fs::write(&lab.host.qemu.path, script).expect("written");
        let executable = fs::Permissions::from_mode(0o755);
        fs::set_permissions(&lab.host.qemu.path, executable).expect("set");
        let forked = lab.host.fork(&layer, Purpose::Leaf).map(drop);
        let error = forked.expect_err("a crash");
        eprintln!("{signal}: {error}");
        let is_damaged = matches!(error, MachineError::Layer(LayerError::Damaged { .. }));
        assert_eq!(is_damaged, is_blamed, "{error}");
        let key = layer.key().clone();
        drop(layer);
        let is_gone = lab.is_absent(&key);
        assert_eq!(is_gone, is_blamed);
        if !is_gone {
            lab.host.store.remove(&key).expect("removed");
        }
    }
}

fn leftovers() -> usize {
    let entries = fs::read_dir(cache().join("layers")).expect("listed");
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    let names = names.filter(|name| name.to_string_lossy().starts_with(".tmp-"));
    names.count()
}

#[test]
#[ignore = "boots machines; needs the guest image"]
fn many_forks_leave_nothing_behind() {
    let lab = lab();
    let count = std::env::var("SWITCHPROOF_TEST_FORKS")
        .map_or(200, |count| count.parse().expect("a number"));
    let base = lab.base();
    let files = || fs::read_dir("/proc/self/fd").expect("listed").count();
    let threads = || fs::read_dir("/proc/self/task").expect("listed").count();
    drop(lab.leaf());
    let before = (files(), children().len(), leftovers());
    let start = Instant::now();
    for _ in 0..count {
        let mut leaf = lab.host.fork(&base, Purpose::Leaf).expect("a fork");
        assert_eq!(sh(&mut leaf, "echo here"), "here");
    }
    eprintln!(
        "{count} forks, each with a command: {:.1} s; {} threads",
        start.elapsed().as_secs_f64(),
        threads()
    );
    // The last machine's console thread closes its stream a moment after the machine is gone.
    let settled = Instant::now() + Duration::from_secs(10);
    while (files(), children().len(), leftovers()) != before && Instant::now() < settled {
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!((files(), children().len(), leftovers()), before);
}

#[test]
#[ignore = "boots machines; needs the guest image"]
fn a_root_file_system_fills_the_disk_it_is_given() {
    let mut lab = lab();
    lab.host.shape.disk_mib = Some(16 * 1024);
    let mut leaf = lab.leaf();
    let blocks = sh(&mut leaf, "stat --file-system --format='%b %S' /");
    let (blocks, size) = blocks.split_once(' ').expect("two numbers");
    let bytes = blocks.parse::<u64>().expect("blocks") * size.parse::<u64>().expect("a size");
    assert!(bytes >> 30 >= 15, "{bytes}");
    // More than the image has, each part in a minute of its own: an emulated machine writes slowly.
    for part in 0..5 {
        sh(
            &mut leaf,
            &format!("head -c 1G /dev/zero > /root/more-{part} && sync"),
        );
    }
}
