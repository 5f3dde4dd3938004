//! Which paths that came hold what others held before.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, VecDeque};

use super::hunk::likeness;
use super::stores::without_hashes;
use super::view::{HomeView, View};

/// Two texts at least so alike are one that moved.
const ALIKE: f32 = 0.5;
/// A text less like what was there before is another one.
const REWRITTEN: f32 = 0.3;
/// Most pairs of texts that are compared with each other.
const PAIRS: usize = 2_000;
/// Most pairs whose lengths are compared.
const LOOKED_AT: usize = 200_000;
/// Longer texts are recognised only when nothing in them differs.
const LONGEST: usize = 64 * 1024;

/// A path that came with what another one held.
#[derive(Debug)]
pub(super) struct Move<'a> {
    pub(super) from: &'a str,
}

/// All moves of a home.
#[derive(Debug, Default)]
pub(super) struct Moves<'a> {
    /// By the path where it is now.
    to: BTreeMap<&'a str, Move<'a>>,
    from: BTreeMap<&'a str, ()>,
}

impl<'a> Moves<'a> {
    /// Whether what a path held is elsewhere now.
    pub(super) fn leaves(&self, path: &str) -> bool {
        self.from.contains_key(path)
    }

    /// The move that ends at a path.
    pub(super) fn comes_from(&self, path: &str) -> Option<&Move<'a>> {
        self.to.get(path)
    }

    fn add(&mut self, from: &'a str, to: &'a str) {
        self.from.insert(from, ());
        self.to.insert(to, Move { from });
    }
}

/// A path and what is at it.
type At<'a> = (&'a str, View<'a>);

/// Finds what moved: first what is the same elsewhere, then texts that are alike, those of the same name first. Empty
/// files are like each other and did not move.
pub(super) fn moves<'a>(old: &'a HomeView<'a>, new: &'a HomeView<'a>) -> Moves<'a> {
    let mut moves = Moves::default();
    let came: Vec<At<'a>> = only_in(new, old);
    if came.is_empty() {
        return moves;
    }
    let mut left: Vec<At<'a>> = only_in(old, new);
    same(&left, &came, &mut moves);
    left.extend(rewritten(old, new));
    alike(&left, &came, &mut moves);
    moves
}

fn only_in<'a>(views: &'a HomeView<'a>, others: &HomeView<'_>) -> Vec<At<'a>> {
    views
        .iter()
        .filter(|(path, view)| !others.contains(path) && content(view).is_some())
        .collect()
}

/// Files whose new text has little to do with the old one.
fn rewritten<'a>(old: &'a HomeView<'a>, new: &HomeView<'_>) -> impl Iterator<Item = At<'a>> {
    old.iter().filter_map(|(path, view)| {
        let before = view.text()?;
        let after = new.get(path)?.text()?;
        let other = before != after
            && before.len().max(after.len()) <= LONGEST
            && likeness(before, after) < REWRITTEN;
        other.then_some((path, view))
    })
}

/// What a path holds, if it is enough to be known again.
fn content<'a>(view: &View<'a>) -> Option<Cow<'a, str>> {
    match (view.text(), view.digest()) {
        (Some(""), _) => None,
        (Some(text), _) => Some(without_hashes(text)),
        (None, Some(digest)) => Some(Cow::Owned(digest.sha256)),
        (None, None) => None,
    }
}

/// What holds the same as before elsewhere: those of the same name first, then in the order of paths.
fn same<'a>(left: &[At<'a>], came: &[At<'a>], moves: &mut Moves<'a>) {
    let key = |at: &At<'a>, by_name: bool| {
        let name = if by_name { name(at.0) } else { "" };
        content(&at.1).map(|content| (content, name))
    };
    for by_name in [true, false] {
        let mut waiting: HashMap<_, VecDeque<&'a str>> = HashMap::new();
        for at in left.iter().filter(|at| !moves.leaves(at.0)) {
            if let Some(key) = key(at, by_name) {
                waiting.entry(key).or_default().push_back(at.0);
            }
        }
        for at in came {
            let is_open = moves.comes_from(at.0).is_none();
            let key = is_open.then(|| key(at, by_name)).flatten();
            let from = key.and_then(|key| waiting.get_mut(&key)?.pop_front());
            if let Some(from) = from {
                moves.add(from, at.0);
            }
        }
    }
}

fn alike<'a>(left: &[At<'a>], came: &[At<'a>], moves: &mut Moves<'a>) {
    let texts = |all: &[At<'a>], is_taken: &dyn Fn(&str) -> bool| -> Vec<(&'a str, &'a str)> {
        all.iter()
            .filter(|(path, _)| !is_taken(path))
            .filter_map(|(path, view)| Some((*path, view.text()?)))
            .filter(|(_, text)| !text.is_empty() && text.len() <= LONGEST)
            .collect()
    };
    let left = texts(left, &|path| moves.leaves(path));
    let came = texts(came, &|path| moves.comes_from(path).is_some());
    let mut by_name: HashMap<&str, Vec<(&str, &str)>> = HashMap::new();
    for (from, old) in &left {
        by_name.entry(name(from)).or_default().push((from, old));
    }
    // Never all pairs at once: of ten thousand texts there are a hundred million.
    let namesakes = came.iter().flat_map(|(to, new)| {
        let from = by_name.get(name(to)).into_iter().flatten();
        from.map(move |(from, old)| (false, *from, *old, *to, *new))
    });
    let others = came.iter().flat_map(|(to, new)| {
        let from = left.iter().filter(|(from, _)| name(from) != name(to));
        from.map(move |(from, old)| (true, *from, *old, *to, *new))
    });
    let pairs = namesakes.chain(others).take(LOOKED_AT);
    let mut scored: Vec<_> = pairs
        // A text is at most as like another as their lengths are.
        .filter(|(_, _, old, _, new)| 3 * old.len().min(new.len()) >= old.len().max(new.len()))
        .take(PAIRS)
        .map(|(other_name, from, old, to, new)| (other_name, likeness(old, new), from, to))
        .filter(|(_, likeness, _, _)| *likeness >= ALIKE)
        .collect();
    scored.sort_by(|left, right| left.0.cmp(&right.0).then(right.1.total_cmp(&left.1)));
    for (_, _, from, to) in scored {
        if !moves.leaves(from) && moves.comes_from(to).is_none() {
            moves.add(from, to);
        }
    }
}

/// The last part of a path.
fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
