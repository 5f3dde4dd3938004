//! `switchproof merge-results`.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use super::common::{Error, Exit};
use super::reports::{Report, Reports};
use crate::report::results::{Results, merged};
use crate::text::count;

/// Make one report of what several jobs ran
///
/// Each job of a CI system writes a folder with `run --report DIR/`; this reads the `results.json` of all of them and
/// writes the reports that are asked for. The exit status is that of one run of all cases. A case that is in several
/// counts as the latest of them saw it.
#[derive(Args)]
pub struct MergeArgs {
    /// Folders with a results.json in them or in folders below them, or such files
    #[arg(required = true)]
    places: Vec<PathBuf>,
    /// A report to write, as for `run`: DIR/, or FORMAT[=FILE]
    #[arg(long = "report", value_name = "FORMAT[=FILE]|DIR/")]
    reports: Vec<Report>,
    /// The results.json of an earlier run: the page shows what turned since
    #[arg(long, value_name = "FILE")]
    compare: Option<PathBuf>,
}

pub fn run(args: &MergeArgs) -> Result<Exit, Error> {
    let mut files = Vec::new();
    for place in &args.places {
        let found = results_in(place)?;
        if found.is_empty() {
            return Err(Error::input(
                format!("there is no results.json in {}", place.display()),
                "name the folders that `switchproof run --report DIR/` wrote; a job that wrote none is missing",
            ));
        }
        files.extend(found);
    }
    files.sort();
    files.dedup();
    let read = |file: &PathBuf| {
        let results = Results::read(file).map_err(|error| {
            Error::input(
                error.to_string(),
                "name folders that `switchproof run --report DIR/` wrote",
            )
        })?;
        Ok((file.display().to_string(), results))
    };
    let documents = files.iter().map(read).collect::<Result<Vec<_>, Error>>()?;
    let Some(results) = merged(documents) else {
        return Ok(Exit::Input);
    };
    // Read before anything is written: the folder of the whole may be one that held a part.
    let (reports, _) = Reports::open(&args.reports, args.compare.as_deref())?;
    let lost = reports.write(&results);
    for lost in &lost {
        eprintln!("error: {lost}");
    }
    let counts = results.counts;
    let told = [
        (counts.passed, "passed"),
        (counts.failed, "failed"),
        (counts.errored, "errored"),
        (counts.not_run, "not run"),
    ];
    let told: Vec<_> = told
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, word)| format!("{number} {word}"))
        .collect();
    eprintln!(
        "{} from {}: {}",
        count(results.cases.len(), "case"),
        count(files.len(), "job"),
        told.join(", ")
    );
    Ok(if lost.is_empty() {
        results.conclusion().into()
    } else {
        Exit::Machinery
    })
}

/// The results in a place: the file itself, that of a folder, or else those of the folders in it.
fn results_in(place: &Path) -> Result<Vec<PathBuf>, Error> {
    if !place.is_dir() {
        return Ok(vec![place.to_owned()]);
    }
    let own = place.join("results.json");
    if own.is_file() {
        return Ok(vec![own]);
    }
    let entries = fs::read_dir(place)?.collect::<Result<Vec<_>, _>>()?;
    let below = entries
        .into_iter()
        .map(|entry| entry.path().join("results.json"));
    Ok(below.filter(|file| file.is_file()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Folder;

    #[test]
    fn artifacts_of_jobs_are_found_one_folder_down() {
        let folder = Folder::new();
        for job in ["report-1", "report-2"] {
            folder.write(format!("{job}/results.json"), "{}");
        }
        assert_eq!(results_in(folder.path()).unwrap().len(), 2);
        let one = folder.join("report-1");
        assert_eq!(results_in(&one).unwrap(), [one.join("results.json")]);
        let absent = folder.join("x");
        assert_eq!(results_in(&absent).unwrap(), [absent]);
    }
}
