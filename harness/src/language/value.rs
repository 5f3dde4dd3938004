//! The checked tree as plain data.

use serde_yaml::{Mapping, Number, Value};

use super::yaml::{Kind, Node};

/// The checked tree as serde_yaml's value, for the raw types.
pub(crate) fn to_value(node: &Node) -> Value {
    match &node.kind {
        _ if node.is_null() && !matches!(node.kind, Kind::Text(_)) => Value::Null,
        Kind::Null => Value::Null,
        Kind::Bool(value) => Value::Bool(*value),
        Kind::Int(value) => Value::Number(Number::from(*value)),
        Kind::Text(text) => Value::String(text.to_string()),
        Kind::Plain(text) => plain_value(text),
        Kind::List(items) => Value::Sequence(items.iter().map(to_value).collect()),
        Kind::Map(entries) => Value::Mapping(
            entries
                .iter()
                .map(|entry| (Value::String(entry.key.to_string()), to_value(&entry.value)))
                .collect::<Mapping>(),
        ),
    }
}

fn plain_value(text: &str) -> Value {
    match text {
        "true" => return Value::Bool(true),
        "false" => return Value::Bool(false),
        _ => {}
    }
    if let Ok(number) = text.parse::<i64>() {
        return Value::Number(Number::from(number));
    }
    let looks_like_a_number = text.chars().all(|character| {
        character.is_ascii_digit() || matches!(character, '.' | '-' | '+' | 'e' | 'E')
    });
    match text.parse::<f64>() {
        Ok(number) if looks_like_a_number && number.is_finite() => {
            Value::Number(Number::from(number))
        }
        _ => Value::String(text.to_owned()),
    }
}
