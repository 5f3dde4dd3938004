//! One case of a scenario, from its tree.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::place::{At, short};
use crate::flake::Channels;
use crate::flake::host_files::HostFiles;
use crate::flake::names::{bad_home_directory, bad_home_path, bad_scenario_name, is_package_name};
use crate::flake::setup::{DEFAULT_USER, Setup};
use crate::language::matrix::Variant;
use crate::language::options::LoadOptions;
use crate::language::project::Project;
use crate::language::raw::{RawFlake, RawScenario};
use crate::language::report::{Mistake, Report};
use crate::language::value::to_value;
use crate::language::yaml::Node;
use crate::model::{Action, Case, FlakeTree, Guest, InitialHome, Install, Law, Laws, Step, User};
use crate::suggest::nearest;
use crate::text::quoted;

/// What one case is resolved with.
pub(crate) struct Resolver<'case> {
    pub(super) report: &'case mut Report,
    pub(super) files: &'case mut HostFiles,
    /// What is asked for on the command line.
    pub(super) options: &'case LoadOptions,
    /// What the project says for all of its scenarios.
    pub(super) project: &'case Project,
    /// Channels of the user's own.
    pub(super) channels: Channels,
    /// The checked tree, for places.
    pub(super) tree: &'case Node,
    /// The tree as it was written, short forms and all.
    pub(super) written: &'case Node,
    /// Whether the case is one of several.
    pub(super) is_matrix: bool,
    /// What the machine must offer, as far as it is known.
    pub(super) guest: Guest,
    pub(super) users: BTreeMap<String, InitialHome>,
    /// Home directories in other than the usual places, by user.
    pub(super) home_directories: BTreeMap<String, String>,
    pub(super) base: Base,
    /// The flake in the machine, as Nix takes it, after the last step that put one there.
    pub(super) in_machine: Option<String>,
    /// Whether law `equal` is tried, which needs each setup installed the other way.
    pub(super) tries_equal: bool,
    /// Flakes already rendered, so that equal steps share one.
    pub(super) rendered: Vec<Arc<FlakeTree>>,
}

/// What steps switch to unless they say otherwise.
#[derive(Debug, Clone)]
pub(super) enum Base {
    /// A described setup.
    Setup(Box<Setup>),
    /// A user's flake.
    Flake(RawFlake),
    /// Neither, which was reported.
    Nothing,
}

impl Base {
    pub(super) fn install(&self) -> Install {
        match self {
            Self::Setup(setup) => setup.install,
            Self::Flake(flake) => flake.install.unwrap_or(Install::Standalone),
            Self::Nothing => Install::Standalone,
        }
    }

    /// The users whose homes it manages.
    pub(super) fn homes(&self) -> Vec<&str> {
        match self {
            Self::Setup(setup) => setup.homes.keys().map(String::as_str).collect(),
            Self::Flake(flake) => vec![flake.user.as_deref().unwrap_or(DEFAULT_USER)],
            Self::Nothing => Vec::new(),
        }
    }
}

/// Resolves one variant whose checked tree is `tree`. `None` when a mistake leaves nothing to run; all mistakes are
/// reported.
pub(crate) fn resolve(
    variant: &Variant,
    tree: &Node,
    report: &mut Report,
    files: &mut HostFiles,
    options: &LoadOptions,
    project: &Project,
) -> Option<Case> {
    let raw: RawScenario = match serde_yaml::from_value(to_value(tree)) {
        Ok(raw) => raw,
        Err(error) => {
            // Most often something required was refused, which was said. The shapes are made from the same types, so
            // anything else is a gap between the two; still no panic.
            if !report.has_errors() {
                let message = format!("the scenario cannot be read: {error}");
                report.add(Mistake::new(short(tree.span), message));
            }
            return None;
        }
    };
    let mut resolver = Resolver {
        report,
        files,
        options,
        project,
        channels: project.channels.clone(),
        written: &variant.tree,
        tree,
        is_matrix: !variant.axes.is_empty(),
        guest: Guest::default(),
        users: BTreeMap::new(),
        home_directories: BTreeMap::new(),
        base: Base::Nothing,
        in_machine: None,
        tries_equal: false,
        rendered: Vec::new(),
    };
    resolver.case(&raw, variant)
}

impl<'case> Resolver<'case> {
    fn case(&mut self, raw: &RawScenario, variant: &Variant) -> Option<Case> {
        if let Some((message, hint)) = bad_scenario_name(&raw.name) {
            self.mistake(self.root().key("name"), message, hint);
        }
        self.guest = self.machine(raw);
        if self.guest.network.is_on() {
            // What is kept here stands in where the release itself is out of reach.
            self.channels.kept.clear();
        }
        self.home_directories = raw
            .users
            .iter()
            .flatten()
            .filter_map(|(user, given)| Some((user.clone(), given.home_directory.clone()?)))
            .collect();
        self.base = self.find_base(raw);
        self.find_users(raw);
        self.refuse_root_elsewhere();
        self.substituters(raw);
        self.guest.exclude = self.exclude(raw);
        self.guest.stand_ins = self.stand_ins(raw);
        let mut laws = self.laws(raw);
        self.tries_equal = laws.on.contains(&Law::Equal);
        let steps = self.steps(raw);
        self.without_what_cannot_be_tried(&mut laws);
        // A command may fetch what nothing of the scenario pins.
        let runs = |step: &Step| matches!(step.action, Action::Run { .. });
        let is_pinned = self.guest.locked && !steps.iter().any(runs);
        self.guest.locked = !self.guest.network.is_on() || is_pinned;
        let case = Case {
            id: self.id(&raw.name, &variant.axes),
            scenario: raw.name.clone(),
            description: raw.description.clone().unwrap_or_default(),
            file: self.report.source().file.clone(),
            axes: variant.axes.clone(),
            guest: std::mem::take(&mut self.guest),
            users: self
                .users
                .iter()
                .map(|(name, home)| User {
                    name: name.clone(),
                    home: *home,
                    directory: self.home_directories.get(name).cloned(),
                })
                .collect(),
            steps,
            untracked: self.files.untracked.clone(),
            laws,
            trial: None,
        };
        (!self.report.has_errors()).then_some(case)
    }

    /// Which laws are tried.
    fn laws(&mut self, raw: &RawScenario) -> Laws {
        let usual = &self.project.laws;
        let Some(laws) = &raw.laws else {
            return usual.clone();
        };
        match laws.over(usual) {
            Ok(laws) => laws,
            Err((key, message, hint)) => {
                self.mistake(self.root().key("laws").key(&key), message, hint);
                Laws::default()
            }
        }
    }

    /// Takes the laws away that nobody can try of such a setup, with the reason for the reports.
    fn without_what_cannot_be_tried(&self, laws: &mut Laws) {
        let equal = match &self.base {
            Base::Setup(setup) if setup.install == Install::DarwinModule => {
                Some("a system of macOS is only built here")
            }
            Base::Setup(setup) if !setup.modules.is_empty() => {
                Some("the setup has `modules`, which are a home's or a system's")
            }
            Base::Setup(setup) if setup.homes.contains_key("root") => {
                Some("the home of root is a standalone one alone")
            }
            Base::Setup(_) | Base::Nothing => None,
            Base::Flake(_) => Some("a flake of one's own says one way to install it"),
        };
        let clean = match &self.base {
            Base::Flake(_) if self.base.install() != Install::Standalone => {
                Some("nobody takes the homes out of a system's flake that is one's own")
            }
            _ => None,
        };
        for (law, why) in [(Law::Equal, equal), (Law::Clean, clean)] {
            if let Some(why) = why.filter(|_| laws.on.remove(&law)) {
                laws.off.insert(law, why.to_owned());
            }
        }
    }

    /// The folders that are not observed.
    fn exclude(&mut self, raw: &RawScenario) -> BTreeSet<String> {
        let mut folders = BTreeSet::new();
        for (index, folder) in raw.exclude.iter().flatten().enumerate() {
            let folder = folder.strip_suffix('/').unwrap_or(folder);
            if let Some(hint) = bad_home_path(folder) {
                let message = format!("{} is no folder in a home", quoted(folder));
                self.mistake(self.root().key("exclude").item(index), message, hint);
            }
            folders.insert(folder.to_owned());
        }
        folders
    }

    /// The packages that the pocket channel has by name alone.
    fn stand_ins(&mut self, raw: &RawScenario) -> BTreeSet<String> {
        let mut packages = BTreeSet::new();
        for (index, package) in raw.stand_ins.iter().flatten().enumerate() {
            if !is_package_name(package) {
                let message = format!("{} cannot name a package", quoted(package));
                let hint = "write it as Nix text does, without `pkgs.`: `nodePackages.prettier`";
                self.mistake(self.root().key("standIns").item(index), message, hint);
            }
            packages.insert(package.clone());
        }
        packages
    }

    fn id(&mut self, name: &str, axes: &[(String, String)]) -> String {
        const MAX: usize = 180;
        if axes.is_empty() {
            return name.to_owned();
        }
        let picked: Vec<String> = axes
            .iter()
            .map(|(axis, value)| format!("{axis}={value}"))
            .collect();
        let id = format!("{name}[{}]", picked.join(","));
        if id.len() > MAX {
            let message = format!(
                "a case's id would have {} characters, and {MAX} are the most",
                id.len()
            );
            let hint = "give long values of the matrix a short `name:`";
            self.mistake(self.root().key("name"), message, hint);
        }
        id
    }

    fn find_base(&mut self, raw: &RawScenario) -> Base {
        match (&raw.setup, &raw.flake) {
            (Some(setup), None) => {
                Base::Setup(Box::new(self.setup(setup, self.root().key("setup"))))
            }
            (None, Some(flake)) => Base::Flake(self.named_flake(flake, self.root().key("flake"))),
            (Some(_), Some(_)) => {
                let hint = "keep one: `setup` describes a flake, `flake` names one";
                self.mistake(
                    self.root().key("flake"),
                    "the scenario has both `setup` and `flake`",
                    hint,
                );
                Base::Nothing
            }
            (None, None) => {
                let mistaken = |key: &str| self.written.get(key).is_some();
                // What is there but was refused is not missing.
                if !mistaken("setup") && !mistaken("flake") {
                    let hint = "add `setup:` to describe one, or `flake: ./path` to use yours";
                    self.mistake(self.root(), "the scenario has no setup", hint);
                }
                Base::Nothing
            }
        }
    }

    fn find_users(&mut self, raw: &RawScenario) {
        for user in self
            .base
            .homes()
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>()
        {
            self.users.insert(user, InitialHome::Empty);
        }
        for (user, given) in raw.users.iter().flatten() {
            self.user_name(user, self.root().key("users").key(user));
            let home = given.home.unwrap_or(InitialHome::Empty);
            if let Some(directory) = &given.home_directory
                && let Some(hint) = bad_home_directory(directory)
            {
                let at = self.root().key("users").key(user).key("homeDirectory");
                self.mistake(
                    at,
                    format!("{} is no home directory", quoted(directory)),
                    hint,
                );
            }
            self.users.insert(user.clone(), home);
        }
    }

    /// The user meant by a step: the named one, or the only one.
    pub(super) fn user_of(
        &mut self,
        named: Option<&str>,
        candidates: &[String],
        at: At<'case>,
    ) -> String {
        if let Some(named) = named {
            self.known_user(named, candidates, at);
            return named.to_owned();
        }
        match candidates {
            [only] => only.clone(),
            [] => DEFAULT_USER.to_owned(),
            [first, ..] => {
                let all = crate::language::words::list_words(candidates.iter().map(String::as_str));
                let message = "it is not clear whom this is about";
                self.mistake(at, message, format!("add `user:`, which can be {all}"));
                first.clone()
            }
        }
    }

    /// The same of everybody on the machine.
    pub(super) fn any_user(&mut self, named: Option<&str>, at: At<'case>) -> String {
        let users = self.all_users();
        self.user_of(named, &users, at)
    }

    pub(super) fn known_user(&mut self, named: &str, candidates: &[String], at: At<'case>) {
        if candidates.iter().any(|one| one == named) || matches!(self.base, Base::Nothing) {
            return;
        }
        let hint = match nearest(named, candidates.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "set the user up under `setup`, or name them under `users`".to_owned(),
        };
        self.mistake(at, format!("there is no user {}", quoted(named)), hint);
    }

    /// Everyone on the machine.
    pub(super) fn all_users(&self) -> Vec<String> {
        self.users.keys().cloned().collect()
    }

    /// The scenario itself.
    pub(super) fn root(&self) -> At<'case> {
        At::root(self.tree, self.written)
    }

    /// Reports a mistake about a value.
    pub(super) fn mistake(
        &mut self,
        at: At<'case>,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.report
            .add(Mistake::new(at.value(), message).hint(hint));
    }

    /// Reports a mistake about a key.
    pub(super) fn key_mistake(
        &mut self,
        at: At<'case>,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.report
            .add(Mistake::new(at.key_span(), message).hint(hint));
    }

    /// One flake for equal trees.
    pub(super) fn shared(&mut self, tree: FlakeTree) -> Arc<FlakeTree> {
        if let Some(known) = self.rendered.iter().find(|known| ***known == tree) {
            return Arc::clone(known);
        }
        let tree = Arc::new(tree);
        self.rendered.push(Arc::clone(&tree));
        tree
    }

    /// Whether a name was not used before; says so otherwise.
    pub(super) fn once(&mut self, seen: &mut BTreeSet<String>, name: &str, at: At<'case>) {
        if !seen.insert(name.to_owned()) {
            let message = format!("two steps are named {}", quoted(name));
            self.mistake(
                at,
                message,
                "snapshots are named after steps: give each its own name",
            );
        }
    }
}
