//! What people get wrong, and what they are told.

use switchproof_vm::image::Suite;

use super::{cases, mistakes, refused, with_home, with_keys, with_setup, with_steps};
use crate::language::{LoadOptions, load_text};
use crate::model::{Guest, Network};
use crate::testing::{self, all_come_to, has};

#[test]
fn all_mistakes_of_a_file_are_found_at_once() {
    let found = mistakes(
        "name: Bad Name
descripton: x
setup:
  useGlobalPkgs: true
  home: { stateVersion: \"24.05\", packges: [git] }
steps:
  - swich
  - switch: { stateVersion: latest }
    deadline: soon
",
    );
    let expected = "\
1:7 `Bad Name` cannot be a name: names are letters, digits, `-` and `_`, beginning with a letter or digit (write `Bad-Name`)
2:1 `descripton` is no key of a scenario (did you mean `description`? What it is for, in a sentence.)
4:3 `useGlobalPkgs` is no key of `setup` (did you mean `globalPkgs`? `home-manager.useGlobalPkgs`, for the module installs.)
5:34 `packges` is no key of `home` (did you mean `packages`? `home.packages`: names of the package set.)
7:5 `swich` is no key of a step (did you mean `switch`? Action: activate the setup.)
8:29 `latest` is no state version (a state version is a release, quoted: \"26.11\")
9:15 `soon` is no length of time (write `90s`, `10m` or `1h`; a day is the most)";
    assert_eq!(found, expected);
}

#[test]
fn mistakes_in_steps_are_told() {
    let table = r#"
        - name: x => the step does nothing
        - seed: {} => has no `files`
        - generation => has no `number`
        - run: id\n  user: alice => it belongs under `run:`, where `command:` takes what stands there now
        - switch:\n    expect: { packages: [git] } => 6:7 `expect` is no key of `switch` (move it two columns left)
        - { switch: { expect: { packages: [git] } } } => `expect` is no key of `switch`
        - switch: { stateVersion: "99.11" } => `99.11` is no state version (releases come out in May and November
        - switch: { stateVersion: 24.10 } => `24.10` is no state version
        - switch: { stateVersion: 24.10 } => (quote it: "24.10")
        - switch:\n  run: x => the step has several actions: `switch` and `run`
        - switch:\n  name: one\n- switch:\n  name: one => two steps are named `one`
        - run: { command: id, user: mallory } => there is no user `mallory`
        - rollback => no generation to roll back from
        - switch\n- rollback => only one generation
        - uninstall => nothing to uninstall
        - switch\n- switch\n- uninstall\n- rollback => 8:5 there is no generation to roll back from
        - switch\n- generation: 2 => no generation 2 at this point
        - switch: { backup: ../x } => is no extension for backups
        - switch:\n  fails: true => `fails: []` takes any failure
    "#;
    refused(with_steps, table);
    for fine in [
        "- rollback:\n  fails: no generation",
        "- run: home-manager switch --flake .\n- rollback",
        "- switch:\n  fails: []\n  expect: { errors: infinite recursion }\n- switch:\n  expect: { errors: [] }",
    ] {
        cases(&with_steps(fine));
    }
}

#[test]
fn mistakes_in_expectations_are_told() {
    let table = r#"
        {} => asserts nothing
        [] => asserts nothing
        [{}] => asserts nothing
        { packages: [] } => asserts nothing
        { user: alice } => asserts nothing
        => `expect` has no value
        { output: "" } => an empty text is in every text
        { environment: { EDITOR: {} } } => it is not said what the variable must be
        \n    - packages: [git]\n    - packages: { git: absent } => 8:9 the package `git` is expected both to be there and not to be (the other is in line 7
        { files: { a: { state: absent, mode: "644" } } } => what is absent has no properties
        { user: alcie, packages: [git] } => there is no user `alcie` (did you mean `alice`?)
        { files: { a: { mode: rw } } } => `rw` is no mode
        { output: { matches: "(" } } => is no regular expression
        { units: { syncthing: active } } => `syncthing.service`
        { units: { a.service: running } } => did you mean `active`?
        { errors: infinite recursion } => 6:5 an evaluation error is expected of a step that must succeed (add `fails: []`
        { within: 30s, output: b } => does not become anything else later (remove `within`)
        { within: 11m, files: [a] } => `11m` is no length of time to wait
    "#;
    refused(
        |it| with_steps(&format!("- switch:\n  expect: {it}")),
        table,
    );
}

#[test]
fn mistakes_in_whole_scenarios_are_told() {
    let table = r#"
        {} => a scenario has no `name`
        {} => a scenario has no `steps`
        name: t\nsteps: [switch]\n => the scenario has no setup
        name: t\nsetup: { home: {} }\nsteps: []\n => the scenario does nothing
        name: t\nsetup:\n  home: {}\n  steps: [switch]\n => move it two columns left
        name: t\nflake: ./x\nsetup: { home: {} }\nsteps: [switch]\n => both `setup` and `flake`
    "#;
    refused(str::to_owned, table);
}

#[test]
fn mistakes_in_setups_are_told() {
    let table = r#"
        {} => the setup has nobody's home
        { packages: [git], home: {} } => it belongs under `home:`
        { home: {}, users: { bob: {} } } => both `home` and `users`
        { users: { alice: {}, bob: {} } } => it is not clear whom this is about (add `user:`, which can be `alice` or `bob`)
        { globalPkgs: true, home: {} } => `globalPkgs` means nothing to a standalone install
        { overlays: "final: prev: {", home: {} } => the Nix text is broken
        { inputs: { home-manager: { follows: { nixpkgs: nixpkg } } }, home: {} } => `home-manager` follows `nixpkg`, which is no input
        { channel: "24.05", home: {} } => github:NixOS/nixpkgs/nixos-24.05
        { channel: "24.05", home: {} } => add `network: true`
        { channel: stable, home: {} } => there is no channel `stable`
        { flake: false, install: nixos-module, home: {} } => `install` means nothing without a flake
        { flake: false, specialArgs: { a: 1 }, home: {} } => `specialArgs` means nothing without a flake (set `_module.args`
        { flake: false, inputs: { a: "git+file:///x" }, home: {} } => `git+file:///x` cannot be a channel (without a flake an input
        { inputs: { nixpkgs: pocket-23.05 }, home: {} } => there is no channel `pocket-23.05`
    "#;
    refused(with_setup, table);
    let table = r#"
        packages: ["(import ./evil)"] => is no package's name
        config: |\n  programs.bash = {\n    enable = true\n  }; => 8:7 the Nix text is broken
        config: "}; evil = {" => the Nix text is broken
    "#;
    refused(with_home, table);
    let networked = |setup| format!("network: true\n{}", with_setup(setup));
    let guest = guest(&networked("{ channel: \"24.05\", home: {} }"));
    assert!(guest.network.is_on() && !guest.locked);
    let found = mistakes(&networked("{ channel: \"99.11\", home: {} }"));
    assert_eq!(found.matches("there is no channel `99.11`").count(), 1);
}

/// The guest of a scenario that is fine.
fn guest(text: &str) -> Guest {
    testing::cases(text).remove(0).guest
}

#[test]
fn this_computer_is_reached_only_where_that_is_said() {
    for (text, network) in [
        ("true", Network::Internet),
        ("false", Network::Off),
        ("{ reachesHost: false }", Network::Internet),
        ("{ reachesHost: true }", Network::InternetAndHost),
    ] {
        assert_eq!(
            guest(&with_keys(&format!("network: {text}"))).network,
            network
        );
    }
    let table = "
        network: { enable: false, reachesHost: true } => the machine reaches no host
        network: {} => `network` has no value
        network: { reachHost: true } => did you mean `reachesHost`?
    ";
    refused(with_keys, table);
}

#[test]
fn a_guest_is_as_big_as_the_scenario_says() {
    let size = |keys: &str| {
        let guest = guest(&with_keys(keys));
        format!("{:?}", (guest.memory_mib, guest.disk_mib, guest.cpus))
    };
    let table = "
        guest: { memory: 1536MiB, disk: 16GiB, cpus: 4 } => (Some(1536), Some(16384), Some(4))
        network: true => (Some(4096), Some(16384), None)
        network: true\\nguest: { memory: 2GiB } => (Some(2048), Some(16384), None)
    ";
    all_come_to(size, table);
    assert_eq!(size(""), "(None, None, None)");
    let table = "
        memory: 4GB => 2:18 `4GB` is no size of a machine's memory (write it from `512MiB` to `256GiB`
        memory: 4096 => `4096` is no size
        memory: 256MiB => `256MiB` is no size
        memory: +4GiB => `+4GiB` is no size
        memory: 99999999GiB => `99999999GiB` is no size
        disk: 4GiB => `4GiB` is no size of a machine's disk (write it from `8GiB` to `1024GiB`
        cpus: 9 => 9
        cpus: 0 => 0
    ";
    refused(|it| with_keys(&format!("guest: {{ {it} }}")), table);
}

#[test]
fn a_guest_is_of_a_release_that_can_be_one() {
    let with = |guest: &str| with_keys(&format!("guest: {guest}"));
    assert_eq!(guest(&with("sid")).suite, Suite::Sid);
    assert_eq!(guest(&with("{ suite: trixie }")).suite, Suite::Trixie);
    let on_sid = LoadOptions {
        suite: Suite::Sid,
        ..LoadOptions::default()
    };
    let asked = |text: &str| load_text("t.yaml", text, &on_sid).0.remove(0).guest.suite;
    assert_eq!(asked(&with("{ cpus: 1 }")), Suite::Sid);
    assert_eq!(asked(&with_keys("")), Suite::Sid);
    // The scenario's own comes first.
    assert_eq!(asked(&with("trixie")), Suite::Trixie);
    refused(
        with,
        "bookworm => 2:8 no guest can be made of Debian `bookworm` (its Nix is 2.8",
    );
    let axis = with("trixie") + "matrix: { guest.suite: [trixie, sid] }\n";
    let ids: Vec<String> = cases(&axis).into_iter().map(|case| case.id).collect();
    assert_eq!(ids, ["t[guest.suite=trixie]", "t[guest.suite=sid]"]);
}

#[test]
fn folders_that_are_not_looked_into_are_in_a_home() {
    let with = |folders: &str| with_keys(&format!("exclude: {folders}"));
    let folders = guest(&with("[.local/share/Steam/, games]")).exclude;
    assert_eq!(Vec::from_iter(folders), [".local/share/Steam", "games"]);
    for (folder, hint) in [
        ("~/games", "paths are relative to the home"),
        ("a/../b", "without `.`, `..` and empty parts"),
        ("\"\"", "without `.`, `..` and empty parts"),
    ] {
        let found = mistakes(&with(&format!("[fine, {folder}]")));
        assert!(found.starts_with("2:17 "), "{found}");
        has(&found, "is no folder in a home");
        has(&found, hint);
    }
}

#[test]
fn binary_caches_have_an_address_and_a_public_key() {
    let with = |caches: &str| with_keys(&format!("network: true\nsubstituters: {caches}"));
    let key = "example-1:QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=";
    let fine = with(&format!(
        "[default, https://a.example.org, {{ url: http://10.0.2.2:80/x, key: \"{key}\" }}]"
    ));
    let seen = guest(&fine);
    assert!(seen.default_substituters && seen.locked);
    let fetching = fine.replace("[switch]", "[switch, { run: curl https://a.example.org }]");
    assert!(!guest(&fetching).locked, "a command may fetch anything");
    assert_eq!(seen.substituters[1].public_key.as_deref(), Some(key));
    assert_eq!(
        Vec::from_iter(seen.endpoints),
        ["10.0.2.2:80", "a.example.org:443"]
    );
    let listed = guest(&with("[https://a.example.org]"));
    assert!(!listed.default_substituters, "the list takes its place");

    refused(
        with,
        "[cache.example.org] => 3:16 `cache.example.org` is no address of a binary cache",
    );
    let with_key = |key: &str| {
        with(&format!(
            "[{{ url: https://a.example.org, key: \"{key}\" }}]"
        ))
    };
    refused(
        with_key,
        "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE= => a public key is `name:`",
    );
    let secret = format!("a-1:{}", "QUFB".repeat(21) + "QQ==");
    has(mistakes(&with_key(&secret)), "this is the secret key");
    has(
        mistakes(&fine.replace("network: true\n", "")),
        "add `network: true`",
    );
}
