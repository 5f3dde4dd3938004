//! What QEMU says on its monitor, one JSON object a line.

use serde_json::{Map, Value};

/// One line from QEMU.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// The first line.
    Greeting,
    /// A command's answer. Ours always carry an id; QEMU leaves it out when it could not parse the command.
    Reply {
        /// The command's id.
        id: Option<u64>,
        /// What it returned, or QEMU's words of refusal.
        result: Result<Value, String>,
    },
    /// Something happened.
    Event {
        /// Its name in capitals.
        name: String,
        /// Its data, empty when it has none.
        data: Map<String, Value>,
    },
}

/// Reads one line; the error says what is wrong with it.
pub fn parse(line: &[u8]) -> Result<Message, String> {
    let shown = || String::from_utf8_lossy(&line[..line.len().min(200)]).into_owned();
    let value: Value =
        serde_json::from_slice(line).map_err(|error| format!("{error} in {:?}", shown()))?;
    let Value::Object(mut object) = value else {
        return Err(format!("not an object: {:?}", shown()));
    };
    if object.contains_key("QMP") {
        return Ok(Message::Greeting);
    }
    if let Some(Value::String(name)) = object.remove("event") {
        let data = match object.remove("data") {
            Some(Value::Object(data)) => data,
            _ => Map::new(),
        };
        return Ok(Message::Event { name, data });
    }
    let id = object.get("id").and_then(Value::as_u64);
    if let Some(error) = object.get("error") {
        let description = error
            .get("desc")
            .and_then(Value::as_str)
            .unwrap_or("no description");
        return Ok(Message::Reply {
            id,
            result: Err(description.to_owned()),
        });
    }
    match object.remove("return") {
        Some(result) => Ok(Message::Reply {
            id,
            result: Ok(result),
        }),
        None => Err(format!("neither greeting, event nor reply: {:?}", shown())),
    }
}

#[cfg(test)]
mod tests {
    use super::{Message, parse};
    use serde_json::json;

    #[test]
    fn the_four_kinds_are_told_apart() {
        let greeting = br#"{"QMP": {"version": {"qemu": {"micro": 22}}, "capabilities": ["oob"]}}"#;
        assert_eq!(parse(greeting), Ok(Message::Greeting));
        let reply = parse(br#"{"return": {"status": "running"}, "id": 7}"#);
        assert_eq!(
            reply,
            Ok(Message::Reply {
                id: Some(7),
                result: Ok(json!({"status": "running"}))
            })
        );
        let refusal = parse(br#"{"id": 8, "error": {"class": "GenericError", "desc": "no"}}"#);
        assert_eq!(
            refusal,
            Ok(Message::Reply {
                id: Some(8),
                result: Err("no".to_owned())
            })
        );
        let event = parse(br#"{"timestamp": {"seconds": 1, "microseconds": 2}, "event": "STOP"}"#);
        assert_eq!(
            event,
            Ok(Message::Event {
                name: "STOP".to_owned(),
                data: serde_json::Map::new()
            })
        );
    }

    #[test]
    fn what_is_no_message_is_refused() {
        for line in [
            "",
            "[]",
            "7",
            "{}",
            "{\"id\": 1}",
            "\u{0}",
            "{\"event\": 3}",
        ] {
            assert!(parse(line.as_bytes()).is_err(), "{line}");
        }
        assert!(parse(&vec![b'['; 100_000]).is_err());
    }
}
