//! `switchproof doctor`.

use switchproof_vm::cache_dir::CacheDir;
use switchproof_vm::doctor;

use super::common::{Error, Exit, print};

pub fn run() -> Result<Exit, Error> {
    let cache = CacheDir::from_environment()
        .map_err(|error| Error::machinery(error.to_string(), Some(error.hint().to_owned())))?;
    let checks = doctor::examine(&cache);
    let width = checks
        .iter()
        .map(|check| check.name.len())
        .max()
        .unwrap_or(0);
    let mut text = String::new();
    for check in &checks {
        let mark = if check.ok { "ok     " } else { "MISSING" };
        text += &format!("{mark}  {:width$}  {}\n", check.name, check.found);
        if let Some(fix) = &check.how_to_fix {
            text += &format!("         {:width$}  -> {fix}\n", "");
        }
    }
    print(&text)?;
    Ok(if checks.iter().all(|check| check.ok) {
        Exit::Passed
    } else {
        Exit::Machinery
    })
}
