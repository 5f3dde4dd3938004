//! What loading a scenario ends in: cases whose every value is picked and whose every mistake was refused.
//!
//! A case is plain data. Its actions carry all that a machine needs to perform them (a rendered or copied flake
//! with its bytes, never a path on the host), so two actions are the same step exactly when they are equal.

mod action;
mod expectation;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use switchproof_vm::image::Suite;
pub use switchproof_vm::machine::Network;

pub use action::*;
pub use expectation::*;

/// A scenario with one value picked for every matrix axis; the unit that passes or fails.
#[derive(Debug, Clone)]
pub struct Case {
    /// `scenario-name` or `scenario-name[axis=value,…]`; unique in a run, usable as a test filter.
    pub id: String,
    /// The scenario's name: also the folder of its snapshots.
    pub scenario: String,
    /// What the scenario says it is for.
    pub description: String,
    /// The scenario file, as it was named on the command line or found.
    pub file: PathBuf,
    /// The picked value of every axis, in the order of the scenario.
    pub axes: Vec<(String, String)>,
    /// What the machine must offer.
    pub guest: Guest,
    /// The users to create before the first step, sorted by name.
    pub users: Vec<User>,
    /// What is done, in order. Never empty.
    pub steps: Vec<Step>,
    /// Files beside those of its flakes that Git does not track, so that Nix does not see them; by path relative to
    /// their flake.
    pub untracked: BTreeSet<String>,
    /// The laws that hold of it without being asked for.
    pub laws: Laws,
    /// The law that it tries, of a case that was made of another one.
    pub trial: Option<Trial>,
}

/// A property that every good setup has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Law {
    /// Nothing that the switch made leads nowhere or to an older generation, and no unit failed.
    Complete,
    /// A new login has the same variables, programs and units.
    Survives,
    /// The same switch again changes nothing.
    Idempotent,
    /// Rolling back a switch gives the state before it.
    Reversible,
    /// Removing Home Manager gives back the home as it was seeded.
    Clean,
    /// What `Survives` says, of a machine that restarts.
    Reboots,
    /// The same home has the same files by itself and as a module of a NixOS system.
    Equal,
}

impl Law {
    /// All of them, the cheapest first.
    pub const ALL: [Self; 7] = [
        Self::Complete,
        Self::Survives,
        Self::Idempotent,
        Self::Reversible,
        Self::Clean,
        Self::Reboots,
        Self::Equal,
    ];
}

/// Which laws are tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Laws {
    /// Those that are.
    pub on: BTreeSet<Law>,
    /// Why others are not, where the scenario says so.
    pub off: BTreeMap<Law, String>,
}

impl Default for Laws {
    /// Those that cost a step at most, and say what nobody can mean otherwise. To remove Home Manager takes as long as to
    /// switch to it, and few ever do; a boot takes longer, and a new login says nearly the same; few install a home both
    /// ways.
    fn default() -> Self {
        let is_usual = |law: &Law| !matches!(law, Law::Clean | Law::Reboots | Law::Equal);
        let on = Law::ALL.into_iter().filter(is_usual);
        Self {
            on: on.collect(),
            off: BTreeMap::new(),
        }
    }
}

/// What makes a case one that tries a law: its last step is the law's own, and the way there is another case's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trial {
    /// The law.
    pub law: Law,
    /// The id of the case whose steps lead there.
    pub of: String,
    /// The step whose state the last one is compared with, by its place in the case.
    pub against: usize,
}

impl Case {
    /// The first host that it switches to, or else builds, where its channel makes systems of NixOS' own modules, which boot
    /// by themselves.
    #[must_use]
    pub fn booted_host(&self) -> Option<&Switch> {
        let built = self.steps.iter().find_map(|step| match &step.action {
            Action::Build(host) if host.target.install == Install::NixosModule => Some(host),
            _ => None,
        });
        let host = self.hosts().map(|(_, host)| host).next().or(built)?;
        self.boots(host).then_some(host)
    }

    /// The step that switches from one kind of NixOS to the other, if one does: a machine is the pocket's Debian, or a system
    /// of NixOS' own modules, from its first step to the last.
    #[must_use]
    pub fn changes_kind(&self) -> Option<&Step> {
        let mut hosts = self.hosts();
        let first = self.boots(hosts.next()?.1);
        hosts
            .find(|(_, host)| self.boots(host) != first)
            .map(|(step, _)| step)
    }

    /// The hosts that it switches to.
    fn hosts(&self) -> impl Iterator<Item = (&Step, &Switch)> {
        self.steps.iter().filter_map(|step| match &step.action {
            Action::Switch(host) if host.target.install == Install::NixosModule => {
                Some((step, host))
            }
            _ => None,
        })
    }

    /// Whether a host is a system of NixOS' own modules: its nixpkgs is the real one, its channel has them, or what has taken
    /// the pocket's place.
    fn boots(&self, host: &Switch) -> bool {
        if host.is_for_the_machine() {
            return true;
        }
        let channels = &self.guest.channels;
        let named = channels
            .iter()
            .find(|it| it.name.is_some() && it.serves(host));
        let pocket = || channels.iter().find(|it| it.name.is_none());
        let is_older = host.names("/etc/switchproof/pocket/2");
        !is_older && named.or_else(pocket).is_some_and(ChannelOverlay::has_nixos)
    }

    /// Whether its setup is of a system that no machine here can switch to, so that its switches are builds.
    #[must_use]
    pub fn is_only_built(&self) -> bool {
        self.steps.iter().any(|step| {
            matches!(&step.action, Action::Build(it) if it.target.install == Install::DarwinModule)
        })
    }

    /// What its verdict is to be read with, wherever it stands.
    #[must_use]
    pub fn remarks(&self) -> Vec<&'static str> {
        let built = self.is_only_built().then_some(ONLY_BUILT);
        let reaches = self.guest.network.reaches_host();
        let reaches = reaches.then_some(REACHES_HOST);
        built.into_iter().chain(reaches).collect()
    }
}

/// The remark on a case whose setup Linux cannot switch to.
pub const ONLY_BUILT: &str = "built only, never switched";
/// The remark on a case whose machine reaches this computer over the network.
pub const REACHES_HOST: &str = "reaches this computer";

/// What a case asks of its machine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guest {
    /// Which Debian it is.
    pub suite: Suite,
    /// Its memory in MiB; the usual 1.5 GiB when `None`.
    pub memory_mib: Option<u32>,
    /// The size of its disk in MiB, of which only what is written takes room here; the image's own when `None`.
    pub disk_mib: Option<u32>,
    /// Its processors; as many as the accelerator makes usual when `None`.
    pub cpus: Option<u32>,
    /// What the guest reaches.
    pub network: Network,
    /// Whether a networked guest uses Nix's own default binary cache and flake registry.
    pub default_substituters: bool,
    /// Binary caches to use, besides the default one where that is used.
    pub substituters: Vec<Substituter>,
    /// Where inputs and binary caches are, each as `host:port`: the case says nothing where one is out of reach.
    #[serde(rename = "reaches")]
    pub endpoints: BTreeSet<String>,
    /// Whether every input of every flake is locked, so that equal inputs give equal results.
    pub locked: bool,
    /// The channels that folders of this computer make.
    pub channels: Vec<ChannelOverlay>,
    /// Checkouts of Home Manager that inputs name, by the channel that each becomes.
    #[serde(skip)]
    pub checkouts: BTreeMap<String, PathBuf>,
    /// Other folders of this computer that inputs name, each with the name that it has among the channels.
    #[serde(skip)]
    pub folders: BTreeMap<String, PathBuf>,
    /// Packages that the pocket channel has by name alone; they are in the files of the channels, too.
    #[serde(skip)]
    pub stand_ins: BTreeSet<String>,
    /// Folders that are not observed, relative to each home.
    pub exclude: BTreeSet<String>,
    /// Whether its case begins on a NixOS that boots, so that what all such systems of its channels have in common is built
    /// in the guest that cases fork.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub builds_nixos: bool,
}

/// The memory that real inputs get unless a scenario says otherwise.
pub(crate) const REAL_MEMORY_MIB: u32 = 4 << 10;
/// The disk that they get: a nixpkgs of 22,000 files takes 0.2 GiB of it each time that it is copied.
pub(crate) const REAL_DISK_MIB: u32 = 16 << 10;

impl Guest {
    /// Gives a guest whose inputs are not the pocket channel's alone the memory and the disk that real ones need, where
    /// the scenario says nothing of them.
    pub(crate) fn make_room(&mut self) {
        let is_real = |channel: &ChannelOverlay| !channel.sources.is_empty() && !channel.is_bare;
        if self.network.is_on() || self.channels.iter().any(is_real) {
            self.memory_mib.get_or_insert(REAL_MEMORY_MIB);
            self.disk_mib.get_or_insert(REAL_DISK_MIB);
        }
    }
}

/// Files that are laid over a copy of the guest's pocket channel before anything else is done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelOverlay {
    /// The channel that the copy is; `None`: the files take the place of the pocket channel's own, so that scenarios run
    /// on them unchanged.
    pub name: Option<String>,
    /// Names the files by what is in them.
    pub digest: String,
    /// By path relative to the channel: `home-manager/modules/default.nix`.
    #[serde(skip)]
    pub files: Arc<FlakeTree>,
    /// Folders that make way before the files are put in place, relative to the channel.
    pub replaced: Vec<String>,
    /// Whether the files are all there is, and no channel: an input of a flake that is a folder of this computer.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_bare: bool,
    /// Where the files come from. What they are is in the digest.
    #[serde(skip)]
    pub sources: Vec<ChannelSource>,
}

impl ChannelOverlay {
    /// The word for the channel.
    #[must_use]
    pub fn shown_name(&self) -> &str {
        self.name.as_deref().unwrap_or("pocket")
    }

    /// Whether a switch takes its nixpkgs from it, by its name; the channel that all have has none.
    fn serves(&self, switch: &Switch) -> bool {
        let place = |name| format!("/etc/switchproof/channels/{name}/nixpkgs");
        self.name
            .as_ref()
            .is_some_and(|name| switch.names(&place(name)))
    }

    /// Whether its hosts are systems of NixOS' own modules, which boot by themselves.
    #[must_use]
    pub fn has_nixos(&self) -> bool {
        self.replaced.iter().any(|it| it == NIXOS_PLACE)
    }
}

/// A folder of this computer that a channel is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelSource {
    /// `home-manager`, `nixpkgs-lib`; `input` where it is none of a channel's.
    pub project: &'static str,
    /// The folder, every link followed.
    pub folder: PathBuf,
    /// The release that it says it is.
    pub release: Option<String>,
    /// The commit that is checked out, and whether something differs from it; `None` outside of a Git repository.
    pub revision: Option<(String, bool)>,
}

impl fmt::Display for ChannelSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.project, self.folder.display())?;
        if let Some(release) = &self.release {
            write!(f, ", release {release}")?;
        }
        match &self.revision {
            Some((id, false)) => write!(f, ", revision {id:.12}"),
            Some((id, true)) => write!(f, ", revision {id:.12} with changes"),
            None => Ok(()),
        }
    }
}

/// Where a channel has the modules of NixOS, and where a checkout puts the real ones.
pub const NIXOS_PLACE: &str = "nixpkgs/nixos";

/// A binary cache.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Substituter {
    /// Its address.
    pub url: String,
    /// The key its paths are signed with, `None` for one that is trusted as it is.
    pub public_key: Option<String>,
}

impl Substituter {
    /// Its address as Nix takes it: one without a key is trusted as it is.
    #[must_use]
    pub fn address(&self) -> String {
        let url = &self.url;
        match &self.public_key {
            Some(_) => url.clone(),
            None if url.contains('?') => format!("{url}&trusted=true"),
            None => format!("{url}?trusted=true"),
        }
    }
}

/// A user of the guest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The login name.
    pub name: String,
    /// What their home holds before the first step.
    pub home: InitialHome,
    /// The home directory, where it is not the usual one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<String>,
}

impl User {
    /// Their home directory.
    #[must_use]
    pub fn home_directory(&self) -> String {
        let usual = || usual_home(&self.name);
        self.directory.clone().unwrap_or_else(usual)
    }
}

/// Where a user's home is unless somebody says otherwise.
#[must_use]
pub fn usual_home(user: &str) -> String {
    match user {
        "root" => "/root".to_owned(),
        user => format!("/home/{user}"),
    }
}

/// What a home holds before the first step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum InitialHome {
    /// Nothing at all.
    Empty,
    /// What the distribution gives a new user: `.bashrc`, `.profile`, `.bash_logout`.
    Skeleton,
}

/// One thing done to the machine, and what must be true after it.
#[derive(Debug, Clone)]
pub struct Step {
    /// Unique in its case: the action's word, with `-2`, `-3` … for repeats, or the name the scenario gives.
    pub name: String,
    /// What is done.
    pub action: Action,
    /// How it must end.
    pub outcome: Outcome,
    /// What must be true afterwards.
    pub expect: Vec<Expectation>,
    /// Whether the scenario wants what is seen afterwards compared with a reviewed snapshot; see [`Self::has_snapshot`].
    pub snapshot: bool,
    /// How long the action may take, in seconds.
    pub deadline_s: u32,
    /// The step's line in the scenario file, from 1.
    pub line: usize,
    /// What the step is to its case.
    pub part: Part,
}

/// What a step is to its case.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Part {
    /// One of its own, judged as it says.
    #[default]
    Own,
    /// On the way to where a law is tried: observed as in the case that it is of, and judged there alone.
    Way,
    /// What a law does: observed as the step that it is compared with, and judged by the law alone.
    Law,
}

impl Step {
    /// One that must succeed and of which nothing is expected.
    #[must_use]
    pub fn new(name: &str, action: Action, deadline_s: u32) -> Self {
        Self {
            name: name.to_owned(),
            action,
            outcome: Outcome::Succeeds,
            expect: Vec::new(),
            snapshot: false,
            deadline_s,
            line: 1,
            part: Part::Own,
        }
    }

    /// Whether what is seen after it is compared with a reviewed snapshot.
    #[must_use]
    pub fn has_snapshot(&self) -> bool {
        self.snapshot && self.part == Part::Own
    }
}

/// How a step must end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// With status 0.
    Succeeds,
    /// With another status, and with each of these texts in its output.
    Fails {
        /// What the output must contain, piece by piece.
        says: Vec<String>,
    },
}
