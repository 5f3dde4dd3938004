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
    /// Whether it is about this very release, not about all.
    is_own: bool,
    /// Names of scenarios, or `all`.
    scenarios: Vec<String>,
    change: Change,
    seen: AtomicBool,
}

enum Change {
    /// The scenario does what this release cannot do.
    Everything,
    Line {
        sign: char,
        text: String,
    },
}

impl Row {
    fn is_about(&self, case: &str) -> bool {
        let scenario = case.split('[').next().unwrap_or(case);
        let names = |name: &String| name == "all" || name == scenario;
        self.scenarios.iter().any(names)
    }
}

impl Known {
    /// Reads the rows of `release`: `| releases | scenarios | line | why |`, the first two `all` where they do not matter,
    /// the line as `` `+ text` `` with the sign of the side that has it, or the word `everything`.
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

    /// Whether nothing that a case shows can be compared, as the release cannot do it.
    pub fn excludes(&self, case: &str) -> bool {
        let everything = |row: &&Row| matches!(row.change, Change::Everything);
        self.see(case, everything)
    }

    /// Whether a change (`+ text`, `- text`, `! text`) of a case is listed. Only its first line counts, as what follows
    /// is for the eye, and indents do not, as Markdown does not keep them.
    pub fn explains(&self, case: &str, change: &str) -> bool {
        let words = change.lines().next().unwrap_or_default().split_whitespace();
        let change = words.collect::<Vec<_>>().join(" ");
        self.see(case, |row| match &row.change {
            Change::Everything => false,
            Change::Line { sign, text } => {
                change.starts_with(*sign) && change.contains(text.as_str())
            }
        })
    }

    fn see(&self, case: &str, fits: impl Fn(&&Row) -> bool) -> bool {
        let row = self.rows.iter().filter(|row| row.is_about(case)).find(fits);
        if let Some(row) = row {
            row.seen.store(true, Ordering::Relaxed);
        }
        row.is_some()
    }

    /// The rows of this very release that explained nothing.
    pub fn unseen(&self) -> Vec<String> {
        let unseen = |row: &&Row| row.is_own && !row.seen.load(Ordering::Relaxed);
        self.rows
            .iter()
            .filter(unseen)
            .map(|row| {
                let scenarios = row.scenarios.join(", ");
                match &row.change {
                    Change::Everything => format!("{scenarios}: everything"),
                    Change::Line { sign, text } => format!("{scenarios}: {sign} {text}"),
                }
            })
            .collect()
    }
}

fn row(line: &str, release: &str) -> Option<Row> {
    // A pipe inside of a cell is written as GitHub wants it.
    let line = line.replace("\\|", "\u{0}");
    let mut cells = line.strip_prefix('|')?.split('|').map(str::trim);
    let (of, scenarios, line) = (cells.next()?, cells.next()?, cells.next()?);
    let change = match line {
        "everything" => Change::Everything,
        line => change(line)?,
    };
    let is_own = of.split(", ").any(|of| of == release);
    (of == "all" || is_own).then(|| Row {
        is_own,
        scenarios: scenarios.split(", ").map(str::to_owned).collect(),
        change,
        seen: AtomicBool::new(false),
    })
}

fn change(cell: &str) -> Option<Change> {
    let change = cell.strip_prefix('`')?.strip_suffix('`')?;
    let change = change.replace('\u{0}', "|");
    let (sign, text) = (change.chars().next()?, change.get(1..)?.trim());
    (!text.is_empty()).then(|| Change::Line {
        sign,
        text: text.to_owned(),
    })
}
