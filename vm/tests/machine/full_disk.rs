//! A disk that fills up.

use std::fs;
use std::time::Duration;

use serde_json::json;
use switchproof_vm::guest::GuestCommand;
use switchproof_vm::layer::LayerError;
use switchproof_vm::machine::{MachineError, Purpose};

use crate::lab::{lab_at, sh};
use crate::small_disk::{Ballast, SmallDisk};

#[test]
#[ignore = "boots machines; needs the guest image"]
fn a_full_disk_is_named_and_leaves_nothing_half() {
    let disk = SmallDisk::new();
    let directory = disk.path();
    let lab = lab_at(directory);
    let base = lab.base();
    let key = base.key().child(b"full");
    let nothing_half = || {
        let names = fs::read_dir(directory.join("layers")).expect("listed");
        let names = names.map(|entry| entry.expect("an entry").file_name());
        assert_eq!(Vec::from_iter(names), [base.key().as_str()]);
        assert!(lab.is_whole(base.key()));
    };

    // No room to begin with.
    let ballast = Ballast::leaving(directory, 200);
    let error = lab.host.fork(&base, Purpose::Leaf).expect_err("no room");
    eprintln!("{error}; {}", error.hint().expect("a hint"));
    assert!(matches!(error, MachineError::NoSpace { .. }), "{error}");
    drop(ballast);

    // Room at first, but not for all that the guest puts into its memory: QEMU is killed by SIGBUS.
    let mut growing = lab.host.fork(&base, Purpose::Layer).expect("a fork");
    let ballast = Ballast::leaving(directory, 50);
    let fill = GuestCommand::shell(
        "mount -t tmpfs -o size=90% none /mnt && cat /dev/zero | tr '\\0' x > /mnt/x; sleep 60",
    );
    let error = growing.exec(&fill, &mut |_, _| {}).expect_err("no room");
    eprintln!("{error}; {}", error.hint().expect("a hint"));
    assert!(died_of_no_room(&error), "{error}");
    drop((growing, ballast));
    nothing_half();

    // Not for what it writes to its disk: QEMU stops the guest. On a tmpfs reading a hole of the memory file takes room
    // too, and may be the first to fail.
    let mut leaf = lab.host.fork(&base, Purpose::Leaf).expect("a fork");
    let ballast = Ballast::leaving(directory, 20);
    let fill = GuestCommand::shell("head -c 200M /dev/urandom > /root/x; sync; sleep 60")
        .deadline(Duration::from_secs(90));
    let error = leaf.exec(&fill, &mut |_, _| {}).expect_err("no room");
    eprintln!("{error}; {}", error.hint().expect("a hint"));
    let named = matches!(error, MachineError::NoSpace { .. });
    assert!(named || died_of_no_room(&error), "{error}");
    drop((leaf, ballast));
    nothing_half();

    // Not for the state of a machine that is being frozen.
    let mut growing = lab.host.fork(&base, Purpose::Layer).expect("a fork");
    sh(&mut growing, "true");
    let ballast = Ballast::leaving(directory, 0);
    let error = growing.freeze(&key, json!(null)).expect_err("no room");
    eprintln!("{error}; {}", error.hint().unwrap_or_default());
    let named = matches!(
        error,
        MachineError::Layer(LayerError::NoSpace { .. }) | MachineError::QemuDied { .. }
    );
    assert!(named, "{error}");
    drop(ballast);
    nothing_half();
}

fn died_of_no_room(error: &MachineError) -> bool {
    matches!(error, MachineError::QemuDied { few_bytes_free, .. } if few_bytes_free.is_some())
}
