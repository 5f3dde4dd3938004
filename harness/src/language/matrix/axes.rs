//! The axes, and which of their combinations are cases.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::flake::names::is_made_of;
use crate::language::report::{Mistake, Report};
use crate::language::words::list_words;
use crate::language::yaml::{Entry, Kind, Node, Span};
use crate::suggest::nearest;
use crate::text::quoted;

/// More cases than this are a mistake.
const MAX_CASES: usize = 1000;

/// One axis.
#[derive(Debug)]
pub(super) struct Axis {
    pub(super) name: String,
    pub(super) span: Span,
    pub(super) values: Vec<AxisValue>,
}

/// One value of an axis.
#[derive(Debug, Clone)]
pub(super) struct AxisValue {
    /// As it stands in the case's id.
    pub(super) label: String,
    /// What is put in the axis's place.
    pub(super) value: Option<Node>,
    /// A piece of scenario that goes with it.
    pub(super) set: Option<Node>,
    span: Span,
}

/// A value for every axis, in the order of the axes.
pub(super) type Combination = Vec<AxisValue>;

/// The axes of a `matrix:`; `None` when something about them is wrong, which is then reported.
pub(super) fn axes(matrix: &Node, report: &mut Report) -> Option<Vec<Axis>> {
    let Kind::Map(entries) = &matrix.kind else {
        let message = format!(
            "`matrix` must be a mapping, and this is {}",
            matrix.describe()
        );
        report.add(Mistake::new(matrix.span, message).hint("write `axis: [value, value]` in it"));
        return None;
    };
    let mut axes = Vec::new();
    let mut whole = true;
    for entry in entries.iter().filter(|entry| !is_reserved(&entry.key)) {
        match axis(entry, report) {
            Some(axis) => axes.push(axis),
            None => whole = false,
        }
    }
    whole.then_some(axes)
}

fn is_reserved(key: &str) -> bool {
    matches!(key, "include" | "exclude")
}

fn axis(entry: &Entry, report: &mut Report) -> Option<Axis> {
    let name = entry.key.to_string();
    let is_name = name.starts_with(|one: char| one.is_ascii_alphabetic())
        && name.len() <= 60
        && is_made_of(&name, &['.', '_', '-']);
    if !is_name {
        report.add(
            Mistake::new(
                entry.key_span,
                format!("{} cannot name an axis", quoted(&name)),
            )
            .hint("use letters, digits, `.`, `-` and `_`, beginning with a letter"),
        );
        return None;
    }
    let Kind::List(items) = &entry.value.kind else {
        let message = format!(
            "the axis `{name}` must be a list of values, and this is {}",
            entry.value.describe()
        );
        report.add(Mistake::new(entry.value.span, message).hint(format!("write `{name}: [a, b]`")));
        return None;
    };
    if items.is_empty() {
        report.add(
            Mistake::new(
                entry.value.span,
                format!("the axis `{name}` has no values, so there is no case"),
            )
            .hint("give it a value, or remove it"),
        );
        return None;
    }
    let mut values: Vec<AxisValue> = Vec::new();
    let mut whole = true;
    for item in items {
        match axis_value(item, &name, report) {
            Some(value) if values.iter().any(|have| have.label == value.label) => {
                let message = format!("the axis `{name}` has the value `{}` twice", value.label);
                report.add(
                    Mistake::new(value.span, message)
                        .label("again")
                        .hint("remove it, or tell the two apart with `name:`"),
                );
                whole = false;
            }
            Some(value) => values.push(value),
            None => whole = false,
        }
    }
    whole.then_some(Axis {
        name,
        span: entry.key_span,
        values,
    })
}

fn axis_value(item: &Node, axis: &str, report: &mut Report) -> Option<AxisValue> {
    if let Some(text) = item.text() {
        return Some(AxisValue {
            label: label(text),
            value: Some(item.clone()),
            set: None,
            span: item.span,
        });
    }
    let Kind::Map(entries) = &item.kind else {
        let message = format!("a value of the axis `{axis}` that is a list needs a name");
        report
            .add(Mistake::new(item.span, message).hint("write `{ name: short-name, value: […] }`"));
        return None;
    };
    let known = ["name", "value", "set"];
    let mut whole = true;
    for entry in entries.iter().filter(|entry| !known.contains(&&*entry.key)) {
        let hint = nearest(&entry.key, known).map_or_else(
            || {
                format!(
                    "it can hold {}; a mapping as a value goes under `value:`",
                    list_words(known)
                )
            },
            |near| format!("did you mean `{near}`?"),
        );
        let message = format!("{} is no key of a value of `{axis}`", quoted(&entry.key));
        report.add(
            Mistake::new(entry.key_span, message)
                .label("unknown key")
                .hint(hint),
        );
        whole = false;
    }
    let value = item.get("value");
    let name = item.get("name").or(value).and_then(Node::text);
    let Some(name) = name else {
        let message = format!("this value of the axis `{axis}` has no `name`");
        report.add(
            Mistake::new(item.span, message).hint("add `name:`, which stands in the case's id"),
        );
        return None;
    };
    whole.then(|| AxisValue {
        label: label(name),
        value: value.cloned(),
        set: item.get("set").cloned(),
        span: item.span,
    })
}

/// A value's text for a case's id: also a file's name, so only what is harmless there.
fn label(text: &str) -> String {
    let is_sign = |one: char| !one.is_ascii_alphanumeric() && !matches!(one, '.' | '_' | '+');
    match text {
        "" => "empty".to_owned(),
        text => text.replace(is_sign, "-"),
    }
}

/// Every combination that is a case.
pub(super) fn combinations(
    matrix: &Node,
    axes: &[Axis],
    report: &mut Report,
) -> Option<Vec<Combination>> {
    let count = axes.iter().try_fold(1_usize, |product, axis| {
        product.checked_mul(axis.values.len())
    });
    let too_many = |count: String| {
        Mistake::new(
            matrix.span,
            format!("the matrix makes {count} cases, and {MAX_CASES} are the most"),
        )
        .label("too many combinations")
        .hint("take values out, or split the scenario")
    };
    match count {
        Some(count) if count <= MAX_CASES => {}
        Some(count) => {
            report.add(too_many(count.to_string()));
            return None;
        }
        None => {
            report.add(too_many("more than can be counted".to_owned()));
            return None;
        }
    }
    let mut all: Vec<Combination> = if axes.is_empty() {
        Vec::new()
    } else {
        vec![Vec::new()]
    };
    for axis in axes {
        all = all
            .into_iter()
            .flat_map(|combination| {
                axis.values.iter().map(move |value| {
                    let mut longer = combination.clone();
                    longer.push(value.clone());
                    longer
                })
            })
            .collect();
    }
    let excluded = exclude(matrix, axes, &mut all, report);
    let included = include(matrix, axes, &mut all, report);
    if !(excluded && included) {
        return None;
    }
    if all.is_empty() {
        report.add(Mistake::new(matrix.span, "the matrix leaves no case").hint(
            "give it an axis with values, or exclude less; remove it if there is nothing to vary",
        ));
        return None;
    }
    if all.len() > MAX_CASES {
        report.add(too_many(all.len().to_string()));
        return None;
    }
    Some(all)
}

/// The combinations named under `key`, each as label by axis index.
fn named<'node>(
    matrix: &'node Node,
    key: &str,
    axes: &[Axis],
    report: &mut Report,
) -> Option<Vec<(Span, BTreeMap<usize, &'node Node>)>> {
    let Some(list) = matrix.get(key) else {
        return Some(Vec::new());
    };
    let Kind::List(items) = &list.kind else {
        let message = format!("`{key}` must be a list, and this is {}", list.describe());
        report.add(Mistake::new(list.span, message).hint("begin each combination with `- `"));
        return None;
    };
    let mut whole = true;
    let mut out = Vec::new();
    for item in items {
        let Kind::Map(entries) = &item.kind else {
            let message = format!(
                "an item of `{key}` must be a mapping, and this is {}",
                item.describe()
            );
            report.add(Mistake::new(item.span, message).hint("write `{ axis: value }`"));
            whole = false;
            continue;
        };
        let mut picked = BTreeMap::new();
        for entry in entries {
            match axes.iter().position(|axis| axis.name == *entry.key) {
                Some(index) => {
                    picked.insert(index, &entry.value);
                }
                None => {
                    report.add(unknown_axis(entry.key_span, &entry.key, axes));
                    whole = false;
                }
            }
        }
        out.push((item.span, picked));
    }
    whole.then_some(out)
}

/// "There is no such axis."
pub(super) fn unknown_axis(span: Span, name: &str, axes: &[Axis]) -> Mistake {
    let names = || axes.iter().map(|axis| axis.name.as_str());
    let hint = match nearest(name, names()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if axes.is_empty() => "the scenario has no matrix".to_owned(),
        None => format!("the axes are {}", list_words(names())),
    };
    Mistake::new(span, format!("the matrix has no axis {}", quoted(name)))
        .label("unknown axis")
        .hint(hint)
}

fn exclude(matrix: &Node, axes: &[Axis], all: &mut Vec<Combination>, report: &mut Report) -> bool {
    let Some(excluded) = named(matrix, "exclude", axes, report) else {
        return false;
    };
    let mut whole = true;
    for (span, picked) in excluded {
        let before = all.len();
        all.retain(|combination| {
            !picked.iter().all(|(index, value)| {
                value
                    .text()
                    .is_some_and(|text| combination[*index].label == label(text))
            })
        });
        if all.len() == before {
            report.add(
                Mistake::new(span, "this excludes no combination")
                    .hint("compare its values with those of the axes"),
            );
            whole = false;
        }
    }
    whole
}

fn include(matrix: &Node, axes: &[Axis], all: &mut Vec<Combination>, report: &mut Report) -> bool {
    let Some(included) = named(matrix, "include", axes, report) else {
        return false;
    };
    let mut whole = true;
    for (span, picked) in included {
        let missing: Vec<&str> = (0..axes.len())
            .filter(|index| !picked.contains_key(index))
            .map(|index| axes[index].name.as_str())
            .collect();
        if !missing.is_empty() {
            let message = format!("this combination has no value for {}", list_words(missing));
            report.add(Mistake::new(span, message).hint("give a value for every axis"));
            whole = false;
            continue;
        }
        let combination: Option<Combination> = picked
            .into_iter()
            .map(|(index, value)| included_value(&axes[index], value, report))
            .collect();
        let Some(combination) = combination else {
            whole = false;
            continue;
        };
        let labels = |one: &Combination| -> Vec<String> {
            one.iter().map(|value| value.label.clone()).collect()
        };
        if all.iter().any(|have| labels(have) == labels(&combination)) {
            report.add(
                Mistake::new(span, "this combination is there already")
                    .hint("remove it, or exclude the other one"),
            );
            whole = false;
        } else {
            all.push(combination);
        }
    }
    whole
}

/// A value of the axis by its label, or a new one.
fn included_value(axis: &Axis, value: &Node, report: &mut Report) -> Option<AxisValue> {
    let known = value
        .text()
        .and_then(|text| axis.values.iter().find(|have| have.label == label(text)));
    known
        .cloned()
        .or_else(|| axis_value(value, &axis.name, report))
}

/// A scalar that a label stands for, where an axis's value has only a name.
pub(super) fn label_node(value: &AxisValue) -> Node {
    Node::new(value.span, Kind::Text(Arc::from(value.label.as_str())))
}
