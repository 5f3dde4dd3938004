//! How many machines may run at once, over all processes that use one cache directory.
//!
//! Memory is reserved when a machine starts, all that it may come to use: what is free says little of machines that have
//! only begun to fill theirs.

use std::collections::BTreeSet;
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use switchproof_vm::store::{FileLock, available_memory_mib};

/// Slots for machines, each one a locked file that says what its machine may use, so that a process that dies gives its
/// slots back.
#[derive(Debug)]
pub struct Budget {
    folder: PathBuf,
    slots: usize,
    /// What all machines together may use, where somebody says so.
    allowed_mib: Option<u64>,
    /// What this host has left.
    available_mib: fn() -> Option<u64>,
    /// How long a machine's turn is waited for.
    patience: Duration,
}

/// The right to run one machine. Given back when dropped.
#[derive(Debug)]
pub struct Slot {
    lock: FileLock,
}

/// What is reserved for a machine that runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Reservation {
    /// The guest's memory.
    ram_mib: u64,
    /// What the host had left when no machine ran; those that start beside others go by it too.
    host_mib: u64,
}

/// Why there is no room for a machine.
#[derive(Debug, thiserror::Error)]
pub enum BudgetError {
    /// It never fits.
    #[error("a machine needs {needed_mib} MiB of memory and {allowed_mib} MiB may be used")]
    DoesNotFit {
        /// The memory of the machine.
        needed_mib: u32,
        /// What `--memory` allows.
        allowed_mib: u64,
    },
    /// The others did not make room in time.
    #[error(
        "no room for a machine of {needed_mib} MiB after {} s, beside those of other runs: {slots} may run at once, in \
         the memory that this computer has left", waited.as_secs()
    )]
    Crowded {
        /// The memory of the machine.
        needed_mib: u32,
        /// How long was waited.
        waited: Duration,
        /// How many slots there are.
        slots: usize,
    },
    /// The lock files cannot be used.
    #[error("the lock file {path} cannot be used: {source}")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl BudgetError {
    fn io(path: &Path) -> impl Fn(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io {
            path: path.clone(),
            source,
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::DoesNotFit { .. } => {
                "allow more with --memory, or ask for less with `guest: { memory: … }`"
            }
            Self::Crowded { .. } => "wait for the other runs, or end them",
            Self::Io { source, .. } if source.kind() == io::ErrorKind::StorageFull => {
                "make room: `switchproof cache gc` removes what was not used for the longest time"
            }
            Self::Io { .. } => {
                "the cache directory must be writable; SWITCHPROOF_CACHE_DIR names another"
            }
        }
    }
}

impl Budget {
    /// A budget under `folder`: at most `jobs` machines, all of them within `allowed_mib` where that is set, and within
    /// what the host has left.
    pub fn new(folder: &Path, jobs: usize, allowed_mib: Option<u64>) -> Result<Self, BudgetError> {
        let folder = folder.to_owned();
        std::fs::create_dir_all(&folder).map_err(BudgetError::io(&folder))?;
        Ok(Self {
            folder,
            slots: jobs.max(1),
            allowed_mib,
            available_mib: available_memory_mib,
            patience: CROWDED_AFTER,
        })
    }

    /// The same with another limit to how long a machine's turn is waited for; an hour without.
    #[must_use]
    pub fn patient_for(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// The same on a host that has this much left.
    #[cfg(test)]
    #[must_use]
    pub(super) fn on_host_with(mut self, available_mib: fn() -> Option<u64>) -> Self {
        self.available_mib = available_mib;
        self
    }

    /// How many machines may run at once.
    #[must_use]
    pub fn slots(&self) -> usize {
        self.slots
    }

    /// Waits until a machine of `ram_mib` may run. `tell` is called once when it takes a while.
    pub fn acquire(&self, ram_mib: u32, tell: &mut dyn FnMut(&str)) -> Result<Slot, BudgetError> {
        if let Some(allowed_mib) = self.allowed_mib.filter(|&it| it < u64::from(ram_mib)) {
            return Err(BudgetError::DoesNotFit {
                needed_mib: ram_mib,
                allowed_mib,
            });
        }
        let mut turn = Turn {
            budget: self,
            ram_mib,
            began: Instant::now(),
            tell: Some(tell),
        };
        let end = format!(
            "for a machine to end: {} may run at once, those of other runs included",
            self.slots
        );
        let (number, slot) = turn.await_some(&end, &|| self.free_slot())?;
        // A machine that waits for memory keeps its place: smaller ones that come later cannot pass it for ever.
        let room = format!("for room for a machine of {ram_mib} MiB beside those that run");
        let _door = turn.await_some(&room, &|| self.lock_file(DOOR))?;
        let reserved = turn.await_some(&room, &|| self.reservation(number, ram_mib))?;
        let written = slot.write(reserved);
        written.map_err(BudgetError::io(&self.slot(number)))?;
        Ok(slot)
    }

    /// A slot that nobody has, and its number. Nothing is reserved yet.
    fn free_slot(&self) -> Result<Option<(usize, Slot)>, BudgetError> {
        for number in 0..self.slots {
            if let Some(lock) = self.lock_file(&format!("{SLOT}{number}"))? {
                let slot = Slot { lock };
                slot.clear().map_err(BudgetError::io(&self.slot(number)))?;
                return Ok(Some((number, slot)));
            }
        }
        Ok(None)
    }

    /// What may be reserved for a machine of `ram_mib` in the slot `own`, if there is room now.
    fn reservation(&self, own: usize, ram_mib: u32) -> Result<Option<Reservation>, BudgetError> {
        let others = self.others(own)?;
        let ram_mib = u64::from(ram_mib);
        let left_mib = (self.available_mib)().unwrap_or(u64::MAX);
        let Some(first) = others.first() else {
            // A machine always gets its chance where none runs: nothing would change by waiting.
            let host_mib = left_mib;
            return Ok(Some(Reservation { ram_mib, host_mib }));
        };
        let host_mib = first.host_mib;
        let together_mib = others.iter().map(|it| it.ram_mib).sum::<u64>() + ram_mib;
        let overhead_mib = OVERHEAD_MIB * (others.len() as u64 + 1);
        let fits = together_mib <= self.allowed_mib.unwrap_or(u64::MAX)
            && together_mib + overhead_mib <= host_mib
            // Other programs may have come meanwhile.
            && ram_mib + OVERHEAD_MIB <= left_mib;
        Ok(fits.then_some(Reservation { ram_mib, host_mib }))
    }

    /// What is reserved for machines in other slots, those beyond this budget included: others may run more machines.
    fn others(&self, own: usize) -> Result<Vec<Reservation>, BudgetError> {
        let mut reserved = Vec::new();
        for number in self.numbers()?.into_iter().filter(|&it| it != own) {
            if self.lock_file(&format!("{SLOT}{number}"))?.is_some() {
                continue;
            }
            let text = std::fs::read_to_string(self.slot(number)).unwrap_or_default();
            // A process that only waits for room has written nothing.
            reserved.extend(Reservation::parse(&text));
        }
        Ok(reserved)
    }

    /// The lock file of this name, locked; `None` while another has it.
    fn lock_file(&self, name: &str) -> Result<Option<FileLock>, BudgetError> {
        let path = self.folder.join(name);
        FileLock::exclusive(&path, Instant::now()).map_err(BudgetError::io(&path))
    }

    fn slot(&self, number: usize) -> PathBuf {
        self.folder.join(format!("{SLOT}{number}"))
    }

    /// The slots that there are files of.
    fn numbers(&self) -> Result<BTreeSet<usize>, BudgetError> {
        let failed = BudgetError::io(&self.folder);
        let mut numbers = BTreeSet::new();
        for entry in std::fs::read_dir(&self.folder).map_err(&failed)? {
            let name = entry.map_err(&failed)?.file_name();
            let number = name.to_str().and_then(|name| name.strip_prefix(SLOT));
            numbers.extend(number.and_then(|it| it.parse::<usize>().ok()));
        }
        Ok(numbers)
    }
}

impl Slot {
    fn write(&self, reserved: Reservation) -> io::Result<()> {
        let Reservation { ram_mib, host_mib } = reserved;
        self.clear()?;
        let mut file = self.lock.file();
        file.rewind()?;
        file.write_all(format!("{ram_mib} {host_mib}\n").as_bytes())
    }

    /// Gives back what was reserved.
    fn clear(&self) -> io::Result<()> {
        self.lock.file().set_len(0)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        // What stays behind counts for nobody once the lock is gone.
        let _ = self.clear();
    }
}

impl Reservation {
    fn parse(text: &str) -> Option<Self> {
        let (ram_mib, host_mib) = text.trim().split_once(' ')?;
        Some(Self {
            ram_mib: ram_mib.parse().ok()?,
            host_mib: host_mib.parse().ok()?,
        })
    }
}

/// One wait for all that a machine needs.
struct Turn<'a> {
    budget: &'a Budget,
    ram_mib: u32,
    began: Instant,
    /// Called once, when it takes a while.
    tell: Option<&'a mut dyn FnMut(&str)>,
}

impl Turn<'_> {
    fn await_some<T>(
        &mut self,
        what: &str,
        attempt: &dyn Fn() -> Result<Option<T>, BudgetError>,
    ) -> Result<T, BudgetError> {
        loop {
            if let Some(found) = attempt()? {
                return Ok(found);
            }
            let waited = self.began.elapsed();
            if waited > TELL_AFTER
                && let Some(tell) = self.tell.take()
            {
                tell(&format!("waiting {what}"));
            }
            if waited > self.budget.patience {
                return Err(BudgetError::Crowded {
                    needed_mib: self.ram_mib,
                    waited,
                    slots: self.budget.slots,
                });
            }
            sleep(POLL);
        }
    }
}

/// What the names of the lock files of slots begin with; the number follows.
const SLOT: &str = "machine-";
/// The lock file of the next in the queue.
const DOOR: &str = "next-machine";
/// What a machine takes besides its guest's memory: QEMU, its devices, and under emulation the code it translated. 40 to
/// 160 MiB were measured.
const OVERHEAD_MIB: u64 = 192;
const TELL_AFTER: Duration = Duration::from_secs(2);
const POLL: Duration = Duration::from_millis(50);
const CROWDED_AFTER: Duration = Duration::from_secs(3600);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::has;

    const AT_ONCE: Duration = Duration::ZERO;

    fn budget(folder: &Path, jobs: usize, allowed_mib: Option<u64>) -> Budget {
        let budget = Budget::new(folder, jobs, allowed_mib).unwrap();
        budget.patient_for(AT_ONCE).on_host_with(|| Some(10_000))
    }

    fn acquire(budget: &Budget, ram_mib: u32) -> Result<Slot, BudgetError> {
        budget.acquire(ram_mib, &mut |_| {})
    }

    #[test]
    fn a_slot_is_given_back() {
        let folder = tempfile::tempdir().unwrap();
        let budget = budget(folder.path(), 1, Some(1024));
        let slot = acquire(&budget, 512).unwrap();
        acquire(&budget, 512).expect_err("the only slot is taken");
        drop(slot);
        acquire(&budget, 512).unwrap();
    }

    #[test]
    fn memory_is_reserved_not_looked_at() {
        let folder = tempfile::tempdir().unwrap();
        // None of the machines has touched its memory yet: as much is free as before.
        let budget = budget(folder.path(), 8, None);
        let _first = acquire(&budget, 4096).unwrap();
        let second = acquire(&budget, 4096).unwrap();
        let refused = acquire(&budget, 4096).unwrap_err();
        assert!(refused.to_string().contains("no room"), "{refused}");
        let _small = acquire(&budget, 1024).unwrap();
        drop(second);
        acquire(&budget, 4096).unwrap();
    }

    #[test]
    fn other_programs_take_memory_too() {
        let folder = tempfile::tempdir().unwrap();
        let _first = acquire(&budget(folder.path(), 2, None), 1024).unwrap();
        let now = budget(folder.path(), 2, None).on_host_with(|| Some(1000));
        acquire(&now, 1024).unwrap_err();
        acquire(&now, 512).unwrap();
    }

    #[test]
    fn machines_of_a_larger_budget_are_counted() {
        let folder = tempfile::tempdir().unwrap();
        let large = budget(folder.path(), 2, None);
        let small = budget(folder.path(), 1, None);
        let first = acquire(&large, 1024).unwrap();
        let _second = acquire(&large, 1024).unwrap();
        drop(first);
        acquire(&small, 9000).expect_err("one runs, and no other of this size fits beside it");
        acquire(&small, 8000).unwrap();
    }

    #[test]
    fn one_machine_always_gets_its_chance_but_never_past_what_is_allowed() {
        let folder = tempfile::tempdir().unwrap();
        drop(acquire(&budget(folder.path(), 1, None), 64 * 1024).unwrap());
        let limited = budget(folder.path(), 8, Some(2048));
        let refused = acquire(&limited, 4096).unwrap_err();
        has(refused.to_string(), "2048 MiB may be used");
        let _first = acquire(&limited, 1024).unwrap();
        let _second = acquire(&limited, 1024).unwrap();
        acquire(&limited, 64).unwrap_err();
    }

    #[test]
    fn what_a_process_that_died_had_reserved_is_free() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("machine-1"), "9000 10000\n").unwrap();
        let budget = budget(folder.path(), 2, None);
        let _first = acquire(&budget, 4096).unwrap();
        acquire(&budget, 4096).unwrap();
    }

    #[test]
    fn who_waits_for_memory_is_next() {
        let folder = tempfile::tempdir().unwrap();
        let first = acquire(&budget(folder.path(), 3, None), 8000).unwrap();
        std::thread::scope(|scope| {
            let large = budget(folder.path(), 3, None).patient_for(Duration::from_secs(60));
            let large = scope.spawn(move || acquire(&large, 6000).unwrap());
            let small = budget(folder.path(), 3, None);
            while small.lock_file(DOOR).unwrap().is_some() {
                sleep(POLL);
            }
            acquire(&small, 1000).expect_err("it would pass in front");
            drop(first);
            drop(large.join().unwrap());
        });
        acquire(&budget(folder.path(), 3, None), 1000).unwrap();
    }
}
