//! Where everything that is made once and kept lives: images, layers, results, locks.

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
        "set SWITCHPROOF_CACHE_DIR to a directory with a few gigabytes to spare, as an absolute path"
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

    /// Small facts about this host that are costly to find out.
    pub fn host(&self) -> Result<PathBuf, CacheDirError> {
        self.part("host")
    }

    fn part(&self, name: &str) -> Result<PathBuf, CacheDirError> {
        let path = self.root.join(name);
        fs::create_dir_all(&path).map_err(|source| CacheDirError::Create {
            path: path.clone(),
            source,
        })?;
        Ok(path)
    }
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
        assert!(cache.images().unwrap().is_dir());
        assert!(cache.locks().unwrap().ends_with("deep/er/locks"));
    }

    #[test]
    fn a_cache_that_cannot_be_made_says_where() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = CacheDir::at(file.path()).images().unwrap_err();
        assert!(
            error.to_string().contains(file.path().to_str().unwrap()),
            "{error}"
        );
    }
}
