//! What is kept between runs: observations, passes and durations, each a small JSON file under the key of the
//! state it belongs to.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::observe::{Observation, Probe};
use crate::plan::{Node, StateKey};

/// The results under one cache directory. Any number of processes may use it: files are written aside and
/// renamed, and what cannot be read counts as absent.
#[derive(Debug, Clone)]
pub struct ResultStore {
    folder: PathBuf,
}

/// What was seen in a state, and which probes that covers.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Seen {
    /// When the machine ran, in seconds since the epoch.
    pub at_s: u64,
    /// Whether the homes were looked at, or only what the step printed.
    pub full: bool,
    /// How long the step took, in milliseconds.
    pub took_ms: u64,
    /// The probes that were run.
    pub probes: BTreeSet<Probe>,
    /// What was seen.
    pub observation: Observation,
}

impl Seen {
    /// Whether it holds all that the cases of a node ask for.
    #[must_use]
    pub fn covers(&self, node: &Node) -> bool {
        (self.full || !node.observed) && self.probes.is_superset(&node.probes)
    }
}

/// A case passed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Pass {
    /// When its machine ran, in seconds since the epoch.
    pub at_s: u64,
}

#[derive(Serialize, Deserialize)]
struct Took {
    millis: u64,
}

impl ResultStore {
    /// The store in `folder`, which need not exist yet.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
        }
    }

    /// What was seen in the state `key`, if it was kept.
    #[must_use]
    pub fn seen(&self, key: &StateKey) -> Option<Seen> {
        self.read("observations", &key.0)
    }

    /// Keeps what was seen.
    pub fn keep_seen(&self, key: &StateKey, seen: &Seen) -> io::Result<()> {
        self.write("observations", &key.0, seen)
    }

    /// Forgets what was seen, so that the state is reached anew.
    pub fn forget_seen(&self, key: &StateKey) {
        self.remove("observations", &key.0);
    }

    /// Whether the case `id`, ending in the state `key`, passed.
    #[must_use]
    pub fn pass(&self, id: &str, key: &StateKey) -> Option<Pass> {
        self.read("passes", &pass_name(id, key))
    }

    /// Remembers that a case passed.
    pub fn keep_pass(&self, id: &str, key: &StateKey, pass: &Pass) -> io::Result<()> {
        self.write("passes", &pass_name(id, key), pass)
    }

    /// Forgets that a case passed.
    pub fn forget_pass(&self, id: &str, key: &StateKey) {
        self.remove("passes", &pass_name(id, key));
    }

    /// How long it took to reach the state from the one before, last time.
    #[must_use]
    pub fn duration(&self, key: &StateKey) -> Option<Duration> {
        self.read::<Took>("durations", &key.0)
            .map(|it| Duration::from_millis(it.millis))
    }

    /// Remembers how long it took to reach a state.
    pub fn keep_duration(&self, key: &StateKey, took: Duration) -> io::Result<()> {
        let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        self.write("durations", &key.0, &Took { millis })
    }

    /// Forgets everything.
    pub fn clear(&self) -> io::Result<()> {
        match fs::remove_dir_all(&self.folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn path(&self, kind: &str, name: &str) -> PathBuf {
        self.folder.join(kind).join(format!("{name}.json"))
    }

    fn read<T: DeserializeOwned>(&self, kind: &str, name: &str) -> Option<T> {
        serde_json::from_slice(&fs::read(self.path(kind, name)).ok()?).ok()
    }

    fn write<T: Serialize>(&self, kind: &str, name: &str, value: &T) -> io::Result<()> {
        let path = self.path(kind, name);
        let folder = self.folder.join(kind);
        fs::create_dir_all(&folder)?;
        let mut aside = tempfile::NamedTempFile::new_in(&folder)?;
        serde_json::to_writer(&mut io::BufWriter::new(&mut aside), value)?;
        aside.flush()?;
        aside.persist(path)?;
        Ok(())
    }

    fn remove(&self, kind: &str, name: &str) {
        // A file that is not there is as good as one that was removed.
        let _ = fs::remove_file(self.path(kind, name));
    }
}

fn pass_name(id: &str, key: &StateKey) -> String {
    blake3::hash(format!("{id}\n{key}").as_bytes())
        .to_hex()
        .to_string()
}

/// Seconds since the epoch; 0 on a host whose clock is before it.
#[must_use]
pub fn now_s() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}
