//! A setup as a module of a whole system.

use std::collections::BTreeMap;

use super::expression::{Nix, grouped, path};
use super::home::{HomePlace, home_modules, home_value};
use super::module::{inline_module, overlays, special_args};
use crate::flake::setup::Setup;
use crate::model::SeedFile;

type Bindings = Vec<(Vec<String>, Nix)>;

/// `nixosConfigurations.HOST`.
pub(super) fn nixos_system(setup: &Setup, files: &mut BTreeMap<String, SeedFile>) -> Nix {
    let mut host = accounts(setup);
    if let Some(version) = newest_state_version(setup) {
        host.push((path("system.stateVersion"), Nix::text(version)));
    }
    let module = "home-manager.nixosModules.home-manager";
    system(
        setup,
        host,
        module,
        files,
        "nixosConfigurations",
        NIXOS_SYSTEM,
    )
}

/// `nixosConfigurations.HOST` of a host on which nothing is yet but the accounts of its users.
pub(super) fn plain_nixos_system(setup: &Setup) -> Nix {
    let modules = vec![Nix::Attrs(grouped(accounts(setup)))];
    configuration(setup, "nixosConfigurations", NIXOS_SYSTEM, modules)
}

const NIXOS_SYSTEM: &str = "nixpkgs.lib.nixosSystem";

/// A host that can boot, and its users.
fn accounts(setup: &Setup) -> Bindings {
    let mut host: Bindings = vec![
        (path("nixpkgs.hostPlatform"), Nix::text(&setup.system)),
        (path("networking.hostName"), Nix::text(&setup.host)),
        // What every bootable system must say; a person has it in hardware-configuration.nix.
        (path("boot.loader.grub.enable"), Nix::bool(false)),
        (
            vec!["fileSystems".to_owned(), "/".to_owned()],
            Nix::Attrs(vec![
                (path("device"), Nix::text("/dev/vda")),
                (path("fsType"), Nix::text("ext4")),
            ]),
        ),
    ];
    for (user, home) in &setup.homes {
        let option = |name: &str| ["users", "users", user, name].map(str::to_owned).to_vec();
        host.push((option("isNormalUser"), Nix::bool(true)));
        if let Some(directory) = &home.directory {
            host.push((option("home"), Nix::text(directory)));
        }
    }
    host
}

/// `darwinConfigurations.HOST`.
pub(super) fn darwin_system(setup: &Setup, files: &mut BTreeMap<String, SeedFile>) -> Nix {
    let mut host: Bindings = vec![
        (
            path("nixpkgs.hostPlatform"),
            Nix::text(setup.system.replace("-linux", "-darwin")),
        ),
        (path("networking.hostName"), Nix::text(&setup.host)),
    ];
    for (user, home) in &setup.homes {
        let option = ["users", "users", user, "home"];
        let usual = || format!("/Users/{user}");
        host.push((
            option.map(str::to_owned).to_vec(),
            Nix::text(home.directory.clone().unwrap_or_else(usual)),
        ));
    }
    host.push((path("system.stateVersion"), Nix::Verbatim("4".to_owned())));
    let module = "home-manager.darwinModules.home-manager";
    system(
        setup,
        host,
        module,
        files,
        "darwinConfigurations",
        "nix-darwin.lib.darwinSystem",
    )
}

fn system(
    setup: &Setup,
    mut host: Bindings,
    home_manager: &str,
    files: &mut BTreeMap<String, SeedFile>,
    output: &str,
    function: &str,
) -> Nix {
    if let Some(allow) = setup.allow_unfree {
        host.push((path("nixpkgs.config.allowUnfree"), Nix::bool(allow)));
    }
    if !setup.overlays.is_empty() {
        host.push((path("nixpkgs.overlays"), overlays(setup)));
    }
    let mut modules = vec![Nix::Attrs(grouped(host))];
    modules.extend(
        setup
            .modules
            .iter()
            .map(|module| inline_module(module, setup)),
    );
    modules.push(Nix::Verbatim(home_manager.to_owned()));
    let homes = Nix::Attrs(grouped(home_manager_options(setup, files)));
    modules.push(Nix::Attrs(vec![(path("home-manager"), homes)]));
    configuration(setup, output, function, modules)
}

fn configuration(setup: &Setup, output: &str, function: &str, modules: Vec<Nix>) -> Nix {
    let call = Nix::Call(
        function.to_owned(),
        Box::new(Nix::Attrs(vec![(path("modules"), Nix::List(modules))])),
    );
    Nix::Attrs(vec![(vec![output.to_owned(), setup.host.clone()], call)])
}

fn home_manager_options(setup: &Setup, files: &mut BTreeMap<String, SeedFile>) -> Bindings {
    let mut options = Bindings::new();
    if let Some(value) = setup.global_pkgs {
        options.push((path("useGlobalPkgs"), Nix::bool(value)));
    }
    if let Some(value) = setup.user_packages {
        options.push((path("useUserPackages"), Nix::bool(value)));
    }
    if let Some(extension) = &setup.backup {
        options.push((path("backupFileExtension"), Nix::text(extension)));
    }
    if !setup.special_args.is_empty() {
        options.push((path("extraSpecialArgs"), special_args(setup)));
    }
    if !setup.shared_modules.is_empty() {
        let modules = setup
            .shared_modules
            .iter()
            .map(|module| inline_module(module, setup));
        options.push((path("sharedModules"), Nix::List(modules.collect())));
    }
    for (user, home) in &setup.homes {
        let modules = home_modules(user, home, setup, HomePlace::Module, files);
        options.push((vec!["users".to_owned(), user.clone()], home_value(modules)));
    }
    options
}

/// The system's own `stateVersion` is not what scenarios are about: the newest of its homes'.
fn newest_state_version(setup: &Setup) -> Option<&str> {
    setup
        .homes
        .values()
        .filter_map(|home| home.state_version.as_deref())
        .max()
}
