//! `switchproof doctor`.

use clap::Args;
use serde_json::json;
use switchproof_vm::cache_dir::CacheDir;
use switchproof_vm::doctor::{self, Check};

use super::common::{Error, Exit, print};
use super::form::{Printed, TextOrJson, document};

/// How to print it.
#[derive(Args)]
pub struct DoctorArgs {
    #[command(flatten)]
    printed: Printed<TextOrJson>,
}

pub fn run(args: &DoctorArgs) -> Result<Exit, Error> {
    let cache = CacheDir::from_environment()
        .map_err(|error| Error::machinery(error.to_string(), Some(error.hint().to_owned())))?;
    let checks = doctor::examine(&cache);
    print(&match args.printed.form() {
        TextOrJson::Text => text(&checks),
        TextOrJson::Json => document(&checks.iter().map(as_json).collect::<Vec<_>>())?,
    })?;
    Ok(if checks.iter().all(|check| check.ok) {
        Exit::Passed
    } else {
        Exit::Machinery
    })
}

fn as_json(check: &Check) -> serde_json::Value {
    json!({ "name": check.name, "ok": check.ok, "found": check.found, "fix": check.how_to_fix })
}

fn text(checks: &[Check]) -> String {
    let widths = checks.iter().map(|check| check.name.len());
    let width = widths.max().unwrap_or(0);
    let mut text = String::new();
    for check in checks {
        let mark = if check.ok { "ok     " } else { "MISSING" };
        text += &format!("{mark}  {:width$}  {}\n", check.name, check.found);
        if let Some(fix) = &check.how_to_fix {
            text += &format!("         {:width$}  -> {fix}\n", "");
        }
    }
    text
}
