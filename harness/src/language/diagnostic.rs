//! What is wrong with a scenario file, and where: plain data that text, JSON and GitHub's format are made from.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;

/// How bad a mistake is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// The file is refused.
    Error,
    /// The file is taken, but something in it does nothing.
    Warning,
}

/// One mistake in one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// The file as it was named or found.
    pub file: PathBuf,
    /// From 1; 1 also where the file could not be read at all.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// The place, as byte offsets into the file's text without its byte order mark.
    pub span: Range<usize>,
    /// What happened, in one sentence without a full stop.
    pub message: String,
    /// A few words for the marked place.
    pub label: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// How bad it is.
    pub severity: Severity,
    /// The text of the file, for showing the place; empty where it could not be read.
    #[serde(skip)]
    pub source: Arc<str>,
}

impl Diagnostic {
    /// A mistake about a file as a whole: one that could not be read, say.
    pub fn about_file(file: impl Into<PathBuf>, message: impl Into<String>) -> Self {
        Self {
            file: file.into(),
            line: 1,
            column: 1,
            span: 0..0,
            message: message.into(),
            label: String::new(),
            hint: None,
            severity: Severity::Error,
            source: Arc::from(""),
        }
    }

    /// The same with a hint.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}
