//! The pocket channel's own tests, one per feature, by evaluation alone: no machine, seconds in all.
//!
//! The evaluator is the host's `nix-instantiate`, or else the guest image's own, copied out of it. Where neither is
//! there every test is ignored by name.

mod nix;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use libtest_mimic::{Arguments, Failed, Trial};
use nix::Nix;
use switchproof_vm::process::Command;

/// A feature takes about a second; a busy machine may need much longer.
const DEADLINE: Duration = Duration::from_secs(300);

fn main() -> ExitCode {
    let args = Arguments::from_args();
    let channel = Path::new(env!("CARGO_MANIFEST_DIR")).join("pocket");
    let features = features(&channel.join("tests"));
    if features.is_empty() {
        eprintln!("pocket: no tests in {}", channel.join("tests").display());
        return ExitCode::FAILURE;
    }
    if args.list {
        let trials = features.iter().map(|feature| ignored(feature)).collect();
        return libtest_mimic::run(&args, trials).exit_code();
    }
    let nix = match Nix::find() {
        Ok(nix) => nix,
        Err(reason) => {
            eprintln!("pocket: not run, as {reason}");
            let trials = features.iter().map(|feature| ignored(feature)).collect();
            return libtest_mimic::run(&args, trials).exit_code();
        }
    };
    let trials = features
        .into_iter()
        .map(|feature| {
            let (nix, run) = (nix.clone(), channel.join("tests/run"));
            Trial::test(feature.clone(), move || evaluate(&nix, &run, &feature)).with_kind("pocket")
        })
        .collect();
    libtest_mimic::run(&args, trials).exit_code()
}

/// The names of the test files, sorted.
fn features(tests: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(tests).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter_map(|entry| {
            let path: PathBuf = entry.path();
            let is_nix = path.extension()? == "nix";
            is_nix.then_some(path.file_stem()?.to_str()?.to_owned())
        })
        .filter(|name| name != "harness")
        .collect();
    names.sort();
    names
}

/// A feature that cannot be evaluated here. Asked to run all the same, it fails.
fn ignored(feature: &str) -> Trial {
    Trial::test(feature, || Err("there is no Nix here".into()))
        .with_kind("pocket")
        .with_ignored_flag(true)
}

fn evaluate(nix: &Nix, run: &Path, feature: &str) -> Result<(), Failed> {
    let store = tempfile::tempdir()?;
    // What it prints says what failed, so its status is not asked for.
    let command = Command::new("sh")
        .args(["-c", "sh \"$0\" \"$1\" 2>&1 || true"])
        .arg(run)
        .arg(feature);
    let told = nix
        .around(command, store.path())
        .run(DEADLINE)?
        .stdout_text();
    let is_ok = |line: &str| line.starts_with("ok ");
    if told.lines().any(|line| line == format!("ok {feature}")) && told.lines().all(is_ok) {
        return Ok(());
    }
    Err(told.into())
}
