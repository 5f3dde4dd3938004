//! Where a machine works, and where a layer is made until it is whole.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::layer::{FileLock, LayerError};

/// Begins the name of every directory that is not a layer.
const PREFIX: &str = ".tmp-";

/// The file whose lock says that the directory's owner lives.
const OWNER: &str = "owner.lock";

/// A directory this old without an owner's lock was left by a process that died right after making it.
const GRACE: Duration = Duration::from_secs(60);

/// How many removed directories of one name may wait for the sweeper.
const GRAVES_MAX: u32 = 100;

/// A private directory beside the layers. Removed when dropped; removed by the next harness when this one dies.
#[derive(Debug)]
pub(crate) struct WorkDir {
    path: PathBuf,
    owner: Option<FileLock>,
}

impl WorkDir {
    /// Makes one in the directory of layers.
    pub(crate) fn create(layers: &Path) -> Result<Self, LayerError> {
        let directory = tempfile::Builder::new()
            .prefix(PREFIX)
            .tempdir_in(layers)
            .map_err(LayerError::io("cannot make a directory in", layers))?;
        let mut this = Self {
            path: directory.keep(),
            owner: None,
        };
        // Locked under another name first: a sweeper that finds the lock file finds it locked.
        let (unnamed, lock) = (this.path.join("owner.new"), this.path.join(OWNER));
        this.owner = FileLock::exclusive(&unnamed, Instant::now())
            .and_then(|owner| std::fs::rename(&unnamed, &lock).map(|()| owner))
            .map_err(LayerError::io("cannot lock", lock))?;
        Ok(this)
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Renames it to `target`, with everything in it. False, and nothing happens, when that exists already.
    pub(crate) fn publish(mut self, target: &Path) -> Result<bool, LayerError> {
        let lock = self.path.join(OWNER);
        fs::remove_file(&lock).map_err(LayerError::io("cannot remove", &lock))?;
        match fs::rename(&self.path, target) {
            Ok(()) => {
                self.path = PathBuf::new();
                Ok(true)
            }
            Err(error) if is_taken(&error) => Ok(false),
            Err(error) => Err(LayerError::io("cannot rename to", target)(error)),
        }
    }

    /// Renames a directory among the layers to a name that sweepers know, and returns that. Makes nothing, for a full
    /// disk is where this is needed most.
    pub(crate) fn bury(layers: &Path, path: &Path) -> Result<PathBuf, LayerError> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let mut at = 0;
        loop {
            let grave = layers.join(format!("{PREFIX}gone-{name}-{}-{at}", std::process::id()));
            match fs::rename(path, &grave) {
                Ok(()) => return Ok(grave),
                // There is one already that could not be removed.
                Err(error) if is_taken(&error) && at < GRAVES_MAX => at += 1,
                Err(error) => return Err(LayerError::io("cannot remove", path)(error)),
            }
        }
    }

    /// Removes what dead owners left among the layers; returns how many directories that were.
    pub(crate) fn sweep(layers: &Path) -> Result<usize, LayerError> {
        let mut swept = 0;
        for entry in fs::read_dir(layers).map_err(LayerError::io("cannot list", layers))? {
            let entry = entry.map_err(LayerError::io("cannot list", layers))?;
            let ours = entry.file_name().to_string_lossy().starts_with(PREFIX);
            if ours && is_abandoned(&entry.path()) {
                // Another sweeper may be at it too.
                let _ = fs::remove_dir_all(entry.path());
                swept += 1;
            }
        }
        Ok(swept)
    }
}

/// Renaming a directory onto one that is not empty fails with one of these.
fn is_taken(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::AlreadyExists
    )
}

fn is_abandoned(directory: &Path) -> bool {
    let lock = directory.join(OWNER);
    if lock.exists() {
        // Never created here: an owner that publishes has just removed it, and a layer must not get one.
        let taken = FileLock::exclusive_existing(&lock, Instant::now());
        return matches!(taken, Ok(Some(_)));
    }
    let age = fs::metadata(directory)
        .and_then(|data| data.modified())
        .map(|time| time.elapsed());
    // A time in the future (the clock was set back) does not protect it for ever: after its owner's next start
    // there is a lock file in every living directory.
    age.is_ok_and(|age| age.is_ok_and(|age| age > GRACE))
}

impl Drop for WorkDir {
    fn drop(&mut self) {
        if !self.path.as_os_str().is_empty() {
            // What cannot be removed now is swept later.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::WorkDir;
    use std::fs;

    #[test]
    fn the_living_are_kept_and_the_dead_are_swept() {
        let layers = tempfile::tempdir().expect("a directory");
        let living = WorkDir::create(layers.path()).expect("made");
        let dead = layers.path().join(".tmp-dead");
        fs::create_dir(&dead).expect("made");
        fs::write(dead.join("owner.lock"), "").expect("written");
        assert_eq!(WorkDir::sweep(layers.path()).expect("swept"), 1);
        assert!(living.path().exists());
        assert!(!dead.exists());
    }

    #[test]
    fn a_look_leaves_nothing_behind() {
        let layers = tempfile::tempdir().expect("a directory");
        let young = layers.path().join(".tmp-young");
        fs::create_dir(&young).expect("made");
        assert_eq!(WorkDir::sweep(layers.path()).expect("swept"), 0);
        assert_eq!(fs::read_dir(&young).expect("listed").count(), 0);
        let missing = young.join("owner.lock");
        let now = std::time::Instant::now();
        assert!(crate::layer::FileLock::exclusive_existing(&missing, now).is_err());
        assert!(!missing.exists());
    }

    #[test]
    fn the_removed_are_swept_however_often_the_name_recurs() {
        let layers = tempfile::tempdir().expect("a directory");
        let path = layers.path().join("key");
        for _ in 0..2 {
            fs::create_dir(&path).expect("made");
            fs::write(path.join("ram"), "x").expect("written");
            let grave = WorkDir::bury(layers.path(), &path).expect("buried");
            let old = std::time::SystemTime::now() - super::GRACE * 2;
            fs::File::open(grave)
                .and_then(|grave| grave.set_modified(old))
                .expect("aged");
        }
        assert!(!path.exists());
        assert_eq!(WorkDir::sweep(layers.path()).expect("swept"), 2);
    }

    #[test]
    fn only_the_first_is_published() {
        let layers = tempfile::tempdir().expect("a directory");
        let target = layers.path().join("key");
        for expected in [true, false] {
            let work = WorkDir::create(layers.path()).expect("made");
            fs::write(work.path().join("ram"), "x").expect("written");
            assert_eq!(work.publish(&target).expect("published"), expected);
        }
        assert_eq!(fs::read_dir(layers.path()).expect("listed").count(), 1);
        assert_eq!(fs::read_dir(target).expect("listed").count(), 1);
    }
}
