//! What `diff` and `preview` found, for the summary of a job.

use super::inert_markdown::{code, folded, inline, push_blocks, push_fence};

/// How much somebody wants to look at a comparison; the least is looked at first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// A setup does not work, or nothing can be said.
    Broken,
    /// Something differs.
    Differs,
    /// Nothing does.
    Equal,
}

/// A comparison and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// What is compared.
    pub title: String,
    /// How much somebody wants to look at it.
    pub weight: Weight,
    /// What came of it, in a line.
    pub line: String,
    /// All of it, as people read it on a terminal.
    pub text: String,
}

/// The comparisons that a command made, as far as `room` bytes reach: a line for each, then all of those that have more to
/// say, folded where there are several. What is broken comes first.
#[must_use]
pub fn comparisons(command: &str, all: &[Comparison], room: usize) -> String {
    let mut all: Vec<&Comparison> = all.iter().collect();
    all.sort_by_key(|it| it.weight);
    let mut text = match all.as_slice() {
        [one] => format!("### {command}: {}\n\n{}\n\n", inline(&one.title), line(one)),
        _ => format!("### {command}\n\n"),
    };
    if all.len() > 1 {
        let lines = all
            .iter()
            .map(|it| format!("- {}: {}\n", code(&it.title), line(it)));
        let lines: Vec<String> = lines.collect();
        push_blocks(
            &mut text,
            &lines,
            room / 2,
            ("comparison", "the log of the job has them"),
        );
        text.push('\n');
    }
    let is_told = |it: &&&Comparison| it.weight != Weight::Equal && !it.text.trim().is_empty();
    let blocks: Vec<String> = all
        .iter()
        .filter(is_told)
        .map(|it| block(it, all.len()))
        .collect();
    push_blocks(
        &mut text,
        &blocks,
        room,
        ("comparison", "the log of the job has them"),
    );
    text
}

fn line(it: &Comparison) -> String {
    let sign = match it.weight {
        Weight::Broken => "❌ ",
        Weight::Differs => "🔀 ",
        Weight::Equal => "✅ ",
    };
    format!("{sign}{}", inline(&it.line))
}

fn block(it: &Comparison, of: usize) -> String {
    let mut body = String::new();
    push_fence(&mut body, &it.text);
    match of {
        1 => body,
        _ => folded(&code(&it.title), &body),
    }
}
