//! What is wrong with a scenario file, and where: plain data that text, JSON and GitHub's format are made from.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;

use super::source::Source;
use super::yaml::Span;

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

/// A mistake before it is known which file it is in.
#[derive(Debug, Clone)]
pub(crate) struct Mistake {
    span: Span,
    message: String,
    label: String,
    hint: Option<String>,
    severity: Severity,
}

impl Mistake {
    /// An error at a place.
    pub(crate) fn new(span: Span, message: impl Into<String>) -> Self {
        Self {
            span,
            message: message.into(),
            label: "here".to_owned(),
            hint: None,
            severity: Severity::Error,
        }
    }

    /// The same as a warning: the file is taken all the same.
    pub(crate) fn warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    /// Words for the marked place.
    pub(crate) fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// What to do about it.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// Collects the mistakes of one file.
#[derive(Debug)]
pub(crate) struct Report {
    source: Source,
    diagnostics: Vec<Diagnostic>,
    /// Mistakes beyond the limit, counted only.
    dropped: usize,
}

/// More mistakes than this help nobody; the rest is counted.
const MAX_PER_FILE: usize = 100;

impl Report {
    /// No mistakes so far.
    pub(crate) fn new(source: Source) -> Self {
        Self {
            source,
            diagnostics: Vec::new(),
            dropped: 0,
        }
    }

    /// The file's text.
    pub(crate) fn source(&self) -> &Source {
        &self.source
    }

    /// Adds a mistake; the same one at the same place only once, as the cases of a matrix repeat it.
    pub(crate) fn add(&mut self, mistake: Mistake) {
        let span = self.source.bytes(mistake.span);
        let known = self
            .diagnostics
            .iter()
            .any(|have| have.span == span && have.message == mistake.message);
        if known {
            return;
        }
        if self.diagnostics.len() >= MAX_PER_FILE {
            self.dropped += 1;
            return;
        }
        self.diagnostics.push(Diagnostic {
            file: self.source.file.clone(),
            line: mistake.span.line as usize,
            column: mistake.span.column as usize,
            span,
            message: mistake.message,
            label: mistake.label,
            hint: mistake.hint,
            severity: mistake.severity,
            source: Arc::clone(&self.source.text),
        });
    }

    /// Whether the file is refused.
    pub(crate) fn has_errors(&self) -> bool {
        self.diagnostics
            .iter()
            .any(|one| one.severity == Severity::Error)
    }

    /// All mistakes, by place.
    pub(crate) fn finish(mut self) -> Vec<Diagnostic> {
        self.diagnostics.sort_by(|left, right| {
            (left.span.start, left.span.end, &left.message).cmp(&(
                right.span.start,
                right.span.end,
                &right.message,
            ))
        });
        if self.dropped > 0 {
            let file = self.source.file.clone();
            self.diagnostics.push(
                Diagnostic::about_file(
                    file,
                    format!("{} more mistakes in this file", self.dropped),
                )
                .with_hint("mend the ones above first, they often cause the others"),
            );
        }
        self.diagnostics
    }
}
