//! What is common to all machines of one run, and how they are made.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::accel::{Accelerator, QemuBinary, cpu_identity, cpu_model};
use crate::guest::{GuestCommand, SUPERVISOR};
use crate::layer::record::{DISK, FORMAT, RAM, STATE_MAX_BYTES};
use crate::layer::{
    Layer, LayerError, LayerKey, LayerStore, Lookup, MadeBy, create_overlay, virtual_size,
};
use crate::machine::start::start;
use crate::machine::waiting::{Liveness, Waiting};
use crate::machine::{Machine, MachineError};
use crate::qemu::{MachineParts, MachineShape, command_line};
use crate::store::{
    WorkDir, allocated_bytes, copy_sparse, file_limit_bytes, free_bytes, make_private, read_bounded,
};

/// How long a fork may take with hardware virtualisation; it takes a tenth of a second.
const FORK: Duration = Duration::from_secs(20);

/// Raised when what is done to a guest before its first freeze changes in a way that neither the supervisor's text, nor
/// the warm-up, nor the command line shows, which all are part of the first layer's key: kept states are then made anew.
const EPOCH: u32 = 1;

/// Room that a machine should find for what its guest writes.
const ROOM_BYTES: u64 = 256 * 1024 * 1024;

/// A built guest image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuestImage {
    /// Its directory, which holds `kernel`, `initrd` and `root.ext4`.
    pub directory: PathBuf,
    /// Its key.
    pub key: String,
}

/// Everything about this host and image that a machine depends on.
#[derive(Debug, Clone)]
pub struct Host {
    /// The QEMU system emulator.
    pub qemu: QemuBinary,
    /// What runs the guest's instructions.
    pub accelerator: Accelerator,
    /// The guest image.
    pub image: GuestImage,
    /// Where layers are kept and machines work.
    pub store: LayerStore,
    /// How big machines are.
    pub shape: MachineShape,
    /// Root's shell text that is run once in the settled guest before its first freeze, so that no fork pays for
    /// first times. Its failure is one of the base layer.
    pub warm_up: String,
}

/// What a fork is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To be thrown away: its memory is a private view of the layer's, nothing is copied.
    Leaf,
    /// To be frozen in turn: it gets a copy of the layer's memory.
    Layer,
}

/// What making the first layer waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BaseProgress {
    /// Another process makes it.
    WaitingForOther,
    /// The guest boots.
    Booting,
}

impl GuestImage {
    /// The kernel.
    pub fn kernel(&self) -> PathBuf {
        self.directory.join("kernel")
    }

    /// Its initial file system.
    pub fn initrd(&self) -> PathBuf {
        self.directory.join("initrd")
    }

    /// The raw ext4 root file system.
    pub fn root(&self) -> PathBuf {
        self.directory.join("root.ext4")
    }
}

impl Host {
    /// The CPU model that is right for this accelerator and QEMU.
    pub fn cpu(&self) -> &'static str {
        cpu_model(self.accelerator, self.qemu.version)
    }

    /// What a state that is made here can only be continued on.
    pub fn made_by(&self) -> MadeBy {
        MadeBy {
            qemu: self.qemu.version,
            accelerator: self.accelerator,
            cpu: cpu_identity(self.accelerator, self.cpu()),
            shape: self.shape,
            image: self.image.key.clone(),
        }
    }

    /// The key of the first layer: the booted, settled and warmed guest.
    pub fn base_key(&self) -> LayerKey {
        // A struct of plain fields always has a JSON form, and the same one.
        let made_by = serde_json::to_vec(&self.made_by()).unwrap_or_default();
        let mut parts = vec![
            FORMAT.to_le_bytes().to_vec(),
            EPOCH.to_le_bytes().to_vec(),
            made_by,
            SUPERVISOR.as_bytes().to_vec(),
            self.warm_up.clone().into_bytes(),
        ];
        // Whatever devices this version of switchproof gives its machines.
        parts.extend(
            self.nowhere_command_line()
                .into_iter()
                .map(OsString::into_vec),
        );
        LayerKey::root(&parts.iter().map(Vec::as_slice).collect::<Vec<_>>())
    }

    /// The command line with the same names for all files.
    fn nowhere_command_line(&self) -> Vec<OsString> {
        let nowhere = Path::new("");
        command_line(&MachineParts {
            accelerator: self.accelerator,
            cpu: self.cpu(),
            shape: self.shape,
            kernel: nowhere,
            initrd: nowhere,
            ram: nowhere,
            share_ram: true,
            disk: nowhere,
            sockets: nowhere,
            incoming: false,
        })
    }

    /// The layer `key`, if it is there, whole, and made by the same QEMU, image and shape.
    pub fn find(&self, key: &LayerKey) -> Result<Lookup, MachineError> {
        Ok(self.store.look_up(key, Some(&self.made_by()))?)
    }

    /// The first layer: found in the store, or made now by booting, warming and freezing. When another process is
    /// making it, that is waited for, at most as long as a boot may take. `tell` hears what takes a while.
    pub fn base_layer(
        &self,
        deadline: Duration,
        tell: &mut dyn FnMut(BaseProgress),
    ) -> Result<Layer, MachineError> {
        let key = self.base_key();
        if let Lookup::Whole(layer) = self.find(&key)? {
            return Ok(layer);
        }
        let end = Instant::now() + deadline;
        let Some(_making) = self.store.lock_for_making(&key, end, &mut || {
            tell(BaseProgress::WaitingForOther);
        })?
        else {
            return Err(self.store.still_made(&key).into());
        };
        let end = Instant::now() + deadline;
        if let Lookup::Whole(layer) = self.find(&key)? {
            return Ok(layer);
        }
        tell(BaseProgress::Booting);
        let left = || end.saturating_duration_since(Instant::now());
        let mut machine = self.boot(left())?;
        let exit = machine.exec(
            &GuestCommand::shell(&self.warm_up).deadline(left()),
            &mut |_, _| {},
        )?;
        machine.require(exit, "warming up")?;
        machine.freeze(&key, json!("boot"))
    }

    /// Boots the image until the guest has settled. The machine can be frozen as a first layer.
    pub fn boot(&self, deadline: Duration) -> Result<Machine, MachineError> {
        let waiting = Waiting::new("the guest to boot", deadline);
        let work = self.work_dir(0)?;
        let ram_bytes = u64::from(self.shape.ram_mib) * 1024 * 1024;
        let ram = work.path().join(RAM);
        make_private(&ram)
            .and_then(|file| file.set_len(ram_bytes))
            .map_err(LayerError::io("cannot make", &ram))?;
        let root = self.image.root();
        let root_bytes = root
            .metadata()
            .map_err(LayerError::io("cannot read", &root))?
            .len();
        let disk_bytes = u64::from(self.shape.disk_mib.unwrap_or(0)) * 1024 * 1024;
        let backing = self.backing_of(&root);
        self.make_disk(&work, &backing, "raw", disk_bytes.max(root_bytes))?;
        let mut machine = self.assemble(work, &ram, Purpose::Layer, None, false)?;
        machine.boot(&waiting)?;
        if disk_bytes > root_bytes {
            machine.fill_disk(&waiting)?;
        }
        Ok(machine)
    }

    /// A running machine in the state that `layer` holds, with the clock set right and entropy of its own.
    ///
    /// A state that QEMU does not get to its first answer with is of no use, now or later: it is removed, and the error is
    /// [`LayerError::Damaged`].
    pub fn fork(&self, layer: &Layer, purpose: Purpose) -> Result<Machine, MachineError> {
        let waiting = Waiting::new("the fork to run", FORK * self.accelerator.patience());
        let mut machine = self.fork_running(layer, purpose, &waiting)?;
        match machine.wake(&waiting) {
            Ok(()) => Ok(machine),
            Err(error) => Err(self.blame(layer, error)),
        }
    }

    /// The part of [`Host::fork`] until QEMU reports the machine running; for measuring.
    #[doc(hidden)]
    pub fn fork_unwoken(&self, layer: &Layer, purpose: Purpose) -> Result<Machine, MachineError> {
        let waiting = Waiting::new("the fork to run", FORK * self.accelerator.patience());
        self.fork_running(layer, purpose, &waiting)
    }

    fn fork_running(
        &self,
        layer: &Layer,
        purpose: Purpose,
        waiting: &Waiting,
    ) -> Result<Machine, MachineError> {
        if layer.record().made_by != self.made_by() {
            let what = format!("it was made by {:?}", layer.record().made_by);
            return Err(self.store.condemn(layer, what).into());
        }
        self.store.recheck(layer)?;
        let state = read_bounded(&layer.state(), STATE_MAX_BYTES)
            .map_err(LayerError::io("cannot read", layer.state()))?;
        let ram_room = match purpose {
            Purpose::Leaf => 0,
            Purpose::Layer => {
                allocated_bytes(&layer.ram()).map_err(LayerError::io("cannot read", layer.ram()))?
            }
        };
        let work = self.work_dir(ram_room)?;
        let ram = match purpose {
            Purpose::Leaf => layer.ram(),
            Purpose::Layer => {
                let copy = work.path().join(RAM);
                copy_sparse(&layer.ram(), &copy)
                    .map_err(LayerError::io("cannot copy memory to", &copy))?;
                copy
            }
        };
        let size =
            virtual_size(&layer.disk()).map_err(LayerError::io("cannot read", layer.disk()))?;
        self.make_disk(&work, &format!("../{}/{DISK}", layer.key()), "qcow2", size)?;
        let mut machine = self.assemble(work, &ram, purpose, Some(layer.clone()), true)?;
        match machine.load_state(&state, waiting) {
            Ok(()) => Ok(machine),
            Err(error) => Err(self.blame(layer, error)),
        }
    }

    fn blame(&self, layer: &Layer, error: MachineError) -> MachineError {
        match error.blames_state() {
            true => self.store.condemn(layer, error.to_string()).into(),
            false => error,
        }
    }

    fn assemble(
        &self,
        work: WorkDir,
        ram: &Path,
        purpose: Purpose,
        parent: Option<Layer>,
        incoming: bool,
    ) -> Result<Machine, MachineError> {
        let started = Instant::now();
        let share_ram = purpose == Purpose::Layer;
        let disk = work.path().join(DISK);
        let connections = start(self, ram, share_ram, &disk, incoming)?;
        let host = self.clone();
        Ok(Machine {
            connections,
            host,
            liveness: Liveness::new(),
            purpose,
            work,
            parent,
            usable: true,
            started,
        })
    }

    fn work_dir(&self, more_bytes: u64) -> Result<WorkDir, MachineError> {
        let file_bytes = u64::from(self.shape.ram_mib) * 1024 * 1024;
        if let Some(limit_bytes) = file_limit_bytes().filter(|&limit| limit < file_bytes) {
            return Err(MachineError::FileLimit {
                limit_bytes,
                needed_bytes: file_bytes,
            });
        }
        let path = self.store.directory();
        let free = free_bytes(path).map_err(LayerError::io("cannot read", path))?;
        let needed_bytes = ROOM_BYTES + more_bytes;
        if free < needed_bytes {
            return Err(MachineError::NoSpace {
                path: path.to_owned(),
                free_bytes: free,
                needed_bytes,
            });
        }
        Ok(WorkDir::create(path).map_err(LayerError::io("cannot make a directory in", path))?)
    }

    fn make_disk(
        &self,
        work: &WorkDir,
        backing: &str,
        format: &str,
        size: u64,
    ) -> Result<(), LayerError> {
        let path = work.path().join(DISK);
        create_overlay(&path, backing, format, size).map_err(LayerError::io("cannot make", path))
    }

    /// The image's path as a first layer's disk names it: relative when both are in one cache, so that the cache can
    /// be moved as a whole.
    fn backing_of(&self, root: &Path) -> String {
        let cache = self.store.directory().parent();
        match cache.and_then(|cache| root.strip_prefix(cache).ok()) {
            Some(inside) => format!("../../{}", inside.display()),
            None => root.display().to_string(),
        }
    }
}
