//! The page: one file that holds everything, to be kept as an artefact and read offline.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::compare::{Turned, turned};
use crate::report::results::{ContentResult, Results, UserResult};

/// The page without its data: markup, style and script.
const MARKUP: &str = include_str!("../page/page.html");
const STYLE: &str = include_str!("../page/style.css");
/// One script, in parts.
const SCRIPT: &[&str] = &[
    include_str!("../page/dom.js"),
    include_str!("../page/model.js"),
    include_str!("../page/overview.js"),
    include_str!("../page/diff.js"),
    include_str!("../page/changes.js"),
    include_str!("../page/home.js"),
    include_str!("../page/case.js"),
    include_str!("../page/main.js"),
];

/// Most bytes of data in a page: a browser reads it at once.
const DATA_BYTES: usize = 4_500_000;

/// What the script reads.
#[derive(Serialize)]
struct Data<'a> {
    results: &'a Results,
    turned: Option<Turned>,
}

/// The page of a run. With an earlier run's results it also tells what turned since.
#[must_use]
pub fn page(results: &Results, earlier: Option<&Results>) -> String {
    let turned = earlier.map(|earlier| turned(earlier, results));
    let mut data = json(&Data {
        results,
        turned: turned.clone(),
    });
    if data.len() > DATA_BYTES {
        data = json(&Data {
            results: &fitting(results, DATA_BYTES),
            turned,
        });
    }
    let script = SCRIPT.concat();
    fill(&[
        ("{{style-hash}}", &hash(STYLE)),
        ("{{script-hash}}", &hash(&script)),
        ("{{style}}", STYLE),
        ("{{script}}", &script),
        ("{{data}}", &in_script(&data)),
    ])
}

fn json(data: &impl Serialize) -> String {
    serde_json::to_string(data).expect("plain data always serialises")
}

fn size(data: &impl Serialize) -> usize {
    json(data).len()
}

/// The ids of the texts in a home.
fn texts_of(user: &UserResult) -> impl Iterator<Item = &String> {
    let entries = user.home.values();
    let all = entries.flat_map(|entry| std::iter::once(entry).chain(entry.tree.values()));
    all.filter_map(|entry| match &entry.content {
        Some(ContentResult::Text(id)) => Some(id),
        _ => None,
    })
}

/// The results without homes that find no room, those kept longest that a reader looks at first: of the last steps of
/// what failed. What is left out is counted where it is missing.
fn fitting(results: &Results, bytes: usize) -> Results {
    let mut short = results.clone();
    let mut order: Vec<&str> = Vec::new();
    for case in results.by_weight() {
        let states = case.steps.iter().rev();
        order.extend(states.filter_map(|step| step.state.as_deref()));
    }
    for state in short.states.values_mut() {
        for user in state.users.values_mut() {
            user.home_left_out += std::mem::take(&mut user.home).len();
        }
    }
    let texts = std::mem::take(&mut short.texts);
    let mut left = bytes.saturating_sub(size(&short));
    for key in order {
        let (Some(state), Some(whole)) = (short.states.get_mut(key), results.states.get(key))
        else {
            continue;
        };
        for (name, user) in &mut state.users {
            let whole = &whole.users[name];
            if !user.home.is_empty() || whole.home.is_empty() {
                continue;
            }
            let needed: BTreeMap<&String, &String> = texts_of(whole)
                .filter(|id| !short.texts.contains_key(*id))
                .filter_map(|id| texts.get_key_value(id))
                .collect();
            let Some(rest) = left.checked_sub(size(&whole.home) + size(&needed)) else {
                continue;
            };
            left = rest;
            short.texts.extend(
                needed
                    .into_iter()
                    .map(|(id, text)| (id.clone(), text.clone())),
            );
            user.home = whole.home.clone();
            user.home_left_out = whole.home_left_out;
        }
    }
    short
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
