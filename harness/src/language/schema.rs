//! The JSON Schema of a scenario file, made from the raw types.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::defaults::OWN_KEYS;
use super::raw::RawScenario;

/// The schema as the types give it, short forms still named by `x-` keys.
pub(crate) fn of_types<Root: JsonSchema>() -> Value {
    let generator = SchemaSettings::draft07().into_generator();
    generator.into_root_schema_for::<Root>().to_value()
}

/// The same as plain JSON Schema (draft 7) of that title.
pub(super) fn spelled_out<Root: JsonSchema>(title: &str) -> Value {
    let mut value = of_types::<Root>();
    spell_out(&mut value);
    value["title"] = title.into();
    value
}

/// The schema for editors and other tools: plain JSON Schema (draft 7), every key documented, ending in a newline.
/// It is committed as `scenarios/schema.json`.
pub fn schema() -> String {
    format!("{:#}\n", value())
}

/// The same as a value.
pub(super) fn value() -> Value {
    let mut value = spelled_out::<RawScenario>("switchproof scenario");
    admit_what_others_give(&mut value);
    admit_placeholders(&mut value);
    value
}

/// Replaces the keys that name short forms by alternatives that say the same in JSON Schema.
fn spell_out(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(spell_out),
        Value::Object(object) => {
            object.values_mut().for_each(spell_out);
            tidy_name(object);
            spell_out_object(object);
        }
        _ => {}
    }
}

/// A project's defaults and a matrix give what a scenario does not say, at any depth, so no key of its mappings has to be there;
/// and `null` leaves out one that they give. What stands in lists is each one's own.
fn admit_what_others_give(scenario: &mut Value) {
    let mut definitions = scenario["definitions"].take();
    let keys = scenario["properties"].as_object_mut();
    for (key, place) in keys.into_iter().flatten() {
        if !OWN_KEYS.contains(&key.as_str()) {
            loosen(place, &mut definitions, &mut BTreeSet::new());
        }
    }
    scenario["definitions"] = definitions;
}

fn loosen(place: &mut Value, definitions: &mut Value, seen: &mut BTreeSet<String>) {
    let Value::Object(place) = place else { return };
    let name = place.get("$ref").and_then(Value::as_str);
    if let Some(name) = name.and_then(|it| it.rsplit('/').next())
        && seen.insert(name.to_owned())
    {
        let mut definition = definitions[name].take();
        loosen(&mut definition, definitions, seen);
        definitions[name] = definition;
    }
    place.remove("required");
    let forms = place.get_mut("anyOf").and_then(Value::as_array_mut);
    for form in forms.into_iter().flatten() {
        loosen(form, definitions, seen);
    }
    let keys = place.get_mut("properties").and_then(Value::as_object_mut);
    for (_, inner) in keys.into_iter().flatten() {
        loosen(inner, definitions, seen);
    }
    if let Some(value) = place.get_mut("additionalProperties")
        && value.is_object()
    {
        loosen(value, definitions, seen);
        *value = json!({ "anyOf": [value.take(), { "type": "null" }] });
    }
}

/// What a matrix fills can stand in every place; JSON Schema sees it as a text.
fn admit_placeholders(value: &mut Value) {
    let Value::Object(object) = value else { return };
    for (key, inner) in object.iter_mut() {
        match (key.as_str(), inner) {
            ("properties" | "definitions", Value::Object(places)) => {
                for (_, place) in places.iter_mut() {
                    admit_placeholder(place);
                }
            }
            ("items" | "additionalProperties", place) => admit_placeholder(place),
            ("anyOf" | "oneOf", Value::Array(alternatives)) => {
                alternatives.iter_mut().for_each(admit_placeholders);
            }
            _ => {}
        }
    }
    if let Some(Value::Object(definitions)) = object.get_mut("definitions") {
        let placeholder = json!({
            "type": "string",
            "description": "A value of the matrix.",
            "pattern": "\\$\\{\\{ matrix\\."
        });
        definitions.insert("Placeholder".to_owned(), placeholder);
    }
}

fn admit_placeholder(place: &mut Value) {
    admit_placeholders(place);
    let Value::Object(object) = place else { return };
    if object.contains_key("$ref") || object.is_empty() || takes_texts(object) {
        return;
    }
    let description = object.remove("description");
    let placeholder = json!({ "$ref": "#/definitions/Placeholder" });
    if let Some(Value::Array(alternatives)) = object.get_mut("anyOf") {
        alternatives.push(placeholder);
    } else {
        let only = Value::Object(std::mem::take(object));
        object.insert("anyOf".to_owned(), json!([only, placeholder]));
    }
    if let Some(description) = description {
        object.insert("description".to_owned(), description);
    }
}

/// Whether any text can stand in a place.
fn takes_texts(schema: &Map<String, Value>) -> bool {
    let is_text = match schema.get("type") {
        Some(Value::String(kind)) => kind == "string",
        Some(Value::Array(kinds)) => kinds.iter().any(|kind| kind == "string"),
        _ => false,
    };
    let alternatives = schema.get("anyOf").and_then(Value::as_array);
    is_text && !schema.contains_key("enum")
        || alternatives
            .into_iter()
            .flatten()
            .any(|one| one.as_object().is_some_and(takes_texts))
}

/// The types' names are ours alone: `RawFileExpect` is `FileExpect` to the reader.
fn tidy_name(object: &mut Map<String, Value>) {
    if let Some(Value::String(reference)) = object.get_mut("$ref") {
        *reference = reference.replace("/Raw", "/");
    }
    if let Some(Value::Object(definitions)) = object.get_mut("definitions") {
        *definitions = std::mem::take(definitions)
            .into_iter()
            .map(|(name, definition)| (name.trim_start_matches("Raw").to_owned(), definition))
            .collect();
    }
}

fn spell_out_object(object: &mut Map<String, Value>) {
    let short = match object.remove("x-short") {
        Some(Value::String(key)) => object
            .get("properties")
            .and_then(|properties| properties.get(&key))
            .cloned(),
        _ => None,
    };
    let short = short.or_else(|| object.remove("x-word").map(|_| words(object)));
    let short = short.or_else(|| {
        object
            .remove("x-one")
            .and_then(|_| object.get("items").cloned())
    });
    let short = short.or_else(|| {
        object
            .remove("x-names")
            .map(|_| json!({ "type": "array", "items": { "type": "string" } }))
    });
    let Some(mut short) = short else { return };
    if let Some(short) = short.as_object_mut() {
        short.remove("description");
    }
    let description = object.remove("description");
    let outer: Map<String, Value> = ["$schema", "definitions", "default"]
        .into_iter()
        .filter_map(|key| object.remove(key).map(|value| (key.to_owned(), value)))
        .collect();
    let long = Value::Object(std::mem::take(object));
    object.extend(outer);
    if let Some(description) = description {
        object.insert("description".to_owned(), description);
    }
    object.insert("anyOf".to_owned(), json!([short, long]));
}

/// The bare words that stand for an action without details.
fn words(step: &Map<String, Value>) -> Value {
    let actions: Vec<&String> = step
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .filter(|(_, field)| {
            field["description"]
                .as_str()
                .is_some_and(|text| text.starts_with("Action: "))
        })
        .map(|(name, _)| name)
        .collect();
    json!({ "enum": actions })
}
