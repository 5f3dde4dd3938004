//! What works on this host, what is missing, and how to get it.

use crate::accel::{Accelerator, QemuBinary, QemuVersion, detect, find_program};
use crate::cache_dir::CacheDir;
use crate::image;
use crate::process::Command;
use crate::store::{available_memory_mib, free_bytes};

/// The memory that one machine and the harness need, in MiB.
const NEEDED_MEMORY_MIB: u64 = 1536;
/// Room in the cache below which an image cannot be built, in MiB.
const NEEDED_DISK_MIB: u64 = 5 * 1024;
/// How long a program may take to tell its version.
const VERSION_DEADLINE: std::time::Duration = std::time::Duration::from_secs(20);

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What was looked at, in a word or two.
    pub name: &'static str,
    /// Whether it serves.
    pub ok: bool,
    /// What was found.
    pub found: String,
    /// What the user can do, when it does not serve or could serve better.
    pub how_to_fix: Option<String>,
}

impl Check {
    fn good(name: &'static str, found: impl Into<String>) -> Self {
        Self {
            name,
            ok: true,
            found: found.into(),
            how_to_fix: None,
        }
    }

    fn bad(name: &'static str, found: impl Into<String>, how_to_fix: impl Into<String>) -> Self {
        Self {
            name,
            ok: false,
            found: found.into(),
            how_to_fix: Some(how_to_fix.into()),
        }
    }
}

/// Looks at everything that running a scenario needs. Takes seconds at most: the accelerator may have to be tried.
pub fn examine(cache: &CacheDir) -> Vec<Check> {
    let qemu = QemuBinary::find();
    let mut checks = vec![match &qemu {
        Ok(qemu) => Check::good(
            "QEMU",
            format!("{} at {}", qemu.version, qemu.path.display()),
        ),
        Err(error) => Check::bad("QEMU", error.to_string(), error.hint()),
    }];
    checks.extend(untried_host());
    checks.push(qemu_img(qemu.as_ref().ok()));
    if let Ok(qemu) = &qemu {
        checks.push(accelerator(cache, qemu));
    }
    checks.push(cache_directory(cache));
    checks.push(memory());
    checks.extend(guest_image(cache));
    checks
}

/// Said of hosts that switchproof is written for but has never run on.
fn untried_host() -> Option<Check> {
    let (system, processor) = (std::env::consts::OS, std::env::consts::ARCH);
    if (system, processor) == ("linux", "x86_64") {
        return None;
    }
    Some(Check {
        how_to_fix: Some("what fails here may work on Linux on x86_64".to_owned()),
        ..Check::good(
            "host",
            format!("{system} on {processor}, which switchproof has never been tried on"),
        )
    })
}

fn qemu_img(qemu: Option<&QemuBinary>) -> Check {
    const NAME: &str = "qemu-img";
    let Some(path) = find_program("qemu-img") else {
        return Check::bad(NAME, "not on PATH", "run vm/setup, which installs it");
    };
    let told = Command::new(&path).arg("--version").run(VERSION_DEADLINE);
    let (version, hint) = match &told {
        Ok(output) => {
            let banner = output.stdout_text();
            let first = banner.lines().next().unwrap_or_default();
            (QemuVersion::from_banner(first), None)
        }
        Err(error) => (None, error.hint()),
    };
    match (version, qemu) {
        (None, _) => Check::bad(
            NAME,
            format!("{} tells no version", path.display()),
            hint.unwrap_or("reinstall it"),
        ),
        (Some(tool), Some(qemu))
            if (tool.major, tool.minor) != (qemu.version.major, qemu.version.minor) =>
        {
            Check {
                how_to_fix: Some("vm/setup installs both in one version".to_owned()),
                ..Check::good(
                    NAME,
                    format!("{tool}, another version than QEMU's own {}", qemu.version),
                )
            }
        }
        (Some(tool), _) => Check::good(NAME, format!("{tool} at {}", path.display())),
    }
}

fn accelerator(cache: &CacheDir, qemu: &QemuBinary) -> Check {
    const NAME: &str = "accelerator";
    let found = match detect(cache, qemu) {
        Ok(found) => found,
        Err(error) => return Check::bad(NAME, error.to_string(), error.hint()),
    };
    let how_to_fix = match found.accelerator {
        Accelerator::Kvm | Accelerator::Hvf => None,
        Accelerator::Tcg => Some(
            "everything works, about ten times slower than with hardware virtualisation; on Linux that is /dev/kvm, \
             which the group kvm may use"
                .to_owned(),
        ),
    };
    Check {
        how_to_fix,
        ..Check::good(NAME, format!("{} ({})", found.accelerator, found.reason))
    }
}

fn cache_directory(cache: &CacheDir) -> Check {
    const NAME: &str = "cache directory";
    let root = cache.root().display();
    let writable = cache
        .locks()
        .map_err(|error| error.to_string())
        .and_then(|directory| {
            tempfile::tempfile_in(&directory)
                .map_err(|error| format!("{root} cannot be written: {error}"))
        });
    if let Err(problem) = writable {
        return Check::bad(
            NAME,
            problem,
            "set SWITCHPROOF_CACHE_DIR to a directory that you may write to",
        );
    }
    match free_bytes(cache.root()) {
        Ok(bytes) => {
            let free_mib = bytes >> 20;
            let found = format!("{root}, {free_mib} MiB free");
            if free_mib < NEEDED_DISK_MIB {
                Check::bad(
                    NAME,
                    found,
                    format!("an image takes {NEEDED_DISK_MIB} MiB to build: free some space"),
                )
            } else {
                Check::good(NAME, found)
            }
        }
        Err(error) => Check::bad(
            NAME,
            format!("{root}: {error}"),
            "set SWITCHPROOF_CACHE_DIR to another directory",
        ),
    }
}

fn memory() -> Check {
    const NAME: &str = "memory";
    match available_memory_mib() {
        Some(free_mib) if free_mib < NEEDED_MEMORY_MIB => {
            let how =
                format!("a machine needs {NEEDED_MEMORY_MIB} MiB: end something that uses memory");
            Check::bad(NAME, format!("{free_mib} MiB available"), how)
        }
        Some(free_mib) => Check::good(NAME, format!("{free_mib} MiB available")),
        None => Check::good(NAME, "not known on this system"),
    }
}

fn guest_image(cache: &CacheDir) -> Vec<Check> {
    const NAME: &str = "guest image";
    let definition = image::definition();
    let key = definition.key();
    let state = match image::find(cache, &definition) {
        Ok(Some(image)) => {
            let size_mib = image.allocated_bytes() >> 20;
            let nix = image
                .manifest
                .package_version("nix-bin")
                .unwrap_or("of unknown version");
            return vec![Check::good(
                NAME,
                format!("{}, {size_mib} MiB, Nix {nix}", key.short()),
            )];
        }
        Ok(None) => Check {
            how_to_fix: Some(
                "the first run builds it in a few minutes; so does `switchproof image build`"
                    .to_owned(),
            ),
            ..Check::good(NAME, format!("{} is not built yet", key.short()))
        },
        Err(error) => Check::bad(NAME, error.to_string(), error.hint()),
    };
    // Only a host that has to build the image needs what builds it.
    let builder = match image::can_build(&definition) {
        Ok(()) => Check::good("image builder", "mmdebstrap and all that it needs"),
        Err(error) => Check::bad("image builder", error.to_string(), error.hint()),
    };
    vec![state, builder]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failed_check_says_what_to_do() {
        let directory = tempfile::tempdir().unwrap();
        let checks = examine(&CacheDir::at(directory.path()));
        for check in &checks {
            assert!(check.ok || check.how_to_fix.is_some(), "{check:#?}");
        }
        let mut names = checks.iter().map(|check| check.name);
        assert!(names.any(|name| name == "guest image"), "{checks:#?}");
    }

    #[test]
    fn an_unusable_cache_is_told() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let check = cache_directory(&CacheDir::at(file.path()));
        assert!(!check.ok && check.how_to_fix.is_some(), "{check:?}");
    }
}
