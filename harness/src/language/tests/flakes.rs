//! Flakes of users' own.

use std::fs;

use crate::language::{Diagnostic, LoadOptions, Severity, load_text, render};
use crate::model::{Case, Install, Switch};
use crate::testing::{Folder, has, lacks, switch};

type Loaded = (Vec<Case>, Vec<Diagnostic>);

/// What a scenario comes to that lies in this folder.
fn load_in(folder: &Folder, text: &str) -> Loaded {
    load_text(folder.join("t.yaml"), text, &LoadOptions::default())
}

/// What a scenario makes of a flake whose files are `files`.
fn loaded(files: &[(&str, &str)], keys: &str) -> Loaded {
    let text = format!("name: t\nflake:\n  path: .\n{keys}\nsteps: [switch]\n");
    load_in(&Folder::with(files), &text)
}

/// The first thing that is said, if anything is.
fn told((_, found): Loaded) -> String {
    let first = found.into_iter().next();
    first.map(|it| it.message).unwrap_or_default()
}

const REMOTE: &str = r#"{
    inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";
    inputs.hm = { url = "github:nix-community/home-manager"; inputs.nixpkgs.follows = "nixpkgs"; };
    outputs = { nixpkgs, hm, ... }: { };
}"#;

#[test]
fn inputs_on_the_network_are_refused_with_both_ways_out() {
    let (cases, found) = loaded(&[("flake.nix", REMOTE)], "");
    assert!(cases.is_empty());
    let said = "the flake's inputs `hm` and `nixpkgs` are on the network, and the machine has none";
    assert_eq!(found[0].message, said);
    let hint = "replace them: `inputs: { hm: pocket, nixpkgs: pocket }`, or add `network: true`";
    assert_eq!(found[0].hint.as_deref(), Some(hint));
    assert_eq!(found[0].line, 2);
    for way_out in ["  inputs: { hm: pocket, nixpkgs: pocket }", "network: true"] {
        let (cases, found) = loaded(&[("flake.nix", REMOTE)], way_out);
        assert_eq!(cases.len(), 1, "{way_out}: {found:?}");
    }
}

#[test]
fn an_input_inside_of_the_flake_runs_by_its_place() {
    let flake = r#"{
        inputs.nixpkgs.url = "path:/etc/switchproof/pocket/nixpkgs";
        inputs.home-manager = { url = "path:./vendor/hm"; inputs.nixpkgs.follows = "nixpkgs"; };
        outputs = { nixpkgs, home-manager, ... }: { };
    }"#;
    let (cases, found) = loaded(&[("flake.nix", flake)], "");
    assert_eq!(found, []);
    let target = &switch(&cases[0], 0).target;
    let command = target.command.as_ref().expect("a command");
    assert_eq!(command.flake, "path:./vendor/hm");
    assert!(command.is_input);
    assert_eq!(command.nixpkgs.as_deref(), Some("nixpkgs"));
}

#[test]
fn an_input_may_be_a_checkout_of_home_manager_on_this_computer() {
    let folder = Folder::with(&[
        ("vendor/hm/modules/default.nix", "{ }"),
        ("vendor/hm/release.json", r#"{ "release": "26.05" }"#),
        (
            "dots/flake.nix",
            "{ outputs = { nixpkgs, home-manager, ... }: { }; }",
        ),
    ]);
    let load = |text: &str| load_in(&folder, text);
    for text in [
        "name: t\nsetup:\n  inputs: { home-manager: ./vendor/hm }\n  home: { stateVersion: \"26.05\" }\nsteps: [switch]\n",
        "name: t\nflake:\n  path: dots\n  inputs: { nixpkgs: pocket, home-manager: ./vendor/hm }\nsteps: [switch]\n",
    ] {
        let (cases, found) = load(text);
        assert_eq!(found, [], "{text}");
        let channels = &cases[0].guest.channels;
        let name = channels[0].name.as_deref().expect("a name");
        assert!(name.starts_with("folder-hm-"), "{name}");
        let place = format!("path:/etc/switchproof/channels/{name}/home-manager");
        let mut replaced = switch(&cases[0], 0).override_inputs.values();
        let is_replaced = replaced.any(|url| *url == place);
        let rendered = render(&cases[0]);
        assert!(is_replaced || rendered.contains(&place), "{rendered}");
    }
    for (inputs, words) in [
        ("{ home-manager: ./nowhere }", "nowhere"),
        ("{ home-manager: ../outside }", "outside"),
        ("{ home-manager: /etc }", "`/etc` is outside"),
        (
            "{ nixpkgs: ./vendor/hm }",
            "nixpkgs cannot be a folder of this computer",
        ),
        (
            "{ theme: pocket }",
            "the channel `pocket` has no input `theme`",
        ),
        ("{ home-manager: ./dots }", "is no checkout of Home Manager"),
    ] {
        let text = format!(
            "name: t\nsetup:\n  inputs: {inputs}\n  home: {{ stateVersion: \"26.05\" }}\nsteps: [switch]\n"
        );
        has(told(load(&text)), words);
    }
}

#[test]
fn an_input_is_replaced_in_every_flake_that_has_it() {
    let flake = "{ outputs = { nixpkgs, home-manager, ... }: { }; }";
    let folder = Folder::with(&[("flake.nix", flake)]);
    let replaced = |text: &str, name: &str| {
        let options = LoadOptions {
            inputs: [(name.to_owned(), "pocket-24.05".to_owned())].into(),
            ..LoadOptions::default()
        };
        let (cases, found) = load_text(folder.join("t.yaml"), text, &options);
        (switch(&cases[0], 0).override_inputs.clone(), found)
    };
    let words = "name: t\nsetup: { home: { stateVersion: \"24.05\" } }\nsteps: [switch]\n";
    let own = "name: t\nflake: { path: ., inputs: { nixpkgs: pocket, home-manager: pocket } }\nsteps: [switch]\n";
    let (inputs, found) = replaced(words, "home-manager");
    let older = "path:/etc/switchproof/pocket/24.05/home-manager";
    assert_eq!(inputs["home-manager"], older);
    assert_eq!(found, []);
    let (inputs, _) = replaced(own, "home-manager");
    let pocket = "path:/etc/switchproof/pocket/home-manager";
    assert_eq!(inputs["home-manager"], pocket);
    let (inputs, found) = replaced(words, "stylix");
    assert!(inputs.is_empty());
    let said = "the flake has no input `stylix` to replace";
    assert_eq!(
        (&*found[0].message, found[0].severity),
        (said, Severity::Warning)
    );
}

#[test]
fn what_may_never_be_looked_at_is_only_warned_of() {
    let flake = r#"{
        inputs.nixpkgs.url = "path:/etc/switchproof/pocket/nixpkgs";
        inputs.theme.url = "github:o/theme";
        outputs = { nixpkgs, theme, ... }: { };
    }"#;
    let lock = r#"{"nodes": {
        "root": {"inputs": {"nixpkgs": "n", "theme": "t"}},
        "n": {"locked": {"type": "path", "path": "/x", "narHash": "sha256-x"}},
        "t": {
            "locked": {"type": "github", "owner": "o", "repo": "theme", "rev": "01"},
            "original": {"type": "github", "owner": "o", "repo": "theme"}
        }
    }, "root": "root", "version": 7}"#;
    let (cases, found) = loaded(&[("flake.nix", flake), ("flake.lock", lock)], "");
    assert_eq!(cases.len(), 1);
    assert_eq!(found[0].severity, Severity::Warning);
    has(&found[0].message, "input `theme` is on the network");
    // To lock it, Nix fetches it.
    let (_, found) = loaded(&[("flake.nix", flake)], "");
    assert_eq!(found[0].severity, Severity::Error);
}

#[test]
fn the_command_comes_from_the_input_that_takes_its_place() {
    let command = |flake: &str, keys: &str| {
        let (cases, found) = loaded(&[("flake.nix", flake)], keys);
        let case = cases.first().unwrap_or_else(|| panic!("{found:?}"));
        let target = &switch(case, 0).target;
        let command = target.command.clone().expect("a home has one");
        (command.flake, command.is_input, command.nixpkgs)
    };
    let pocket = |name: &str| format!("path:/etc/switchproof/pocket/{name}");
    assert_eq!(
        command(REMOTE, "  inputs: { hm: pocket, nixpkgs: pocket }"),
        (pocket("home-manager"), false, Some(pocket("nixpkgs")))
    );
    let own = ("hm".to_owned(), true, None);
    assert_eq!(command(REMOTE, "network: true"), own);
    // A flake without a lock cannot be asked once an input of it is out of reach.
    let local = REMOTE.replace("github:nix-community", "path:/etc");
    let by_place = (
        "path:/etc/home-manager".to_owned(),
        false,
        Some(pocket("nixpkgs")),
    );
    assert_eq!(command(&local, "  inputs: { nixpkgs: pocket }"), by_place);
    let none = "{ outputs = { nixpkgs, ... }: { }; }";
    assert_eq!(command(none, ""), ("home-manager".to_owned(), false, None));
}

#[test]
fn a_flake_in_a_repository_is_what_git_tracks() {
    let folder = Folder::with(&[
        ("dots/flake.nix", "{ outputs = _: { }; }"),
        ("dots/home.nix", "1"),
        ("dots/aliases.nix", "1"),
        ("dots/modules/gone.nix", "1"),
        ("dots/modules/a.nix", "1"),
    ]);
    let load = || load_in(&folder, "name: t\nflake: ./dots\nsteps: [switch]\n");
    let files = || {
        let (cases, found) = load();
        let case = cases.first().unwrap_or_else(|| panic!("{found:?}"));
        let names = switch(case, 0).flake.files.keys().cloned();
        (
            Vec::from_iter(names),
            Vec::from_iter(case.untracked.clone()),
        )
    };
    assert_eq!(files().0.len(), 5, "without a repository all files count");
    folder.git(&["init", "--quiet"]);
    let (_, found) = load();
    has(&found[0].message, "Git does not track the flake.nix");
    has(found[0].hint.as_deref().unwrap_or_default(), "git add");
    folder.git(&["add", "dots/flake.nix", "dots/home.nix", "dots/modules"]);
    // Changed, and not committed.
    folder.write("dots/home.nix", "22");
    fs::remove_file(folder.join("dots/modules/gone.nix")).expect("removed");
    folder.write("secret", "x");
    let (names, untracked) = files();
    assert_eq!(names, ["flake.nix", "home.nix", "modules/a.nix"]);
    assert_eq!(untracked, ["aliases.nix"]);
    // A folder that became a link leads nowhere.
    fs::remove_dir_all(folder.join("dots/modules")).expect("removed");
    folder.write("elsewhere/a.nix", "x");
    folder.link("../elsewhere", "dots/modules");
    assert_eq!(files().0, ["flake.nix", "home.nix"]);
}

#[test]
fn an_input_without_an_address_is_looked_up_on_the_network() {
    let told = |flake: &str, files: &[(&str, &str)]| {
        told(loaded(&[&[("flake.nix", flake)], files].concat(), ""))
    };
    let by_name = "{ outputs = { self, nixpkgs, home-manager, stylix }: { }; }";
    has(told(by_name, &[]), "input `stylix` is on the network");
    let followed = "{ inputs.stylix.follows = \"nixpkgs\"; inputs.own = { type = \"path\"; path = \"/x\"; }; \
         outputs = { self, nixpkgs, stylix, own }: { }; }";
    assert_eq!(told(followed, &[]), "");
    let by_owner =
        "{ inputs.a = { type = \"github\"; owner = \"o\"; repo = \"a\"; }; outputs = _: { }; }";
    has(told(by_owner, &[]), "input `a` is on the network");
    // What the text does not tell, the lock does.
    let lock = r#"{"nodes": {
        "root": {"inputs": {"nixpkgs": "n"}},
        "n": {"locked": {"type": "github", "owner": "NixOS", "repo": "nixpkgs", "rev": "01"}}
    }, "root": "root", "version": 7}"#;
    let computed = "{ inputs = import ./inputs.nix; outputs = _: { }; }";
    has(
        told(computed, &[("flake.lock", lock)]),
        "`nixpkgs` is on the network",
    );
}

#[test]
fn a_real_nixos_is_switched_to_as_the_machine_can_run_it() {
    let of = |keys: &str, step: &str| {
        let text = format!("name: t\nnetwork: true\n{keys}\nsteps: [{step}]\n");
        let (mut cases, found) = load_in(&Folder::with(&[("flake.nix", REMOTE)]), &text);
        assert_eq!(found.len(), 0, "{keys}: {found:?}");
        cases.remove(0)
    };
    let own = "flake: { path: .#host, install: nixos-module";
    let described = "setup: { install: nixos-module, home: { stateVersion: \"24.05\" }, channel";
    let other_way = of(
        "laws: [equal]\nsetup: { home: { stateVersion: \"24.05\" }, channel: unstable }",
        "switch",
    );
    let home = switch(&other_way, 0);
    let host = home.other_way.as_ref().expect("a host");
    for flake in [&host.flake, host.first_host.as_ref().expect("a host")] {
        assert!(flake.files.contains_key("switchproof-machine/network.nix"));
    }
    for keys in [format!("{own} }}"), format!("{described}: unstable }}")] {
        let case = of(&keys, "switch");
        let host = case.booted_host().expect("it boots");
        let first = host.first_host.as_ref().unwrap_or(&host.flake);
        for flake in [&host.flake, first] {
            assert!(flake.files.contains_key("switchproof-machine/network.nix"));
        }
        let size = (case.guest.memory_mib, case.guest.disk_mib);
        assert_eq!(size, (Some(4 << 10), Some(16 << 10)));
        lacks(render(&case), &["switchproof-machine"]);
        // What is only built is built as it is.
        assert!(of(&keys, "build").booted_host().is_none());
    }
    for keys in [
        format!("{own}, inputs: {{ nixpkgs: pocket }} }}"),
        format!("{described}: pocket }}"),
        "flake: .#alice".to_owned(),
    ] {
        assert!(of(&keys, "switch").booted_host().is_none(), "{keys}");
    }
}

#[test]
fn what_is_for_another_platform_is_refused_unless_it_is_to_fail() {
    let here = LoadOptions::default().system;
    let home = |system: &str| {
        format!(
            "{{ outputs = {{ nixpkgs, home-manager, ... }}: let pkgs = nixpkgs.legacyPackages.{system}; in {{
                homeConfigurations.alice = home-manager.lib.homeManagerConfiguration {{ inherit pkgs; }};
                nixosConfigurations.alice = nixpkgs.lib.nixosSystem {{ modules = [ ./hardware.nix ]; }};
            }}; }}"
        )
    };
    let hardware = (
        "hardware.nix",
        "{ nixpkgs.hostPlatform = \"x86_64-darwin\"; }",
    );
    let told = |flake: &str, keys: &str| told(loaded(&[("flake.nix", flake), hardware], keys));
    assert_eq!(
        told(&home("aarch64-darwin"), ""),
        format!("the output `alice` is for aarch64-darwin, and the machine is {here}")
    );
    assert_eq!(told(&home(&here), ""), "");
    let host = told(&home(&here), "  install: nixos-module\n  output: alice");
    has(host, "is for x86_64-darwin");
    // Whatever evaluates it, and what is not there, is for nobody to say.
    let current = home("${builtins.currentSystem} # aarch64-darwin\n");
    assert_eq!(told(&current, ""), "");
    assert_eq!(told(&home("aarch64-darwin"), "  output: carol"), "");
    let described = |system: &str, step: &str| {
        let text = format!(
            "name: t\nsetup:\n  system: {system}\n  home: {{ stateVersion: \"24.05\" }}\nsteps: [{step}]\n"
        );
        load_text("t.yaml", &text, &LoadOptions::default()).1
    };
    let found = described("riscv64-linux", "switch");
    has(&found[0].message, "the setup is for riscv64-linux");
    assert_eq!(found[0].line, 3);
    assert!(described(&here, "switch").is_empty());
    let expected = "{ build: {}, fails: riscv64-linux }";
    assert!(described("riscv64-linux", expected).is_empty());
}

#[test]
fn any_input_may_be_a_folder_or_an_input_of_a_channel_that_is_named() {
    let parts =
        "{ inputs.nixpkgs-lib.url = \"github:nix-community/nixpkgs.lib\"; outputs = _: { }; }";
    let dots = "{ outputs = { nixpkgs, home-manager, parts, other, ... }: { }; }";
    let folder = Folder::with(&[("vendor/parts/flake.nix", parts), ("dots/flake.nix", dots)]);
    let load = |inputs: &str| {
        let text = format!(
            "name: t\nflake:\n  path: dots\n  inputs: {{ nixpkgs: pocket, home-manager: pocket, {inputs} }}\nsteps: [switch]\n"
        );
        load_in(&folder, &text)
    };
    let (cases, found) = load(
        "parts: ./vendor/parts, parts/nixpkgs-lib: pocket, other: { url: pocket, take: nixpkgs }",
    );
    assert_eq!(found, []);
    let [channel] = cases[0].guest.channels.as_slice() else {
        panic!("{:?}", cases[0].guest.channels);
    };
    assert!(channel.is_bare && channel.files.files.contains_key("flake.nix"));
    assert_eq!(cases[0].guest.memory_mib, None, "it is no channel");
    let name = channel.name.as_deref().expect("a name");
    let replaced = &switch(&cases[0], 0).override_inputs;
    let place = format!("path:/etc/switchproof/channels/{name}");
    assert_eq!(replaced["parts"], place);
    let pocket = "path:/etc/switchproof/pocket/nixpkgs";
    assert_eq!(replaced["parts/nixpkgs-lib"], pocket);
    assert_eq!(replaced["other"], pocket);
    let place = folder.join("vendor/parts");
    let other = "parts/nixpkgs-lib: pocket, other: { url: pocket, take: nixpkgs }";
    let (cases, found) = load(&format!("parts: {}, {other}", place.display()));
    assert_eq!(found, [], "a folder may be named by its whole path");
    assert!(cases[0].guest.channels[0].is_bare);
    let (_, found) = load("parts: ./vendor/parts, other: ./vendor/parts");
    let said = "the flake's input `other/nixpkgs-lib` is on the network, and the machine has none";
    assert!(found.iter().any(|it| it.message == said), "{found:?}");
    let (_, found) = load("parts: ./vendor/parts, other: pocket");
    let hints = found.iter().filter_map(|it| it.hint.clone());
    has(String::from_iter(hints), "{ url: pocket, take: nixpkgs }");
}

#[test]
fn an_output_below_its_set_says_how_it_installs() {
    let flake = "{ outputs = { nixpkgs, ... }: { nixosConfigurations.h = nixpkgs.lib.nixosSystem { modules = [ ]; }; }; }";
    let of = |keys: &str| loaded(&[("flake.nix", flake)], keys);
    let (all, found) = of("  output: nixosConfigurations.h\n  inputs: { nixpkgs: pocket }");
    assert!(found.is_empty(), "{found:?}");
    let host = switch(&all[0], 0);
    assert_eq!(
        (host.target.install, &*host.output),
        (Install::NixosModule, "h")
    );
    let keys =
        "  output: nixosConfigurations.h\n  install: standalone\n  inputs: { nixpkgs: pocket }";
    has(told(of(keys)), "one of `nixosConfigurations`");
}

/// The switch of a scenario in this folder, or what is wrong with it.
fn switched(folder: &Folder, keys: &str) -> Result<Switch, String> {
    let (cases, found) = load_in(folder, &format!("name: t\n{keys}\nsteps: [switch]\n"));
    let said = || format!("{found:?}");
    cases
        .first()
        .map(|case| switch(case, 0).clone())
        .ok_or_else(said)
}

#[test]
fn a_flake_in_a_folder_has_what_it_names_of_its_repository() {
    let flake = r#"{
        inputs.nixpkgs.url = "path:/etc/switchproof/pocket/nixpkgs";
        inputs.home-manager.url = "path:../vendor/hm";
        outputs = { nixpkgs, home-manager, ... }: { };
    }"#;
    let home = "# ../none\n[ ../common.nix ]";
    let folder = Folder::with(&[
        ("nix/flake.nix", flake),
        ("nix/home.nix", home),
        ("common.nix", "1"),
    ]);
    let named = |keys: &str| {
        let switch = switched(&folder, keys).unwrap_or_else(|said| panic!("{said}"));
        (switch.flake.dir.clone(), switch.flake.files.len())
    };
    // Nix takes no more than the folder where there is no repository, and where nothing outside is named.
    assert_eq!(named("flake: ./nix"), (String::new(), 2));
    folder.git(&["init", "--quiet"]);
    folder.git(&["add", "."]);
    assert_eq!(named("flake: ./nix"), ("nix".to_owned(), 3));
    assert_eq!(named("flake: .?dir=nix#a"), ("nix".to_owned(), 3));
    let whole = switched(&folder, "flake: ./nix").expect("a switch");
    let reference = whole.flake.reference("/srv/flake");
    assert_eq!(reference, "path:/srv/flake?dir=nix");
    let command = whole.target.command.expect("a command");
    assert_eq!(command.flake, "path:./vendor/hm");
    assert_eq!(command.dir, "nix");
    let newer = "flake: { path: ./nix, stateVersion: \"24.05\" }";
    let wrapped = switched(&folder, newer).expect("a switch");
    assert_eq!(wrapped.flake.dir, "");
    assert!(wrapped.names("\"path:./original?dir=nix\""));
    assert_eq!(wrapped.target.command.expect("a command").dir, "");
    // A command names what the last step put into the machine.
    let text = "name: t\nflake: ./nix\nsteps:\n  - switch\n  - run: ls $FLAKE\n  - switch: { stateVersion: \"24.05\" }\n  \
                - run: ls $FLAKE\n";
    let (cases, found) = load_in(&folder, text);
    assert_eq!(found, []);
    for (step, place) in [
        (1, "FLAKE='path:/srv/flake?dir=nix'\\n"),
        (3, "FLAKE=/srv/flake\\n"),
    ] {
        has(format!("{:?}", cases[0].steps[step].action), place);
    }
    folder.write("nix/home.nix", "1");
    folder.write("nix/flake.nix", "{ outputs = _: { }; }");
    assert_eq!(named("flake: ./nix"), (String::new(), 2));
    has(
        switched(&folder, "flake: ./nix?ref=main").expect_err("no folder's"),
        "`ref=main`",
    );
}

#[test]
fn submodules_come_along_where_they_are_asked_for() {
    let inner = Folder::with(&[("module.nix", "1")]);
    let folder = Folder::with(&[("flake.nix", "{ outputs = _: { }; }")]);
    for repository in [&inner, &folder] {
        repository.git(&["init", "--quiet"]);
        repository.git(&["add", "."]);
    }
    inner.git(&["commit", "--quiet", "-m", "a"]);
    let url = inner.path().display().to_string();
    let allowed = ["-c", "protocol.file.allow=always"];
    let add = ["submodule", "--quiet", "add", &url, "mods"];
    folder.git(&[&allowed[..], &add].concat());
    folder.write("mods/new.nix", "1");
    let files = |keys: &str| {
        let switch = switched(&folder, keys)?;
        Ok::<_, String>(switch.flake.files.keys().cloned().collect::<Vec<_>>())
    };
    let without = [".gitmodules", "flake.nix", "mods"];
    assert_eq!(files("flake: .").expect("files"), without);
    let asked = "flake: .?submodules=1#alice";
    let with = [".gitmodules", "flake.nix", "mods/module.nix"];
    assert_eq!(files(asked).expect("files"), with);
    let says = "{ inputs.self.submodules = true; outputs = _: { }; }";
    folder.write("flake.nix", says);
    assert_eq!(files("flake: .").expect("files"), with);
    folder.git(&["submodule", "--quiet", "deinit", "--force", "mods"]);
    let refused = files(asked).expect_err("it is not there");
    has(&refused, "`mods`");
    has(&refused, "git submodule update");
}
