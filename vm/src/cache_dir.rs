//! Where everything that is made once and kept lives: images, layers, results, locks.

use std::fs::{DirBuilder, Metadata, Permissions};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// Why there is no cache directory.
#[derive(Debug, thiserror::Error)]
pub enum CacheDirError {
    /// Neither the environment nor the platform names a place.
    #[error(
        "no place for the cache: none of $SWITCHPROOF_CACHE_DIR, $XDG_CACHE_HOME and $HOME is set"
    )]
    NoHome,
    /// A variable that names the place is not an absolute path.
    #[error("${variable} is `{}`, which is not an absolute path", .path.display())]
    NotAbsolute {
        /// The environment variable.
        variable: &'static str,
        /// What it holds.
        path: PathBuf,
    },
    /// The directory is another user's, who could put anything into it.
    #[error("the cache directory {} belongs to another user (uid {owner}, this is {user})", .path.display())]
    NotOurs {
        /// The directory.
        path: PathBuf,
        /// Whose it is.
        owner: u32,
        /// Who asks.
        user: u32,
    },
    /// Other users may have put anything into the directory.
    #[error("other users may write to the cache directory {} (mode {mode:04o})", .path.display())]
    OpenToOthers {
        /// The directory.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// The directory cannot be made.
    #[error("cannot make the cache directory {}: {source}", .path.display())]
    Create {
        /// The directory.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}

impl CacheDirError {
    /// What the user can do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NotOurs { .. } => "set SWITCHPROOF_CACHE_DIR to a directory of your own",
            Self::OpenToOthers { .. } => {
                "remove it if you do not know what is in it, else `chmod 0700` it; or set SWITCHPROOF_CACHE_DIR"
            }
            Self::NoHome | Self::NotAbsolute { .. } | Self::Create { .. } => {
                "set SWITCHPROOF_CACHE_DIR to a directory with a few gigabytes to spare, as an absolute path"
            }
        }
    }
}

/// The cache directory. Its parts are made when first asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheDir {
    root: PathBuf,
}

impl CacheDir {
    /// `$SWITCHPROOF_CACHE_DIR`, or `switchproof` in the platform's cache directory (`$XDG_CACHE_HOME` or `~/.cache`;
    /// `~/Library/Caches` on macOS).
    pub fn from_environment() -> Result<Self, CacheDirError> {
        let value = |name: &'static str| {
            let path = env::var_os(name)
                .filter(|value| !value.is_empty())
                .map(PathBuf::from)?;
            Some(if path.is_absolute() {
                Ok(path)
            } else {
                Err(CacheDirError::NotAbsolute {
                    variable: name,
                    path,
                })
            })
        };
        if let Some(path) = value("SWITCHPROOF_CACHE_DIR") {
            return path.map(Self::at);
        }
        if !cfg!(target_os = "macos")
            && let Some(path) = value("XDG_CACHE_HOME")
        {
            return path.map(|path| Self::at(path.join("switchproof")));
        }
        let home = value("HOME").ok_or(CacheDirError::NoHome)??;
        let caches = if cfg!(target_os = "macos") {
            "Library/Caches"
        } else {
            ".cache"
        };
        Ok(Self::at(home.join(caches).join("switchproof")))
    }

    /// This directory, whatever the environment says.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The directory itself, which may not exist yet.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Guest images, one directory a key. Made when missing, as all of the following.
    pub fn images(&self) -> Result<PathBuf, CacheDirError> {
        self.part("images")
    }

    /// Frozen machine states, one directory a key.
    pub fn layers(&self) -> Result<PathBuf, CacheDirError> {
        self.part("layers")
    }

    /// What cases showed when they last ran.
    pub fn results(&self) -> Result<PathBuf, CacheDirError> {
        self.part("results")
    }

    /// Lock files.
    pub fn locks(&self) -> Result<PathBuf, CacheDirError> {
        self.part("locks")
    }

    /// Logs of what failed, kept until the same thing is tried again.
    pub fn logs(&self) -> Result<PathBuf, CacheDirError> {
        self.part("logs")
    }

    /// Releases of nixpkgs and Home Manager that were fetched.
    pub fn channels(&self) -> Result<PathBuf, CacheDirError> {
        self.part("channels")
    }

    /// The same where something was fetched, and `None` where nothing was or another user could have written it. Nothing is
    /// made.
    pub fn kept_channels(&self) -> Option<PathBuf> {
        let is_there = self.root.join("channels").is_dir();
        is_there.then(|| self.channels().ok()).flatten()
    }

    /// Small facts about this host that are costly to find out.
    pub fn host(&self) -> Result<PathBuf, CacheDirError> {
        self.part("host")
    }

    fn part(&self, name: &str) -> Result<PathBuf, CacheDirError> {
        let path = self.root.join(name);
        make(&self.root)
            .and_then(|()| self.root.metadata())
            .map_err(|source| self.broken(source))
            .and_then(|root| self.keep_private(&root))?;
        make(&path).map_err(|source| CacheDirError::Create {
            path: path.clone(),
            source,
        })?;
        Ok(path)
    }

    /// Memory and disks of everybody's homes are nothing for other users to read, and what they could have written is
    /// nothing to continue.
    fn keep_private(&self, root: &Metadata) -> Result<(), CacheDirError> {
        let path = self.root.clone();
        let (owner, user) = (root.uid(), rustix::process::geteuid().as_raw());
        if owner != user {
            return Err(CacheDirError::NotOurs { path, owner, user });
        }
        let mode = root.mode() & 0o7777;
        if mode & 0o022 != 0 {
            return Err(CacheDirError::OpenToOthers { path, mode });
        }
        if mode & 0o055 != 0 {
            let private = Permissions::from_mode(0o700);
            fs::set_permissions(&path, private).map_err(|source| self.broken(source))?;
        }
        Ok(())
    }

    fn broken(&self, source: io::Error) -> CacheDirError {
        CacheDirError::Create {
            path: self.root.clone(),
            source,
        }
    }
}

fn make(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// A name for the time since the host was last started; what is remembered under it is asked anew after a reboot.
/// On Linux the kernel's boot id, elsewhere `unknown`.
pub fn host_boot_id() -> String {
    let id = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    if id.trim().is_empty() {
        "unknown".to_owned()
    } else {
        id.trim().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_made_when_asked_for() {
        let directory = tempfile::tempdir().unwrap();
        let cache = CacheDir::at(directory.path().join("deep/er"));
        assert_eq!(cache.kept_channels(), None);
        assert!(!cache.root().exists(), "asking makes nothing");
        assert!(cache.images().unwrap().is_dir());
        assert!(cache.locks().unwrap().ends_with("deep/er/locks"));
    }

    #[test]
    fn a_cache_that_cannot_be_made_says_where() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = CacheDir::at(file.path()).images().unwrap_err().to_string();
        assert!(error.contains(file.path().to_str().unwrap()), "{error}");
    }

    fn mode(path: &Path) -> u32 {
        path.metadata().unwrap().mode() & 0o7777
    }

    #[test]
    fn nobody_else_looks_into_it() {
        let directory = tempfile::tempdir().unwrap();
        let cache = CacheDir::at(directory.path().join("made"));
        cache.results().unwrap();
        assert_eq!(mode(cache.root()), 0o700);
        // As an older version made it.
        fs::set_permissions(cache.root(), Permissions::from_mode(0o755)).unwrap();
        cache.layers().unwrap();
        assert_eq!(mode(cache.root()), 0o700);
    }

    #[test]
    fn what_others_may_have_written_is_not_used() {
        let directory = tempfile::tempdir().unwrap();
        let cache = CacheDir::at(directory.path());
        for open in [0o777, 0o1777, 0o770] {
            fs::set_permissions(directory.path(), Permissions::from_mode(open)).unwrap();
            let error = cache.layers().unwrap_err();
            assert!(error.hint().contains("chmod 0700"));
            let error = error.to_string();
            assert!(error.contains(&format!("{open:04o}")), "{error}");
        }
        fs::set_permissions(directory.path(), Permissions::from_mode(0o700)).unwrap();
        // Only root can give a directory away.
        if rustix::process::geteuid().is_root() {
            std::os::unix::fs::chown(directory.path(), Some(65534), None).unwrap();
            let error = cache.layers().unwrap_err();
            assert!(
                matches!(error, CacheDirError::NotOurs { owner: 65534, .. }),
                "{error}"
            );
            assert!(!directory.path().join("layers").exists());
        }
    }
}
