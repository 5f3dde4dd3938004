//! Puts the guest's definition and the pocket channel into the library, so that the tool runs outside the repository.

use std::fmt::Write as _;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() -> io::Result<()> {
    let crate_directory = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    let mut files = Vec::new();
    for part in ["guest", "pocket"] {
        println!("cargo::rerun-if-changed={part}");
        let directory = crate_directory.join(part);
        if directory.is_dir() {
            collect(&directory, Path::new(part), &mut files)?;
        }
    }
    files.sort();
    let mut table = String::from("&[\n");
    for (name, path) in &files {
        let executable = fs::metadata(path)?.permissions().mode() & 0o111 != 0;
        // Writing into a String does not fail.
        let _ = writeln!(
            table,
            "    ({name:?}, {executable}, include_bytes!({path:?})),"
        );
    }
    table.push(']');
    fs::write(
        Path::new(&variable("OUT_DIR")?).join("definition.rs"),
        table,
    )
}

/// Every file below a directory that the guest is made from: neither prose nor tests change an image.
fn collect(directory: &Path, name: &Path, files: &mut Vec<(String, PathBuf)>) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let (path, name) = (entry.path(), name.join(entry.file_name()));
        let kind = entry.file_type()?;
        if kind.is_symlink() {
            let message = format!(
                "{} is a symbolic link; the definition holds files only",
                path.display()
            );
            return Err(io::Error::other(message));
        }
        let prose = path.extension().is_some_and(|extension| extension == "md");
        if kind.is_dir() && entry.file_name() != "tests" {
            collect(&path, &name, files)?;
        } else if kind.is_file() && !prose {
            let name = name.to_str().map(str::to_owned);
            let name =
                name.ok_or_else(|| io::Error::other(format!("{} is not UTF-8", path.display())))?;
            files.push((name, path));
        }
    }
    Ok(())
}

fn variable(name: &str) -> io::Result<String> {
    env::var(name).map_err(|_| io::Error::other(format!("cargo did not set {name}")))
}
