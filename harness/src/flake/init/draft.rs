//! The text of a first scenario.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::about::{Seen, in_quotes, subject};
use super::evaluated::Evaluated;
use super::outputs::Output;
use crate::flake::FlakeInputs;
use crate::flake::channel::is_local;
use crate::flake::names::{bad_home_directory, is_made_of, is_user_name};
use crate::flake::nix::is_plain_name;
use crate::flake::release::{self, Release};
use crate::flake::setup::{DEFAULT_USER, POCKET};
use crate::model::{Install, usual_home};
use crate::text::word;

/// What first scenarios are asked for.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// The channel that takes the place of the inputs that it has; the flake's own inputs when `None`.
    pub channel: Option<String>,
    /// Whether that channel needs a network.
    pub is_remote: bool,
    /// Inputs that others take the place of: an address, a channel, or a folder by its whole path.
    pub inputs: BTreeMap<String, String>,
    /// What of the folder is the flake, as Nix takes it: `?dir=nix`.
    pub query: String,
    /// A home or host whose name need not be found in the text, where some are computed.
    pub output: Option<String>,
    /// Its homes and hosts, where they were evaluated; else its text is read.
    pub evaluated: Option<Vec<Evaluated>>,
}

/// A first scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Where it belongs, relative to the flake's folder.
    pub path: PathBuf,
    /// The file's text; it passes `check` when it is put there.
    pub text: String,
    /// What it is for: `homeConfigurations."alice"`.
    pub subject: String,
    /// The name of the home or host: `alice`.
    pub output: String,
    /// Which of both it is.
    pub install: Install,
    /// Whether a machine here can only build it.
    pub is_built: bool,
}

/// What is known of a flake as a whole.
pub(super) struct About {
    /// Its inputs.
    pub(super) inputs: FlakeInputs,
    /// What all of its files say.
    pub(super) everything: Seen,
    /// The packages that they name and the pocket channel lacks.
    pub(super) lacking: BTreeSet<String>,
    /// Whether it is evaluated with `--impure` alone.
    pub(super) is_impure: bool,
    /// Its folder, every link followed.
    pub(super) folder: PathBuf,
}

/// The scenario for one output, and what is left to be checked in it. `seen` is what is said of this output, `platform` the
/// one that it is for where that is not this computer's.
pub(super) fn draft(
    output: &Output,
    name: String,
    seen: &Seen,
    platform: Option<&str>,
    about: &About,
    wanted: &Wanted,
) -> (Draft, Option<String>) {
    let subject = subject(output.install, &output.name);
    let users = users_of(output, seen, &about.everything);
    let other_platform = platform.filter(|_| output.install != Install::DarwinModule);
    let replaced = replaced(&about.inputs, wanted);
    let is_real_nixos = output.install == Install::NixosModule && about.inputs.are_real(&replaced);
    let is_built =
        output.install == Install::DarwinModule || other_platform.is_some() || is_real_nixos;
    let (what, description) = if is_built {
        (
            "evaluated and built, for no machine here can be switched to it",
            "The evaluation and the build of",
        )
    } else {
        (
            "the first switch, in a home that holds nothing",
            "The first switch to",
        )
    };
    let mut text = format!(
        "# yaml-language-server: $schema=./schema.json\n\
         # {subject} of this flake: {what}.\n\
         # `switchproof run scenarios/{name}.yaml` runs it; the reference explains every key.\n\
         name: {name}\n\
         description: {}\n\n\
         flake:\n  path: {}\n  output: {}\n",
        description_of(&format!("{description} {subject}.")),
        match wanted.query.as_str() {
            "" => "..".to_owned(),
            query => quoted(&format!("..{query}")),
        },
        quoted(&output.name)
    );
    if output.install != Install::Standalone {
        text += &format!("  install: {}\n", word(&output.install));
    }
    if users.is_guess {
        text.push_str(
            "  # A guess: whose home it is cannot be read without evaluating the flake.\n",
        );
    }
    text.push_str(&format!("  user: {}\n", quoted(&users.first)));
    let own = wanted.inputs.iter().map(|(name, word)| {
        let word = from_folder(&about.folder.join("scenarios"), word);
        (name.clone(), quoted(&word))
    });
    let all: BTreeMap<String, String> = replaced.clone().into_iter().chain(own).collect();
    let given: Vec<String> = all
        .iter()
        .map(|(name, word)| format!("{}: {word}", key(name)))
        .collect();
    if !given.is_empty() {
        text.push_str(&format!("  inputs: {{ {} }}\n", given.join(", ")));
    }
    if output.install == Install::NixosModule {
        text.push_str(&other_users(&users.others));
    }
    let is_home = output.install == Install::Standalone;
    if let Some(home) = home_elsewhere(seen, &users.first).filter(|_| is_home) {
        text += &format!(
            "\nusers:\n  {}: {{ homeDirectory: {} }}\n",
            quoted(&users.first),
            quoted(&home)
        );
    }
    text += &match (
        wanted.is_remote,
        about.inputs.may_be_remote(&wanted.inputs) && replaced.is_empty(),
    ) {
        (true, _) => "\nnetwork: true\n".to_owned(),
        (false, true) => on_network(&about.inputs, &about.lacking),
        (false, false) => without_network(about, wanted),
    };
    let have = seen.state_version.or(about.everything.state_version);
    let steps = match (is_built, other_platform) {
        (true, Some(system)) => format!(
            "\nsteps:\n  # It is for {system}: this computer builds of it what it can, and stops at the first thing that only {system} builds.\n  - build:\n    fails: {system}\n"
        ),
        (true, None) if is_real_nixos => REAL_NIXOS_STEPS.to_owned(),
        (true, None) => DARWIN_STEPS.to_owned(),
        (false, _) => SWITCH_STEPS.to_owned() + &newer(have, &about.inputs),
    };
    text += &match about.is_impure {
        true => impure(&steps),
        false => steps,
    };
    let path = PathBuf::from("scenarios").join(format!("{name}.yaml"));
    let ask = match wanted.evaluated {
        None => ", or let `switchproof init --evaluate` ask Nix in a machine",
        Some(_) => "",
    };
    let note = users.is_guess.then(|| {
        format!(
            "the user of {subject} was not read: check `user: {}` in {}{ask}",
            users.first,
            path.display()
        )
    });
    let draft = Draft {
        path,
        text,
        subject,
        output: output.name.clone(),
        install: output.install,
        is_built,
    };
    (draft, note)
}

/// The word for an input as a scenario in `folder` has it, where it is the whole path of another folder.
fn from_folder(folder: &Path, word: &str) -> String {
    if !word.starts_with('/') {
        return word.to_owned();
    }
    let (from, to) = (folder.components(), Path::new(word).components());
    let common = from
        .clone()
        .zip(to.clone())
        .take_while(|(one, other)| one == other)
        .count();
    let mut path: PathBuf = from.skip(common).map(|_| "..").collect();
    path.extend(to.skip(common));
    path.display().to_string()
}

/// The home directory that an output of one home names, where that is not the usual one.
pub(super) fn home_elsewhere(seen: &Seen, user: &str) -> Option<String> {
    let home = seen.home_directories.one()?;
    let is_elsewhere = *home != usual_home(user) && bad_home_directory(home).is_none();
    is_elsewhere.then(|| home.clone())
}

/// The other users whose homes the flake's modules name: a host may manage several, and each has to be there.
fn other_users(others: &[String]) -> String {
    if others.is_empty() {
        return String::new();
    }
    let mut text = "\n# Everyone whose home the flake's modules name. Remove who is not on this host.\nusers:\n".to_owned();
    for other in others {
        text.push_str(&format!("  {}: empty\n", quoted(other)));
    }
    text
}

/// That inputs are on the network, and how to do without it.
fn on_network(inputs: &FlakeInputs, lacking: &BTreeSet<String>) -> String {
    let names = inputs.names.iter().flatten().map(String::as_str);
    let (known, others): (Vec<&str>, Vec<&str>) =
        names.partition(|name| inputs.project(name).is_some());
    let mut text = "\n# The flake's inputs are on the network.".to_owned();
    if !known.is_empty() {
        let replaced: Vec<String> = known
            .iter()
            .map(|name| format!("{}: pocket", key(name)))
            .collect();
        text += &format!(
            " To stay offline, replace them from outside (as `init --channel pocket` does):\n#   inputs: {{ {} }}   (under `flake`)\n# and remove this line.",
            replaced.join(", ")
        );
        if !lacking.is_empty() {
            text += &format!(
                "\n# The pocket channel has no programs of these; add it to have them by name:\n# {}",
                stand_ins(lacking)
            );
        }
    }
    let others: Vec<String> = others.into_iter().map(key).collect();
    if !others.is_empty() {
        text += &format!(
            "\n# Nothing stands in for {}: without a network nothing may look at {}.",
            others.join(", "),
            if others.len() == 1 { "it" } else { "them" }
        );
    }
    text + "\nnetwork: true\n"
}

/// The inputs that the wanted channel takes the place of, each with that channel.
pub(super) fn replaced(inputs: &FlakeInputs, wanted: &Wanted) -> BTreeMap<String, String> {
    let Some(channel) = &wanted.channel else {
        return BTreeMap::new();
    };
    let names = inputs.names.iter().flatten();
    let known = names.filter(|name| inputs.project(name).is_some());
    known.map(|name| (name.clone(), channel.clone())).collect()
}

/// Which inputs a case without a network cannot fetch, and which packages it has by name alone.
fn without_network(about: &About, wanted: &Wanted) -> String {
    let (inputs, lacking) = (&about.inputs, &about.lacking);
    let names = inputs.names.iter().flatten();
    let names = names.filter(|name| !wanted.inputs.contains_key(*name));
    let others = names
        .filter(|name| inputs.project(name).is_none() && !inputs.url(name).is_some_and(is_local));
    let others: Vec<String> = others.map(|name| key(name)).collect();
    let mut text = match others.first() {
        None => String::new(),
        Some(first) => format!(
            "\n# Nothing stands in for {}: without a network nothing may look at {}.\n# A folder of this computer can, under \
             `inputs`: {first}: ../vendor/{first}\n",
            others.join(", "),
            if others.len() == 1 { "it" } else { "them" }
        ),
    };
    if !lacking.is_empty() {
        text += &format!(
            "\n# The pocket channel has no programs of these; it has them by name, so that the rest can be tried.\n{}\n",
            stand_ins(lacking)
        );
    }
    text
}

/// The key that has packages in the pocket channel by name alone.
fn stand_ins(packages: &BTreeSet<String>) -> String {
    let names: Vec<&str> = packages.iter().map(String::as_str).collect();
    format!("standIns: [{}]", names.join(", "))
}

/// A name as a key of YAML, on its line also in a comment.
fn key(name: &str) -> String {
    if is_plain_name(name) {
        name.to_owned()
    } else {
        in_quotes(name)
    }
}

const DARWIN_STEPS: &str = "
steps:
  # Linux evaluates and builds a nix-darwin system; it cannot switch to it.
  - switch:
    expect:
      warnings: []
";

const REAL_NIXOS_STEPS: &str = "
steps:
  # The machine is Debian: it builds a NixOS of nixpkgs itself, and cannot be switched to it. On the pocket channel (see
  # above) write `- switch` here.
  - build:
    expect:
      warnings: []
";

const SWITCH_STEPS: &str = "
steps:
  - switch:
    expect:
      # The evaluation warns of nothing. What else must be true? For example:
      #   packages: [git]
      #   files: { .bashrc: { leadsTo: generation } }
      #   environment: { EDITOR: vim }
      warnings: []

  # Once more: nothing may be in the way of what is already there.
  - switch
";

/// The same steps for a flake that asks for what Nix tells with `--impure` alone.
fn impure(steps: &str) -> String {
    let lines = steps.lines().map(|line| {
        let bare = line.trim_end_matches(':');
        if line == "steps:" {
            format!("{line}\n  # `builtins.currentSystem` and `builtins.getEnv` tell something with `--impure` alone.\n")
        } else if bare.ends_with("- switch") || bare.ends_with("- build") {
            format!("{bare}: {{ impure: true }}\n")
        } else if line.contains("- switch: { ") {
            format!("{}, impure: true }}\n", line.trim_end_matches(" }"))
        } else {
            format!("{line}\n")
        }
    });
    lines.collect()
}

/// The rehearsal of a newer stateVersion, where the flake's Home Manager knows a newer one than the home has.
fn newer(have: Option<Release>, inputs: &FlakeInputs) -> String {
    let named = inputs
        .home_manager()
        .and_then(|name| release_in(inputs.url(name)?));
    let newest = named.unwrap_or_else(Release::newest);
    if have.is_some_and(|have| have >= newest) {
        return String::new();
    }
    format!(
        "\n  # What if? A newer stateVersion, tried before you raise it:\n  # - switch: {{ stateVersion: \"{newest}\" }}\n"
    )
}

/// The release that an address names: a branch such as `release-26.05`, or the pocket channel's.
fn release_in(url: &str) -> Option<Release> {
    let is_sign = |one: char| matches!(one, '/' | '-' | '=' | '?' | '&');
    let named = url.split(is_sign).find_map(Release::parse);
    named.or_else(|| url.starts_with(POCKET).then_some(release::POCKET))
}

/// Whose homes an output holds.
pub(super) struct Users {
    pub(super) first: String,
    pub(super) others: Vec<String>,
    pub(super) is_guess: bool,
}

/// The users of an output: those that are said where it is made, or else those of the whole flake where that leaves no
/// choice, or else a guess.
pub(super) fn users_of(output: &Output, seen: &Seen, everything: &Seen) -> Users {
    if output.install == Install::Standalone {
        let prefix = output.name.split('@').next().unwrap_or_default();
        let of = |names: &BTreeSet<String>| match names.len() {
            1 => names.first().cloned(),
            _ => names.get(prefix).cloned(),
        };
        let read = of(&seen.usernames).or_else(|| of(&everything.usernames));
        let is_guess = read.is_none();
        let guess = || Some(prefix.to_owned()).filter(|name| is_user_name(name));
        return Users {
            first: read
                .or_else(guess)
                .unwrap_or_else(|| DEFAULT_USER.to_owned()),
            others: Vec::new(),
            is_guess,
        };
    }
    let known = [
        &seen.managed,
        &everything.managed,
        &seen.accounts,
        &everything.accounts,
    ];
    let named = known.into_iter().find(|names| !names.is_empty());
    let mut names = named.into_iter().flatten().cloned();
    Users {
        first: names.next().unwrap_or_else(|| DEFAULT_USER.to_owned()),
        others: names.collect(),
        is_guess: named.is_none(),
    }
}

/// A name for an output's scenario that none of those before has.
pub(super) fn free_name(output: &Output, before: &[Draft]) -> String {
    let name = scenario_name(output);
    let is_free = |name: &String| {
        before
            .iter()
            .all(|draft| draft.path.file_stem() != Some(name.as_ref()))
    };
    let numbered = (2..).map(|number| format!("{name}-{number}"));
    std::iter::once(name.clone())
        .chain(numbered)
        .find(is_free)
        .unwrap_or(name)
}

/// A name for the scenario and its file: what the output is called, with only what a file's name can hold.
fn scenario_name(output: &Output) -> String {
    let kind = match output.install {
        Install::Standalone => "home",
        Install::NixosModule => "nixos",
        Install::DarwinModule => "darwin",
    };
    let mut name = format!("{kind}-");
    for one in output.name.chars().take(60) {
        if one.is_ascii_alphanumeric() || matches!(one, '-' | '_') {
            name.push(one);
        } else if !name.ends_with('-') {
            name.push('-');
        }
    }
    name.trim_end_matches('-').to_owned()
}

fn quoted(text: &str) -> String {
    let is_plain = text.starts_with(|one: char| one.is_ascii_alphabetic())
        && is_made_of(text, &['-', '_', '.', '@'])
        && !matches!(text, "null" | "true" | "false");
    if is_plain {
        text.to_owned()
    } else {
        in_quotes(text)
    }
}

/// A sentence as YAML: bare where no sign in it means anything there.
fn description_of(text: &str) -> String {
    let is_plain = !text.contains([':', '#', '\\']);
    if is_plain {
        text.to_owned()
    } else {
        in_quotes(text)
    }
}
