//! A layer's record, `layer.json`: what made it and what its files must be.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::accel::{Accelerator, QemuVersion};
use crate::layer::{LayerError, LayerKey};
use crate::qemu::MachineShape;
use crate::store::{FileRecord, Unfit, read_bounded, write_whole};

/// Raised when the meaning of a layer's files changes; older layers are then made anew.
pub(crate) const FORMAT: u32 = 3;

/// The names of a layer's files.
pub(crate) const RAM: &str = "ram";
pub(crate) const DISK: &str = "disk.qcow2";
pub(crate) const STATE: &str = "state";
pub(crate) const RECORD: &str = "layer.json";

/// A device state bigger than this holds memory that should not be in it.
pub(crate) const STATE_MAX_BYTES: u64 = 256 * 1024 * 1024;

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

impl BackingRecord {
    /// Records an image file.
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        let metadata = fs::metadata(path)?;
        Ok(Self {
            bytes: metadata.len(),
            mtime_ns: i128::from(metadata.mtime()) * 1_000_000_000
                + i128::from(metadata.mtime_nsec()),
        })
    }
}

impl LayerRecord {
    /// Reads the record in `directory`.
    pub(crate) fn read(directory: &Path) -> Result<Self, Unfit<io::Error>> {
        let bytes = read_bounded(&directory.join(RECORD), RECORD_MAX_BYTES);
        let bytes = bytes.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Unfit::Changed("it has no record".to_owned()),
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
                Unfit::Changed(format!("{RECORD}: {error}"))
            }
            _ => Unfit::Unread(error),
        })?;
        match serde_json::from_slice(&bytes) {
            Ok(Self { format, .. }) if format != FORMAT => Err(Unfit::Changed(format!(
                "its format is {format}, not {FORMAT}"
            ))),
            Ok(record) => Ok(record),
            Err(error) => Err(Unfit::Changed(format!(
                "its record cannot be read: {error}"
            ))),
        }
    }

    /// Writes the record to `directory`, replacing an older one in one step.
    pub(crate) fn write(&self, directory: &Path) -> Result<(), LayerError> {
        let path = directory.join(RECORD);
        write_whole(&path, self).map_err(LayerError::io("cannot write", &path))
    }
}
