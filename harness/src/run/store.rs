//! What is kept between runs: observations, passes and durations, each a small file of JSON with a checksum, under the key
//! of the state it belongs to.

use std::fs::{self, File, FileTimes};
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
pub use switchproof_vm::store::now_s;

use super::RunId;
use crate::observe::Observation;
use crate::plan::StateKey;

/// The results under one cache directory. Any number of processes may use it: files are written aside and
/// renamed, and what is damaged counts as absent.
#[derive(Debug, Clone)]
pub struct ResultStore {
    folder: PathBuf,
}

/// What was seen in a state.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Seen {
    /// When the machine ran, in seconds since the epoch.
    pub at_s: u64,
    /// Which run it was.
    pub run: RunId,
    /// Which run had seen the state that this one was made from, where that was looked at.
    #[serde(default)]
    pub follows: Option<RunId>,
    /// What was in the guest image, as [`super::Hypervisor::image`] names it.
    pub image: String,
    /// How long the step took, in milliseconds.
    pub took_ms: u64,
    /// What was seen.
    pub observation: Observation,
}

/// A case passed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Pass {
    /// When its machine ran, in seconds since the epoch.
    pub at_s: u64,
}

/// How much results take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ResultUsage {
    /// How many files.
    pub files: usize,
    /// Bytes on the disk.
    pub bytes: u64,
}

/// What reading every result came to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verified {
    /// How many files are what was written.
    pub whole: usize,
    /// Those that were not, by path in the folder of results.
    pub removed: Vec<PathBuf>,
}

#[derive(Serialize, Deserialize)]
struct Took {
    millis: u64,
}

#[derive(Serialize, Deserialize)]
struct CaseTimes {
    case: String,
    millis: Vec<u64>,
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

    /// The last state that was seen to be what a snapshot's text shows, in which line ends at the end do not count.
    #[must_use]
    pub fn shown(&self, snapshot: &str) -> Option<StateKey> {
        self.read("shown", &name_of(snapshot.trim_end()))
    }

    /// Keeps which state a snapshot's text shows.
    pub fn keep_shown(&self, snapshot: &str, key: &StateKey) -> io::Result<()> {
        match self.shown(snapshot).as_ref() == Some(key) {
            true => Ok(()),
            false => self.write("shown", &name_of(snapshot.trim_end()), key),
        }
    }

    /// Whether the case `id`, ending in the state `key`, passed.
    #[must_use]
    pub fn pass(&self, id: &str, key: &StateKey) -> Option<Pass> {
        self.read("passes", &name_of(&format!("{id}\n{key}")))
    }

    /// Remembers that a case passed.
    pub fn keep_pass(&self, id: &str, key: &StateKey, pass: &Pass) -> io::Result<()> {
        self.write("passes", &name_of(&format!("{id}\n{key}")), pass)
    }

    /// Forgets that a case passed.
    pub fn forget_pass(&self, id: &str, key: &StateKey) {
        self.remove("passes", &name_of(&format!("{id}\n{key}")));
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

    /// How long the preparation and the steps of the case `id` took, last time that all of them ran.
    #[must_use]
    pub fn case_times(&self, id: &str) -> Option<Vec<Duration>> {
        let kept: CaseTimes = self.read("times", &name_of(id))?;
        let times = kept.millis.into_iter().map(Duration::from_millis);
        (kept.case == id).then(|| times.collect())
    }

    /// Remembers how long the preparation and the steps of a case took.
    pub fn keep_case_times(&self, id: &str, took: &[Duration]) -> io::Result<()> {
        let millis = took
            .iter()
            .map(|took| u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
        let kept = CaseTimes {
            case: id.to_owned(),
            millis: millis.collect(),
        };
        self.write("times", &name_of(id), &kept)
    }

    /// How much all results take.
    pub fn usage(&self) -> io::Result<ResultUsage> {
        let files = self.files()?;
        Ok(ResultUsage {
            files: files.len(),
            bytes: files.iter().map(|file| file.bytes).sum(),
        })
    }

    /// Forgets what was not used for the longest time until the rest takes at most `limit_bytes`. Returns how many
    /// files went, and their bytes on the disk.
    pub fn collect(&self, limit_bytes: u64) -> io::Result<(usize, u64)> {
        let mut files = self.files()?;
        let mut left: u64 = files.iter().map(|file| file.bytes).sum();
        files.sort_by_key(|file| file.used);
        let (mut removed, mut freed) = (0, 0);
        for file in files {
            if left <= limit_bytes {
                break;
            }
            // One that another process removed is gone all the same.
            if fs::remove_file(&file.path).is_ok() {
                removed += 1;
                freed += file.bytes;
            }
            left -= file.bytes;
        }
        Ok((removed, freed))
    }

    fn files(&self) -> io::Result<Vec<ResultFile>> {
        let mut files = Vec::new();
        for kind in KINDS {
            let entries = match fs::read_dir(self.folder.join(kind)) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                entries => entries?,
            };
            for entry in entries {
                let entry = entry?;
                // One that is being written.
                if entry.file_name().to_string_lossy().starts_with('.') {
                    continue;
                }
                // Gone since it was listed: another process collects too.
                let Ok(data) = entry.metadata() else { continue };
                files.push(ResultFile {
                    path: entry.path(),
                    bytes: data.blocks() * 512,
                    used: data.modified().unwrap_or(UNIX_EPOCH),
                });
            }
        }
        Ok(files)
    }

    /// Reads every file, and removes those that are not what was written; what they told is found out anew.
    pub fn verify(&self) -> io::Result<Verified> {
        let mut verified = Verified::default();
        for file in self.files()? {
            // A file that another process removed is not a damaged one.
            let Ok(bytes) = fs::read(&file.path) else {
                continue;
            };
            if checked(&bytes).is_some() {
                verified.whole += 1;
            } else if fs::remove_file(&file.path).is_ok() {
                let below = file.path.strip_prefix(&self.folder);
                verified
                    .removed
                    .push(below.unwrap_or(&file.path).to_owned());
            }
        }
        verified.removed.sort();
        Ok(verified)
    }

    /// Forgets everything.
    pub fn clear(&self) -> io::Result<()> {
        match fs::remove_dir_all(&self.folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn path(&self, kind: &str, name: &str) -> PathBuf {
        self.folder.join(kind).join(name)
    }

    fn read<T: DeserializeOwned>(&self, kind: &str, name: &str) -> Option<T> {
        let mut file = File::open(self.path(kind, name)).ok()?;
        // The time of last change is that of last use, to the hour. In a cache that cannot be written nothing goes.
        let used = file.metadata().and_then(|data| data.modified());
        let used = used.is_ok_and(|used| used.elapsed().is_ok_and(|age| age < USE_NOTED));
        if !used {
            let _ = file.set_times(FileTimes::new().set_modified(SystemTime::now()));
        }
        parse(&mut file)
    }

    fn write<T: Serialize>(&self, kind: &str, name: &str, value: &T) -> io::Result<()> {
        let path = self.path(kind, name);
        let folder = self.folder.join(kind);
        fs::create_dir_all(&folder)?;
        let mut aside = tempfile::NamedTempFile::new_in(&folder)?;
        // The hash's place is kept free until it is known: an observation is never there a second time, as text.
        aside.write_all(&[b'\n'; HASH_LINE_BYTES])?;
        let mut text = Hashed {
            hasher: blake3::Hasher::new(),
            inner: BufWriter::new(&mut aside),
        };
        serde_json::to_writer(&mut text, value)?;
        text.flush()?;
        let hash = text.hasher.finalize();
        drop(text);
        aside.rewind()?;
        aside.write_all(hash.to_hex().as_bytes())?;
        aside.persist(path)?;
        Ok(())
    }

    fn remove(&self, kind: &str, name: &str) {
        // A file that is not there is as good as one that was removed.
        let _ = fs::remove_file(self.path(kind, name));
    }
}

/// How long the first line of a file of results is, its end included.
const HASH_LINE_BYTES: usize = blake3::OUT_LEN * 2 + 1;
/// A file that is larger is not read into memory as a whole.
const READ_WHOLE_BYTES: u64 = 8 * 1024 * 1024;

/// Writes on, and hashes what it writes.
struct Hashed<W> {
    hasher: blake3::Hasher,
    inner: W,
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// What a file of results says, if it is what was written.
fn parse<T: DeserializeOwned>(file: &mut File) -> Option<T> {
    if file.metadata().ok()?.len() <= READ_WHOLE_BYTES {
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).ok()?;
        return serde_json::from_slice(checked(&bytes)?).ok();
    }
    let mut line = [0; HASH_LINE_BYTES];
    file.read_exact(&mut line).ok()?;
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(&mut *file).ok()?;
    if line != *format!("{}\n", hasher.finalize().to_hex()).as_bytes() {
        return None;
    }
    file.seek(SeekFrom::Start(HASH_LINE_BYTES as u64)).ok()?;
    serde_json::from_reader(BufReader::new(file)).ok()
}

/// What a file of results holds below its first line, which is the hash of that. Nothing when it is another.
fn checked(bytes: &[u8]) -> Option<&[u8]> {
    let (hash, text) = bytes.split_at_checked(blake3::OUT_LEN * 2)?;
    let text = text.strip_prefix(b"\n")?;
    (blake3::hash(text).to_hex().as_bytes() == hash).then_some(text)
}

/// A file of results.
struct ResultFile {
    path: PathBuf,
    bytes: u64,
    used: SystemTime,
}

/// The folders of results.
const KINDS: [&str; 5] = ["observations", "passes", "durations", "times", "shown"];

/// A use is noted again after this time.
const USE_NOTED: Duration = Duration::from_secs(3600);

/// The name of the file of what is no state.
fn name_of(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_a_case_are_kept_under_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let store = ResultStore::new(folder.path());
        let took = [1500, 12_000].map(Duration::from_millis);
        store.keep_case_times("a[x=1]", &took).unwrap();
        assert_eq!(store.case_times("a[x=1]").unwrap(), took);
        assert!(store.case_times("a[x=2]").is_none());
    }

    #[test]
    fn what_was_not_used_for_the_longest_time_is_forgotten_first() {
        let folder = tempfile::tempdir().unwrap();
        let store = ResultStore::new(folder.path());
        assert_eq!(store.usage().unwrap(), ResultUsage::default());
        let key = |name: &str| StateKey(name.to_owned());
        for (name, hours) in [("old", 50), ("used", 40), ("new", 2)] {
            let second = Duration::from_secs(1);
            store.keep_duration(&key(name), second).unwrap();
            let time = SystemTime::now() - Duration::from_secs(hours * 3600);
            let path = store.path("durations", name);
            let file = File::options().append(true).open(path).unwrap();
            file.set_modified(time).unwrap();
        }
        assert!(store.duration(&key("used")).is_some());
        let one = store.usage().unwrap().bytes / 3;
        assert_eq!(store.collect(one * 2).unwrap(), (1, one));
        assert!(store.duration(&key("old")).is_none());
        assert!(store.duration(&key("used")).is_some());
        assert_eq!(store.collect(0).unwrap().0, 2);
    }

    #[test]
    fn a_damaged_result_counts_as_absent_and_verify_removes_it() {
        let folder = tempfile::tempdir().unwrap();
        let store = ResultStore::new(folder.path());
        let key = |name: &str| StateKey(name.to_owned());
        let second = Duration::from_secs(1);
        store.keep_duration(&key("good"), second).unwrap();
        store.keep_duration(&key("bad"), second).unwrap();
        let path = store.path("durations", "bad");
        // One digit becomes another: it is JSON still.
        let text = fs::read_to_string(&path).unwrap().replace("1000", "1001");
        fs::write(&path, text).unwrap();
        assert_eq!(store.duration(&key("bad")), None);
        assert_eq!(store.duration(&key("good")), Some(second));
        let verified = store.verify().unwrap();
        assert_eq!(verified.whole, 1);
        assert_eq!(verified.removed, [PathBuf::from("durations/bad")]);
        assert_eq!(store.verify().unwrap().removed, Vec::<PathBuf>::new());
    }
}
