//! What benchmarks of machines share: a host with layers of its own, a booted guest, medians.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::json;
use switchproof_vm::accel::{QemuBinary, detect};
use switchproof_vm::cache_dir::CacheDir;
use switchproof_vm::guest::GuestCommand;
use switchproof_vm::image;
use switchproof_vm::layer::{Layer, LayerStore};
use switchproof_vm::machine::{GuestImage, Host, Machine, MachineShape};

/// What a cold boot may take.
pub const BOOT: Duration = Duration::from_secs(300);

/// Anything that ends a benchmark early.
pub type Failure = Box<dyn std::error::Error>;

/// A guest that was booted and frozen in a store that nothing else uses.
pub struct Lab {
    pub host: Host,
    /// The frozen guest.
    pub base: Layer,
    /// From nothing to the end of a first command.
    pub cold_boot: Duration,
    /// From the running guest to the layer.
    pub freeze: Duration,
    // Held: it goes with the lab.
    _directory: tempfile::TempDir,
}

impl Lab {
    /// Boots and freezes. None, said so, when there is no guest image: the user's, or the one in the directory
    /// `$SWITCHPROOF_TEST_IMAGE`.
    pub fn open(bench: &str) -> Result<Option<Self>, Failure> {
        // No name that begins as those of machines' socket directories do: runs sweep away what looks abandoned there.
        let directory = tempfile::Builder::new()
            .prefix("bench-of-switchproof-")
            .tempdir()?;
        let Some(host) = host(&CacheDir::at(directory.path()))? else {
            println!(
                "{bench}: skipped, there is no guest image; `switchproof image build` makes one"
            );
            return Ok(None);
        };
        println!(
            "QEMU {}, {} accelerator, guest of {} MiB and {} cores",
            host.qemu.version, host.accelerator, host.shape.ram_mib, host.shape.cores
        );
        let start = Instant::now();
        let mut machine = host.boot(BOOT)?;
        run(&mut machine, "true")?;
        let cold_boot = start.elapsed();
        run(&mut machine, &host.warm_up)?;
        let start = Instant::now();
        let base = machine.freeze(&host.base_key(), json!("bench"))?;
        Ok(Some(Self {
            freeze: start.elapsed(),
            host,
            base,
            cold_boot,
            _directory: directory,
        }))
    }
}

fn host(own_cache: &CacheDir) -> Result<Option<Host>, Failure> {
    let user_cache = CacheDir::from_environment()?;
    let qemu = QemuBinary::find()?;
    let image = match std::env::var_os("SWITCHPROOF_TEST_IMAGE").map(PathBuf::from) {
        Some(directory) => GuestImage {
            directory,
            key: "bench".to_owned(),
        },
        None => {
            let definition = image::definition();
            let Some(_) = image::find(&user_cache, &definition)? else {
                return Ok(None);
            };
            let key = definition.key();
            GuestImage {
                directory: user_cache.images()?.join(key.as_str()),
                key: key.as_str().to_owned(),
            }
        }
    };
    let accelerator = detect(&user_cache, &qemu)?.accelerator;
    Ok(Some(Host {
        accelerator,
        qemu,
        image,
        store: LayerStore::open(own_cache)?,
        shape: MachineShape::usual(accelerator),
        warm_up: "nix eval --expr '1 + 1'".to_owned(),
    }))
}

/// Runs root's shell text, which must succeed.
pub fn run(machine: &mut Machine, script: &str) -> Result<(), Failure> {
    let exit = machine.exec(&GuestCommand::shell(script).deadline(BOOT), &mut |_, _| {})?;
    if exit.success() {
        Ok(())
    } else {
        Err(format!("`{script}` ended with {}", exit.status()).into())
    }
}

/// The middle one; zero of none.
pub fn median(times: impl IntoIterator<Item = Duration>) -> Duration {
    let mut times: Vec<_> = times.into_iter().collect();
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// How many times `one` fits into `other`.
pub fn ratio(other: Duration, one: Duration) -> f64 {
    other.as_secs_f64() / one.as_secs_f64().max(1e-9)
}
