//! Pieces of what people are told.

/// How a value of the wanted kind is written.
pub(crate) fn how_to_write(wanted: &str) -> &'static str {
    match wanted {
        "a list" => "begin each item with `- `, or write `[a, b]`",
        "a mapping" => "write `key: value`, one in each line, further in than this",
        "a text" | "a name" => {
            "write one text; quote it where it begins with a sign such as `*`, `[` or `{`"
        }
        _ => "look it up in the reference",
    }
}

/// The beginning of a key's documentation.
pub(crate) fn first_sentence(doc: &str) -> &str {
    let doc = doc.lines().next().unwrap_or(doc);
    doc.find(". ").map_or(doc, |end| &doc[..=end])
}

/// `a`, `b` or `c`.
pub(crate) fn list_words<'word>(words: impl IntoIterator<Item = &'word str>) -> String {
    let words: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    match words.split_last() {
        None => "nothing".to_owned(),
        Some((only, [])) => only.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
    }
}

/// "an item of `steps`", and what an item of that is still called so.
pub(crate) fn singular(place: &str) -> String {
    match place {
        "`steps`" => "a step".to_owned(),
        _ if place.starts_with("an item of ") => place.to_owned(),
        _ => format!("an item of {place}"),
    }
}
