//! A home as a flat list of what a reader compares: its entries, and the files behind links that Home Manager manages.

use std::borrow::Cow;
use std::collections::BTreeMap;

use similar::ChangeTag;

use super::hunk::whole;
use super::join::join;
use super::model::{Difference, Digest, FileView, Hunk, Turn};
use super::stores::{Rebuilds, without_hashes};
use crate::model::{FileType, TargetKind};
use crate::observe::{Content, Entry, EntryKind, Home, Inside, InsideKind};
use crate::text::octal;

/// A path of a home, or one behind a link.
#[derive(Debug, Clone, Copy)]
pub(super) struct View<'a> {
    file_type: FileType,
    /// Whether it was looked into, of a directory.
    is_looked_into: bool,
    /// The file at the path, links into the store followed.
    file: Option<&'a Content>,
    /// Its permission bits; `None` of links that are not followed.
    mode: Option<u32>,
    owner: &'a str,
    /// What only entries of the home itself have.
    entry: Option<&'a Entry>,
    link: Option<TargetKind>,
    target: Option<&'a str>,
    /// The path behind a link.
    end: Option<&'a str>,
}

/// Everything in a home by path, the home itself as `.`. What is behind a link stands under the link's path. What is seen
/// of a path is put together when it is asked for: a home may hold very many.
pub(super) struct HomeView<'a> {
    home: &'a Home,
    spots: BTreeMap<Cow<'a, str>, Spot<'a>>,
}

#[derive(Clone, Copy)]
enum Spot<'a> {
    Entry(&'a Entry),
    Inside(&'a Inside),
}

impl<'a> HomeView<'a> {
    pub(super) fn of(home: &'a Home) -> Self {
        let mut spots = BTreeMap::new();
        if let Some(itself) = &home.itself {
            spots.insert(Cow::Borrowed("."), Spot::Entry(itself));
        }
        for (path, entry) in &home.entries {
            spots.insert(Cow::Borrowed(path.as_str()), Spot::Entry(entry));
            if let EntryKind::Symlink { end, .. } = &entry.kind {
                for (inner, inside) in end.tree.iter().flatten() {
                    let path = Cow::Owned(format!("{path}/{inner}"));
                    spots.insert(path, Spot::Inside(inside));
                }
            }
        }
        Self { home, spots }
    }

    pub(super) fn get(&self, path: &str) -> Option<View<'a>> {
        self.spots.get(path).map(|spot| self.view(*spot))
    }

    pub(super) fn contains(&self, path: &str) -> bool {
        self.spots.contains_key(path)
    }

    /// Every path, bytewise sorted.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, View<'a>)> {
        let spots = self.spots.iter();
        spots.map(|(path, spot)| (&**path, self.view(*spot)))
    }

    /// Whether there is anything below a path.
    pub(super) fn is_above_something(&self, path: &str) -> bool {
        let below = format!("{path}/");
        let next = self.spots.range(Cow::Borrowed(&*below)..).next();
        next.is_some_and(|(next, _)| next.starts_with(&below))
    }

    fn view(&self, spot: Spot<'a>) -> View<'a> {
        match spot {
            Spot::Entry(entry) => of_entry(self.home, entry),
            Spot::Inside(inside) => of_inside(inside),
        }
    }
}

fn of_entry<'a>(home: &'a Home, entry: &'a Entry) -> View<'a> {
    let mut view = View {
        file_type: entry.kind.file_type(),
        is_looked_into: entry.kind != EntryKind::Excluded,
        file: None,
        mode: Some(entry.mode),
        owner: &entry.owner,
        entry: Some(entry),
        link: None,
        target: None,
        end: None,
    };
    match &entry.kind {
        EntryKind::File(content) => view.file = Some(content),
        EntryKind::HardLink { first } => {
            if let Some(EntryKind::File(content)) = home.entries.get(first).map(|it| &it.kind) {
                view.file = Some(content);
            }
        }
        EntryKind::Symlink { target, end } => {
            view.file = end.file.as_ref().map(|file| &file.content);
            view.mode = end.file.as_ref().map(|file| file.mode);
            view.link = Some(end.kind);
            view.target = Some(target);
            view.end = end.path.as_deref();
        }
        _ => {}
    }
    view
}

fn of_inside(inside: &Inside) -> View<'_> {
    let (file_type, file) = match &inside.kind {
        InsideKind::File(file) => (FileType::File, Some(file)),
        InsideKind::Directory => (FileType::Directory, None),
        InsideKind::NotFollowed => (FileType::Symlink, None),
    };
    View {
        file_type,
        is_looked_into: true,
        file: file.map(|file| &file.content),
        mode: file.map(|file| file.mode),
        owner: file.map_or("root", |file| &file.owner),
        entry: None,
        link: None,
        target: inside.link.as_deref(),
        end: None,
    }
}

impl<'a> View<'a> {
    /// What it says, where it is a text.
    pub(super) fn text(&self) -> Option<&'a str> {
        match self.file {
            Some(Content::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// Size and digest of what is not shown as text.
    pub(super) fn digest(&self) -> Option<Digest> {
        self.file.and_then(Digest::of)
    }

    pub(super) fn is_directory(&self) -> bool {
        self.file_type == FileType::Directory
    }

    /// Whether it is a directory as others are, which is said by what is in it.
    pub(super) fn is_plain_directory(&self, user: &str) -> bool {
        let is_as_others = self.entry.is_none_or(|entry| {
            entry.mode == 0o755
                && *entry.owner == *user
                && *entry.group == *user
                && entry.attributes.is_empty()
        });
        self.is_directory() && self.is_looked_into && is_as_others
    }

    /// Whether the user or a program made it: neither a link into the store, nor behind one.
    pub(super) fn is_own(&self) -> bool {
        self.entry.is_some()
            && !matches!(self.link, Some(TargetKind::Generation | TargetKind::Store))
    }

    /// It as plain data.
    pub(super) fn told(&self) -> FileView {
        FileView {
            file_type: self.file_type,
            link: self.link,
            target: self
                .target
                .map(|target| without_hashes(target).into_owned()),
            mode: self.mode.map(octal),
            owner: self.owner.to_owned(),
            digest: self.digest(),
        }
    }

    /// Its text as one that came or went.
    pub(super) fn whole(&self, tag: ChangeTag) -> Option<Hunk> {
        whole(self.text()?, tag)
    }

    /// How `after` differs from it, its text not counted. `has_moved`: both are looked at under other paths, which the
    /// target of a managed link names.
    pub(super) fn differences(
        &self,
        after: &Self,
        has_moved: bool,
        rebuilds: &mut Rebuilds,
    ) -> Vec<Difference> {
        let modes = self.mode.zip(after.mode);
        let mode = modes.and_then(|(before, after)| Turn::between(before, after));
        let looked_into = Turn::between(self.is_looked_into, after.is_looked_into);
        let owner = Turn::between(self.owner, after.owner);
        let own = [
            Turn::between(self.file_type, after.file_type).map(Difference::Type),
            looked_into.map(Difference::LookedInto),
            mode.map(|turn| Difference::Mode(turn.map(octal))),
            owner.map(|turn| Difference::Owner(turn.map(str::to_owned))),
        ];
        let mut found: Vec<Difference> = own.into_iter().flatten().collect();
        if let (Some(before), Some(after)) = (self.entry, after.entry) {
            entry_differences(before, after, &mut found);
        }
        self.link_differences(after, has_moved, rebuilds, &mut found);
        if !self.is_other_build(after) {
            let content = Turn::between(self.digest(), after.digest());
            found.extend(content.map(Difference::Content));
        }
        found
    }

    /// Whether both hold the same but for hashes of store paths, as the links that lead to them tell.
    fn is_other_build(&self, after: &Self) -> bool {
        let (Some(before), Some(now)) = (self.file, after.file) else {
            return false;
        };
        let has_ends = self.end.is_some() && after.end.is_some();
        has_ends && hashless(before).is_some() && hashless(before) == hashless(now)
    }

    fn link_differences(
        &self,
        after: &Self,
        has_moved: bool,
        rebuilds: &mut Rebuilds,
        found: &mut Vec<Difference>,
    ) {
        let (Some(before_kind), Some(after_kind)) = (self.link, after.link) else {
            return;
        };
        found.extend(Turn::between(before_kind, after_kind).map(Difference::Link));
        let (Some(before), Some(after_target)) = (self.target, after.target) else {
            return;
        };
        // Two links into the generation differ in what they lead to, or in nothing.
        let managed = before_kind == TargetKind::Generation && after_kind == before_kind;
        if !(rebuilds.same(before, after_target) || has_moved && managed) {
            let turn = Turn {
                before,
                after: after_target,
            };
            let shown = turn.map(|target| without_hashes(target).into_owned());
            found.push(Difference::Target(shown));
        }
        if let (Some(old), Some(new)) = (self.end, after.end)
            && self.text().is_none()
        {
            rebuilds.note(old, new);
        }
    }
}

/// What is only known of entries of the home itself.
fn entry_differences(before: &Entry, after: &Entry, found: &mut Vec<Difference>) {
    let group = Turn::between(&before.group, &after.group);
    found.extend(group.map(|turn| Difference::Group(turn.map(ToString::to_string))));
    for (name, was, is) in join(&before.attributes, &after.attributes) {
        found.extend(Turn::between(was, is).map(|turn| Difference::Attribute {
            name: name.clone(),
            value: turn.map(Option::<&String>::cloned),
        }));
    }
    let particular = Turn::between(particular(before), particular(after));
    found.extend(particular.map(Difference::Particular));
}

/// What some types of file have beside the rest, in words.
fn particular(entry: &Entry) -> Option<String> {
    match &entry.kind {
        EntryKind::HardLink { first } => Some(format!("another name of {first}")),
        _ => entry
            .kind
            .device()
            .map(|it| format!("{} device {}", it.0, it.1)),
    }
}

/// A digest that another build of equal text shares.
fn hashless(content: &Content) -> Option<&String> {
    match content {
        Content::Digest { without_hashes, .. } => without_hashes.as_ref(),
        Content::Text(_) => None,
    }
}
