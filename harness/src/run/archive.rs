//! Packing files for the guest.

use std::collections::BTreeMap;
use std::io;

use tar::{Builder, EntryType, Header};

use crate::machine::MachineError;
use crate::model::SeedFile;

/// A tar archive of `files`, every time the same bytes: no times, no owners. `whose` says in an error which files they
/// are.
pub(super) fn pack(
    whose: &str,
    files: &BTreeMap<String, SeedFile>,
) -> Result<Vec<u8>, MachineError> {
    tar_of(files).map_err(|source| {
        MachineError::new(
            format!("the files {whose} cannot be packed: {source}"),
            Some("shorten the path that is named"),
        )
    })
}

fn tar_of(files: &BTreeMap<String, SeedFile>) -> io::Result<Vec<u8>> {
    let mut archive = Builder::new(Vec::new());
    for (path, file) in files {
        let (kind, mode, bytes): (_, _, &[u8]) = match file {
            SeedFile::Regular { bytes, executable } => {
                let mode = if *executable { 0o755 } else { 0o644 };
                (EntryType::Regular, mode, bytes)
            }
            SeedFile::Symlink { .. } => (EntryType::Symlink, 0o777, &[]),
            SeedFile::Directory => (EntryType::Directory, 0o755, &[]),
            SeedFile::Bare { is_directory, mode } => match is_directory {
                true => (EntryType::Directory, *mode, &[]),
                false => (EntryType::Regular, *mode, &[]),
            },
        };
        let mut header = Header::new_gnu();
        header.set_mtime(EPOCH_1);
        header.set_uid(0);
        header.set_gid(0);
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_size(bytes.len() as u64);
        match (file, kind) {
            (SeedFile::Symlink { target }, _) => archive.append_link(&mut header, path, target)?,
            (_, EntryType::Directory) => {
                archive.append_data(&mut header, format!("{path}/"), bytes)?;
            }
            _ => archive.append_data(&mut header, path, bytes)?,
        }
    }
    archive.into_inner()
}

/// One second after the epoch, as in the Nix store: some tools take 0 for "no time".
const EPOCH_1: u64 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_climbs_out_is_refused() {
        let file = SeedFile::regular(*b"x");
        let files = BTreeMap::from([("../../etc/passwd".to_owned(), file)]);
        assert!(tar_of(&files).is_err());
    }

    #[test]
    fn equal_files_give_equal_archives() {
        let file = SeedFile::Symlink {
            target: "../c".to_owned(),
        };
        let files = BTreeMap::from([("a/b".to_owned(), file)]);
        assert_eq!(tar_of(&files).unwrap(), tar_of(&files).unwrap());
    }
}
