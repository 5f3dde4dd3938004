//! Places that the configuration named and names no more: what programs put there stays where it was.

use std::collections::BTreeMap;

use super::model::{FileChange, FileTurn, LeftBehind, VariableChange};
use super::view::HomeView;
use crate::observe::UserSeen;

/// Pairs of places by the one that is named no more.
type Found = BTreeMap<String, LeftBehind>;

/// Compares the places that managed texts and variables name.
pub(super) fn left_behind(
    before: &UserSeen,
    after: &UserSeen,
    files: &[FileChange],
    variables: &[VariableChange],
) -> Vec<LeftBehind> {
    let home = after.home_directory.as_str();
    let mut found = Found::new();
    for change in files {
        let text = match &change.turn {
            FileTurn::Changed { text, .. }
            | FileTurn::Moved { text, .. }
            | FileTurn::Gone { text, .. } => text.as_ref(),
            FileTurn::Appeared { .. } => None,
        };
        for (old, new) in text.into_iter().flat_map(|text| pairs(&text.lines, home)) {
            note(&mut found, &old, new, &change.path);
        }
    }
    for variable in variables.iter().filter(|it| it.name != "PATH") {
        let of =
            |value: &Option<String>| value.as_deref().and_then(|value| whole_place(value, home));
        if let Some(old) = of(&variable.value.before) {
            note(&mut found, &old, of(&variable.value.after), &variable.name);
        }
    }
    if found.is_empty() {
        return Vec::new();
    }
    let (old, new) = (HomeView::of(&before.home), HomeView::of(&after.home));
    let still_named = named(&new, after, home);
    found
        .into_values()
        .filter(|it| !is_managed(&it.path, &old) && !is_managed(&it.path, &new))
        .filter(|it| !still_named.iter().any(|place| place == &it.path))
        .map(|mut it| {
            it.exists = new.contains(&it.path);
            it
        })
        .collect()
}

/// Where the profile of a user is.
const PROFILES: [&str; 2] = [".nix-profile/", ".local/state/nix/profile"];

fn note(found: &mut Found, old: &str, new: Option<String>, named_in: &str) {
    // What is in a profile is made by the setup, and changes with it.
    let is_in_profile = PROFILES.iter().any(|it| old.starts_with(it));
    if new.as_deref() == Some(old) || old.is_empty() || is_in_profile {
        return;
    }
    let entry = found.entry(old.to_owned()).or_insert_with(|| LeftBehind {
        path: old.to_owned(),
        now: None,
        named_in: named_in.to_owned(),
        exists: false,
    });
    if entry.now.is_none() {
        entry.now = new;
    }
}

/// Whether Home Manager puts something there itself: that has moved, and nothing stays behind.
fn is_managed(path: &str, views: &HomeView<'_>) -> bool {
    views.get(path).is_some_and(|view| !view.is_own())
}

/// The places that removed lines of a difference name and added ones do not. Where a line differs in nothing else, the
/// place that it names instead is the other one.
fn pairs(lines: &[String], home: &str) -> Vec<(String, Option<String>)> {
    let of = |sign: char| -> Vec<(String, Vec<String>)> {
        lines
            .iter()
            .filter_map(|line| line.strip_prefix(sign))
            .map(|line| places(line, home))
            .collect()
    };
    let (removed, added) = (of('-'), of('+'));
    let mut found = Vec::new();
    for (frame, old) in removed {
        let twin = added
            .iter()
            .find(|(other, new)| *other == frame && new.len() == old.len());
        for (at, place) in old.into_iter().enumerate() {
            let now = twin.and_then(|(_, new)| new.get(at).cloned());
            found.push((place, now));
        }
    }
    found
}

/// All places that a configuration names.
fn named(views: &HomeView<'_>, user: &UserSeen, home: &str) -> Vec<String> {
    let views = views.iter().map(|(_, view)| view);
    let texts = views
        .filter(|view| !view.is_own())
        .filter_map(|view| view.text());
    let variables = user
        .sessions
        .values()
        .flat_map(|variables| variables.values().map(String::as_str));
    texts
        .chain(variables)
        .flat_map(str::lines)
        .flat_map(|line| places(line, home).1)
        .collect()
}

/// A value that is a place in the home.
fn whole_place(value: &str, home: &str) -> Option<String> {
    match places(value, home) {
        (frame, mut found) if frame == HERE && found.len() == 1 => found.pop(),
        _ => None,
    }
}

/// What stands for a place in a line.
const HERE: &str = "\u{0}";

/// The places in the home that a line names, relative to it, and the line without them.
fn places(line: &str, home: &str) -> (String, Vec<String>) {
    let beginnings = [home, "~", "$HOME", "${HOME}"];
    let mut frame = String::new();
    let mut found = Vec::new();
    let mut rest = line;
    'next: while let Some(first) = rest.chars().next() {
        let before = frame.chars().next_back();
        let may_begin =
            before.is_none_or(|before| !before.is_alphanumeric() && !"/._-".contains(before));
        if may_begin {
            for beginning in beginnings {
                let Some(path) = rest
                    .strip_prefix(beginning)
                    .and_then(|rest| rest.strip_prefix('/'))
                else {
                    continue;
                };
                let end = path
                    .find(|it: char| it.is_whitespace() || "\"'`:;,()<>{}|&$\\".contains(it))
                    .unwrap_or(path.len());
                let place = path[..end].trim_end_matches(['/', '.']);
                if !place.is_empty() {
                    found.push(place.to_owned());
                    frame.push_str(HERE);
                    rest = &path[end..];
                    continue 'next;
                }
            }
        }
        frame.push(first);
        rest = &rest[first.len_utf8()..];
    }
    (frame, found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_found_however_the_home_is_written() {
        let table = "
            HISTFILE=\"/home/alice/.zsh_history\" => .zsh_history
            a ~/x:$HOME/y ${HOME}/z/ => x y z
            /home/alice2/x /mnt/home/alice/y ~ =>
        ";
        let of = |line: &str| places(line, "/home/alice").1.join(" ");
        crate::testing::all_come_to(of, table);
    }

    #[test]
    fn what_is_in_a_profile_is_not_left_behind() {
        let mut found = Found::new();
        for old in [
            ".nix-profile/etc/x",
            ".local/state/nix/profile/etc/x",
            "mine",
        ] {
            note(&mut found, old, None, ".zshenv");
        }
        assert_eq!(Vec::from_iter(found.keys()), ["mine"]);
    }

    #[test]
    fn a_line_that_names_another_place_says_where_to() {
        let lines = [
            "-HISTFILE=\"/home/alice/.zsh_history\"".to_owned(),
            "+HISTFILE=\"/home/alice/.config/zsh/.zsh_history\"".to_owned(),
            "-cat ~/gone".to_owned(),
        ];
        let moved = Some(".config/zsh/.zsh_history".to_owned());
        let wanted = [
            (".zsh_history".to_owned(), moved),
            ("gone".to_owned(), None),
        ];
        assert_eq!(pairs(&lines, "/home/alice"), wanted);
    }
}
