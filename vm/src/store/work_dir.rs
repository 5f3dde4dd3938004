//! Directories in the making: beside the finished ones under a name that nobody reads, held by a lock while their maker
//! lives, and removed by the next process when it does not.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::FileLock;

/// Begins the name of every directory that is not finished.
const PREFIX: &str = ".tmp-";

/// The file whose lock says that the directory's owner lives.
const OWNER: &str = "owner.lock";

/// A directory this old without an owner's lock was left by a process that died right after making it.
const GRACE: Duration = Duration::from_secs(60);

/// How many removed directories of one name may wait for the sweeper.
const RETIRED_MAX: u32 = 100;

/// A directory for this process alone, with mode 0700. Removed when dropped; removed by the next [`sweep`] when this
/// process dies.
#[derive(Debug)]
pub(crate) struct WorkDir {
    path: PathBuf,
    // Its lock says that the directory's owner lives.
    _owner: FileLock,
}

impl WorkDir {
    /// Makes one among finished directories.
    pub(crate) fn create(parent: &Path) -> io::Result<Self> {
        Self::named(parent, PREFIX)
    }

    /// Makes one whose name begins with `prefix`.
    pub(crate) fn named(parent: &Path, prefix: &str) -> io::Result<Self> {
        let directory = tempfile::Builder::new()
            .prefix(prefix)
            .permissions(fs::Permissions::from_mode(0o700))
            .tempdir_in(parent)?;
        // Locked under another name first: a sweeper that finds the lock file finds it locked.
        let unnamed = directory.path().join("owner.new");
        let owner = FileLock::exclusive(&unnamed, Instant::now())?
            .ok_or_else(|| io::Error::from(io::ErrorKind::ResourceBusy))?;
        fs::rename(&unnamed, directory.path().join(OWNER))?;
        Ok(Self {
            path: directory.keep(),
            _owner: owner,
        })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Renames it to `target`, with everything in it. False, and nothing happens, when that exists already.
    pub(crate) fn publish(mut self, target: &Path) -> io::Result<bool> {
        fs::remove_file(self.path.join(OWNER))?;
        match fs::rename(&self.path, target) {
            Ok(()) => {
                self.path = PathBuf::new();
                Ok(true)
            }
            Err(error) if is_taken(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

impl Drop for WorkDir {
    fn drop(&mut self) {
        if !self.path.as_os_str().is_empty() {
            // What cannot be removed now is swept later.
            let _ = remove_tree(&self.path);
        }
    }
}

/// Renames whatever is at `path` to a name that [`sweep`] knows, and returns that. Makes nothing, for a full disk is
/// where this is needed most.
pub(crate) fn retire(path: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut at = 0;
    loop {
        let retired =
            path.with_file_name(format!("{PREFIX}gone-{name}-{}-{at}", std::process::id()));
        match fs::rename(path, &retired) {
            Ok(()) => return Ok(retired),
            // There is one already that could not be removed.
            Err(error) if is_taken(&error) && at < RETIRED_MAX => at += 1,
            Err(error) => return Err(error),
        }
    }
}

/// Renaming a directory onto one that is not empty fails with one of these.
fn is_taken(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::AlreadyExists
    )
}

/// Removes what dead owners left among finished directories.
pub(crate) fn sweep(parent: &Path) -> io::Result<()> {
    sweep_named(parent, PREFIX, &|directory| {
        is_abandoned(directory).unwrap_or_else(|| is_old(directory))
    })
}

/// Removes what dead owners left whose name begins with `prefix`, in a directory where others may have put anything: only
/// what is ours alone and holds nothing but what `may_hold` allows.
pub(crate) fn sweep_shared(parent: &Path, prefix: &str, may_hold: fn(fs::FileType) -> bool) {
    let holds_only = |directory: &Path| {
        let mut entries = fs::read_dir(directory).into_iter().flatten().flatten();
        entries.all(|entry| entry.file_name() == OWNER || entry.file_type().is_ok_and(may_hold))
    };
    // What cannot be listed is nothing to report: this is a service to others.
    let _ = sweep_named(parent, prefix, &|directory| {
        is_private(directory) && is_abandoned(directory) == Some(true) && holds_only(directory)
    });
}

fn sweep_named(parent: &Path, prefix: &str, is_over: &dyn Fn(&Path) -> bool) -> io::Result<()> {
    for entry in fs::read_dir(parent)? {
        let entry = entry?;
        let path = entry.path();
        if !entry.file_name().to_string_lossy().starts_with(prefix) {
            continue;
        }
        let is_directory = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_directory && is_over(&path) {
            // Another sweeper may be at it too.
            let _ = remove_tree(&path);
        }
    }
    Ok(())
}

/// Whether a directory is this user's and nobody else may write to it.
pub(crate) fn is_private(directory: &Path) -> bool {
    let ours = rustix::process::geteuid().as_raw();
    let is_ours =
        |data: fs::Metadata| data.is_dir() && data.uid() == ours && data.mode() & 0o022 == 0;
    directory.symlink_metadata().is_ok_and(is_ours)
}

/// Whether the owner of a directory has died; none when it has no owner's lock. Never created here: an owner that
/// publishes has just removed it, and a finished directory must not get one.
fn is_abandoned(directory: &Path) -> Option<bool> {
    match FileLock::exclusive_existing(&directory.join(OWNER)) {
        Ok(taken) => Some(taken.is_some()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(_) => Some(false),
    }
}

fn is_old(directory: &Path) -> bool {
    let modified = fs::metadata(directory).and_then(|data| data.modified());
    // A time in the future was written before the clock was moved back, and protects the directory only until then.
    modified.is_ok_and(|time| time.elapsed().is_ok_and(|age| age > GRACE))
}

/// Removes whatever is at a path, with all that is in it, but never anything mounted there: a root in the making has had
/// the host's devices mounted into it.
pub(crate) fn remove_tree(path: &Path) -> io::Result<()> {
    match path.symlink_metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Ok(data) if !data.is_dir() => return fs::remove_file(path),
        _ => {}
    }
    let path = path.canonicalize()?;
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let below = |line: &&str| {
        let mount_point = line.split(' ').nth(4).unwrap_or_default();
        Path::new(&mount_point.replace("\\040", " ")).starts_with(&path)
    };
    if let Some(line) = mounts.lines().find(below) {
        let path = path.display();
        let message = format!("something is still mounted below {path}: {line}");
        return Err(io::Error::other(message));
    }
    fs::remove_dir_all(path)
}

/// Has the file system write a file, or the names that are in a directory.
pub(crate) fn sync(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

#[cfg(test)]
pub(super) mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::os::unix::net::UnixListener;
    use std::path::Path;
    use std::time::SystemTime;

    use super::{OWNER, WorkDir, retire, sweep, sweep_shared};
    use crate::process::Command;

    pub(crate) fn make_pipe(path: &Path) {
        let made = Command::new("mkfifo").arg(path);
        made.run(std::time::Duration::from_secs(20)).expect("made");
    }

    fn make(parent: &Path, name: &str, mode: u32) -> std::path::PathBuf {
        let path = parent.join(name);
        fs::create_dir(&path).expect("made");
        fs::set_permissions(&path, Permissions::from_mode(mode)).expect("set");
        path
    }

    #[test]
    fn the_living_are_kept_and_the_dead_are_swept() {
        let parent = tempfile::tempdir().expect("a directory");
        let living = WorkDir::create(parent.path()).expect("made");
        let dead = make(parent.path(), ".tmp-dead", 0o700);
        fs::write(dead.join(OWNER), "").expect("written");
        let young = make(parent.path(), ".tmp-young", 0o700);
        sweep(parent.path()).expect("swept");
        assert!(living.path().exists() && young.exists());
        assert!(!dead.exists());
        assert_eq!(
            fs::read_dir(&young).expect("listed").count(),
            0,
            "a look leaves nothing behind"
        );
    }

    #[test]
    fn only_what_is_ours_alone_is_swept_where_others_may_write() {
        let parent = tempfile::tempdir().expect("a directory");
        let with_lock = |name: &str, mode| {
            let path = make(parent.path(), name, mode);
            fs::write(path.join(OWNER), "").expect("written");
            path
        };
        let dead = with_lock("switchproof-dead", 0o700);
        drop(UnixListener::bind(dead.join("qmp")).expect("bound"));
        let notes = with_lock("switchproof-notes", 0o700);
        fs::write(notes.join("notes"), "").expect("written");
        let open = with_lock("switchproof-open", 0o777);
        let unlocked = make(parent.path(), "switchproof-unlocked", 0o700);
        // What would hang us, and what would have us remove a file of somebody else's choice.
        let pipe = make(parent.path(), "switchproof-pipe", 0o700);
        make_pipe(&pipe.join(OWNER));
        let victim = with_lock("victim", 0o700);
        symlink(&victim, parent.path().join("switchproof-link")).expect("made");
        let linked = make(parent.path(), "switchproof-linked", 0o700);
        symlink(victim.join(OWNER), linked.join(OWNER)).expect("made");
        let living = WorkDir::named(parent.path(), "switchproof-").expect("made");
        sweep_shared(parent.path(), "switchproof-", |kind| {
            std::os::unix::fs::FileTypeExt::is_socket(&kind)
        });
        assert!(!dead.exists());
        for kept in [&notes, &open, &unlocked, &pipe, &linked] {
            assert!(kept.exists(), "{}", kept.display());
        }
        assert!(victim.join(OWNER).exists() && living.path().exists());
    }

    /// Needs to be root, to make what belongs to another user.
    #[test]
    fn what_belongs_to_somebody_else_is_left_alone() {
        if !rustix::process::geteuid().is_root() {
            return;
        }
        let parent = tempfile::tempdir().expect("a directory");
        let path = make(parent.path(), "switchproof-theirs", 0o700);
        fs::write(path.join(OWNER), "").expect("written");
        std::os::unix::fs::chown(&path, Some(65534), None).expect("given away");
        sweep_shared(parent.path(), "switchproof-", |_| true);
        assert!(path.exists());
    }

    #[test]
    fn the_removed_are_swept_however_often_the_name_recurs() {
        let parent = tempfile::tempdir().expect("a directory");
        let path = parent.path().join("key");
        for _ in 0..2 {
            make(parent.path(), "key", 0o700);
            fs::write(path.join("ram"), "x").expect("written");
            let retired = retire(&path).expect("retired");
            let old = SystemTime::now() - super::GRACE * 2;
            fs::File::open(retired)
                .and_then(|retired| retired.set_modified(old))
                .expect("aged");
        }
        assert!(!path.exists());
        sweep(parent.path()).expect("swept");
        assert_eq!(fs::read_dir(parent.path()).expect("listed").count(), 0);
    }

    #[test]
    fn only_the_first_is_published() {
        let parent = tempfile::tempdir().expect("a directory");
        let target = parent.path().join("key");
        for expected in [true, false] {
            let work = WorkDir::create(parent.path()).expect("made");
            fs::write(work.path().join("ram"), "x").expect("written");
            assert_eq!(work.publish(&target).expect("published"), expected);
        }
        assert_eq!(fs::read_dir(parent.path()).expect("listed").count(), 1);
        assert_eq!(fs::read_dir(target).expect("listed").count(), 1);
    }
}
