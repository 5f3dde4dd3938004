//! A disk that is small and can be filled, for the tests of machines and of the tool.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use switchproof_vm::process::Command;

/// A directory on a file system of its own of 1 to 1.5 GiB, which is filled on purpose: that of
/// `$SWITCHPROOF_TEST_SMALL_DISK`, or one in memory until it is dropped.
pub enum SmallDisk {
    Named(PathBuf),
    Mounted(tempfile::TempDir),
}

impl SmallDisk {
    pub fn new() -> Self {
        if let Some(named) = std::env::var_os("SWITCHPROOF_TEST_SMALL_DISK") {
            return Self::Named(named.into());
        }
        let folder = tempfile::tempdir().expect("a directory");
        Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=1200m,mode=0700", "none"])
            .arg(folder.path())
            .run(Duration::from_secs(10))
            .expect("only root can mount; as somebody else name a directory in $SWITCHPROOF_TEST_SMALL_DISK");
        Self::Mounted(folder)
    }

    pub fn path(&self) -> &Path {
        match self {
            Self::Named(path) => path,
            Self::Mounted(folder) => folder.path(),
        }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        if let Self::Mounted(folder) = self {
            // What still holds a file in it, a machine that is ending, does not keep the name.
            let unmount = Command::new("umount").arg("--lazy").arg(folder.path());
            unmount.run(Duration::from_secs(10)).expect("unmounted");
        }
    }
}

/// Takes up all room but so much until it is dropped.
pub struct Ballast(PathBuf);

impl Ballast {
    pub fn leaving(disk: &Path, left_mib: u64) -> Self {
        let path = disk.join("ballast");
        let mut file = File::create(&path).expect("made");
        let block = vec![1; 1 << 20];
        let free_mib = || {
            let space = rustix::fs::statvfs(disk).expect("space");
            (space.f_bavail * space.f_frsize) >> 20
        };
        // A last block that does not fit whole has filled what there was.
        while free_mib() > left_mib && file.write_all(&block).is_ok() {}
        if left_mib == 0 {
            while file.write_all(&[1; 512]).is_ok() {}
        }
        Self(path)
    }
}

impl Drop for Ballast {
    fn drop(&mut self) {
        fs::remove_file(&self.0).expect("removed");
    }
}
