//! Generations of Home Manager.

use super::text_match::{Mismatch, plain};
use super::who::Who;

/// Checks the number of generations, or which is current.
pub(super) fn generations(who: Who<'_>, count: Option<u32>, current: Option<u32>) -> Vec<Mismatch> {
    let seen = &who.seen.generations;
    let list = if seen.numbers.is_empty() {
        "there are none".to_owned()
    } else {
        let numbers: Vec<String> = seen.numbers.iter().map(u32::to_string).collect();
        format!("there are: {}", numbers.join(", "))
    };
    let mut found = Vec::new();
    if let Some(count) = count
        && u32::try_from(seen.numbers.len()) != Ok(count)
    {
        found.push(plain(format!(
            "expected {count} Home Manager generations of {}, seen {} ({list})",
            who.name,
            seen.numbers.len()
        )));
    }
    if let Some(current) = current
        && seen.current != Some(current)
    {
        let is = seen
            .current
            .map_or("none".to_owned(), |number| number.to_string());
        found.push(plain(format!(
            "expected generation {current} of {} to be current, seen {is} ({list})",
            who.name
        )));
    }
    found
}
