//! Values in settings files.

use serde_json::{Map, Value};

use super::text_match::{Mismatch, plain, show};
use crate::model::DataFormat;

/// `None` when the value at the end of `way` in a text is as wanted; none is wanted where `wanted` is `None`.
pub(super) fn data_mismatch(
    format: DataFormat,
    way: &[String],
    wanted: Option<&Value>,
    text: &str,
) -> Option<Mismatch> {
    let place = way.join(".");
    let data = match read(format, text) {
        Ok(data) => data,
        Err(reason) => return Some(plain(format!("it is no {}: {reason}", name(format)))),
    };
    let seen = find(&data, way);
    let is_same = match (wanted, seen) {
        (Some(wanted), Some(seen)) => is_same(format, wanted, seen),
        (None, None) => true,
        _ => false,
    };
    (!is_same).then(|| {
        let words =
            |value: Option<&Value>| value.map_or("nothing".to_owned(), |it| show(&it.to_string()));
        plain(format!(
            "expected {} at {}, seen {}",
            words(wanted),
            show(&place),
            words(seen)
        ))
    })
}

fn name(format: DataFormat) -> &'static str {
    match format {
        DataFormat::Json => "JSON",
        DataFormat::Toml => "TOML",
        DataFormat::Ini => "INI file",
    }
}

fn read(format: DataFormat, text: &str) -> Result<Value, String> {
    match format {
        DataFormat::Json => serde_json::from_str(text).map_err(|error| error.to_string()),
        DataFormat::Toml => toml::from_str(text).map_err(|error| error.message().to_owned()),
        DataFormat::Ini => ini(text),
    }
}

/// Sections of texts by key; of a key that is there more than once, the last.
fn ini(text: &str) -> Result<Value, String> {
    let mut all = Map::new();
    let mut section = None;
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|it| it.strip_suffix(']')) {
            let fields = all.entry(name).or_insert_with(|| Map::new().into());
            section = fields.is_object().then(|| name.to_owned());
            continue;
        }
        let Some((key, value)) = line.split_once('=') else {
            return Err(format!(
                "line {} is neither a section nor a value",
                number + 1
            ));
        };
        let value = value.trim().to_owned().into();
        let fields = match &section {
            Some(name) => all.get_mut(name).and_then(Value::as_object_mut),
            None => Some(&mut all),
        };
        if let Some(fields) = fields {
            fields.insert(key.trim().to_owned(), value);
        }
    }
    Ok(all.into())
}

/// The value that names lead to. A name may have dots in it, as a section has.
fn find<'data>(data: &'data Value, way: &[String]) -> Option<&'data Value> {
    if way.is_empty() {
        return Some(data);
    }
    (1..=way.len()).find_map(|length| {
        let (first, rest) = way.split_at(length);
        let inner = match data {
            Value::Array(items) if length == 1 => items.get(first[0].parse::<usize>().ok()?)?,
            _ => data.get(first.join("."))?,
        };
        find(inner, rest)
    })
}

/// Whether two values are the same. What a file of texts alone holds is compared as it is written, with or without its
/// quotes.
fn is_same(format: DataFormat, wanted: &Value, seen: &Value) -> bool {
    let is_number = |left: &Value, right: &Value| {
        left.as_f64()
            .is_some_and(|left| right.as_f64() == Some(left))
    };
    match (format, wanted, seen) {
        (DataFormat::Ini, wanted, Value::String(text)) => {
            let wanted = match wanted {
                Value::String(wanted) => wanted.clone(),
                wanted => wanted.to_string(),
            };
            *text == wanted || in_quotes(text).is_some_and(|inner| inner == wanted)
        }
        _ => wanted == seen || is_number(wanted, seen),
    }
}

/// What stands between the quotes of a value that is quoted as a whole, as Git writes and reads them.
fn in_quotes(text: &str) -> Option<String> {
    let inner = text.strip_prefix('"')?.strip_suffix('"')?;
    let mut plain = String::new();
    let mut rest = inner.chars();
    while let Some(character) = rest.next() {
        plain.push(match character {
            '\\' => rest.next()?,
            '"' => return None,
            other => other,
        });
    }
    Some(plain)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::has;

    fn said_of(format: DataFormat, way: &str, wanted: &Value, text: &str) -> Option<String> {
        let way: Vec<String> = way.split('.').map(str::to_owned).collect();
        let wanted = Some(wanted).filter(|wanted| !wanted.is_null());
        data_mismatch(format, &way, wanted, text).map(|it| it.message)
    }

    #[test]
    fn values_are_found_by_their_way() {
        let json = r#"{"a": {"b": [1, {"c": "x"}]}, "d.e": true}"#;
        let toml = "[font]\nsize = 12.0\n[[bind]]\nkey = \"q\"\n";
        let ini = "top = 1\n[user]\n name = Alice B\n[filter \"lfs\"]\nrequired=true\n";
        let quoted = "[user]\nname = \"A \\\\ \\\"B\\\"\"\nmail = \"a\" b \"c\"\n";
        for (format, way, wanted, text) in [
            (DataFormat::Json, "a.b.1.c", json!("x"), json),
            (DataFormat::Json, "a.b.0", json!(1), json),
            (DataFormat::Json, "d.e", json!(true), json),
            (DataFormat::Json, "a.z", Value::Null, json),
            (DataFormat::Toml, "font.size", json!(12), toml),
            (DataFormat::Toml, "bind.0.key", json!("q"), toml),
            (DataFormat::Ini, "top", json!(1), ini),
            (DataFormat::Ini, "user.name", json!("Alice B"), ini),
            (DataFormat::Ini, "filter \"lfs\".required", json!(true), ini),
            (DataFormat::Ini, "user.name", json!("A \\ \"B\""), quoted),
            (DataFormat::Ini, "user.mail", json!("\"a\" b \"c\""), quoted),
        ] {
            assert_eq!(said_of(format, way, &wanted, text), None, "{way}");
        }
    }

    #[test]
    fn another_value_none_and_no_such_file_are_told() {
        let of = |wanted: Value, text: &str| said_of(DataFormat::Json, "a", &wanted, text).unwrap();
        let said = "expected `1` at `a`, seen `\"1\"`";
        assert_eq!(of(json!(1), r#"{"a": "1"}"#), said);
        assert_eq!(of(json!(1), "{}"), "expected `1` at `a`, seen nothing");
        let said = "expected nothing at `a`, seen `2`";
        assert_eq!(of(Value::Null, r#"{"a": 2}"#), said);
        has(of(json!(1), "{"), "it is no JSON: ");
        let no_toml = said_of(DataFormat::Toml, "a", &json!(1), "a");
        has(no_toml.unwrap(), "it is no TOML: ");
        let no_ini = said_of(DataFormat::Ini, "a", &json!(1), "b");
        let said = "it is no INI file: line 1 is neither a section nor a value";
        assert_eq!(no_ini.unwrap(), said);
    }
}
