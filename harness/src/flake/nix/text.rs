//! Texts and names as Nix writes them.

use crate::flake::names::is_made_of;

/// A text as a Nix string: `"…"`, or `''…''` over several lines where that is sure to mean the same.
pub(crate) fn string(text: &str, indent: usize) -> String {
    if fits_indented(text) {
        indented(text, indent)
    } else {
        quoted(text)
    }
}

/// A text in double quotes on one line.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // `$` before `{` begins an antiquotation.
            '$' if characters.peek() == Some(&'{') => out.push_str("\\$"),
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

/// Whether a text can stand in `''…''` without any doubt: Nix strips the smallest indentation of all lines, treats
/// lines of spaces in its own way, and gives quotes next to quotes or dollars a meaning.
fn fits_indented(text: &str) -> bool {
    let Some(body) = text.strip_suffix('\n') else {
        return false;
    };
    let lines: Vec<&str> = body.split('\n').collect();
    let has_unindented = lines
        .iter()
        .any(|line| !line.is_empty() && !line.starts_with([' ', '\t']));
    let has_blank = lines
        .iter()
        .any(|line| !line.is_empty() && line.trim().is_empty());
    has_unindented
        && !has_blank
        && !["''", "'$", "$$"].iter().any(|pair| text.contains(pair))
        && !text
            .chars()
            .any(|character| character.is_control() && character != '\n')
}

fn indented(text: &str, indent: usize) -> String {
    let pad = " ".repeat(indent);
    let mut out = String::from("''\n");
    for line in text.lines() {
        if !line.is_empty() {
            out.push_str(&pad);
            out.push_str("  ");
            out.push_str(&line.replace("${", "''${"));
        }
        out.push('\n');
    }
    out.push_str(&pad);
    out.push_str("''");
    out
}

const KEYWORDS: &[&str] = &[
    "assert", "else", "if", "in", "inherit", "let", "or", "rec", "then", "with",
];

/// Whether Nix takes a word as a name without quotes.
pub(crate) fn is_plain_name(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && is_made_of(word, &['_', '-', '\''])
        && !KEYWORDS.contains(&word)
}

/// One part of an attribute path.
pub(crate) fn name(word: &str) -> String {
    if is_plain_name(word) {
        word.to_owned()
    } else {
        quoted(word)
    }
}

/// Whether a text names a package the way it stands in `with pkgs; [ … ]`.
pub(crate) fn is_package_path(text: &str) -> bool {
    !text.is_empty() && text.len() <= 200 && text.split('.').all(is_plain_name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::takes;

    #[test]
    fn nothing_gets_out_of_a_quoted_string() {
        assert_eq!(quoted("a\"; ${x} \\ $y\n"), r#""a\"; \${x} \\ $y\n""#);
        assert_eq!(quoted("$${x}"), r#""$\${x}""#);
        assert_eq!(quoted(r#"a"b${c}\"#), r#""a\"b\${c}\\""#);
    }

    #[test]
    fn long_texts_are_indented_only_where_that_is_safe() {
        assert_eq!(string("one\n  two\n", 2), "''\n    one\n      two\n  ''");
        assert_eq!(string("echo ${x}\n", 0), "''\n  echo ''${x}\n''");
        let unsafe_ones = "no end| a\n b\n|a\n  \nb\n|it''s\n|'${x}\n|$${x}\n|a\tb\n";
        takes(|text| !string(text, 0).starts_with('"'), "a\n", unsafe_ones);
    }

    #[test]
    fn names_are_quoted_when_needed() {
        assert_eq!(name("home-manager"), "home-manager");
        assert_eq!(name("or"), "\"or\"");
        assert_eq!(name(".bashrc"), "\".bashrc\"");
        assert_eq!(name("${x}"), "\"\\${x}\"");
    }

    #[test]
    fn packages_are_paths_of_names() {
        let bad = "|a b|a;b|7zip|a.|(x)|or";
        takes(is_package_path, "python3Packages.requests", bad);
    }
}
