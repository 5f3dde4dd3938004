//! Annotations of GitHub's workflows, which Gitea and Forgejo read too: a message at a line of a file.

use std::fmt;

use super::inert;
use crate::text::printable;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Something is wrong.
    Error,
    /// Something may be.
    Warning,
    /// Something is worth knowing.
    Notice,
}

/// A message, and the place that it is about. Shown as the workflow command that makes it an annotation
/// (`::error file=…,line=…,col=…,title=…::message`), on one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Annotation {
    /// How bad it is.
    pub level: Level,
    /// The file, relative to the repository.
    pub file: Option<String>,
    /// The line, from 1.
    pub line: Option<usize>,
    /// The column, from 1.
    pub column: Option<usize>,
    /// A few words above the message.
    pub title: Option<String>,
    /// What there is to say; may have several lines.
    pub message: String,
}

impl fmt::Display for Annotation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = match self.level {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Notice => "notice",
        };
        let properties = [
            ("file", self.file.clone()),
            ("line", self.line.map(|line| line.to_string())),
            ("col", self.column.map(|column| column.to_string())),
            ("title", self.title.clone()),
        ];
        let properties: Vec<String> = properties
            .into_iter()
            .filter_map(|(name, value)| Some(format!("{name}={}", property(&value?))))
            .collect();
        let blank = if properties.is_empty() { "" } else { " " };
        write!(
            f,
            "::{level}{blank}{}::{}",
            properties.join(","),
            data(&self.message)
        )
    }
}

/// The text of a command: line ends and the escape's own character are escaped, and the older form of commands, which is
/// looked for anywhere in a line, is made inert.
fn data(text: &str) -> String {
    inert(&printable(text))
        .replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// A property of a command: its separators are escaped too.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_guest_becomes_a_command() {
        let annotation = Annotation {
            level: Level::Warning,
            file: Some("a,b:c.yaml".into()),
            line: Some(3),
            column: None,
            title: Some("c[a=1,b=2]\n::x::".into()),
            message: "a\n::stop-commands::x%0A ##[add-mask]y".into(),
        };
        assert_eq!(
            annotation.to_string(),
            "::warning file=a%2Cb%3Ac.yaml,line=3,title=c[a=1%2Cb=2]%0A\\%3A%3Ax%3A%3A::\
             a%0A\\::stop-commands::x%250A #\\#[add-mask]y"
        );
    }

    #[test]
    fn what_is_not_known_is_left_out() {
        let annotation = Annotation {
            level: Level::Notice,
            file: None,
            line: None,
            column: None,
            title: None,
            message: "hello".into(),
        };
        assert_eq!(annotation.to_string(), "::notice::hello");
    }
}
