//! Texts against what they must be like.

use std::collections::BTreeMap;

use regex::RegexBuilder;
use sha2::{Digest, Sha256};

use super::diff::diff;
use super::redact::redact_hashes;
use crate::model::TextMatch;
use crate::observe::Content;
use crate::text::{printable, tail};

/// Why a text is not what it must be.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mismatch {
    /// What was expected and what was seen, to be put behind the text's name and a colon.
    pub(super) message: String,
    /// A difference or the text's end; may be empty.
    pub(super) detail: String,
}

impl Mismatch {
    /// The same of the text that is called this.
    pub(super) fn of(self, name: &str) -> Self {
        Self {
            message: format!("{name}: {}", self.message),
            ..self
        }
    }
}

/// One that a sentence says whole.
pub(super) fn plain(message: String) -> Mismatch {
    Mismatch {
        message,
        detail: String::new(),
    }
}

/// Longest text shown inside a message, in characters.
const INLINE_CHARACTERS: usize = 80;
/// Lines of a text shown in a detail.
const TAIL_LINES: usize = 30;
/// Most memory of a compiled regular expression, in bytes.
const REGEX_BYTES: usize = 4 * 1024 * 1024;

/// How an expected text names a path in the store whose hash does not matter, as snapshots do.
const ANY_HASH: &str = "/nix/store/…-";

/// `None` when `text` is what it must be.
pub(super) fn mismatch(wanted: &TextMatch, text: &str) -> Option<Mismatch> {
    let (TextMatch::Equals(it)
    | TextMatch::Contains(it)
    | TextMatch::Lacks(it)
    | TextMatch::Matches(it)
    | TextMatch::DoesNotMatch(it)) = wanted;
    match it.contains(ANY_HASH) {
        true => exact_mismatch(wanted, &redact_hashes(text)),
        false => exact_mismatch(wanted, text),
    }
}

fn exact_mismatch(wanted: &TextMatch, text: &str) -> Option<Mismatch> {
    let fails = |message: String| {
        Some(Mismatch {
            message,
            detail: excerpt(text),
        })
    };
    match wanted {
        TextMatch::Equals(expected) if expected == text => None,
        TextMatch::Equals(expected) => Some(unequal(expected, text)),
        TextMatch::Contains(part) if text.contains(part.as_str()) => None,
        TextMatch::Contains(part) => fails(format!("expected it to contain {}", show(part))),
        TextMatch::Lacks(part) => Some(Mismatch {
            message: format!("expected it not to contain {}", show(part)),
            detail: around(text, text.find(part.as_str())?),
        }),
        TextMatch::Matches(pattern) | TextMatch::DoesNotMatch(pattern) => {
            let mut builder = RegexBuilder::new(pattern);
            let wants = matches!(wanted, TextMatch::Matches(_));
            // `^` and `$` match at line ends, as in grep.
            match builder.size_limit(REGEX_BYTES).multi_line(true).build() {
                Ok(regex) if regex.is_match(text) == wants => None,
                Ok(_) if wants => fails(format!("expected it to match {}", show(pattern))),
                Ok(regex) => Some(Mismatch {
                    message: format!("expected it not to match {}", show(pattern)),
                    detail: around(text, regex.find(text)?.start()),
                }),
                Err(error) => fails(format!(
                    "{} is no regular expression: {error}",
                    show(pattern)
                )),
            }
        }
    }
}

/// As [`mismatch`], for what a command printed: the line end that closes it need not be written out.
pub(super) fn printed_mismatch(wanted: &TextMatch, text: &str) -> Option<Mismatch> {
    match wanted {
        TextMatch::Equals(expected) if !expected.ends_with('\n') => {
            mismatch(wanted, text.strip_suffix('\n').unwrap_or(text))
        }
        _ => mismatch(wanted, text),
    }
}

/// As [`mismatch`], for a file's content.
pub(super) fn content_mismatch(
    wanted: &TextMatch,
    content: &Content,
    long_texts: &BTreeMap<String, String>,
) -> Option<Mismatch> {
    let seen = match text(content, long_texts) {
        Ok(text) => return mismatch(wanted, text),
        Err(seen) => seen,
    };
    let message = match (wanted, content) {
        (TextMatch::Equals(expected), Content::Digest { sha256, .. })
            if format!("{:x}", Sha256::digest(expected.as_bytes())) == *sha256 =>
        {
            return None;
        }
        (TextMatch::Equals(expected), _) => {
            format!("expected {} bytes of text, seen {seen}", expected.len())
        }
        _ => format!("expected text to search (for more, `grep` in `commands`), seen {seen}"),
    };
    Some(plain(message))
}

/// The whole text of a file, or what was seen instead of one.
pub(super) fn text<'a>(
    content: &'a Content,
    long_texts: &'a BTreeMap<String, String>,
) -> Result<&'a str, String> {
    match content {
        Content::Text(text) => Ok(text),
        Content::Digest { size, sha256, .. } => {
            long_texts.get(sha256).map(String::as_str).ok_or_else(|| {
                format!("{size} bytes, not text or longer than is kept, sha256 {sha256}")
            })
        }
    }
}

fn unequal(expected: &str, text: &str) -> Mismatch {
    if expected.trim_end_matches('\n') == text.trim_end_matches('\n') {
        let ends = |text: &str| text.len() - text.trim_end_matches('\n').len();
        return plain(format!(
            "only the line ends at the very end differ: expected {}, seen {}",
            ends(expected),
            ends(text)
        ));
    }
    let short = |text: &str| text.len() <= INLINE_CHARACTERS && !text.trim_end().contains('\n');
    if short(expected) && short(text) {
        Mismatch {
            message: format!("expected {}, seen {}", show(expected), show(text)),
            detail: String::new(),
        }
    } else {
        Mismatch {
            message: "it differs from what was expected".into(),
            detail: diff(expected, text),
        }
    }
}

/// A text inside a message.
pub(super) fn show(text: &str) -> String {
    let cut: String = text.chars().take(INLINE_CHARACTERS).collect();
    let dots = if cut.len() < text.len() { "…" } else { "" };
    format!("`{}{dots}`", printable(&cut).replace('\n', "\\n"))
}

/// A text as it is shown where something in it is unwanted: of a long one the line that has it, and its neighbours.
fn around(text: &str, at: usize) -> String {
    if text.lines().count() <= TAIL_LINES {
        return excerpt(text);
    }
    let before = text[..at].matches('\n').count().saturating_sub(1);
    let lines: Vec<&str> = text.lines().skip(before).take(3).collect();
    excerpt(&lines.join("\n"))
}

fn excerpt(text: &str) -> String {
    if text.is_empty() {
        "(it is empty)".into()
    } else {
        tail(&printable(text), TAIL_LINES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::sample::digest;

    fn contains(part: &str) -> TextMatch {
        TextMatch::Contains(part.into())
    }

    #[test]
    fn a_store_path_may_be_named_without_its_hash() {
        let text = "exec /nix/store/0123456789abcdfghijklmnpqrsvwxyz-git-2.47/bin/git\n";
        let is = |wanted: TextMatch| mismatch(&wanted, text).is_none();
        assert!(is(TextMatch::Equals(
            "exec /nix/store/…-git-2.47/bin/git\n".into()
        )));
        assert!(is(TextMatch::Contains("/nix/store/…-git-2".into())));
        assert!(is(TextMatch::Matches(
            "^exec /nix/store/…-git-[0-9.]+/bin".into()
        )));
        assert!(!is(TextMatch::Lacks("/nix/store/…-git-2".into())));
        assert!(!is(TextMatch::Contains("/nix/store/…-hello".into())));
        assert!(!is(TextMatch::Contains("…-git".into())), "no store path");
    }

    #[test]
    fn what_is_unwanted_in_a_long_text_is_shown_where_it_is() {
        let text: String = (0..100).map(|at| format!("line {at}\n")).collect();
        let wanted = TextMatch::Lacks("line 42".into());
        let detail = mismatch(&wanted, &text).expect("it has it").detail;
        assert_eq!(detail.trim(), "line 41\nline 42\nline 43");
    }

    #[test]
    fn each_kind_of_match_holds_and_fails() {
        use TextMatch::{DoesNotMatch, Equals, Lacks, Matches};
        for (wanted, good, bad) in [
            (Equals("a\n".into()), "a\n", "a"),
            (contains("b"), "abc", "ac"),
            (Lacks("b".into()), "ac", "abc"),
            (Matches("^a.c$".into()), "abc", "abcd"),
            (Matches("^[0-9]+$".into()), "x\n42\n", "x42\n"),
            (DoesNotMatch("^#".into()), "a # b\n", "a\n# b\n"),
            (Matches(r"\A[0-9]+\n\z".into()), "42\n", "x\n42\n"),
        ] {
            assert_eq!(mismatch(&wanted, good), None, "{wanted:?}");
            assert!(mismatch(&wanted, bad).is_some(), "{wanted:?}");
        }
    }

    #[test]
    fn messages_say_what_was_expected_and_seen() {
        let equals = |text: &str| TextMatch::Equals(text.into());
        let unequal = mismatch(&equals("vim"), "nano").unwrap();
        assert_eq!(unequal.message, "expected `vim`, seen `nano`");
        let end = mismatch(&equals("vim"), "vim\n").unwrap();
        let said = "only the line ends at the very end differ: expected 0, seen 1";
        assert_eq!(end.message, said);
        let long = mismatch(&equals("a\nb\n"), "a\nc\n").unwrap();
        assert!(long.detail.contains("-b\n+c"));
        assert_eq!(printed_mismatch(&equals("vim"), "vim\n"), None);
        assert!(mismatch(&TextMatch::Matches("(".into()), "").is_some());
    }

    #[test]
    fn content_that_is_no_text_is_compared_by_its_hash() {
        let content = digest(2, &format!("{:x}", Sha256::digest(b"a\0")));
        let of = |wanted| content_mismatch(&wanted, &content, &BTreeMap::new());
        assert_eq!(of(TextMatch::Equals("a\0".into())), None);
        assert!(of(TextMatch::Equals("b".into())).is_some());
        assert!(of(contains("a")).is_some());
    }
}
