//! What people get wrong, and what they are told.

use switchproof_vm::image::Suite;

use super::{mistakes, with_home, with_steps};
use crate::language::{LoadOptions, load_text};
use crate::model::Network;

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
fn what_is_missing_is_named() {
    let found = mistakes("{}");
    assert!(found.contains("a scenario has no `name`"), "{found}");
    assert!(found.contains("a scenario has no `steps`"), "{found}");
    let found = mistakes("name: t\nsteps: [switch]\n");
    assert!(found.contains("the scenario has no setup"), "{found}");
    let found = mistakes("name: t\nsetup: {}\nsteps: [switch]\n");
    assert!(found.contains("the setup has nobody's home"), "{found}");
    let found = mistakes("name: t\nsetup: { home: {} }\nsteps: []\n");
    assert!(found.contains("the scenario does nothing"), "{found}");
    assert!(mistakes(&with_steps("- name: x")).contains("the step does nothing"));
    assert!(mistakes(&with_steps("- seed: {}")).contains("has no `files`"));
    assert!(mistakes(&with_steps("- generation")).contains("has no `number`"));
}

#[test]
fn keys_in_the_wrong_place_are_told_theirs() {
    let found = mistakes("name: t\nsetup: { packages: [git], home: {} }\nsteps: [switch]\n");
    assert!(found.contains("it belongs under `home:`"), "{found}");
    let found = mistakes(&with_steps("- run: id\n  user: alice"));
    let way_out = "it belongs under `run:`, where `command:` takes what stands there now";
    assert!(found.contains(way_out), "{found}");
}

#[test]
fn keys_that_are_indented_too_far_are_moved_back() {
    let found = mistakes(&with_steps("- switch:\n    expect: { packages: [git] }"));
    assert_eq!(
        found,
        "6:7 `expect` is no key of `switch` (move it two columns left)"
    );
    let found = mistakes(&with_steps("- { switch: { expect: { packages: [git] } } }"));
    assert!(found.contains("`expect` is no key of `switch`"), "{found}");
    let found = mistakes("name: t\nsetup:\n  home: {}\n  steps: [switch]\n");
    assert!(found.contains("move it two columns left"), "{found}");
}

#[test]
fn releases_that_there_are_not_are_refused() {
    let found = mistakes(&with_steps("- switch: { stateVersion: \"99.11\" }"));
    assert!(
        found.contains("`99.11` is no state version (releases come out in May and November"),
        "{found}"
    );
    let text = "name: t\nnetwork: true\nsetup: { channel: \"99.11\", home: {} }\nsteps: [switch]\n";
    assert_eq!(
        mistakes(text)
            .matches("there is no channel `99.11`")
            .count(),
        1
    );
    let found = mistakes(&with_steps("- switch: { stateVersion: 24.10 }"));
    assert!(found.contains("`24.10` is no state version"), "{found}");
    assert!(found.contains("(quote it: \"24.10\")"), "{found}");
}

#[test]
fn two_of_one_kind_are_refused() {
    let found = mistakes(&with_steps("- switch:\n  run: x"));
    assert!(
        found.contains("the step has several actions: `switch` and `run`"),
        "{found}"
    );
    let found = mistakes("name: t\nflake: ./x\nsetup: { home: {} }\nsteps: [switch]\n");
    assert!(found.contains("both `setup` and `flake`"), "{found}");
    let found = mistakes("name: t\nsetup: { home: {}, users: { bob: {} } }\nsteps: [switch]\n");
    assert!(found.contains("both `home` and `users`"), "{found}");
    let found = mistakes(&with_steps(
        "- switch:\n  name: one\n- switch:\n  name: one",
    ));
    assert!(found.contains("two steps are named `one`"), "{found}");
}

#[test]
fn expectations_assert_something() {
    for empty in [
        "expect: {}",
        "expect: []",
        "expect: [{}]",
        "expect: { packages: [] }",
        "expect: { user: alice }",
    ] {
        let found = mistakes(&with_steps(&format!("- switch:\n  {empty}")));
        assert!(found.contains("asserts nothing"), "{empty}: {found}");
    }
    assert!(mistakes(&with_steps("- switch:\n  expect:")).contains("`expect` has no value"));
    let found = mistakes(&with_steps("- switch:\n  expect: { output: \"\" }"));
    assert!(found.contains("an empty text is in every text"), "{found}");
    let found = mistakes(&with_steps(
        "- switch:\n  expect: { environment: { EDITOR: {} } }",
    ));
    assert!(
        found.contains("it is not said what the variable must be"),
        "{found}"
    );
}

#[test]
fn expectations_do_not_contradict_themselves() {
    let found = mistakes(&with_steps(
        "- switch:\n  expect:\n    - packages: [git]\n    - packages: { git: absent }",
    ));
    assert!(
        found.contains("8:9 the package `git` is expected both to be there and not to be (the other is in line 7"),
        "{found}"
    );
    let found = mistakes(&with_steps(
        "- switch:\n  expect: { files: { a: { state: absent, mode: \"644\" } } }",
    ));
    assert!(
        found.contains("what is absent has no properties"),
        "{found}"
    );
}

#[test]
fn users_are_known() {
    let found = mistakes(&with_steps(
        "- switch:\n  expect: { user: alcie, packages: [git] }",
    ));
    assert!(
        found.contains("there is no user `alcie` (did you mean `alice`?)"),
        "{found}"
    );
    let two = "name: t\nsetup: { users: { alice: {}, bob: {} } }\nsteps: [switch]\n";
    let found = mistakes(two);
    assert!(
        found.contains(
            "it is not clear whom this is about (add `user:`, which can be `alice` or `bob`)"
        ),
        "{found}"
    );
    let found = mistakes(&with_steps("- run: { command: id, user: mallory }"));
    assert!(found.contains("there is no user `mallory`"), "{found}");
}

#[test]
fn steps_that_cannot_succeed_are_refused() {
    assert!(mistakes(&with_steps("- rollback")).contains("no generation to roll back from"));
    assert!(mistakes(&with_steps("- switch\n- rollback")).contains("only one generation"));
    assert!(mistakes(&with_steps("- uninstall")).contains("nothing to uninstall"));
    let found = mistakes(&with_steps("- switch\n- switch\n- uninstall\n- rollback"));
    assert!(
        found.contains("8:5 there is no generation to roll back from"),
        "{found}"
    );
    assert!(
        mistakes(&with_steps("- switch\n- generation: 2"))
            .contains("no generation 2 at this point")
    );
    super::cases(&with_steps("- rollback:\n  fails: no generation"));
    super::cases(&with_steps(
        "- run: home-manager switch --flake .\n- rollback",
    ));
}

#[test]
fn values_are_what_they_must_be() {
    let found = mistakes(&with_home("packages: [\"(import ./evil)\"]"));
    assert!(found.contains("is no package's name"), "{found}");
    let found = mistakes(&with_steps(
        "- switch:\n  expect: { files: { a: { mode: rw } } }",
    ));
    assert!(found.contains("`rw` is no mode"), "{found}");
    let found = mistakes(&with_steps(
        "- switch:\n  expect: { output: { matches: \"(\" } }",
    ));
    assert!(found.contains("is no regular expression"), "{found}");
    let found = mistakes(&with_steps(
        "- switch:\n  expect: { units: { syncthing: active } }",
    ));
    assert!(found.contains("`syncthing.service`"), "{found}");
    let found = mistakes(&with_steps(
        "- switch:\n  expect: { units: { a.service: running } }",
    ));
    assert!(found.contains("did you mean `active`?"), "{found}");
    let found = mistakes(&with_steps("- switch: { backup: ../x }"));
    assert!(found.contains("is no extension for backups"), "{found}");
}

#[test]
fn what_is_on_the_network_needs_one() {
    let text = "name: t\nsetup: { channel: \"24.05\", home: {} }\nsteps: [switch]\n";
    let found = mistakes(text);
    assert!(
        found.contains("github:NixOS/nixpkgs/nixos-24.05"),
        "{found}"
    );
    assert!(found.contains("add `network: true`"), "{found}");
    let all = super::cases(&format!("network: true\n{text}"));
    assert!(all[0].guest.network.is_on() && !all[0].guest.locked);
    let found = mistakes(&text.replace("\"24.05\"", "stable"));
    assert!(found.contains("there is no channel `stable`"), "{found}");
    let unknown = "inputs: { nixpkgs: pocket-23.05 }";
    let found = mistakes(&text.replace("channel: \"24.05\"", unknown));
    assert!(
        found.contains("there is no channel `pocket-23.05`"),
        "{found}"
    );
}

#[test]
fn this_computer_is_reached_only_where_that_is_said() {
    let network = |text: &str| {
        let text = format!("network: {text}\n{}", with_steps("- switch"));
        super::cases(&text)[0].guest.network
    };
    assert_eq!(network("true"), Network::Internet);
    assert_eq!(network("false"), Network::Off);
    assert_eq!(network("{ reachesHost: false }"), Network::Internet);
    assert_eq!(network("{ reachesHost: true }"), Network::InternetAndHost);
    let found = |text: &str| mistakes(&format!("network: {text}\n{}", with_steps("- switch")));
    assert!(
        found("{ enable: false, reachesHost: true }").contains("the machine reaches no host"),
        "what is contradictory"
    );
    assert!(found("{}").contains("`network` has no value"));
    assert!(found("{ reachHost: true }").contains("did you mean `reachesHost`?"));
}

#[test]
fn an_evaluation_error_is_expected_of_a_step_that_fails() {
    let fine = "- switch:\n  fails: []\n  expect: { errors: infinite recursion }\n- switch:\n  expect: { errors: [] }";
    super::cases(&with_steps(fine));
    let found = mistakes(&with_steps(
        "- switch:\n  expect: { errors: infinite recursion }",
    ));
    assert!(
        found.contains(
            "6:5 an evaluation error is expected of a step that must succeed (add `fails: []`"
        ),
        "{found}"
    );
}

#[test]
fn a_guest_is_as_big_as_the_scenario_says() {
    let load = |more: &str| {
        let text = format!("name: t\n{more}setup: {{ home: {{}} }}\nsteps: [switch]\n");
        let options = crate::language::LoadOptions::default();
        let (mut cases, diagnostics) = crate::language::load_text("t.yaml", &text, &options);
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
        let guest = cases.remove(0).guest;
        (guest.memory_mib, guest.disk_mib, guest.cpus)
    };
    assert_eq!(load(""), (None, None, None));
    let of_ones_own = "guest: { memory: 1536MiB, disk: 16GiB, cpus: 4 }\n";
    assert_eq!(load(of_ones_own), (Some(1536), Some(16384), Some(4)));
    let real = "network: true\n";
    assert_eq!(load(real), (Some(4096), Some(16384), None));
    let small = format!("{real}guest: {{ memory: 2GiB }}\n");
    assert_eq!(load(&small), (Some(2048), Some(16384), None));
    for (key, value, words) in [
        (
            "memory",
            "4GB",
            "2:18 `4GB` is no size of a machine's memory (write it from `512MiB` to `256GiB`",
        ),
        ("memory", "4096", "`4096` is no size"),
        ("memory", "256MiB", "`256MiB` is no size"),
        ("memory", "+4GiB", "`+4GiB` is no size"),
        ("memory", "99999999GiB", "`99999999GiB` is no size"),
        (
            "disk",
            "4GiB",
            "`4GiB` is no size of a machine's disk (write it from `8GiB` to `1024GiB`",
        ),
        ("cpus", "9", "9"),
        ("cpus", "0", "0"),
    ] {
        let text = format!(
            "name: t\nguest: {{ {key}: {value} }}\nsetup: {{ home: {{}} }}\nsteps: [switch]\n"
        );
        let found = mistakes(&text);
        assert!(found.contains(words), "{found}");
    }
}

#[test]
fn a_guest_is_of_a_release_that_can_be_one() {
    let with = |guest: &str| {
        format!("name: t\nguest: {guest}\nsetup: {{ home: {{}} }}\nsteps: [switch]\n")
    };
    let suite = |guest: &str| super::cases(&with(guest)).remove(0).guest.suite.as_str();
    assert_eq!(suite("sid"), "sid");
    assert_eq!(suite("{ suite: trixie }"), "trixie");
    let on_sid = LoadOptions {
        suite: Suite::Sid,
        ..LoadOptions::default()
    };
    let asked = |text: &str| load_text("t.yaml", text, &on_sid).0.remove(0).guest.suite;
    assert_eq!(asked(&with("{ cpus: 1 }")), Suite::Sid);
    assert_eq!(asked(&with("{}").replace("guest: {}\n", "")), Suite::Sid);
    assert_eq!(
        asked(&with("trixie")),
        Suite::Trixie,
        "the scenario's own comes first"
    );
    let found = mistakes(&with("bookworm"));
    assert!(
        found.contains("2:8 no guest can be made of Debian `bookworm` (its Nix is 2.8"),
        "{found}"
    );
    let axis = "matrix: { guest.suite: [trixie, sid] }\n".to_owned() + &with("trixie");
    let ids: Vec<String> = super::cases(&axis)
        .into_iter()
        .map(|case| case.id)
        .collect();
    assert_eq!(ids, ["t[guest.suite=trixie]", "t[guest.suite=sid]"]);
}

#[test]
fn folders_that_are_not_looked_into_are_in_a_home() {
    let with = |folders: &str| {
        format!("name: t\nexclude: {folders}\nsetup: {{ home: {{}} }}\nsteps: [switch]\n")
    };
    let guest = super::cases(&with("[.local/share/Steam/, games]"))
        .remove(0)
        .guest;
    let folders: Vec<String> = guest.exclude.into_iter().collect();
    assert_eq!(folders, [".local/share/Steam", "games"]);
    for (folder, hint) in [
        ("~/games", "paths are relative to the home"),
        ("a/../b", "without `.`, `..` and empty parts"),
        ("\"\"", "without `.`, `..` and empty parts"),
    ] {
        let found = mistakes(&with(&format!("[fine, {folder}]")));
        assert!(
            found.starts_with("2:17 ") && found.contains("is no folder in a home"),
            "{found}"
        );
        assert!(found.contains(hint), "{found}");
    }
}

#[test]
fn binary_caches_have_an_address_and_a_public_key() {
    let with = |caches: &str| {
        format!(
            "name: t\nnetwork: true\nsubstituters: {caches}\nsetup: {{ home: {{}} }}\nsteps: [switch]\n"
        )
    };
    let key = "example-1:QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=";
    let fine = with(&format!(
        "[default, https://a.example.org, {{ url: http://10.0.2.2:80/x, key: \"{key}\" }}]"
    ));
    let guest = super::cases(&fine).remove(0).guest;
    assert!(guest.default_substituters && guest.locked);
    let fetching = fine.replace("[switch]", "[switch, { run: curl https://a.example.org }]");
    let fetches = super::cases(&fetching).remove(0).guest;
    assert!(!fetches.locked, "a command may fetch anything");
    assert_eq!(guest.substituters[1].public_key.as_deref(), Some(key));
    let reaches: Vec<String> = guest.reaches.into_iter().collect();
    assert_eq!(reaches, ["10.0.2.2:80", "a.example.org:443"]);

    let guest = super::cases(&with("[https://a.example.org]"))
        .remove(0)
        .guest;
    assert!(!guest.default_substituters, "the list takes its place");

    let found = mistakes(&with("[cache.example.org]"));
    assert!(
        found.contains("3:16 `cache.example.org` is no address of a binary cache"),
        "{found}"
    );
    let with_key = |key: &str| {
        with(&format!(
            "[{{ url: https://a.example.org, key: \"{key}\" }}]"
        ))
    };
    let found = mistakes(&with_key("QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="));
    assert!(found.contains("a public key is `name:`"), "{found}");
    let secret = format!("a-1:{}", "QUFB".repeat(21) + "QQ==");
    let found = mistakes(&with_key(&secret));
    assert!(found.contains("this is the secret key"), "{found}");
    let found = mistakes(&fine.replace("network: true\n", ""));
    assert!(found.contains("add `network: true`"), "{found}");
}

#[test]
fn a_standalone_home_has_no_host_options() {
    let found = mistakes("name: t\nsetup: { globalPkgs: true, home: {} }\nsteps: [switch]\n");
    assert!(
        found.contains("`globalPkgs` means nothing to a standalone install"),
        "{found}"
    );
}

#[test]
fn broken_nix_is_found_without_a_machine() {
    let found = mistakes(&with_home(
        "config: |\n  programs.bash = {\n    enable = true\n  };",
    ));
    assert!(found.starts_with("8:7 the Nix text is broken"), "{found}");
    let found =
        mistakes("name: t\nsetup: { overlays: \"final: prev: {\", home: {} }\nsteps: [switch]\n");
    assert!(found.contains("the Nix text is broken"), "{found}");
    let found = mistakes(&with_home("config: \"}; evil = {\""));
    assert!(found.contains("the Nix text is broken"), "{found}");
}

#[test]
fn follows_name_inputs() {
    let found = mistakes(
        "name: t\nsetup: { inputs: { home-manager: { follows: { nixpkgs: nixpkg } } }, home: {} }\nsteps: [switch]\n",
    );
    assert!(
        found.contains("`home-manager` follows `nixpkg`, which is no input"),
        "{found}"
    );
}
