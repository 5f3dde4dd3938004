//! What `check` and `plan` take for many cases, as ratios within one run. No machine runs.

mod goals;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use goals::{Table, seconds};

type Failure = Box<dyn std::error::Error>;

/// Cases of a file: as many as a matrix may make.
const CASES_OF_A_FILE: usize = 1000;
/// Files of the many, and of the few that they are compared with.
const FILES: (usize, usize) = (20, 2);
/// How often each measurement is made; the fastest counts.
const ROUNDS: usize = 3;

fn main() -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let (many, few) = (folder.path().join("many"), folder.path().join("few"));
    for (place, files) in [(&many, FILES.0), (&few, FILES.1)] {
        std::fs::create_dir(place)?;
        for number in 0..files {
            std::fs::write(place.join(format!("{number}.yaml")), scenario(number))?;
        }
    }
    let cache = folder.path().join("cache");
    // The first command of a cache tries which accelerator works.
    time("plan", &few, &cache)?;
    let mut table = Table::default();
    let mut times = Vec::new();
    for place in [&few, &many] {
        let (check, plan) = (time("check", place, &cache)?, time("plan", place, &cache)?);
        let files = std::fs::read_dir(place)?.count();
        let what = format!("{} cases, check and plan", files * CASES_OF_A_FILE);
        table.fact(&what, format!("{} and {}", seconds(check), seconds(plan)));
        times.push((check, plan));
    }
    let grown = ratio(times[1].1, times[0].1) / ratio(times[1].0, times[0].0);
    println!("from few to many, plan grows {grown:.2} times as much as check does");
    let took = ratio(times[1].1, times[1].0);
    for (what, times, most) in [
        ("plan, of check", took, 3.0),
        ("its growth, of that of check", grown, 1.5),
    ] {
        table.at_most(what, times, most, "times");
    }
    table.end();
    Ok(())
}

/// A matrix with a beginning that cases share and one of each case's own.
fn scenario(number: usize) -> String {
    let axis = |count: usize| {
        let values: Vec<String> = (0..count).map(|it| it.to_string()).collect();
        values.join(", ")
    };
    format!(
        "name: many-{number}\n\
         description: A matrix as large as it may be.\n\
         setup:\n  home: {{ stateVersion: \"26.05\" }}\n\
         matrix:\n  first: [{}]\n  second: [{}]\n\
         steps:\n  - run: echo ${{{{ matrix.first }}}} {number}\n  - run: echo ${{{{ matrix.second }}}}\n  - switch:\n",
        axis(CASES_OF_A_FILE / 10),
        axis(10)
    )
}

fn time(command: &str, place: &Path, cache: &Path) -> Result<Duration, Failure> {
    let mut fastest = Duration::MAX;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let output = Command::new(env!("CARGO_BIN_EXE_switchproof"))
            .arg(command)
            .arg(place)
            .env("SWITCHPROOF_CACHE_DIR", cache)
            .output()?;
        fastest = fastest.min(start.elapsed());
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
        }
    }
    Ok(fastest)
}

fn ratio(time: Duration, to: Duration) -> f64 {
    time.as_secs_f64() / to.as_secs_f64()
}
