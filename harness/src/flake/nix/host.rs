//! A setup as a module of a whole system.

use std::collections::BTreeMap;

use super::expression::{Nix, Set};
use super::home::{HomePlace, home_modules, home_value};
use super::module::{inline_modules, package_settings, special_args};
use crate::flake::setup::Setup;
use crate::model::SeedFile;

/// `nixosConfigurations.HOST`.
pub(super) fn nixos_system(setup: &Setup, files: &mut BTreeMap<String, SeedFile>) -> Nix {
    let mut host = accounts(setup);
    let version = newest_state_version(setup);
    host.maybe("system.stateVersion", version.map(Nix::text));
    let module = "home-manager.nixosModules.home-manager";
    let modules = system(setup, host, module, files);
    configuration(setup, "nixosConfigurations", NIXOS_SYSTEM, modules)
}

/// `nixosConfigurations.HOST` of a host on which nothing is yet but the accounts of its users.
pub(super) fn plain_nixos_system(setup: &Setup) -> Nix {
    let modules = vec![accounts(setup).grouped()];
    configuration(setup, "nixosConfigurations", NIXOS_SYSTEM, modules)
}

const NIXOS_SYSTEM: &str = "nixpkgs.lib.nixosSystem";

/// A host that can boot, and its users.
fn accounts(setup: &Setup) -> Set {
    let mut host = Set::default();
    host.put("nixpkgs.hostPlatform", Nix::text(&setup.system));
    host.put("networking.hostName", Nix::text(&setup.host));
    // What every bootable system must say; a person has it in hardware-configuration.nix.
    host.put("boot.loader.grub.enable", Nix::bool(false));
    let mut root = Set::default();
    root.put("device", Nix::text("/dev/vda"));
    root.put("fsType", Nix::text("ext4"));
    host.under(&["fileSystems", "/"], root.plain());
    for (user, home) in &setup.homes {
        let is_user = ["users", "users", user, "isNormalUser"];
        host.under(&is_user, Nix::bool(true));
        if let Some(directory) = &home.directory {
            host.under(&["users", "users", user, "home"], Nix::text(directory));
        }
    }
    host
}

/// `darwinConfigurations.HOST`.
pub(super) fn darwin_system(setup: &Setup, files: &mut BTreeMap<String, SeedFile>) -> Nix {
    let mut host = Set::default();
    let platform = setup.system.replace("-linux", "-darwin");
    host.put("nixpkgs.hostPlatform", Nix::text(platform));
    host.put("networking.hostName", Nix::text(&setup.host));
    for (user, home) in &setup.homes {
        let usual = || format!("/Users/{user}");
        let directory = home.directory.clone().unwrap_or_else(usual);
        host.under(&["users", "users", user, "home"], Nix::text(directory));
    }
    host.put("system.stateVersion", Nix::Verbatim("4".to_owned()));
    let module = "home-manager.darwinModules.home-manager";
    let modules = system(setup, host, module, files);
    let function = "nix-darwin.lib.darwinSystem";
    configuration(setup, "darwinConfigurations", function, modules)
}

fn system(
    setup: &Setup,
    mut host: Set,
    home_manager: &str,
    files: &mut BTreeMap<String, SeedFile>,
) -> Vec<Nix> {
    package_settings(setup, &mut host);
    let mut modules = vec![host.grouped()];
    modules.extend(inline_modules(&setup.modules, setup));
    modules.push(Nix::Verbatim(home_manager.to_owned()));
    let mut homes = Set::default();
    homes.put("home-manager", home_manager_options(setup, files).grouped());
    modules.push(homes.plain());
    modules
}

fn configuration(setup: &Setup, output: &str, function: &str, modules: Vec<Nix>) -> Nix {
    let (mut arguments, mut all) = (Set::default(), Set::default());
    arguments.put("modules", Nix::List(modules));
    all.under(&[output, &setup.host], Nix::call(function, arguments));
    all.plain()
}

fn home_manager_options(setup: &Setup, files: &mut BTreeMap<String, SeedFile>) -> Set {
    let mut options = Set::default();
    options.maybe("useGlobalPkgs", setup.global_pkgs.map(Nix::bool));
    options.maybe("useUserPackages", setup.user_packages.map(Nix::bool));
    options.maybe("backupFileExtension", setup.backup.as_ref().map(Nix::text));
    options.some("extraSpecialArgs", special_args(setup));
    let shared = inline_modules(&setup.shared_modules, setup);
    options.some("sharedModules", Nix::List(shared.collect()));
    for (user, home) in &setup.homes {
        let modules = home_modules(user, home, setup, HomePlace::Module, files);
        options.under(&["users", user], home_value(modules));
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
