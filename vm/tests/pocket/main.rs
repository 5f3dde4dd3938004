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
use switchproof_vm::image::POCKET_PACKAGES;
use switchproof_vm::process::Command;

/// A feature takes about a second; a busy machine may need much longer.
const DEADLINE: Duration = Duration::from_secs(300);

fn main() -> ExitCode {
    let args = Arguments::from_args();
    let channel = Path::new(env!("CARGO_MANIFEST_DIR")).join("pocket");
    let features = features(&channel.join("tests"));
    let known = || features.iter().map(String::as_str).chain([PACKAGES]);
    if features.is_empty() {
        eprintln!("pocket: no tests in {}", channel.join("tests").display());
        return ExitCode::FAILURE;
    }
    if args.list {
        let trials = known().map(ignored).collect();
        return libtest_mimic::run(&args, trials).exit_code();
    }
    let nix = match Nix::find() {
        Ok(nix) => nix,
        Err(reason) => {
            eprintln!("pocket: not run, as {reason}");
            let trials = known().map(ignored).collect();
            return libtest_mimic::run(&args, trials).exit_code();
        }
    };
    let list = {
        let (nix, channel) = (nix.clone(), channel.clone());
        Trial::test(PACKAGES, move || packages(&nix, &channel)).with_kind("pocket")
    };
    let trials = features
        .into_iter()
        .map(|feature| {
            let (nix, run) = (nix.clone(), channel.join("tests/run"));
            Trial::test(feature.clone(), move || evaluate(&nix, &run, &feature)).with_kind("pocket")
        })
        .chain([list])
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

/// The test of the list of packages.
const PACKAGES: &str = "list-of-packages";

/// All names of packages that the package set has, those of its sets of packages too: not the names that only say that
/// they are gone, or that the channel lacks them.
const NAMES: &str = r#"
let
  pkgs = import ./nixpkgs { system = "x86_64-linux"; };
  there = set: builtins.filter (name: (builtins.tryEval set.${name}).success) (builtins.attrNames set);
  below = set: map (name: "${set}.${name}") (there (pkgs.${set} or { }));
in
there pkgs ++ builtins.concatMap below [
  "fishPlugins" "gnome" "gnomeExtensions" "haskellPackages" "kdePackages" "libsForQt5" "nerd-fonts"
  "nodePackages" "python3Packages" "tmuxPlugins" "unixtools" "vimPlugins" "vscode-extensions"
]
"#;

fn packages(nix: &Nix, channel: &Path) -> Result<(), Failed> {
    let store = tempfile::tempdir()?;
    let eval = ["--eval", "--strict", "--json", "--read-write-mode"];
    let command = Command::new("nix-instantiate")
        .args(eval)
        .args(["-E", NAMES]);
    let told = nix
        .around(command.dir(channel), store.path())
        .run(DEADLINE)?;
    let names: Vec<String> = serde_json::from_slice(&told.stdout)?;
    let have: Vec<&str> = POCKET_PACKAGES.lines().collect();
    if have == names {
        return Ok(());
    }
    let list = store.path().join("pocket_packages.txt");
    std::fs::write(&list, names.join("\n") + "\n")?;
    let list = store.keep().join("pocket_packages.txt");
    Err(format!(
        "vm/src/image/pocket_packages.txt is another list: copy {}",
        list.display()
    )
    .into())
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
