//! Whether a layer's files, what it stands on and its directory are still what they were.

use std::fs::File;
use std::io;
use std::path::Path;

use crate::layer::record::{BackingRecord, DISK, RAM, STATE};
use crate::layer::{LayerError, LayerRecord, overlay};
use crate::store::{FileRecord, Unfit, is_at};

/// One directory, however it is called now: a layer that was removed and made anew has the same name and is another
/// directory. It is held open, so that no other gets its inode number meanwhile.
#[derive(Debug)]
pub(super) struct DirIdentity(File);

impl DirIdentity {
    /// None when nothing is there.
    pub(super) fn of(path: &Path) -> Result<Option<Self>, Unfit<LayerError>> {
        let opened = path
            .symlink_metadata()
            .and_then(|data| match data.is_dir() {
                true => File::open(path).map(Some),
                false => Ok(None),
            });
        match opened {
            Ok(Some(directory)) => Ok(Some(Self(directory))),
            Ok(None) => Err(Unfit::Changed("it is not a directory".to_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(LayerError::io("cannot open", path)(error).into()),
        }
    }

    /// Whether this directory is still the one at `path`.
    pub(super) fn is_at(&self, path: &Path) -> Result<bool, LayerError> {
        is_at(&self.0, path).map_err(LayerError::io("cannot read", path))
    }
}

/// Compares a layer's file of this name with its record.
pub(super) fn check_file(
    directory: &Path,
    name: &str,
    file: &mut FileRecord,
    fully: bool,
) -> Result<bool, Unfit<LayerError>> {
    let path = directory.join(name);
    file.renew(&path, fully).map_err(|unfit| match unfit {
        Unfit::Changed(what) => Unfit::Changed(format!("{name}: {what}")),
        Unfit::Unread(error) => LayerError::io("cannot read", path)(error).into(),
    })
}

/// Compares a layer's files with its record, and notes new stamps.
pub(super) fn check_files(
    directory: &Path,
    record: &mut LayerRecord,
    fully: bool,
) -> Result<(), Unfit<LayerError>> {
    let mut is_new = false;
    for (name, file) in [
        (STATE, &mut record.state),
        (DISK, &mut record.disk),
        (RAM, &mut record.ram),
    ] {
        is_new |= check_file(directory, name, file, fully)?;
    }
    if is_new {
        // In a cache that cannot be written this costs the next one a hash.
        let _ = record.write(directory);
    }
    Ok(())
}

/// Whether this is the very parent that the layer was forked from.
pub(super) fn check_parent(
    record: &LayerRecord,
    below: &LayerRecord,
) -> Result<(), Unfit<LayerError>> {
    let key = &below.key;
    // Depths count down to zero, so that no forged chain of parents is a circle.
    if below.depth.checked_add(1) != Some(record.depth) {
        let what = format!("its depth does not fit its parent {key}");
        return Err(Unfit::Changed(what));
    }
    if record.parent_disk_blake3.as_ref() != Some(&below.disk.blake3) {
        let what = format!("its parent {key} is another than it was forked from");
        return Err(Unfit::Changed(what));
    }
    Ok(())
}

pub(super) fn check_backing(
    directory: &Path,
    record: &LayerRecord,
) -> Result<(), Unfit<LayerError>> {
    let disk = directory.join(DISK);
    let name = overlay::backing_name(&disk).map_err(LayerError::io("cannot read", &disk))?;
    let path = directory.join(name);
    let what = match BackingRecord::of(&path) {
        Ok(backing) if record.backing.as_ref() == Some(&backing) => return Ok(()),
        Ok(_) => "another than it was",
        Err(error) if error.kind() == io::ErrorKind::NotFound => "gone",
        Err(error) => return Err(LayerError::io("cannot read", path)(error).into()),
    };
    let what = format!("its image {} is {what}", path.display());
    Err(Unfit::Changed(what))
}
