//! How machines are made: booted, or forked from a layer.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::guest::GuestCommand;
use crate::layer::record::{DISK, RAM, STATE_MAX_BYTES};
use crate::layer::{Layer, LayerError, LayerKey, Lookup, create_overlay, virtual_size};
use crate::machine::host::{Host, Purpose};
use crate::machine::start::start;
use crate::machine::waiting::{Liveness, Waiting};
use crate::machine::{Machine, MachineError};
use crate::store::{
    WorkDir, allocated_bytes, copy_sparse, file_limit_bytes, free_bytes, make_private, read_bounded,
};

/// How long a fork may take with hardware virtualisation; it takes a tenth of a second.
const FORK: Duration = Duration::from_secs(20);

/// Room that a machine should find for what its guest writes.
const ROOM_BYTES: u64 = 256 * 1024 * 1024;

/// What making the first layer waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BaseProgress {
    /// Another process makes it.
    WaitingForOther,
    /// The guest boots.
    Booting,
    /// It boots once more, as its kernel panicked, saying this.
    BootingAgain(String),
}

impl Host {
    /// The layer `key`, if it is there, whole, and made by the same QEMU, image and shape.
    pub fn find(&self, key: &LayerKey) -> Result<Lookup, MachineError> {
        Ok(self.store.look_up(key, Some(&self.made_by()))?)
    }

    /// The first layer: found in the store, or made now by booting, warming and freezing. When another process is
    /// making it, that is waited for, at most as long as a boot may take. `tell` is called with what takes a while.
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
        let mut machine = match self.boot(left()) {
            // Nobody's words have reached the guest yet, so the panic is nobody's: emulated processors race with each other
            // in QEMU 7.2, and of some hundred boots one panicked.
            Err(MachineError::GuestPanicked { said, .. }) => {
                tell(BaseProgress::BootingAgain(said));
                self.boot(left())?
            }
            booted => booted?,
        };
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
    /// A state with which QEMU does not reach its first answer is useless: it is removed, and the error is
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
