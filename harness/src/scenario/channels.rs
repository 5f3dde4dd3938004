//! Channels of one's own: folders of real projects on this computer, in place of the pocket channel's or beside it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_yaml::Value;

use super::checkout::{Checkout, CheckoutError};
use super::diagnostic::Diagnostic;
use super::model::{Action, Case, ChannelOverlay, SeedFile};
use super::source::Source;

/// The file at the top of a repository that says what its scenarios have in common.
pub const PROJECT_FILE: &str = "switchproof.yaml";

/// Where the guest keeps channels that have a name of their own, as flakes name the place.
const PLACE: &str = "path:/etc/switchproof/channels";
/// The same place in any text.
const FOLDER: &str = "/etc/switchproof/channels/";

/// Folders that are channels.
#[derive(Debug, Clone, Default)]
pub struct Channels {
    /// What takes the place of the pocket channel's own files.
    pub pocket: Option<Checkout>,
    /// What makes a channel of its own, by its name.
    pub named: BTreeMap<String, Checkout>,
}

impl Channels {
    /// The checkout `home_manager` in the pocket channel's place, or else the one that `SWITCHPROOF_HOME_MANAGER` names, and
    /// with it the folder with nixpkgs' `lib` that `SWITCHPROOF_NIXPKGS_LIB` or else `SWITCHPROOF_NIXPKGS` names.
    #[must_use]
    pub fn from_environment(home_manager: Option<PathBuf>) -> Self {
        let folder = |name| {
            std::env::var_os(name)
                .filter(|it| !it.is_empty())
                .map(PathBuf::from)
        };
        let home_manager = home_manager.or_else(|| folder("SWITCHPROOF_HOME_MANAGER"));
        let pocket = home_manager.map(|home_manager| Checkout {
            home_manager,
            nixpkgs_lib: folder("SWITCHPROOF_NIXPKGS_LIB")
                .or_else(|| folder("SWITCHPROOF_NIXPKGS")),
        });
        Self {
            pocket,
            named: BTreeMap::new(),
        }
    }

    /// These, and those of a project that they say nothing of.
    #[must_use]
    pub fn over(&self, project: Self) -> Self {
        let mut named = project.named;
        named.extend(self.named.clone());
        Self {
            pocket: self.pocket.clone().or(project.pocket),
            named,
        }
    }

    /// The address of an input of the channel `name`; `None` when it has no such input or is none of these.
    pub(super) fn address(&self, name: &str, input: &str) -> Option<String> {
        let known = self.has(name) && matches!(input, "nixpkgs" | "home-manager");
        known.then(|| format!("{PLACE}/{name}/{input}"))
    }

    /// Whether one of these is called so.
    pub(super) fn has(&self, name: &str) -> bool {
        self.named.contains_key(name)
    }

    /// What a case needs laid out in its guest: what takes the pocket's place, and each channel that it names.
    ///
    /// # Errors
    /// A folder is no checkout, or cannot be read.
    pub(super) fn for_case(
        &self,
        case: &Case,
        read: &mut BTreeMap<(Option<String>, Checkout), ChannelOverlay>,
    ) -> Result<Vec<ChannelOverlay>, CheckoutError> {
        let mut out = Vec::new();
        let named = match self.named.is_empty() {
            true => BTreeSet::new(),
            false => named_in(case),
        };
        let pocket = self.pocket.as_ref().map(|it| (None, it));
        let wanted = named.iter().filter_map(|name| {
            let (name, checkout) = self.named.get_key_value(name)?;
            Some((Some(name.clone()), checkout))
        });
        for (name, checkout) in pocket.into_iter().chain(wanted) {
            let known = (name, checkout.clone());
            if !read.contains_key(&known) {
                let mut overlay = checkout.overlay()?;
                overlay.name.clone_from(&known.0);
                read.insert(known.clone(), overlay);
            }
            out.extend(read.get(&known).cloned());
        }
        Ok(out)
    }
}

/// The channels that a case's flakes, replaced inputs and commands name by their place in the guest.
fn named_in(case: &Case) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut search = |text: &str| {
        for rest in text.split(FOLDER).skip(1) {
            let name = rest.split(['/', '"', '\'', ' ', '\n']).next().unwrap_or("");
            found.insert(name.to_owned());
        }
    };
    for step in &case.steps {
        match &step.action {
            Action::Switch(switch) | Action::Build(switch) => {
                for file in switch.flake.files.values() {
                    if let SeedFile::Regular { bytes, .. } = file {
                        search(&String::from_utf8_lossy(bytes));
                    }
                }
                switch.override_inputs.values().for_each(|url| search(url));
            }
            Action::Run { command, .. } => search(command),
            _ => {}
        }
    }
    found
}

/// The channels of the project that `folder` is in, as the nearest [`PROJECT_FILE`] above it says, which may lie no
/// higher than the repository; none where there is no such file.
pub(super) fn of_project(repository: &Path) -> Result<Channels, Box<Diagnostic>> {
    let file = repository.join(PROJECT_FILE);
    if !file.exists() {
        return Ok(Channels::default());
    }
    let source = Source::read(&file)?;
    let wrong = |line: usize, message: String, hint: &str| {
        let mut diagnostic = Diagnostic::about_file(&file, message).with_hint(hint);
        diagnostic.line = line;
        Box::new(diagnostic)
    };
    let whole: Value = serde_yaml::from_str(&source.text).map_err(|error| {
        let line = error.location().map_or(1, |it| it.line());
        wrong(line, format!("it is no YAML: {error}"), EXAMPLE)
    })?;
    let channels = match &whole {
        Value::Null => return Ok(Channels::default()),
        Value::Mapping(keys) => keys
            .iter()
            .try_fold(None, |_, (key, value)| match key.as_str() {
                Some("channels") => Ok(Some(value)),
                _ => Err(format!("there is no key {}", shown(key))),
            }),
        other => Err(format!("{} where `channels:` belongs", shown(other))),
    };
    let read = channels.and_then(|value| match value {
        Some(value) => read_channels(repository, value),
        None => Ok(Channels::default()),
    });
    read.map_err(|message| wrong(line_of(&source.text, &message), message, EXAMPLE))
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
    Ok(Channels { pocket, named })
}

fn checkout(folders: &BTreeMap<&str, PathBuf>, name: &str) -> Result<Checkout, String> {
    let home_manager = folders.get("home-manager").cloned();
    Ok(Checkout {
        home_manager: home_manager
            .ok_or_else(|| format!("the channel `{name}` names no `home-manager`"))?,
        nixpkgs_lib: ["nixpkgs-lib", "nixpkgs"]
            .iter()
            .find_map(|project| folders.get(project).cloned()),
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

    fn read(text: &str) -> Result<Channels, Box<Diagnostic>> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(PROJECT_FILE), text).unwrap();
        of_project(folder.path())
    }

    #[test]
    fn folders_take_the_pockets_place_or_make_a_channel_of_their_own() {
        let channels = read(
            "channels:\n  home-manager: ../hm\n  nixpkgs-lib: ../lib\n  \"26.05\": ../hm-26.05\n  \
             old: { home-manager: /srv/hm, nixpkgs: ../nixpkgs }\n",
        )
        .unwrap();
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

    #[test]
    fn a_mistake_is_told_with_its_line() {
        for (text, line, words) in [
            (
                "channels:\n  a: 1\n",
                2,
                "the channel `a` is the number `1`",
            ),
            ("chanels: {}\n", 1, "there is no key `chanels`"),
            (
                "channels:\n  x: { nixpkgs: a }\n",
                2,
                "`x` names no `home-manager`",
            ),
            ("channels:\n  a/b: c\n", 2, "`a/b` cannot name a channel"),
            (
                "channels:\n  pocket: c\n",
                2,
                "`pocket` is a channel already",
            ),
            ("a: [\n", 2, "it is no YAML"),
        ] {
            let found = read(text).unwrap_err();
            assert!(found.message.contains(words), "{}", found.message);
            assert_eq!(found.line, line, "{text}");
        }
    }

    #[test]
    fn a_scenario_names_two_channels_and_its_guest_gets_both() {
        let project = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = project.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write("flake.nix", "{ }");
        for release in ["24.05", "26.05"] {
            write(&format!("hm-{release}/modules/default.nix"), "{ }");
            let json = format!("{{ \"release\": \"{release}\" }}");
            write(&format!("hm-{release}/release.json"), &json);
        }
        write(
            PROJECT_FILE,
            "channels:\n  \"24.05\": hm-24.05\n  \"26.05\": hm-26.05\n  unused: nowhere\n",
        );
        write(
            "scenarios/upgrade.yaml",
            "name: upgrade\nsetup: { channel: \"24.05\", home: { stateVersion: \"24.05\" } }\n\
             steps: [switch, { switch: { setup: { channel: \"26.05\" } } }]\n",
        );
        let file = [project.path().join("scenarios")];
        let cases = crate::scenario::load(&file).unwrap();
        let channels = &cases[0].guest.channels;
        let names: Vec<_> = channels.iter().map(|it| it.name.as_deref()).collect();
        assert_eq!(names, [Some("24.05"), Some("26.05")]);
        assert!(
            crate::scenario::render(&cases[0])
                .contains("path:/etc/switchproof/channels/26.05/nixpkgs")
        );
        write(
            PROJECT_FILE,
            "channels:\n  \"24.05\": nowhere\n  \"26.05\": hm-26.05\n",
        );
        let found = crate::scenario::load(&file).unwrap_err();
        assert!(found[0].message.contains("is no checkout of Home Manager"));
    }
}
