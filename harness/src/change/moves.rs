//! Which paths that came hold what others held before.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use super::hunk::likeness;
use super::look::{Look, Looks};
use super::stores::without_hashes;

/// Two texts at least so alike are one that moved.
const ALIKE: f32 = 0.5;
/// A text less like what was there before is another one.
const REWRITTEN: f32 = 0.3;
/// Most pairs of texts that are compared with each other.
const PAIRS: usize = 2_000;
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
type At<'a> = (&'a str, Look<'a>);

/// Finds what moved: first what is the same elsewhere, then texts that are alike, those of the same name first. Empty
/// files are like each other and did not move.
pub(super) fn moves<'a>(old: &'a Looks<'a>, new: &'a Looks<'a>) -> Moves<'a> {
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

fn only_in<'a>(looks: &'a Looks<'a>, others: &Looks<'_>) -> Vec<At<'a>> {
    looks
        .iter()
        .filter(|(path, look)| !others.contains_key(&***path) && content(look).is_some())
        .map(|(path, look)| (&**path, *look))
        .collect()
}

/// Files whose new text has little to do with the old one.
fn rewritten<'a>(old: &'a Looks<'a>, new: &Looks<'_>) -> impl Iterator<Item = At<'a>> {
    old.iter().filter_map(|(path, look)| {
        let before = look.text()?;
        let after = new.get(path)?.text()?;
        let other = before != after
            && before.len().max(after.len()) <= LONGEST
            && likeness(before, after) < REWRITTEN;
        other.then_some((&**path, *look))
    })
}

/// What a path holds, if it is enough to be known again.
fn content<'a>(look: &Look<'a>) -> Option<Cow<'a, str>> {
    match (look.text(), look.digest()) {
        (Some(""), _) => None,
        (Some(text), _) => Some(without_hashes(text)),
        (None, Some(digest)) => Some(Cow::Owned(digest.sha256)),
        (None, None) => None,
    }
}

fn same<'a>(left: &[At<'a>], came: &[At<'a>], moves: &mut Moves<'a>) {
    let mut by_content: HashMap<Cow<'a, str>, Vec<&'a str>> = HashMap::new();
    for (path, look) in left {
        if let Some(content) = content(look) {
            by_content.entry(content).or_default().push(path);
        }
    }
    for (to, look) in came {
        let Some(paths) = content(look).and_then(|it| by_content.get_mut(&it)) else {
            continue;
        };
        let place = paths.iter().position(|from| name(from) == name(to));
        if !paths.is_empty() {
            moves.add(paths.remove(place.unwrap_or(0)), to);
        }
    }
}

fn alike<'a>(left: &[At<'a>], came: &[At<'a>], moves: &mut Moves<'a>) {
    let texts = |all: &[At<'a>], is_taken: &dyn Fn(&str) -> bool| -> Vec<(&'a str, &'a str)> {
        all.iter()
            .filter(|(path, _)| !is_taken(path))
            .filter_map(|(path, look)| Some((*path, look.text()?)))
            .filter(|(_, text)| !text.is_empty() && text.len() <= LONGEST)
            .collect()
    };
    let left = texts(left, &|path| moves.leaves(path));
    let came = texts(came, &|path| moves.comes_from(path).is_some());
    let mut pairs = Vec::new();
    for (to, new) in &came {
        for (from, old) in &left {
            pairs.push((name(from) != name(to), *from, *old, *to, *new));
        }
    }
    pairs.sort_by_key(|pair| pair.0);
    let mut scored: Vec<_> = pairs
        .into_iter()
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
