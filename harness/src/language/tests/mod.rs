//! Tests of the language as a whole: text in, cases or mistakes out.

mod bad_input;
mod flakes;
mod fuzz;
mod hostile;
mod init;
mod language;
mod matrix;
mod mistakes;

use super::diagnostic::Diagnostic;
use super::load::load_source;
use super::options::LoadOptions;
use super::project::Project;
use super::source::Source;
use crate::model::Case;
use crate::testing::{has, rows};

/// The cases of a text and what is wrong with it, on a fixed platform.
fn load_text(text: &str) -> (Vec<Case>, Vec<Diagnostic>) {
    let options = LoadOptions {
        system: "x86_64-linux".to_owned(),
        ..LoadOptions::default()
    };
    let source = Source::new("nowhere/test.yaml", text);
    load_source(source, &options, &Project::default())
}

/// The cases of a text that must be fine.
fn cases(text: &str) -> Vec<Case> {
    let (cases, diagnostics) = load_text(text);
    assert!(
        diagnostics.is_empty(),
        "{}",
        super::render_text_as(&diagnostics, false)
    );
    cases
}

/// What is wrong with a text: `line:column message (hint)`, one in each line.
fn mistakes(text: &str) -> String {
    let (cases, diagnostics) = load_text(text);
    assert!(cases.is_empty(), "a text with mistakes makes no case");
    assert!(!diagnostics.is_empty(), "the text has no mistake");
    let lines = diagnostics.iter().map(|one| {
        let hint = one.hint.as_deref().unwrap_or("no hint");
        format!("{}:{} {} ({hint})", one.line, one.column, one.message)
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Pieces of scenarios and what is said of each, a row each: `piece => said`; in a piece `\n` ends a line. `whole` makes the
/// scenario of a piece.
#[track_caller]
fn refused(whole: impl Fn(&str) -> String, table: &str) {
    for (piece, said) in rows(table) {
        has(mistakes(&whole(&piece)), &said);
    }
}

/// A scenario that is fine, and a place for more keys of its home.
fn with_home(home: &str) -> String {
    format!(
        "name: t\nsetup:\n  home:\n    stateVersion: \"24.05\"\n{}steps: [switch]\n",
        indented(home, 4)
    )
}

/// A scenario that is fine but for its steps.
fn with_steps(steps: &str) -> String {
    format!(
        "name: t\nsetup:\n  home: {{ stateVersion: \"24.05\" }}\nsteps:\n{}",
        indented(steps, 2)
    )
}

/// A scenario of this setup.
fn with_setup(setup: &str) -> String {
    format!("name: t\nsetup: {setup}\nsteps: [switch]\n")
}

/// A scenario that is fine, and a place for more keys of its own.
fn with_keys(keys: &str) -> String {
    format!("name: t\n{keys}\nsetup: {{ home: {{}} }}\nsteps: [switch]\n")
}

fn indented(text: &str, by: usize) -> String {
    let pad = " ".repeat(by);
    text.lines().map(|line| format!("{pad}{line}\n")).collect()
}
