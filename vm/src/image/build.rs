//! Running a build, and what it leaves.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::error::io_error;
use super::follow::Follower;
use super::kept::{INITRD, KERNEL, ROOT};
use super::means::Mode;
use super::recipe::command;
use super::{BuildStep, Definition, ImageError};
use crate::process::{ProcessError, tail_of};
use crate::store::{file_limit_bytes, free_bytes, make_private};

/// The longest a build may take, from the first byte fetched.
const DEADLINE: Duration = Duration::from_secs(40 * 60);
/// A disk with less room than this, in MiB, is taken for the cause of a failure: the largest single package is smaller.
const FULL_MIB: u64 = 192;

/// Builds the image's parts into `directory`, which exists and is empty. Returns the packages installed, by name.
/// On failure the log is the only thing worth keeping.
pub(super) fn build(
    definition: &Definition,
    directory: &Path,
    log: &Path,
    follower: &mut Follower<'_>,
) -> Result<BTreeMap<String, String>, ImageError> {
    let source = directory.join("switchproof");
    definition
        .write_to(&source)
        .map_err(io_error("write", &source))?;
    let root = directory.join(ROOT);
    let root_file = make_private(&root).map_err(io_error("create", &root))?;
    root_file
        .set_permissions(fs::Permissions::from_mode(
            Mode::of_this_process().root_file_mode(),
        ))
        .map_err(io_error("open up", &root))?;
    let scratch =
        Scratch::new(Mode::of_this_process(), directory).map_err(io_error("make", directory))?;

    let mut least_free_mib = u64::MAX;
    let outcome = command(definition, directory, &scratch.path, Arc::new(root_file))
        .log_to(log)
        .orphan_signal(Mode::of_this_process().orphan_signal())
        .spawn()
        .and_then(|running| {
            running.finish_watched(DEADLINE, &mut || {
                follower.read_on();
                // What fills the disk is gone, and its message may never have reached the log, once mmdebstrap ends.
                least_free_mib = [directory, &scratch.path]
                    .into_iter()
                    .filter_map(|path| Some(free_bytes(path).ok()? >> 20))
                    .fold(least_free_mib, u64::min);
            })
        });
    outcome.map_err(|error| step_error(follower.step(), &error, log, least_free_mib))?;
    drop(scratch);

    let list = directory.join("packages");
    let packages = fs::read_to_string(&list).map_err(io_error("read", &list))?;
    fs::remove_file(&list).map_err(io_error("remove", &list))?;
    fs::remove_dir_all(&source).map_err(io_error("remove", &source))?;
    for name in [KERNEL, INITRD, ROOT] {
        let path = directory.join(name);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600))
            .map_err(io_error("close", &path))?;
    }
    Ok(packages
        .lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .collect())
}

/// The error of a build step, with the end of its log.
fn step_error(
    step: BuildStep,
    error: &ProcessError,
    log: &Path,
    least_free_mib: u64,
) -> ImageError {
    let mut cause = match error {
        ProcessError::Start { source, .. } => format!("mmdebstrap does not start: {source}"),
        ProcessError::Failed { status, .. } => match file_limit_bytes() {
            Some(limit) => format!(
                "mmdebstrap ended with {status}; no file may become longer than {limit} bytes (`ulimit -f`)"
            ),
            None => format!("mmdebstrap ended with {status}"),
        },
        ProcessError::Deadline { .. } => {
            format!("it was not done after {} minutes", DEADLINE.as_secs() / 60)
        }
        ProcessError::Watch { source, .. } => format!("mmdebstrap could not be watched: {source}"),
        ProcessError::Temporary { .. } => error.to_string(),
    };
    let disk_full = least_free_mib < FULL_MIB;
    if disk_full {
        cause.push_str(&format!(", with {least_free_mib} MiB left on the disk"));
    }
    ImageError::Step {
        step,
        cause,
        disk_full,
        tail: tail_of(log),
        log: log.to_owned(),
    }
}

/// The namespace's root makes and removes a directory there. Nobody can list it, nor remove what is another's.
const SCRATCH_MODE: u32 = 0o1733;

/// Where mmdebstrap makes the root: beside the image for root; for an ordinary user where the namespace's root, who is
/// nobody outside, can walk to.
struct Scratch {
    path: PathBuf,
    _temporary: Option<tempfile::TempDir>,
}

impl Scratch {
    fn new(mode: Mode, directory: &Path) -> std::io::Result<Self> {
        match mode {
            Mode::Root => {
                let path = directory.join("scratch");
                fs::create_dir(&path)?;
                Ok(Self {
                    path,
                    _temporary: None,
                })
            }
            Mode::Unshare => {
                let temporary = tempfile::Builder::new()
                    .prefix("switchproof-image-")
                    .tempdir()?;
                let mode = fs::Permissions::from_mode(SCRATCH_MODE);
                fs::set_permissions(temporary.path(), mode)?;
                Ok(Self {
                    path: temporary.path().to_owned(),
                    _temporary: Some(temporary),
                })
            }
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Empty after a build that ended by itself; what is left of one that was killed goes with the work directory.
        let _ = fs::remove_dir(&self.path);
    }
}
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_build_lies_open() {
        assert_eq!(Mode::Root.root_file_mode(), 0o600);
        let directory = tempfile::tempdir().unwrap();
        let scratch = Scratch::new(Mode::Unshare, directory.path()).unwrap();
        let mode = scratch.path.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o5004, 0o1000, "sticky, and for others not to list");
    }
}
