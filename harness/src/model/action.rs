//! What a step does.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a step does. Equal actions after equal beginnings are run once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Puts files into a home.
    Seed {
        /// Whose home.
        user: String,
        /// What is put there, by path relative to the home.
        files: BTreeMap<String, SeedFile>,
    },
    /// Activates a setup.
    Switch(Switch),
    /// Builds a setup without activating it.
    Build(Switch),
    /// Activates the generation before the current one.
    Rollback(Target),
    /// Activates a numbered generation.
    Generation {
        /// Whose.
        target: Target,
        /// Its number, as `home-manager generations` prints it.
        number: u32,
    },
    /// Ends all of a user's sessions and begins a new one.
    Relogin {
        /// Who.
        user: String,
    },
    /// Restarts the machine.
    Reboot,
    /// Runs a command.
    Run {
        /// A line for the shell.
        command: String,
        /// Who runs it; `None` is root.
        user: Option<String>,
        /// In which kind of session.
        session: Session,
    },
    /// Changes a file of a home by hand, as users do.
    Edit {
        /// Whose home.
        user: String,
        /// Path relative to the home.
        path: String,
        /// What becomes of it.
        change: Edit,
    },
    /// Removes Home Manager and what it put in place.
    Uninstall {
        /// Whose.
        target: Target,
        /// Variables that are set for it.
        env: BTreeMap<String, String>,
    },
    /// Collects garbage, older generations included.
    CollectGarbage {
        /// Who collects; `None` is root.
        user: Option<String>,
    },
}

impl Action {
    /// The user who types the command that the action is, if a user does; root's actions and those that the harness
    /// performs from outside have none.
    #[must_use]
    pub fn typed_by(&self) -> Option<&str> {
        match self {
            Self::Switch(switch) | Self::Build(switch) => switch.target.user.as_deref(),
            Self::Rollback(target)
            | Self::Generation { target, .. }
            | Self::Uninstall { target, .. } => target.user.as_deref(),
            Self::Run { user, .. } | Self::CollectGarbage { user } => user.as_deref(),
            Self::Seed { .. } | Self::Relogin { .. } | Self::Reboot | Self::Edit { .. } => None,
        }
    }

    /// The user whom the action is about, if it is about one.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        match self {
            Self::Seed { user, .. } | Self::Relogin { user } | Self::Edit { user, .. } => {
                Some(user)
            }
            _ => self.typed_by(),
        }
    }

    /// What a switch activates, or a build builds.
    #[must_use]
    pub fn setup(&self) -> Option<&Switch> {
        match self {
            Self::Switch(setup) | Self::Build(setup) => Some(setup),
            _ => None,
        }
    }

    /// The texts that may name a place in the guest: those of a setup, or a command.
    pub fn texts(&self) -> impl Iterator<Item = Cow<'_, str>> {
        let command = match self {
            Self::Run { command, .. } => Some(Cow::from(command)),
            _ => None,
        };
        let setup = self.setup().into_iter().flat_map(Switch::texts);
        setup.chain(command)
    }
}

/// Whose configuration a step is about, and how it is installed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// The install mode.
    pub install: Install,
    /// The user of a standalone installation; `None` for a system.
    pub user: Option<String>,
    /// The `home-manager` command of a home that has none yet; `None` for a system, which needs none, and without a flake,
    /// where the channel has it.
    pub command: Option<CommandSource>,
}

/// Where the `home-manager` command is taken from, as `nix run` names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandSource {
    /// The flake that has it: an address, or the name of an input of the setup's own flake.
    pub flake: String,
    /// Whether `flake` names such an input, and the flake's own lock tells its address.
    pub is_input: bool,
    /// What takes the place of the command's own nixpkgs.
    pub nixpkgs: Option<String>,
    /// The folder of the setup's own flake among its files.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub dir: String,
}

/// A setup to build or activate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Switch {
    /// Whose, and how.
    pub target: Target,
    /// The flake's files as the guest will see them.
    pub flake: Arc<FlakeTree>,
    /// The name after `#`: a home, or a host.
    pub output: String,
    /// The extension given to files in the way, if any.
    pub backup_extension: Option<String>,
    /// Whether to only say what would be done.
    pub dry_run: bool,
    /// Inputs replaced from outside the flake: name and flake reference, given as `--override-input`.
    pub override_inputs: BTreeMap<String, String>,
    /// The same host with nothing on it but its users' accounts, of which a first system is made for many cases; `None` for
    /// a flake of one's own.
    #[serde(skip)]
    pub first_host: Option<Arc<FlakeTree>>,
    /// The same home installed the other way, by itself or as a module, where law `equal` is to try that; `None` for a flake
    /// of one's own.
    #[serde(skip)]
    pub other_way: Option<Box<Switch>>,
    /// What else the command is told, word by word.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
    /// The channels of a home without a flake, by name, each with its address as `nix-channel` takes it; none of a flake.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub channels: BTreeMap<String, String>,
}

/// The option by which Nix evaluates what is outside of a flake, too.
pub(crate) const IMPURE: &str = "--impure";

/// Where the `home.nix` of a home without a flake lies in the guest: outside of the home, as flakes do.
pub const HOME_PLACE: &str = "/srv/home-manager";

/// The folder of a flake that makes its hosts such as can run in the machine.
pub const MACHINE_PLACE: &str = "switchproof-machine";

impl Switch {
    /// Whether the hosts of its flake were made such as can run in the machine, their nixpkgs being none that does so.
    #[must_use]
    pub fn is_for_the_machine(&self) -> bool {
        let module = format!("{MACHINE_PLACE}/machine.nix");
        self.flake.beside(&module).is_some()
    }

    /// Whether its evaluation may read what is outside of its flake.
    #[must_use]
    pub fn is_impure(&self) -> bool {
        self.options.iter().any(|option| option == IMPURE)
    }

    /// Where its files lie in the guest.
    #[must_use]
    pub fn place(&self) -> &'static str {
        match self.channels.is_empty() {
            true => self.target.install.flake_place(),
            false => HOME_PLACE,
        }
    }

    /// The texts of the flake's files, and the addresses of its channels and of what replaces its inputs.
    fn texts(&self) -> impl Iterator<Item = Cow<'_, str>> {
        let addresses = self.override_inputs.values().chain(self.channels.values());
        let files = self.flake.files.values().filter_map(SeedFile::text);
        addresses.map(Cow::from).chain(files)
    }

    /// Whether one of its texts has this in it.
    pub(crate) fn names(&self, text: &str) -> bool {
        self.texts().any(|it| it.contains(text))
    }
}

/// How Home Manager is installed.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
    clap::ValueEnum,
)]
#[serde(rename_all = "kebab-case")]
pub enum Install {
    /// By itself, with the `home-manager` command.
    #[value(help = "By itself")]
    Standalone,
    /// As a module of a NixOS system, applied by `nixos-rebuild`.
    #[value(help = "In a NixOS system")]
    NixosModule,
    /// As a module of a nix-darwin system: evaluated and built as far as Linux can, never switched to.
    #[value(help = "In a nix-darwin system: built only")]
    DarwinModule,
}

impl Install {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Standalone, Self::NixosModule, Self::DarwinModule];

    /// The set of a flake's outputs that holds its homes or hosts.
    #[must_use]
    pub fn set_name(self) -> &'static str {
        match self {
            Self::Standalone => "homeConfigurations",
            Self::NixosModule => "nixosConfigurations",
            Self::DarwinModule => "darwinConfigurations",
        }
    }

    /// An output as people name it: by its name alone, or below its set as Nix does, `homeConfigurations.alice`.
    #[must_use]
    pub fn of_output(named: &str) -> (Option<Self>, &str) {
        for install in Self::ALL {
            let below = named.strip_prefix(install.set_name());
            if let Some(name) = below.and_then(|rest| rest.strip_prefix('.')) {
                let bare = name.strip_prefix('"').and_then(|it| it.strip_suffix('"'));
                return (Some(install), bare.unwrap_or(name));
            }
        }
        (None, named)
    }

    /// Where the flake of a setup lies in the guest: outside every home, so that the home holds only what the switch put
    /// there; where people keep it for a system.
    #[must_use]
    pub fn flake_place(self) -> &'static str {
        match self {
            Self::Standalone => "/srv/flake",
            Self::NixosModule => "/etc/nixos",
            Self::DarwinModule => "/srv/darwin",
        }
    }
}

/// The files of a flake, by relative path.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlakeTree {
    /// Sorted by path.
    pub files: BTreeMap<String, SeedFile>,
    /// The folder in them that `flake.nix` lies in, as Nix' `?dir=` names it; empty where that is the outermost.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub dir: String,
}

impl FlakeTree {
    /// A flake whose `flake.nix` is among the outermost files.
    #[must_use]
    pub fn new(files: BTreeMap<String, SeedFile>) -> Self {
        let dir = String::new();
        Self { files, dir }
    }

    /// The path among the files of one that is named from where `flake.nix` lies; what would lead out of them is left out.
    #[must_use]
    pub fn path_of(&self, name: &str) -> String {
        joined(&self.dir, name)
    }

    /// The file of that name beside `flake.nix`.
    #[must_use]
    pub fn beside(&self, name: &str) -> Option<&SeedFile> {
        self.files.get(&self.path_of(name))
    }

    /// The text of the file of that name beside `flake.nix`, if it is UTF-8.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.beside(name)? {
            SeedFile::Regular { bytes, .. } => std::str::from_utf8(bytes).ok(),
            _ => None,
        }
    }

    /// The texts of its Nix files, by path.
    pub(crate) fn nix_texts(&self) -> impl Iterator<Item = (&String, Cow<'_, str>)> {
        let files = self.files.iter();
        let nix = files.filter(|(name, _)| name.ends_with(".nix"));
        nix.filter_map(|(name, file)| Some((name, file.text()?)))
    }

    /// How Nix takes the flake where its files lie in `place`, an address or a folder.
    #[must_use]
    pub fn reference(&self, place: &str) -> String {
        flake_reference(place, &self.dir)
    }
}

/// A path from a folder, both relative, without empty parts, `.` and `..`; what would lead out is left out.
#[must_use]
pub fn joined(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// How Nix takes the flake in the folder `dir` of what lies in `place`.
#[must_use]
pub fn flake_reference(place: &str, dir: &str) -> String {
    if dir.is_empty() {
        return place.to_owned();
    }
    let scheme = match place.starts_with("path:") {
        true => "",
        false => "path:",
    };
    format!(
        "{scheme}{place}?dir={}",
        utf8_percent_encode(dir, NOT_IN_PATHS)
    )
}

/// What is escaped in a path of an address.
const NOT_IN_PATHS: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'/');

/// A file to be put somewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SeedFile {
    /// A regular file.
    Regular {
        /// Its bytes.
        bytes: Vec<u8>,
        /// Whether it may be executed.
        executable: bool,
    },
    /// A symbolic link.
    Symlink {
        /// Where it points, as it is written.
        target: String,
    },
    /// An empty directory.
    Directory,
    /// An empty file or directory with permission bits of its own, as a real home has it.
    Bare {
        /// Whether it is a directory.
        is_directory: bool,
        /// Its permission bits.
        mode: u32,
    },
}

impl SeedFile {
    /// A regular file that is not executable.
    pub(crate) fn regular(bytes: impl Into<Vec<u8>>) -> Self {
        Self::Regular {
            bytes: bytes.into(),
            executable: false,
        }
    }

    /// The text of a regular file; what is no UTF-8 in it is replaced.
    #[must_use]
    pub fn text(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Regular { bytes, .. } => Some(String::from_utf8_lossy(bytes)),
            _ => None,
        }
    }
}

/// A change made by hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Edit {
    /// The file's new text, replacing a link by a file where there is one.
    Replace(String),
    /// Text added at its end.
    Append(String),
    /// The file goes away.
    Remove,
}

/// A kind of session.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Session {
    /// A login shell.
    Login,
    /// An interactive shell that is no login shell, such as a terminal window's.
    Interactive,
    /// A command without a shell's start-up files, as `ssh host command` or cron run it.
    NonInteractive,
    /// A service of the user's service manager.
    Service,
}
