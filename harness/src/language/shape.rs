//! The raw types' schema in the form in which a tree is checked against it.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use schemars::JsonSchema;
use serde_json::{Map, Value};

use super::raw::{RawProject, RawScenario};
use super::schema;

/// What may stand in a place.
#[derive(Debug, Clone)]
pub(crate) enum Shape {
    /// Anything.
    Any,
    /// A text.
    Text,
    /// One of some words.
    Choice(Vec<String>),
    /// `true` or `false`.
    Bool,
    /// An integer within bounds.
    Int {
        /// The smallest that is taken.
        min: i64,
        /// The largest that is taken.
        max: i64,
    },
    /// A list.
    List {
        /// What its items are.
        item: Arc<Shape>,
        /// Whether one item may stand for a list of one.
        one: bool,
    },
    /// A mapping with keys of the writer's choice.
    Map {
        /// What its values are.
        value: Arc<Shape>,
        /// Whether a list of keys may stand for a mapping of each to nothing.
        names: bool,
    },
    /// A mapping with known keys.
    Struct(Struct),
}

impl Shape {
    /// What may stand under a key, if the place can have it.
    pub(crate) fn under(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Map { value, .. } => Some(value),
            Self::Struct(structure) => {
                let field = structure.fields.get(key).map(|field| &field.shape);
                field.or(structure.rest.as_ref()).map(|inner| &**inner)
            }
            _ => None,
        }
    }

    /// What the items of a list are.
    pub(crate) fn items(&self) -> Option<&Self> {
        match self {
            Self::List { item, .. } => Some(item),
            _ => None,
        }
    }
}

/// A mapping with known keys.
#[derive(Debug, Clone)]
pub(crate) struct Struct {
    /// The keys by name.
    pub(crate) fields: BTreeMap<String, Field>,
    /// The key whose value may stand for the whole.
    pub(crate) short: Option<String>,
    /// Whether a bare word stands for a mapping of that key to nothing.
    pub(crate) word: bool,
    /// What other keys hold, where they are allowed.
    pub(crate) rest: Option<Arc<Shape>>,
}

/// A known key.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    /// What its value is.
    pub(crate) shape: Arc<Shape>,
    /// Whether it must be there.
    pub(crate) required: bool,
    /// Its documentation.
    pub(crate) doc: String,
}

/// The shape of a scenario file.
pub(crate) static SCENARIO: LazyLock<Arc<Shape>> = LazyLock::new(of_types::<RawScenario>);

/// The shape of a project's file.
pub(crate) static PROJECT: LazyLock<Arc<Shape>> = LazyLock::new(of_types::<RawProject>);

fn of_types<Root: JsonSchema>() -> Arc<Shape> {
    let root = schema::of_types::<Root>();
    let none = Map::new();
    let definitions = root["definitions"].as_object().unwrap_or(&none);
    compile(&root, definitions)
}

/// The shape a schema describes. Schemas come from our own types, so what they do not use is not read.
fn compile(schema: &Value, definitions: &Map<String, Value>) -> Arc<Shape> {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        let name = reference.rsplit('/').next().unwrap_or(reference);
        return definitions
            .get(name)
            .map_or_else(|| Arc::new(Shape::Any), |found| compile(found, definitions));
    }
    // `Option<T>` is "T or null", and a reference with a description of its own is wrapped.
    for wrapper in ["anyOf", "allOf"] {
        if let Some(alternatives) = schema.get(wrapper).and_then(Value::as_array) {
            let real = alternatives.iter().find(|one| one["type"] != "null");
            return real.map_or_else(|| Arc::new(Shape::Any), |one| compile(one, definitions));
        }
    }
    if let Some(choices) = choices(schema) {
        return Arc::new(Shape::Choice(choices));
    }
    let flag = |name: &str| schema.get(name) == Some(&Value::Bool(true));
    Arc::new(match type_name(schema) {
        Some("string") => Shape::Text,
        Some("boolean") => Shape::Bool,
        Some("integer") => Shape::Int {
            min: bound(schema, "minimum", i64::from(i32::MIN)),
            max: bound(schema, "maximum", i64::from(i32::MAX)),
        },
        Some("array") => Shape::List {
            item: compile(&schema["items"], definitions),
            one: flag("x-one"),
        },
        Some("object") if schema.get("properties").is_none() && schema.get("x-short").is_none() => {
            match schema.get("additionalProperties") {
                Some(Value::Bool(false)) => Shape::Struct(structure(schema, definitions)),
                Some(value) => Shape::Map {
                    value: compile(value, definitions),
                    names: flag("x-names"),
                },
                None => Shape::Any,
            }
        }
        Some("object") => Shape::Struct(structure(schema, definitions)),
        _ => Shape::Any,
    })
}

fn structure(schema: &Value, definitions: &Map<String, Value>) -> Struct {
    let required: Vec<&str> = schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let fields = schema["properties"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, field)| {
            let field = Field {
                shape: compile(field, definitions),
                required: required.contains(&name.as_str()),
                doc: field["description"].as_str().unwrap_or_default().to_owned(),
            };
            (name.clone(), field)
        })
        .collect();
    Struct {
        fields,
        short: schema["x-short"].as_str().map(str::to_owned),
        word: schema["x-word"] == true,
        rest: schema
            .get("additionalProperties")
            .filter(|rest| rest.is_object())
            .map(|rest| compile(rest, definitions)),
    }
}

/// The words of an enumeration: with documentation they are alternatives of constants.
fn choices(schema: &Value) -> Option<Vec<String>> {
    let words = if let Some(words) = schema.get("enum").and_then(Value::as_array) {
        words.iter().filter_map(Value::as_str).collect::<Vec<_>>()
    } else {
        let alternatives = schema.get("oneOf").and_then(Value::as_array)?;
        alternatives
            .iter()
            .filter_map(|one| one["const"].as_str().or_else(|| one["enum"][0].as_str()))
            .collect()
    };
    Some(words.into_iter().map(str::to_owned).collect())
}

/// The type that is not null.
fn type_name(schema: &Value) -> Option<&str> {
    match schema.get("type")? {
        Value::String(name) => Some(name),
        Value::Array(names) => names
            .iter()
            .filter_map(Value::as_str)
            .find(|name| *name != "null"),
        _ => None,
    }
}

fn bound(schema: &Value, key: &str, otherwise: i64) -> i64 {
    schema
        .get(key)
        .and_then(|value| {
            value
                .as_i64()
                .or_else(|| value.as_f64().map(|float| float as i64))
        })
        .unwrap_or(otherwise)
}
