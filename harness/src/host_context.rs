//! Everything that a run needs of this host, opened once.

use std::collections::BTreeSet;
use std::sync::Mutex;

use switchproof_vm::cache_dir::{CacheDir, CacheDirError};
use switchproof_vm::image;

use crate::judge::{SnapshotMode, Verdict};
use crate::keep::{self, Keep, KeepError};
use crate::machine::MachineError;
use crate::model::Case;
use crate::plan::Plan;
use crate::report::Sink;
use crate::report::results::{GuestResult, HostResult};
use crate::run::{
    Budget, BudgetError, Hypervisor, Knowledge, Known, Options, Qemu, ResultStore, Run, remember,
};

/// How much of the host may be used.
#[derive(Debug, Clone, Copy, Default)]
pub struct Limits {
    /// At most so many machines at once; as many as cores when `None`.
    pub jobs: Option<usize>,
    /// Memory for all machines together, in MiB; what is available when `None`.
    pub memory_mib: Option<u64>,
}

/// Packages of a guest whose versions reports tell.
const TOLD_PACKAGES: [&str; 5] = [
    "bash",
    "git",
    "linux-image-cloud-amd64",
    "nix-bin",
    "systemd",
];

/// The host's part of a run: the cache directory, QEMU, the results and the budget.
pub struct HostContext {
    /// Where machines come from.
    pub hypervisor: Qemu,
    /// What is kept between runs.
    pub results: ResultStore,
    /// How many machines may run.
    pub budget: Budget,
    /// How much may be kept on the disk after a run, in bytes; see [`crate::keep`].
    pub limit_bytes: u64,
}

/// Why nothing can be run on this host.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// The cache directory cannot be used.
    #[error(transparent)]
    CacheDir(#[from] CacheDirError),
    /// QEMU cannot be used.
    #[error(transparent)]
    Qemu(#[from] MachineError),
    /// No machine fits.
    #[error(transparent)]
    Budget(#[from] BudgetError),
    /// What is kept has no limit that makes sense.
    #[error(transparent)]
    Keep(#[from] KeepError),
}

impl HostError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::CacheDir(error) => error.hint().to_owned(),
            Self::Qemu(error) => return error.hint.clone(),
            Self::Keep(error) => return error.hint(),
            Self::Budget(error) => error.hint().to_owned(),
        })
    }
}

impl HostContext {
    /// Opens the host. Finds QEMU and what accelerates it, which takes a few seconds the first time after a boot
    /// of the host; builds and boots nothing.
    pub fn open(limits: Limits) -> Result<Self, HostError> {
        let limit_bytes = keep::limit_bytes()?;
        let cache = CacheDir::from_environment()?;
        let hypervisor = Qemu::open(&cache)?;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let jobs = limits.jobs.unwrap_or(cores);
        let budget = Budget::new(&cache.locks()?, jobs, limits.memory_mib)?;
        let results = ResultStore::new(&cache.results()?);
        Ok(Self {
            hypervisor,
            results,
            budget,
            limit_bytes,
        })
    }

    /// The plan that `cases` form on this host.
    #[must_use]
    pub fn plan(&self, cases: Vec<Case>) -> Plan {
        Plan::new(cases, |guest| self.hypervisor.base_key(guest))
    }

    /// What is known of each node before a run of the selected cases; see [`Known::foresee`].
    #[must_use]
    pub fn foresee(&self, plan: &Plan, selected: &BTreeSet<usize>) -> Vec<Knowledge> {
        let options = Options::new(SnapshotMode::Compare);
        self.known(plan, selected, &options).foresee()
    }

    /// What the machines of the selected cases run on, as far as it is known: an image that is not built yet has no
    /// versions.
    #[must_use]
    pub fn described(&self, plan: &Plan, selected: &BTreeSet<usize>) -> HostResult {
        let suites: BTreeSet<_> = selected
            .iter()
            .map(|&case| plan.cases[case].guest.suite)
            .collect();
        let guest = |suite| {
            let definition = image::definition_of(suite);
            let found = image::find(&self.hypervisor.cache, &definition)
                .ok()
                .flatten();
            let versions = found
                .map(|image| image.manifest.packages)
                .unwrap_or_default();
            let guest = GuestResult {
                image: definition.key().as_str().to_owned(),
                versions: versions
                    .into_iter()
                    .filter(|(name, _)| TOLD_PACKAGES.contains(&name.as_str()))
                    .collect(),
            };
            (suite.to_string(), guest)
        };
        HostResult {
            system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            qemu: self.hypervisor.binary.version.to_string(),
            accelerator: self.hypervisor.detected.accelerator.to_string(),
            guests: suites.into_iter().map(guest).collect(),
        }
    }

    fn known<'a>(
        &'a self,
        plan: &'a Plan,
        selected: &'a BTreeSet<usize>,
        options: &'a Options,
    ) -> Known<'a> {
        Known {
            plan,
            selected,
            hypervisor: &self.hypervisor,
            results: &self.results,
            options,
        }
    }

    /// Runs the selected cases of a plan; see [`Run::run`].
    pub fn run(
        &self,
        plan: &Plan,
        selected: &BTreeSet<usize>,
        options: &Options,
        sink: &Mutex<dyn Sink>,
        on_verdict: &(dyn Fn(usize, &Verdict) + Sync),
    ) -> Vec<(usize, Verdict)> {
        let verdicts = Run {
            known: self.known(plan, selected, options),
            budget: &self.budget,
            sink,
        }
        .run(on_verdict);
        remember(plan, selected, &self.results);
        // Keeping to the limit can wait for the next run; nothing of this one depends on it.
        self.hypervisor.release();
        let keep = Keep {
            cache: &self.hypervisor.cache,
            store: &self.hypervisor.store,
            results: &self.results,
        };
        let _ = keep.within(self.limit_bytes, false);
        verdicts
    }
}
