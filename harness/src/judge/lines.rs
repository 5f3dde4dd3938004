//! Lines of a snapshot.

use std::fmt::Write;

use crate::text::printable;

pub(super) fn heading(text: &mut String, heading: &str) {
    text.push('\n');
    line(text, 0, heading);
}

pub(super) fn line(text: &mut String, indent: usize, line: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{:1$}{line}", "", indent * 2);
}

pub(super) fn block(text: &mut String, indent: usize, block: &str) {
    for each in printable(block).lines() {
        if each.trim().is_empty() {
            text.push('\n');
        } else {
            line(text, indent, each.trim_end());
        }
    }
}

/// Something and what is to be said of it.
pub(super) fn with(what: &str, notes: Vec<String>) -> String {
    if notes.is_empty() {
        what.to_owned()
    } else {
        format!("{what} ({})", notes.join(", "))
    }
}
