//! Scalars: texts, words, truth values and numbers.

use std::sync::Arc;

use super::Conform;
use crate::language::report::Mistake;
use crate::language::words::list_words;
use crate::language::yaml::{Kind, Node};
use crate::suggest::nearest;
use crate::text::quoted;

impl Conform<'_> {
    pub(super) fn text(&mut self, node: &Node, place: &str) -> Option<Node> {
        match &node.kind {
            _ if node.is_null() => {
                self.report.add(
                    Mistake::new(node.span, format!("{place} has no value"))
                        .label("a text is wanted")
                        .hint("write the value after the colon, `\"\"` for an empty text"),
                );
                None
            }
            Kind::Plain(text) => {
                if let Some(number) = other_number(text) {
                    let message = format!(
                        "{place} is taken as the text `{text}`, and other readers of YAML see {number}"
                    );
                    self.report.add(
                        Mistake::new(node.span, message)
                            .label("a number that loses digits")
                            .hint(format!("quote it: \"{text}\""))
                            .warning(),
                    );
                }
                Some(Node::new(node.span, Kind::Text(Arc::clone(text))))
            }
            Kind::Text(text) => Some(Node::new(node.span, Kind::Text(Arc::clone(text)))),
            _ => self.wrong(node, place, "a text"),
        }
    }

    pub(super) fn choice(&mut self, node: &Node, words: &[String], place: &str) -> Option<Node> {
        let text = self.text(node, place)?;
        let word = text.text()?;
        if words.iter().any(|one| one == word) {
            return Some(text);
        }
        let all = list_words(words.iter().map(String::as_str));
        let hint = match nearest(word, words.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`? It can be {all}"),
            None => format!("it can be {all}"),
        };
        self.report.add(
            Mistake::new(node.span, format!("{place} cannot be {}", quoted(word)))
                .label("no such value")
                .hint(hint),
        );
        None
    }

    pub(super) fn truth(&mut self, node: &Node, place: &str) -> Option<Node> {
        match &node.kind {
            Kind::Plain(text) if &**text == "true" => Some(Node::new(node.span, Kind::Bool(true))),
            Kind::Plain(text) if &**text == "false" => {
                Some(Node::new(node.span, Kind::Bool(false)))
            }
            Kind::Plain(text) | Kind::Text(text) => {
                let lower = text.to_lowercase();
                let meant = match lower.as_str() {
                    "yes" | "on" | "y" | "true" | "1" => Some("true"),
                    "no" | "off" | "n" | "false" | "0" => Some("false"),
                    _ => None,
                };
                let hint = meant.map_or_else(
                    || "write `true` or `false`".to_owned(),
                    |word| format!("write `{word}`, without quotes"),
                );
                self.report.add(
                    Mistake::new(
                        node.span,
                        format!(
                            "{place} must be `true` or `false`, and this is {}",
                            node.describe()
                        ),
                    )
                    .label("a truth value is wanted")
                    .hint(hint),
                );
                None
            }
            _ => self.wrong(node, place, "`true` or `false`"),
        }
    }

    pub(super) fn integer(
        &mut self,
        node: &Node,
        (min, max): (i64, i64),
        place: &str,
    ) -> Option<Node> {
        let number = match &node.kind {
            Kind::Plain(text) => text.parse::<i64>().ok(),
            _ => None,
        };
        match number {
            Some(number) if (min..=max).contains(&number) => {
                Some(Node::new(node.span, Kind::Int(number)))
            }
            Some(_) => self.wrong(node, place, &format!("a number from {min} to {max}")),
            None => self.wrong(node, place, "a whole number without quotes"),
        }
    }

    /// A value whose meaning is Nix's: plain scalars get the type that YAML gives them, and a number that would not
    /// keep its text is refused.
    pub(super) fn anything(&mut self, node: &Node, place: &str) -> Option<Node> {
        if let Kind::Plain(text) = &node.kind
            && let Some(number) = other_number(text)
        {
            self.report.add(
                Mistake::new(
                    node.span,
                    format!("{place} is the number {number}, which may not be meant"),
                )
                .label("a number that loses digits")
                .hint(format!("quote it to keep the text: \"{text}\"")),
            );
            return None;
        }
        Some(node.clone())
    }
}

/// The number that a plain scalar is to YAML, if that would not be written so: `24.1` for `24.10`.
fn other_number(text: &str) -> Option<f64> {
    let number: f64 = text.parse().ok()?;
    (text.contains('.') && format!("{number:?}") != text).then_some(number)
}
