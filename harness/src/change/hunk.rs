//! How two texts differ, in the unified format, fit to be shown and bounded.

use std::fmt::Write;
use std::time::Duration;

use similar::{Algorithm, ChangeTag, TextDiff};

use super::model::Hunk;
use super::stores::without_hashes;
use crate::text::escape_name;

/// Most lines of one difference that are kept.
const LINES: usize = 400;
/// Most bytes of one difference that are kept.
const BYTES: usize = 64 * 1024;
/// Lines around each change.
const CONTEXT: usize = 3;
/// How long looking for the smallest difference may take; past that a larger one will do.
const SEARCH_DEADLINE: Duration = Duration::from_millis(500);

/// How `after` differs from `before`, store hashes left out. `None`: it does not.
pub(super) fn hunk(before: &str, after: &str) -> Option<Hunk> {
    let (before, after) = (without_hashes(before), without_hashes(after));
    if before == after {
        return None;
    }
    let changes = TextDiff::configure()
        .algorithm(Algorithm::Patience)
        .timeout(SEARCH_DEADLINE)
        .diff_lines(&*before, &*after);
    let mut made = Making::default();
    for group in changes.unified_diff().context_radius(CONTEXT).iter_hunks() {
        made.line(group.header().to_string());
        for change in group.iter_changes() {
            made.change(change.tag(), change.value());
        }
    }
    Some(made.hunk)
}

/// A text that came (`+`) or went (`-`) as a whole. `None` of an empty one.
pub(super) fn whole(text: &str, tag: ChangeTag) -> Option<Hunk> {
    if text.is_empty() {
        return None;
    }
    let mut made = Making::default();
    for line in without_hashes(text).split_inclusive('\n') {
        made.change(tag, line);
    }
    Some(made.hunk)
}

#[derive(Default)]
struct Making {
    hunk: Hunk,
    bytes: usize,
}

impl Making {
    fn change(&mut self, tag: ChangeTag, line: &str) {
        match tag {
            ChangeTag::Equal => {}
            ChangeTag::Delete => self.hunk.removed += 1,
            ChangeTag::Insert => self.hunk.added += 1,
        }
        let (text, ends) = match line.strip_suffix('\n') {
            Some(text) => (text, true),
            None => (line, false),
        };
        if self.is_full(text.len()) {
            self.hunk.left_out += 1;
            return;
        }
        // Blanks at the end of a line that is the same on both sides make no difference.
        let text = match tag {
            ChangeTag::Equal => text.trim_end_matches([' ', '\t']),
            ChangeTag::Delete | ChangeTag::Insert => text,
        };
        self.line(format!("{tag}{}", shown(text)));
        if !ends {
            self.line("\\ no line end at the end".to_owned());
        }
    }

    fn is_full(&self, bytes: usize) -> bool {
        self.hunk.left_out > 0 || self.hunk.lines.len() >= LINES || self.bytes + bytes > BYTES
    }

    fn line(&mut self, line: String) {
        if self.hunk.left_out == 0 {
            self.bytes += line.len();
            self.hunk.lines.push(line);
        }
    }
}

/// A line of a text so that a reader sees all that is in it and nothing in it steers a terminal: control characters and
/// blanks at the end are escaped, and so are backslashes beside them. Tabs within stay.
pub(super) fn shown(line: &str) -> String {
    let body = line.trim_end_matches([' ', '\t']);
    let blanks = &line[body.len()..];
    let mut out = if body.contains(is_odd) {
        body.split('\t')
            .map(|piece| escape_name(piece.as_bytes()))
            .collect::<Vec<_>>()
            .join("\t")
    } else {
        body.to_owned()
    };
    for blank in blanks.chars() {
        // Writing to a String cannot fail.
        let _ = match blank {
            '\t' => out.write_str("\\t"),
            _ => out.write_str("\\x20"),
        };
    }
    out
}

fn is_odd(character: char) -> bool {
    character != '\t' && escapes(character)
}

/// Whether a name would not hold the character as it is.
fn escapes(character: char) -> bool {
    let mut buffer = [0; 4];
    let text = character.encode_utf8(&mut buffer);
    character != '\\' && !character.is_ascii_graphic() && escape_name(text.as_bytes()) != *text
}

/// How alike two texts are, from 0 to 1 by their lines; 0 where they are too long to be compared.
pub(super) fn likeness(before: &str, after: &str) -> f32 {
    if before.is_empty() || after.is_empty() {
        return 0.0;
    }
    let (before, after) = (without_hashes(before), without_hashes(after));
    TextDiff::configure()
        .timeout(SEARCH_DEADLINE)
        .diff_lines(&*before, &*after)
        .ratio()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_has_its_lines_and_what_is_around_them() {
        let found = hunk("a\nb\nc\n", "a\nx\nc").unwrap();
        let lines = "@@ -1,3 +1,3 @@\n a\n-b\n-c\n+x\n+c\n\\ no line end at the end";
        assert_eq!(found.lines.join("\n"), lines);
        assert_eq!((found.added, found.removed, found.left_out), (2, 2, 0));
        assert_eq!(hunk("same\n", "same\n"), None);
    }

    #[test]
    fn what_cannot_be_seen_is_escaped() {
        let found = hunk("a\n", "a \r\n\u{1b}[31m\\ b\n").unwrap();
        assert_eq!(found.lines[2..], ["+a \\r", "+\\x1b[31m\\\\ b"]);
        assert_eq!(hunk("a\n", "a \n").unwrap().lines[2], "+a\\x20");
        assert_eq!(shown("\ta\\b\tc"), "\ta\\b\tc");
    }

    #[test]
    fn a_long_difference_is_cut_and_says_so() {
        let many: String = (0..1000).map(|line| format!("{line}\n")).collect();
        let found = hunk("", &many).unwrap();
        assert_eq!(found.added, 1000);
        assert_eq!(found.left_out, 1001 - found.lines.len());
        let found = whole(&many, ChangeTag::Delete).unwrap();
        assert_eq!(found.removed, 1000);
        assert_eq!(found.lines.len() + found.left_out, 1000);
    }

    #[test]
    fn store_hashes_make_no_difference() {
        let of = |hash: &str| format!("x /nix/store/{}-a y\n", hash.repeat(32));
        assert_eq!(hunk(&of("0"), &of("1")), None);
        assert!(likeness(&of("0"), &of("1")) > 0.99);
    }
}
