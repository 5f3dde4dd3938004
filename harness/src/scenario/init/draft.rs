//! The text of a first scenario.

use std::path::PathBuf;

use super::Draft;
use super::outputs::{Output, set_name};
use crate::observe::text::steers_terminals;
use crate::scenario::model::Install;

/// The scenario for one output. `users` are those whose homes the flake's modules name.
pub(super) fn draft(output: &Output, users: &[String], is_remote: bool) -> Draft {
    let name = scenario_name(output);
    let subject = format!("{}.{}", set_name(output.install), in_quotes(&output.name));
    let user = user_of(output, users);
    let (about, description) = match output.install {
        Install::Standalone | Install::NixosModule => (
            "the first switch, in a home that holds nothing",
            "The first switch to",
        ),
        Install::DarwinModule => (
            "evaluated and built, for Linux cannot switch to it",
            "The evaluation and the build of",
        ),
    };
    let mut text = format!(
        "# yaml-language-server: $schema=./schema.json\n\
         # {subject} of this flake: {about}.\n\
         # `switchproof run scenarios/{name}.yaml` runs it; the reference explains every key.\n\
         name: {name}\n\
         description: {}\n\n\
         flake:\n  path: ..\n  output: {}\n",
        description_of(&format!("{description} {subject}.")),
        quoted(&output.name)
    );
    if output.install != Install::Standalone {
        let install = match output.install {
            Install::NixosModule => "nixos-module",
            Install::DarwinModule | Install::Standalone => "darwin-module",
        };
        text.push_str(&format!("  install: {install}\n"));
    }
    text.push_str(&format!("  user: {user}\n"));
    if output.install == Install::NixosModule {
        text.push_str(&other_users(&user, users));
    }
    if is_remote {
        text.push_str(
            "\n# The flake's inputs are on the network. To stay offline, replace them from outside:\n\
             #   inputs: { nixpkgs: pocket, home-manager: pocket }   (under `flake`)\n\
             network: true\n",
        );
    }
    text.push_str(&steps(output.install));
    Draft {
        path: PathBuf::from("scenarios").join(format!("{name}.yaml")),
        text,
        subject,
    }
}

/// The other users whose homes the flake's modules name: a host may manage several, and each has to be there.
fn other_users(user: &str, users: &[String]) -> String {
    let others: Vec<&String> = users
        .iter()
        .filter(|other| *other != user && crate::scenario::resolve::is_user_name(other))
        .collect();
    if others.is_empty() {
        return String::new();
    }
    let mut text = "\n# Everyone whose home the flake's modules name. Remove who is not on this host.\nusers:\n".to_owned();
    for other in others {
        text.push_str(&format!("  {other}: empty\n"));
    }
    text
}

fn steps(install: Install) -> String {
    let text = match install {
        Install::DarwinModule => {
            "
steps:
  # Linux evaluates and builds a nix-darwin system; it cannot switch to it.
  - switch:
    expect:
      warnings: []
"
        }
        Install::Standalone | Install::NixosModule => {
            "
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

  # What if? A newer stateVersion, tried before you raise it:
  # - switch: { stateVersion: \"25.05\" }
"
        }
    };
    text.to_owned()
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

/// The user whose home it is: before the `@` of a home, or the first that a host's modules name.
fn user_of(output: &Output, users: &[String]) -> String {
    let named = match output.install {
        Install::Standalone => output.name.split('@').next().map(str::to_owned),
        Install::NixosModule | Install::DarwinModule => users.first().cloned(),
    };
    named
        .filter(|user| crate::scenario::resolve::is_user_name(user))
        .unwrap_or_else(|| "alice".to_owned())
}

fn quoted(text: &str) -> String {
    let is_plain = text.starts_with(|one: char| one.is_ascii_alphabetic())
        && text
            .chars()
            .all(|one| one.is_ascii_alphanumeric() || matches!(one, '-' | '_' | '.' | '@'))
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

/// A text in double quotes on one line, which YAML, JSON and people read alike.
fn in_quotes(text: &str) -> String {
    let mut out = String::from("\"");
    let mut units = [0; 2];
    for one in text.chars() {
        match one {
            '"' | '\\' => out.extend(['\\', one]),
            '\n' => out.push_str("\\n"),
            _ if steers_terminals(one) => {
                for unit in one.encode_utf16(&mut units) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
            _ => out.push(one),
        }
    }
    out.push('"');
    out
}
