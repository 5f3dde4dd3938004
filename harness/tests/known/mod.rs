//! The differences between the pocket channel and the real one that are known, as `DIFFERENCES.md` lists them.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

/// The list, relative to the repository.
pub const FILE: &str = "vm/pocket/DIFFERENCES.md";
/// The heading above the table of differences in what scenarios show.
const HEADING: &str = "## In scenarios";

/// The known differences of one release of Home Manager.
pub struct Known {
    rows: Vec<Row>,
}

struct Row {
    release: String,
    scenario: String,
    sign: char,
    text: String,
    seen: AtomicBool,
}

impl Known {
    /// Reads the rows of `release`: `| release | scenario | line | why |`, the first two `all` where they do not matter,
    /// the line as `` `+ text` `` with the sign of the side that has it.
    pub fn read(release: &str) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let table = text.split(HEADING).nth(1).unwrap_or_default();
        let table = table.split("\n## ").next().unwrap_or_default();
        let rows = table
            .lines()
            .filter_map(|line| row(line, release))
            .collect();
        Self { rows }
    }

    /// Whether a change (`+ text`, `- text`, `! text`) of a case is listed. Only its first line counts: what follows
    /// is for the eye.
    pub fn explains(&self, case: &str, change: &str) -> bool {
        let scenario = case.split('[').next().unwrap_or(case);
        let change = change.lines().next().unwrap_or_default();
        let row = self.rows.iter().find(|row| {
            (row.scenario == "all" || row.scenario == scenario)
                && change.starts_with(row.sign)
                && change.contains(&row.text)
        });
        if let Some(row) = row {
            row.seen.store(true, Ordering::Relaxed);
        }
        row.is_some()
    }

    /// The rows of this very release that explained nothing.
    pub fn unseen(&self) -> Vec<String> {
        let unseen = |row: &&Row| row.release != "all" && !row.seen.load(Ordering::Relaxed);
        self.rows
            .iter()
            .filter(unseen)
            .map(|row| format!("{}: {} {}", row.scenario, row.sign, row.text))
            .collect()
    }
}

fn row(line: &str, release: &str) -> Option<Row> {
    // A pipe inside of a cell is written as GitHub wants it.
    let line = line.replace("\\|", "\u{0}");
    let mut cells = line.strip_prefix('|')?.split('|').map(str::trim);
    let (of, scenario, change) = (cells.next()?, cells.next()?, cells.next()?);
    let change = change.strip_prefix('`')?.strip_suffix('`')?;
    let change = change.replace('\u{0}', "|");
    let (sign, text) = (change.chars().next()?, change.get(1..)?.trim());
    (!text.is_empty() && (of == "all" || of == release)).then(|| Row {
        release: of.to_owned(),
        scenario: scenario.to_owned(),
        sign,
        text: text.to_owned(),
        seen: AtomicBool::new(false),
    })
}
