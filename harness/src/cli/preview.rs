//! `switchproof preview`.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::builder::FalseyValueParser;
use clap::{Args, ValueEnum};
use serde::Serialize;

use super::common::{Error, Exit, flake_and_output, print, refuse};
use super::diff::ShowArgs;
use super::form::{ComparisonForm, Printed, document};
use super::gather::{CaseSeen, gather, look_everywhere};
use super::job_summary::{SUMMARY_BYTES, add_comparisons, add_refusal};
use super::reports::Report;
use super::run::LimitArgs;
use crate::change::{Change, ShowOptions};
use crate::flake::release::Release;
use crate::flake::{self, Channels, Found};
use crate::host_context::HostContext;
use crate::judge::{complaint, known_reason};
use crate::language::{self, LoadOptions, Severity};
use crate::model::{Action, Case, Install};
use crate::preview::{Answer, Asked, Options, RealHome, Revision, Stage, YOUR_HOME, comparison};
use crate::report::views::{self, Comparison, Weight};

/// What the summary of a job calls it.
const COMMAND: &str = "switchproof preview";

/// Tell what will be different on a machine, and why, before anything is changed there
///
/// Runs today's setup and then tomorrow's in the same home, in a virtual machine, and prints what differs, what new
/// warnings there are, which options are behind it with the lines that keep their old values, and what stays behind.
/// Nothing is written. Exit status: 0 it works, 1 today's or tomorrow's switch fails.
#[derive(Args)]
pub struct PreviewArgs {
    /// The flake's folder, and the home or host in it where there are several
    #[arg(default_value = ".", value_name = "FLAKE[#OUTPUT]")]
    flake: String,
    /// Tomorrow's home.stateVersion
    #[arg(long, value_name = "VERSION")]
    state_version: Option<String>,
    /// Tomorrow's input NAME is REF: a flake reference, or a channel
    #[arg(long, num_args = 2, value_names = ["NAME", "REF"])]
    override_input: Vec<String>,
    /// Today is the flake as it was committed at this revision, tomorrow the work tree
    #[arg(long, value_name = "REVISION")]
    since: Option<String>,
    /// Go through the releases between today's stateVersion and tomorrow's, and say what each brings
    #[arg(long, requires = "state_version")]
    each: bool,
    /// Where nixpkgs and home-manager come from, today and tomorrow: `pocket`, or a release such as 26.05
    #[arg(long, value_name = "CHANNEL", env = "SWITCHPROOF_CHANNEL")]
    channel: Option<String>,
    /// A checkout of Home Manager in place of the pocket channel's [default: $SWITCHPROOF_HOME_MANAGER]
    #[arg(long, value_name = "DIR")]
    channel_from: Option<PathBuf>,
    /// The user whose home it is [default: as the flake names them]
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// How Home Manager is installed [default: by what the output is]
    #[arg(long, value_enum)]
    install: Option<InstallArg>,
    /// Find all that is in the way in a real home: names, types, modes and link targets of this one are put into the
    /// machine after today's switch, and no content; folders of browsers and keys by name alone
    #[arg(long, value_name = "DIR")]
    home: Option<PathBuf>,
    /// A folder or file of that home that is left out, relative to it
    #[arg(long, value_name = "PATH", requires = "home")]
    exclude: Vec<PathBuf>,
    /// Also write reports, as `run` does; a folder's name that ends in / for a page, JUnit and JSON
    #[arg(
        long = "report",
        value_name = "DIR/|FORMAT[=FILE]",
        env = "SWITCHPROOF_REPORT",
        value_delimiter = '\n'
    )]
    reports: Vec<Report>,
    /// Keep it as a scenario in this file below the flake's folder
    #[arg(long, value_name = "FILE", conflicts_with = "home")]
    write: Option<PathBuf>,
    /// End with status 1 also when anything changes
    #[arg(long)]
    exit_code: bool,
    /// Do not look for the options behind it
    #[arg(long)]
    no_options: bool,
    /// Run it all anew
    #[arg(long, env = "SWITCHPROOF_FRESH", value_parser = FalseyValueParser::new())]
    fresh: bool,
    #[command(flatten)]
    printed: Printed<ComparisonForm>,
    #[command(flatten)]
    show: ShowArgs,
    #[command(flatten)]
    limits: LimitArgs,
}

/// How Home Manager is installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum InstallArg {
    /// By itself
    Standalone,
    /// In a NixOS system
    NixosModule,
    /// In a nix-darwin system: built only
    DarwinModule,
}

impl From<InstallArg> for Install {
    fn from(install: InstallArg) -> Self {
        match install {
            InstallArg::Standalone => Self::Standalone,
            InstallArg::NixosModule => Self::NixosModule,
            InstallArg::DarwinModule => Self::DarwinModule,
        }
    }
}

pub fn run(args: &PreviewArgs) -> Result<Exit, Error> {
    preview(args).inspect_err(|error| add_refusal(COMMAND, &args.flake, error))
}

fn preview(args: &PreviewArgs) -> Result<Exit, Error> {
    let (folder, output) = flake_and_output(&args.flake);
    if !folder.is_dir() {
        return Err(Error::input(
            format!("there is no folder {}", folder.display()),
            "name the folder that holds the flake.nix, with #OUTPUT behind it where it has several",
        ));
    }
    if let Some(version) = &args.state_version {
        require_release(version)?;
    }
    let (asked, revision) = asked(args, folder, output)?;
    let home = args
        .home
        .as_ref()
        .map(|home| RealHome::take(home, &args.exclude))
        .transpose()
        .map_err(|error| Error::input(error.to_string(), error.hint()))?;
    let cases = cases(args, folder, &asked, home.as_ref())?;
    let session = HostContext::open(args.limits.limits())?;
    let wanted: Vec<usize> = (0..cases.len()).collect();
    let plan = session.plan(cases);
    let seen = gather(&session, &plan, &wanted, args.fresh, &args.reports)?;
    drop(revision);
    let mut notes = notes(&asked);
    notes.extend(home.map(|home| home.words()));
    let answer = answer(&asked, &plan.cases[0], seen, notes);
    let options = ShowOptions {
        brief: !args.show.options().whole,
        ..args.show.options()
    };
    let comparison = Comparison {
        title: answer.title(),
        weight: match answer.works {
            false => Weight::Broken,
            true if answer.is_equal() => Weight::Equal,
            true => Weight::Differs,
        },
        line: answer.line(),
        text: answer.show(options),
    };
    let comparisons = [comparison];
    print(&match args.printed.form() {
        ComparisonForm::Text => comparisons[0].text.clone(),
        ComparisonForm::Json => json(&answer)?,
        ComparisonForm::Markdown => views::comparisons(COMMAND, &comparisons, SUMMARY_BYTES),
    })?;
    add_comparisons(COMMAND, &comparisons);
    if let Some(file) = &args.write {
        write(folder, file, &asked)?;
    }
    Ok(
        match answer.works && (answer.is_equal() || !args.exit_code) {
            true => Exit::Passed,
            false => Exit::Failed,
        },
    )
}

/// Refuses what no Home Manager knows.
fn require_release(version: &str) -> Result<(), Error> {
    let hint = match Release::parse(version) {
        Some(release) if release.is_known() => return Ok(()),
        Some(_) => Release::hint(),
        None => format!(
            "a state version is a release, such as {}",
            Release::newest()
        ),
    };
    Err(Error::input(format!("{version} is no state version"), hint))
}

/// What is asked, and the flake as it was, which must be kept until it is copied.
fn asked(
    args: &PreviewArgs,
    folder: &Path,
    output: Option<&str>,
) -> Result<(Asked, Option<Revision>), Error> {
    let found =
        flake::outputs(folder).map_err(|error| Error::input(error.to_string(), error.hint()))?;
    let (kind, output) = output.map_or((None, None), |output| {
        let (kind, name) = Install::of_output(output);
        (kind, Some(name))
    });
    let install = kind.or(args.install.map(Install::from));
    let output = choose(&found.outputs, &found.notes, output, install)?;
    let revision = args
        .since
        .as_ref()
        .map(|revision| Revision::take(folder, revision))
        .transpose()
        .map_err(|error| Error::input(error.message, error.hint))?;
    let inputs: BTreeMap<String, String> = args
        .override_input
        .chunks_exact(2)
        .map(|pair| (pair[0].clone(), pair[1].clone()))
        .collect();
    let mut asked = Asked {
        user: args.user.clone().unwrap_or_else(|| output.user.clone()),
        output,
        channel: args.channel.clone(),
        since: revision.as_ref().map(|it| it.folder.display().to_string()),
        state_version: args.state_version.clone(),
        between: Vec::new(),
        inputs,
    };
    if !asked.changes_something() {
        return Err(Error::input(
            "nothing is said to be another one tomorrow",
            "add --state-version VERSION, --override-input NAME REF, or --since REVISION",
        ));
    }
    if let (true, Some(version)) = (args.each, &args.state_version) {
        let Some(today) = &asked.output.state_version else {
            return Err(Error::input(
                "today's stateVersion cannot be read from the flake's text, so that there are no releases between",
                "leave out --each, or write `home.stateVersion = \"…\";` in one place",
            ));
        };
        asked.between = releases_between(today, version);
    }
    Ok((asked, revision))
}

/// The output that is meant.
fn choose(
    found: &[Found],
    notes: &[String],
    wanted: Option<&str>,
    install: Option<Install>,
) -> Result<Found, Error> {
    let fits = |it: &&Found| install.is_none_or(|install| it.install == install);
    let candidates: Vec<&Found> = found
        .iter()
        .filter(fits)
        .filter(|it| wanted.is_none_or(|wanted| it.name == wanted))
        .collect();
    match candidates.as_slice() {
        [one] => return Ok((*one).clone()),
        [home, host, ..] if wanted.is_some() && install.is_none() => {
            return Err(Error::input(
                format!("{} is both a home and a host of the flake", home.name),
                format!("say which: #{}, or #{}", full(home), full(host)),
            ));
        }
        _ => {}
    }
    let all: Vec<String> = found
        .iter()
        .filter(fits)
        .map(|it| {
            let is_twice = found.iter().filter(|other| other.name == it.name).count() > 1;
            match is_twice {
                true => format!("#{}", full(it)),
                false => format!("#{}", it.name),
            }
        })
        .collect();
    let notes = match notes {
        [] => String::new(),
        notes => format!(" ({})", notes.join("; ")),
    };
    match wanted {
        // One whose name is computed cannot be found by reading.
        Some(name) if !notes.is_empty() => Ok(Found::unread(name, install, found.first())),
        Some(name) => Err(Error::input(
            format!("the flake has no output `{name}`"),
            format!("it has {}", all.join(", ")),
        )),
        None => Err(Error::input(
            format!("the flake has {} homes and hosts{notes}", all.len()),
            format!("name one behind the flake: {}", all.join(", ")),
        )),
    }
}

/// An output's name below its set, as Nix takes it.
fn full(output: &Found) -> String {
    format!("{}.{}", output.install.set_name(), output.name)
}

/// The case of today and tomorrow, and the one that compares their options.
fn cases(
    args: &PreviewArgs,
    folder: &Path,
    asked: &Asked,
    home: Option<&RealHome>,
) -> Result<Vec<Case>, Error> {
    let text = asked.scenario(&name_of(&asked.output.name), Path::new("."));
    let options = LoadOptions {
        allow_outside: true,
        channels: Channels::from_environment(args.channel_from.clone()),
        ..LoadOptions::default()
    };
    let file = folder.join("preview.yaml");
    let (mut cases, found) = language::load_text(file, &text, &options);
    if cases.is_empty() || found.iter().any(|it| it.severity == Severity::Error) {
        return Err(refuse(&found));
    }
    for step in cases.iter_mut().flat_map(|case| &mut case.steps) {
        step.snapshot = false;
    }
    cases.iter_mut().for_each(look_everywhere);
    if let Some(home) = home {
        cases[0].steps.insert(1, home.step(&asked.user));
    }
    // Nobody can run or look into a case that stands in no file.
    cases.iter_mut().for_each(|case| case.file = PathBuf::new());
    let last = cases[0].steps.len() - 1;
    let can_compare = !args.no_options && !cases[0].is_only_built();
    let comparison = can_compare.then(|| comparison(&cases[0], &asked.user, 0, last));
    cases.extend(comparison.flatten());
    Ok(cases)
}

fn answer(asked: &Asked, case: &Case, mut seen: Vec<CaseSeen>, notes: Vec<String>) -> Answer {
    let compared = (seen.len() > 1).then(|| seen.remove(1));
    let options = compared.map(|steps| match steps.into_iter().next_back().flatten() {
        Some(step) => Options::read(&step.observation),
        None => Err("today's home was not made".to_owned()),
    });
    let mut steps: Vec<Stage> = Vec::new();
    let count = case.steps.len();
    for (step, seen) in case.steps.iter().zip(seen.remove(0)) {
        let Some(seen) = seen else { break };
        let change = match (steps.as_slice(), &step.action) {
            // What is put there is the user's own.
            ([], _) | (_, Action::Seed { .. }) => None,
            ([.., today, home], _) if home.name == YOUR_HOME => {
                let before = home.observation.clone().said(&today.observation);
                Some(Change::between(&before, &seen.observation, true))
            }
            ([.., before], _) => Some(Change::between(
                &before.observation,
                &seen.observation,
                true,
            )),
        };
        steps.push(Stage {
            name: step.name.clone(),
            observation: seen.observation,
            took: seen.took,
            change,
        });
    }
    let is_good = |step: &Stage| step.observation.output.status == 0;
    let failed = steps
        .iter()
        .zip(&case.steps)
        .find(|(stage, _)| !is_good(stage));
    let reason = failed.map(|(stage, step)| known_reason(case, step, &stage.observation));
    Answer {
        way_out: reason
            .unwrap_or_default()
            .trim_start_matches("; ")
            .to_owned(),
        output: asked.output.name.clone(),
        asked: asked.words(),
        works: steps.len() == count && steps.iter().all(is_good),
        // Options of a home that cannot be made explain nothing.
        options: options.filter(|_| steps.len() == count && steps.iter().all(is_good)),
        steps,
        notes,
    }
}

/// The document that `--format json` prints.
#[derive(Serialize)]
struct Document<'a> {
    /// Counted up when a reader would have to change.
    format: u32,
    output: &'a str,
    asked: &'a str,
    works: bool,
    equal: bool,
    steps: Vec<StepOf<'a>>,
    /// What the options say, where they were compared.
    options: Option<&'a Options>,
    /// Why they could not be.
    options_reason: Option<&'a str>,
    way_out: &'a str,
    notes: &'a [String],
}

#[derive(Serialize)]
struct StepOf<'a> {
    name: &'a str,
    status: i32,
    took_s: f64,
    /// What differs from the step before; absent of the first one.
    change: Option<&'a Change>,
    /// What it said, where it failed.
    failure: Option<String>,
}

fn json(answer: &Answer) -> Result<String, Error> {
    let steps = answer.steps.iter().map(|step| {
        let status = step.observation.output.status;
        StepOf {
            name: &step.name,
            status,
            took_s: step.took.as_secs_f64(),
            change: step.change.as_ref(),
            failure: (status != 0).then(|| complaint(&step.observation)),
        }
    });
    let options = answer.options.as_ref();
    document(&Document {
        format: 1,
        output: &answer.output,
        asked: &answer.asked,
        works: answer.works,
        equal: answer.is_equal(),
        steps: steps.collect(),
        options: options.and_then(|it| it.as_ref().ok()),
        options_reason: options.and_then(|it| it.as_ref().err()).map(String::as_str),
        way_out: &answer.way_out,
        notes: &answer.notes,
    })
}

fn notes(asked: &Asked) -> Vec<String> {
    let mut notes = Vec::new();
    if let (Some(today), Some(tomorrow)) = (&asked.output.state_version, &asked.state_version) {
        match release(today).cmp(&release(tomorrow)) {
            std::cmp::Ordering::Greater => notes.push(format!(
                "{tomorrow} is older than today's {today}: programs keep what they made for the newer one"
            )),
            std::cmp::Ordering::Equal if release(today).is_some() => {
                notes.push(format!("today's stateVersion is {today} already"));
            }
            _ => {}
        }
    }
    notes
}

/// A release as numbers that can be compared.
fn release(text: &str) -> Option<(u32, u32)> {
    let (year, month) = text.split_once('.')?;
    Some((year.parse().ok()?, month.parse().ok()?))
}

/// The releases between two, which come in May and in November.
fn releases_between(from: &str, to: &str) -> Vec<String> {
    let (Some(from), Some(to)) = (release(from), release(to)) else {
        return Vec::new();
    };
    (from.0..=to.0)
        .flat_map(|year| [(year, 5), (year, 11)])
        .filter(|it| from < *it && *it < to)
        .map(|(year, month)| format!("{year}.{month:02}"))
        .collect()
}

/// A scenario's name from an output's.
fn name_of(output: &str) -> String {
    let plain = |one: char| match one.is_ascii_alphanumeric() || one == '_' {
        true => one,
        false => '-',
    };
    let name: String = output.chars().take(60).map(plain).collect();
    format!("preview-{}", name.trim_matches('-'))
}

/// Keeps the preview as a scenario.
fn write(folder: &Path, file: &Path, asked: &Asked) -> Result<(), Error> {
    if asked.since.is_some() {
        return Err(Error::input(
            "a preview with --since is not kept: its scenario would name files that Git alone has",
            "copy the flake of that time beside the scenario, and name it with `flake:` in a step",
        ));
    }
    let refused = |error: io::Error| {
        Error::input(
            format!("{} cannot be written: {error}", file.display()),
            "name a new file in the flake's folder, such as scenarios/upgrade.yaml",
        )
    };
    let parent = match file.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    fs::create_dir_all(parent).map_err(refused)?;
    let root = folder.canonicalize().map_err(refused)?;
    let place = parent.canonicalize().map_err(refused)?;
    let Ok(below) = place.strip_prefix(&root) else {
        return Err(Error::input(
            format!(
                "{} is outside of the flake's folder {}",
                file.display(),
                folder.display()
            ),
            "scenarios of a flake belong below it: scenarios/upgrade.yaml",
        ));
    };
    let up: PathBuf = match below.components().count() {
        0 => PathBuf::from("."),
        depth => std::iter::repeat_n("..", depth).collect(),
    };
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let name = name_of(&stem).trim_start_matches("preview-").to_owned();
    let mut made = fs::File::create_new(file).map_err(refused)?;
    made.write_all(asked.scenario(&name, &up).as_bytes())
        .map_err(refused)?;
    print(&format!(
        "wrote {0}; `switchproof run {0}` and `switchproof review` keep its snapshots\n",
        file.display()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &str, install: Install) -> Found {
        Found {
            install,
            name: name.into(),
            user: "alice".into(),
            others: vec!["bob".into()],
            is_remote: false,
            state_version: Some("23.11".into()),
        }
    }

    #[test]
    fn a_version_that_no_release_has_is_refused_at_once() {
        assert!(require_release("26.05").is_ok());
        for version in ["99.99", "latest", "26.5"] {
            let error = require_release(version).unwrap_err();
            assert!(error.message.contains("is no state version"), "{error}");
        }
    }

    #[test]
    fn an_answer_is_one_document_with_the_failure_and_the_way_out() {
        let mut seen = crate::change::sample::observation();
        seen.output.status = 1;
        seen.output.stderr = "error: it is\u{1b} broken\n".into();
        let answer = Answer {
            output: "alice".into(),
            asked: "home.stateVersion 26.05".into(),
            steps: vec![Stage {
                name: "today".into(),
                observation: seen,
                took: std::time::Duration::from_secs(2),
                change: None,
            }],
            works: false,
            options: None,
            way_out: "`git add home.nix`".into(),
            notes: Vec::new(),
        };
        let text = answer.show(ShowOptions::default());
        assert!(text.contains("today failed with status 1"), "{text}");
        assert!(text.ends_with("way out: `git add home.nix`\n"), "{text}");
        let read: serde_json::Value = serde_json::from_str(&json(&answer).unwrap()).unwrap();
        assert_eq!(read["works"], false);
        assert_eq!(read["steps"][0]["status"], 1);
        let failure = read["steps"][0]["failure"].as_str().unwrap();
        assert!(
            failure.contains("broken") && !failure.contains('\u{1b}'),
            "{failure}"
        );
    }

    #[test]
    fn an_output_is_found_or_asked_for_with_the_candidates() {
        let all = [
            found("alice", Install::Standalone),
            found("laptop", Install::NixosModule),
        ];
        let of =
            |wanted, install| choose(&all, &[], wanted, install).map_err(|error| error.to_string());
        assert_eq!(
            of(Some("laptop"), None).unwrap().install,
            Install::NixosModule
        );
        assert_eq!(of(None, Some(Install::Standalone)).unwrap().name, "alice");
        assert!(of(None, None).unwrap_err().contains("#alice, #laptop"));
        assert!(
            of(Some("bob"), None)
                .unwrap_err()
                .contains("no output `bob`")
        );
        let notes = ["some names are computed".to_owned()];
        assert_eq!(choose(&all, &notes, Some("bob"), None).unwrap().name, "bob");
        let twice = [
            found("a", Install::Standalone),
            found("a", Install::NixosModule),
        ];
        let error = choose(&twice, &[], Some("a"), None).unwrap_err();
        let told = "say which: #homeConfigurations.a, or #nixosConfigurations.a";
        assert_eq!(error.hint.as_deref(), Some(told));
        let (kind, name) = Install::of_output("nixosConfigurations.\"a\"");
        assert_eq!(
            choose(&twice, &[], Some(name), kind).unwrap().install,
            Install::NixosModule
        );
    }

    #[test]
    fn releases_come_twice_a_year() {
        assert_eq!(releases_between("23.11", "25.05"), ["24.05", "24.11"]);
        assert_eq!(releases_between("25.11", "24.05"), [""; 0]);
    }

    fn asked(install: Install) -> Asked {
        Asked {
            output: found("alice@\"x\"", install),
            user: "alice".into(),
            channel: Some("pocket".into()),
            since: None,
            state_version: Some("26.05".into()),
            between: vec!["25.05".into()],
            inputs: [("nixpkgs".to_owned(), "pocket-24.05".to_owned())].into(),
        }
    }

    #[test]
    fn the_scenario_of_a_preview_is_one_that_loads() {
        let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/flakes/own");
        for install in [
            Install::Standalone,
            Install::NixosModule,
            Install::DarwinModule,
        ] {
            let text = asked(install).scenario("x", Path::new("."));
            let (cases, found) =
                language::load_text(own.join("x.yaml"), &text, &LoadOptions::default());
            assert!(found.is_empty(), "{found:?}\n{text}");
            let names: Vec<_> = cases[0]
                .steps
                .iter()
                .map(|step| step.name.as_str())
                .collect();
            assert_eq!(names, ["today", "25-05", "tomorrow"]);
        }
    }

    #[test]
    fn a_downgrade_is_told() {
        let mut asked = asked(Install::Standalone);
        asked.state_version = Some("22.05".into());
        assert!(notes(&asked)[0].contains("older than today's 23.11"));
    }

    #[test]
    fn a_preview_is_kept_below_the_flake_and_nothing_is_overwritten() {
        let flake = tempfile::tempdir().unwrap();
        let asked = asked(Install::Standalone);
        let file = flake.path().join("scenarios/deep/upgrade.yaml");
        write(flake.path(), &file, &asked).unwrap();
        let text = fs::read_to_string(&file).unwrap();
        assert!(
            text.starts_with("name: upgrade\n") && text.contains("path: \"../..\""),
            "{text}"
        );
        assert!(write(flake.path(), &file, &asked).is_err());
        let outside = tempfile::tempdir().unwrap();
        let error = write(flake.path(), &outside.path().join("x.yaml"), &asked).unwrap_err();
        assert!(
            error.message.contains("outside of the flake's folder"),
            "{error}"
        );
    }
}
