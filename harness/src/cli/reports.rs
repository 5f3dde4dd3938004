//! Reports that are written besides what the terminal shows.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Arc, OnceLock};

use clap::Args;

use super::common::Error;
use super::job_summary::{JobSummary, SUMMARY_BYTES};
use crate::ci::Ci;
use crate::report::results::Results;
use crate::report::{EventsSink, Output, Sink, views};

/// Which reports are written.
#[derive(Args)]
pub struct ReportArgs {
    /// Also write reports: a folder's name that ends in / for a page, JUnit and JSON; or html, junit, json, markdown,
    /// github, codequality or events, with =FILE or to standard output; several, or one a line in the variable
    #[arg(
        long = "report",
        value_name = "DIR/|FORMAT[=FILE]",
        env = "SWITCHPROOF_REPORT",
        value_delimiter = '\n'
    )]
    pub wanted: Vec<Report>,
}

/// A report, as `--report` names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    format: Format,
    /// `None` is standard output.
    file: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    /// `report.html`, `junit.xml` and `results.json` in a folder.
    Folder,
    Json,
    Junit,
    Html,
    Markdown,
    Github,
    CodeQuality,
    Events,
}

/// The words of the formats, as `--report` takes them.
const FORMATS: [(&str, Format); 7] = [
    ("html", Format::Html),
    ("junit", Format::Junit),
    ("json", Format::Json),
    ("markdown", Format::Markdown),
    ("github", Format::Github),
    ("codequality", Format::CodeQuality),
    ("events", Format::Events),
];

/// What a folder of reports holds.
const FOLDER: [(&str, Format); 3] = [
    ("report.html", Format::Html),
    ("junit.xml", Format::Junit),
    ("results.json", Format::Json),
];

impl FromStr for Report {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (word, file) = match text.split_once('=') {
            Some((word, file)) => (word, Some(file)),
            None => (text, None),
        };
        if let Some((_, format)) = FORMATS.iter().find(|(known, _)| *known == word) {
            if file == Some("") {
                return Err(format!("a file belongs behind `{text}`"));
            }
            let file = file.filter(|file| *file != "-").map(PathBuf::from);
            return Ok(Self {
                format: *format,
                file,
            });
        }
        if text.ends_with('/') || Path::new(text).is_dir() {
            return Ok(Self {
                format: Format::Folder,
                file: Some(PathBuf::from(text)),
            });
        }
        let words: Vec<&str> = FORMATS.iter().map(|(word, _)| *word).collect();
        Err(format!(
            "`{word}` is no report; there are {}, and a folder's name that ends in `/` for the page, JUnit and JSON together",
            words.join(", ")
        ))
    }
}

/// All reports of a run. Their files are opened before anything runs, so that one that cannot be written is told at once.
pub struct Reports {
    documents: Vec<(Format, Output)>,
    logs: Vec<Log>,
    earlier: Option<Results>,
    /// The log of a job is this process's standard output.
    annotates: bool,
    job_summary: Option<JobSummary>,
}

/// A log of events.
struct Log {
    name: String,
    broken: Arc<OnceLock<io::Error>>,
}

impl Reports {
    /// Opens what is asked for, and what a CI system reads unasked. Returns the sinks that get every event, too.
    pub fn open(
        wanted: &[Report],
        earlier: Option<&Path>,
    ) -> Result<(Self, Vec<Box<dyn Sink>>), Error> {
        let is_actions = Ci::from_environment() == Some(Ci::Actions);
        let mut reports = Self {
            documents: Vec::new(),
            logs: Vec::new(),
            earlier: earlier.map(read_earlier).transpose()?,
            annotates: is_actions && !wanted.iter().any(|it| it.format == Format::Github),
            job_summary: JobSummary::from_environment(),
        };
        refuse_twice(wanted)?;
        let mut sinks: Vec<Box<dyn Sink>> = Vec::new();
        for report in wanted {
            match (report.format, &report.file) {
                (Format::Folder, Some(folder)) => reports.open_folder(folder)?,
                (Format::Events, file) => sinks.push(reports.open_log(file.as_deref())?),
                (format, file) => reports.open_document(format, file.as_deref())?,
            }
        }
        Ok((reports, sinks))
    }

    /// Leaves out what a CI system reads unasked.
    pub fn only_asked(&mut self) {
        self.annotates = false;
        self.job_summary = None;
    }

    /// Whether any of them needs the document of the run.
    pub fn need_results(&self) -> bool {
        !self.documents.is_empty() || self.annotates || self.job_summary.is_some()
    }

    fn open_folder(&mut self, folder: &Path) -> Result<(), Error> {
        fs::create_dir_all(folder).map_err(|error| unwritable(folder, &error))?;
        for (name, format) in FOLDER {
            self.open_document(format, Some(&folder.join(name)))?;
        }
        Ok(())
    }

    fn open_document(&mut self, format: Format, file: Option<&Path>) -> Result<(), Error> {
        let output = Output::open(file)
            .map_err(|error| unwritable(file.unwrap_or(Path::new("-")), &error))?;
        self.documents.push((format, output));
        Ok(())
    }

    /// A log is written line by line, so that it can be followed.
    fn open_log(&mut self, file: Option<&Path>) -> Result<Box<dyn Sink>, Error> {
        let (name, out): (_, Box<dyn Write + Send>) = match file {
            None => ("standard output".to_owned(), Box::new(io::stdout())),
            Some(path) => {
                let file = File::create(path).map_err(|error| unwritable(path, &error))?;
                (path.display().to_string(), Box::new(file))
            }
        };
        let sink = EventsSink::new(out);
        let broken = sink.broken();
        self.logs.push(Log { name, broken });
        Ok(Box::new(sink))
    }

    /// Writes all of them. Returns a sentence for each that could not be written whole.
    pub fn write(self, results: &Results) -> Vec<String> {
        let mut lost = Vec::new();
        let mut note = |name: &str, written: io::Result<()>| {
            // The reader of our output is gone: nothing is lost.
            if let Err(error) = written.or_else(forgive_closed_pipe) {
                lost.push(format!("the report {name} was not written: {error}"));
            }
        };
        let earlier = self.earlier.as_ref();
        for (format, output) in self.documents {
            let name = output.name().to_owned();
            note(&name, output.write(&document(format, results, earlier)));
        }
        if self.annotates {
            let output = Output::open(None);
            let text = views::annotations(results);
            note("of annotations", output.and_then(|out| out.write(&text)));
        }
        if let Some(summary) = &self.job_summary {
            let added = summary.add(|room| views::markdown(results, room));
            note(&summary.name(), added);
        }
        for log in self.logs {
            if let Some(error) = log.broken.get() {
                lost.push(format!("the report {} is not whole: {error}", log.name));
            }
        }
        lost
    }
}

fn forgive_closed_pipe(error: io::Error) -> io::Result<()> {
    match error.kind() {
        io::ErrorKind::BrokenPipe => Ok(()),
        _ => Err(error),
    }
}

fn document(format: Format, results: &Results, earlier: Option<&Results>) -> String {
    match format {
        Format::Json => results.to_json(),
        Format::Junit => views::junit(results),
        Format::Html => views::page(results, earlier),
        Format::Markdown => views::markdown(results, SUMMARY_BYTES),
        Format::Github => views::annotations(results),
        Format::CodeQuality => views::code_quality(results),
        // A folder is its files, and a log was written while the run went on.
        Format::Folder | Format::Events => String::new(),
    }
}

fn read_earlier(path: &Path) -> Result<Results, Error> {
    Results::read(path).map_err(|error| {
        Error::input(
            error.to_string(),
            "name a results.json of an earlier `run --report DIR/`, or its folder",
        )
    })
}

/// Two reports in one file would be none.
fn refuse_twice(wanted: &[Report]) -> Result<(), Error> {
    for (at, report) in wanted.iter().enumerate() {
        if wanted[..at].iter().any(|other| other.file == report.file) {
            let place = match &report.file {
                Some(path) => path.display().to_string(),
                None => "standard output".to_owned(),
            };
            return Err(Error::input(
                format!("two reports would be written to {place}"),
                "give each a file of its own: `--report junit=FILE`",
            ));
        }
    }
    Ok(())
}

fn unwritable(path: &Path, error: &io::Error) -> Error {
    Error::input(
        format!("the report {} cannot be written: {error}", path.display()),
        "name a file in a directory that exists and can be written to",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_a_format_and_a_file_or_a_folder() {
        let junit: Report = "junit=out/a=b.xml".parse().unwrap();
        assert_eq!(junit.file, Some(PathBuf::from("out/a=b.xml")));
        assert_eq!("github".parse::<Report>().unwrap().file, None);
        assert_eq!("json=-".parse::<Report>().unwrap().file, None);
        assert!("xml".parse::<Report>().is_err());
        assert!("junit=".parse::<Report>().is_err());
        let folder: Report = "out/".parse().unwrap();
        assert_eq!(folder.format, Format::Folder);
        assert_eq!("/".parse::<Report>().unwrap().format, Format::Folder);
    }

    #[test]
    fn a_folder_gets_a_page_junit_and_json() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("new/reports/");
        let report: Report = inner.to_str().unwrap().parse().unwrap();
        let (reports, _) = Reports::open(&[report], None).unwrap();
        assert!(reports.need_results());
        assert_eq!(reports.write(&Results::new(1)), Vec::<String>::new());
        for (name, _) in FOLDER {
            assert!(inner.join(name).metadata().unwrap().len() > 0, "{name}");
        }
        assert_eq!(Results::read(&inner).unwrap(), Results::new(1));
    }

    #[test]
    fn what_cannot_be_written_whole_is_told() {
        if !Path::new("/dev/full").exists() {
            return;
        }
        for format in ["junit", "json", "html", "events"] {
            let report: Report = format!("{format}=/dev/full").parse().unwrap();
            let (reports, mut sinks) = Reports::open(&[report], None).unwrap();
            for sink in &mut sinks {
                sink.event(&crate::report::Event::Started {
                    cases: 1,
                    laws: 0,
                    steps: 1,
                    sources: Vec::new(),
                });
            }
            let lost = reports.write(&Results::new(1));
            assert_eq!(lost.len(), 1, "{format}");
            assert!(lost[0].contains("/dev/full"), "{lost:?}");
        }
    }

    #[test]
    fn one_file_takes_one_report() {
        let twice = ["junit=x".parse().unwrap(), "json=x".parse().unwrap()];
        assert!(Reports::open(&twice, None).is_err());
    }
}
