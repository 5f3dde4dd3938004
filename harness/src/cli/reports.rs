//! Reports that are written besides what the terminal shows.

use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use std::str::FromStr;

use super::common::Error;
use crate::report::{DocumentSink, GithubSink, JsonSink, Sink};

/// A report, as `--report` names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    format: Format,
    /// `None` is standard output.
    file: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Json,
    Junit,
    Html,
    Github,
}

impl FromStr for Report {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (format, file) = match text.split_once('=') {
            Some((format, file)) => (format, Some(file)),
            None => (text, None),
        };
        let format = match format {
            "json" => Format::Json,
            "junit" => Format::Junit,
            "html" => Format::Html,
            "github" => Format::Github,
            other => {
                return Err(format!(
                    "`{other}` is no report; there are json, junit, html and github"
                ));
            }
        };
        if file == Some("") {
            return Err(format!("a file belongs behind `{text}`"));
        }
        let file = file.filter(|file| *file != "-").map(PathBuf::from);
        Ok(Self { format, file })
    }
}

impl Report {
    /// The sink that writes it. The file is made at once, so that one that cannot be written is told before anything
    /// runs.
    pub fn sink(&self) -> Result<Box<dyn Sink>, Error> {
        let out: Box<dyn Write + Send> = match &self.file {
            None => Box::new(io::stdout()),
            Some(path) => Box::new(File::create(path).map_err(|error| {
                Error::input(
                    format!("the report {} cannot be written: {error}", path.display()),
                    "name a file in a directory that exists and can be written to",
                )
            })?),
        };
        Ok(match self.format {
            Format::Json => Box::new(JsonSink::new(out)),
            Format::Junit => Box::new(DocumentSink::junit(out)),
            Format::Html => Box::new(DocumentSink::html(out)),
            Format::Github => Box::new(GithubSink::new(out)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_a_format_and_a_file() {
        let junit: Report = "junit=out/a=b.xml".parse().unwrap();
        assert_eq!(junit.file, Some(PathBuf::from("out/a=b.xml")));
        assert_eq!("github".parse::<Report>().unwrap().file, None);
        assert_eq!("json=-".parse::<Report>().unwrap().file, None);
        assert!("xml".parse::<Report>().is_err());
        assert!("junit=".parse::<Report>().is_err());
    }
}
