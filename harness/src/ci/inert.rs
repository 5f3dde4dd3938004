//! Texts that a runner must not obey.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

/// What begins a command of a runner: `::name` that no word precedes, so that `std::string::npos` stays what it is, and
/// `##[`, `##vso[`, `##teamcity[`, which runners look for anywhere in a line.
static COMMAND: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?P<before>^|[^\w:>\])])::(?P<name>[A-Za-z])|#(?P<hashes>#[A-Za-z]*\[)")
        .expect("the expression is well formed")
});

/// A text in which no line is a command of a CI system's runner: a backslash stands before what would begin one.
#[must_use]
pub fn inert(text: &str) -> Cow<'_, str> {
    if !text.contains("::") && !text.contains("##") {
        return Cow::Borrowed(text);
    }
    let lines: Vec<Cow<'_, str>> = text.split('\n').map(inert_line).collect();
    Cow::Owned(lines.join("\n"))
}

fn inert_line(line: &str) -> Cow<'_, str> {
    COMMAND.replace_all(line, |found: &regex::Captures<'_>| {
        match found.name("hashes") {
            Some(hashes) => format!("#\\{}", hashes.as_str()),
            None => format!("{}\\::{}", &found["before"], &found["name"]),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether the runner of Actions takes a line for a command: the current form at the beginning of a line, blanks
    /// aside, and the older one anywhere.
    fn is_obeyed(line: &str) -> bool {
        line.trim_start().starts_with("::") || line.contains("##[") || line.contains("##vso[")
    }

    #[test]
    fn no_line_is_a_command() {
        for line in [
            "::stop-commands::abc",
            "   ::add-mask::secret",
            "\t::error file=x,line=1::y",
            "x ##[add-mask]secret",
            "a##[error]b ::warning::c",
            "###[group]x",
            "##vso[task.setvariable variable=a]b",
            "::A::b",
        ] {
            assert!(is_obeyed(line) || line.contains("::"));
            let said = inert(line).into_owned();
            assert!(!is_obeyed(&said), "{said}");
            // Nothing is lost, and nothing else is changed.
            assert_eq!(said.replace('\\', ""), line);
        }
    }

    #[test]
    fn what_is_no_command_stays_as_it_is() {
        for line in [
            "terminate called after throwing nix::Error",
            "std::string::npos",
            "Vec<u8>::new()",
            "fe80::1 and ::1",
            "## heading",
            "# [x]",
        ] {
            assert_eq!(inert(line), line);
        }
    }
}
