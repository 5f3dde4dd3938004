//! Paths into a scenario's tree, and where in the file they lead.

use crate::language::shape::SCENARIO;
use crate::language::yaml::{Kind, Node, Span};

/// A path into the scenario's tree: keys and, for lists, numbers.
pub(super) type At<'at> = &'at [&'at str];

/// A path one step longer.
pub(super) fn below<'at>(at: At<'at>, more: &[&'at str]) -> Vec<&'at str> {
    at.iter().chain(more).copied().collect()
}

/// The node at a path, if it is there.
pub(super) fn find<'tree>(tree: &'tree Node, at: At<'_>) -> Option<&'tree Node> {
    at.iter().try_fold(tree, |node, part| match &node.kind {
        Kind::Map(_) => node.get(part),
        Kind::List(items) => items.get(part.parse::<usize>().ok()?),
        _ => None,
    })
}

/// Where a place is in the file: of the deepest part of the path that is there.
pub(super) fn place(tree: &Node, at: At<'_>, of_key: bool) -> Span {
    debug_assert!(SCENARIO.has(at), "the language has no place {at:?}");
    let mut node = tree;
    let mut span = if at.is_empty() {
        short(tree.span)
    } else {
        tree.span
    };
    for (depth, part) in at.iter().enumerate() {
        let is_last = depth + 1 == at.len();
        match &node.kind {
            Kind::Map(_) => {
                let Some(entry) = node.entry(part) else {
                    return short(span);
                };
                node = &entry.value;
                let is_long = matches!(node.kind, Kind::Map(_) | Kind::List(_) | Kind::Null);
                span = if is_last && (of_key || is_long) {
                    entry.key_span
                } else {
                    node.span
                };
            }
            Kind::List(items) => {
                let Some(item) = part.parse().ok().and_then(|index: usize| items.get(index)) else {
                    return short(span);
                };
                node = item;
                span = if is_last { short(node.span) } else { node.span };
            }
            _ => return span,
        }
    }
    span
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
