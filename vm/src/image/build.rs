//! One run of mmdebstrap that makes a whole image. The steps are its hooks; each says in the log that it begins.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::fs::{self, File};
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::follow::{Follower, MARKER};
use super::kept::{INITRD, KERNEL, ROOT};
use super::{BuildStep, Definition, ImageError};
use crate::accel::find_program;
use crate::process::{Command, OrphanSignal, ProcessError, quote, tail_of};

/// The longest a build may take, from the first byte fetched.
const DEADLINE: Duration = Duration::from_secs(40 * 60);
/// A disk with less room than this, in MiB, is taken for the cause of a failure: the largest single package is smaller.
const FULL_MIB: u64 = 192;
/// Where the definition lies inside the guest while it is built.
const INSIDE: &str = "/tmp/switchproof";
/// What of the host's environment the build may see: the way out.
const PASSED_ON: [&str; 8] = [
    "http_proxy",
    "https_proxy",
    "ftp_proxy",
    "no_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "FTP_PROXY",
    "NO_PROXY",
];

/// How the host lets the build be root inside the guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// It is root.
    Root,
    /// An ordinary user, in a user namespace.
    Unshare,
}

impl Mode {
    fn of_this_process() -> Self {
        if rustix::process::geteuid().is_root() {
            Self::Root
        } else {
            Self::Unshare
        }
    }

    /// `unshare --fork` lets polite signals pass it by, and its whole namespace dies with it; mmdebstrap takes down by
    /// itself what it has built up.
    fn orphan_signal(self) -> OrphanSignal {
        match self {
            Self::Root => OrphanSignal::Kill,
            Self::Unshare => OrphanSignal::Terminate,
        }
    }
}

/// Builds the image's parts into `directory`, which exists and is empty. Returns the packages installed, by name.
/// On failure the log is the only thing worth keeping.
pub(super) fn build(
    definition: &Definition,
    directory: &Path,
    log: &Path,
    follower: &mut Follower<'_>,
) -> Result<BTreeMap<String, String>, ImageError> {
    let io = |action, path: &Path| {
        let path = path.to_owned();
        move |source| ImageError::Io {
            action,
            path,
            source,
        }
    };
    let source = directory.join("switchproof");
    definition.write_to(&source).map_err(io("write", &source))?;
    let root = directory.join(ROOT);
    let root_file = File::options()
        .create_new(true)
        .read(true)
        .write(true)
        .open(&root)
        .map_err(io("create", &root))?;
    // Open to the namespace's root, who is another user than the one who runs this; nobody else reaches the directory.
    root_file
        .set_permissions(fs::Permissions::from_mode(0o666))
        .map_err(io("open up", &root))?;
    let scratch =
        Scratch::new(Mode::of_this_process(), directory).map_err(io("make", directory))?;

    let mut least_free_mib = u64::MAX;
    let outcome = command(definition, directory, &scratch.path, Arc::new(root_file))
        .log_to(log)
        .orphan_signal(Mode::of_this_process().orphan_signal())
        .spawn()
        .and_then(|running| {
            running.finish_watched(DEADLINE, &mut || {
                follower.look();
                // What fills the disk is gone, and its message may never have reached the log, once mmdebstrap ends.
                least_free_mib = [directory, &scratch.path]
                    .into_iter()
                    .filter_map(free_mib)
                    .fold(least_free_mib, u64::min);
            })
        });
    outcome.map_err(|error| step_error(follower.step(), &error, log, least_free_mib))?;
    drop(scratch);

    let list = directory.join("packages");
    let packages = fs::read_to_string(&list).map_err(io("read", &list))?;
    fs::remove_file(&list).map_err(io("remove", &list))?;
    fs::remove_dir_all(&source).map_err(io("remove", &source))?;
    for name in [KERNEL, INITRD, ROOT] {
        let path = directory.join(name);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644))
            .map_err(io("close", &path))?;
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
        ProcessError::Failed { status, .. } => format!("mmdebstrap ended with {status}"),
        ProcessError::Deadline { .. } => {
            format!("it was not done after {} minutes", DEADLINE.as_secs() / 60)
        }
        ProcessError::Watch { source, .. } => format!("mmdebstrap could not be watched: {source}"),
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

/// The room left on the file system of a path, in MiB.
pub(super) fn free_mib(path: &Path) -> Option<u64> {
    let room = rustix::fs::statvfs(path).ok()?;
    Some(room.f_bavail.saturating_mul(room.f_frsize) / (1024 * 1024))
}

/// Whether this host can build the image of a definition: its programs are there, and an ordinary user has ids to lend.
/// Says so before anything is fetched.
pub fn can_build(definition: &Definition) -> Result<(), ImageError> {
    if !definition.has("pocket/build") {
        return Err(ImageError::Incomplete("pocket/build"));
    }
    let mut needed = vec!["mmdebstrap", "mke2fs", "unshare", "tar"];
    if Mode::of_this_process() == Mode::Unshare {
        needed.extend(["newuidmap", "newgidmap"]);
    }
    needed.retain(|program| find_program(program).is_none());
    if !needed.is_empty() {
        return Err(ImageError::MissingPrograms(
            needed.into_iter().map(str::to_owned).collect(),
        ));
    }
    if Mode::of_this_process() == Mode::Unshare {
        for (kind, file) in [("user ids", "/etc/subuid"), ("group ids", "/etc/subgid")] {
            if !lends_ids(&fs::read_to_string(file).unwrap_or_default()) {
                return Err(ImageError::NoSubordinateIds(kind));
            }
        }
    }
    Ok(())
}

/// Whether a file of subordinate ids names this process's user, by name or by number.
fn lends_ids(text: &str) -> bool {
    let uid = rustix::process::getuid().as_raw().to_string();
    let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let login = passwd
        .lines()
        .find(|line| line.split(':').nth(2) == Some(&uid))
        .and_then(|line| line.split(':').next());
    // A user whom a directory service knows has no line there; the session's own word is as good.
    let login = login.map(str::to_owned).or_else(|| env::var("USER").ok());
    text.lines()
        .filter_map(|line| line.split(':').next())
        .any(|name| name == uid || Some(name) == login.as_deref())
}

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
                fs::set_permissions(temporary.path(), fs::Permissions::from_mode(0o777))?;
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

fn command(definition: &Definition, directory: &Path, scratch: &Path, root: Arc<File>) -> Command {
    let mode = Mode::of_this_process();
    let program = match mode {
        // Mounts and processes of the build end with it, however it ends.
        Mode::Root => Command::new("unshare").args([
            "--mount",
            "--pid",
            "--fork",
            "--kill-child",
            "env",
            "-i",
        ]),
        Mode::Unshare => Command::new("env").arg("-i"),
    };
    let mut command = program.args(environment(scratch)).arg("mmdebstrap").args([
        match mode {
            Mode::Root => "--mode=root",
            Mode::Unshare => "--mode=unshare",
        },
        "--variant=apt",
        "--format=null",
    ]);
    for excluded in ["man", "doc", "locale", "info", "lintian"] {
        command = command.arg(format!("--dpkgopt=path-exclude=/usr/share/{excluded}/*"));
    }
    command = command
        .arg(format!(
            "--architectures={}",
            definition.architecture().debian_name()
        ))
        .arg(format!("--include={}", definition.packages().join(",")))
        .arg(format!(
            "--extract-hook=echo {}",
            quote(&marker(BuildStep::InstallPackages))
        ));
    for hook in hooks(definition, directory, root.as_raw_fd()) {
        command = command.arg(format!("--customize-hook={hook}"));
    }
    command = command.args([definition.suite().as_str(), "/dev/null"]);
    if let Some(mirror) = env::var_os("SWITCHPROOF_MIRROR").filter(|mirror| !mirror.is_empty()) {
        command = command.arg(mirror);
    }
    command.inherit(root)
}

/// The whole environment of the build, as `env` takes it.
fn environment(scratch: &Path) -> Vec<OsString> {
    let mut path = env::var_os("PATH").unwrap_or_default();
    path.push(":/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin");
    let pair = |name: &str, value: OsString| {
        let mut pair = OsString::from(format!("{name}="));
        pair.push(value);
        pair
    };
    let mut pairs = vec![
        pair("PATH", path),
        pair("TMPDIR", scratch.into()),
        pair("HOME", env::var_os("HOME").unwrap_or_else(|| "/".into())),
        pair("LANG", "C.UTF-8".into()),
        // The kernel package must not build Debian's own initrd, which takes ten seconds and is not used.
        pair("INITRD", "No".into()),
    ];
    pairs.extend(
        PASSED_ON
            .iter()
            .filter_map(|name| Some(pair(name, env::var_os(name)?))),
    );
    pairs
}

/// What is done to the installed root, in order, as mmdebstrap's customize hooks.
fn hooks(definition: &Definition, directory: &Path, root_descriptor: i32) -> Vec<String> {
    let outside = |name: &str| quote(&directory.join(name).to_string_lossy());
    let inside = |step: BuildStep, script: &str| {
        let environment = "HOME=/root LANG=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        format!(
            "echo {}; exec chroot \"$1\" env {environment} {script}",
            quote(&marker(step))
        )
    };
    let write_filesystem = definition.text("guest/write-filesystem");
    vec![
        format!("copy-in {} /tmp", outside("switchproof")),
        format!("chroot \"$1\" cp -r {INSIDE}/guest/rootfs/. /"),
        inside(
            BuildStep::BuildChannel,
            &format!("{INSIDE}/pocket/build {INSIDE}/pocket"),
        ),
        inside(
            BuildStep::Configure,
            &format!("{INSIDE}/guest/configure {INSIDE}/guest"),
        ),
        format!("echo {}; :", quote(&marker(BuildStep::ExtractKernel))),
        format!(
            "copy-out /boot/{KERNEL} /boot/{INITRD} /boot/packages {}",
            quote(&directory.to_string_lossy())
        ),
        format!(
            "echo {}; set -- \"$1\" /proc/self/fd/{root_descriptor}\n{write_filesystem}",
            quote(&marker(BuildStep::WriteFileSystem))
        ),
    ]
}

fn marker(step: BuildStep) -> String {
    format!("{MARKER}{}", step.marker())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::definition;

    #[test]
    fn every_step_in_the_guest_is_marked_once_and_in_order() {
        let hooks = hooks(&definition(), Path::new("/a dir"), 9).join("\n");
        let places: Vec<_> = BuildStep::ALL[2..6]
            .iter()
            .map(|&step| hooks.find(&marker(step)).unwrap())
            .collect();
        assert!(places.is_sorted(), "{places:?}");
        assert!(
            hooks.contains("copy-in '/a dir/switchproof' /tmp"),
            "{hooks}"
        );
    }

    #[test]
    fn a_build_without_a_channel_is_refused_before_it_begins() {
        let error = can_build(&definition().without("pocket/")).unwrap_err();
        assert!(
            matches!(error, ImageError::Incomplete("pocket/build")),
            "{error}"
        );
    }

    #[test]
    fn subordinate_ids_are_found_by_name_or_number() {
        let uid = rustix::process::getuid().as_raw();
        assert!(lends_ids(&format!("other:1:2\n{uid}:100000:65536\n")));
        assert!(!lends_ids("someone-else:100000:65536\n"));
        assert!(!lends_ids(""));
    }
}
