//! What is wrong with snapshots before anything runs: two steps share one, or no step owns it.

use std::sync::Arc;

use super::common::Error;
use super::common::refuse;
use crate::judge::{SharedSnapshot, shared_snapshots};
use crate::language::Diagnostic;
use crate::model::Case;

/// Each snapshot that steps share, as a mistake at the last of them.
pub fn shared(cases: &[Case]) -> Vec<Diagnostic> {
    shared_snapshots(cases).iter().map(diagnostic).collect()
}

/// Two steps that share a snapshot would each overwrite what the other saw.
pub fn refuse_shared(cases: &[Case]) -> Result<(), Error> {
    match shared(cases).as_slice() {
        [] => Ok(()),
        found => Err(refuse(found)),
    }
}

fn diagnostic(shared: &SharedSnapshot) -> Diagnostic {
    let owners: Vec<String> = shared
        .owners
        .iter()
        .map(|owner| format!("step `{}` of `{}`", owner.step, owner.case))
        .collect();
    let message = format!(
        "{} would share the snapshot {}",
        owners.join(" and "),
        shared.path.display()
    );
    let Some(last) = shared.owners.last() else {
        return Diagnostic::about_file("", message);
    };
    let mut diagnostic = Diagnostic::about_file(last.file.clone(), message)
        .with_hint("give steps or cases names that differ in more than upper and lower case");
    diagnostic.line = last.line;
    diagnostic.label = "its snapshot is not its own".to_owned();
    // Without its text the place is told by its number alone.
    if let Ok(text) = std::fs::read_to_string(&last.file) {
        let before = text.split_inclusive('\n').take(last.line - 1);
        let start: usize = before.map(str::len).sum();
        let line = text[start..].lines().next().unwrap_or_default();
        let indent = line.len() - line.trim_start().len();
        diagnostic.column = indent + 1;
        diagnostic.span = start + indent..start + line.trim_end().len();
        diagnostic.source = Arc::from(text);
    }
    diagnostic
}
