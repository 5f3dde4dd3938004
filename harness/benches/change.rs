//! How fast changes are told: of large homes, and of many cases from what is kept. No machine runs.

mod goals;

use std::time::{Duration, Instant};

use rayon::prelude::*;
use switchproof::change::sample::large;
use switchproof::change::{Change, ShowOptions};
use switchproof::observe::Observation;

use goals::{Table, seconds};

type Failure = Box<dyn std::error::Error>;

/// Files of the large homes.
const FILES: usize = 10_000;
/// Cases of the many.
const CASES: usize = 200;
/// Files of each of their homes.
const FILES_OF_A_CASE: usize = 200;
/// How often each measurement is made; the median counts.
const ROUNDS: usize = 5;

fn main() -> Result<(), Failure> {
    let mut table = Table::default();
    let (before, after) = (large(FILES, '0'), large(FILES, '1'));
    let parse = median(|| {
        let text = serde_json::to_vec(&before)?;
        let start = Instant::now();
        serde_json::from_slice::<Observation>(&text)?;
        Ok(start.elapsed())
    })?;
    table.fact("reading one such observation from JSON", seconds(parse));
    let time = median(|| {
        let start = Instant::now();
        let change = Change::between(&before, &after, true);
        let time = start.elapsed();
        assert_eq!(change.counts().files, FILES / 100);
        Ok(time)
    })?;
    let what = format!("the change between two homes of {FILES} files");
    table.at_most(&what, time.as_secs_f64(), 0.1, "s");
    let folder = tempfile::tempdir()?;
    for case in 0..CASES {
        for (step, generation) in [("switch", '0'), ("raised", '1')] {
            let text = serde_json::to_vec(&large(FILES_OF_A_CASE, generation))?;
            std::fs::write(folder.path().join(format!("{case}-{step}")), text)?;
        }
    }
    let read = |case: usize, step: &str| -> Observation {
        let text = std::fs::read(folder.path().join(format!("{case}-{step}")));
        serde_json::from_slice(&text.expect("just written")).expect("just written")
    };
    let time = median(|| {
        let start = Instant::now();
        let bytes: usize = (0..CASES)
            .into_par_iter()
            .map(|case| {
                let change = Change::between(&read(case, "switch"), &read(case, "raised"), true);
                change.show(ShowOptions::default()).len()
            })
            .sum();
        assert!(bytes > CASES);
        Ok(start.elapsed())
    })?;
    let what = format!("{CASES} cases of {FILES_OF_A_CASE} files, read, compared and told");
    table.at_most(&what, time.as_secs_f64(), 1.0, "s");
    table.end();
    Ok(())
}

/// The median of what `once` takes.
fn median(mut once: impl FnMut() -> Result<Duration, Failure>) -> Result<Duration, Failure> {
    let times: Result<Vec<_>, _> = (0..ROUNDS).map(|_| once()).collect();
    let mut times = times?;
    times.sort_unstable();
    Ok(times[ROUNDS / 2])
}
