//! Collecting what is wrong with one scenario file.

use std::sync::Arc;

use super::diagnostic::{Diagnostic, Severity};
use super::source::Source;
use super::yaml::Span;

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
    /// The file that what is usual comes from.
    defaults: Option<Source>,
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
            defaults: None,
            diagnostics: Vec::new(),
            dropped: 0,
        }
    }

    /// The same, where the scenario takes what it does not say from another file.
    pub(crate) fn with_defaults(&mut self, source: &Source) {
        self.defaults = Some(source.clone());
    }

    /// The text that a place is in.
    pub(crate) fn source_of(&self, span: Span) -> &Source {
        match &self.defaults {
            Some(defaults) if span.in_defaults => defaults,
            _ => &self.source,
        }
    }

    /// The file's text.
    pub(crate) fn source(&self) -> &Source {
        &self.source
    }

    /// Adds a mistake; the same one at the same place only once, as the cases of a matrix repeat it.
    pub(crate) fn add(&mut self, mistake: Mistake) {
        let source = self.source_of(mistake.span);
        let (file, text) = (source.file.clone(), Arc::clone(&source.text));
        let span = source.bytes(mistake.span);
        let known = self
            .diagnostics
            .iter()
            .any(|have| have.span == span && have.message == mistake.message && have.file == file);
        if known {
            return;
        }
        if self.diagnostics.len() >= MAX_PER_FILE {
            self.dropped += 1;
            return;
        }
        self.diagnostics.push(Diagnostic {
            file,
            line: mistake.span.line as usize,
            column: mistake.span.column as usize,
            span,
            message: mistake.message,
            label: mistake.label,
            hint: mistake.hint,
            severity: mistake.severity,
            source: text,
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
