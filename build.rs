//! Names the code that performs steps and looks at machines, so that what an older version of it saw is not taken
//! for what this one would see.

use std::path::Path;

#[path = "harness/build/look.rs"]
mod look;

const PARTS: [&str; 3] = [
    "harness/src/observe",
    "harness/src/run",
    "harness/src/machine.rs",
];

fn main() -> std::io::Result<()> {
    println!("cargo::rerun-if-changed=harness/build");
    for part in PARTS {
        println!("cargo::rerun-if-changed={part}");
    }
    let mut hasher = blake3::Hasher::new();
    for (file, text) in look::look(&PARTS.map(Path::new))? {
        hasher.update(file.as_os_str().as_encoded_bytes());
        hasher.update(&text);
    }
    println!(
        "cargo::rustc-env=SWITCHPROOF_LOOK={}",
        hasher.finalize().to_hex()
    );
    Ok(())
}
