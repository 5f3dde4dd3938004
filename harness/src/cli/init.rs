//! `switchproof init`: a first scenario for each host and home of a flake.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use clap::Args;

use super::ci::CiSystem;
use super::common::{Error, Exit, flake_and_output, print};
use super::gather::{cases_of_text, gather};
use super::run::LimitArgs;
use crate::flake::channel::is_channel;
use crate::flake::channels::is_folder;
use crate::flake::setup::DEFAULT_USER;
use crate::flake::{Channels, Draft, Evaluated, Wanted};
use crate::host_context::HostContext;
use crate::model::Install;
use crate::preview::{question_of_outputs, read_outputs};
use crate::text::printable_line;
use crate::{flake, language};

/// Which flake to draft scenarios for.
#[derive(Args)]
pub struct InitArgs {
    /// The flake's folder, and the one home or host in it that is meant; `.?dir=nix` as Nix takes it
    #[arg(default_value = ".", value_name = "FLAKE[#OUTPUT]")]
    flake: String,
    /// The channel that takes the place of the flake's nixpkgs and Home Manager, such as `pocket`, which needs no network
    /// [default: `pocket` where switchproof.yaml has a `home-manager`, else the flake's own inputs]
    #[arg(long, value_name = "CHANNEL")]
    channel: Option<String>,
    /// Also write a pipeline that runs the scenarios on every change and every night, and tells of a pull request what it
    /// changes
    #[arg(long, value_enum, value_name = "SYSTEM")]
    ci: Option<CiSystem>,
    /// Ask Nix, in a machine, for what the flake's text does not tell: names that are computed, users, releases, platforms
    #[arg(long)]
    evaluate: bool,
    /// The flake's input NAME is REF: a folder of this computer, a channel, or a flake reference
    #[arg(long, num_args = 2, value_names = ["NAME", "REF"])]
    override_input: Vec<String>,
    #[command(flatten)]
    limits: LimitArgs,
}

/// Writes a first scenario for each host and home; a file that is there already stays as it is.
pub fn init(args: &InitArgs) -> Result<Exit, Error> {
    let (folder, query, output) = flake_and_output(&args.flake);
    let mut wanted = wanted(folder, args.channel.as_deref(), output)?;
    wanted.query = query.to_owned();
    wanted.inputs = replaced(&args.override_input)?;
    if args.evaluate {
        wanted.evaluated = Some(evaluate(args, folder, &wanted)?);
    }
    let mut found = flake::init(folder, &wanted)
        .map_err(|error| Error::input(error.to_string(), error.hint()))?;
    if let Some(output) = output {
        let names: Vec<String> = outputs(&found.drafts)
            .iter()
            .map(|name| format!("#{name}"))
            .collect();
        let (install, name) = Install::of_output(output);
        found.drafts.retain(|draft| {
            draft.output == name && install.is_none_or(|install| draft.install == install)
        });
        if found.drafts.is_empty() {
            return Err(Error::input(
                format!("the flake has no output `{output}`"),
                format!("it has {}", names.join(", ")),
            ));
        }
    }
    for draft in &found.drafts {
        let what = format!("for {}", draft.subject);
        write_new(&folder.join(&draft.path), &draft.text, &what)?;
    }
    // The drafts name it in their first line.
    write_new(
        &folder.join("scenarios/schema.json"),
        &language::schema(),
        "for editors",
    )?;
    // A snapshot that waits for a review is nobody else's business.
    write_new(
        &folder.join("snapshots/.gitignore"),
        "*.snap.new\n",
        "so that what waits for a review stays out of Git",
    )?;
    if let Some(system) = args.ci {
        let (built, switched): (Vec<_>, Vec<_>) =
            found.drafts.iter().cloned().partition(|it| it.is_built);
        let text = system.text(&outputs(&switched));
        write_new(&folder.join(system.path()), &text, "for CI")?;
        for draft in built {
            found.notes.push(format!(
                "{} has no preview in the pipeline: no machine here can be switched to it",
                draft.subject
            ));
        }
        print(&format!("note: {}\n", system.to_do()))?;
    }
    for note in &found.notes {
        print(&format!("note: {}\n", printable_line(note)))?;
    }
    Ok(Exit::Passed)
}

/// What takes the place of inputs, folders by their whole paths.
fn replaced(given: &[String]) -> Result<BTreeMap<String, String>, Error> {
    let word = |pair: &[String]| {
        let (name, word) = (pair[0].clone(), &pair[1]);
        if !is_folder(word) {
            return Ok((name, word.clone()));
        }
        let real = Path::new(word).canonicalize().map_err(|error| {
            Error::input(
                format!("{word} cannot be read: {error}"),
                "name a folder that is there",
            )
        })?;
        Ok((name, real.display().to_string()))
    };
    given.chunks_exact(2).map(word).collect()
}

/// What the scenarios are to be like; the project's own channels stand beside the usual ones.
fn wanted(folder: &Path, channel: Option<&str>, output: Option<&str>) -> Result<Wanted, Error> {
    let channels = language::channels_of(&folder.join("scenarios/new.yaml"))
        .map_err(|wrong| Error::input(wrong, "mend switchproof.yaml"))?;
    let usual = channels.pocket.is_some().then_some("pocket");
    let channel = channel.or(usual).map(str::to_owned);
    if let Some(channel) = &channel
        && !is_channel(&channels, channel)
    {
        return Err(Error::input(
            format!("there is no channel `{channel}`"),
            "use `pocket`, a release such as 26.05, or one of switchproof.yaml",
        ));
    }
    let is_offline = |channel: &String| channel.starts_with("pocket") || channels.has(channel);
    Ok(Wanted {
        is_remote: channel.as_ref().is_some_and(|channel| !is_offline(channel)),
        channel,
        output: output.map(str::to_owned),
        ..Wanted::default()
    })
}

/// Asks Nix for the homes and hosts of the flake.
fn evaluate(args: &InitArgs, folder: &Path, wanted: &Wanted) -> Result<Vec<Evaluated>, Error> {
    let text = flake::scenario_to_ask(folder, wanted)
        .map_err(|error| Error::input(error.to_string(), error.hint()))?;
    let file = flake::flake_folder(folder).join("init.yaml");
    let cases = cases_of_text(file, &text, Channels::default().with_kept())?;
    let failed = |words: String| {
        Error::input(
            format!("the flake cannot be evaluated: {words}"),
            "mend it, or leave --evaluate out: what its text says is read then",
        )
    };
    let unasked = || failed("it was not asked".to_owned());
    let case = question_of_outputs(&cases[0], DEFAULT_USER).ok_or_else(unasked)?;
    let host = HostContext::open(args.limits.limits())?;
    let plan = host.plan(vec![case]);
    let mut seen = gather(&host, &plan, &[0], false, &[])?;
    let answer = seen.remove(0).pop().flatten().ok_or_else(unasked)?;
    read_outputs(&answer.observation).map_err(failed)
}

/// The homes and hosts by names that each stand for one of them.
fn outputs(drafts: &[Draft]) -> Vec<String> {
    let name = |draft: &Draft| {
        let same = drafts.iter().filter(|other| other.output == draft.output);
        match same.count() {
            1 => draft.output.clone(),
            _ => format!("{}.{}", draft.install.set_name(), draft.output),
        }
    };
    let mut names: Vec<String> = drafts.iter().map(name).collect();
    names.sort_unstable();
    names
}

/// Writes a file that is not there yet, and says so.
fn write_new(path: &Path, text: &str, what: &str) -> Result<(), Error> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    match fs::File::create_new(path) {
        Ok(mut file) => {
            io::Write::write_all(&mut file, text.as_bytes())?;
            print(&format!("wrote {} {what}\n", path.display()))
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            print(&format!("kept {}: it is there already\n", path.display()))
        }
        Err(error) => Err(error.into()),
    }
}
