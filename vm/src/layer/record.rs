//! A layer's record, `layer.json`: what made it and what its files must be.

use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::accel::{Accelerator, QemuVersion};
use crate::cache_dir::host_boot_id;
use crate::layer::hash::content_hash;
use crate::layer::{LayerError, LayerKey};
use crate::machine::MachineShape;

/// Raised when the meaning of a layer's files changes; older layers are then made anew.
pub(crate) const FORMAT: u32 = 2;

/// The names of a layer's files.
pub(crate) const RAM: &str = "ram";
pub(crate) const DISK: &str = "disk.qcow2";
pub(crate) const STATE: &str = "state";
pub(crate) const RECORD: &str = "layer.json";

/// Longest record that is read.
const RECORD_MAX_BYTES: u64 = 1024 * 1024;

/// What a state can only be continued on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MadeBy {
    /// The version of QEMU.
    pub qemu: QemuVersion,
    /// The accelerator.
    pub accelerator: Accelerator,
    /// The CPU model.
    pub cpu: String,
    /// The machine's shape.
    pub shape: MachineShape,
    /// The key of the guest image.
    pub image: String,
}

/// A file as the file system shows it: as long as this stays the same, and the host has not been started anew, the
/// content is taken to be the same too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stamp {
    dev: u64,
    ino: u64,
    mtime_ns: i128,
    ctime_ns: i128,
    boot_id: String,
}

/// What one of a layer's files must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileRecord {
    /// Length in bytes.
    pub bytes: u64,
    /// Hash of the content, in hexadecimal.
    pub blake3: String,
    /// How it looked when the hash was last found right.
    pub stamp: Stamp,
}

/// The image file below a first layer's disk. A rebuilt image of the same key is another file with other content, on
/// which the layer's disk would be garbage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackingRecord {
    /// Length in bytes.
    pub bytes: u64,
    /// Time of last change, which honest copies keep.
    pub mtime_ns: i128,
}

/// A layer's record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LayerRecord {
    /// The layout of the layer's files.
    pub format: u32,
    /// Its key.
    pub key: LayerKey,
    /// The layer that it was forked from; none for a first layer.
    pub parent: Option<LayerKey>,
    /// The hash of the parent's disk, on which this one's stands: a parent made anew under the same key holds other
    /// blocks. None for a first layer.
    pub parent_disk_blake3: Option<String>,
    /// How many layers are below it.
    pub depth: u32,
    /// What it can only be continued on.
    pub made_by: MadeBy,
    /// When it was made, in seconds since 1970.
    pub created_s: u64,
    /// What made it, in the words of the caller.
    pub note: Value,
    /// The image file that a first layer's disk stands on.
    pub backing: Option<BackingRecord>,
    /// The memory file.
    pub ram: FileRecord,
    /// The disk overlay.
    pub disk: FileRecord,
    /// The device state.
    pub state: FileRecord,
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self {
            dev: metadata.dev(),
            ino: metadata.ino(),
            mtime_ns: nanoseconds(metadata.mtime(), metadata.mtime_nsec()),
            ctime_ns: nanoseconds(metadata.ctime(), metadata.ctime_nsec()),
            boot_id: host_boot_id(),
        }
    }
}

fn nanoseconds(seconds: i64, nanoseconds: i64) -> i128 {
    i128::from(seconds) * 1_000_000_000 + i128::from(nanoseconds)
}

/// Whether a file is what its record says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Checked {
    /// Nothing has changed since the hash was last found right.
    Unchanged,
    /// It looks changed (a moved cache, another start of the host) and has the right hash.
    Rehashed(Stamp),
    /// It is something else; why.
    Wrong(String),
}

impl FileRecord {
    /// Records a file as it is now.
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        let hash = content_hash(&file)?;
        Ok(Self {
            bytes: metadata.len(),
            blake3: hash.to_hex().to_string(),
            stamp: Stamp::of(&metadata),
        })
    }

    /// Compares a file with the record. With `fully`, an unchanged look is not enough.
    pub(crate) fn check(&self, path: &Path, fully: bool) -> io::Result<Checked> {
        let file = match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Checked::Wrong("it is missing".to_owned()));
            }
            file => file?,
        };
        let metadata = file.metadata()?;
        if metadata.len() != self.bytes {
            return Ok(Checked::Wrong(format!(
                "it has {} bytes instead of {}",
                metadata.len(),
                self.bytes
            )));
        }
        let stamp = Stamp::of(&metadata);
        if stamp == self.stamp && !fully {
            return Ok(Checked::Unchanged);
        }
        if content_hash(&file)?.to_hex().as_str() != self.blake3 {
            return Ok(Checked::Wrong("its content has changed".to_owned()));
        }
        Ok(Checked::Rehashed(stamp))
    }
}

impl BackingRecord {
    /// Records an image file.
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        let metadata = fs::metadata(path)?;
        Ok(Self {
            bytes: metadata.len(),
            mtime_ns: nanoseconds(metadata.mtime(), metadata.mtime_nsec()),
        })
    }
}

impl LayerRecord {
    /// Now, for [`LayerRecord::created_s`].
    pub(crate) fn now_s() -> u64 {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_secs()
    }

    /// Reads the record in `directory`; the inner error says why there is no record to trust.
    pub(crate) fn read(directory: &Path) -> io::Result<Result<Self, String>> {
        let path = directory.join(RECORD);
        match fs::metadata(&path) {
            Ok(metadata) if metadata.len() > RECORD_MAX_BYTES => {
                return Ok(Err("its record is too long".to_owned()));
            }
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Err("it has no record".to_owned()));
            }
            Err(error) => return Err(error),
        }
        let parsed: Result<Self, _> = serde_json::from_slice(&fs::read(path)?);
        Ok(match parsed {
            Ok(record) if record.format != FORMAT => {
                Err(format!("its format is {}, not {FORMAT}", record.format))
            }
            Ok(record) => Ok(record),
            Err(error) => Err(format!("its record cannot be read: {error}")),
        })
    }

    /// Writes the record to `directory`, replacing an older one in one step.
    pub(crate) fn write(&self, directory: &Path) -> Result<(), LayerError> {
        let path = directory.join(RECORD);
        let mut file = tempfile::NamedTempFile::new_in(directory)
            .map_err(LayerError::io("cannot write", &path))?;
        serde_json::to_writer_pretty(&mut file, self)
            .map_err(io::Error::from)
            .map_err(LayerError::io("cannot write", &path))?;
        file.persist(&path)
            .map_err(|error| LayerError::io("cannot write", &path)(error.error))?;
        Ok(())
    }
}
