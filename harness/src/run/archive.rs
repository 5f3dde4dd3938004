//! Packing files for the guest.

use std::io;

use tar::{Builder, EntryType, Header};

use crate::model::SeedFile;

/// A file of a seed, as [`tar_of`] takes it.
pub(super) type Named<'a> = (&'a String, &'a SeedFile);

/// A tar archive of `files`, every time the same bytes: no times, no owners.
pub(super) fn tar_of<'a>(files: impl Iterator<Item = Named<'a>>) -> io::Result<Vec<u8>> {
    let mut archive = Builder::new(Vec::new());
    for (path, file) in files {
        let mut header = Header::new_gnu();
        header.set_mtime(EPOCH_1);
        header.set_uid(0);
        header.set_gid(0);
        match file {
            SeedFile::Regular { bytes, executable } => {
                header.set_mode(if *executable { 0o755 } else { 0o644 });
                header.set_size(bytes.len() as u64);
                archive.append_data(&mut header, path, bytes.as_slice())?;
            }
            SeedFile::Symlink { target } => {
                header.set_entry_type(EntryType::Symlink);
                header.set_mode(0o777);
                header.set_size(0);
                archive.append_link(&mut header, path, target)?;
            }
            SeedFile::Directory => directory(&mut archive, header, path, 0o755)?,
            SeedFile::Bare {
                is_directory: true,
                mode,
            } => directory(&mut archive, header, path, *mode)?,
            SeedFile::Bare {
                is_directory: false,
                mode,
            } => {
                header.set_mode(*mode);
                header.set_size(0);
                archive.append_data(&mut header, path, io::empty())?;
            }
        }
    }
    archive.into_inner()
}

fn directory(
    archive: &mut Builder<Vec<u8>>,
    mut header: Header,
    path: &str,
    mode: u32,
) -> io::Result<()> {
    header.set_entry_type(EntryType::Directory);
    header.set_mode(mode);
    header.set_size(0);
    archive.append_data(&mut header, format!("{path}/"), io::empty())
}

/// One second after the epoch, as in the Nix store: some tools take 0 for "no time".
const EPOCH_1: u64 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_climbs_out_is_refused() {
        let name = "../../etc/passwd".to_owned();
        let file = SeedFile::regular(*b"x");
        assert!(tar_of([(&name, &file)].into_iter()).is_err());
    }

    #[test]
    fn equal_files_give_equal_archives() {
        let name = "a/b".to_owned();
        let file = SeedFile::Symlink {
            target: "../c".to_owned(),
        };
        let pack = || tar_of([(&name, &file)].into_iter()).unwrap();
        assert_eq!(pack(), pack());
    }
}
