//! What a project's `switchproof.yaml` says for all of its scenarios.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_yaml::Value;

use super::defaults::{self, Defaults, OWN_KEYS};
use super::diagnostic::Diagnostic;
use super::laws;
use super::schema::schema;
use super::source::Source;
use crate::flake::host_files::project_of;
use crate::flake::{Channels, Checkout};
use crate::model::Laws;

/// The file at the top of a repository that says what its scenarios have in common.
pub const PROJECT_FILE: &str = "switchproof.yaml";

/// What a project says.
#[derive(Debug, Clone, Default)]
pub(super) struct Project {
    /// Channels of its own.
    pub(super) channels: Channels,
    /// The laws of scenarios that say nothing of them.
    pub(super) laws: Laws,
    /// What scenarios have that they do not say.
    pub(super) defaults: Option<Defaults>,
}

impl Project {
    /// What the [`PROJECT_FILE`] of a folder says; what is usual where there is none.
    ///
    /// # Errors
    /// What is wrong with its channels, or else all that is wrong with its defaults or its laws.
    pub(super) fn read(folder: &Path) -> Result<Self, Vec<Diagnostic>> {
        let file = folder.join(PROJECT_FILE);
        if !file.exists() {
            return Ok(Self::default());
        }
        let source = Source::read(&file).map_err(|it| vec![*it])?;
        match channels(folder, &source).map_err(|it| vec![*it])? {
            Some(channels) => Ok(Self {
                channels,
                defaults: defaults::of_project(&source)?,
                laws: laws::of_project(source)?,
            }),
            None => Ok(Self::default()),
        }
    }
}

/// The channels of a project's file; `None` when it says nothing at all.
fn channels(repository: &Path, source: &Source) -> Result<Option<Channels>, Box<Diagnostic>> {
    let wrong = |line: usize, message: String| {
        let mut diagnostic = Diagnostic::about_file(&source.file, message).with_hint(EXAMPLE);
        diagnostic.line = line;
        Box::new(diagnostic)
    };
    let whole: Value = serde_yaml::from_str(&source.text).map_err(|error| {
        let line = error.location().map_or(1, |it| it.line());
        wrong(line, format!("it is no YAML: {error}"))
    })?;
    let channels = match &whole {
        Value::Null => return Ok(None),
        Value::Mapping(keys) => {
            keys.iter()
                .try_fold(None, |channels, (key, value)| match key.as_str() {
                    Some("channels") => Ok(Some(value)),
                    Some("laws" | "defaults") => Ok(channels),
                    _ => Err(format!("there is no key {}", shown(key))),
                })
        }
        other => Err(format!("{} where `channels:` belongs", shown(other))),
    };
    let read = channels.and_then(|value| match value {
        Some(value) => read_channels(repository, value),
        None => Ok(Channels::default()),
    });
    read.map(Some)
        .map_err(|message| wrong(line_of(&source.text, &message), message))
}

/// The channels that scenarios beside `file` have, named ones and what takes the pocket channel's place, for messages.
///
/// # Errors
/// What is wrong with the [`PROJECT_FILE`], in a sentence.
pub(crate) fn channels_of(file: &Path) -> Result<Channels, String> {
    let project = Project::read(&project_of(file)).map_err(|wrong| wrong[0].message.clone())?;
    Ok(Channels::from_environment(None)
        .with_kept()
        .over(project.channels))
}

/// The JSON Schema of a [`PROJECT_FILE`], for editors, ending in a newline.
#[must_use]
pub fn project_schema() -> String {
    let folder =
        |description: &str| serde_json::json!({ "type": "string", "description": description });
    let made_of = serde_json::json!({
        "home-manager": folder("A checkout of Home Manager, relative to this file."),
        "nixpkgs-lib": folder("A folder with nixpkgs' `lib`; the pocket channel's own serves where there is none."),
        "nixpkgs": folder("The same: a checkout of nixpkgs, of which only `lib` is used."),
    });
    // The schema of scenarios is ours, and JSON.
    let language: serde_json::Value = serde_json::from_str(&schema()).unwrap_or_default();
    let mut definitions = language["definitions"].clone();
    // There is no matrix here.
    definitions["Placeholder"] = false.into();
    let schema = serde_json::json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "switchproof project",
        "description": "What the scenarios of a repository have in common: `switchproof.yaml` at its top.",
        "type": ["object", "null"],
        "additionalProperties": false,
        "properties": {
            "channels": {
                "description": "Folders that channels are made of: in place of the pocket channel's own, or under a name that scenarios use.",
                "type": "object",
                "dependencies": { "nixpkgs-lib": ["home-manager"], "nixpkgs": ["home-manager"] },
                "propertyNames": {
                    "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$",
                    "not": { "pattern": "^pocket($|-)" }
                },
                "properties": made_of,
                "additionalProperties": {
                    "description": "A channel of that name: a checkout of Home Manager, or the folders that it is made of.",
                    "anyOf": [
                        { "type": "string" },
                        {
                            "type": "object",
                            "required": ["home-manager"],
                            "additionalProperties": false,
                            "properties": made_of,
                        },
                    ],
                },
            },
            "laws": {
                "description": "Which laws are tried of each scenario that says nothing else. All but `clean`, `reboots` and `equal` by default.",
                "$ref": "#/definitions/Laws",
            },
            "defaults": part_of_a_scenario(&language, &definitions),
        },
        "definitions": definitions,
    });
    format!("{schema:#}\n")
}

/// What scenarios have that they do not say: their keys but those that are each one's own, none of them required, nor any of
/// what stands in these.
fn part_of_a_scenario(
    language: &serde_json::Value,
    definitions: &serde_json::Value,
) -> serde_json::Value {
    let mut keys = language["properties"]
        .as_object()
        .cloned()
        .unwrap_or_default();
    keys.retain(|key, _| !OWN_KEYS.contains(&key.as_str()));
    for schema in keys.values_mut() {
        let name = schema["$ref"]
            .as_str()
            .or_else(|| schema["anyOf"][0]["$ref"].as_str());
        let name = name
            .and_then(|it| it.rsplit('/').next())
            .unwrap_or_default();
        let mut whole = definitions[name].clone();
        let mut forms: Vec<&mut serde_json::Value> = vec![&mut whole];
        while let Some(form) = forms.pop() {
            let Some(form) = form.as_object_mut() else {
                continue;
            };
            form.remove("required");
            forms.extend(
                form.get_mut("anyOf")
                    .and_then(|it| it.as_array_mut())
                    .into_iter()
                    .flatten(),
            );
        }
        if whole.is_object() {
            *schema = whole;
        }
    }
    serde_json::json!({
        "description": "What each scenario has that does not say it itself, with paths relative to this file.",
        "type": ["object", "null"],
        "additionalProperties": false,
        "properties": keys,
    })
}

const EXAMPLE: &str = "for example:\n  channels:\n    home-manager: ../home-manager\n    \"26.05\": { home-manager: ../home-manager-26.05, nixpkgs-lib: ../nixpkgs }";

/// The words for the projects whose folders make a channel.
const PROJECTS: [&str; 3] = ["home-manager", "nixpkgs-lib", "nixpkgs"];

fn read_channels(repository: &Path, value: &Value) -> Result<Channels, String> {
    let Value::Mapping(entries) = value else {
        return Err(format!("`channels` is {}, not a mapping", shown(value)));
    };
    let mut pocket = BTreeMap::new();
    let mut named = BTreeMap::new();
    for (key, value) in entries {
        let name = key
            .as_str()
            .ok_or_else(|| format!("the channel {} has no name: quote it", shown(key)))?;
        match value {
            Value::String(folder) if PROJECTS.contains(&name) => {
                pocket.insert(name, repository.join(folder));
            }
            Value::String(folder) => {
                let folders = BTreeMap::from([("home-manager", repository.join(folder))]);
                named.insert(channel_name(name)?, checkout(&folders, name)?);
            }
            Value::Mapping(folders) => {
                let folders = folders
                    .iter()
                    .map(
                        |(project, folder)| match (project.as_str(), folder.as_str()) {
                            (Some(project), Some(folder)) if PROJECTS.contains(&project) => {
                                Ok((project, repository.join(folder)))
                            }
                            _ => Err(format!(
                                "the channel `{name}` has no {}: it is made of {}",
                                shown(project),
                                PROJECTS.join(", ")
                            )),
                        },
                    )
                    .collect::<Result<BTreeMap<_, _>, _>>()?;
                named.insert(channel_name(name)?, checkout(&folders, name)?);
            }
            other => {
                return Err(format!(
                    "the channel `{name}` is {}, not a folder",
                    shown(other)
                ));
            }
        }
    }
    let pocket = match pocket.is_empty() {
        true => None,
        false => Some(checkout(&pocket, "pocket")?),
    };
    Ok(Channels {
        pocket,
        named,
        ..Channels::default()
    })
}

fn checkout(folders: &BTreeMap<&str, PathBuf>, name: &str) -> Result<Checkout, String> {
    let home_manager = folders.get("home-manager").cloned();
    Ok(Checkout {
        home_manager: home_manager
            .ok_or_else(|| format!("the channel `{name}` names no `home-manager`"))?,
        nixpkgs_lib: ["nixpkgs-lib", "nixpkgs"]
            .iter()
            .find_map(|project| folders.get(project).cloned()),
        nixos: folders
            .get("nixpkgs")
            .filter(|it| it.join("nixos/modules").is_dir())
            .cloned(),
    })
}

fn channel_name(name: &str) -> Result<String, String> {
    let is_fine = name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name.len() <= 60
        && name
            .chars()
            .all(|one| one.is_ascii_alphanumeric() || matches!(one, '-' | '_' | '.'));
    if !is_fine {
        return Err(format!(
            "`{}` cannot name a channel: letters, digits, `-`, `_` and `.`, 60 at most",
            name.escape_debug()
        ));
    }
    if name == "pocket" || name.starts_with("pocket-") {
        return Err(format!(
            "`{name}` is a channel already: give the folders alone to lay them over it"
        ));
    }
    Ok(name.to_owned())
}

/// A value in a few words.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::Bool(it) => format!("`{it}`"),
        Value::Number(it) => format!("the number `{it}`"),
        Value::String(it) => format!("`{}`", it.escape_debug()),
        Value::Sequence(_) => "a list".to_owned(),
        Value::Mapping(_) | Value::Tagged(_) => "a mapping".to_owned(),
    }
}

/// The line of the key which a message names first, from 1.
fn line_of(text: &str, message: &str) -> usize {
    let key = message.split('`').nth(1).unwrap_or_default();
    let has_key = |line: &str| {
        let line = line.trim_start().trim_start_matches(['"', '\'']);
        let rest = line.strip_prefix(key);
        rest.is_some_and(|rest| rest.starts_with([':', '"', '\'']))
    };
    text.lines()
        .position(has_key)
        .map_or(1, |before| before + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Folder, has, rows};

    fn read(text: &str) -> Result<Project, Vec<Diagnostic>> {
        Project::read(Folder::with(&[(PROJECT_FILE, text)]).path())
    }

    #[test]
    fn folders_take_the_pockets_place_or_make_a_channel_of_their_own() {
        let text = "channels:\n  home-manager: ../hm\n  nixpkgs-lib: ../lib\n  \"26.05\": ../hm-26.05\n  \
             old: { home-manager: /srv/hm, nixpkgs: ../nixpkgs }\n";
        let channels = read(text).unwrap().channels;
        let pocket = channels.pocket.as_ref().unwrap();
        assert!(pocket.home_manager.ends_with("../hm"));
        assert!(pocket.nixpkgs_lib.as_ref().unwrap().ends_with("../lib"));
        assert_eq!(channels.named["26.05"].nixpkgs_lib, None);
        assert_eq!(channels.named["old"].home_manager, Path::new("/srv/hm"));
        assert_eq!(
            channels.address("26.05", "home-manager").as_deref(),
            Some("path:/etc/switchproof/channels/26.05/home-manager")
        );
        assert_eq!(channels.address("26.05", "stylix"), None);
        assert_eq!(channels.address("24.05", "nixpkgs"), None);
    }

    /// What an editor says of a file.
    fn is_valid(text: &str) -> bool {
        let schema = serde_json::from_str(&project_schema()).unwrap();
        let value = serde_yaml::from_str(text).unwrap();
        jsonschema::validator_for(&schema).unwrap().is_valid(&value)
    }

    #[test]
    fn an_editor_takes_what_is_read() {
        for text in [
            "",
            "# a comment\n",
            "channels:\n  home-manager: ../hm\n  nixpkgs-lib: ../lib\n  \"26.05\": ../hm-26.05\n",
            "channels: { old: { home-manager: /srv/hm, nixpkgs: ../nixpkgs } }",
            EXAMPLE.split_once('\n').unwrap().1,
            "laws: { survives: false, because: It takes long. }",
            "laws: none",
            "defaults: { flake: { inputs: { nixpkgs: pocket } }, guest: sid, users: { a: skeleton } }",
            "defaults:\n",
        ] {
            assert!(read(text).is_ok() && is_valid(text), "{text}");
        }
    }

    #[test]
    fn a_mistake_is_told_with_its_line() {
        let table = r"
            channels:\n  a: 1\n => 2: the channel `a` is the number `1`
            chanels: {}\n => 1: there is no key `chanels`
            channels:\n  x: { nixpkgs: a }\n => 2: the channel `x` names no `home-manager`
            channels:\n  a/b: c\n => 2: `a/b` cannot name a channel
            channels:\n  pocket: c\n => 2: `pocket` is a channel already
            defaults:\n  flake: { path: x, inptus: {} } => 2: `inptus` is no key of `flake`
            defaults: { steps: [switch] } => 1: `steps` is no key of `defaults`
            a: [\n => 2: it is no YAML
        ";
        for (text, said) in rows(table) {
            let found = read(&text).unwrap_err();
            has(format!("{}: {}", found[0].line, found[0].message), &said);
            assert!(said.contains("no YAML") || !is_valid(&text), "{text}");
        }
    }

    #[test]
    fn a_wrong_project_hides_no_mistake_of_a_scenario() {
        let project = tempfile::tempdir().unwrap();
        let write =
            |name: &str, text: &str| std::fs::write(project.path().join(name), text).unwrap();
        write(PROJECT_FILE, "chanels: { next: ../hm }\n");
        write("flake.nix", "{ }");
        write(
            "a.yaml",
            "name: a\nsetup: { channel: next }\nsteps: [switsch]\n",
        );
        write("b.yaml", "name: [\n");
        let found = crate::language::load(&[project.path().to_owned()]).unwrap_err();
        let files: Vec<_> = found.iter().filter_map(|it| it.file.file_name()).collect();
        let all = format!("{found:?}");
        assert!(
            files.contains(&PROJECT_FILE.as_ref()) && files.contains(&"b.yaml".as_ref()),
            "{all}"
        );
        assert!(
            all.contains("switsch") && !all.contains("channel `next`"),
            "{all}"
        );
    }

    #[test]
    fn a_release_that_is_kept_stands_in_where_there_is_no_network() {
        let kept = Folder::with(&[
            ("modules/default.nix", "{ }"),
            ("release.json", "{ \"release\": \"26.05\" }"),
        ]);
        let checkout = Checkout {
            home_manager: kept.path().to_owned(),
            nixpkgs_lib: None,
            nixos: None,
        };
        let mut options = crate::language::LoadOptions::default();
        let load = |options: &_, network| {
            let text = format!(
                "name: t\nnetwork: {network}\nsetup: {{ channel: \"26.05\", home: {{ }} }}\nsteps: [switch]\n"
            );
            crate::language::load_text("/nowhere/t.yaml", &text, options)
        };
        has(
            load(&options, false).1[0].hint.as_deref().unwrap(),
            "or keep that one here: `switchproof channel fetch 26.05`",
        );
        options.channels.kept.insert("26.05".to_owned(), checkout);
        for (network, url, channels) in [
            (false, "path:/etc/switchproof/channels/26.05/nixpkgs", 1),
            (true, "github:NixOS/nixpkgs/nixos-26.05", 0),
        ] {
            let (cases, found) = load(&options, network);
            assert!(found.is_empty(), "{found:?}");
            has(crate::language::render(&cases[0]), url);
            assert_eq!(cases[0].guest.channels.len(), channels);
        }
    }

    #[test]
    fn a_scenario_names_two_channels_and_its_guest_gets_both() {
        let project = Folder::with(&[("flake.nix", "{ }")]);
        for release in ["24.05", "26.05"] {
            project.write(format!("hm-{release}/modules/default.nix"), "{ }");
            let json = format!("{{ \"release\": \"{release}\" }}");
            project.write(format!("hm-{release}/release.json"), json);
        }
        let upgrade = "scenarios/upgrade.yaml";
        let channels = "channels:\n  home-manager: hm-26.05\n  \"24.05\": hm-24.05\n  \"26.05\": hm-26.05\n  unused: nowhere\n";
        project.write(PROJECT_FILE, channels);
        let text = "name: upgrade\nsetup: { channel: \"24.05\", home: { stateVersion: \"24.05\" } }\n\
             steps: [switch, { switch: { setup: { channel: \"26.05\" } } }]\n";
        project.write(upgrade, text);
        let file = [project.join("scenarios")];
        let cases = crate::language::load(&file).unwrap();
        let channels = &cases[0].guest.channels;
        let names: Vec<_> = channels.iter().map(|it| it.name.as_deref()).collect();
        // The pocket's own is copied before another takes its place.
        assert_eq!(names, [Some("24.05"), Some("26.05"), None]);
        let rendered = crate::language::render(&cases[0]);
        has(rendered, "path:/etc/switchproof/channels/26.05/nixpkgs");
        // One of them gets NixOS' own modules, on which a machine of the pocket's NixOS cannot go on.
        for file in [
            "lib/default.nix",
            "nixos/lib/eval-config.nix",
            "nixos/modules/m.nix",
        ] {
            project.write(format!("nixpkgs/{file}"), "{ }");
        }
        let channels = "channels:\n  \"24.05\": hm-24.05\n  \"26.05\": { home-manager: hm-26.05, nixpkgs: nixpkgs }\n";
        project.write(PROJECT_FILE, channels);
        let text = "name: upgrade\nsetup: { channel: \"24.05\", install: nixos-module, home: { stateVersion: \"24.05\" } }\n\
             steps:\n  - switch\n  - switch: { setup: { channel: \"26.05\" } }\n";
        project.write(upgrade, text);
        let found = crate::language::load(&file).unwrap_err();
        has(&found[0].message, "`switch-2` switches between");
        assert_eq!(found[0].line, 5);
        let channels = "channels:\n  \"24.05\": nowhere\n  \"26.05\": hm-26.05\n";
        project.write(PROJECT_FILE, channels);
        let found = crate::language::load(&file).unwrap_err();
        has(&found[0].message, "is no checkout of Home Manager");
    }
}
