//! What steps that switch or build printed: errors, and what the activation said.

use std::collections::BTreeSet;

use super::hunk::shown;
use super::model::Lines;
use super::stores::without_hashes;
use crate::observe::Observation;
use crate::text::printable;

/// What begins the activation, in the words of Home Manager and of NixOS.
const BEGINNINGS: [&str; 3] = [
    "Starting Home Manager activation",
    "Starting home manager activation",
    "activating the configuration",
];

/// How errors begin.
const ERROR: &str = "error:";

/// Most lines of one side.
const LINES: usize = 500;

/// Errors, and lines of the activation, that one side printed and the other did not.
pub(super) fn messages(before: &Observation, after: &Observation) -> Lines {
    difference(&said(before), &said(after))
}

/// Texts that are in one list and not in the other, in their order.
pub(super) fn difference(before: &[String], after: &[String]) -> Lines {
    let only = |one: &[String], other: &[String]| {
        let other: BTreeSet<&String> = other.iter().collect();
        let mut told = BTreeSet::new();
        one.iter()
            .filter(|line| !other.contains(line) && told.insert(*line))
            .cloned()
            .collect()
    };
    Lines {
        new: only(after, before),
        gone: only(before, after),
    }
}

fn said(seen: &Observation) -> Vec<String> {
    let (out, err) = (
        printable(&seen.output.stdout),
        printable(&seen.output.stderr),
    );
    let activation = [&out, &err].into_iter().flat_map(|text| {
        text.lines()
            .skip_while(|line| !BEGINNINGS.iter().any(|begin| line.starts_with(begin)))
            .filter(|line| !is_progress(line))
    });
    let errors = err.lines().map(str::trim_start).filter(|line| {
        line.strip_prefix(ERROR)
            .is_some_and(|text| !text.trim().is_empty())
    });
    errors
        .chain(activation)
        .map(|line| shown(&without_hashes(line.trim_end())))
        .filter(|line| !line.is_empty())
        .take(LINES)
        .collect()
}

/// Lines about the order of work, which say nothing that the home does not: what Nix builds and fetches, numbers of
/// generations.
fn is_progress(line: &str) -> bool {
    const BEGINNINGS: [&str; 12] = [
        "building '",
        "copying ",
        "fetching ",
        "this derivation will be built",
        "these ",
        "  /nix/store/",
        "installing '",
        "replacing old '",
        "Creating profile generation",
        "Creating new profile",
        "No change so reusing",
        "Cleaning up orphan links",
    ];
    BEGINNINGS.iter().any(|begin| line.starts_with(begin))
}
