//! The home in a snapshot's text: a line a path, and under it what a file holds.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::channel::Channel;
use super::lines::{heading, line, with};
use crate::model::TargetKind;
use crate::observe::{
    Content, Entry, EntryKind, FileSeen, Home, Inside, InsideKind, LinkEnd, OwnFile, UserSeen,
    is_always_excluded,
};
use crate::text::visible_line;

/// Longest text of a file in the store that is shown, in bytes; a longer one is shown by its digest.
const MANAGED_BYTES: usize = 8 * 1024;
/// Longest text of any other file that is shown, in bytes.
const OTHER_BYTES: usize = 200;
/// How many digits of a digest are shown.
const DIGITS: usize = 16;

/// A user's home as it is written down.
pub(super) struct Writer<'a> {
    pub(super) text: &'a mut String,
    pub(super) channel: &'a Channel<'a>,
    /// Whose home it is.
    pub(super) user: &'a str,
    /// The group that is nothing to speak of: the home's own.
    group: &'a str,
}

/// Everything in the home, by path.
pub(super) fn home(text: &mut String, channel: &Channel<'_>, name: &str, user: &UserSeen) {
    heading(text, &format!("home of {name}"));
    let itself = user.home.itself.as_ref();
    let mut writer = Writer {
        group: itself.map_or(name, |entry| &entry.group),
        ..Writer::new(text, channel, name)
    };
    if let Some(entry) = itself {
        writer.itself(entry);
    }
    for (path, entry) in &user.home.entries {
        if !writer.goes_without_saying(&user.home, path, entry) {
            writer.entry(path, entry);
        }
    }
}

impl<'a> Writer<'a> {
    pub(super) fn new(text: &'a mut String, channel: &'a Channel<'a>, user: &'a str) -> Self {
        Self {
            text,
            channel,
            user,
            group: user,
        }
    }

    /// A file that the setup itself made, in a package of a profile.
    pub(super) fn own_file(&mut self, path: &str, file: &OwnFile) {
        let shown = self.path(path);
        match file {
            OwnFile::File(content) => {
                let (summary, body) = self.show(content, MANAGED_BYTES);
                line(self.text, 2, &with(&shown, summary.into_iter().collect()));
                self.content(body);
            }
            OwnFile::Link(target) => {
                let said = format!("{shown} -> {}", self.path(target));
                line(self.text, 2, &said);
            }
        }
    }
    /// The home directory, where it is not as a new user's.
    fn itself(&mut self, entry: &Entry) {
        let group = (*entry.group != *self.user).then(|| format!("group {}", entry.group));
        let mut notes = self.notes(entry, Some(0o700));
        notes.extend(group);
        if !notes.is_empty() {
            line(self.text, 1, &with("./", notes));
        }
    }

    /// A directory that holds something and is like any other is said by what is in it, Nix's caches by nothing.
    fn goes_without_saying(&self, home: &Home, path: &str, entry: &Entry) -> bool {
        let below = format!("{path}/");
        let holds_something = home
            .entries
            .range(below.clone()..)
            .next()
            .is_some_and(|(next, _)| next.starts_with(&below));
        // Which of its caches Nix makes is a matter of its version.
        if entry.kind == EntryKind::Excluded && is_always_excluded(path) {
            return true;
        }
        entry.kind == EntryKind::Directory
            && holds_something
            && self.notes(entry, Some(0o755)).is_empty()
    }

    /// What is not as it usually is: the mode (of no meaning where `usual` is `None`), the owner, the group, and
    /// attributes, which are never usual.
    fn notes(&self, entry: &Entry, usual: Option<u32>) -> Vec<String> {
        let mode = usual
            .is_some_and(|usual| entry.mode != usual)
            .then(|| format!("mode {:04o}", entry.mode));
        let owner = (*entry.owner != *self.user).then(|| format!("owner {}", entry.owner));
        let group = (*entry.group != *self.group).then(|| format!("group {}", entry.group));
        let attributes = entry
            .attributes
            .iter()
            .map(|(name, value)| format!("{name} {value}"));
        [mode, owner, group]
            .into_iter()
            .flatten()
            .chain(attributes)
            .collect()
    }

    fn entry(&mut self, path: &str, entry: &Entry) {
        let shown = self.path(path);
        let shown = &shown;
        let told =
            |kind: &str, notes: Vec<String>| with(shown, [vec![kind.to_owned()], notes].concat());
        let said = match &entry.kind {
            EntryKind::Directory => with(&format!("{shown}/"), self.notes(entry, Some(0o755))),
            EntryKind::Excluded => format!("{shown}/ (not looked into)"),
            EntryKind::File(content) => {
                let (summary, body) = self.show(content, OTHER_BYTES);
                let mut notes = self.notes(entry, Some(0o644));
                notes.extend(summary);
                line(self.text, 1, &with(shown, notes));
                self.content(body);
                return;
            }
            EntryKind::HardLink { first } => told(
                &format!("the same file as {}", self.path(first)),
                Vec::new(),
            ),
            EntryKind::Symlink { target, end } => return self.link(path, entry, target, end),
            EntryKind::Fifo => told("fifo", self.notes(entry, Some(0o644))),
            EntryKind::Socket => told("socket", self.notes(entry, Some(0o755))),
            EntryKind::Device {
                block,
                major,
                minor,
            } => {
                let kind = if *block {
                    "block device"
                } else {
                    "character device"
                };
                told(
                    &format!("{kind} {major}:{minor}"),
                    self.notes(entry, Some(0o644)),
                )
            }
        };
        line(self.text, 1, &said);
    }

    fn link(&mut self, path: &str, entry: &Entry, target: &str, end: &LinkEnd) {
        let place = match end.kind {
            TargetKind::Generation => "generation".to_owned(),
            _ => self.path(target),
        };
        // Below the home a relative link is as it should be; only one that leaves is worth a word.
        let note = match end.kind {
            TargetKind::Dangling => Some("dangling"),
            TargetKind::OutOfStore if target.starts_with('/') => Some("out of store"),
            _ => None,
        };
        let mut notes: Vec<String> = note.map(str::to_owned).into_iter().collect();
        notes.extend(self.notes(entry, None));
        let (summary, body) = match &end.file {
            Some(file) => self.followed(file),
            None => (Vec::new(), None),
        };
        notes.extend(summary);
        if end.tree.as_ref().is_some_and(BTreeMap::is_empty) {
            notes.push("empty directory".into());
        }
        let what = format!("{} -> {place}", self.path(path));
        line(self.text, 1, &with(&what, notes));
        self.content(body);
        for (inner, inside) in end.tree.iter().flatten() {
            self.inside(end, path, inner, inside);
        }
    }

    /// A path in a directory that a link leads to.
    fn inside(&mut self, end: &LinkEnd, link: &str, path: &str, inside: &Inside) {
        let shown = self.path(&format!("{link}/{path}"));
        let target = inside.link.as_deref().map(|target| self.path(target));
        let arrow = target.map_or_else(|| shown.clone(), |target| format!("{shown} -> {target}"));
        match &inside.kind {
            InsideKind::File(file) => {
                let (notes, body) = self.followed(file);
                line(self.text, 2, &with(&arrow, notes));
                self.content(body);
            }
            InsideKind::Directory if inside.link.is_some() => line(self.text, 2, &arrow),
            InsideKind::Directory => {
                let below = format!("{path}/");
                let next = end
                    .tree
                    .iter()
                    .flat_map(|tree| tree.range(below.clone()..))
                    .next();
                if !next.is_some_and(|(next, _)| next.starts_with(&below)) {
                    line(self.text, 2, &format!("{shown}/"));
                }
            }
            InsideKind::NotFollowed => {
                line(self.text, 2, &with(&arrow, vec!["not followed".into()]))
            }
        }
    }

    /// A file in the store: whether it may be executed, and its content.
    fn followed(&self, file: &FileSeen) -> (Vec<String>, Option<String>) {
        let (summary, body) = self.show(&file.content, MANAGED_BYTES);
        let executable = (file.mode & 0o111 != 0).then(|| "executable".to_owned());
        let special = (file.mode & 0o7000 != 0).then(|| format!("mode {:04o}", file.mode));
        (
            executable
                .into_iter()
                .chain(special)
                .chain(summary)
                .collect(),
            body,
        )
    }

    /// A content as a remark, or as text to be shown.
    fn show(&self, content: &Content, limit: usize) -> (Option<String>, Option<String>) {
        match content {
            Content::Text(text) if text.is_empty() => (Some("empty".into()), None),
            Content::Text(text) if text.len() <= limit => (None, Some(self.channel.redact(text))),
            other => (Some(digest(other, self.channel)), None),
        }
    }

    /// The lines of a text. `|` stands before a line that is shown as it is, `|\` before one with escapes.
    fn content(&mut self, body: Option<String>) {
        let Some(body) = body else { return };
        let whole = body.strip_suffix('\n');
        for each in whole.unwrap_or(&body).split('\n') {
            let (shown, has_escapes) = visible_line(each);
            let gutter = match (has_escapes, shown.is_empty()) {
                (true, _) => "|\\ ",
                (false, false) => "| ",
                (false, true) => "|",
            };
            line(self.text, 3, &format!("{gutter}{shown}"));
        }
        if whole.is_none() {
            line(self.text, 3, "\\ no line end at the end");
        }
    }

    /// A path or the target of a link; in quotes where it could be taken for more than that.
    fn path(&self, path: &str) -> String {
        let path = self.channel.redact(path);
        let is_odd = [" -> ", " (", "\""].iter().any(|odd| path.contains(odd))
            || path.starts_with([' ', '|', '\\'])
            || path.ends_with(' ');
        if is_odd {
            format!("\"{}\"", path.replace('"', "\\\""))
        } else {
            path
        }
    }
}

/// A content by its size and its digest, in which hashes of store paths and versions of the channel do not count.
pub(super) fn digest(content: &Content, channel: &Channel<'_>) -> String {
    let (size, sha256) = match content {
        Content::Text(text) => {
            let text = channel.redact(text);
            let digest = Sha256::new().chain_update(&text).finalize();
            (text.len() as u64, format!("{digest:x}"))
        }
        Content::Digest {
            size,
            sha256,
            without_hashes,
            ..
        } => (*size, without_hashes.as_ref().unwrap_or(sha256).clone()),
    };
    format!(
        "{size} bytes, sha256 {}",
        sha256.get(..DIGITS).unwrap_or(&sha256)
    )
}
