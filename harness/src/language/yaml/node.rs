//! The tree.

use std::sync::Arc;

use crate::text::quoted;

/// A place in a file; lines and columns from 1, columns in characters, the end exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Span {
    pub(crate) line: u32,
    pub(crate) column: u32,
    pub(crate) end_line: u32,
    pub(crate) end_column: u32,
    /// Whether the file is the project's, of what a scenario takes from there.
    pub(crate) in_defaults: bool,
}

/// A value and its place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    pub(crate) span: Span,
    pub(crate) kind: Kind,
}

/// A value. What a plain scalar means is decided by what is wanted in its place, so its text is kept: `24.10`
/// stays `24.10` where a text is wanted.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    /// A scalar written without quotes.
    Plain(Arc<str>),
    /// A scalar that is a text: quoted, a block, or a plain one where a text is wanted.
    Text(Arc<str>),
    /// A plain scalar where a truth value is wanted.
    Bool(bool),
    /// A plain scalar where an integer is wanted.
    Int(i64),
    /// Nothing.
    Null,
    /// A sequence.
    List(Vec<Node>),
    /// A mapping in the order of the file; keys are unique.
    Map(Vec<Entry>),
}

/// A key with its value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub(crate) key: Arc<str>,
    pub(crate) key_span: Span,
    pub(crate) value: Node,
}

impl Node {
    /// A value at a place.
    pub(crate) fn new(span: Span, kind: Kind) -> Self {
        Self { span, kind }
    }

    /// The entry of a mapping.
    pub(crate) fn entry(&self, key: &str) -> Option<&Entry> {
        match &self.kind {
            Kind::Map(entries) => entries.iter().find(|entry| &*entry.key == key),
            _ => None,
        }
    }

    /// The value under a key of a mapping.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The same, to change it.
    pub(crate) fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        match &mut self.kind {
            Kind::Map(entries) => entries
                .iter_mut()
                .find(|entry| &*entry.key == key)
                .map(|entry| &mut entry.value),
            _ => None,
        }
    }

    /// A scalar's text.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Plain(text) | Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Whether it is nothing: absent, `~`, `null`.
    pub(crate) fn is_null(&self) -> bool {
        match &self.kind {
            Kind::Null => true,
            // What an empty value, `~` and `null` mean to YAML.
            Kind::Plain(text) => matches!(&**text, "" | "~" | "null" | "Null" | "NULL"),
            _ => false,
        }
    }

    /// What it is, in words for a person.
    pub(crate) fn describe(&self) -> String {
        if self.is_null() {
            return "nothing".to_owned();
        }
        match &self.kind {
            Kind::Plain(text) if matches!(&**text, "true" | "false") => {
                format!("the truth value `{text}`")
            }
            Kind::Plain(text) if text.parse::<f64>().is_ok() => format!("the number `{text}`"),
            Kind::Plain(text) | Kind::Text(text) => format!("the text {}", quoted(text)),
            Kind::Bool(value) => format!("the truth value `{value}`"),
            Kind::Int(value) => format!("the number `{value}`"),
            Kind::Null => "nothing".to_owned(),
            Kind::List(_) => "a list".to_owned(),
            Kind::Map(_) => "a mapping".to_owned(),
        }
    }

    /// How many values it holds, itself included.
    pub(crate) fn count(&self) -> usize {
        1 + match &self.kind {
            Kind::List(items) => items.iter().map(Node::count).sum(),
            Kind::Map(entries) => entries.iter().map(|entry| entry.value.count()).sum(),
            _ => 0,
        }
    }
}
