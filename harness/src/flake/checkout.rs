//! A checkout of the real Home Manager in place of the pocket channel's, so that scenarios can be run on either.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::copy::{Limit, copy_folder, copy_tracked};
use super::host_file_error::HostFileError;
use super::tracked::revision;
use crate::model::{ChannelOverlay, ChannelSource, FlakeTree, NIXOS_PLACE, SeedFile};
use crate::open_regular::open_regular;

/// Folders of real projects on this computer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Checkout {
    /// A checkout of Home Manager.
    pub home_manager: PathBuf,
    /// A checkout of nixpkgs, or of its library alone (`nixpkgs.lib`): a folder with `lib/default.nix`. The pocket
    /// channel's own library when `None`.
    pub nixpkgs_lib: Option<PathBuf>,
    /// A folder with nixpkgs' `nixos`, which then takes the place of the pocket channel's: a host of it is a NixOS of its
    /// own modules, over the pocket's packages.
    pub nixos: Option<PathBuf>,
}

/// What of Home Manager replaces the pocket's. Its `flake.nix` stays out: it names the same outputs, but evaluating
/// it can need a download. Its tests stay out for their size. `lib` is merged: older releases keep in `flake.nix`
/// what is in there today.
const HOME_MANAGER: [&str; 6] = [
    "docs",
    "home-manager",
    "lib",
    "modules",
    "nix-darwin",
    "nixos",
];

/// The command of a system; a checkout of `nixos` and `lib` alone has none, and the pocket's serves.
const NIXOS_REBUILD: &str = "pkgs/os-specific/linux/nixos-rebuild/nixos-rebuild.sh";

/// What follows the release in the channel's version.
const VERSION_SUFFIX: &str = "pre-pocket";

impl Checkout {
    /// What is laid over the pocket channel: the folders of Home Manager, the library, and the release that both
    /// stand for, as Home Manager compares its own with nixpkgs'. The packages stay the pocket's.
    pub fn overlay(&self) -> Result<ChannelOverlay, HostFileError> {
        let mut files = BTreeMap::new();
        let mut replaced = Vec::new();
        require(&self.home_manager, "Home Manager", "modules/default.nix")?;
        let mut is_tracked = false;
        for name in HOME_MANAGER {
            let folder = self.home_manager.join(name);
            if folder.is_dir() {
                let place = format!("home-manager/{name}");
                is_tracked |= add(&mut files, &folder, &place)?;
                if name != "lib" {
                    replaced.push(place);
                }
            }
        }
        let release = self.release()?;
        let mut sources = vec![ChannelSource {
            release: Some(release.clone()),
            ..source("home-manager", &self.home_manager, is_tracked)
        }];
        for name in ["release.json", "overlay.nix", "default.nix"] {
            let bytes = read(&self.home_manager.join(name)).ok();
            put(&mut files, &format!("home-manager/{name}"), bytes);
        }
        if let Some(nixpkgs) = &self.nixpkgs_lib {
            require(nixpkgs, "nixpkgs", "lib/default.nix")?;
            let is_tracked = add(&mut files, &nixpkgs.join("lib"), "nixpkgs/lib")?;
            let of = read(&nixpkgs.join("lib/.version")).ok();
            let of = of.and_then(|bytes| String::from_utf8(bytes).ok());
            sources.push(ChannelSource {
                release: of
                    .map(|it| it.trim().to_owned())
                    .filter(|it| is_release(it)),
                ..source("nixpkgs-lib", nixpkgs, is_tracked)
            });
            replaced.push("nixpkgs/lib".to_owned());
            put(&mut files, "nixpkgs/lib/.version", Some(&*release));
            put(&mut files, "nixpkgs/.version-suffix", Some(VERSION_SUFFIX));
        }
        if let Some(nixpkgs) = &self.nixos {
            require(nixpkgs, "nixpkgs", "nixos/lib/eval-config.nix")?;
            // The tests and the manual stay out for their size.
            for name in ["lib", "modules"] {
                let folder = nixpkgs.join("nixos").join(name);
                add(&mut files, &folder, &format!("{NIXOS_PLACE}/{name}"))?;
            }
            replaced.push(NIXOS_PLACE.to_owned());
            put(&mut files, "nixpkgs/.version", Some(&*release));
            let command = read(&nixpkgs.join(NIXOS_REBUILD)).ok();
            put(&mut files, &format!("nixpkgs/{NIXOS_REBUILD}"), command);
        }
        Ok(ChannelOverlay {
            sources,
            ..standing_for(&release, files, replaced)
        })
    }

    /// The release that the checkout of Home Manager says it is, as `24.05`.
    pub fn release(&self) -> Result<String, HostFileError> {
        #[derive(serde::Deserialize)]
        struct Release {
            release: String,
        }
        let path = self.home_manager.join("release.json");
        let release = read(&path)
            .ok()
            .and_then(|bytes| serde_json::from_slice::<Release>(&bytes).ok())
            .map(|it| it.release);
        release
            .filter(|it| is_release(it))
            .ok_or_else(|| HostFileError::no_release(&path))
    }
}

fn is_release(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.')
}

/// What makes the pocket channel's newest revision an older one, whose own files are in `folder`, as `revisions/24.05`: its
/// Home Manager and the release that it stands for. The packages and nixpkgs' library stay those of the newest, as they
/// do under a [`Checkout`].
pub fn revision_overlay(folder: &Path, release: &str) -> Result<ChannelOverlay, HostFileError> {
    let mut files = BTreeMap::new();
    add(&mut files, &folder.join("home-manager"), "home-manager")?;
    Ok(standing_for(release, files, Vec::new()))
}

/// `files` for the channel, and the release that nixpkgs then says it is.
fn standing_for(
    release: &str,
    mut files: BTreeMap<String, SeedFile>,
    replaced: Vec<String>,
) -> ChannelOverlay {
    let revision = format!(
        "{{\n  release = \"{release}\";\n  versionSuffix = \"{VERSION_SUFFIX}\";\n  codeName = \"Pocket\";\n}}\n"
    );
    put(&mut files, "nixpkgs/revision.nix", Some(revision));
    ChannelOverlay {
        name: None,
        digest: digest(&files),
        files: Arc::new(FlakeTree::new(files)),
        replaced,
        is_bare: false,
        sources: Vec::new(),
    }
}

/// A folder as it is, an input of a flake.
pub(super) fn folder_overlay(name: &str, folder: &Path) -> Result<ChannelOverlay, HostFileError> {
    let mut files = BTreeMap::new();
    let is_tracked = add(&mut files, folder, "")?;
    Ok(ChannelOverlay {
        name: Some(name.to_owned()),
        digest: digest(&files),
        files: Arc::new(FlakeTree::new(files)),
        is_bare: true,
        sources: vec![source("input", folder, is_tracked)],
        ..ChannelOverlay::default()
    })
}

/// Whether a folder is a checkout of Home Manager.
pub(super) fn is_home_manager(folder: &Path) -> bool {
    let has = |name: &str| folder.join(name).is_file();
    has("modules/default.nix") && has("release.json")
}

/// Puts a file in its place, if there is one.
fn put(files: &mut BTreeMap<String, SeedFile>, place: &str, bytes: Option<impl Into<Vec<u8>>>) {
    files.extend(bytes.map(|bytes| (place.to_owned(), SeedFile::regular(bytes))));
}

fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open_regular(path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn require(folder: &Path, project: &str, missing: &str) -> Result<(), HostFileError> {
    match folder.join(missing).is_file() {
        true => Ok(()),
        false => Err(HostFileError::no_checkout(folder, project, missing)),
    }
}

fn source(project: &'static str, folder: &Path, is_tracked: bool) -> ChannelSource {
    ChannelSource {
        project,
        folder: folder.canonicalize().unwrap_or_else(|_| folder.to_owned()),
        release: None,
        revision: if is_tracked { revision(folder) } else { None },
    }
}

/// Adds a folder: what Git tracks of it, or else, as with a checkout that lies untracked in another repository, all of
/// it. Says whether Git tracks it.
fn add(
    files: &mut BTreeMap<String, SeedFile>,
    folder: &Path,
    place: &str,
) -> Result<bool, HostFileError> {
    let path = folder.display().to_string();
    let real = folder.canonicalize();
    let real = real.map_err(|error| HostFileError::unreadable(&path, &error))?;
    let (mut copied, _) = copy_tracked(&real, &path, Limit::PROJECT, false)?;
    let is_tracked = !copied.is_empty() && revision(&real).is_some();
    if copied.is_empty() {
        copied = copy_folder(&real, &path, Limit::PROJECT)?;
    }
    files.extend(copied.into_iter().map(|(path, file)| {
        (
            format!("{place}/{path}").trim_start_matches('/').to_owned(),
            file,
        )
    }));
    Ok(is_tracked)
}

fn digest(files: &BTreeMap<String, SeedFile>) -> String {
    let mut hasher = blake3::Hasher::new();
    for (path, file) in files {
        let (kind, bytes) = match file {
            SeedFile::Regular { bytes, executable } => (1 + u8::from(*executable), &bytes[..]),
            SeedFile::Symlink { target } => (3, target.as_bytes()),
            SeedFile::Directory | SeedFile::Bare { .. } => (4, &[][..]),
        };
        for part in [path.as_bytes(), &[kind], bytes] {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
    }
    hasher.finalize().to_hex().to_string()
}
