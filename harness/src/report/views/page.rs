//! The page: one file that holds everything, to be kept as an artefact and read offline.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::report::results::Results;

/// The page without its data: markup, style and script.
const MARKUP: &str = include_str!("../page/page.html");
const STYLE: &str = include_str!("../page/style.css");
/// One script, in parts.
const SCRIPT: &[&str] = &[include_str!("../page/main.js")];

/// What the script reads.
#[derive(Serialize)]
struct Data<'a> {
    results: &'a Results,
}

/// The page of a run. With an earlier run's results it also tells what turned since.
#[must_use]
pub fn page(results: &Results, earlier: Option<&Results>) -> String {
    let _ = earlier;
    let data = serde_json::to_string(&Data { results }).expect("plain data always serialises");
    let script = SCRIPT.concat();
    fill(&[
        ("{{style-hash}}", &hash(STYLE)),
        ("{{script-hash}}", &hash(&script)),
        ("{{style}}", STYLE),
        ("{{script}}", &script),
        ("{{data}}", &in_script(&data)),
    ])
}

/// The markup with its places filled, each once and in one pass: what fills one is not looked at again.
fn fill(places: &[(&str, &str)]) -> String {
    let mut page = String::new();
    let mut rest = MARKUP;
    while let Some(at) = rest.find("{{") {
        page.push_str(&rest[..at]);
        rest = &rest[at..];
        let place = places.iter().find(|(name, _)| rest.starts_with(name));
        let (name, text) = place.copied().unwrap_or(("{{", "{{"));
        page.push_str(text);
        rest = &rest[name.len()..];
    }
    page + rest
}

/// The name by which the page's policy allows a script or a style: nothing else runs.
fn hash(text: &str) -> String {
    format!(
        "sha256-{}",
        STANDARD.encode(Sha256::digest(text.as_bytes()))
    )
}

/// JSON that ends no script element and begins no comment in it: `<` occurs only in strings, where it has another
/// spelling.
fn in_script(json: &str) -> String {
    json.replace('<', "\\u003c")
}
