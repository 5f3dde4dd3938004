//! First scenarios for existing flakes.

use crate::flake::{Drafts, Evaluated, InitError, Wanted, init, scenario_to_ask};
use crate::language::{LoadOptions, check, load_text, render_text_as};
use crate::model::Install;
use crate::testing::{Folder, has, lacks};

/// What `init` finds in a folder, unless more is said.
fn found(folder: &Folder) -> Result<Drafts, InitError> {
    init(folder.path(), &Wanted::default())
}

/// What `check` says of the scenarios of a folder; nothing where they are fine.
fn checked(folder: &Folder) -> (usize, String) {
    let checked = check(&[folder.join("scenarios")], &LoadOptions::default());
    let said = match checked.is_fine() {
        true => String::new(),
        false => render_text_as(&checked.diagnostics, false),
    };
    (checked.cases.len(), said)
}

/// Drafts for a flake, written where they belong and checked.
fn drafts(files: &[(&str, &str)]) -> Vec<(String, String)> {
    let folder = Folder::with(files);
    let found = found(&folder).expect("drafts");
    for draft in &found.drafts {
        folder.write(&draft.path, &draft.text);
    }
    assert_eq!(checked(&folder), (found.drafts.len(), String::new()));
    let drafts = found.drafts.into_iter();
    drafts.map(|draft| (draft.subject, draft.text)).collect()
}

/// The first draft for a flake of this text, and more files.
fn draft(flake: &str, more: &[(&str, &str)]) -> String {
    let files = [&[("flake.nix", flake)], more].concat();
    drafts(&files).remove(0).1
}

#[test]
fn every_host_and_home_gets_a_scenario_that_passes_check() {
    let flake = r#"{
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
}"#;
    let (subjects, texts): (Vec<_>, Vec<_>) = drafts(&[("flake.nix", flake)]).into_iter().unzip();
    let wanted = [
        "darwinConfigurations.\"mac\"",
        "homeConfigurations.\"alice@laptop\"",
        "homeConfigurations.\"bob\"",
        "homeConfigurations.\"carol\"",
        "nixosConfigurations.\"server\"",
    ];
    assert_eq!(subjects, wanted);
    has(&texts[1], "output: alice@laptop\n  # A guess:");
    has(&texts[1], "\n  user: alice\n");
    has(&texts[1], "network: true");
    has(&texts[4], "install: nixos-module\n  user: dave\n");
    has(&texts[4], "builds a NixOS of nixpkgs itself");
}

#[test]
fn users_are_found_in_modules_of_their_own() {
    let flake = "{ outputs = { nixpkgs, ... }: { nixosConfigurations.\"my host\" = nixpkgs.lib.nixosSystem { modules = [ ./host.nix ]; }; }; }";
    let host = ("host.nix", "{ home-manager.users = { erin = { }; }; }");
    let text = draft(flake, &[host]);
    has(&text, "output: \"my host\"");
    has(&text, "user: erin");
}

#[test]
fn a_function_that_makes_homes_is_told_whose() {
    let flake = "{ outputs = _: let user = \"tomas\"; mkHome = { username }: 1; in { \
                 homeConfigurations.linux = mkHome { username = user; }; }; }";
    has(draft(flake, &[]), "\n  user: tomas\n");
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
        has(text, &format!("# {subject} of this flake:"));
    }
}

#[test]
fn what_cannot_be_read_is_said() {
    let folder = Folder::new();
    let refused = || found(&folder).expect_err("nothing is found").to_string();
    has(refused(), "a folder with a flake.nix");
    folder.write("flake.nix", "{ outputs = ");
    has(refused(), "flake.nix cannot be parsed");
    folder.write("flake.nix", "{ outputs = _: { packages = { }; }; }");
    assert_eq!(refused(), "the flake names no host and no home");
    let computed = "{ outputs = i: { homeConfigurations = i.lib.genAttrs [ \"a\" ] (_: 1); }; }";
    folder.write("flake.nix", computed);
    let error = found(&folder).expect_err("nothing can be read");
    has(
        error.hint(),
        "some names of `homeConfigurations` are computed",
    );
}

#[test]
fn a_host_of_several_users_has_them_all() {
    let flake =
        "{ outputs = { self }: { nixosConfigurations.laptop = { modules = [ ./host.nix ]; }; }; }";
    let host = "{ home-manager.users = { ann = ./ann.nix; bob = ./bob.nix; }; }";
    let text = draft(flake, &[("host.nix", host)]);
    has(&text, "user: ann\n");
    has(&text, "users:\n  bob: empty\n");
    lacks(&text, &["network"]);
}

#[test]
fn inputs_on_the_network_are_noticed_however_they_are_named() {
    let with = |inputs: &str, arguments: &str| {
        let flake = format!(
            "{{ {inputs} outputs = {{ self, {arguments} }}: {{ homeConfigurations.ann = 1; }}; }}"
        );
        draft(&flake, &[])
    };
    for (inputs, arguments) in [
        ("inputs.nixpkgs.url = \"nixpkgs/nixos-24.05\";", "nixpkgs"),
        ("inputs = { a = { url = \"github:o/a\"; }; };", "a"),
        ("", "nixpkgs"),
    ] {
        has(with(inputs, arguments), "\nnetwork: true\n");
    }
    let local = with("inputs.nixpkgs.url = \"path:/etc/nixpkgs\";", "nixpkgs");
    lacks(local, &["network"]);
}

/// A flake with one home, made so, and more files.
fn home(made: &str, more: &[(&str, &str)]) -> String {
    let flake = format!(
        "{{ outputs = {{ self, nixpkgs, home-manager }}: {{ homeConfigurations.desktop = {made}; }}; }}"
    );
    draft(&flake, more)
}

#[test]
fn the_user_of_a_home_is_the_one_that_it_names() {
    let bob = "home.username = \"bob\"; home.stateVersion = \"24.05\";";
    let inline = format!("x {{ modules = [ {{ {bob} }} ]; }}");
    let nested = "x { modules = [ { home = rec { username = \"bob\"; homeDirectory = \"/home/${username}\"; }; } ]; }";
    let module = format!("{{ pkgs, ... }}: {{ {bob} }}");
    let (bob, other) = (
        ("bob.nix", &*module),
        ("other.nix", "{ home.username = \"eve\"; }"),
    );
    let folder = ("home/default.nix", "{ imports = [ ../bob.nix ]; }");
    for text in [
        home(&inline, &[]),
        home(nested, &[]),
        home("x { modules = [ ./bob.nix ]; }", &[bob, other]),
        home("x { modules = [ ./home ]; }", &[folder, bob, other]),
        home("import ./lib.nix", &[bob]),
    ] {
        has(&text, "output: desktop\n  user: bob\n");
        lacks(text, &["guess"]);
    }
    let data =
        "x { modules = [ { home.username = \"bob\"; home.homeDirectory = \"/data/bob\"; } ]; }";
    let users = "users:\n  bob: { homeDirectory: \"/data/bob\" }\n";
    has(home(data, &[]), users);
    let root = home(
        &data.replace("/data/bob", "/root").replace("bob", "root"),
        &[],
    );
    has(&root, "  user: root\n");
    lacks(root, &["guess", "users:"]);
    let weighed = "x { modules = [ { home.username = lib.mkDefault \"bob\"; home.homeDirectory = lib.mkDefault \"/home/bob\"; } \
                   { home.homeDirectory = lib.mkForce \"/data/bob\"; } { home.homeDirectory = \"/x\"; } ]; }";
    has(home(weighed, &[]), users);
    has(home("x { }", &[]), "# A guess");
    let flake = "{ outputs = _: { homeConfigurations.desktop = 1; }; }";
    let found = found(&Folder::with(&[("flake.nix", flake)])).expect("a draft");
    let note = "the user of homeConfigurations.\"desktop\" was not read: check `user: desktop` in scenarios/home-desktop.yaml, \
                or let `switchproof init --evaluate` ask Nix in a machine";
    assert_eq!(found.notes, [note]);
}

#[test]
fn the_user_of_a_home_is_also_the_one_that_its_modules_are_handed() {
    let module = |head: &str, username: &str| {
        format!("{head} {{ home.username = {username}; home.stateVersion = \"24.05\"; }}")
    };
    let (name, of_set) = (
        module("{ who, ... }:", "who"),
        module("{ me, ... }:", "lib.mkForce me.name"),
    );
    let special = module(
        "{ specialArgs, ... }: let name = specialArgs.who; in",
        "name",
    );
    let inherited = "{ specialArgs, ... }: { home = { inherit (specialArgs) who; username = specialArgs.who; }; }";
    let given = "x { extraSpecialArgs = { who = \"bob\"; }; modules = [ ./home.nix ]; programs.git.who = \"eve\"; }";
    let set = "x { extraSpecialArgs = { me = { name = \"bob\"; }; }; modules = [ ./home.nix ]; }";
    let by_let = "let me = { name = \"bob\"; mail = \"x\"; }; in x { extraSpecialArgs = { inherit me; }; modules = [ ./home.nix ]; }";
    let by_all = "let extraSpecialArgs = rec { who = \"bob\"; }; in x { inherit extraSpecialArgs; modules = [ ./home.nix ]; }";
    let in_turn = "let make = who: system: x { modules = [ { home.username = who; } ]; }; in make \"bob\" \"x86_64-linux\"";
    let as_usual = in_turn.replace("who", "username");
    for (made, home_nix) in [
        (given, &*name),
        (given, &special),
        (given, inherited),
        (set, &of_set),
        (by_let, &of_set),
        (by_all, &name),
        (&*as_usual, ""),
    ] {
        let text = home(made, &[("home.nix", home_nix)]);
        has(&text, "output: desktop\n  user: bob\n");
        lacks(text, &["guess"]);
    }
    // Two are none.
    let two = given.replace("programs.git.who", "specialArgs.who");
    has(home(&two, &[("home.nix", &name)]), "# A guess");
    let other = "x { git.who = \"eve\"; modules = [ ./home.nix ]; }";
    has(home(other, &[("home.nix", &name)]), "# A guess");
}

#[test]
fn the_users_of_a_host_are_those_of_its_modules() {
    let flake = "{ outputs = { nixpkgs, ... }: { nixosConfigurations = {
        laptop = nixpkgs.lib.nixosSystem { modules = [ ./laptop.nix ]; };
        server = nixpkgs.lib.nixosSystem { modules = [ { users.users.root.hashedPassword = \"!\"; users.users.carl.isNormalUser = true; } ]; };
    }; }; }";
    let laptop = "{ home-manager.backupFileExtension = \"hm\"; home-manager.users.bob = { home.stateVersion = \"24.05\"; }; }";
    let other = "{ home-manager.users.ann = { }; }";
    let text = draft(flake, &[("laptop.nix", laptop), ("other.nix", other)]);
    has(&text, "user: bob\n");
    lacks(&text, &[" ann"]);
}

#[test]
fn a_newer_state_version_is_newer_than_the_home_and_known_to_its_home_manager() {
    let suggested = |version: &str, url: &str| {
        let flake = format!(
            "{{ inputs.home-manager.url = \"{url}\"; outputs = {{ self, home-manager }}: {{ homeConfigurations.bob = x {{ modules = [ {{ home.username = \"bob\"; home.stateVersion = \"{version}\"; }} ]; }}; }}; }}"
        );
        let text = draft(&flake, &[]);
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
    let text = draft(flake, &[]);
    let advice = "inputs: { hm: pocket, nixpkgs: pocket }";
    has(&text, &format!("#   {advice}   (under `flake`)\n"));
    let offline = text.replace("network: true\n", "");
    let followed = offline.replace("  user: bob\n", &format!("  user: bob\n  {advice}\n"));
    assert_ne!(followed, text);
    let with = |text| Folder::with(&[("flake.nix", flake), ("scenarios/home-bob.yaml", text)]);
    assert_eq!(checked(&with(&followed)).1, "");
    assert_ne!(checked(&with(&offline)).1, "");
}

#[test]
fn what_no_channel_has_is_never_advised() {
    let flake = r#"{
        inputs = { theme.url = "github:o/theme"; "odd name\n".url = "github:o/r"; };
        outputs = { self, theme, ... }: { homeConfigurations.bob = x { modules = [ { home.username = "bob"; } ]; }; };
    }"#;
    let text = draft(flake, &[]);
    lacks(&text, &["pocket"]);
    has(&text, "# Nothing stands in for \"odd name\\n\", theme:");
}

#[test]
fn a_flake_that_asks_for_its_platform_or_a_variable_is_evaluated_impurely() {
    let made = |system: &str| {
        let made = format!(
            "x {{ pkgs = nixpkgs.legacyPackages.${{{system}}}; modules = [ {{ home.username = \"bob\"; home.stateVersion = \"24.05\"; }} ]; }}"
        );
        home(&made, &[])
    };
    let text = made("builtins.currentSystem");
    for step in [
        "- switch: { impure: true }\n    expect:",
        "- switch: { impure: true }\n\n",
        "\", impure: true }\n",
    ] {
        has(&text, step);
        has(made("builtins.getEnv \"SYSTEM\""), step);
    }
    lacks(
        made("builtins.currentSystem or \"x86_64-linux\""),
        &["impure"],
    );
}

#[test]
fn a_home_of_another_platform_is_only_built() {
    let made = "x { pkgs = nixpkgs.legacyPackages.aarch64-darwin; modules = [ { home.username = \"bob\"; } ]; }";
    let text = home(made, &[]);
    has(&text, "  - build:\n    fails: aarch64-darwin\n");
    lacks(&text, &["- switch"]);
}

#[test]
fn broken_modules_and_outputs_of_one_name_are_no_obstacle() {
    let flake = "{ outputs = _: { homeConfigurations = { \"a b\" = 1; a-b = 2; }; }; }";
    let broken = ("broken.nix", "{ a = \"x ${ ] \"; b = \"${");
    let found = drafts(&[("flake.nix", flake), broken]);
    assert_eq!(found.len(), 2, "each has a file of its own");
}

#[test]
fn what_the_pocket_lacks_is_asked_for_by_name() {
    let home =
        "{ pkgs, ... }: { home.username = \"bob\"; home.packages = with pkgs; [ git zig ]; }";
    let draft = |url: &str| {
        let flake = format!(
            "{{ inputs.nixpkgs.url = \"{url}\"; outputs = {{ self, nixpkgs }}: {{ homeConfigurations.bob = f {{ modules = [ ./home.nix ]; }}; }}; }}"
        );
        draft(&flake, &[("home.nix", home)])
    };
    has(
        draft("path:/etc/switchproof/pocket/nixpkgs"),
        "\nstandIns: [zig]\n",
    );
    has(draft("github:NixOS/nixpkgs"), "\n# standIns: [zig]\n");
}

#[test]
fn a_draft_for_a_channel_needs_no_network() {
    let flake = r#"{
        inputs = { nixpkgs.url = "github:NixOS/nixpkgs"; hm.url = "github:nix-community/home-manager"; theme.url = "github:o/t"; };
        outputs = { hm, ... }@inputs: { homeConfigurations.bob = hm.lib.homeManagerConfiguration { modules = [ { home.username = "bob"; } ]; }; };
    }"#;
    let home = "{ pkgs, ... }: { home.packages = [ pkgs.no-such-thing ]; }";
    let folder = Folder::with(&[("flake.nix", flake), ("home.nix", home)]);
    let on = |channel: &str, is_remote| {
        let wanted = Wanted {
            channel: Some(channel.to_owned()),
            is_remote,
            ..Wanted::default()
        };
        let found = init(folder.path(), &wanted).expect("a draft");
        found.drafts[0].text.clone()
    };
    let offline = on("pocket", false);
    has(&offline, "\n  inputs: { hm: pocket, nixpkgs: pocket }\n");
    has(&offline, "\nstandIns: [no-such-thing]\n");
    has(&offline, "theme: ../vendor/theme\n");
    lacks(&offline, &["network: true"]);
    let online = on("26.05", true);
    has(&online, "\nnetwork: true\n");
    lacks(&online, &["standIns"]);
}

#[test]
fn a_computed_name_can_be_given() {
    let text = "{ outputs = inputs: { homeConfigurations = builtins.listToAttrs (map inputs.f [ 1 ]); nixosConfigurations.host = 1; }; }";
    let folder = Folder::with(&[("flake.nix", text)]);
    let subjects = |output: &str| -> Vec<String> {
        let wanted = Wanted {
            output: Some(output.to_owned()),
            ..Wanted::default()
        };
        let found = init(folder.path(), &wanted).expect("drafts");
        found.drafts.into_iter().map(|it| it.subject).collect()
    };
    let host = r#"nixosConfigurations."host""#;
    assert_eq!(subjects("me"), [r#"homeConfigurations."me""#, host]);
    assert_eq!(subjects("host"), [host]);
    // All names of hosts were read.
    assert_eq!(subjects("nixosConfigurations.other"), [host]);
}

#[test]
fn what_was_evaluated_comes_before_what_the_text_says() {
    let flake = "{ outputs = inputs: { homeConfigurations = inputs.f { home.username = \"text\"; }; nixosConfigurations.host = 1; }; }";
    let folder = Folder::with(&[("flake.nix", flake)]);
    let evaluated = |install, name: &str, users: &[&str]| Evaluated {
        users: users.iter().map(|&it| it.to_owned()).collect(),
        versions: ["23.11", "24.05"].map(str::to_owned).into(),
        platform: Some("riscv64-linux".to_owned()),
        ..Evaluated::named(install, name.to_owned())
    };
    let broken = Evaluated {
        error: Some("attribute 'x' missing".to_owned()),
        ..Evaluated::named(Install::Standalone, "broken".to_owned())
    };
    let wanted = Wanted {
        evaluated: Some(vec![
            evaluated(Install::Standalone, "work", &["ann"]),
            broken,
            evaluated(Install::NixosModule, "host", &["bob", "eve"]),
            evaluated(Install::NixosModule, "server", &[]),
        ]),
        ..Wanted::default()
    };
    let found = init(folder.path(), &wanted).expect("drafts");
    let texts: Vec<&str> = found.drafts.iter().map(|it| it.text.as_str()).collect();
    assert_eq!(texts.len(), 3, "a host without homes has no scenario");
    has(texts[0], "output: broken\n  user: text\n");
    has(texts[1], "  user: ann\n");
    has(texts[1], "fails: riscv64-linux");
    has(texts[2], "  user: bob\n");
    has(texts[2], "  eve: empty\n");
    let notes = found.notes.join("\n");
    has(
        &notes,
        "\"broken\" could not be evaluated as a whole: attribute 'x' missing",
    );
    has(&notes, "\"server\" has no home of Home Manager");
}

#[test]
fn a_flake_that_was_evaluated_is_not_to_be_evaluated() {
    let folder = Folder::with(&[(
        "flake.nix",
        "{ outputs = _: { nixosConfigurations = f 1; }; }",
    )]);
    let hint = |evaluated| {
        let wanted = Wanted {
            evaluated,
            ..Wanted::default()
        };
        init(folder.path(), &wanted).unwrap_err().hint().to_owned()
    };
    has(hint(None), "--evaluate");
    let homeless = Evaluated::named(Install::NixosModule, "server".to_owned());
    let said = hint(Some(vec![homeless]));
    has(&said, "\"server\" has no home of Home Manager");
    lacks(said, &["--evaluate"]);
}

#[test]
fn a_flake_in_a_folder_and_its_inputs_are_taken_as_they_are_named() {
    let flake = "{ inputs.theme.url = \"github:o/theme\"; outputs = { self, theme }: { homeConfigurations.me = theme.f { home.username = \"me\"; \
                 home.homeDirectory = \"/data/me\"; }; }; }";
    let folder = Folder::with(&[("nix/flake.nix", flake), ("vendor/theme/flake.nix", "{ }")]);
    folder.git(&["init", "--quiet"]);
    folder.git(&["add", "."]);
    let theme = folder
        .join("vendor/theme")
        .canonicalize()
        .expect("a folder");
    let wanted = Wanted {
        query: "?dir=nix".to_owned(),
        inputs: [("theme".to_owned(), theme.display().to_string())].into(),
        ..Wanted::default()
    };
    let found = init(folder.path(), &wanted)
        .expect("drafts")
        .drafts
        .remove(0);
    has(&found.text, "\n  path: \"..?dir=nix\"\n  output: me\n");
    has(&found.text, "\n  inputs: { theme: \"../vendor/theme\" }\n");
    lacks(&found.text, &["network"]);
    folder.write(&found.path, &found.text);
    assert_eq!(checked(&folder), (1, String::new()));
    let text = scenario_to_ask(folder.path(), &wanted).expect("a scenario");
    has(&text, &format!("\"theme\":\"{}\"", theme.display()));
    has(&text, "network: false");
    let outputs = crate::flake::outputs(folder.path(), &wanted.query).expect("outputs");
    assert_eq!(outputs.outputs[0].home.as_deref(), Some("/data/me"));
}

#[test]
fn the_scenario_that_asks_a_flake_loads() {
    let flake = "{ inputs.hm.url = \"github:nix-community/home-manager\"; outputs = inputs: { homeConfigurations = inputs.f 1; }; }";
    let folder = Folder::with(&[("flake.nix", flake)]);
    for (channel, is_remote) in [
        (Some("pocket"), false),
        (None, false),
        (Some("26.05"), true),
    ] {
        let wanted = Wanted {
            channel: channel.map(str::to_owned),
            is_remote,
            ..Wanted::default()
        };
        let text = scenario_to_ask(folder.path(), &wanted).expect("a scenario");
        let (cases, found) = load_text(folder.join("init.yaml"), &text, &LoadOptions::default());
        assert!(found.is_empty() && cases.len() == 1, "{found:?}\n{text}");
    }
}

#[test]
fn a_flake_of_parts_names_its_homes_in_any_file() {
    let parts = "{ inputs, ... }: { flake.homeConfigurations.cli = inputs.hm.lib.homeManagerConfiguration { modules = [ ./ann.nix ]; }; }";
    let flake = "{ inputs.flake-parts.url = \"path:/parts\"; outputs = inputs: inputs.flake-parts.lib.mkFlake { inherit inputs; } { imports = [ ./users ]; }; }";
    let template = "{ outputs = _: { homeConfigurations.you = 1; }; }";
    let found = drafts(&[
        ("flake.nix", flake),
        ("users/default.nix", parts),
        ("users/ann.nix", "{ home.username = \"ann\"; }"),
        ("templates/flake.nix", template),
        ("templates/more.nix", "{ homeConfigurations.them = 1; }"),
    ]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].0, "homeConfigurations.\"cli\"");
    has(&found[0].1, "\n  user: ann\n");
}
