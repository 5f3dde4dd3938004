//! What a guest image is made from, and the key that follows from it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::OnceLock;
use std::{fs, io};

use serde::{Deserialize, Serialize};

use super::Suite;
use crate::accel::Architecture;

/// Raised when the builder itself changes what it makes of a definition.
const FORMAT_VERSION: u32 = 2;

/// Name in the repository below `vm/`, whether it is executable, contents.
type EmbeddedFile = (&'static str, bool, &'static [u8]);
static EMBEDDED: &[EmbeddedFile] = include!(concat!(env!("OUT_DIR"), "/definition.rs"));

/// The hash of a definition: 64 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ImageKey(String);

impl ImageKey {
    /// All digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Enough digits to tell images apart by eye.
    pub fn short(&self) -> &str {
        self.0.get(..12).unwrap_or(&self.0)
    }
}

impl fmt::Display for ImageKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[derive(Debug, Clone)]
struct DefinitionFile {
    executable: bool,
    contents: Cow<'static, [u8]>,
}

/// Everything that decides what is in a guest image: package list, scripts, files laid over the root, the pocket
/// channel, the Debian release, the architecture.
#[derive(Debug, Clone)]
pub struct Definition {
    architecture: Architecture,
    suite: Suite,
    /// By name below `vm/`, `guest/packages` for instance.
    files: BTreeMap<String, DefinitionFile>,
}

/// The definition that this program was built with, for this host's architecture and the usual Debian release.
pub fn definition() -> Definition {
    definition_of(Suite::default())
}

/// [`definition`] with a Debian release of one's choice.
pub fn definition_of(suite: Suite) -> Definition {
    let files = EMBEDDED.iter().map(|&(name, executable, contents)| {
        (
            name.to_owned(),
            DefinitionFile {
                executable,
                contents: Cow::Borrowed(contents),
            },
        )
    });
    Definition {
        architecture: Architecture::host(),
        suite,
        files: files.collect(),
    }
}

/// The key of [`definition_of`] this release, worked out once.
pub fn key_of(suite: Suite) -> &'static ImageKey {
    static KEYS: [OnceLock<ImageKey>; Suite::ALL.len()] =
        [const { OnceLock::new() }; Suite::ALL.len()];
    KEYS[suite as usize].get_or_init(|| definition_of(suite).key())
}

impl Definition {
    /// The key of the image that this definition makes.
    pub fn key(&self) -> ImageKey {
        let mut hasher = blake3::Hasher::new();
        let mut field = |bytes: &[u8]| {
            hasher.update(&(bytes.len() as u64).to_le_bytes());
            hasher.update(bytes);
        };
        field(&FORMAT_VERSION.to_le_bytes());
        field(self.suite.as_ref().as_bytes());
        field(self.architecture.debian_name().as_bytes());
        for (name, file) in &self.files {
            field(name.as_bytes());
            field(&[u8::from(file.executable)]);
            field(&file.contents);
        }
        ImageKey(hasher.finalize().to_hex().to_string())
    }

    /// The architecture of the guest.
    pub fn architecture(&self) -> Architecture {
        self.architecture
    }

    /// The Debian release of the guest.
    pub fn suite(&self) -> Suite {
        self.suite
    }

    /// The same definition with one file added or replaced, as tests do; the name is relative to `vm/`.
    #[must_use]
    pub fn with_file(mut self, name: &str, executable: bool, contents: impl Into<Vec<u8>>) -> Self {
        let contents = Cow::Owned(contents.into());
        self.files.insert(
            name.to_owned(),
            DefinitionFile {
                executable,
                contents,
            },
        );
        self
    }

    /// The same definition without the files whose names begin so.
    #[must_use]
    pub fn without(mut self, prefix: &str) -> Self {
        self.files.retain(|name, _| !name.starts_with(prefix));
        self
    }

    /// Whether the definition has a file of this name.
    pub fn has(&self, name: &str) -> bool {
        self.files.contains_key(name)
    }

    /// A file's text; empty when the definition has no such file.
    pub(super) fn text(&self, name: &str) -> Cow<'_, str> {
        self.files.get(name).map_or(Cow::Borrowed(""), |file| {
            String::from_utf8_lossy(&file.contents)
        })
    }

    /// The Debian packages that the guest is installed with.
    pub fn packages(&self) -> Vec<String> {
        let architecture = self.architecture.debian_name();
        let text = self
            .text("guest/packages")
            .replace("@ARCHITECTURE@", architecture);
        let lines = text
            .lines()
            .map(|line| line.split('#').next().unwrap_or_default().trim());
        lines
            .filter(|line| !line.is_empty())
            .map(str::to_owned)
            .collect()
    }

    /// Writes all files below a directory, which is made.
    pub(super) fn write_to(&self, directory: &Path) -> io::Result<()> {
        for (name, file) in &self.files {
            let path = directory.join(name);
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::write(&path, &file.contents)?;
            let mode = if file.executable { 0o755 } else { 0o644 };
            fs::set_permissions(&path, fs::Permissions::from_mode(mode))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_carries_the_guest() {
        let definition = definition();
        assert!(definition.has("guest/configure"));
        assert!(definition.has("guest/rootfs/etc/nix/nix.conf"));
        let packages = definition.packages();
        assert!(packages.contains(&"nix-bin".to_owned()));
        let kernel = format!("linux-image-cloud-{}", Architecture::host().debian_name());
        assert!(packages.contains(&kernel), "{packages:?}");
        let is_odd = |package: &String| package.contains(['#', ' ', '@']);
        assert_eq!(packages.iter().find(|package| is_odd(package)), None);
    }

    #[test]
    fn the_key_follows_the_suite_names_contents_and_modes() {
        let base = definition();
        let keys = [
            base.key(),
            base.clone().with_file("guest/extra", false, "x").key(),
            base.clone().with_file("guest/extra", true, "x").key(),
            base.clone().with_file("guest/extra", false, "y").key(),
            base.clone().with_file("guest/extr", false, "ax").key(),
            definition_of(Suite::Sid).key(),
        ];
        let different: std::collections::BTreeSet<_> = keys.iter().collect();
        assert_eq!(different.len(), keys.len());
        assert_eq!(base.key(), definition().key());
        assert_eq!(base.key().as_str().len(), 64);
    }

    #[test]
    fn files_are_written_with_their_modes() {
        let directory = tempfile::tempdir().unwrap();
        definition().write_to(directory.path()).unwrap();
        let mode = |name: &str| {
            let data = directory.path().join(name).metadata().unwrap();
            data.permissions().mode() & 0o777
        };
        assert_eq!(mode("guest/configure"), 0o755);
        assert_eq!(mode("guest/packages"), 0o644);
    }
}
