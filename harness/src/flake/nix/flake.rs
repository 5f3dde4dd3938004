//! A setup as a flake.

use std::collections::BTreeMap;

use super::expression::{Nix, Set};
use super::home::{HomePlace, home_modules, home_value};
use super::host::{darwin_system, nixos_system, plain_nixos_system};
use super::module::{inline_modules, overlays, package_settings, special_args};
use super::text;
use crate::flake::setup::{Input, Setup};
use crate::model::{FlakeTree, Install, SeedFile};

/// A rendered flake.
#[derive(Debug, Clone)]
pub(crate) struct Rendered {
    /// Its files, `flake.nix` among them.
    pub(crate) tree: FlakeTree,
}

/// Renders a setup: the same setup always gives the same bytes, and two scenarios with equal setups equal flakes.
pub(crate) fn render_flake(setup: &Setup) -> Rendered {
    let mut files = BTreeMap::new();
    let outputs = match setup.install {
        Install::Standalone => standalone(setup, &mut files),
        Install::NixosModule => nixos_system(setup, &mut files),
        Install::DarwinModule => darwin_system(setup, &mut files),
    };
    flake(&setup.inputs, outputs, files)
}

fn flake(
    all: &BTreeMap<String, Input>,
    outputs: Nix,
    mut files: BTreeMap<String, SeedFile>,
) -> Rendered {
    let arguments = std::iter::once("nixpkgs")
        .chain(
            all.keys()
                .map(String::as_str)
                .filter(|name| *name != "nixpkgs"),
        )
        .filter(|name| is_used(&outputs, name))
        .map(str::to_owned)
        .chain(std::iter::once("...".to_owned()))
        .collect();
    let mut flake = Set::default();
    flake.put("inputs", inputs(all));
    flake.put("outputs", Nix::Function(arguments, Box::new(outputs)));
    let flake = flake.plain();
    files.insert("flake.nix".to_owned(), SeedFile::regular(spaced(&flake)));
    Rendered {
        tree: FlakeTree::new(files),
    }
}

/// Renders the host of a setup as it is before anything is set up on it: the same for all setups of a host's name, its
/// users and its nixpkgs.
pub(crate) fn render_first_host(setup: &Setup) -> Option<Rendered> {
    let mut inputs = setup.inputs.clone();
    inputs.retain(|name, _| name == "nixpkgs");
    (setup.install == Install::NixosModule)
        .then(|| flake(&inputs, plain_nixos_system(setup), BTreeMap::new()))
}

/// The flake's text, with an empty line between its inputs and its outputs.
fn spaced(flake: &Nix) -> Vec<u8> {
    let mut text = flake
        .print(0)
        .replacen("\n  outputs =", "\n\n  outputs =", 1);
    text.push('\n');
    text.into_bytes()
}

/// Whether the outputs name an input. `specialArgs` and inline Nix may do so in any way, so a word is enough.
fn is_used(outputs: &Nix, name: &str) -> bool {
    outputs
        .print(0)
        .split(|one: char| !(one.is_ascii_alphanumeric() || matches!(one, '_' | '-')))
        .any(|word| word == name)
}

fn inputs(inputs: &BTreeMap<String, Input>) -> Nix {
    let order = |name: &str| match name {
        "nixpkgs" => 0,
        "home-manager" => 1,
        "nix-darwin" => 2,
        _ => 3,
    };
    let mut sorted: Vec<(&String, &Input)> = inputs.iter().collect();
    sorted.sort_by_key(|(name, _)| (order(name), name.as_str()));
    let mut all = Set::default();
    for (name, input) in sorted {
        let mut parts = Set::default();
        parts.put("url", Nix::text(&input.url));
        parts.maybe("flake", (!input.is_flake).then(|| Nix::bool(false)));
        for (theirs, ours) in &input.follows {
            parts.under(&["inputs", theirs, "follows"], Nix::text(ours));
        }
        all.under(&[name], parts.plain());
    }
    all.plain()
}

fn standalone(setup: &Setup, files: &mut BTreeMap<String, SeedFile>) -> Nix {
    let mut homes = Set::default();
    for (user, home) in &setup.homes {
        let mut modules = home_modules(user, home, setup, HomePlace::Standalone, files);
        let shared = setup.modules.iter().chain(&setup.shared_modules);
        modules.extend(inline_modules(shared, setup));
        let mut arguments = Set::default();
        arguments.put("pkgs", package_set(setup));
        arguments.some("extraSpecialArgs", special_args(setup));
        arguments.put("modules", Nix::List(modules));
        let function = "home-manager.lib.homeManagerConfiguration";
        let configuration = Nix::call(function, arguments);
        homes.under(&["homeConfigurations", user], configuration);
    }
    homes.grouped()
}

/// Renders a user's home without a flake: `home.nix`, and what it needs beside it.
pub(crate) fn render_home(setup: &Setup, user: &str) -> Option<FlakeTree> {
    let main = "home.nix".to_owned();
    // Nothing that is imported takes its name.
    let mut files = BTreeMap::from([(main.clone(), SeedFile::Directory)]);
    let home = setup.homes.get(user)?;
    let mut modules = home_modules(user, home, setup, HomePlace::Standalone, &mut files);
    let mut settings = Set::default();
    package_settings(setup, &mut settings);
    modules.extend(Some(settings.plain()).filter(|it| !it.is_empty()));
    let shared = setup.modules.iter().chain(&setup.shared_modules);
    modules.extend(inline_modules(shared, setup));
    files.insert(main, SeedFile::regular(home_value(modules).print(0) + "\n"));
    Some(FlakeTree::new(files))
}

/// The plain package set, or one with overlays and configuration.
fn package_set(setup: &Setup) -> Nix {
    if setup.overlays.is_empty() && setup.allow_unfree.is_none() {
        return Nix::Verbatim(format!(
            "nixpkgs.legacyPackages.{}",
            text::name(&setup.system)
        ));
    }
    let mut arguments = Set::default();
    arguments.put("system", Nix::text(&setup.system));
    arguments.maybe("config.allowUnfree", setup.allow_unfree.map(Nix::bool));
    arguments.some("overlays", overlays(setup));
    Nix::call("import nixpkgs", arguments)
}
