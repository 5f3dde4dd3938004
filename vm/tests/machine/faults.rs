//! What can go wrong while a guest works.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use switchproof_vm::guest::GuestCommand;
use switchproof_vm::machine::{BaseProgress, Machine, MachineError, Purpose};

use crate::lab::{BOOT, lab, lab_at, run, sh};

fn fails(machine: &mut Machine, command: &GuestCommand) -> MachineError {
    let start = Instant::now();
    let done = machine.exec(command, &mut |_, _| {});
    let error = done.expect_err("a failure");
    eprintln!("after {:.1} s: {error}", start.elapsed().as_secs_f64());
    error
}

/// It took too long, and all of it was killed.
fn was_killed(error: &MachineError) {
    let killed = matches!(error, MachineError::Deadline { killed: true, .. });
    assert!(killed, "{error}");
}

/// Prints without an end.
fn endless(deadline_s: u64) -> GuestCommand {
    GuestCommand::shell("yes").deadline(Duration::from_secs(deadline_s))
}

#[test]
#[ignore = "boots machines; needs the guest image"]
fn a_command_that_hangs_is_killed_with_all_its_children() {
    let lab = lab();
    let mut machine = lab.leaf();
    let script = "trap '' TERM INT; setsid sleep 1234 & (sleep 1234 &) ; sleep 1234";
    for command in [
        GuestCommand::shell(script),
        GuestCommand::shell(script).login("alice"),
    ] {
        let command = command.deadline(Duration::from_secs(6));
        was_killed(&fails(&mut machine, &command));
        assert_eq!(sh(&mut machine, "pgrep -ax sleep || true"), "");
    }
    let nested = GuestCommand::shell("su --login alice --command 'sleep 1234 & sleep 1234'")
        .deadline(Duration::from_secs(6));
    was_killed(&fails(&mut machine, &nested));
    assert_eq!(sh(&mut machine, "pgrep -ax sleep || true"), "");
    let unlimited = endless(3).output_limit_bytes(u64::MAX);
    let pulled = machine.pull(&unlimited, &mut |reader| {
        std::io::copy(reader, &mut std::io::sink()).map(drop)
    });
    was_killed(&pulled.expect_err("a deadline"));
    assert_eq!(sh(&mut machine, "echo alive"), "alive");
    // A consumer slower than the guest always has something to read.
    let start = Instant::now();
    let pulled = machine.pull(&unlimited, &mut |reader| {
        let mut buffer = [0; 4096];
        while reader.read(&mut buffer)? > 0 {
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    });
    was_killed(&pulled.expect_err("a deadline"));
    assert!(start.elapsed() < Duration::from_secs(30));
    assert_eq!(sh(&mut machine, "echo alive"), "alive");
}

#[test]
#[ignore = "boots machines; needs the guest image"]
fn a_guest_that_goes_away_in_mid_step_says_so() {
    let lab = lab();
    for (script, how) in [
        ("systemctl poweroff; sleep 100", "powered off"),
        ("systemctl reboot; sleep 100", "rebooted"),
    ] {
        let mut machine = lab.leaf();
        let command = GuestCommand::shell(script).deadline(Duration::from_secs(120));
        let error = fails(&mut machine, &command);
        assert!(
            matches!(&error, MachineError::GuestPoweredOff { how: seen, .. } if *seen == how),
            "{error}"
        );
        fails(&mut machine, &GuestCommand::shell("true"));
    }
    let mut machine = lab.leaf();
    let login = GuestCommand::shell("sudo -n poweroff; sleep 100")
        .login("alice")
        .deadline(Duration::from_secs(5));
    was_killed(&fails(&mut machine, &login));
}

#[test]
#[ignore = "boots machines; needs the guest image"]
fn a_guest_that_panics_as_it_boots_is_booted_once_more() {
    const PANICS: &str = "rdinit=/nowhere";
    let place = tempfile::tempdir().expect("a directory");
    let mut lab = lab_at(place.path());
    let program = place.path().join("qemu");
    let was_booted = place.path().join("was-booted");
    let qemu = lab.host.qemu.path.display();
    let script = format!(
        "#!/bin/bash\nif mkdir {} 2>/dev/null; then set -- \"${{@/#root=/{PANICS} root=}}\"; fi\nexec {qemu} \"$@\"\n",
        was_booted.display()
    );
    fs::write(&program, script).expect("written");
    fs::set_permissions(&program, Permissions::from_mode(0o755)).expect("executable");
    lab.host.qemu.path = program;
    let mut told = Vec::new();
    let base = lab.host.base_layer(BOOT, &mut |what| told.push(what));
    assert!(base.is_ok(), "{base:?}, {told:?}");
    assert_eq!(told[0], BaseProgress::Booting);
    let again = |what: &BaseProgress| matches!(what, BaseProgress::BootingAgain(said) if said.contains("VFS"));
    assert!(told.len() == 2 && again(&told[1]), "{told:?}");
}

#[test]
#[ignore = "boots machines; needs the guest image"]
fn a_panic_is_told_from_a_death_and_from_silence() {
    let lab = lab();
    let mut machine = lab.leaf();
    let panic = GuestCommand::shell(
        "echo 1 > /proc/sys/kernel/sysrq; echo c > /proc/sysrq-trigger; sleep 100",
    );
    let error = fails(&mut machine, &panic);
    assert!(
        matches!(&error, MachineError::GuestPanicked { said, .. } if said.contains("sysrq")),
        "{error}"
    );
    let console = machine.console_tail(50);
    assert!(console.contains("sysrq"), "{console}");

    // Nor can it be frozen, whether or not anybody has noticed the panic.
    let base = lab.base();
    for is_noticed in [true, false] {
        let mut machine = lab.host.fork(&base, Purpose::Layer).expect("a fork");
        if is_noticed {
            fails(&mut machine, &panic);
        } else {
            let soon = "echo 1 > /proc/sys/kernel/sysrq; (sleep 1; echo c > /proc/sysrq-trigger) > /dev/null 2>&1 &";
            sh(&mut machine, soon);
            std::thread::sleep(Duration::from_secs(10));
        }
        let key = base.key().child(b"panicked");
        let frozen = machine.freeze(&key, serde_json::Value::Null);
        eprintln!("{}", frozen.expect_err("no layer"));
        assert!(lab.host.store.find(&key).expect("read").is_none());
    }

    let mut machine = lab.leaf();
    let pid = Pid::from_raw(machine.pid() as i32).expect("a process");
    let killer = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(500));
        kill_process(pid, Signal::KILL).expect("killed");
    });
    let start = Instant::now();
    let error = fails(&mut machine, &GuestCommand::shell("sleep 100"));
    killer.join().expect("joined");
    assert!(matches!(error, MachineError::QemuDied { .. }), "{error}");
    assert!(error.to_string().contains("SIGKILL"), "{error}");
    assert!(start.elapsed() < Duration::from_secs(5), "{error}");

    let mut machine = lab.leaf();
    let suicide = GuestCommand::shell("kill -9 $(pgrep -f switchproof-superviso[r]); sleep 100")
        .deadline(Duration::from_secs(100));
    let start = Instant::now();
    let error = fails(&mut machine, &suicide);
    assert!(matches!(error, MachineError::AgentSilent { .. }), "{error}");
    assert!(error.to_string().contains("was ended"), "{error}");
    assert!(start.elapsed() < Duration::from_secs(10), "{error}");
}

#[test]
#[ignore = "boots machines; needs the guest image"]
fn a_reboot_that_was_asked_for_works() {
    let lab = lab();
    let mut machine = lab.leaf();
    let boot = |machine: &mut Machine| sh(machine, "cat /proc/sys/kernel/random/boot_id");
    let before = boot(&mut machine);
    sh(&mut machine, "echo kept > /root/kept");
    let start = Instant::now();
    machine.reboot(BOOT / 3).expect("rebooted");
    eprintln!("a reboot took {:.1} s", start.elapsed().as_secs_f64());
    assert_ne!(before, boot(&mut machine));
    assert_eq!(sh(&mut machine, "cat /root/kept"), "kept");
}

#[test]
#[ignore = "boots machines; needs the guest image"]
fn an_output_without_an_end_is_ended_long_before_the_deadline() {
    let lab = lab();
    let mut machine = lab.leaf();
    for command in [
        endless(600),
        GuestCommand::shell("setsid yes >&2 & setsid yes").login("alice"),
    ] {
        let start = Instant::now();
        let error = fails(&mut machine, &command.deadline(Duration::from_secs(600)));
        assert!(matches!(error, MachineError::Endless { .. }), "{error}");
        assert!(start.elapsed() < Duration::from_secs(120), "{error}");
        assert_eq!(sh(&mut machine, "pgrep -ax yes || true"), "");
    }
    let pulled = machine.pull(&endless(600), &mut |reader| {
        std::io::copy(reader, &mut std::io::sink()).map(drop)
    });
    let error = pulled.expect_err("an end");
    assert!(matches!(error, MachineError::Endless { .. }), "{error}");
    assert_eq!(sh(&mut machine, "echo alive"), "alive");
}

#[test]
#[ignore = "boots machines; needs the guest image"]
fn a_guest_without_memory_or_room_is_known_at_the_end_of_the_command() {
    let lab = lab();
    let mut machine = lab.leaf();
    let mut room = |script: &str| {
        let command = GuestCommand::shell(script).deadline(Duration::from_secs(120));
        let (exit, ..) = run(&mut machine, &command);
        eprintln!("{script}: {exit:?}");
        exit.room
    };
    let at_first = room("true");
    assert_eq!(at_first.oom_kills, 0);
    assert!(at_first.disk_bytes > 1 << 20 && at_first.disk_files > 0);
    assert!(room("exec 2>/dev/null; tail /dev/zero").oom_kills > 0);
    assert_eq!(room("true").oom_kills, 0, "each is told once");
    let full = room("cat /dev/zero >/root/full 2>/dev/null || true");
    assert!(full.disk_bytes < 256 * 1024, "{full:?}");
    assert!(room("rm /root/full").disk_bytes > 1 << 20);
}
