//! What all tests share: a host with an image, and its first layer.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use switchproof_vm::accel::{Accelerator, QemuBinary};
use switchproof_vm::cache_dir::CacheDir;
use switchproof_vm::guest::{GuestCommand, GuestExit, OutputStream};
use switchproof_vm::image;
use switchproof_vm::layer::{Layer, LayerKey, LayerStore, Lookup};
use switchproof_vm::machine::{GuestImage, Host, Machine, MachineShape, Purpose};

/// How long a cold boot under emulation may take on a loaded host.
pub const BOOT: Duration = Duration::from_secs(240);

/// Machines are heavy and the tests measure time: one test at a time.
static ALONE: Mutex<()> = Mutex::new(());

/// A host with an image, for one test at a time.
pub struct Lab {
    pub host: Host,
    _alone: MutexGuard<'static, ()>,
}

/// The lab. Layers are kept between test runs.
pub fn lab() -> Lab {
    lab_at(&cache())
}

/// Where the layers of these tests are.
pub fn cache() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("machine-cache")
}

/// The processes that this one has started and not yet reaped.
pub fn children() -> Vec<i32> {
    let mut pids = Vec::new();
    for thread in fs::read_dir("/proc/self/task").expect("listed") {
        let path = thread.expect("an entry").path().join("children");
        let text = fs::read_to_string(path).unwrap_or_default();
        pids.extend(
            text.split_whitespace()
                .map(|pid| pid.parse::<i32>().expect("a number")),
        );
    }
    pids
}

/// All QEMUs on this host that work in the cache of these tests, ordered.
pub fn qemus() -> Vec<i32> {
    let cache = cache().display().to_string();
    let mut pids: Vec<i32> = fs::read_dir("/proc")
        .expect("listed")
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|pid| {
            let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            let line = String::from_utf8_lossy(&line).into_owned();
            line.contains("-nodefaults") && line.contains(&cache)
        })
        .collect();
    pids.sort_unstable();
    pids
}

/// The guest image that the user has, as `switchproof image build` makes it.
fn users_image() -> PathBuf {
    let cache = CacheDir::from_environment().expect("a cache");
    let image = image::find(&cache, &image::definition()).expect("readable");
    let image = image.expect(
        "there is no guest image: `switchproof image build` makes one, $SWITCHPROOF_TEST_IMAGE names another directory",
    );
    image.root.parent().expect("a directory").to_owned()
}

/// The lab with its own cache directory.
pub fn lab_at(cache: &Path) -> Lab {
    let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let image = match std::env::var_os("SWITCHPROOF_TEST_IMAGE") {
        Some(named) => PathBuf::from(named),
        None => users_image(),
    };
    // A directory is named after its image, and one of another image is another.
    let key = image.canonicalize().expect("a guest image");
    let host = Host {
        qemu: QemuBinary::find().expect("QEMU"),
        accelerator: Accelerator::Tcg,
        image: GuestImage {
            directory: image,
            key: format!("test {}", key.display()),
        },
        store: LayerStore::open(&CacheDir::at(cache)).expect("a store"),
        shape: MachineShape {
            ram_mib: 1024,
            ..MachineShape::usual(Accelerator::Tcg)
        },
        warm_up: "useradd --create-home --shell /bin/bash alice && nix eval --expr '1 + 1'"
            .to_owned(),
    };
    Lab {
        host,
        _alone: alone,
    }
}

impl Lab {
    /// Whether a layer is there, whole to the last byte.
    pub fn is_whole(&self, key: &LayerKey) -> bool {
        let verified = self.host.store.verify(key).expect("verified");
        matches!(verified, Lookup::Whole(_))
    }

    /// Whether nothing is there, not even what is damaged.
    pub fn is_absent(&self, key: &LayerKey) -> bool {
        matches!(self.host.find(key).expect("looked up"), Lookup::Absent)
    }

    pub fn base(&self) -> Layer {
        self.host
            .base_layer(BOOT, &mut |_| {})
            .expect("a base layer")
    }

    pub fn leaf(&self) -> Machine {
        self.host.fork(&self.base(), Purpose::Leaf).expect("a fork")
    }
}

/// Runs a command and returns its exit with both outputs.
pub fn run(machine: &mut Machine, command: &GuestCommand) -> (GuestExit, String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let exit = machine
        .exec(command, &mut |stream, bytes| match stream {
            OutputStream::Stdout => out.extend_from_slice(bytes),
            OutputStream::Stderr => err.extend_from_slice(bytes),
        })
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (exit, text(&out), text(&err))
}

/// What a root shell prints, which must succeed.
pub fn sh(machine: &mut Machine, script: &str) -> String {
    let (exit, out, err) = run(machine, &GuestCommand::shell(script));
    assert!(exit.success(), "{script}: {exit:?} {err}");
    out.trim_end().to_owned()
}
