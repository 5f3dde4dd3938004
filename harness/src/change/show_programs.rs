//! Programs that came, went or are of another version, a line each.

use super::model::{Lines, PackageChange, PackageTurn, Provider, Turn, UserChange};
use crate::model::Profile;
use crate::observe::with_version;

/// A line for each package, and for each program that is run from elsewhere.
pub(super) fn programs(user: &UserChange) -> Vec<String> {
    let mut lines: Vec<String> = user.packages.iter().map(package).collect();
    for it in &user.shadowed {
        let (program, directory) = (&it.program, &it.directory);
        lines.push(match (&it.by.before, &it.by.after) {
            (_, Some(by)) => format!("[S] {program} of {directory} is shadowed by {by}"),
            (Some(by), None) => format!("[S] {program} of {directory} is no more shadowed by {by}"),
            (None, None) => format!("[S] {program} of {directory}"),
        });
    }
    for it in &user.runs {
        let (before, after) = (&it.directory.before, &it.directory.after);
        lines.push(format!(
            "[S] {} is run from {after}, was from {before}",
            it.program
        ));
    }
    let system = &user.system_programs;
    lines.extend(
        system
            .gone
            .iter()
            .map(|path| format!("[R] {path}  (the distribution's)")),
    );
    lines.extend(
        system
            .new
            .iter()
            .map(|path| format!("[A] {path}  (the distribution's)")),
    );
    lines
}

fn package(it: &PackageChange) -> String {
    let name = &it.package;
    let place = it.profile.map_or("the store", profile);
    let with = |version: &str| with_version(name, version);
    match &it.turn {
        PackageTurn::Appeared { version, programs } => {
            format!("[A] {}  ({place}){}", with(version), named(name, programs))
        }
        PackageTurn::Gone { version, programs } => {
            format!("[R] {}  ({place}){}", with(version), named(name, programs))
        }
        PackageTurn::Version {
            versions,
            programs,
            from,
        } => {
            let moved = from.map(|from| format!(", moved from {}", provider(from)));
            format!(
                "[{}] {name} {} -> {}  ({place}{}){}",
                letter(versions),
                or_none(&versions.before),
                or_none(&versions.after),
                moved.unwrap_or_default(),
                came_and_went(programs)
            )
        }
        PackageTurn::Moved {
            version,
            from,
            programs,
        } => format!(
            "[M] {} moved from {} to {place}{}",
            with(version),
            provider(*from),
            came_and_went(programs)
        ),
        PackageTurn::Programs { version, programs } => format!(
            "[C] {}  ({place}){}",
            with(version),
            came_and_went(programs)
        ),
    }
}

/// `U` where the later version is the higher one, `D` where it is the lower one.
fn letter(versions: &Turn<String>) -> char {
    match compare_versions(&versions.before, &versions.after) {
        std::cmp::Ordering::Greater => 'D',
        _ => 'U',
    }
}

/// As Nix compares versions: part by part, numbers by value, and `pre` before anything.
fn compare_versions(one: &str, other: &str) -> std::cmp::Ordering {
    let (one, other) = (parts(one), parts(other));
    for at in 0..one.len().max(other.len()) {
        let (left, right) = (
            one.get(at).map_or("", String::as_str),
            other.get(at).map_or("", String::as_str),
        );
        let order = compare_parts(left, right);
        if order.is_ne() {
            return order;
        }
    }
    std::cmp::Ordering::Equal
}

fn compare_parts(left: &str, right: &str) -> std::cmp::Ordering {
    use std::cmp::Ordering::{Equal, Greater, Less};
    let number = |part: &str| part.parse::<u128>().ok();
    match (number(left), number(right)) {
        (Some(left), Some(right)) => left.cmp(&right),
        _ if left == right => Equal,
        (None, Some(_)) if left.is_empty() => Less,
        _ if left == "pre" => Less,
        _ if right == "pre" => Greater,
        (_, Some(_)) => Less,
        (Some(_), _) => Greater,
        _ => left.cmp(right),
    }
}

fn parts(version: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    let mut was_digit = None;
    for character in version.chars() {
        if matches!(character, '.' | '-') {
            was_digit = None;
            continue;
        }
        let is_digit = character.is_ascii_digit();
        match parts.last_mut() {
            Some(last) if was_digit == Some(is_digit) => last.push(character),
            _ => parts.push(character.to_string()),
        }
        was_digit = Some(is_digit);
    }
    parts
}

fn or_none(version: &str) -> &str {
    if version.is_empty() {
        "(no version)"
    } else {
        version
    }
}

/// Programs that do not go without saying: not the only one that is named as its package.
fn named(package: &str, programs: &[String]) -> String {
    let shown: Vec<&str> = programs
        .iter()
        .map(String::as_str)
        .filter(|program| !program.starts_with('.'))
        .collect();
    match shown.as_slice() {
        [one] if *one == package => String::new(),
        [] => String::new(),
        few if few.len() <= PROGRAMS => format!(": {}", few.join(", ")),
        all => format!(
            ": {}, and {} more",
            all[..PROGRAMS].join(", "),
            all.len() - PROGRAMS
        ),
    }
}

/// Most programs of a package that are named; JSON has all.
const PROGRAMS: usize = 8;

fn came_and_went(programs: &Lines) -> String {
    let signed = |sign: char, names: &[String]| -> Vec<String> {
        names.iter().map(|name| format!("{sign}{name}")).collect()
    };
    let mut all = signed('-', &programs.gone);
    all.extend(signed('+', &programs.new));
    let more = all.len().saturating_sub(PROGRAMS * 2);
    all.truncate(PROGRAMS * 2);
    match (all.is_empty(), more) {
        (true, _) => String::new(),
        (false, 0) => format!(": {}", all.join(" ")),
        (false, more) => format!(": {} and {more} more", all.join(" ")),
    }
}

fn provider(provider: Provider) -> &'static str {
    match provider {
        Provider::Profile(it) => profile(it),
        Provider::Store => "the store",
    }
}

/// A profile in words, without an article.
pub(super) fn profile(profile: Profile) -> &'static str {
    profile.words().trim_start_matches("the ")
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use super::*;

    #[test]
    fn versions_compare_as_nix_compares_them() {
        for (one, other, order) in [
            ("1.0", "2.3", Ordering::Less),
            ("2.1", "2.3", Ordering::Less),
            ("2.3", "2.3", Ordering::Equal),
            ("2.5", "2.3", Ordering::Greater),
            ("3.1", "2.3", Ordering::Greater),
            ("2.3.1", "2.3", Ordering::Greater),
            ("2.3.1", "2.3a", Ordering::Greater),
            ("2.3pre1", "2.3", Ordering::Less),
            ("2.3pre3", "2.3pre12", Ordering::Less),
            ("2.3a", "2.3c", Ordering::Less),
            ("2.3pre1", "2.3c", Ordering::Less),
            ("1.10", "1.9", Ordering::Greater),
        ] {
            assert_eq!(compare_versions(one, other), order, "{one} {other}");
        }
    }
}
