//! Markdown in which no text of others is more than text.

use crate::report::words::boundary;
use crate::text::count;

/// Most bytes of one block, so that one does not crowd out the others.
pub(super) const BLOCK_BYTES: usize = 48 * 1024;

/// Adds blocks as far as `room` bytes reach; a line says how many more there are, of what, and who has them.
pub(super) fn push_blocks(text: &mut String, blocks: &[String], room: usize, what: (&str, &str)) {
    for (at, block) in blocks.iter().enumerate() {
        let more = count(blocks.len() - at, &format!("more {}", what.0));
        let more = format!("\nThere is no room for {more}; {}.\n", what.1);
        if text.len() + block.len() + more.len() > room {
            text.push_str(&more);
            return;
        }
        text.push_str(block);
    }
}

/// A block that is folded below its title, both of Markdown.
pub(super) fn folded(title: &str, body: &str) -> String {
    format!("<details><summary>{title}</summary>\n\n{body}</details>\n\n")
}

/// A text in a fence of its own; nothing for an empty one.
pub(super) fn push_fence(body: &mut String, text: &str) {
    if text.trim().is_empty() {
        return;
    }
    let kind = match text.starts_with("--- ") || text.starts_with("@@") {
        true => "diff",
        false => "text",
    };
    let shown = match text.len() > BLOCK_BYTES {
        false => text.to_owned(),
        true => {
            let end = boundary(text, BLOCK_BYTES);
            format!("{}\n… {} bytes left out", &text[..end], text.len() - end)
        }
    };
    body.push_str(&fence(&shown, kind));
}

/// A fence longer than any in the text, so that nothing in it ends the block.
pub(super) fn fence(text: &str, kind: &str) -> String {
    let longest = text
        .split(|character| character != '`')
        .map(str::len)
        .max()
        .unwrap_or_default();
    let ticks = "`".repeat(longest.max(2) + 1);
    format!("{ticks}{kind}\n{}\n{ticks}\n\n", text.trim_end())
}

/// A text that is nothing but text on a line of Markdown: every character that could mean something is an entity, which
/// never does.
pub(super) fn inline(text: &str) -> String {
    let mut safe = String::new();
    for character in text
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
    {
        match character {
            other if other.is_ascii_punctuation() => {
                safe.push_str(&format!("&#{};", u32::from(other)));
            }
            other => safe.push(other),
        }
    }
    safe
}

pub(super) fn code(text: &str) -> String {
    format!("<code>{}</code>", inline(text))
}
