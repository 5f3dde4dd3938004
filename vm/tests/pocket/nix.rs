//! A Nix evaluator on a host that may have none.

use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use switchproof_vm::cache_dir::CacheDir;
use switchproof_vm::process::Command;
use tempfile::TempDir;

/// Copying a hundred megabytes out of an image.
const COPY_DEADLINE: Duration = Duration::from_secs(120);

/// Where `nix-instantiate` is.
#[derive(Clone)]
pub struct Nix {
    /// What comes first on the PATH; `None` for the host's own Nix.
    copied: Option<Arc<TempDir>>,
}

impl Nix {
    /// The host's own, or a copy of the guest image's. The error says what is missing.
    pub fn find() -> Result<Self, String> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        if std::env::split_paths(&path).any(|folder| folder.join("nix-instantiate").is_file()) {
            return Ok(Self { copied: None });
        }
        if !cfg!(target_os = "linux") {
            return Err("nix-instantiate is not on the PATH".to_owned());
        }
        let root = newest_image()
            .ok_or("nix-instantiate is not on the PATH, and no guest image is built yet")?;
        let copied = copy_out(&root)?;
        Ok(Self {
            copied: Some(Arc::new(copied)),
        })
    }

    /// `command` with this Nix on its PATH and a store, a cache and settings of its own in `folder`.
    pub fn around(&self, command: Command, folder: &Path) -> Command {
        let mut command = command
            .env("NIX_REMOTE", format!("local?root={}", folder.display()))
            .env("NIX_CONF_DIR", folder)
            .env("NIX_CONFIG", "build-users-group =")
            .env("HOME", folder)
            .env("XDG_CACHE_HOME", folder.join("cache"));
        if let Some(copied) = &self.copied {
            let mut path = OsString::from(copied.path().join("bin"));
            path.push(":");
            path.push(std::env::var_os("PATH").unwrap_or_default());
            command = command.env("PATH", path);
        }
        command
    }
}

/// The file system of the newest guest image, also of one that was made from an older channel: only its Nix is wanted.
fn newest_image() -> Option<PathBuf> {
    let images = CacheDir::from_environment().ok()?.images().ok()?;
    let roots = std::fs::read_dir(images)
        .ok()?
        .flatten()
        .filter_map(|entry| {
            let root = entry.path().join("root.ext4");
            Some((root.metadata().ok()?.modified().ok()?, root))
        });
    roots.max().map(|(_, root)| root)
}

/// Nix and its libraries out of a guest's file system, with a `nix-instantiate` that runs them.
fn copy_out(root: &Path) -> Result<TempDir, String> {
    let told = |error: std::io::Error| error.to_string();
    let folder = tempfile::tempdir().map_err(told)?;
    let triplet = format!("{}-linux-gnu", std::env::consts::ARCH);
    std::fs::create_dir(folder.path().join("bin")).map_err(told)?;
    let program = folder.path().join("bin/nix");
    debugfs(
        root,
        &format!("rdump /usr/lib/{triplet} {}", folder.path().display()),
    )?;
    debugfs(root, &format!("dump /usr/bin/nix {}", program.display()))?;
    executable(&program).map_err(|error| format!("the guest image has no Nix: {error}"))?;
    let libraries = folder.path().join(&triplet);
    let loader = loader_in(&libraries).ok_or("the guest image has no program loader")?;
    let started = folder.path().join("bin/nix-instantiate");
    let script = format!(
        "#!/bin/sh\nexec '{}' --library-path '{}' --argv0 nix-instantiate '{}' \"$@\"\n",
        loader.display(),
        libraries.display(),
        program.display()
    );
    std::fs::write(&started, script).map_err(told)?;
    executable(&started).map_err(told)?;
    Ok(folder)
}

fn executable(path: &Path) -> std::io::Result<()> {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755))
}

fn loader_in(libraries: &Path) -> Option<PathBuf> {
    let entries = std::fs::read_dir(libraries).ok()?.flatten();
    let mut loaders = entries.filter(|entry| {
        let name = entry.file_name();
        name.to_str()
            .is_some_and(|name| name.starts_with("ld-linux"))
    });
    loaders.next().map(|entry| entry.path())
}

/// One request to debugfs, which comes with the tools that made the image and reads it without mounting.
fn debugfs(root: &Path, request: &str) -> Result<(), String> {
    Command::new("debugfs")
        .args(["-R", request])
        .arg(root)
        .run(COPY_DEADLINE)
        .map_err(|error| format!("debugfs (Debian package e2fsprogs): {error}"))?;
    Ok(())
}
