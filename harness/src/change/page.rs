//! The text in which a change is shown.

use std::fmt::Write;

/// How a change is shown.
#[derive(Debug, Clone, Copy, Default)]
pub struct ShowOptions {
    /// List what was built anew, in place of a count.
    pub rebuilt: bool,
    /// Show the texts of files that came and went, and links to generations.
    pub whole: bool,
    /// Of differences show only lines that came and went, and of warnings that are gone only the first line.
    pub brief: bool,
}

/// A text that grows line by line.
pub(super) struct Page {
    pub(super) text: String,
    pub(super) options: ShowOptions,
}

impl Page {
    pub(super) fn new(options: ShowOptions) -> Self {
        Self {
            text: String::new(),
            options,
        }
    }

    pub(super) fn line(&mut self, indent: usize, line: &str) {
        let line = line.trim_end_matches(' ');
        // Writing to a String cannot fail.
        let _ = writeln!(self.text, "{:1$}{line}", "", indent * 2);
    }

    pub(super) fn section<T>(
        &mut self,
        heading: String,
        all: &[T],
        mut show: impl FnMut(&mut Self, &T),
    ) {
        if all.is_empty() {
            return;
        }
        self.line(0, &heading);
        for one in all {
            show(self, one);
        }
    }
}
