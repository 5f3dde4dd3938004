//! Places of a scenario: what stands there, and where in the file that is.

use crate::language::shape::{SCENARIO, Shape};
use crate::language::yaml::{Kind, Node, Span};

/// A place in the checked tree. Where nothing stands it is marked by the nearest value around it.
#[derive(Clone, Copy)]
pub(super) struct At<'tree> {
    node: Option<&'tree Node>,
    /// The same place in the tree as it was written, where it can be told.
    written: Option<&'tree Node>,
    value: Span,
    key: Span,
    /// What may stand there; for finding places that the language does not have.
    shape: &'static Shape,
}

impl<'tree> At<'tree> {
    /// The scenario itself.
    pub(super) fn root(checked: &'tree Node, written: &'tree Node) -> Self {
        Self {
            node: Some(checked),
            written: Some(written),
            value: short(checked.span),
            key: short(checked.span),
            shape: &SCENARIO,
        }
    }

    /// What stands under a key.
    pub(super) fn key(self, key: &str) -> Self {
        let entry = match self.node.map(|node| &node.kind) {
            // Checked mappings are in the order of their keys.
            Some(Kind::Map(entries)) => {
                let found = entries.binary_search_by(|entry| (*entry.key).cmp(key));
                found.ok().map(|index| &entries[index])
            }
            _ => None,
        };
        let there = entry.map(|entry| {
            let value = entry.value.span;
            let is_long = matches!(entry.value.kind, Kind::Map(_) | Kind::List(_) | Kind::Null);
            let marked = if is_long { entry.key_span } else { value };
            (&entry.value, marked, entry.key_span)
        });
        // What was written is asked for of steps and their expectations, never below names of the writer's choice.
        let written = match self.shape {
            Shape::Struct(_) => self.written.and_then(|written| written.get(key)),
            _ => None,
        };
        self.below(there, written, self.shape.under(key))
    }

    /// An item of a list; one that stands alone is its list of one.
    pub(super) fn item(self, index: usize) -> Self {
        let node = match self.node.map(|node| &node.kind) {
            Some(Kind::List(items)) => items.get(index),
            _ => None,
        };
        let there = node.map(|node| (node, short(node.span), short(node.span)));
        let written = match self.written.map(|written| &written.kind) {
            Some(Kind::List(items)) => items.get(index),
            _ => self.written,
        };
        self.below(there, written, self.shape.items())
    }

    fn below(
        self,
        there: Option<(&'tree Node, Span, Span)>,
        written: Option<&'tree Node>,
        shape: Option<&'static Shape>,
    ) -> Self {
        debug_assert!(shape.is_some(), "the language has no such place");
        let around = self.node.map(|node| short(node.span));
        Self {
            node: there.map(|(node, _, _)| node),
            written,
            value: there.map_or(around.unwrap_or(self.value), |(_, value, _)| value),
            key: there.map_or(around.unwrap_or(self.key), |(_, _, key)| key),
            shape: shape.unwrap_or(&Shape::Any),
        }
    }

    /// Whether something stands there.
    pub(super) fn is_there(self) -> bool {
        self.node.is_some()
    }

    /// What was written there.
    pub(super) fn written(self) -> Option<&'tree Node> {
        self.written
    }

    /// Whether nothing of what was written there was refused.
    pub(super) fn is_whole(self) -> bool {
        self.written.map(Node::count) == self.node.map(Node::count)
    }

    /// Where the value is; of a long one the key.
    pub(super) fn value(self) -> Span {
        self.value
    }

    /// Where the key is.
    pub(super) fn key_span(self) -> Span {
        self.key
    }

    /// The line of the key, from 1.
    pub(super) fn line(self) -> usize {
        self.key.line as usize
    }
}

/// The first line of a place that may be long.
pub(super) fn short(span: Span) -> Span {
    if span.line == span.end_line {
        return span;
    }
    Span {
        end_line: span.line,
        end_column: span.column + 1,
        ..span
    }
}
