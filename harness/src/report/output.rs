//! Files that reports are written to: whole or not at all, and never lost in silence.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// Where a report goes.
#[derive(Debug)]
pub struct Output {
    name: String,
    place: Place,
}

#[derive(Debug)]
enum Place {
    /// Standard output.
    Stdout,
    /// A file, written aside and renamed when it is whole.
    Aside { file: NamedTempFile, path: PathBuf },
    /// A pipe or a device, which cannot be renamed over.
    Special(File),
}

impl Output {
    /// Opens `path`, or standard output. What is there stays as it is until the report is whole.
    pub fn open(path: Option<&Path>) -> io::Result<Self> {
        let Some(path) = path else {
            return Ok(Self {
                name: "standard output".to_owned(),
                place: Place::Stdout,
            });
        };
        let is_special = fs::metadata(path).is_ok_and(|data| !data.is_file() && !data.is_dir());
        let place = if is_special {
            Place::Special(OpenOptions::new().write(true).open(path)?)
        } else {
            aside(path)?
        };
        Ok(Self {
            name: path.display().to_string(),
            place,
        })
    }

    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Writes the whole report.
    pub fn write(self, text: &str) -> io::Result<()> {
        match self.place {
            Place::Stdout => {
                let mut out = io::stdout().lock();
                out.write_all(text.as_bytes())?;
                out.flush()
            }
            Place::Special(mut file) => {
                file.write_all(text.as_bytes())?;
                file.flush()
            }
            Place::Aside { mut file, path } => {
                file.write_all(text.as_bytes())?;
                // Some file systems tell only now that there is no room.
                file.as_file().sync_all()?;
                file.persist(path)?;
                Ok(())
            }
        }
    }
}

/// A file beside `path`, to be renamed over it. A link stays a link: what it leads to is replaced.
fn aside(path: &Path) -> io::Result<Place> {
    let path = match fs::canonicalize(path) {
        Ok(end) if end.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
        Ok(end) => end,
        Err(_) => path.to_owned(),
    };
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    // A temporary file is its maker's alone; a report is a file like others.
    let file = tempfile::Builder::new()
        .prefix(".switchproof-report-")
        .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666))
        .tempfile_in(folder)?;
    Ok(Place::Aside { file, path })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_whole_or_what_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.json");
        fs::write(&path, "old").unwrap();
        let output = Output::open(Some(&path)).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        output.write("new").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        drop(Output::open(Some(&path)).unwrap());
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_link_stays_and_what_it_leads_to_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("a"), folder.path().join("b"));
        fs::write(&file, "old").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        Output::open(Some(&link)).unwrap().write("new").unwrap();
        assert!(link.is_symlink());
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
    }

    #[test]
    fn a_full_device_is_an_error() {
        let full = Path::new("/dev/full");
        if full.exists() {
            let error = Output::open(Some(full)).unwrap().write("x").unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::StorageFull);
            assert!(!full.is_file());
        }
    }
}
