//! Names the code that performs steps and looks at machines, so that what an older version of it saw is not taken
//! for what this one would see.

use std::path::Path;

#[path = "vm/build/look.rs"]
mod look;

const PARTS: [&str; 5] = [
    "harness/src/login",
    "harness/src/observe",
    "harness/src/run",
    "harness/src/machine.rs",
    "harness/src/text.rs",
];

fn main() -> std::io::Result<()> {
    println!("cargo::rerun-if-changed=vm/build");
    for part in PARTS {
        println!("cargo::rerun-if-changed={part}");
    }
    let look = look::digest(&PARTS.map(Path::new))?;
    println!("cargo::rustc-env=SWITCHPROOF_LOOK={look}");
    Ok(())
}
