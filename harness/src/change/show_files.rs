//! Paths of a home in a change's text: `+` came, `-` went, `~` differs, `>` moved.

use std::collections::BTreeMap;

use super::model::{Difference, Digest, FileChange, FileLook, FileTurn, Hunk};
use super::page::Page;
use crate::model::{FileType, TargetKind};
use crate::text::count;

/// From so many paths on that came or went in one folder, they are told by their number.
const MANY: usize = 40;

/// A line a path, and under it how it differs.
pub(super) fn files(page: &mut Page, files: &[FileChange]) {
    let crowded = crowded(files);
    let mut told: Vec<&str> = Vec::new();
    for file in files {
        let sign = match &file.turn {
            FileTurn::Appeared { .. } => '+',
            FileTurn::Gone { .. } => '-',
            _ => ' ',
        };
        let group = folder(&file.path, sign, &crowded).filter(|_| !page.options.whole);
        match group {
            Some((folder, count)) => {
                if !told.contains(&folder) {
                    told.push(folder);
                    page.line(
                        1,
                        &format!("{sign} {folder}/  ({count} paths; `--whole` lists them)"),
                    );
                }
            }
            None => self::file(page, file),
        }
    }
}

/// Most lines of a difference in brief.
const BRIEF_LINES: usize = 16;

type Crowded<'a> = BTreeMap<(char, &'a str), usize>;

/// Folders in which many paths came or went, each by its outermost one.
fn crowded(files: &[FileChange]) -> Crowded<'_> {
    let mut counts: Crowded<'_> = BTreeMap::new();
    for file in files {
        let sign = match &file.turn {
            FileTurn::Appeared { .. } => '+',
            FileTurn::Gone { .. } => '-',
            _ => continue,
        };
        for (at, _) in file.path.match_indices('/') {
            *counts.entry((sign, &file.path[..at])).or_default() += 1;
        }
    }
    counts.retain(|_, count| *count >= MANY);
    counts
}

/// The innermost crowded folder that holds all that its own outer ones hold.
fn folder<'a>(path: &'a str, sign: char, crowded: &Crowded<'a>) -> Option<(&'a str, usize)> {
    path.match_indices('/')
        .map(|(at, _)| &path[..at])
        .filter_map(|folder| Some((folder, *crowded.get(&(sign, folder))?)))
        .next_back()
}

fn file(page: &mut Page, file: &FileChange) {
    let path = &file.path;
    match &file.turn {
        FileTurn::Appeared { look, text } => {
            page.line(1, &format!("+ {path}{}", summary(look, text.as_ref())));
            whole(page, text.as_ref());
        }
        FileTurn::Gone { look, text } => {
            page.line(1, &format!("- {path}{}", summary(look, text.as_ref())));
            whole(page, text.as_ref());
        }
        FileTurn::Moved {
            from,
            differences,
            text,
        } => {
            page.line(1, &format!("> {from} -> {path}{}", differ(differences)));
            if let Some(text) = text {
                hunk(page, 3, text);
            }
        }
        FileTurn::Changed { differences, text } => {
            page.line(1, &format!("~ {path}{}", differ(differences)));
            if let Some(text) = text {
                hunk(page, 3, text);
            }
        }
    }
}

/// The text of a path that came or went, where it was asked for.
fn whole(page: &mut Page, text: Option<&Hunk>) {
    if let Some(text) = text.filter(|_| page.options.whole) {
        hunk(page, 3, text);
    }
}

/// The lines of a difference; what was left out is said.
pub(super) fn hunk(page: &mut Page, indent: usize, hunk: &Hunk) {
    let is_context = |line: &&String| line.starts_with(' ') || line.starts_with("@@");
    let lines: Vec<&String> = hunk
        .lines
        .iter()
        .filter(|line| !page.options.brief || !is_context(line))
        .collect();
    let shown = match page.options.brief {
        true => BRIEF_LINES,
        false => usize::MAX,
    };
    for line in lines.iter().take(shown) {
        page.line(indent, line);
    }
    if lines.len() > shown {
        let more = count(lines.len() - shown, "more line");
        page.line(indent, &format!("… {more} (`--whole` shows them)"));
    }
    if hunk.left_out > 0 {
        let lines = count(hunk.left_out, "more line");
        page.line(
            indent,
            &format!("… {lines} of this difference are not shown"),
        );
    }
}

/// What is to be said of a path beside its name.
fn summary(look: &FileLook, text: Option<&Hunk>) -> String {
    let mut words = Vec::new();
    match look.file_type {
        FileType::File => {}
        FileType::Symlink => match (look.link, &look.target) {
            (Some(TargetKind::Generation), _) => {}
            (Some(TargetKind::Dangling), Some(target)) => {
                words.push(format!("link to {target}, dangling"));
            }
            (_, Some(target)) => words.push(format!("link to {target}")),
            _ => words.push("link".to_owned()),
        },
        other => words.push(file_type(other).to_owned()),
    }
    if let Some(text) = text {
        words.push(count(text.added + text.removed, "line"));
    }
    if let Some(digest) = &look.digest {
        words.push(content(Some(digest)));
    }
    let usual = match look.file_type {
        FileType::Directory => "0755",
        FileType::Symlink => look.mode.as_deref().unwrap_or_default(),
        _ => "0644",
    };
    if let Some(mode) = look.mode.as_deref().filter(|mode| *mode != usual) {
        words.push(format!("mode {mode}"));
    }
    match words.is_empty() {
        true => String::new(),
        false => format!("  ({})", words.join(", ")),
    }
}

fn differ(differences: &[Difference]) -> String {
    let words: Vec<String> = differences.iter().map(difference).collect();
    match words.is_empty() {
        true => String::new(),
        false => format!("  ({})", words.join(", ")),
    }
}

fn difference(difference: &Difference) -> String {
    match difference {
        Difference::Type(turn) => {
            format!("{} -> {}", file_type(turn.before), file_type(turn.after))
        }
        Difference::Mode(turn) => format!("mode {} -> {}", turn.before, turn.after),
        Difference::Owner(turn) => format!("owner {} -> {}", turn.before, turn.after),
        Difference::Link(turn) => format!("{} -> {}", place(turn.before), place(turn.after)),
        Difference::Target(turn) => format!("link to {} -> {}", turn.before, turn.after),
        Difference::Content(turn) => format!(
            "{} -> {}",
            content(turn.before.as_ref()),
            content(turn.after.as_ref())
        ),
        Difference::LookedInto(turn) => match turn.after {
            true => "now looked into".to_owned(),
            false => "no more looked into".to_owned(),
        },
        Difference::Group(turn) => format!("group {} -> {}", turn.before, turn.after),
        Difference::Attribute { name, value } => format!(
            "attribute {name} {} -> {}",
            or_none(value.before.as_deref()),
            or_none(value.after.as_deref())
        ),
        Difference::Particular(turn) => format!(
            "{} -> {}",
            or_none(turn.before.as_deref()),
            or_none(turn.after.as_deref())
        ),
    }
}

fn or_none(value: Option<&str>) -> &str {
    value.unwrap_or("none")
}

fn file_type(file_type: FileType) -> &'static str {
    match file_type {
        FileType::File => "file",
        FileType::Directory => "directory",
        FileType::Symlink => "link",
        FileType::Fifo => "fifo",
        FileType::Socket => "socket",
        FileType::Device => "device",
    }
}

fn place(kind: TargetKind) -> &'static str {
    match kind {
        TargetKind::Generation => "into the generation",
        TargetKind::Store => "into the store",
        TargetKind::OutOfStore => "out of the store",
        TargetKind::Dangling => "dangling",
    }
}

fn content(digest: Option<&Digest>) -> String {
    match digest {
        Some(Digest { size, sha256 }) => {
            format!(
                "{size} bytes, sha256 {}",
                sha256.get(..16).unwrap_or(sha256)
            )
        }
        None => "text".to_owned(),
    }
}
