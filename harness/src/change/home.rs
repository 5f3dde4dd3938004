//! What differs in a home: paths that came, went, moved or differ.

use similar::ChangeTag;

use super::hunk::hunk;
use super::model::{FileChange, FileTurn};
use super::moves::{Move, moves};
use super::stores::Rebuilds;
use super::view::{HomeView, View};
use crate::observe::UserSeen;

/// What differs in a home.
#[derive(Debug, Default)]
pub(super) struct HomeChange {
    pub(super) files: Vec<FileChange>,
    /// Links by which Nix and Home Manager keep generations.
    pub(super) links: Vec<FileChange>,
}

/// Compares the homes of one user.
pub(super) fn home(
    name: &str,
    before: &UserSeen,
    after: &UserSeen,
    rebuilds: &mut Rebuilds,
) -> HomeChange {
    let (old, new) = (HomeView::of(&before.home), HomeView::of(&after.home));
    let moved = moves(&old, &new);
    let mut all = Vec::new();
    for (path, view) in old.iter() {
        let told = match new.get(path) {
            Some(now) => changed(&view, &now, moved.leaves(path), rebuilds),
            None if moved.leaves(path) || goes_without_saying(name, path, &view, &old) => None,
            None => Some(FileTurn::Gone {
                view: view.told(),
                text: view.whole(ChangeTag::Delete),
            }),
        };
        all.extend(told.map(|turn| change(path, turn)));
    }
    for (path, view) in new.iter() {
        if old.contains(path) {
            continue;
        }
        let told = match moved.comes_from(path) {
            Some(it) => arrived(it, &old, &view, rebuilds),
            None if goes_without_saying(name, path, &view, &new) => None,
            None => Some(FileTurn::Appeared {
                view: view.told(),
                text: view.whole(ChangeTag::Insert),
            }),
        };
        all.extend(told.map(|turn| change(path, turn)));
    }
    all.sort_by(|left, right| left.path.cmp(&right.path));
    let (links, files) = all
        .into_iter()
        .partition(|change: &FileChange| keeps_generations(&change.path));
    HomeChange { files, links }
}

fn change(path: &str, turn: FileTurn) -> FileChange {
    FileChange {
        path: path.to_owned(),
        turn,
    }
}

/// A path that is there before and after. Where what it said went elsewhere, what is there now is new.
fn changed(
    before: &View<'_>,
    after: &View<'_>,
    has_left: bool,
    rebuilds: &mut Rebuilds,
) -> Option<FileTurn> {
    let differences = before.differences(after, false, rebuilds);
    let text = match (before.text(), after.text()) {
        (Some(_), Some(_)) if has_left => after.whole(ChangeTag::Insert),
        (Some(old), Some(new)) if rebuilds.same(old, new) => None,
        (Some(old), Some(new)) => hunk(old, new),
        (Some(_), None) => before.whole(ChangeTag::Delete),
        (None, Some(_)) => after.whole(ChangeTag::Insert),
        (None, None) => None,
    };
    (text.is_some() || !differences.is_empty()).then_some(FileTurn::Changed { differences, text })
}

/// A path whose content was elsewhere before.
fn arrived(
    it: &Move<'_>,
    old: &HomeView<'_>,
    after: &View<'_>,
    rebuilds: &mut Rebuilds,
) -> Option<FileTurn> {
    let before = old.get(it.from)?;
    let text = match (before.text(), after.text()) {
        (Some(old), Some(new)) if !rebuilds.same(old, new) => hunk(old, new),
        _ => None,
    };
    Some(FileTurn::Moved {
        from: it.from.to_owned(),
        differences: before.differences(after, true, rebuilds),
        text,
    })
}

/// A directory that holds something and is like any other is said by what is in it.
fn goes_without_saying(user: &str, path: &str, view: &View<'_>, all: &HomeView<'_>) -> bool {
    view.is_plain_directory(user) && all.is_above_something(path)
}

/// Whether a path is a link of Nix's or Home Manager's own that leads to a generation.
fn keeps_generations(path: &str) -> bool {
    if path == ".local/state/home-manager/gcroots/current-home" {
        return true;
    }
    let Some(name) = path.strip_prefix(".local/state/nix/profiles/") else {
        return false;
    };
    let profile = name
        .strip_suffix("-link")
        .and_then(|rest| rest.rsplit_once('-'))
        .filter(|(_, number)| number.parse::<u32>().is_ok())
        .map_or(name, |(profile, _)| profile);
    matches!(profile, "profile" | "home-manager")
}
