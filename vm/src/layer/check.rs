//! Whether a layer's files, what it stands on and its directory are still what they were.

use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::layer::record::{BackingRecord, DISK, RAM, STATE};
use crate::layer::{LayerError, LayerRecord, overlay};

/// One directory, however it is called now: a layer that was removed and made anew has the same name and is another
/// directory. It is held open, so that no other gets its inode number meanwhile.
#[derive(Debug)]
pub(super) struct DirIdentity(File);

impl DirIdentity {
    /// None when nothing is there; the inner error says that what is there is no directory.
    pub(super) fn of(path: &Path) -> Result<Option<Result<Self, String>>, LayerError> {
        let failed = |error| LayerError::io("cannot open", path)(error);
        match path.symlink_metadata() {
            Ok(data) if data.is_dir() => {}
            Ok(_) => return Ok(Some(Err("it is not a directory".to_owned()))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error)),
        }
        match File::open(path) {
            Ok(directory) => Ok(Some(Ok(Self(directory)))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }

    /// Whether this directory is still the one at `path`.
    pub(super) fn is_at(&self, path: &Path) -> Result<bool, LayerError> {
        let failed = |error| LayerError::io("cannot read", path)(error);
        let ours = self.0.metadata().map_err(failed)?;
        match path.symlink_metadata() {
            Ok(there) => Ok((ours.dev(), ours.ino()) == (there.dev(), there.ino())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(failed(error)),
        }
    }
}

/// Compares a layer's files with its record, and notes new stamps.
pub(super) fn check_files(
    directory: &Path,
    record: &mut LayerRecord,
    fully: bool,
) -> Result<Result<(), String>, LayerError> {
    let mut is_new = false;
    for (name, file) in [
        (STATE, &mut record.state),
        (DISK, &mut record.disk),
        (RAM, &mut record.ram),
    ] {
        let path = directory.join(name);
        match file
            .renew(&path, fully)
            .map_err(LayerError::io("cannot read", &path))?
        {
            Ok(restamped) => is_new |= restamped,
            Err(what) => return Ok(Err(format!("{name}: {what}"))),
        }
    }
    if is_new {
        // In a cache that cannot be written this costs the next one a hash.
        let _ = record.write(directory);
    }
    Ok(Ok(()))
}

/// Whether this is the very parent that the layer was forked from.
pub(super) fn check_parent(record: &LayerRecord, below: &LayerRecord) -> Result<(), String> {
    // Depths count down to zero, so that no forged chain of parents is a circle.
    if below.depth.checked_add(1) != Some(record.depth) {
        return Err(format!("its depth does not fit its parent {}", below.key));
    }
    if record.parent_disk_blake3.as_ref() != Some(&below.disk.blake3) {
        return Err(format!(
            "its parent {} is another than it was forked from",
            below.key
        ));
    }
    Ok(())
}

pub(super) fn check_backing(
    directory: &Path,
    record: &LayerRecord,
) -> Result<Result<(), String>, LayerError> {
    let disk = directory.join(DISK);
    let name = overlay::backing_name(&disk).map_err(LayerError::io("cannot read", &disk))?;
    let path = directory.join(name);
    match BackingRecord::of(&path) {
        Ok(backing) if record.backing.as_ref() == Some(&backing) => Ok(Ok(())),
        Ok(_) => Ok(Err(format!(
            "its image {} is another than it was",
            path.display()
        ))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Ok(Err(format!("its image {} is gone", path.display())))
        }
        Err(error) => Err(LayerError::io("cannot read", path)(error)),
    }
}
