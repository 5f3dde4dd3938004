//! Diagnostics for people, programs and GitHub.

use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;
use std::sync::Arc;

use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteDiagnostic, NamedSource,
    Severity as MietteSeverity,
};

use super::diagnostic::{Diagnostic, Severity};
use crate::ci::{Annotation, Level};
use crate::text::{escape_name, steers_terminals};

/// For people, with the marked place; in colours where standard error is a terminal that shows them.
pub fn render_text(diagnostics: &[Diagnostic]) -> String {
    let is_colourful = crate::colour::on_stderr();
    render_text_as(diagnostics, is_colourful)
}

/// For people, with or without colours.
pub fn render_text_as(diagnostics: &[Diagnostic], colour: bool) -> String {
    diagnostics.iter().map(|one| text(one, colour)).collect()
}

/// For editors and other programs: one JSON array of objects, on a line.
pub fn render_json(diagnostics: &[Diagnostic]) -> String {
    // Plain data of texts and numbers is always JSON.
    let mut out = serde_json::to_string(diagnostics).unwrap_or_else(|_| "[]".to_owned());
    out.push('\n');
    out
}

/// For GitHub: workflow commands, which mark the lines of a pull request.
pub fn render_github(diagnostics: &[Diagnostic]) -> String {
    let mut out = String::new();
    for diagnostic in diagnostics {
        github(diagnostic, &mut out);
    }
    out
}

/// Whether the place can be shown: very long lines help nobody, and the widest ones cannot be laid out.
fn is_showable(diagnostic: &Diagnostic) -> bool {
    const MAX_LINE: usize = 1000;
    let first = diagnostic.line.saturating_sub(2);
    let mut shown = diagnostic.source.lines().skip(first).take(3);
    !diagnostic.source.is_empty() && shown.all(|line| line.len() <= MAX_LINE)
}

/// The same with nothing in it that could steer a terminal or reorder what is read: such a character is shown by its
/// number. The marked place stays marked.
fn visible(diagnostic: &Diagnostic) -> Diagnostic {
    let source = &diagnostic.source;
    let start = diagnostic.span.start.min(source.len());
    let end = diagnostic.span.end.clamp(start, source.len());
    let before = shown(&source[..start]);
    let marked = shown(&source[start..end]);
    let span = before.len()..before.len() + marked.len();
    Diagnostic {
        file: PathBuf::from(escape_name(diagnostic.file.as_os_str().as_bytes())),
        message: shown(&diagnostic.message),
        label: shown(&diagnostic.label),
        hint: diagnostic.hint.as_deref().map(shown),
        source: Arc::from(before + &marked + &shown(&source[end..])),
        span,
        ..*diagnostic
    }
}

fn shown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(one) = rest.next() {
        match one {
            '\n' | '\t' => out.push(one),
            '\r' if rest.peek() == Some(&'\n') => out.push(one),
            _ if steers_terminals(one) => out.extend(one.escape_unicode()),
            _ => out.push(one),
        }
    }
    out
}

fn text(diagnostic: &Diagnostic, colour: bool) -> String {
    let diagnostic = &visible(diagnostic);
    let name = diagnostic.file.display().to_string();
    let place = match diagnostic.source.is_empty() {
        true => name.clone(),
        false => format!("{name}:{}:{}", diagnostic.line, diagnostic.column),
    };
    let message = match is_showable(diagnostic) {
        true => diagnostic.message.clone(),
        false => format!("{place}: {}", diagnostic.message),
    };
    let mut shown = MietteDiagnostic::new(message).with_severity(match diagnostic.severity {
        Severity::Error => MietteSeverity::Error,
        Severity::Warning => MietteSeverity::Warning,
    });
    shown.help.clone_from(&diagnostic.hint);
    let mut source = String::new();
    if is_showable(diagnostic) {
        let label = Some(diagnostic.label.clone());
        let (start, length) = (diagnostic.span.start, diagnostic.span.len());
        shown = shown.with_label(LabeledSpan::new(label, start, length));
        source = diagnostic.source.to_string();
    }
    let shown = miette::Report::new(shown).with_source_code(NamedSource::new(name, source));
    let theme = match colour {
        true => GraphicalTheme::unicode(),
        false => GraphicalTheme::unicode_nocolor(),
    };
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_context_lines(1)
        .with_links(false)
        .with_width(100);
    let mut out = String::new();
    if handler.render_report(&mut out, shown.as_ref()).is_err() {
        // Better plain than not at all.
        out = format!("{place}: {}\n", diagnostic.message);
    }
    let lines = out.lines().map(|line| format!("{}\n", line.trim_end()));
    let out: String = lines.collect();
    format!("{}\n\n", out.trim_matches('\n'))
}

fn github(diagnostic: &Diagnostic, out: &mut String) {
    let hint = diagnostic.hint.as_ref();
    let hint = hint.map_or(String::new(), |hint| format!("\nhint: {hint}"));
    let annotation = Annotation {
        level: match diagnostic.severity {
            Severity::Error => Level::Error,
            Severity::Warning => Level::Warning,
        },
        file: Some(diagnostic.file.display().to_string()),
        line: Some(diagnostic.line),
        column: Some(diagnostic.column),
        title: None,
        message: format!("{}{hint}", diagnostic.message),
    };
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{annotation}");
}
