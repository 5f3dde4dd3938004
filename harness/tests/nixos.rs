//! Hosts of NixOS' own modules: the scenarios of `harness/tests/nixos`, and the bundled ones of `install: nixos-module` with
//! all that they expect. Their snapshots are the pocket's, and not compared; what was seen is left in `target/tmp/nixos`.
//!
//!     SWITCHPROOF_HOME_MANAGER=~/home-manager SWITCHPROOF_NIXPKGS=~/nixpkgs cargo test --test nixos [NAME]
//!
//! `SWITCHPROOF_NIXPKGS` names a folder with nixpkgs' `lib` and `nixos`; without both, every test is ignored by name.

mod shared_run;

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Trial};
use shared_run::{SharedRun, bundled};
use switchproof::flake::Channels;
use switchproof::judge::{Conclusion, SnapshotFolder, SnapshotMode, SnapshotPolicy};
use switchproof::language::{LoadOptions, load_with, render_text};
use switchproof::model::{Action, Case, Install};
use switchproof::report::describe;

fn main() -> ExitCode {
    let mut args = Arguments::from_args();
    let cases = match hosts() {
        Ok(cases) => cases,
        Err(mistakes) => {
            eprint!("{mistakes}");
            return ExitCode::from(2);
        }
    };
    let boots = cases.iter().all(|case| case.booted_host().is_some());
    if !boots && !args.list {
        eprintln!(
            "nixos: not run, as SWITCHPROOF_HOME_MANAGER and SWITCHPROOF_NIXPKGS name no checkouts with `nixos`"
        );
    }
    let ids: Vec<String> = cases.iter().map(|case| case.id.clone()).collect();
    let snapshots = SnapshotPolicy {
        mode: SnapshotMode::Update,
        folder: SnapshotFolder::At(Path::new(env!("CARGO_TARGET_TMPDIR")).join("nixos")),
    };
    let run = SharedRun::new(&mut args, cases, snapshots, Arc::new(|_, _, _| {}));
    let trials = ids
        .into_iter()
        .map(|id| {
            let run = Arc::clone(&run);
            let passes = move |id: &str| {
                let verdict = run.verdict(id);
                match Conclusion::of([&verdict]) {
                    Conclusion::Passed => Ok(()),
                    _ => Err(describe(id, &verdict).into()),
                }
            };
            Trial::test(id.clone(), move || passes(&id)).with_ignored_flag(!boots)
        })
        .collect();
    libtest_mimic::run(&args, trials).exit_code()
}

/// The cases, or the mistakes in them as text.
fn hosts() -> Result<Vec<Case>, String> {
    let options = LoadOptions {
        channels: Channels::from_environment(None),
        ..LoadOptions::default()
    };
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("harness/tests/nixos");
    let own = load_with(&[own], &options).map_err(|found| render_text(&found))?;
    let is_host = |case: &Case| {
        let mut actions = case.steps.iter().map(|step| &step.action);
        let is_one = actions.any(|action| matches!(action, Action::Switch(it) if it.target.install == Install::NixosModule));
        is_one && case.trial.is_none()
    };
    let bundled = bundled(&options)?.into_iter().filter(is_host);
    Ok(own.into_iter().chain(bundled).collect())
}
