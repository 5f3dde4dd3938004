//! The answer, on a screen.

use std::time::Duration;

use super::options::{OptionChange, Options};
use crate::change::{Change, ShowOptions};
use crate::judge::complaint;
use crate::observe::Observation;
use crate::text::{count, printable_line};

/// Most lines of a failure that are told.
const FAILURE_LINES: usize = 30;
/// Most names in a list of what is folded.
const NAMES: usize = 12;

/// All that is known, to be told.
#[derive(Debug)]
pub struct Answer {
    /// The output.
    pub output: String,
    /// What changes, in words.
    pub asked: String,
    /// The steps, as far as they were reached.
    pub steps: Vec<Stage>,
    /// Whether all steps were reached and did what they must.
    pub works: bool,
    /// What the options say; `None` where they were not compared.
    pub options: Option<Result<Options, String>>,
    /// What is known of why the last step failed, and what to do; empty where nothing is.
    pub way_out: String,
    /// Remarks beside the point.
    pub notes: Vec<String>,
}

/// A step, and what changed since the one before.
#[derive(Debug)]
pub struct Stage {
    /// The step's name.
    pub name: String,
    /// What was seen.
    pub observation: Observation,
    /// How long it took.
    pub took: Duration,
    /// What differs from the step before; `None` of the first one.
    pub change: Option<Change>,
}

impl Answer {
    /// Whether tomorrow is as today.
    #[must_use]
    pub fn is_equal(&self) -> bool {
        let changes = || self.steps.iter().filter_map(|step| step.change.as_ref());
        self.works && changes().all(Change::is_equal)
    }

    /// The answer as text. Nothing in it steers a terminal.
    #[must_use]
    pub fn show(&self, options: ShowOptions) -> String {
        let stages: Vec<String> = self.steps.iter().map(stage).collect();
        let mut text = format!("{}\n{}\n", self.title(), stages.join("   "));
        for note in &self.notes {
            text += &format!("note: {note}\n");
        }
        if let Some(last) = self.steps.last().filter(|_| !self.works) {
            failure(&mut text, last);
            if !self.way_out.is_empty() {
                text += &format!("way out: {}\n", printable_line(&self.way_out));
            }
            return text;
        }
        let several = self.steps.iter().filter(|it| it.change.is_some()).count() > 1;
        for step in &self.steps {
            let Some(change) = &step.change else { continue };
            text.push('\n');
            if several {
                text += &format!("{} brings\n", printable_line(&step.name));
            }
            text.push_str(&change.show(options));
        }
        self.explain(&mut text);
        if let Some(last) = self.steps.last() {
            text += &unchanged(last);
        }
        text
    }

    /// What is asked, in a line.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{}: {}", printable_line(&self.output), self.subject())
    }

    /// What comes of it, in a line.
    #[must_use]
    pub fn line(&self) -> String {
        if let Some(last) = self.steps.last().filter(|_| !self.works) {
            return format!("{} fails", printable_line(&last.name));
        }
        let changes = self.steps.iter().filter_map(|step| step.change.as_ref());
        let lines: Vec<String> = changes.map(|change| change.counts().line()).collect();
        format!("it works; {}", lines.join(", then "))
    }

    fn subject(&self) -> String {
        let versions = self.options.as_ref().and_then(|it| it.as_ref().ok());
        let turn = versions.map(|it| &it.state_version);
        match turn.map(|turn| (turn.before.as_deref(), turn.after.as_deref())) {
            Some((Some(before), Some(after))) if before != after => {
                let rest = self
                    .asked
                    .strip_prefix(&format!("home.stateVersion {after}"));
                let rest = rest.unwrap_or(&self.asked);
                let rest = match rest.trim_start_matches(", ") {
                    "" => "inputs unchanged",
                    rest => rest,
                };
                printable_line(&format!("home.stateVersion {before} -> {after}   ({rest})"))
            }
            _ => printable_line(&self.asked),
        }
    }

    /// Whether a warning that came or went names an option.
    fn is_warned_of(&self, option: &str) -> bool {
        let changes = self.steps.iter().filter_map(|step| step.change.as_ref());
        let mut warnings = changes.flat_map(|it| it.warnings.new.iter().chain(&it.warnings.gone));
        warnings.any(|it| it.contains(&format!("`{option}`")))
    }

    fn explain(&self, text: &mut String) {
        let options = match &self.options {
            None => return,
            Some(Err(reason)) => {
                *text += "\nthe options behind it could not be compared:\n";
                for line in reason.lines().take(FAILURE_LINES) {
                    *text += &format!("  {}\n", printable_line(line));
                }
                return;
            }
            Some(Ok(options)) => options,
        };
        let (causes, follow) = options.causes();
        let is_idle = |it: &&OptionChange| it.is_idle() && !self.is_warned_of(&it.option);
        let (idle, behind): (Vec<_>, Vec<_>) = causes.into_iter().partition(is_idle);
        text.push('\n');
        if !behind.is_empty() {
            *text += "options behind it\n";
            for it in behind {
                option(text, it);
            }
        }
        let mut list = |what: &str, all: &[&str]| {
            if !all.is_empty() {
                *text += &format!("{what}  {}\n", names(all));
            }
        };
        list(
            "options whose values follow from these",
            &option_names(&follow),
        );
        let what = "options with another default that decide nothing here";
        list(what, &option_names(&idle));
        let changes = self.steps.iter().filter_map(|step| step.change.as_ref());
        let unexplained: Vec<_> = changes.map(|change| options.unexplained(change)).collect();
        let all: Vec<&str> = unexplained.iter().flat_map(|it| it.names()).collect();
        list("no option's default explains", &all);
        if options.skipped > 0 {
            let (skipped, all) = (options.skipped, options.looked);
            *text +=
                &format!("{skipped} of {all} options could not be evaluated and were skipped\n");
        }
    }
}

fn option_names<'a>(all: &[&'a OptionChange]) -> Vec<&'a str> {
    all.iter().map(|it| it.option.as_str()).collect()
}

fn stage(step: &Stage) -> String {
    let word = match step.observation.output.status {
        0 => "ok",
        _ => "FAILED",
    };
    format!(
        "{} {word} ({} s)",
        printable_line(&step.name),
        step.took.as_secs()
    )
}

fn failure(text: &mut String, step: &Stage) {
    let (name, status) = (printable_line(&step.name), step.observation.output.status);
    *text += &format!("\n{name} failed with status {status}:\n");
    let complaint = complaint(&step.observation);
    // Each file that is in the way is told, so that all are moved at once.
    let (in_the_way, lines): (Vec<&str>, Vec<&str>) = complaint
        .lines()
        .partition(|line| line.starts_with("Existing file '"));
    for line in lines.iter().take(FAILURE_LINES).chain(&in_the_way) {
        *text += &format!("  {}\n", printable_line(line));
    }
    if lines.len() > FAILURE_LINES {
        *text += &format!("  … {} more lines\n", lines.len() - FAILURE_LINES);
    }
    if in_the_way.len() > 1 {
        *text += &format!("{} files are in the way\n", in_the_way.len());
    }
}

fn option(text: &mut String, it: &OptionChange) {
    let (before, after) = (short(&it.before), short(&it.after));
    *text += &format!("  {}  {before} -> {after}\n", printable_line(&it.option));
    if let Some(decides) = &it.decides {
        let all = match decides.names().as_slice() {
            [] => "nothing that was seen; a warning names it".to_owned(),
            all => names(all),
        };
        *text += &format!("      decides {all}\n");
    }
    if let Some(keep) = it.keep() {
        *text += &format!("      keep: {}\n", printable_line(&keep));
    }
}

fn short(value: &str) -> String {
    const CHARS: usize = 80;
    let value = printable_line(value);
    match value.char_indices().nth(CHARS) {
        Some((at, _)) => format!("{}… ({} characters)", &value[..at], value.chars().count()),
        None => value,
    }
}

fn names(all: &[&str]) -> String {
    let mut shown: Vec<String> = all
        .iter()
        .take(NAMES)
        .map(|it| printable_line(it))
        .collect();
    if all.len() > NAMES {
        shown.push(format!("and {} more", all.len() - NAMES));
    }
    shown.join(", ")
}

/// What is as it was, counted.
fn unchanged(last: &Stage) -> String {
    let change = last.change.clone().unwrap_or_default();
    let (mut programs, mut units) = (0, 0);
    for (name, user) in &last.observation.users {
        let changed = change.users.get(name);
        let mut packages: Vec<&str> = user.programs.iter().map(|it| it.package.as_str()).collect();
        packages.sort_unstable();
        packages.dedup();
        let is_changed = |package: &&&str| {
            changed.is_some_and(|it| it.packages.iter().any(|one| one.package == ***package))
        };
        programs += packages.iter().filter(|it| !is_changed(it)).count();
        let seen = user.units.as_ref().map_or(0, |units| units.len());
        units += seen.saturating_sub(changed.map_or(0, |it| it.units.len()));
    }
    let (programs, units) = (count(programs, "package"), count(units, "unit"));
    format!("unchanged  {programs}, {units}\n")
}
