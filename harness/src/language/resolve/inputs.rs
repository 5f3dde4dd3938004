//! The inputs of what is switched to: which are replaced, which are out of reach, and where the command comes from.

use std::collections::{BTreeMap, BTreeSet};

use super::flake::path_and_output;
use super::place::At;
use super::scenario::{Base, Resolver};
use crate::flake::channel;
use crate::flake::channels::{PLACE as CHANNELS_PLACE, channel_of_folder, is_folder};
use crate::flake::{FlakeInputs, Remote};
use crate::language::raw::{RawBuild, RawFlake, RawReplacement};
use crate::language::report::Mistake;
use crate::language::words::list_words;
use crate::model::{CommandSource, Install};
use crate::suggest::nearest;
use crate::text::quoted;

impl<'case> Resolver<'case> {
    /// The inputs of what is switched to; `None` where they cannot be told.
    fn inputs_to_override(&mut self, base: &Base) -> Option<BTreeSet<String>> {
        match base {
            Base::Nothing => None,
            Base::Setup(setup) => Some(setup.inputs.keys().cloned().collect()),
            Base::Flake(flake) => self.own_inputs(flake)?.names,
        }
    }

    /// Nix only warns of an override that overrides nothing, and then switches to something else than was meant.
    fn is_input(&mut self, name: &str, inputs: Option<&BTreeSet<String>>, place: At<'case>) {
        // Of a nested input such as `home-manager/nixpkgs` the text shows the first name.
        let first = name.split('/').next().unwrap_or(name);
        let Some(inputs) = inputs.filter(|inputs| !inputs.contains(first)) else {
            return;
        };
        let names = || inputs.iter().map(String::as_str);
        let hint = match nearest(first, names()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if inputs.is_empty() => {
                "it has none; add `inputs.NAME.url` to the flake".to_owned()
            }
            None => format!(
                "it has {}; to replace another one, add it to the flake as `inputs.{first}.url`",
                list_words(names()).replace(" or ", " and ")
            ),
        };
        let message = format!("the flake has no input {} to replace", quoted(first));
        self.key_mistake(place, message, hint);
    }

    pub(super) fn override_inputs(
        &mut self,
        raw: &RawBuild,
        base: &Base,
        at: At<'case>,
    ) -> BTreeMap<String, String> {
        let mut given: BTreeMap<String, (RawReplacement, At<'case>)> = self.given_everywhere(base);
        if let Base::Flake(flake) = base {
            for (name, it) in flake.inputs.iter().flatten() {
                let place = self.root().key("flake").key("inputs").key(name);
                given.insert(name.clone(), (it.clone(), place));
            }
        }
        for (name, it) in raw.inputs.iter().flatten() {
            let place = at.key("inputs").key(name);
            given.insert(name.clone(), (it.clone(), place));
        }
        let inputs = if given.is_empty() {
            None
        } else {
            self.inputs_to_override(base)
        };
        let own = match base {
            Base::Flake(flake) => self.own_inputs(flake),
            Base::Setup(_) | Base::Nothing => None,
        };
        let mut out = BTreeMap::new();
        let mut folders = Vec::new();
        for (name, (given, place)) in given {
            self.is_input(&name, inputs.as_ref(), place);
            // A nested input such as `home-manager/nixpkgs` is known by its last name.
            let last = match name.rsplit('/').next().unwrap_or(&name) {
                "nixpkgs-lib" | "nixpkgs-stable" | "nixpkgs-unstable" => "nixpkgs",
                last => last,
            };
            let known = own.as_ref().and_then(|own| own.project(&name));
            let project = given.take.as_deref().or(known).unwrap_or(last);
            let Some(url) = self.address_of(&given.url, project, place) else {
                continue;
            };
            self.needs_network(&url, place);
            if is_folder(&given.url) {
                folders.push((name.clone(), given.url, place));
            }
            out.insert(name, url);
        }
        for (name, folder, place) in folders {
            self.look_into_folder(&name, &folder, own.as_ref(), &out, place);
        }
        if let Some(own) = own.filter(|_| !self.guest.network.is_on()) {
            let at = match &raw.flake {
                Some(_) => at.key("flake"),
                None => self.root().key("flake"),
            };
            self.need_no_network(&own, &out, at);
        }
        out
    }

    /// What is replaced in every flake that has it, each with the place in the scenario for mistakes about it;
    /// what this flake does not have is reported.
    fn given_everywhere(&mut self, base: &Base) -> BTreeMap<String, (RawReplacement, At<'case>)> {
        let mut given = BTreeMap::new();
        for (name, word) in &self.options.inputs {
            let inputs = self.inputs_to_override(base);
            if inputs.is_some_and(|inputs| !inputs.contains(name)) {
                let message = format!("the flake has no input {} to replace", quoted(name));
                let mistake = Mistake::new(self.root().key("name").value(), message)
                    .hint("`--override-input` changes nothing for this scenario");
                self.report.add(mistake.warning());
                continue;
            }
            let it = RawReplacement {
                url: word.clone(),
                take: None,
            };
            given.insert(name.clone(), (it, self.root().key("name")));
        }
        given
    }

    /// The address of what a word says that the input `project` is: a folder of this computer, a channel's, or an address.
    /// `None` where the word is wrong, which is said.
    pub(super) fn address_of(
        &mut self,
        word: &str,
        project: &str,
        at: At<'case>,
    ) -> Option<String> {
        if is_folder(word) {
            return self.folder_input(project, word, at);
        }
        if !self.channels.has(word) && channel::is_no_revision(word) {
            let (message, hint) = channel::no_channel(word);
            self.mistake(at, message, hint);
            return None;
        }
        if !channel::is_channel(&self.channels, word) {
            return Some(word.to_owned());
        }
        let address = channel::address(&self.channels, word, project);
        if address.is_none() {
            let message = format!(
                "the channel {} has no input {}",
                quoted(word),
                quoted(project)
            );
            let hint = format!(
                "say which of its inputs is meant, `{{ url: {word}, take: nixpkgs }}`, or give an address"
            );
            self.mistake(at, message, hint);
        }
        address
    }

    /// The address in the guest of an input that is a folder of this computer: as it is, or, where it is a checkout of Home
    /// Manager, which becomes a channel, with what makes it work without a network.
    fn folder_input(&mut self, project: &str, folder: &str, at: At<'case>) -> Option<String> {
        let place = match self.files.folder(folder) {
            Ok(place) => place,
            Err(error) => {
                self.mistake(at, error.to_string(), error.hint());
                return None;
            }
        };
        let name = channel_of_folder(folder);
        match project {
            "nixpkgs" => {
                let message = "nixpkgs cannot be a folder of this computer";
                let hint = "nothing of it could be built without a network: name its `lib` and `nixos` in switchproof.yaml, as \
                            `nixpkgs:` under `channels`";
                self.mistake(at, message, hint);
                None
            }
            "home-manager" => {
                self.guest.checkouts.insert(name.clone(), place);
                Some(format!("{CHANNELS_PLACE}/{name}/home-manager"))
            }
            _ => {
                self.guest.folders.insert(name.clone(), place);
                Some(format!("{CHANNELS_PLACE}/{name}"))
            }
        }
    }

    /// Warns of inputs of a folder that itself is the input `name`, where they are on the network.
    fn look_into_folder(
        &mut self,
        name: &str,
        folder: &str,
        own: Option<&FlakeInputs>,
        replaced: &BTreeMap<String, String>,
        at: At<'case>,
    ) {
        let Ok(tree) = self.files.flake(folder) else {
            return;
        };
        let inner = FlakeInputs::of(&tree);
        let prefix = format!("{name}/");
        let inside = replaced.keys().filter_map(|it| it.strip_prefix(&prefix));
        let mut known: BTreeSet<&str> = inside.collect();
        known.extend(own.iter().flat_map(|own| &own.followed).map(String::as_str));
        let mut remote = inner.on_network(&known);
        if self.guest.network.is_on() || remote.is_empty() || name == "home-manager" {
            return;
        }
        for input in &mut remote {
            input.name = format!("{prefix}{}", input.name);
        }
        let (message, hint) = out_of_reach(&remote, false);
        self.report
            .add(Mistake::new(at.value(), message).hint(hint).warning());
    }

    fn own_inputs(&mut self, flake: &RawFlake) -> Option<FlakeInputs> {
        let (path, _) = path_and_output(&flake.path);
        Some(FlakeInputs::of(self.files.flake(path).ok()?.as_ref()))
    }

    /// Refuses what an evaluation would have to download, and warns of what it may have to.
    fn need_no_network(
        &mut self,
        own: &FlakeInputs,
        replaced: &BTreeMap<String, String>,
        at: At<'case>,
    ) {
        let replaced = replaced.keys().map(String::as_str).collect();
        let remote = own.on_network(&replaced);
        if remote.is_empty() {
            return;
        }
        let is_needed = remote.iter().any(|input| input.is_needed);
        let (message, hint) = out_of_reach(&remote, is_needed);
        let mistake = Mistake::new(at.value(), message).hint(hint);
        self.report.add(if is_needed {
            mistake
        } else {
            mistake.warning()
        });
    }

    /// Where the `home-manager` command of a home that has none yet comes from, with `replaced` inputs; `None` for a
    /// system, and where a channel has it.
    pub(super) fn command_of(
        &mut self,
        base: &Base,
        replaced: &BTreeMap<String, String>,
    ) -> Option<CommandSource> {
        let is_channel = matches!(base, Base::Setup(setup) if !setup.is_flake);
        if base.install() != Install::Standalone || is_channel {
            return None;
        }
        let nixpkgs = replaced.get("nixpkgs").cloned();
        let tree = match base {
            Base::Flake(flake) => self.files.flake(path_and_output(&flake.path).0).ok(),
            Base::Setup(_) | Base::Nothing => None,
        };
        let own = tree.as_ref().map(|tree| FlakeInputs::of(tree));
        let input = match &own {
            Some(own) => own.home_manager(),
            None => Some("home-manager"),
        };
        // A flake that takes it from elsewhere leaves the command to Nix's registry.
        let name = input.unwrap_or("home-manager");
        // Nix knows nothing of what is replaced when it looks an input up in a flake, and locks that flake as it is.
        let local = own.as_ref().and_then(|own| own.url(name));
        let inside = local.and_then(relative).zip(tree.as_ref());
        if let Some((inside, tree)) = inside.filter(|_| !replaced.contains_key(name)) {
            // Nix runs nothing from an address that is relative to a flake, and locks what lies there by itself.
            let names = own.as_ref().and_then(|own| own.names.as_ref());
            let has_nixpkgs = names.is_some_and(|names| names.contains("nixpkgs"));
            return Some(CommandSource {
                flake: format!("path:./{}", tree.path_of(inside)),
                is_input: true,
                nixpkgs: nixpkgs.or_else(|| has_nixpkgs.then(|| "nixpkgs".to_owned())),
                dir: tree.dir.clone(),
            });
        }
        let local = local.filter(|url| is_absolute(url) && !replaced.is_empty());
        let address = replaced.get(name).map(String::as_str).or(local);
        Some(CommandSource {
            flake: address.unwrap_or(name).to_owned(),
            is_input: address.is_none() && input.is_some(),
            nixpkgs,
            dir: tree.map(|tree| tree.dir.clone()).unwrap_or_default(),
        })
    }
}

/// The folder that an address of an input names from where the flake lies.
fn relative(url: &str) -> Option<&str> {
    let path = url.strip_prefix("path:").unwrap_or(url);
    (path.starts_with("./") || path.starts_with("../")).then_some(path)
}

/// Whether a local address means the same from everywhere.
fn is_absolute(url: &str) -> bool {
    let path = url.strip_prefix("path:").unwrap_or(url);
    path.starts_with('/') || url.starts_with("git+file:")
}

/// That inputs are on the network, and the ways out.
fn out_of_reach(remote: &[Remote], is_needed: bool) -> (String, String) {
    let shown: Vec<&Remote> = remote
        .iter()
        .filter(|input| input.is_needed || !is_needed)
        .collect();
    let names = list_words(shown.iter().map(|input| input.name.as_str())).replace(" or ", " and ");
    let what = if shown.len() == 1 { "input" } else { "inputs" };
    let is = if shown.len() == 1 { "is" } else { "are" };
    let message =
        format!("the flake's {what} {names} {is} on the network, and the machine has none");
    let known: Vec<String> = shown
        .iter()
        .filter(|input| input.project.is_some())
        .map(|input| format!("{}: pocket", input.name))
        .collect();
    let replace = match (known.as_slice(), is_needed) {
        ([], true) => "replace them under `inputs`".to_owned(),
        ([], false) => {
            "as long as nothing looks at them that is fine; if not, replace them under `inputs`"
                .to_owned()
        }
        (known, _) => format!("replace them: `inputs: {{ {} }}`", known.join(", ")),
    };
    (message, format!("{replace}, or add `network: true`"))
}
