//! Checks a tree against a shape, reporting every mistake, and spells its short forms out.

mod scalars;

use std::sync::Arc;

use super::report::{Mistake, Report};
use super::shape::{Shape, Struct};
use super::words::{first_sentence, how_to_write, list_words, singular};
use super::yaml::{Entry, Kind, Node, Span};
use crate::suggest::nearest;
use crate::text::quoted;

/// Marks a place that a matrix fills.
pub(crate) const PLACEHOLDER: &str = "${{ matrix.";

/// Checks trees of one file.
pub(crate) struct Conform<'report> {
    /// Where mistakes go.
    pub(crate) report: &'report mut Report,
    /// Whether places that a matrix should have filled are passed over, as the matrix itself is broken.
    pub(crate) lenient: bool,
    /// The mappings around the place that is checked, and the column that their keys begin in.
    around: Vec<(&'static Struct, u32)>,
}

impl<'report> Conform<'report> {
    /// Checks a file's trees; `lenient` where the matrix is broken.
    pub(crate) fn new(report: &'report mut Report, lenient: bool) -> Self {
        Self {
            report,
            lenient,
            around: Vec::new(),
        }
    }

    /// The tree with short forms spelled out and every scalar of the kind that its place wants. What is wrong is
    /// reported and left out. `place` names the place in messages.
    pub(crate) fn check(
        &mut self,
        node: &Node,
        shape: &'static Shape,
        place: &str,
    ) -> Option<Node> {
        if self.lenient && node.text().is_some_and(|text| text.contains(PLACEHOLDER)) {
            return None;
        }
        match shape {
            Shape::Any => self.anything(node, place),
            Shape::Text => self.text(node, place),
            Shape::Choice(words) => self.choice(node, words, place),
            Shape::Bool => self.truth(node, place),
            Shape::Int { min, max } => self.integer(node, (*min, *max), place),
            Shape::List { item, one } => self.list(node, item, *one, place),
            Shape::Map { value, names } => self.map(node, value, *names, place),
            Shape::Struct(structure) => self.structure(node, structure, place),
        }
    }

    pub(super) fn wrong(&mut self, node: &Node, place: &str, wanted: &str) -> Option<Node> {
        if node.is_null() {
            self.report.add(
                Mistake::new(node.span, format!("{place} has no value"))
                    .label(format!("{wanted} is wanted"))
                    .hint("write it, or remove the key"),
            );
            return None;
        }
        self.report.add(
            Mistake::new(
                node.span,
                format!("{place} must be {wanted}, and this is {}", node.describe()),
            )
            .label(format!("{wanted} is wanted"))
            .hint(how_to_write(wanted)),
        );
        None
    }

    fn list(&mut self, node: &Node, item: &'static Shape, one: bool, place: &str) -> Option<Node> {
        let items = match &node.kind {
            Kind::List(items) => items.as_slice(),
            _ if one && !node.is_null() => std::slice::from_ref(node),
            _ => return self.wrong(node, place, "a list"),
        };
        let place = singular(place);
        let items = items
            .iter()
            .filter_map(|one| self.check(one, item, &place))
            .collect();
        Some(Node::new(node.span, Kind::List(items)))
    }

    fn map(
        &mut self,
        node: &Node,
        value: &'static Shape,
        names: bool,
        place: &str,
    ) -> Option<Node> {
        let listed;
        let entries = match &node.kind {
            Kind::Map(entries) => entries.as_slice(),
            Kind::List(items) if names => {
                listed = self.names(items, place);
                listed.as_slice()
            }
            Kind::Plain(_) | Kind::Text(_) if names && !node.is_null() => {
                listed = self.names(std::slice::from_ref(node), place);
                listed.as_slice()
            }
            _ => {
                let wanted = if names {
                    "a mapping or a list of names"
                } else {
                    "a mapping"
                };
                return self.wrong(node, place, wanted);
            }
        };
        let mut checked = Vec::with_capacity(entries.len());
        for entry in entries {
            let place = quoted(&entry.key);
            if let Some(value) = self.check(&entry.value, value, &place) {
                checked.push(Entry {
                    value,
                    ..entry.clone()
                });
            }
        }
        Some(Node::new(node.span, in_order(checked)))
    }

    /// A list of names as a mapping of each to nothing; an item may also be a mapping with more about its names.
    fn names(&mut self, items: &[Node], place: &str) -> Vec<Entry> {
        let mut entries: Vec<Entry> = Vec::new();
        for item in items {
            let added = match &item.kind {
                Kind::Map(inner) => inner.clone(),
                Kind::Plain(text) | Kind::Text(text) if !item.is_null() => vec![Entry {
                    key: Arc::clone(text),
                    key_span: item.span,
                    value: Node::new(item.span, Kind::Null),
                }],
                _ => {
                    self.wrong(item, &singular(place), "a name");
                    continue;
                }
            };
            for entry in added {
                if entries.iter().any(|have| have.key == entry.key) {
                    let message = format!("{} is in {place} twice", quoted(&entry.key));
                    self.report.add(
                        Mistake::new(entry.key_span, message)
                            .label("again")
                            .hint("keep one of them"),
                    );
                } else {
                    entries.push(entry);
                }
            }
        }
        entries
    }

    fn structure(&mut self, node: &Node, structure: &'static Struct, place: &str) -> Option<Node> {
        let entries = match &node.kind {
            Kind::Map(entries) => entries.clone(),
            _ if node.is_null() => Vec::new(),
            Kind::Plain(word) | Kind::Text(word) if structure.word => {
                vec![short_entry(node, word, Kind::Null)]
            }
            _ => {
                let Some(short) = &structure.short else {
                    return self.wrong(node, place, "a mapping");
                };
                return self.short_form(node, structure, short, place);
            }
        };
        let mut checked = Vec::with_capacity(entries.len());
        let column = entries.first().map_or(0, |entry| entry.key_span.column);
        self.around.push((structure, column));
        for entry in &entries {
            let value = if let Some(field) = structure.fields.get(&*entry.key) {
                self.check(&entry.value, &field.shape, &quoted(&entry.key))
            } else if let Some(rest) = &structure.rest {
                self.check(&entry.value, rest, &quoted(&entry.key))
            } else {
                self.unknown_key(entry, &entries, structure, place);
                None
            };
            if let Some(value) = value {
                checked.push(Entry {
                    value,
                    ..entry.clone()
                });
            }
        }
        self.around.pop();
        self.missing_keys(node.span, &entries, structure, place);
        Some(Node::new(node.span, in_order(checked)))
    }

    fn short_form(
        &mut self,
        node: &Node,
        structure: &'static Struct,
        short: &'static str,
        place: &str,
    ) -> Option<Node> {
        let field = structure.fields.get(short)?;
        let value =
            if matches!(node.kind, Kind::List(_)) && !matches!(*field.shape, Shape::List { .. }) {
                return self.wrong(node, place, "a text or a mapping");
            } else {
                self.check(node, &field.shape, place)?
            };
        let entry = Entry {
            key: Arc::from(short),
            key_span: node.span,
            value,
        };
        let entries = vec![entry];
        self.missing_keys(node.span, &entries, structure, place);
        Some(Node::new(node.span, Kind::Map(entries)))
    }

    fn unknown_key(
        &mut self,
        entry: &Entry,
        entries: &[Entry],
        structure: &'static Struct,
        place: &str,
    ) {
        let known = structure.fields.keys().map(String::as_str);
        let below = below(&entry.key, entries, structure);
        // The last of those around is this mapping itself.
        let outer = self.around.iter().rev().nth(1);
        let outer = outer.filter(|(outer, _)| outer.fields.contains_key(&*entry.key));
        let hint = if let Some((_, column)) = outer {
            move_left(entry.key_span.column.saturating_sub(*column))
        } else if let Some(near) = nearest(&entry.key, known.clone()) {
            let doc = structure
                .fields
                .get(near)
                .map_or("", |field| first_sentence(&field.doc));
            format!("did you mean `{near}`? {doc}")
                .trim_end()
                .to_owned()
        } else if let Some(below) = below {
            below
        } else {
            format!("it can hold {}", list_words(known))
        };
        self.report.add(
            Mistake::new(
                entry.key_span,
                format!("{} is no key of {place}", quoted(&entry.key)),
            )
            .label("unknown key")
            .hint(hint),
        );
    }

    fn missing_keys(
        &mut self,
        span: Span,
        entries: &[Entry],
        structure: &'static Struct,
        place: &str,
    ) {
        let missing = structure.fields.iter().filter(|(name, field)| {
            field.required && !entries.iter().any(|entry| *entry.key == ***name)
        });
        for (name, field) in missing {
            self.report.add(
                Mistake::new(first_character(span), format!("{place} has no `{name}`"))
                    .label(format!("`{name}` is missing"))
                    .hint(format!("add `{name}:`. {}", first_sentence(&field.doc))),
            );
        }
    }
}

/// Below which key of a mapping another one belongs, in words: one that stands there before one that does not.
fn below(key: &str, entries: &[Entry], structure: &Struct) -> Option<String> {
    let there = |name: &str| entries.iter().find(|entry| *entry.key == *name);
    let mut places: Vec<_> = structure
        .fields
        .iter()
        .filter_map(|(name, field)| match &*field.shape {
            Shape::Struct(inner) if inner.fields.contains_key(key) => Some((name, inner)),
            _ => None,
        })
        .collect();
    places.sort_by_key(|(name, _)| there(name).is_none());
    let (name, inner) = places.first()?;
    let is_short =
        there(name).is_some_and(|it| matches!(it.value.kind, Kind::Plain(_) | Kind::Text(_)));
    Some(match &inner.short {
        Some(short) if is_short => {
            format!("it belongs under `{name}:`, where `{short}:` takes what stands there now")
        }
        _ => format!("it belongs under `{name}:`"),
    })
}

/// A mapping in the order of its keys, so that a place in it is found at once.
fn in_order(mut entries: Vec<Entry>) -> Kind {
    entries.sort_by(|left, right| left.key.cmp(&right.key));
    Kind::Map(entries)
}

/// That a key is indented too far, by so many columns; by none where both stand in one line.
fn move_left(columns: u32) -> String {
    match columns {
        1 => "move it one column left".to_owned(),
        2 => "move it two columns left".to_owned(),
        4 => "move it four columns left".to_owned(),
        0 | 9.. => "it belongs one level further out".to_owned(),
        columns => format!("move it {columns} columns left"),
    }
}

fn short_entry(node: &Node, key: &Arc<str>, value: Kind) -> Entry {
    Entry {
        key: Arc::clone(key),
        key_span: node.span,
        value: Node::new(node.span, value),
    }
}

/// Only the beginning of a long place is marked.
fn first_character(span: Span) -> Span {
    Span {
        end_line: span.line,
        end_column: span.column + 1,
        ..span
    }
}
