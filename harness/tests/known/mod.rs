//! The differences between the pocket channel and the real one that are known, as `DIFFERENCES.md` lists them.

mod placed;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

pub use placed::placed;

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
    /// Names of scenarios, or `all`, each with whether it was seen there.
    scenarios: Vec<(String, AtomicBool)>,
    change: Change,
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
    /// Whether the row is about a case, and if so notes that it was seen there.
    fn note_seen(&self, case: &str) -> bool {
        let scenario = case.split('[').next().unwrap_or(case);
        let named = self
            .scenarios
            .iter()
            .find(|(name, _)| name == "all" || name == scenario);
        if let Some((_, seen)) = named {
            seen.store(true, Ordering::Relaxed);
        }
        named.is_some()
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
        self.rows
            .iter()
            .any(|row| matches!(row.change, Change::Everything) && row.note_seen(case))
    }

    /// Whether a change of a case is listed: a line as [`placed`] tells it behind `+` or `-`, or `! text`. Only its first
    /// line counts: what follows is for the eye.
    pub fn explains(&self, case: &str, change: &str) -> bool {
        let change = squeezed(change.lines().next().unwrap_or_default());
        self.rows.iter().any(|row| match &row.change {
            Change::Everything => false,
            Change::Line { sign, text } => {
                change.starts_with(*sign) && change.contains(text) && row.note_seen(case)
            }
        })
    }

    /// The rows of this very release that explained nothing, for each scenario that they name.
    pub fn unseen(&self) -> Vec<String> {
        let mut unseen = Vec::new();
        for row in self.rows.iter().filter(|row| row.is_own) {
            let what = match &row.change {
                Change::Everything => "everything".to_owned(),
                Change::Line { sign, text } => format!("{sign} {text}"),
            };
            let names = row
                .scenarios
                .iter()
                .filter(|(_, seen)| !seen.load(Ordering::Relaxed));
            unseen.extend(names.map(|(name, _)| format!("{name}: {what}")));
        }
        unseen
    }
}

/// Without indents, which Markdown does not keep.
fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
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
        scenarios: scenarios
            .split(", ")
            .map(|name| (name.to_owned(), AtomicBool::new(false)))
            .collect(),
        change,
    })
}

fn change(cell: &str) -> Option<Change> {
    let change = cell.strip_prefix('`')?.strip_suffix('`')?;
    let change = change.replace('\u{0}', "|");
    let (sign, text) = (change.chars().next()?, squeezed(change.get(1..)?));
    (!text.is_empty()).then_some(Change::Line { sign, text })
}
