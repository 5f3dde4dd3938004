//! Hosts on a nixpkgs that comes over the network: booted, switched and restarted as NixOS. This computer serves that nixpkgs on
//! its loopback. Its modules and its library are nixpkgs' own and Home Manager is the real one, of the checkouts that
//! `harness/tests/nixos.rs` names. Its packages stand for nixpkgs': they are the pocket's, of the image, whose store has them
//! built, so nothing is substituted. Ignored by name, for it boots machines:
//! `cargo test --test network_nixos -- --ignored`. It needs `debugfs` and `tar`.

mod serve;

use std::fs;
use std::path::{Path, PathBuf};

use serve::{pack, run, serve, take_of_image};
use switchproof::flake::Checkout;
use switchproof::judge::Verdict;
use switchproof::model::SeedFile;

/// The laptop of the other tests of NixOS.
const LAPTOP: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/harness/tests/nixos/flakes/laptop"
);

#[test]
#[ignore = "boots machines with a network card; needs the guest image and checkouts of nixpkgs and Home Manager"]
fn a_host_on_nixpkgs_from_the_network_boots_and_is_switched() {
    let checkout = |name| {
        let named = std::env::var_os(name).map(PathBuf::from);
        named.unwrap_or_else(|| panic!("${name} names no checkout: see harness/tests/nixos.rs"))
    };
    let home_manager = checkout("SWITCHPROOF_HOME_MANAGER");
    let nixpkgs = checkout("SWITCHPROOF_NIXPKGS");
    let folder = tempfile::tempdir().unwrap();
    let served = folder.path().join("served");
    fs::create_dir(&served).unwrap();
    lay_nixpkgs(&served, &home_manager, &nixpkgs);
    pack(&served.join("nixpkgs.tar.gz"), &served.join("nixpkgs"));
    pack(&served.join("home-manager.tar.gz"), &home_manager);
    let place = format!("http://10.0.2.2:{}", serve(&served));

    let scenarios = folder.path().join("scenarios");
    fs::create_dir(&scenarios).unwrap();
    fs::write(scenarios.join("described.yaml"), described(&place)).unwrap();
    fs::write(scenarios.join("own.yaml"), OWN).unwrap();
    let own = scenarios.join("laptop");
    fs::create_dir(&own).unwrap();
    for entry in fs::read_dir(LAPTOP).unwrap() {
        let entry = entry.unwrap();
        let mut text = fs::read_to_string(entry.path()).unwrap();
        for (address, archive) in [
            ("github:NixOS/nixpkgs/nixos-24.11", "nixpkgs"),
            (
                "github:nix-community/home-manager/release-24.11",
                "home-manager",
            ),
        ] {
            text = text.replace(address, &format!("{place}/{archive}.tar.gz"));
        }
        fs::write(own.join(entry.file_name()), text).unwrap();
    }

    for (name, verdict) in run(&scenarios) {
        let passed = matches!(verdict, Verdict::Passed { .. });
        assert!(passed, "{name}: {verdict:?}");
    }
}

fn described(place: &str) -> String {
    format!(
        "name: described
network: {{ reachesHost: true }}
substituters: []
setup:
  install: nixos-module
  inputs:
    nixpkgs: {place}/nixpkgs.tar.gz
    home-manager: {place}/home-manager.tar.gz
  home: {{ stateVersion: \"24.05\", packages: [hello], files: {{ .greeting: \"Hello.\\n\" }} }}
snapshot: false
laws: none
steps:
  - switch:
    expect: {{ user: alice, packages: [hello], files: {{ .greeting: {{ leadsTo: generation }} }} }}
  - reboot:
    expect: {{ user: alice, packages: [hello], files: {{ .greeting: {{ leadsTo: generation }} }} }}
"
    )
}

const OWN: &str = "name: own
network: { reachesHost: true }
substituters: []
flake: { path: ./laptop#laptop, install: nixos-module, user: maria }
snapshot: false
laws: none
steps:
  - switch:
    expect: { user: maria, packages: [hello], files: { .greeting: { contains: aurora } } }
  - reboot:
    expect: { user: maria, packages: [hello], files: { .greeting: { leadsTo: generation } } }
";

/// The pocket's nixpkgs of the image with NixOS' own modules and library laid over it, as a checkout is, without what makes
/// the hosts of a channel run in the machine.
fn lay_nixpkgs(served: &Path, home_manager: &Path, nixpkgs: &Path) {
    take_of_image("nixpkgs", served);
    let checkout = Checkout {
        home_manager: home_manager.to_owned(),
        nixpkgs_lib: Some(nixpkgs.to_owned()),
        nixos: Some(nixpkgs.to_owned()),
    };
    let overlay = checkout.overlay().unwrap();
    let replaced = overlay.replaced.iter();
    for place in replaced.filter(|it| it.starts_with("nixpkgs")) {
        fs::remove_dir_all(served.join(place)).unwrap();
    }
    for (path, file) in &overlay.files.files {
        let place = served.join(path);
        let SeedFile::Regular { bytes, .. } = file else {
            continue;
        };
        if path.starts_with("nixpkgs/") {
            fs::create_dir_all(place.parent().unwrap()).unwrap();
            fs::write(place, bytes).unwrap();
        }
    }
    let own = served.join("nixpkgs/real-nixos.nix");
    let text = fs::read_to_string(&own).unwrap();
    fs::write(own, text.replace("imports = [ ./machine.nix ];", "")).unwrap();
}
