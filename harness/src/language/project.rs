//! What a project's `switchproof.yaml` says for all of its scenarios.

use std::path::Path;

use super::conform::Conform;
use super::defaults::{Defaults, OWN_KEYS};
use super::diagnostic::Diagnostic;
use super::raw::{RawChannels, RawProject};
use super::report::{Mistake, Report};
use super::shape::PROJECT;
use super::source::Source;
use super::value::to_value;
use super::yaml::{self, Node};
use super::{laws, schema};
use crate::flake::host_files::project_of;
use crate::flake::names::is_made_of;
use crate::flake::{Channels, Checkout};
use crate::model::Laws;
use crate::text::quoted;

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
    /// All that is wrong with it.
    pub(super) fn read(folder: &Path) -> Result<Self, Vec<Diagnostic>> {
        let file = folder.join(PROJECT_FILE);
        if !file.exists() {
            return Ok(Self::default());
        }
        let source = Source::read(&file).map_err(|it| vec![*it])?;
        let says = |line: &str| !matches!(line.trim().chars().next(), None | Some('#'));
        if !source.text.lines().any(says) {
            return Ok(Self::default());
        }
        let mut report = Report::new(source.clone());
        let root = yaml::parse(&mut report);
        let project = root.map(|root| Self::of(&root, &source, folder, &mut report));
        match report.has_errors() {
            true => Err(report.finish()),
            false => Ok(project.unwrap_or_default()),
        }
    }

    fn of(root: &Node, source: &Source, folder: &Path, report: &mut Report) -> Self {
        let checked = Conform::new(report, false).check(root, &PROJECT, "a project");
        let raw = checked.and_then(|tree| serde_yaml::from_value(to_value(&tree)).ok());
        let raw: RawProject = raw.unwrap_or_default();
        let at = |key: &str| root.get(key).unwrap_or(root);
        let mut project = Self::default();
        if let Some(raw) = raw.channels {
            project.channels = channels(raw, folder, at("channels"), report);
        }
        if let Some(raw) = raw.laws {
            project.laws = laws::of_project(&raw, at("laws"), report);
        }
        let defaults = root.get("defaults");
        project.defaults = defaults.map(|tree| Defaults::new(tree, source, report));
        project
    }
}

/// The channels of a project in `folder`. What is wrong is reported.
fn channels(raw: RawChannels, folder: &Path, at: &Node, report: &mut Report) -> Channels {
    let checkout = |home_manager: String, lib: Option<String>, nixpkgs: Option<String>| {
        let nixpkgs = nixpkgs.map(|it| folder.join(it));
        let nixos = nixpkgs.clone();
        Checkout {
            home_manager: folder.join(home_manager),
            nixpkgs_lib: lib.map(|it| folder.join(it)).or(nixpkgs),
            nixos: nixos.filter(|it| it.join("nixos/modules").is_dir()),
        }
    };
    let mut channels = Channels::default();
    for (name, it) in raw.named {
        if let (Some((message, hint)), Some(entry)) = (bad_channel_name(&name), at.entry(&name)) {
            report.add(Mistake::new(entry.key_span, message).hint(hint));
        }
        let channel = checkout(it.home_manager, it.nixpkgs_lib, it.nixpkgs);
        channels.named.insert(name, channel);
    }
    match (raw.home_manager, raw.nixpkgs_lib, raw.nixpkgs) {
        (None, None, None) => {}
        (Some(home_manager), lib, nixpkgs) => {
            channels.pocket = Some(checkout(home_manager, lib, nixpkgs));
        }
        (None, ..) => {
            let message = "there is nixpkgs, and no `home-manager` that goes with it";
            let hint = "add `home-manager:`, a checkout of Home Manager";
            report.add(Mistake::new(at.span, message).hint(hint));
        }
    }
    channels
}

/// Why a channel cannot be called so, and what to do about it.
fn bad_channel_name(name: &str) -> Option<(String, &'static str)> {
    let is_fine = name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name.len() <= 60
        && is_made_of(name, &['-', '_', '.']);
    let named = quoted(name);
    if !is_fine {
        let hint = "use letters, digits, `-`, `_` and `.`, 60 at most";
        return Some((format!("{named} cannot name a channel"), hint));
    }
    let is_taken = name == "pocket" || name.starts_with("pocket-");
    let hint = "give the folders alone to lay them over it";
    is_taken.then(|| (format!("{named} is a channel already"), hint))
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
    let mut project = schema::spelled_out::<RawProject>("switchproof project");
    let mut language = schema::value();
    require_values(&mut language);
    let mut definitions = language["definitions"].clone();
    for (name, definition) in project["definitions"].as_object().into_iter().flatten() {
        definitions[name] = definition.clone();
    }
    // There is no matrix here.
    definitions["Placeholder"] = false.into();
    project["type"] = ["object", "null"].into();
    project["properties"]["defaults"] = part_of_a_scenario(&language);
    project["definitions"] = definitions;
    format!("{project:#}\n")
}

/// A scenario says with `null` that it has not what is usual; nothing is usual before the defaults, and only a mapping may be empty.
fn require_values(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Array(items) => items.iter_mut().for_each(require_values),
        serde_json::Value::Object(object) => {
            object.values_mut().for_each(require_values);
            let kinds = object.get_mut("type").and_then(|it| it.as_array_mut());
            if let Some(kinds) = kinds.filter(|kinds| !kinds.contains(&"object".into())) {
                kinds.retain(|kind| kind != "null");
            }
        }
        _ => {}
    }
}

/// What scenarios have that they do not say: their keys but those that are each one's own.
fn part_of_a_scenario(language: &serde_json::Value) -> serde_json::Value {
    let mut keys = language["properties"].clone();
    if let Some(keys) = keys.as_object_mut() {
        keys.retain(|key, _| !OWN_KEYS.contains(&key.as_str()));
    }
    serde_json::json!({
        "description": "What each scenario has that does not say it itself, with paths relative to this file.",
        "type": ["object", "null"],
        "additionalProperties": false,
        "properties": keys,
    })
}

#[cfg(test)]
mod tests {
    use super::laws::NOT_ASKED;
    use super::*;
    use crate::model::Law;
    use crate::testing::{Folder, has, lacks, rows};

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
            "laws: { survives: false, because: It takes long. }",
            "laws: none",
            "defaults: { flake: { inputs: { nixpkgs: pocket } }, guest: sid, users: { a: skeleton } }",
            "defaults: { flake: { inputs: { nixpkgs: { take: nixpkgs } } }, setup: null }",
            "defaults:\n",
        ] {
            assert!(read(text).is_ok() && is_valid(text), "{text}");
        }
    }

    #[test]
    fn a_mistake_is_told_with_its_line() {
        let table = r"
            channels:\n  a: [b] => 2: `a` must be a text or a mapping
            chanels: {}\n => 1: `chanels` is no key of a project
            channels:\n  x: { nixpkgs: a }\n => 2: `x` has no `home-manager`
            channels:\n  nixpkgs: a => 2: there is nixpkgs, and no `home-manager`
            channels:\n  a/b: c\n => 2: `a/b` cannot name a channel
            channels:\n  pocket: c\n => 2: `pocket` is a channel already
            defaults:\n  flake: { path: x, inptus: {} } => 2: `inptus` is no key of `flake`
            defaults: { setup: { stateVersion: null } } => 1: `stateVersion` has no value
            defaults:\n  setup:\n    home: { packages: null } => 3: `packages` has no value
            defaults: { steps: [switch] } => 1: `steps` is no key of `defaults`
            laws: { clean: false } => 1: `clean` is off without a reason
            laws: [all, clean] => 1: `all` and `none` stand alone
            \nlaws: most => 2: an item of `laws` cannot be `most`
            laws: { because: So. } => 1: a reason is given, and no law is off
            a: [\n => 2: this is not YAML
        ";
        for (text, said) in rows(table) {
            let found = read(&text).unwrap_err();
            has(format!("{}: {}", found[0].line, found[0].message), &said);
            let is_seen_by_editors = !said.contains("YAML") && !text.starts_with("laws");
            assert!(!is_seen_by_editors || !is_valid(&text), "{text}");
        }
    }

    #[test]
    fn a_project_says_which_laws_are_tried() {
        let laws = |text: &str| read(text).unwrap().laws;
        assert_eq!(laws("channels: {}\n"), Laws::default());
        assert!(laws("laws: none\n").on.is_empty());
        let some = laws("laws: [idempotent, clean]\n");
        assert_eq!(some.on, [Law::Idempotent, Law::Clean].into());
        assert_eq!(some.off[&Law::Survives], NOT_ASKED);
        let off = "laws:\n  idempotent: false\n  clean: true\n  because: It keeps a diary.\n";
        let off = laws(off);
        assert_eq!(off.off[&Law::Idempotent], "It keeps a diary.");
        assert_eq!(off.on.len(), Law::ALL.len() - 3);
    }

    #[test]
    fn a_wrong_project_hides_no_mistake_of_a_scenario() {
        let switsch = "name: a\nsetup: { channel: next }\nsteps: [switsch]\n";
        let project = Folder::with(&[
            (PROJECT_FILE, "chanels: { next: ../hm }\n"),
            ("flake.nix", "{ }"),
            ("a.yaml", switsch),
            ("b.yaml", "name: [\n"),
        ]);
        let found = crate::language::load(&[project.path().to_owned()]).unwrap_err();
        let files: Vec<_> = found.iter().filter_map(|it| it.file.file_name()).collect();
        let all = format!("{found:?}");
        for file in [PROJECT_FILE, "b.yaml"] {
            assert!(files.contains(&file.as_ref()), "{all}");
        }
        has(&all, "switsch");
        lacks(&all, &["channel `next`"]);
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
