//! How a command prints: `--format`, and `--json` for short.

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::common::Error;

/// The ways in which a command can print, one of which is JSON.
pub trait Form: ValueEnum + Default + Copy + Send + Sync + 'static {
    /// The one that `--json` stands for.
    const JSON: Self;
}

/// How to print.
#[derive(Args, Debug, Clone, Copy)]
pub struct Printed<F: Form> {
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: F,
    /// Short for --format json
    #[arg(long, conflicts_with = "format")]
    json: bool,
}

impl<F: Form> Printed<F> {
    /// What was asked for.
    pub fn form(&self) -> F {
        match self.json {
            true => F::JSON,
            false => self.format,
        }
    }
}

/// For commands that print text, or the same as one JSON document.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum TextOrJson {
    /// For people
    #[default]
    Text,
    /// For programs: one document
    Json,
}

impl Form for TextOrJson {
    const JSON: Self = Self::Json;
}

/// For commands that compare: also as the summary of a job shows it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum ComparisonForm {
    /// For people
    #[default]
    Text,
    /// For programs: one document
    Json,
    /// For a comment on a pull request
    Markdown,
}

impl Form for ComparisonForm {
    const JSON: Self = Self::Json;
}

/// A document as it is printed.
pub fn document(it: &impl Serialize) -> Result<String, Error> {
    let text = serde_json::to_string_pretty(it).map_err(std::io::Error::from)?;
    Ok(format!("{text}\n"))
}
