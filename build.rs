//! Names the code that performs steps and looks at machines, so that what an older version of it saw is not taken
//! for what this one would see.

use std::fs;
use std::path::{Path, PathBuf};

const PARTS: [&str; 3] = [
    "harness/src/observe",
    "harness/src/run",
    "harness/src/machine.rs",
];

fn main() -> std::io::Result<()> {
    let mut files = Vec::new();
    for part in PARTS {
        println!("cargo::rerun-if-changed={part}");
        collect(Path::new(part), &mut files)?;
    }
    files.sort();
    let mut hasher = blake3::Hasher::new();
    for file in files {
        hasher.update(file.as_os_str().as_encoded_bytes());
        hasher.update(&fs::read(&file)?);
    }
    println!(
        "cargo::rustc-env=SWITCHPROOF_LOOK={}",
        hasher.finalize().to_hex()
    );
    Ok(())
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if path.is_file() {
        files.push(path.to_owned());
        return Ok(());
    }
    for entry in fs::read_dir(path)? {
        collect(&entry?.path(), files)?;
    }
    Ok(())
}
