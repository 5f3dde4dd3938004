//! How fast changes are told: of large homes, and of many cases from what is kept. No machine runs.

use std::time::{Duration, Instant};

use rayon::prelude::*;
use switchproof::change::sample::large;
use switchproof::change::{Change, ShowOptions};
use switchproof::observe::Observation;

/// Files of the large homes.
const FILES: usize = 10_000;
/// Cases of the many.
const CASES: usize = 200;
/// Files of each of their homes.
const FILES_OF_A_CASE: usize = 200;
/// How often each measurement is made; the median counts.
const ROUNDS: usize = 5;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (before, after) = (large(FILES, '0'), large(FILES, '1'));
    let parse = median(|| {
        let text = serde_json::to_vec(&before)?;
        let start = Instant::now();
        serde_json::from_slice::<Observation>(&text)?;
        Ok(start.elapsed())
    })?;
    println!(
        "{:6}  {:<58}  {}",
        "",
        "reading one such observation from JSON",
        seconds(parse)
    );
    let mut kept = 0;
    let time = median(|| {
        let start = Instant::now();
        let change = Change::between(&before, &after, true);
        let time = start.elapsed();
        assert_eq!(change.counts().files, FILES / 100);
        Ok(time)
    })?;
    kept += goal(
        &format!("the change between two homes of {FILES} files"),
        time,
        Duration::from_millis(100),
    );
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
    kept += goal(
        &format!("{CASES} cases of {FILES_OF_A_CASE} files, read, compared and told"),
        time,
        Duration::from_secs(1),
    );
    println!("{kept} of 2 goals kept");
    Ok(())
}

/// Prints a measurement with its verdict; 1 when the goal is kept.
fn goal(what: &str, time: Duration, limit: Duration) -> usize {
    let is_kept = time < limit;
    let verdict = if is_kept { "kept" } else { "MISSED" };
    println!(
        "{verdict:6}  {what:<58}  {:<9}  under {}",
        seconds(time),
        seconds(limit)
    );
    usize::from(is_kept)
}

fn median(
    mut once: impl FnMut() -> Result<Duration, Box<dyn std::error::Error>>,
) -> Result<Duration, Box<dyn std::error::Error>> {
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        times.push(once()?);
    }
    times.sort_unstable();
    Ok(times[ROUNDS / 2])
}

fn seconds(time: Duration) -> String {
    format!("{:.3} s", time.as_secs_f64())
}
