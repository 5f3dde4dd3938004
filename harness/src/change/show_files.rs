//! Paths of a home in a change's text: `+` came, `-` went, `~` differs, `>` moved.

use std::collections::BTreeMap;

use super::model::{Difference, Digest, FileChange, FileTurn, FileView, Hunk};
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
        let sign = sign(&file.turn);
        match folder(&file.path, sign, &crowded).filter(|_| !page.options.whole) {
            Some((folder, _)) if told.contains(&folder) => {}
            Some((folder, count)) => {
                told.push(folder);
                let line = format!("{sign} {folder}/  ({count} paths; `--whole` lists them)");
                page.line(1, &line);
            }
            None => self::file(page, file),
        }
    }
}

fn sign(turn: &FileTurn) -> char {
    match turn {
        FileTurn::Appeared { .. } => '+',
        FileTurn::Gone { .. } => '-',
        FileTurn::Moved { .. } => '>',
        FileTurn::Changed { .. } => '~',
    }
}

/// Most lines of a difference in brief.
const BRIEF_LINES: usize = 16;

type Crowded<'a> = BTreeMap<(char, &'a str), usize>;

/// Folders in which many paths came or went, each by its outermost one.
fn crowded(files: &[FileChange]) -> Crowded<'_> {
    let mut counts: Crowded<'_> = BTreeMap::new();
    for file in files {
        let sign = sign(&file.turn);
        if !matches!(sign, '+' | '-') {
            continue;
        }
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
    let (sign, path) = (sign(&file.turn), &file.path);
    let (line, text) = match &file.turn {
        FileTurn::Appeared { view, text } | FileTurn::Gone { view, text } => {
            let line = format!("{path}{}", summary(view, text.as_ref()));
            (line, text.as_ref().filter(|_| page.options.whole))
        }
        FileTurn::Moved {
            from,
            differences,
            text,
        } => {
            let line = format!("{from} -> {path}{}", differ(differences));
            (line, text.as_ref())
        }
        FileTurn::Changed { differences, text } => {
            (format!("{path}{}", differ(differences)), text.as_ref())
        }
    };
    page.line(1, &format!("{sign} {line}"));
    if let Some(text) = text {
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
fn summary(view: &FileView, text: Option<&Hunk>) -> String {
    let mut words = Vec::new();
    match view.file_type {
        FileType::File => {}
        FileType::Symlink => match (view.link, &view.target) {
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
    if let Some(digest) = &view.digest {
        words.push(content(Some(digest.clone())));
    }
    let usual = match view.file_type {
        FileType::Directory => "0755",
        FileType::Symlink => view.mode.as_deref().unwrap_or_default(),
        _ => "0644",
    };
    if let Some(mode) = view.mode.as_deref().filter(|mode| *mode != usual) {
        words.push(format!("mode {mode}"));
    }
    remark(&words)
}

fn differ(differences: &[Difference]) -> String {
    remark(&differences.iter().map(difference).collect::<Vec<_>>())
}

/// What stands in brackets behind a path.
fn remark(words: &[String]) -> String {
    match words.is_empty() {
        true => String::new(),
        false => format!("  ({})", words.join(", ")),
    }
}

fn difference(difference: &Difference) -> String {
    match difference {
        Difference::Type(turn) => turn.map(file_type).to_string(),
        Difference::Mode(turn) => format!("mode {turn}"),
        Difference::Owner(turn) => format!("owner {turn}"),
        Difference::Link(turn) => turn.map(place).to_string(),
        Difference::Target(turn) => format!("link to {turn}"),
        Difference::Content(turn) => turn.clone().map(content).to_string(),
        Difference::LookedInto(turn) => match turn.after {
            true => "now looked into".to_owned(),
            false => "no more looked into".to_owned(),
        },
        Difference::Group(turn) => format!("group {turn}"),
        Difference::Attribute { name, value } => {
            format!("attribute {name} {}", value.clone().map(or_none))
        }
        Difference::Particular(turn) => turn.clone().map(or_none).to_string(),
    }
}

fn or_none(value: Option<String>) -> String {
    value.unwrap_or_else(|| "none".to_owned())
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

fn content(digest: Option<Digest>) -> String {
    digest.map_or("text".to_owned(), |Digest { size, sha256 }| {
        let digits = sha256.get(..16).unwrap_or(&sha256);
        format!("{size} bytes, sha256 {digits}")
    })
}
