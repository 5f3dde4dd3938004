//! How many machines may run at once, over all processes that use one cache directory.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use switchproof_vm::store::available_memory_mib;

/// Slots for machines, each one a locked file, so that a process that dies gives its slots back.
#[derive(Debug)]
pub struct Budget {
    folder: PathBuf,
    slots: usize,
    ram_mib: u32,
    /// How long a slot is waited for.
    patience: Duration,
}

/// The right to run one machine. Given back when dropped.
#[derive(Debug)]
pub struct Slot {
    _file: File,
}

/// Why there is no room for a machine.
#[derive(Debug, thiserror::Error)]
pub enum BudgetError {
    /// Not even one machine fits.
    #[error("a machine needs {needed_mib} MiB of memory and {allowed_mib} MiB may be used")]
    DoesNotFit {
        /// The memory of one machine.
        needed_mib: u32,
        /// What `--memory` allows.
        allowed_mib: u64,
    },
    /// The others did not give a slot back in time.
    #[error("no room for another machine after {} s: {slots} slots are taken by other runs", waited.as_secs())]
    Crowded {
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
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::DoesNotFit { .. } => "allow more with --memory",
            Self::Crowded { .. } => "wait for the other runs, or end them",
            Self::Io { .. } => {
                "the cache directory must be writable; SWITCHPROOF_CACHE_DIR names another"
            }
        }
    }
}

impl Budget {
    /// A budget under `folder`: at most `jobs` machines at `ram_mib` each, all of them within `memory_mib` where that
    /// is set. Besides, each must fit into what the host has left when it starts.
    pub fn new(
        folder: &Path,
        jobs: usize,
        memory_mib: Option<u64>,
        ram_mib: u32,
    ) -> Result<Self, BudgetError> {
        // Without a limit that somebody set, what is free at the moment decides, each time that a machine is to start.
        let fitting = match memory_mib.map(|mib| mib / u64::from(ram_mib.max(1))) {
            Some(0) => {
                return Err(BudgetError::DoesNotFit {
                    needed_mib: ram_mib,
                    allowed_mib: memory_mib.unwrap_or_default(),
                });
            }
            Some(fitting) => usize::try_from(fitting).unwrap_or(usize::MAX),
            None => usize::MAX,
        };
        let folder = folder.to_owned();
        std::fs::create_dir_all(&folder).map_err(|source| BudgetError::Io {
            path: folder.clone(),
            source,
        })?;
        Ok(Self {
            folder,
            slots: jobs.clamp(1, fitting),
            ram_mib,
            patience: CROWDED_AFTER,
        })
    }

    /// The same with another limit to how long a slot is waited for; an hour without.
    #[must_use]
    pub fn patient_for(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// How many machines may run at once.
    #[must_use]
    pub fn slots(&self) -> usize {
        self.slots
    }

    /// Waits for a slot. `tell` hears, once, that it takes a while.
    pub fn acquire(&self, tell: &mut dyn FnMut(&str)) -> Result<Slot, BudgetError> {
        let (start, mut told) = (Instant::now(), false);
        loop {
            if let Some(slot) = self.try_acquire()? {
                return Ok(slot);
            }
            let waited = start.elapsed();
            if waited > TELL_AFTER && !told {
                told = true;
                tell(&format!(
                    "waiting for room: {} machines run already",
                    self.slots
                ));
            }
            if waited > self.patience {
                return Err(BudgetError::Crowded {
                    waited,
                    slots: self.slots,
                });
            }
            sleep(POLL);
        }
    }

    fn try_acquire(&self) -> Result<Option<Slot>, BudgetError> {
        let mut free = None;
        let mut taken = 0;
        for number in self.numbers()? {
            let path = self.folder.join(format!("{SLOT}{number}"));
            let failed = |source| BudgetError::Io {
                path: path.clone(),
                source,
            };
            let file = OpenOptions::new()
                .create(true)
                .truncate(false)
                .write(true)
                .open(&path)
                .map_err(failed)?;
            match file.try_lock() {
                Ok(()) if free.is_none() && number < self.slots => free = Some(file),
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => taken += 1,
                Err(TryLockError::Error(source)) => return Err(failed(source)),
            }
        }
        // A machine always gets its chance where none runs: nothing would change by waiting.
        let fits = taken == 0
            || available_memory_mib().is_none_or(|free_mib| free_mib >= u64::from(self.ram_mib));
        Ok(free.filter(|_| fits).map(|file| Slot { _file: file }))
    }

    /// The slots of this budget, and those beyond it that others use who may run more machines.
    fn numbers(&self) -> Result<BTreeSet<usize>, BudgetError> {
        let failed = |source| BudgetError::Io {
            path: self.folder.clone(),
            source,
        };
        let mut numbers: BTreeSet<usize> = (0..self.slots).collect();
        for entry in std::fs::read_dir(&self.folder).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            let number = name.to_str().and_then(|name| name.strip_prefix(SLOT));
            numbers.extend(number.and_then(|it| it.parse::<usize>().ok()));
        }
        Ok(numbers)
    }
}

/// What the names of the lock files begin with; the number follows.
const SLOT: &str = "machine-";
const TELL_AFTER: Duration = Duration::from_secs(2);
const POLL: Duration = Duration::from_millis(50);
const CROWDED_AFTER: Duration = Duration::from_secs(3600);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_given_back() {
        let folder = tempfile::tempdir().unwrap();
        let budget = Budget::new(folder.path(), 1, Some(1024), 512).unwrap();
        let slot = budget.try_acquire().unwrap();
        assert!(slot.is_some());
        assert!(
            budget.try_acquire().unwrap().is_none(),
            "the only slot is taken"
        );
        drop(slot);
        assert!(budget.try_acquire().unwrap().is_some());
    }

    #[test]
    fn machines_of_a_larger_budget_are_counted() {
        let folder = tempfile::tempdir().unwrap();
        let large = Budget::new(folder.path(), 2, None, 1).unwrap();
        let small = Budget::new(folder.path(), 1, None, u32::MAX).unwrap();
        let first = large.try_acquire().unwrap().unwrap();
        let _second = large.try_acquire().unwrap().unwrap();
        drop(first);
        assert!(
            small.try_acquire().unwrap().is_none(),
            "one runs, and no other of this size fits beside it"
        );
    }

    #[test]
    fn memory_limits_the_slots() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(
            Budget::new(folder.path(), 8, Some(2048), 1024)
                .unwrap()
                .slots(),
            2
        );
        let refused = Budget::new(folder.path(), 8, Some(512), 1024).unwrap_err();
        assert!(
            refused.to_string().contains("512 MiB may be used"),
            "{refused}"
        );
    }
}
