//! A disk that fills up. Needs a directory on a file system of its own of 1 to 1.5 GiB, which is filled on purpose: one
//! in memory, which root can make, or that of `$SWITCHPROOF_TEST_SMALL_DISK`.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;
use switchproof_vm::guest::GuestCommand;
use switchproof_vm::layer::{LayerError, Lookup};
use switchproof_vm::machine::{MachineError, Purpose};
use switchproof_vm::process::Command;

use crate::lab::{lab_at, sh};

const MIB: u64 = 1024 * 1024;

/// Takes up all room but `left` bytes until it is dropped.
struct Ballast(PathBuf);

impl Ballast {
    fn leaving(directory: &Path, left: u64) -> Self {
        let path = directory.join("ballast");
        let mut file = File::create(&path).expect("made");
        let block = vec![1; MIB as usize];
        let free = || {
            let space = rustix::fs::statvfs(directory).expect("space");
            space.f_bavail * space.f_frsize
        };
        // A last block that does not fit whole has filled what there was.
        while free() > left && file.write_all(&block).is_ok() {}
        Self(path)
    }
}

impl Drop for Ballast {
    fn drop(&mut self) {
        fs::remove_file(&self.0).expect("removed");
    }
}

/// A file system in memory, until it is dropped.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount() -> Self {
        let folder = tempfile::tempdir().expect("a directory");
        Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=1200m,mode=0700", "none"])
            .arg(folder.path())
            .run(Duration::from_secs(10))
            .expect("only root can mount; as somebody else name a directory in $SWITCHPROOF_TEST_SMALL_DISK");
        Self(folder)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // What still holds a file in it, a machine that is ending, does not keep the name.
        let unmount = Command::new("umount").arg("--lazy").arg(self.0.path());
        unmount.run(Duration::from_secs(10)).expect("unmounted");
    }
}

#[test]
#[ignore = "boots machines; needs the guest image"]
fn a_full_disk_is_named_and_leaves_nothing_half() {
    let (directory, _mounted) = match std::env::var_os("SWITCHPROOF_TEST_SMALL_DISK") {
        Some(named) => (PathBuf::from(named), None),
        None => {
            let disk = SmallDisk::mount();
            (disk.0.path().to_owned(), Some(disk))
        }
    };
    let lab = lab_at(&directory);
    let base = lab.base();
    let key = base.key().child(b"full");
    let nothing_half = || {
        let names = fs::read_dir(directory.join("layers")).expect("listed");
        let names: Vec<_> = names
            .map(|entry| entry.expect("an entry").file_name())
            .collect();
        assert_eq!(names, [base.key().as_str()]);
        assert!(matches!(
            lab.host.store.verify(base.key()).expect("verified"),
            Lookup::Whole(_)
        ));
    };

    // No room to begin with.
    let ballast = Ballast::leaving(&directory, 200 * MIB);
    let error = lab.host.fork(&base, Purpose::Leaf).expect_err("no room");
    eprintln!("{error}; {}", error.hint().expect("a hint"));
    assert!(matches!(error, MachineError::NoSpace { .. }), "{error}");
    drop(ballast);

    // Room at first, but not for all that the guest puts into its memory: QEMU is killed by SIGBUS.
    let mut growing = lab.host.fork(&base, Purpose::Layer).expect("a fork");
    let ballast = Ballast::leaving(&directory, 50 * MIB);
    let fill = GuestCommand::shell(
        "mount -t tmpfs -o size=90% none /mnt && cat /dev/zero | tr '\\0' x > /mnt/x; sleep 60",
    );
    let error = growing.exec(&fill, &mut |_, _| {}).expect_err("no room");
    eprintln!("{error}; {}", error.hint().expect("a hint"));
    assert!(
        matches!(
            error,
            MachineError::QemuDied {
                few_bytes_free: Some(_),
                ..
            }
        ),
        "{error}"
    );
    drop((growing, ballast));
    nothing_half();

    // Not for what it writes to its disk: QEMU stops the guest. On a tmpfs reading a hole of the memory file takes room
    // too, and may be the first to fail.
    let mut leaf = lab.host.fork(&base, Purpose::Leaf).expect("a fork");
    let ballast = Ballast::leaving(&directory, 20 * MIB);
    let fill = GuestCommand::shell("head -c 200M /dev/urandom > /root/x; sync; sleep 60")
        .deadline(Duration::from_secs(90));
    let error = leaf.exec(&fill, &mut |_, _| {}).expect_err("no room");
    eprintln!("{error}; {}", error.hint().expect("a hint"));
    let named = matches!(
        error,
        MachineError::NoSpace { .. }
            | MachineError::QemuDied {
                few_bytes_free: Some(_),
                ..
            }
    );
    assert!(named, "{error}");
    drop((leaf, ballast));
    nothing_half();

    // Not for the state of a machine that is being frozen.
    let mut growing = lab.host.fork(&base, Purpose::Layer).expect("a fork");
    sh(&mut growing, "true");
    let ballast = Ballast::leaving(&directory, 0);
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
