//! Finding QEMU and asking it for its version.

use std::env;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Architecture;
use crate::process::{Command, ProcessError};

/// How long `--version` may take.
const VERSION_DEADLINE: Duration = Duration::from_secs(20);

/// A version of QEMU.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct QemuVersion {
    /// The first number.
    pub major: u32,
    /// The second.
    pub minor: u32,
    /// The third, which distributions raise for stable updates.
    pub micro: u32,
}

impl QemuVersion {
    /// The oldest that switchproof is tested with.
    pub const OLDEST: Self = Self {
        major: 7,
        minor: 2,
        micro: 0,
    };

    /// Reads what `qemu-system-… --version` or `qemu-img --version` prints first: `QEMU emulator version 7.2.22 (…)`.
    pub fn from_banner(banner: &str) -> Option<Self> {
        let (_, rest) = banner.split_once(" version ")?;
        let number = rest
            .split(|character: char| !character.is_ascii_digit() && character != '.')
            .next()?;
        let mut parts = number.split('.').map(str::parse);
        let major = parts.next()?.ok()?;
        let minor = parts.next()?.ok()?;
        let micro = parts.next().unwrap_or(Ok(0)).ok()?;
        Some(Self {
            major,
            minor,
            micro,
        })
    }
}

impl fmt::Display for QemuVersion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}.{}", self.major, self.minor, self.micro)
    }
}

/// QEMU's system emulator on this host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QemuBinary {
    /// Where it is.
    pub path: PathBuf,
    /// What it says of itself.
    pub version: QemuVersion,
}

/// Why there is no usable QEMU.
#[derive(Debug, thiserror::Error)]
pub enum BinaryError {
    /// No program of that name on PATH.
    #[error("`{0}` is not on PATH")]
    Missing(&'static str),
    /// It could not be asked.
    #[error("QEMU does not tell its version: {0}")]
    Ask(#[from] ProcessError),
    /// It answered something else than a version.
    #[error("`{} --version` printed no version but: {banner}", .path.display())]
    Banner {
        /// The program.
        path: PathBuf,
        /// What it printed.
        banner: String,
    },
    /// It is older than what switchproof can use.
    #[error("{} is version {version}; the oldest that works is {}", .path.display(), QemuVersion::OLDEST)]
    TooOld {
        /// The program.
        path: PathBuf,
        /// Its version.
        version: QemuVersion,
    },
}

const REINSTALL: &str = "reinstall QEMU, or put a working one first on PATH";

impl BinaryError {
    /// What the user can do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Missing(_) => "run vm/setup, which installs it",
            Self::Ask(error) => error.hint().unwrap_or(REINSTALL),
            Self::Banner { .. } => REINSTALL,
            Self::TooOld { .. } => {
                "install a newer QEMU, from your distribution's backports for instance"
            }
        }
    }
}

impl QemuBinary {
    /// The system emulator for this host's architecture, first on PATH. Fails when it is missing or too old.
    pub fn find() -> Result<Self, BinaryError> {
        let program = Architecture::host().qemu_program();
        Self::at(find_program(program).ok_or(BinaryError::Missing(program))?)
    }

    /// The system emulator at this path.
    pub fn at(path: PathBuf) -> Result<Self, BinaryError> {
        let output = Command::new(&path).arg("--version").run(VERSION_DEADLINE)?;
        let banner = output.stdout_text();
        let banner = banner.lines().next().unwrap_or_default().to_owned();
        let Some(version) = QemuVersion::from_banner(&banner) else {
            return Err(BinaryError::Banner { path, banner });
        };
        if version < QemuVersion::OLDEST {
            return Err(BinaryError::TooOld { path, version });
        }
        Ok(Self { path, version })
    }
}

/// The first executable of this name on PATH, or in the places where system tools live when PATH leaves them out.
pub(crate) fn find_program(name: &str) -> Option<PathBuf> {
    use std::os::unix::fs::PermissionsExt;
    let path = env::var_os("PATH").unwrap_or_default();
    let system = ["/usr/sbin", "/sbin"].map(PathBuf::from);
    env::split_paths(&path)
        .chain(system)
        .map(|directory| directory.join(name))
        .find(|candidate| {
            candidate
                .metadata()
                .is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn banners_of_distributions_are_read() {
        for (banner, version) in [
            (
                "QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)",
                "7.2.22",
            ),
            ("QEMU emulator version 10.1.0", "10.1.0"),
            ("qemu-img version 9.2 (qemu-9.2.0-1.fc42)", "9.2.0"),
            ("QEMU emulator version 11.0.0-rc1", "11.0.0"),
            ("command not found", ""),
        ] {
            let read = QemuVersion::from_banner(banner);
            assert_eq!(read.map_or(String::new(), |it| it.to_string()), version);
        }
    }

    #[test]
    fn a_program_that_is_no_qemu_is_refused() {
        let error = QemuBinary::at(find_program("true").unwrap()).unwrap_err();
        assert!(matches!(error, BinaryError::Banner { .. }), "{error}");
    }
}
