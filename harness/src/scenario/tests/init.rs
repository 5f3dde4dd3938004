//! First scenarios for existing flakes.

use std::fs;

use crate::scenario::{InitError, LoadOptions, check, init, render_text_as};

/// Drafts for a flake, written where they belong and checked.
fn drafts(files: &[(&str, &str)]) -> Vec<(String, String)> {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        let file = folder.path().join(name);
        fs::create_dir_all(file.parent().expect("a parent")).expect("made");
        fs::write(file, text).expect("written");
    }
    let found = init(folder.path()).expect("drafts");
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
        found[1].1.contains("output: alice@laptop\n  user: alice\n"),
        "{}",
        found[1].1
    );
    assert!(found[1].1.contains("network: true"));
    assert!(
        found[4].1.contains("install: nixos-module\n  user: dave\n"),
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
        init(folder.path()),
        Err(InitError::NoFlake { .. })
    ));
    fs::write(&flake, "{ outputs = ").expect("written");
    assert!(matches!(init(folder.path()), Err(InitError::Broken { .. })));
    fs::write(&flake, "{ outputs = _: { packages = { }; }; }").expect("written");
    assert_eq!(
        init(folder.path()),
        Err(InitError::Nothing { notes: Vec::new() })
    );
    fs::write(
        &flake,
        "{ outputs = i: { homeConfigurations = i.lib.genAttrs [ \"a\" ] (_: 1); }; }",
    )
    .expect("written");
    let Err(error) = init(folder.path()) else {
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
