//! The home in a snapshot's text: a line a path, and under it what a file holds.

use super::redact::redact;
use super::render::{heading, line, with};
use crate::observe::text::printable;
use crate::observe::{Content, Entry, EntryKind, FileSeen, Home, InsideKind, UserSeen};
use crate::scenario::model::TargetKind;

/// Longest text of a managed file that is shown, in bytes; a longer one is shown by its hash.
const MANAGED_BYTES: usize = 8 * 1024;
/// Longest text of any other file that is shown, in bytes.
const OTHER_BYTES: usize = 200;
/// Everything in the home, by path.
pub(super) fn home(text: &mut String, name: &str, user: &UserSeen) {
    heading(text, &format!("home of {name}"));
    for (path, entry) in &user.home.entries {
        if !goes_without_saying(&user.home, path, entry, name) {
            home_entry(text, name, path, entry);
        }
    }
}

/// A directory that holds something and is like any other is said by what is in it.
fn goes_without_saying(home: &Home, path: &str, entry: &Entry, user: &str) -> bool {
    let below = format!("{path}/");
    let holds_something = home
        .entries
        .range(below.clone()..)
        .next()
        .is_some_and(|(next, _)| next.starts_with(&below));
    entry.kind == EntryKind::Directory
        && holds_something
        && entry.mode == 0o755
        && entry.owner == user
}

fn home_entry(text: &mut String, user: &str, path: &str, entry: &Entry) {
    let other_owner = (entry.owner != user).then(|| format!("owner {}", entry.owner));
    let mode = |usual: u32| (entry.mode != usual).then(|| format!("mode {:04o}", entry.mode));
    match &entry.kind {
        EntryKind::Directory => {
            line(
                text,
                1,
                &with(&format!("{path}/"), [mode(0o755), other_owner]),
            );
        }
        EntryKind::Excluded => line(text, 1, &format!("{path}/ (not looked into)")),
        EntryKind::File(content) => {
            let (summary, body) = show_content(content, OTHER_BYTES);
            line(text, 1, &with(path, [mode(0o644), other_owner, summary]));
            content_block(text, body);
        }
        EntryKind::Symlink { target, end } => {
            let (place, note) = match end.kind {
                TargetKind::Generation => ("generation", None),
                TargetKind::Store => (target.as_str(), None),
                TargetKind::OutOfStore => (target.as_str(), Some("out of store".to_owned())),
                TargetKind::Dangling => (target.as_str(), Some("dangling".to_owned())),
            };
            // Below the home a relative link is as it should be; only one that leaves is worth a word.
            let note = note.filter(|note| note == "dangling" || target.starts_with('/'));
            let managed = end.kind == TargetKind::Generation;
            let file = end.file.as_ref().filter(|_| managed);
            let (summary, body) = file.map_or((None, None), followed);
            line(
                text,
                1,
                &with(&format!("{path} -> {place}"), [note, other_owner, summary]),
            );
            content_block(text, body);
            for (inner, inside) in end.tree.iter().flatten() {
                let InsideKind::File(file) = &inside.kind else {
                    continue;
                };
                let (summary, body) = followed(file);
                line(text, 2, &with(&format!("{path}/{inner}"), [summary]));
                content_block(text, body);
            }
        }
        EntryKind::Fifo => line(
            text,
            1,
            &with(path, [Some("fifo".into()), mode(0o644), other_owner]),
        ),
        EntryKind::Socket => line(text, 1, &with(path, [Some("socket".into()), other_owner])),
        EntryKind::HardLink { first } => line(text, 1, &format!("{path} = {first}")),
        EntryKind::Device { .. } => {
            line(text, 1, &with(path, [Some("device".into()), other_owner]))
        }
    }
}

/// A file in the store: whether it may be executed, and its content.
fn followed(file: &FileSeen) -> (Option<String>, Option<&str>) {
    let (summary, body) = show_content(&file.content, MANAGED_BYTES);
    let executable = (file.mode & 0o111 != 0).then(|| "executable".to_owned());
    let notes: Vec<String> = executable.into_iter().chain(summary).collect();
    ((!notes.is_empty()).then(|| notes.join(", ")), body)
}

/// A content as a remark, or as text to be shown.
fn show_content(content: &Content, limit: usize) -> (Option<String>, Option<&str>) {
    match content {
        Content::Text(text) if text.is_empty() => (Some("empty".into()), None),
        Content::Text(text) if text.len() <= limit => (None, Some(text)),
        Content::Text(text) => (
            Some(format!("{} bytes, blake3 {}", text.len(), short_hash(text))),
            None,
        ),
        Content::Digest { size, sha256, .. } => (
            Some(format!(
                "{size} bytes, sha256 {}",
                sha256.get(..16).unwrap_or(sha256)
            )),
            None,
        ),
    }
}

/// Store hashes inside a long text must not make its hash differ.
fn short_hash(text: &str) -> String {
    blake3::hash(redact(text).as_bytes()).to_hex()[..16].to_owned()
}

fn content_block(text: &mut String, body: Option<&str>) {
    let Some(body) = body else { return };
    for each in printable(body).lines() {
        line(text, 3, format!("| {each}").trim_end());
    }
    if !body.ends_with('\n') {
        line(text, 3, "\\ no line end at the end");
    }
}
