//! Differences of texts, for people.

use std::time::Duration;

use similar::{Algorithm, ChangeTag, TextDiff};

use crate::text::{printable, visible};

/// Most lines of a difference that are shown.
const MAX_LINES: usize = 200;
/// How long looking for the smallest difference may take; past that a larger one will do.
const SEARCH_DEADLINE: Duration = Duration::from_secs(2);

/// How `seen` differs from `expected`, in the unified format with three lines around each change. Empty when equal.
pub(super) fn diff(expected: &str, seen: &str) -> String {
    let text = changes(expected, seen)
        .unified_diff()
        .context_radius(3)
        .header("expected", "seen")
        .to_string();
    let lines: Vec<&str> = text.lines().collect();
    let mut shown = lines[..lines.len().min(MAX_LINES)].join("\n");
    if lines.len() > MAX_LINES {
        shown.push_str(&format!("\n… {} more lines", lines.len() - MAX_LINES));
    }
    printable(&shown)
}

/// How `seen` differs from `expected`, and nothing left out: three lines around each change, and behind the numbers of
/// each hunk the section of its first change. Control characters are shown, not dropped, for they may be the change.
pub(super) fn whole_diff(expected: &str, seen: &str) -> String {
    let changes = changes(expected, seen);
    let mut shown = String::new();
    for hunk in changes.unified_diff().context_radius(3).iter_hunks() {
        let first = hunk
            .iter_changes()
            .find(|change| change.tag() != ChangeTag::Equal);
        let place = first.map(|change| (change.new_index(), change.old_index()));
        let heading = match place {
            Some((Some(line), _)) => section(seen, line),
            Some((None, Some(line))) => section(expected, line),
            _ => "",
        };
        let heading = visible(heading);
        shown += format!("{} {heading}", hunk.header()).trim_end();
        shown.push('\n');
        for change in hunk.iter_changes() {
            let line = visible(change.value().trim_end_matches('\n'));
            shown += &format!("{}{line}\n", change.tag());
        }
    }
    shown
}

fn changes<'a>(expected: &'a str, seen: &'a str) -> TextDiff<'a, 'a, 'a, str> {
    TextDiff::configure()
        .algorithm(Algorithm::Patience)
        .timeout(SEARCH_DEADLINE)
        .diff_lines(expected, seen)
}

/// The heading of the section that a line, counted from 0, is in: the last line up to it that is not indented.
fn section(text: &str, line: usize) -> &str {
    let lines: Vec<&str> = text.lines().take(line + 1).collect();
    let is_heading = |line: &&&str| line.starts_with(|first: char| !first.is_whitespace());
    lines.iter().rev().find(is_heading).copied().unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_shown_with_what_is_around_it() {
        let shown = diff("a\nb\nc\n", "a\nx\nc\n");
        assert_eq!(
            shown,
            "--- expected\n+++ seen\n@@ -1,3 +1,3 @@\n a\n-b\n+x\n c"
        );
        assert_eq!(diff("same\n", "same\n"), "");
    }

    #[test]
    fn a_long_difference_is_cut() {
        let many: String = (0..1000).map(|line| format!("{line}\n")).collect();
        assert!(diff("", &many).ends_with("more lines"));
    }
}
