//! What a switch or a build is of: the scenario's setup or flake, or another one for that step.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::place::At;
use super::scenario::{Base, Resolver};
use crate::flake::nix::{
    is_plain_name, render_first_host, render_flake, render_home, wrapper_flake,
};
use crate::flake::setup::Setup;
use crate::flake::{FlakeInputs, HostCaches, for_the_machine, is_offline};
use crate::language::raw::{RawBuild, RawFlake, RawStep};
use crate::model::{FlakeTree, IMPURE, Install, SeedFile, Switch, Target};
use crate::text::quoted;

impl<'case> Resolver<'case> {
    /// The switch, or what is built like one, that a step asks for.
    pub(super) fn switch(
        &mut self,
        step: &RawStep,
        raw: &RawBuild,
        at: At<'case>,
    ) -> Option<Switch> {
        self.state_version(raw.state_version.as_deref(), at.key("stateVersion"));
        let base = self.base_of(raw, at)?;
        let install = base.install();
        let homes: Vec<String> = base.homes().into_iter().map(str::to_owned).collect();
        let user = match install {
            Install::Standalone => Some(self.user_of(raw.user.as_deref(), &homes, at.key("user"))),
            Install::NixosModule | Install::DarwinModule => {
                if raw.user.is_some() && !self.is_matrix {
                    let hint = "remove `user`: a system is switched for all of its users";
                    self.mistake(
                        at.key("user"),
                        "a system is not switched for one user",
                        hint,
                    );
                }
                None
            }
        };
        let mut override_inputs = self.override_inputs(raw, &base, at);
        let channels = self.channels_of(&base, &mut override_inputs, at);
        let is_wrapped = wants_wrapper(raw, &base);
        let mut command = self.command_of(&base, &override_inputs);
        if let Some(command) = command.as_mut().filter(|_| is_wrapped) {
            command.dir.clear();
        }
        let target = Target {
            install,
            user,
            command,
        };
        let (flake, output) = self.flake_and_output(raw, &base, &target, at)?;
        let (flake, first_host) = match step.switch {
            Some(_) => self.for_its_machine(&base, &override_inputs, flake),
            None => (flake, self.first_host(&base)),
        };
        self.refuse_root_on_a_host(&base, at);
        let other_way = self.other_way(raw, &base, &override_inputs, at);
        if step.fails.is_none() {
            self.refuse_other_platform(&base, &output, at);
        }
        Some(Switch {
            flake,
            output,
            backup_extension: base_backup(&base),
            dry_run: false,
            options: [(raw.impure, IMPURE), (raw.show_trace, "--show-trace")]
                .into_iter()
                .filter(|(is_asked, _)| *is_asked == Some(true))
                .map(|(_, option)| option.to_owned())
                .collect(),
            override_inputs: override_inputs
                .into_iter()
                .map(|(name, url)| {
                    (
                        if is_wrapped {
                            format!("original/{name}")
                        } else {
                            name
                        },
                        url,
                    )
                })
                .collect(),
            target,
            first_host,
            other_way: other_way.map(Box::new),
            channels,
        })
    }

    /// The channels of a setup without a flake, for which replaced inputs are used up.
    fn channels_of(
        &mut self,
        base: &Base,
        replaced: &mut BTreeMap<String, String>,
        at: At<'case>,
    ) -> BTreeMap<String, String> {
        let Base::Setup(setup) = base else {
            return BTreeMap::new();
        };
        if setup.is_flake {
            return BTreeMap::new();
        }
        let urls = setup
            .inputs
            .iter()
            .map(|(name, input)| (name.clone(), input.url.clone()));
        let mut urls: BTreeMap<String, String> = urls.collect();
        urls.extend(std::mem::take(replaced));
        let each = urls
            .iter()
            .filter_map(|(name, url)| self.channel_of(name, url, at));
        each.collect()
    }

    fn first_host(&mut self, base: &Base) -> Option<Arc<FlakeTree>> {
        match base {
            Base::Setup(setup) => render_first_host(setup).map(|it| self.shared(it.tree)),
            Base::Flake(_) | Base::Nothing => None,
        }
    }

    /// The same homes as a module of a system, or the first of them by itself, where that is to be tried. The setup's own
    /// `modules` are a system's or a home's, and cannot go along.
    fn other_way(
        &mut self,
        raw: &RawBuild,
        base: &Base,
        override_inputs: &BTreeMap<String, String>,
        at: At<'case>,
    ) -> Option<Switch> {
        let Base::Setup(setup) = base else {
            return None;
        };
        if !self.tries_equal || !setup.modules.is_empty() {
            return None;
        }
        let (install, user) = match setup.install {
            Install::Standalone => (Install::NixosModule, None),
            Install::NixosModule => (Install::Standalone, setup.homes.keys().next().cloned()),
            Install::DarwinModule => return None,
        };
        let other = Base::Setup(Box::new(Setup {
            install,
            is_flake: true,
            ..setup.as_ref().clone()
        }));
        let target = Target {
            install,
            user,
            command: self.command_of(&other, override_inputs),
        };
        let (flake, output) = self.flake_and_output(raw, &other, &target, at)?;
        let (flake, first_host) = self.for_its_machine(&other, override_inputs, flake);
        Some(Switch {
            target,
            flake,
            output,
            backup_extension: base_backup(&other),
            dry_run: false,
            override_inputs: override_inputs.clone(),
            first_host,
            other_way: None,
            options: Vec::new(),
            channels: BTreeMap::new(),
        })
    }

    /// The scenario's setup or flake with what the step changes.
    fn base_of(&mut self, raw: &RawBuild, at: At<'case>) -> Option<Base> {
        match (&raw.setup, &raw.flake) {
            (None, None) => Some(self.base.clone()),
            (Some(_), Some(_)) => {
                let hint = "keep one of them";
                self.mistake(at, "the step has both `setup` and `flake`", hint);
                None
            }
            (None, Some(flake)) => {
                let mut flake = self.named_flake(flake, at.key("flake"));
                if flake.user.is_none()
                    && let Base::Flake(base) = &self.base
                {
                    flake.user.clone_from(&base.user);
                }
                Some(Base::Flake(flake))
            }
            (Some(setup), None) if matches!(self.base, Base::Setup(_)) => {
                let setup = self.setup(setup, at.key("setup"));
                Some(Base::Setup(Box::new(setup)))
            }
            (Some(_), None) => {
                let hint =
                    "describe the whole setup in a scenario of its own, or name another `flake`";
                let message = "there is no setup that could be changed";
                self.mistake(at.key("setup"), message, hint);
                None
            }
        }
    }

    fn flake_and_output(
        &mut self,
        raw: &RawBuild,
        base: &Base,
        target: &Target,
        at: At<'case>,
    ) -> Option<(Arc<FlakeTree>, String)> {
        match base {
            Base::Nothing => None,
            Base::Setup(setup) => {
                if raw.output.is_some() {
                    let hint = "remove it: the output of a described setup is named after its user or host";
                    self.mistake(at.key("output"), "a described setup has one output", hint);
                }
                let mut setup = setup.as_ref().clone();
                if let Some(version) = &raw.state_version {
                    for home in setup.homes.values_mut() {
                        home.state_version = Some(version.clone());
                    }
                }
                let output = target.user.clone().unwrap_or_else(|| setup.host.clone());
                let tree = match setup.is_flake {
                    true => render_flake(&setup).tree,
                    false => render_home(&setup, &output)?,
                };
                Some((self.shared(tree), output))
            }
            Base::Flake(flake) => self.own_flake(raw, flake, target, at),
        }
    }

    fn own_flake(
        &mut self,
        raw: &RawBuild,
        flake: &RawFlake,
        target: &Target,
        at: At<'case>,
    ) -> Option<(Arc<FlakeTree>, String)> {
        let (path, named) = path_and_output(&flake.path);
        let tree = match self.files.flake(path) {
            Ok(tree) => tree,
            // Reported where the flake is named.
            Err(_) => return None,
        };
        let output = raw
            .output
            .as_deref()
            .map(|named| {
                let (kind, name) = Install::of_output(named);
                if let Some(kind) = kind {
                    self.same_kind(kind, Some(target.install), at.key("output"));
                }
                name.to_owned()
            })
            .or_else(|| flake.output.clone())
            .or_else(|| named.map(str::to_owned))
            .or_else(|| target.user.clone());
        let Some(output) = output else {
            let hint = "add the host after the path: `flake: ./path#host`";
            self.mistake(at, "it is not clear which host of the flake is meant", hint);
            return None;
        };
        let version = raw.state_version.as_ref().or(flake.state_version.as_ref());
        let Some(version) = version else {
            return Some((tree, output));
        };
        if let Err(error) = self.files.hand_out_tree(path, &tree.files) {
            self.mistake(at, error.to_string(), error.hint());
            return None;
        }
        let mut files: BTreeMap<String, SeedFile> = tree
            .files
            .iter()
            .map(|(name, file)| (format!("original/{name}"), file.clone()))
            .collect();
        let own = FlakeInputs::of(&tree);
        let home_manager = own.home_manager().filter(|name| is_plain_name(name));
        let original = tree.reference("path:./original");
        let wrapper = wrapper_flake(target.install, &output, version, home_manager, &original);
        files.insert("flake.nix".to_owned(), wrapper);
        Some((self.shared(FlakeTree::new(files)), output))
    }

    /// Whether the host is a NixOS whose nixpkgs comes over the network. What a system must be to run in the machine is added
    /// by the channels of this program, and nothing adds it there.
    fn is_real_nixos(&mut self, base: &Base, replaced: &BTreeMap<String, String>) -> bool {
        // Without a network what is real is out of reach, which is said already.
        if base.install() != Install::NixosModule || !self.guest.network.is_on() {
            return false;
        }
        match base {
            Base::Nothing => false,
            Base::Setup(setup) => {
                let own = setup.inputs.get("nixpkgs").map(|input| &input.url);
                let url = replaced.get("nixpkgs").or(own);
                url.is_some_and(|url| !is_offline(url))
            }
            Base::Flake(flake) => {
                let (path, _) = path_and_output(&flake.path);
                let tree = self.files.flake(path);
                tree.is_ok_and(|tree| FlakeInputs::of(&tree).are_real(replaced))
            }
        }
    }

    /// A host's flake and that of its first system, both with hosts that can run in the machine where its nixpkgs is the real
    /// one, which makes none.
    fn for_its_machine(
        &mut self,
        base: &Base,
        replaced: &BTreeMap<String, String>,
        flake: Arc<FlakeTree>,
    ) -> (Arc<FlakeTree>, Option<Arc<FlakeTree>>) {
        let first_host = self.first_host(base);
        if !self.is_real_nixos(base, replaced) {
            return (flake, first_host);
        }
        let first_host = first_host.map(|plain| self.able_to_run(&plain));
        (self.able_to_run(&flake), first_host)
    }

    /// A flake with what its hosts must be to run in the machine.
    fn able_to_run(&mut self, flake: &FlakeTree) -> Arc<FlakeTree> {
        let caches = HostCaches {
            own: self.guest.default_substituters,
            named: &self.guest.substituters,
        };
        let tree = for_the_machine(flake, &caches);
        self.shared(tree)
    }

    /// A flake that a scenario names; one whose output is named below its set, as Nix does, installs as the set says.
    pub(super) fn named_flake(&mut self, flake: &RawFlake, at: At<'case>) -> RawFlake {
        self.check_flake(flake, at);
        let mut flake = flake.clone();
        let (_, in_path) = path_and_output(&flake.path);
        let Some(named) = flake.output.as_deref().or(in_path) else {
            return flake;
        };
        if let (Some(install), name) = Install::of_output(named) {
            let name = name.to_owned();
            self.same_kind(install, flake.install, at.key("install"));
            flake.install = Some(install);
            flake.output = Some(name);
        }
        flake
    }

    /// Says of an output of one kind that it was to be of another.
    fn same_kind(&mut self, named: Install, wanted: Option<Install>, at: At<'case>) {
        if let Some(wanted) = wanted.filter(|wanted| *wanted != named) {
            let (named, wanted) = (named.set_name(), wanted.set_name());
            let message =
                format!("the output is one of `{named}`, and one of `{wanted}` is installed so");
            self.mistake(
                at,
                message,
                "let `install` be what the output is, or name another output",
            );
        }
    }

    /// Reports what is wrong with a flake that a scenario names.
    fn check_flake(&mut self, flake: &RawFlake, at: At<'case>) {
        let (path, _) = path_and_output(&flake.path);
        if let Err(error) = self.files.flake(path) {
            self.mistake(at.key("path"), error.to_string(), error.hint());
        }
        if let Some(user) = &flake.user {
            self.user_name_value(user, at.key("user"));
        }
        self.extension(flake.backup.as_deref(), at.key("backup"));
        self.state_version(flake.state_version.as_deref(), at.key("stateVersion"));
        if self.guest.network.is_on()
            && let Ok(tree) = self.files.flake(path)
        {
            let inputs = FlakeInputs::of(&tree);
            self.guest.locked &= inputs.are_locked();
            self.guest.endpoints.extend(inputs.endpoints());
        }
    }

    fn user_name_value(&mut self, user: &str, at: At<'case>) {
        if let Some(hint) = crate::flake::names::bad_user_name(user) {
            self.mistake(at, format!("{} cannot be a user here", quoted(user)), hint);
        }
    }
}

/// `./path#output` in its parts.
pub(super) fn path_and_output(text: &str) -> (&str, Option<&str>) {
    match text.split_once('#') {
        Some((path, output)) => (path, Some(output)),
        None => (text, None),
    }
}

fn base_backup(base: &Base) -> Option<String> {
    match base {
        // A system's flake carries its own.
        Base::Setup(setup) if setup.install == Install::Standalone => setup.backup.clone(),
        Base::Flake(flake) => flake.backup.clone(),
        Base::Setup(_) | Base::Nothing => None,
    }
}

fn wants_wrapper(raw: &RawBuild, base: &Base) -> bool {
    matches!(base, Base::Flake(flake) if raw.state_version.is_some() || flake.state_version.is_some())
}
