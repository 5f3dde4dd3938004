//! First scenarios for existing flakes.

use std::fs;

use crate::flake::{InitError, Wanted, init};
use crate::language::{LoadOptions, check, render_text_as};

/// Drafts for a flake, written where they belong and checked.
fn drafts(files: &[(&str, &str)]) -> Vec<(String, String)> {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        let file = folder.path().join(name);
        fs::create_dir_all(file.parent().expect("a parent")).expect("made");
        fs::write(file, text).expect("written");
    }
    let found = init(folder.path(), &Wanted::default()).expect("drafts");
    fs::create_dir_all(folder.path().join("scenarios")).expect("made");
    for draft in &found.drafts {
        fs::write(folder.path().join(&draft.path), &draft.text).expect("written");
    }
    let checked = check(&[folder.path().join("scenarios")], &LoadOptions::default());
    assert!(
        checked.is_fine(),
        "{}",
        render_text_as(&checked.diagnostics, false)
    );
    assert_eq!(checked.cases.len(), found.drafts.len());
    let pairs = found
        .drafts
        .into_iter()
        .map(|draft| (draft.subject, draft.text));
    pairs.collect()
}

#[test]
fn every_host_and_home_gets_a_scenario_that_passes_check() {
    let found = drafts(&[(
        "flake.nix",
        r#"{
  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-24.05";
  outputs = { self, nixpkgs, home-manager, ... }@inputs:
    let user = "carol"; in
    {
      homeConfigurations."alice@laptop" = home-manager.lib.homeManagerConfiguration { };
      homeConfigurations = { bob = 1; ${user} = 2; };
      nixosConfigurations = let x = 1; in {
        server = nixpkgs.lib.nixosSystem {
          modules = [ { home-manager = { useGlobalPkgs = true; users.dave = ./home.nix; }; } ];
        };
      };
      darwinConfigurations.mac = 3;
    };
}"#,
    )]);
    let subjects: Vec<&str> = found.iter().map(|(subject, _)| subject.as_str()).collect();
    assert_eq!(
        subjects,
        [
            "darwinConfigurations.\"mac\"",
            "homeConfigurations.\"alice@laptop\"",
            "homeConfigurations.\"bob\"",
            "homeConfigurations.\"carol\"",
            "nixosConfigurations.\"server\"",
        ]
    );
    assert!(
        found[1].1.contains("output: alice@laptop\n  # A guess:")
            && found[1].1.contains("\n  user: alice\n"),
        "{}",
        found[1].1
    );
    assert!(found[1].1.contains("network: true"));
    assert!(
        found[4].1.contains("install: nixos-module\n  user: dave\n")
            && found[4].1.contains("builds a NixOS of nixpkgs itself"),
        "{}",
        found[4].1
    );
}

#[test]
fn users_are_found_in_modules_of_their_own() {
    let found = drafts(&[
        (
            "flake.nix",
            "{ outputs = { nixpkgs, ... }: { nixosConfigurations.\"my host\" = nixpkgs.lib.nixosSystem { modules = [ ./host.nix ]; }; }; }",
        ),
        ("host.nix", "{ home-manager.users = { erin = { }; }; }"),
    ]);
    assert!(found[0].1.contains("output: \"my host\""), "{}", found[0].1);
    assert!(found[0].1.contains("user: erin"));
}

#[test]
fn names_of_outputs_cannot_break_what_is_written() {
    let found = drafts(&[(
        "flake.nix",
        "{ outputs = _: { homeConfigurations = { \"a\\nsteps: [run: x]\" = 1; \"b: c # \u{202e}d\" = 2; \"e \\\"f\\\" \\\\\" = 3; }; }; }",
    )]);
    assert_eq!(found.len(), 3);
    for (subject, text) in found {
        assert!(!subject.contains(['\n', '\u{202e}']), "{subject}");
        assert!(!text.contains('\u{202e}'), "{text}");
        assert!(
            text.contains(&format!("# {subject} of this flake:")),
            "{text}"
        );
    }
}

#[test]
fn what_cannot_be_read_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let flake = folder.path().join("flake.nix");
    assert!(matches!(
        init(folder.path(), &Wanted::default()),
        Err(InitError::NoFlake { .. })
    ));
    fs::write(&flake, "{ outputs = ").expect("written");
    assert!(matches!(
        init(folder.path(), &Wanted::default()),
        Err(InitError::Broken { .. })
    ));
    fs::write(&flake, "{ outputs = _: { packages = { }; }; }").expect("written");
    assert_eq!(
        init(folder.path(), &Wanted::default()),
        Err(InitError::Nothing { notes: Vec::new() })
    );
    fs::write(
        &flake,
        "{ outputs = i: { homeConfigurations = i.lib.genAttrs [ \"a\" ] (_: 1); }; }",
    )
    .expect("written");
    let Err(error) = init(folder.path(), &Wanted::default()) else {
        panic!("nothing can be read");
    };
    assert!(
        error
            .hint()
            .contains("some names of `homeConfigurations` are computed"),
        "{}",
        error.hint()
    );
}

#[test]
fn a_host_of_several_users_has_them_all() {
    let found = drafts(&[
        (
            "flake.nix",
            "{ outputs = { self }: { nixosConfigurations.laptop = { modules = [ ./host.nix ]; }; }; }",
        ),
        (
            "host.nix",
            "{ home-manager.users = { ann = ./ann.nix; bob = ./bob.nix; }; }",
        ),
    ]);
    assert!(found[0].1.contains("user: ann\n"), "{}", found[0].1);
    assert!(
        found[0].1.contains("users:\n  bob: empty\n"),
        "{}",
        found[0].1
    );
    assert!(!found[0].1.contains("network"), "{}", found[0].1);
}

#[test]
fn inputs_on_the_network_are_noticed_however_they_are_named() {
    let with = |inputs: &str, arguments: &str| {
        let flake = format!(
            "{{ {inputs} outputs = {{ self, {arguments} }}: {{ homeConfigurations.ann = 1; }}; }}"
        );
        drafts(&[("flake.nix", &flake)]).remove(0).1
    };
    for (inputs, arguments) in [
        ("inputs.nixpkgs.url = \"nixpkgs/nixos-24.05\";", "nixpkgs"),
        ("inputs = { a = { url = \"github:o/a\"; }; };", "a"),
        ("", "nixpkgs"),
    ] {
        assert!(
            with(inputs, arguments).contains("\nnetwork: true\n"),
            "{inputs}"
        );
    }
    let local = with("inputs.nixpkgs.url = \"path:/etc/nixpkgs\";", "nixpkgs");
    assert!(!local.contains("network"), "{local}");
}

/// A flake with one home, made so, and more files.
fn home(made: &str, more: &[(&str, &str)]) -> String {
    let flake = format!(
        "{{ outputs = {{ self, nixpkgs, home-manager }}: {{ homeConfigurations.desktop = {made}; }}; }}"
    );
    let mut files = vec![("flake.nix", flake.as_str())];
    files.extend(more);
    drafts(&files).remove(0).1
}

#[test]
fn the_user_of_a_home_is_the_one_that_it_names() {
    let bob = "home.username = \"bob\"; home.stateVersion = \"24.05\";";
    let inline = format!("x {{ modules = [ {{ {bob} }} ]; }}");
    let nested = "x { modules = [ { home = rec { username = \"bob\"; homeDirectory = \"/home/${username}\"; }; } ]; }";
    let module = format!("{{ pkgs, ... }}: {{ {bob} }}");
    let other = "{ home.username = \"eve\"; }";
    for text in [
        home(&inline, &[]),
        home(nested, &[]),
        home(
            "x { modules = [ ./home.nix ]; }",
            &[("home.nix", &module), ("other.nix", other)],
        ),
        home(
            "x { modules = [ ./home ]; }",
            &[
                ("home/default.nix", "{ imports = [ ../bob.nix ]; }"),
                ("bob.nix", &module),
                ("other.nix", other),
            ],
        ),
        home("import ./lib.nix", &[("bob.nix", &module)]),
    ] {
        assert!(text.contains("output: desktop\n  user: bob\n"), "{text}");
        assert!(!text.contains("guess"), "{text}");
    }
    let guessed = home("x { }", &[]);
    assert!(guessed.contains("# A guess"), "{guessed}");
    let found = {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(
            folder.path().join("flake.nix"),
            "{ outputs = _: { homeConfigurations.desktop = 1; }; }",
        )
        .expect("written");
        init(folder.path(), &Wanted::default()).expect("a draft")
    };
    assert_eq!(
        found.notes,
        [
            "the user of homeConfigurations.\"desktop\" was not read: check `user: desktop` in scenarios/home-desktop.yaml"
        ]
    );
}

#[test]
fn the_users_of_a_host_are_those_of_its_modules() {
    let flake = "{ outputs = { nixpkgs, ... }: { nixosConfigurations = {
        laptop = nixpkgs.lib.nixosSystem { modules = [ ./laptop.nix ]; };
        server = nixpkgs.lib.nixosSystem { modules = [ { users.users.carl.isNormalUser = true; } ]; };
    }; }; }";
    let found = drafts(&[
        ("flake.nix", flake),
        (
            "laptop.nix",
            "{ home-manager.backupFileExtension = \"hm\"; home-manager.users.bob = { home.stateVersion = \"24.05\"; }; }",
        ),
        ("other.nix", "{ home-manager.users.ann = { }; }"),
    ]);
    assert!(found[0].1.contains("user: bob\n"), "{}", found[0].1);
    assert!(!found[0].1.contains(" ann"), "{}", found[0].1);
}

#[test]
fn a_newer_state_version_is_newer_than_the_home_and_known_to_its_home_manager() {
    let suggested = |version: &str, url: &str| {
        let flake = format!(
            "{{ inputs.home-manager.url = \"{url}\"; outputs = {{ self, home-manager }}: {{ homeConfigurations.bob = x {{ modules = [ {{ home.username = \"bob\"; home.stateVersion = \"{version}\"; }} ]; }}; }}; }}"
        );
        let text = drafts(&[("flake.nix", &flake)]).remove(0).1;
        let line = text.lines().find(|line| line.contains("stateVersion:"));
        line.map(|line| {
            line.trim_start_matches("  # - switch: { stateVersion: ")
                .trim_matches(['"', ' ', '}'])
                .to_owned()
        })
    };
    let release = "github:nix-community/home-manager/release-26.05";
    let pocket = "path:/etc/switchproof/pocket/home-manager";
    assert_eq!(suggested("24.05", release).as_deref(), Some("26.05"));
    assert_eq!(suggested("26.05", release), None);
    assert_eq!(suggested("26.05", pocket), None);
    assert_eq!(suggested("24.05", pocket).as_deref(), Some("26.05"));
    let newest = suggested("26.05", "github:nix-community/home-manager");
    assert!(newest.is_some_and(|it| it.as_str() >= "26.11"));
}

#[test]
fn the_advice_to_stay_offline_works_when_it_is_followed() {
    let flake = r#"{
        inputs = { nixpkgs.url = "github:NixOS/nixpkgs"; hm.url = "github:nix-community/home-manager"; };
        outputs = { nixpkgs, hm, ... }: { homeConfigurations.bob = x { modules = [ { home.username = "bob"; } ]; }; };
    }"#;
    let text = drafts(&[("flake.nix", flake)]).remove(0).1;
    let advice = "inputs: { hm: pocket, nixpkgs: pocket }";
    assert!(
        text.contains(&format!("#   {advice}   (under `flake`)\n")),
        "{text}"
    );
    let followed = text
        .replace("network: true\n", "")
        .replace("  user: bob\n", &format!("  user: bob\n  {advice}\n"));
    assert_ne!(followed, text);
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("scenarios")).expect("made");
    fs::write(folder.path().join("flake.nix"), flake).expect("written");
    let check_it = |text: &str| {
        fs::write(folder.path().join("scenarios/home-bob.yaml"), text).expect("written");
        check(&[folder.path().join("scenarios")], &LoadOptions::default())
    };
    let checked = check_it(&followed);
    assert!(
        checked.is_fine(),
        "{}",
        render_text_as(&checked.diagnostics, false)
    );
    assert!(!check_it(&text.replace("network: true\n", "")).is_fine());
}

#[test]
fn what_no_channel_has_is_never_advised() {
    let flake = r#"{
        inputs = { theme.url = "github:o/theme"; "odd name\n".url = "github:o/r"; };
        outputs = { self, theme, ... }: { homeConfigurations.bob = x { modules = [ { home.username = "bob"; } ]; }; };
    }"#;
    let text = drafts(&[("flake.nix", flake)]).remove(0).1;
    assert!(!text.contains("pocket"), "{text}");
    assert!(
        text.contains("# Nothing stands in for \"odd name\\n\", theme:"),
        "{text}"
    );
}

#[test]
fn a_home_of_another_platform_is_only_built() {
    let made = "x { pkgs = nixpkgs.legacyPackages.aarch64-darwin; modules = [ { home.username = \"bob\"; } ]; }";
    let text = home(made, &[]);
    assert!(
        text.contains("  - build:\n    fails: aarch64-darwin\n"),
        "{text}"
    );
    assert!(!text.contains("- switch"), "{text}");
}

#[test]
fn broken_modules_and_outputs_of_one_name_are_no_obstacle() {
    let found = drafts(&[
        (
            "flake.nix",
            "{ outputs = _: { homeConfigurations = { \"a b\" = 1; a-b = 2; }; }; }",
        ),
        ("broken.nix", "{ a = \"x ${ ] \"; b = \"${"),
    ]);
    assert_eq!(found.len(), 2, "each has a file of its own");
}

#[test]
fn what_the_pocket_lacks_is_asked_for_by_name() {
    let home =
        "{ pkgs, ... }: { home.username = \"bob\"; home.packages = with pkgs; [ git zig ]; }";
    let flake = |url: &str| {
        format!(
            "{{ inputs.nixpkgs.url = \"{url}\"; outputs = {{ self, nixpkgs }}: {{ homeConfigurations.bob = f {{ modules = [ ./home.nix ]; }}; }}; }}"
        )
    };
    let draft = |url: &str| {
        drafts(&[("flake.nix", &flake(url)), ("home.nix", home)])
            .remove(0)
            .1
    };
    let offline = draft("path:/etc/switchproof/pocket/nixpkgs");
    assert!(offline.contains("\nstandIns: [zig]\n"), "{offline}");
    let online = draft("github:NixOS/nixpkgs");
    assert!(online.contains("\n# standIns: [zig]\n"), "{online}");
}

#[test]
fn a_draft_for_a_channel_needs_no_network() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = r#"{
        inputs = { nixpkgs.url = "github:NixOS/nixpkgs"; hm.url = "github:nix-community/home-manager"; theme.url = "github:o/t"; };
        outputs = { hm, ... }@inputs: { homeConfigurations.bob = hm.lib.homeManagerConfiguration { modules = [ { home.username = "bob"; } ]; }; };
    }"#;
    fs::write(folder.path().join("flake.nix"), text).expect("written");
    fs::write(
        folder.path().join("home.nix"),
        "{ pkgs, ... }: { home.packages = [ pkgs.no-such-thing ]; }",
    )
    .expect("written");
    let on = |channel: &str, is_remote| {
        let wanted = Wanted {
            channel: Some(channel.to_owned()),
            is_remote,
            output: None,
        };
        init(folder.path(), &wanted).expect("a draft").drafts[0]
            .text
            .clone()
    };
    let offline = on("pocket", false);
    assert!(
        offline.contains("\n  inputs: { hm: pocket, nixpkgs: pocket }\n"),
        "{offline}"
    );
    assert!(
        offline.contains("\nstandIns: [no-such-thing]\n"),
        "{offline}"
    );
    assert!(offline.contains("theme: ../vendor/theme\n"), "{offline}");
    assert!(!offline.contains("network: true"), "{offline}");
    let online = on("26.05", true);
    assert!(
        online.contains("\nnetwork: true\n") && !online.contains("standIns"),
        "{online}"
    );
}

#[test]
fn a_computed_name_can_be_given() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = "{ outputs = inputs: { homeConfigurations = builtins.listToAttrs (map inputs.f [ 1 ]); nixosConfigurations.host = 1; }; }";
    fs::write(folder.path().join("flake.nix"), text).expect("written");
    let subjects = |output: &str| -> Vec<String> {
        let wanted = Wanted {
            output: Some(output.to_owned()),
            ..Wanted::default()
        };
        let found = init(folder.path(), &wanted).expect("drafts");
        found
            .drafts
            .into_iter()
            .map(|draft| draft.subject)
            .collect()
    };
    let host = r#"nixosConfigurations."host""#;
    assert_eq!(subjects("me"), [r#"homeConfigurations."me""#, host]);
    assert_eq!(subjects("host"), [host]);
    assert_eq!(
        subjects("nixosConfigurations.other"),
        [host],
        "all names of hosts were read"
    );
}

#[test]
fn a_flake_of_parts_names_its_homes_in_any_file() {
    let parts = "{ inputs, ... }: { flake.homeConfigurations.cli = inputs.hm.lib.homeManagerConfiguration { modules = [ ./ann.nix ]; }; }";
    let found = drafts(&[
        (
            "flake.nix",
            "{ inputs.flake-parts.url = \"path:/parts\"; outputs = inputs: inputs.flake-parts.lib.mkFlake { inherit inputs; } { imports = [ ./users ]; }; }",
        ),
        ("users/default.nix", parts),
        ("users/ann.nix", "{ home.username = \"ann\"; }"),
        (
            "templates/flake.nix",
            "{ outputs = _: { homeConfigurations.you = 1; }; }",
        ),
        ("templates/more.nix", "{ homeConfigurations.them = 1; }"),
    ]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].0, "homeConfigurations.\"cli\"");
    assert!(found[0].1.contains("\n  user: ann\n"), "{}", found[0].1);
}
