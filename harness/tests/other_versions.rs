//! A bundled snapshot still holds on the day when Debian has newer packages: what was seen is shown once more as it
//! would be with other versions of everything that the image brought along, and must be the same text.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use regex::{Captures, Regex};
use switchproof::judge::render;
use switchproof::model::Step;
use switchproof::observe::{Observation, package_name};

/// The snapshots that were shown a second time.
#[derive(Default)]
pub struct OtherVersions(Mutex<Shown>);

#[derive(Default)]
struct Shown {
    held: usize,
    broken: Vec<String>,
}

impl OtherVersions {
    /// Shows what was seen after a step of `id`, if it has a snapshot, as it is and with other versions.
    pub fn show(&self, id: &str, step: &Step, seen: &Observation) {
        if !step.has_snapshot() || seen.image_paths.is_empty() {
            return;
        }
        let (is, would_be) = (render(step, seen), render(step, &with_other_versions(seen)));
        let mut shown = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match first_difference(&is, &would_be) {
            None => shown.held += 1,
            Some(lines) => shown
                .broken
                .push(format!("{id}, step {}:\n{lines}", step.name)),
        }
    }

    /// How many snapshots hold; or those that do not.
    pub fn verdict(&self) -> Result<usize, String> {
        let shown = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match (shown.held, &shown.broken[..]) {
            (0, []) => Err("no snapshot was shown".into()),
            (held, []) => Ok(held),
            (_, broken) => Err(format!(
                "these snapshots name versions that the channel decides:\n{}",
                broken.join("\n")
            )),
        }
    }
}

fn first_difference(is: &str, would_be: &str) -> Option<String> {
    let (is, would_be) = (is.lines().chain([""]), would_be.lines().chain([""]));
    let (is, would_be) = is.zip(would_be).find(|(is, would_be)| is != would_be)?;
    Some(format!("- {is}\n+ {would_be}"))
}

/// The same observation, had the image been built of an index in which every package has another version.
fn with_other_versions(seen: &Observation) -> Observation {
    let image: BTreeMap<&str, (String, String)> = seen
        .image_paths
        .iter()
        .map(|name| (name.as_str(), package_name(name)))
        .filter(|(_, (_, version))| !version.is_empty())
        .collect();
    let words = image
        .values()
        .map(|(package, version)| regex::escape(&format!("{package}-{version}")));
    let mut words: Vec<String> = words.collect();
    // Of two that begin alike, the longer one is meant.
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    let pattern = format!(
        r"([0-9a-df-np-sv-z]{{32}}-)[0-9A-Za-z+._?=-]+|(?:^|[^0-9A-Za-z_+-])(?:{})",
        words.join("|")
    );
    let pattern = Regex::new(&pattern).expect("names that were escaped");
    let text = serde_json::to_string(seen).expect("an observation is JSON");
    let text = pattern.replace_all(&text, |found: &Captures<'_>| {
        let is_image = image.contains_key(found[0].trim_end_matches('.'));
        match found.get(1).is_some() && !is_image {
            true => found[0].to_owned(),
            false => raised(&found[0]),
        }
    });
    let mut other: Observation = serde_json::from_str(&text).expect("names became other names");
    for (user, was) in other.users.values_mut().zip(seen.users.values()) {
        for (program, was) in user.programs.iter_mut().zip(&was.programs) {
            let is_image =
                |path: &String| image.contains_key(path.trim_start_matches("/nix/store/"));
            if was.store_path.as_ref().is_some_and(is_image) {
                program.version = raised(&program.version);
            }
        }
    }
    other
}

/// A name with another version: its last digit that is a number of its own is followed by another.
fn raised(name: &str) -> String {
    let at = name.rfind(|character: char| character.is_ascii_digit());
    at.map_or_else(
        || name.to_owned(),
        |at| format!("{}7{}", &name[..=at], &name[at + 1..]),
    )
}
