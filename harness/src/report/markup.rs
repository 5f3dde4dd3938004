//! Text inside XML and HTML.

use crate::observe::text::printable;

/// A text that is safe between tags and in quoted attributes. Characters that XML cannot hold are shown escaped.
pub(super) fn markup(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in printable(text).chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            '\u{fffe}' | '\u{ffff}' => safe.push('\u{fffd}'),
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_guest_becomes_a_tag() {
        assert_eq!(
            markup("<b a=\"1\">&\u{1b}[1m\u{0}"),
            "&lt;b a=&quot;1&quot;&gt;&amp;\\x00"
        );
    }
}
