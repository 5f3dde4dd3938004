//! Text of guests and strangers made fit to be shown and stored.

use std::fmt::Write;
use std::time::Duration;

use serde::Serialize;

/// A word as serde writes it, so that one thing has one name in scenarios, kept observations, documents and messages.
pub(crate) fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(serde_json::Value::Object(object)) => object.keys().next().cloned().unwrap_or_default(),
        _ => String::new(),
    }
}

/// Permission bits as people write them.
pub(crate) fn octal(mode: u32) -> String {
    format!("{mode:04o}")
}

/// A name as text: bytes that are not UTF-8, control characters and the backslash are escaped, so that two names
/// never look alike and none breaks a line or steers a terminal.
pub fn escape_name(bytes: &[u8]) -> String {
    let mut escaped = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            push_escaped(&mut escaped, character, true);
        }
        for byte in chunk.invalid() {
            push_byte(&mut escaped, *byte);
        }
    }
    escaped
}

/// Text of a guest for people: escape sequences of terminals are dropped, other control characters escaped; tabs
/// and line ends stay.
pub fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '\u{1b}' => skip_escape_sequence(&mut rest),
            '\n' | '\t' => shown.push(character),
            '\r' if rest.peek() == Some(&'\n') => {}
            _ => push_escaped(&mut shown, character, false),
        }
    }
    shown
}

/// One line for people who must see every difference: control characters are escaped and none is dropped; tabs stay.
pub fn visible(line: &str) -> String {
    let mut shown = String::with_capacity(line.len());
    for character in line.chars() {
        match character {
            '\t' => shown.push(character),
            _ => push_escaped(&mut shown, character, false),
        }
    }
    shown
}

/// One line of a guest for people: as [`printable`], and tabs and line ends become spaces.
pub fn printable_line(line: &str) -> String {
    printable(line).trim_end().replace(['\n', '\t'], " ")
}

/// A value on one line so that a reader sees what is in it: as [`escape_name`], and blanks at the end escaped too.
pub fn visible_value(value: &str) -> String {
    let text = value.trim_end_matches(' ');
    escape_name(text.as_bytes()) + &"\\x20".repeat(value.len() - text.len())
}

/// A line of a file so that a reader sees what is in it, and whether anything had to be escaped for that: control and
/// invisible characters, blanks at the end, and tabs anywhere but in an indentation of tabs alone. In a line with
/// escapes a backslash is doubled, so that no two lines look alike.
pub fn visible_line(line: &str) -> (String, bool) {
    let is_blank = |character: char| matches!(character, ' ' | '\t');
    let text = line.trim_end_matches(is_blank);
    let indent = text.len() - text.trim_start_matches('\t').len();
    let (indent, middle) = text.split_at(indent);
    let escapes = line.len() > text.len()
        || middle
            .chars()
            .any(|character| character == '\t' || is_unseen(character));
    if !escapes {
        return (line.to_owned(), false);
    }
    let mut shown = indent.to_owned();
    for character in middle.chars() {
        push_escaped(&mut shown, character, true);
    }
    for character in line[text.len()..].chars() {
        shown.push_str(if character == ' ' { "\\x20" } else { "\\t" });
    }
    (shown, true)
}

/// A text for a message: short, printable, in backticks.
pub(crate) fn quoted(text: &str) -> String {
    let mut shown: String = text
        .chars()
        .take(40)
        .flat_map(|character| {
            if steers_terminals(character) {
                character.escape_default().collect::<Vec<_>>()
            } else {
                vec![character]
            }
        })
        .collect();
    if text.chars().nth(40).is_some() {
        shown.push('…');
    }
    format!("`{shown}`")
}

/// A number of things in words.
pub(crate) fn count(number: usize, what: &str) -> String {
    match (number, what.ends_with('s')) {
        (1, _) => format!("1 {what}"),
        (_, true) => format!("{number} {what}es"),
        (_, false) => format!("{number} {what}s"),
    }
}

/// A time span as people say it.
pub(crate) fn span(elapsed: Duration) -> String {
    let seconds = elapsed.as_secs_f64();
    if seconds < 60.0 {
        format!("{seconds:.1} s")
    } else {
        let whole = elapsed.as_secs();
        format!("{} min {:02} s", whole / 60, whole % 60)
    }
}

/// The last `lines` lines of a text.
pub fn tail(text: &str, lines: usize) -> String {
    let all: Vec<&str> = text.trim_end().lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}

fn push_escaped(text: &mut String, character: char, backslash: bool) {
    match character {
        '\n' => text.push_str("\\n"),
        '\t' => text.push_str("\\t"),
        '\r' => text.push_str("\\r"),
        '\\' if backslash => text.push_str("\\\\"),
        _ if is_unseen(character) => {
            let mut buffer = [0; 4];
            for byte in character.encode_utf8(&mut buffer).bytes() {
                push_byte(text, byte);
            }
        }
        _ => text.push(character),
    }
}

/// Control characters, and the invisible ones that reorder the text around them.
pub(crate) fn steers_terminals(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}

/// Control characters, those that reorder the text around them, and those that nobody sees or takes for a blank.
fn is_unseen(character: char) -> bool {
    steers_terminals(character)
        || matches!(
            character,
            '\u{a0}'
                | '\u{ad}'
                | '\u{34f}'
                | '\u{61c}'
                | '\u{115f}'
                | '\u{1160}'
                | '\u{17b4}'
                | '\u{17b5}'
                | '\u{180e}'
                | '\u{2000}'..='\u{200f}'
                | '\u{2028}'..='\u{202f}'
                | '\u{205f}'..='\u{206f}'
                | '\u{3000}'
                | '\u{3164}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

fn push_byte(text: &mut String, byte: u8) {
    // Writing to a String cannot fail.
    let _ = write!(text, "\\x{byte:02x}");
}

/// Skips what follows an ESC: a CSI sequence to its final byte, an OSC string to its end, or one character.
fn skip_escape_sequence(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    match rest.peek() {
        Some('[') => {
            rest.next();
            while let Some(&character) = rest.peek() {
                if !matches!(character, '\u{20}'..='\u{7e}') {
                    return;
                }
                rest.next();
                if matches!(character, '\u{40}'..='\u{7e}') {
                    return;
                }
            }
        }
        Some(']') => {
            while let Some(&character) = rest.peek() {
                if character == '\n' {
                    return;
                }
                rest.next();
                if character == '\u{7}' {
                    return;
                }
                if character == '\u{1b}' {
                    rest.next_if_eq(&'\\');
                    return;
                }
            }
        }
        Some(&character) if !character.is_control() => {
            rest.next();
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_distinct_and_on_one_line() {
        assert_eq!(escape_name(b"plain-\xc3\xbc"), "plain-ü");
        assert_eq!(escape_name(b"a\nb\xff\\"), "a\\nb\\xff\\\\");
        assert_ne!(escape_name(b"a\nb"), escape_name(b"a\\nb"));
        assert_eq!(escape_name("a\u{202e}b".as_bytes()), "a\\xe2\\x80\\xaeb");
    }

    #[test]
    fn spans_are_short() {
        assert_eq!(span(Duration::from_millis(1249)), "1.2 s");
        assert_eq!(span(Duration::from_secs(125)), "2 min 05 s");
    }

    #[test]
    fn colours_titles_and_cursor_moves_are_dropped() {
        assert_eq!(
            printable("\u{1b}[1;31merror:\u{1b}[0m no\r\n"),
            "error: no\n"
        );
        assert_eq!(printable("\u{1b}]0;title\u{7}x\u{1b}(By\u{8}"), "xBy\\x08");
        assert_eq!(printable("\u{1b}[3"), "");
        assert_eq!(printable("\u{1b}"), "");
        assert_eq!(visible("\u{1b}[1mx\r\ty"), "\\x1b[1mx\\r\ty");
    }

    #[test]
    fn what_a_line_holds_is_seen() {
        let plain = |line: &str| assert_eq!(visible_line(line), (line.to_owned(), false));
        for line in ["", "a  b", "\t\tindented", "a \\x07 b", "C:\\r", "ü…"] {
            plain(line);
        }
        let shown = |line: &str, seen: &str| {
            assert_eq!(visible_line(line), (seen.to_owned(), true));
        };
        shown("a\u{7}\\x07", "a\\x07\\\\x07");
        shown("echo\r", "echo\\r");
        shown("set nu  ", "set nu\\x20\\x20");
        shown("a\t", "a\\t");
        shown(" ", "\\x20");
        shown("\ta\tb", "\ta\\tb");
        shown("  \ta", "  \\ta");
        shown("\u{1b}[31mred", "\\x1b[31mred");
        shown("a\u{202e}b", "a\\xe2\\x80\\xaeb");
        shown("\u{feff}a\u{a0}b", "\\xef\\xbb\\xbfa\\xc2\\xa0b");
    }

    #[test]
    fn a_tail_is_the_last_lines() {
        assert_eq!(tail("a\nb\nc\n", 2), "b\nc");
        assert_eq!(tail("", 2), "");
    }
}
