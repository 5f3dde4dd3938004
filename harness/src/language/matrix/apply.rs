//! Puts a combination's values where they belong.

use std::sync::Arc;

use super::axes::{Axis, AxisValue, Combination, axes, combinations, label_node, unknown_axis};
use crate::language::conform::PLACEHOLDER;
use crate::language::report::{Mistake, Report};
use crate::language::shape::{SCENARIO, Shape, Struct};
use crate::language::yaml::{Entry, Kind, Node, Span};
use crate::suggest::nearest;

/// The most values that all cases of a scenario may have together: bounds time and memory.
const MAX_EXPANDED_VALUES: usize = 400_000;
/// The most text, in bytes, that all cases of a scenario may have together: 32 MiB.
const MAX_EXPANDED_BYTES: usize = 32 * 1024 * 1024;

/// The tree of one case.
#[derive(Debug)]
pub(crate) struct Variant {
    /// The picked values, by axis, in the order of the scenario.
    pub(crate) axes: Vec<(String, String)>,
    /// The scenario without its matrix.
    pub(crate) tree: Node,
}

/// The cases of a scenario as a function of their number; `None` when the matrix is wrong, which is then reported.
pub(crate) fn expand(root: &Node, report: &mut Report) -> Option<Vec<Variant>> {
    let plain = without_matrix(root);
    let Some(matrix) = root.get("matrix") else {
        let tree = fill(&plain, &[], &[], report);
        return Some(vec![Variant {
            axes: Vec::new(),
            tree,
        }]);
    };
    let axes = axes(matrix, report)?;
    let combinations = combinations(matrix, &axes, report)?;
    let values = plain.count().saturating_mul(combinations.len());
    let bytes = report
        .source()
        .text
        .len()
        .saturating_mul(combinations.len());
    if values > MAX_EXPANDED_VALUES || bytes > MAX_EXPANDED_BYTES {
        let message = format!(
            "the matrix repeats a scenario of {} values and {} KiB {} times",
            plain.count(),
            report.source().text.len() / 1024,
            combinations.len()
        );
        report.add(
            Mistake::new(matrix.span, message)
                .hint("put long lists into files, or split the scenario"),
        );
        return None;
    }
    let places: Vec<Option<Vec<String>>> = axes.iter().map(|axis| place_of(axis, &plain)).collect();
    let mut whole = true;
    for (axis, place) in axes.iter().zip(&places) {
        if place.is_none() && !is_used(axis, &plain, &combinations) {
            report.add(unused(axis));
            whole = false;
        }
    }
    if !whole {
        return None;
    }
    let variants = combinations
        .into_iter()
        .map(|combination| variant(&plain, &axes, &places, &combination, report));
    Some(variants.collect())
}

fn variant(
    plain: &Node,
    axes: &[Axis],
    places: &[Option<Vec<String>>],
    combination: &Combination,
    report: &mut Report,
) -> Variant {
    let mut tree = plain.clone();
    for (place, value) in places.iter().zip(combination) {
        // A value that is only a name does what it `set`s.
        if let (Some(place), Some(node)) = (place, &value.value) {
            put(&mut tree, Some(&SCENARIO), place, node.clone());
        }
    }
    for value in combination {
        if let Some(set) = &value.set {
            merge(&mut tree, set);
        }
    }
    let labels = axes
        .iter()
        .zip(combination)
        .map(|(axis, value)| (axis.name.clone(), value.label.clone()));
    Variant {
        axes: labels.collect(),
        tree: fill(&tree, axes, combination, report),
    }
}

fn without_matrix(root: &Node) -> Node {
    match &root.kind {
        Kind::Map(entries) => {
            let kept = entries.iter().filter(|entry| &*entry.key != "matrix");
            Node::new(root.span, Kind::Map(kept.cloned().collect()))
        }
        _ => root.clone(),
    }
}

fn structure(shape: &Shape) -> Option<&Struct> {
    match shape {
        Shape::Struct(structure) => Some(structure),
        _ => None,
    }
}

/// Where an axis's values go by its name alone: a key of the scenario, or of its setup or flake.
fn place_of(axis: &Axis, root: &Node) -> Option<Vec<String>> {
    let parts: Vec<String> = axis.name.split('.').map(str::to_owned).collect();
    let scenario = structure(&SCENARIO)?;
    let first = parts.first()?;
    if scenario.fields.contains_key(first) {
        let fixed = ["name", "description", "steps", "matrix"].contains(&first.as_str());
        return (!fixed).then_some(parts);
    }
    for base in ["setup", "flake"] {
        let fields = structure(&scenario.fields.get(base)?.shape)?;
        if root.get(base).is_some() && fields.fields.contains_key(first) {
            let mut place = vec![base.to_owned()];
            place.extend(parts);
            return Some(place);
        }
    }
    None
}

fn is_used(axis: &Axis, root: &Node, combinations: &[Combination]) -> bool {
    let sets = axis.values.iter().any(|value| value.set.is_some());
    let name = axis.name.as_str();
    let in_sets = || {
        combinations
            .iter()
            .flatten()
            .filter_map(|value| value.set.as_ref())
            .any(|set| mentions(set, name))
    };
    sets || mentions(root, name) || in_sets()
}

fn mentions(node: &Node, axis: &str) -> bool {
    match &node.kind {
        Kind::List(items) => items.iter().any(|item| mentions(item, axis)),
        Kind::Map(entries) => entries.iter().any(|entry| mentions(&entry.value, axis)),
        _ => node
            .text()
            .is_some_and(|text| placeholders(text).any(|(_, _, name)| name == axis)),
    }
}

fn unused(axis: &Axis) -> Mistake {
    let setup_keys = structure(&SCENARIO)
        .and_then(|scenario| structure(&scenario.fields.get("setup")?.shape))
        .map(|setup| setup.fields.keys().map(String::as_str).collect::<Vec<_>>())
        .unwrap_or_default();
    let put = format!(
        "put `{PLACEHOLDER}{} }}}}` where its value belongs",
        axis.name
    );
    let hint = match nearest(&axis.name, setup_keys) {
        Some(near) => format!("did you mean the setup's `{near}`? Otherwise {put}"),
        None => put,
    };
    Mistake::new(axis.span, format!("nothing uses the axis `{}`", axis.name))
        .label("it makes equal cases")
        .hint(hint)
}

/// Puts a value at a place, making the mappings on the way. A text on the way is the short form of what belongs there,
/// whose key `shape` knows.
fn put(node: &mut Node, shape: Option<&Shape>, place: &[String], value: Node) {
    let Some((first, rest)) = place.split_first() else {
        *node = value;
        return;
    };
    let structure = shape.and_then(structure);
    if node.text().is_some() {
        let short = structure.and_then(|structure| structure.short.as_deref());
        let entries = match short {
            Some(short) if !node.is_null() => vec![entry(short, node.span, node.clone())],
            _ => Vec::new(),
        };
        node.kind = Kind::Map(entries);
    }
    let inner_shape = match shape {
        Some(Shape::Map { value, .. }) => Some(&**value),
        _ => structure
            .and_then(|structure| structure.fields.get(first))
            .map(|field| &*field.shape),
    };
    let Kind::Map(entries) = &mut node.kind else {
        return;
    };
    if let Some(found) = entries.iter_mut().find(|entry| *entry.key == **first) {
        put(&mut found.value, inner_shape, rest, value);
        return;
    }
    let mut inner = Node::new(value.span, Kind::Map(Vec::new()));
    let span = value.span;
    put(&mut inner, inner_shape, rest, value);
    entries.push(entry(first, span, inner));
}

fn entry(key: &str, key_span: Span, value: Node) -> Entry {
    Entry {
        key: Arc::from(key),
        key_span,
        value,
    }
}

/// Lays one tree over another: mappings are merged, anything else is replaced, and nothing (`null`) removes a key.
pub(super) fn merge(node: &mut Node, over: &Node) {
    let (Kind::Map(entries), Kind::Map(added)) = (&mut node.kind, &over.kind) else {
        *node = over.clone();
        return;
    };
    for new in added {
        if new.value.is_null() {
            entries.retain(|entry| entry.key != new.key);
            continue;
        }
        match entries.iter_mut().find(|entry| entry.key == new.key) {
            Some(found) => merge(&mut found.value, &new.value),
            None => {
                // Through an empty mapping: a `null` in it removes nothing, and must not stay behind as a value.
                let mut added = new.clone();
                if matches!(added.value.kind, Kind::Map(_)) {
                    added.value.kind = Kind::Map(Vec::new());
                    merge(&mut added.value, &new.value);
                }
                entries.push(added);
            }
        }
    }
}

/// Replaces `${{ matrix.NAME }}`: a whole text by the axis's value of whatever kind, a part of one by its text.
fn fill(node: &Node, axes: &[Axis], combination: &[AxisValue], report: &mut Report) -> Node {
    let kind = match &node.kind {
        Kind::List(items) => Kind::List(
            items
                .iter()
                .map(|item| fill(item, axes, combination, report))
                .collect(),
        ),
        Kind::Map(entries) => Kind::Map(
            entries
                .iter()
                .map(|entry| Entry {
                    value: fill(&entry.value, axes, combination, report),
                    ..entry.clone()
                })
                .collect(),
        ),
        Kind::Plain(text) | Kind::Text(text) if text.contains(PLACEHOLDER) => {
            return fill_text(node, text, axes, combination, report);
        }
        _ => return node.clone(),
    };
    Node::new(node.span, kind)
}

fn fill_text(
    node: &Node,
    text: &str,
    axes: &[Axis],
    combination: &[AxisValue],
    report: &mut Report,
) -> Node {
    let mut out = String::new();
    let mut done = 0;
    for (start, end, name) in placeholders(text) {
        let Some(index) = axes.iter().position(|axis| axis.name == name) else {
            report.add(unknown_axis(node.span, name, axes));
            return Node::new(node.span, Kind::Text(Arc::from("")));
        };
        let picked = &combination[index];
        let value = picked.value.clone().unwrap_or_else(|| label_node(picked));
        if start == 0 && end == text.len() {
            return value;
        }
        let Some(inserted) = value.text() else {
            let message = format!(
                "the value of `{name}` is {}, and only a text can stand inside a text",
                value.describe()
            );
            report.add(Mistake::new(node.span, message).hint("let it stand alone"));
            return Node::new(node.span, Kind::Text(Arc::from("")));
        };
        out.push_str(&text[done..start]);
        out.push_str(inserted);
        done = end;
    }
    out.push_str(&text[done..]);
    Node::new(node.span, Kind::Text(Arc::from(out)))
}

/// The placeholders of a text: where each begins and ends, and the axis it names.
fn placeholders(text: &str) -> impl Iterator<Item = (usize, usize, &str)> {
    text.match_indices(PLACEHOLDER)
        .filter_map(move |(start, head)| {
            let from = start + head.len();
            let length = text[from..].find("}}")?;
            Some((start, from + length + 2, text[from..from + length].trim()))
        })
}
