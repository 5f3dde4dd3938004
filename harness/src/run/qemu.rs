//! Real machines behind the executor's traits.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::io::Read;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::{Duration, Instant, SystemTime};

use switchproof_vm::accel::{Detected, QemuBinary, detect};
use switchproof_vm::cache_dir::CacheDir;
use switchproof_vm::image::{self, Progress};
use switchproof_vm::layer::{Layer, LayerError, LayerStore};
use switchproof_vm::machine::{self as vm, GuestImage, Host};

use super::ledger::lock;
use super::vm_terms::{broken, command, ended, in_words, layer_key, shape};
use super::{ForkedMachine, Hypervisor, Purpose, channels};
use crate::machine::{GuestExit, GuestScript, Machine, MachineError, Observable, Stream, Unpacked};
use crate::model::Guest;
use crate::plan::StateKey;

/// QEMU on this host, with the guest image that this version of switchproof defines.
pub struct Qemu {
    /// The cache directory in use.
    pub cache: CacheDir,
    /// The QEMU that was found.
    pub binary: QemuBinary,
    /// What accelerates it.
    pub detected: Detected,
    /// The frozen states.
    pub store: LayerStore,
    images: PathBuf,
    /// What this run has seen or made, so that nobody collects it while the run goes on.
    in_use: Mutex<BTreeMap<StateKey, Layer>>,
    /// The hash of each image's manifest, and when that file was last written.
    manifests: Mutex<BTreeMap<PathBuf, (SystemTime, String)>>,
}

impl Qemu {
    /// Finds QEMU and its accelerator. Builds and boots nothing, but the first time after a boot of the host it
    /// tries which accelerator works, which takes a few seconds.
    pub fn open(cache: &CacheDir) -> Result<Self, MachineError> {
        let told =
            |error: &dyn Display, hint: &str| broken(error.to_string(), Some(hint.to_owned()));
        let binary = QemuBinary::find().map_err(|error| told(&error, error.hint()))?;
        let detected = detect(cache, &binary).map_err(|error| told(&error, error.hint()))?;
        let images = cache.images().map_err(|error| told(&error, error.hint()))?;
        Ok(Self {
            cache: cache.clone(),
            binary,
            detected,
            store: LayerStore::open(cache)?,
            images,
            in_use: Mutex::default(),
            manifests: Mutex::default(),
        })
    }

    /// The machines that serve `guest`.
    pub fn host(&self, guest: &Guest) -> Host {
        let key = image::key_of(guest.suite);
        Host {
            qemu: self.binary.clone(),
            accelerator: self.detected.accelerator,
            image: GuestImage {
                directory: self.images.join(key.as_str()),
                key: key.as_str().to_owned(),
            },
            store: self.store.clone(),
            shape: shape(guest, self.detected.accelerator),
            warm_up: WARM_UP.to_owned(),
        }
    }

    fn layer(&self, key: &StateKey) -> Result<Option<Layer>, MachineError> {
        let found = self.store.find(&layer_key(key)?)?;
        match &found {
            Some(layer) => self.hold(key, layer.clone()),
            None => drop(lock(&self.in_use).remove(key)),
        }
        Ok(found)
    }

    fn kept(&self, key: &StateKey) -> Result<Layer, MachineError> {
        self.layer(key)?.ok_or_else(|| {
            broken(
                format!("the frozen state {} is gone or damaged", key.short()),
                Some("run again: it will be made anew".to_owned()),
            )
        })
    }

    /// Names the booted guest that serves `guest`, with nothing laid out in it.
    fn booted_key(&self, guest: &Guest) -> StateKey {
        StateKey(self.host(guest).base_key().to_string())
    }

    fn ensure_booted(
        &self,
        guest: &Guest,
        progress: &mut dyn FnMut(&str),
    ) -> Result<(), MachineError> {
        let mut told = |event: Progress| {
            if let Some(line) = in_words(&event) {
                progress(&line);
            }
        };
        // Held until there is a layer, which then keeps it.
        let definition = image::definition_of(guest.suite);
        let _image = image::ensure(&self.cache, &definition, &mut told)?;
        let host = self.host(guest);
        let mut tell = |what| match what {
            vm::BaseProgress::WaitingForOther => {
                progress("another switchproof boots the guest; waiting for it");
            }
            vm::BaseProgress::Booting => progress("booting the guest once and freezing it"),
            vm::BaseProgress::BootingAgain(said) => progress(&format!(
                "the guest's kernel panicked as it booted ({said}); booting it once more"
            )),
        };
        let layer = host.base_layer(BOOT_DEADLINE, &mut tell)?;
        self.hold(&self.booted_key(guest), layer);
        Ok(())
    }

    /// A running machine in the state `key`.
    pub fn forked(
        &self,
        key: &StateKey,
        guest: &Guest,
        purpose: Purpose,
    ) -> Result<vm::Machine, MachineError> {
        let host = self.host(guest);
        let forked = host.fork(&self.kept(key)?, purpose);
        match forked {
            // A booted guest that this host cannot continue, after an update of its kernel for instance, is made anew,
            // once. What stood on it goes with it, and is made anew by the next run.
            Err(vm::MachineError::Layer(LayerError::Damaged { .. }))
                if *key == self.booted_key(guest) || *key == self.base_key(guest) =>
            {
                drop(lock(&self.in_use).remove(key));
                if *key == self.booted_key(guest) {
                    self.ensure_booted(guest, &mut |_| {})?;
                } else {
                    self.ensure_base(guest, &mut |_| {})?;
                }
                Ok(host.fork(&self.kept(key)?, purpose)?)
            }
            forked => Ok(forked?),
        }
    }

    fn hold(&self, key: &StateKey, layer: Layer) {
        lock(&self.in_use).insert(key.clone(), layer);
    }

    /// Lets go of every state that this run has seen or made: the run is over.
    pub fn release(&self) {
        lock(&self.in_use).clear();
    }
}

impl Hypervisor for Qemu {
    fn base_key(&self, guest: &Guest) -> StateKey {
        channels::key(self.booted_key(guest), guest)
    }

    fn image(&self, guest: &Guest) -> Option<String> {
        let key = image::key_of(guest.suite);
        let manifest = image::manifest_path(&self.images, key);
        let written = manifest.metadata().and_then(|data| data.modified()).ok()?;
        let mut known = lock(&self.manifests);
        match known.get(&manifest) {
            Some((at, hash)) if *at == written => Some(hash.clone()),
            _ => {
                let hash = blake3::hash(&std::fs::read(&manifest).ok()?)
                    .to_hex()
                    .to_string();
                known.insert(manifest, (written, hash.clone()));
                Some(hash)
            }
        }
    }

    fn ensure_base(
        &self,
        guest: &Guest,
        progress: &mut dyn FnMut(&str),
    ) -> Result<(), MachineError> {
        if guest.channels.is_empty() {
            return self.ensure_booted(guest, progress);
        }
        let key = self.base_key(guest);
        let mut waits = || ();
        let _claim = self.claim(&key, &mut waits)?;
        if self.has(&key) {
            return Ok(());
        }
        if guest.builds_nixos {
            let laid = Guest {
                builds_nixos: false,
                ..guest.clone()
            };
            self.ensure_base(&laid, progress)?;
            let mut machine = self.fork(&self.base_key(&laid), &laid, Purpose::Layer)?;
            channels::build_nixos(&mut *machine, &guest.channels, progress)?;
            return machine.freeze(&key, "what every NixOS of a channel needs");
        }
        self.ensure_booted(guest, progress)?;
        let mut machine = self.fork(&self.booted_key(guest), guest, Purpose::Layer)?;
        channels::lay(&mut *machine, &guest.channels, progress)?;
        machine.freeze(&key, "channels made of folders of this computer")
    }

    fn has(&self, key: &StateKey) -> bool {
        self.layer(key).is_ok_and(|layer| layer.is_some())
    }

    fn claim(
        &self,
        key: &StateKey,
        waits: &mut dyn FnMut(),
    ) -> Result<Box<dyn Send>, MachineError> {
        let (key_of_layer, deadline) = (layer_key(key)?, Instant::now() + CLAIM_DEADLINE);
        match self.store.lock_for_making(&key_of_layer, deadline, waits)? {
            Some(claim) => Ok(Box::new(claim)),
            None => Err(broken(
                format!("another run still makes the state {}", key.short()),
                Some("wait for it, or end it".to_owned()),
            )),
        }
    }

    fn fork<'a>(
        &'a self,
        key: &StateKey,
        guest: &Guest,
        purpose: Purpose,
    ) -> Result<Box<dyn ForkedMachine + 'a>, MachineError> {
        Ok(Box::new(QemuMachine {
            qemu: self,
            machine: self.forked(key, guest, purpose)?,
        }))
    }

    fn forget(&self, key: &StateKey) {
        let held = lock(&self.in_use).remove(key);
        if let (Some(layer), Ok(key)) = (held, layer_key(key)) {
            drop(layer);
            // What cannot be removed now goes when room is made.
            let _ = self.store.remove(&key);
        }
    }

    fn ram_mib(&self, guest: &Guest) -> u32 {
        shape(guest, self.detected.accelerator).ram_mib
    }
}

/// Run once before the first freeze: Nix has then read what every evaluation reads.
const WARM_UP: &str =
    "nix eval --raw nixpkgs#hello.name && nix eval --raw home-manager#lib.version || true";
/// A guest is given this long to boot: an emulated one takes up to half a minute on a busy machine.
const BOOT_DEADLINE: Duration = Duration::from_secs(300);
/// How long a state that others wait for may take to make.
const CLAIM_DEADLINE: Duration = Duration::from_secs(3600);

/// Most bulk data of one look at a guest.
const BULK_LIMIT_BYTES: u64 = 8 * 1024 * 1024 * 1024;

struct QemuMachine<'a> {
    qemu: &'a Qemu,
    machine: vm::Machine,
}

impl Observable for QemuMachine<'_> {
    fn pull(
        &mut self,
        script: &GuestScript,
        consume: &mut dyn FnMut(&mut dyn Read) -> std::io::Result<()>,
    ) -> Result<GuestExit, MachineError> {
        // A home is larger than what a step may print; the reader bounds what it keeps by itself.
        let command = command(script).output_limit_bytes(BULK_LIMIT_BYTES);
        Ok(ended(self.machine.pull(&command, consume)?))
    }
}

impl Machine for QemuMachine<'_> {
    fn exec(
        &mut self,
        script: &GuestScript,
        on_output: &mut dyn FnMut(Stream, &[u8]),
    ) -> Result<GuestExit, MachineError> {
        Ok(ended(self.machine.exec(&command(script), on_output)?))
    }

    fn push(
        &mut self,
        tar: &[u8],
        destination: &str,
        owner: Option<&str>,
    ) -> Result<Unpacked, MachineError> {
        match self.machine.push(tar, destination, owner) {
            Ok(()) => Ok(Unpacked::default()),
            Err(vm::MachineError::GuestSetup {
                status,
                stderr_tail,
                ..
            }) => Ok(Unpacked {
                status,
                stderr: stderr_tail,
            }),
            Err(error) => Err(error.into()),
        }
    }
}

impl ForkedMachine for QemuMachine<'_> {
    fn freeze(self: Box<Self>, key: &StateKey, note: &str) -> Result<(), MachineError> {
        let note = serde_json::Value::String(note.to_owned());
        // An older one of the same key makes room, unless somebody else uses it.
        drop(lock(&self.qemu.in_use).remove(key));
        let layer = self.machine.freeze(&layer_key(key)?, note)?;
        self.qemu.hold(key, layer);
        Ok(())
    }

    fn reboot(&mut self) -> Result<(), MachineError> {
        Ok(self.machine.reboot(BOOT_DEADLINE)?)
    }

    fn as_machine(&mut self) -> &mut dyn Machine {
        self
    }
}
