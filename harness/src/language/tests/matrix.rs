//! Matrices.

use super::{cases, mistakes, refused};
use crate::language::render;
use crate::model::Install;
use crate::testing::{has, lacks, nix, switch};

fn with_more(matrix: &str, rest: &str) -> String {
    format!(
        "name: t\nmatrix: {matrix}\nsetup:\n  home: {{ stateVersion: \"24.05\", packages: [git] }}\n{rest}steps: [switch]\n"
    )
}

fn scenario(matrix: &str) -> String {
    with_more(matrix, "")
}

fn ids(text: &str) -> Vec<String> {
    cases(text).into_iter().map(|case| case.id).collect()
}

/// So many numbers, as a list is written.
fn numbers(count: usize) -> String {
    let numbers: Vec<String> = (0..count).map(|it| it.to_string()).collect();
    format!("[{}]", numbers.join(", "))
}

#[test]
fn every_value_meets_every_other() {
    let text = scenario("{ globalPkgs: [true, false], install: [nixos-module, standalone] }");
    let wanted = [
        "t[globalPkgs=true,install=nixos-module]",
        "t[globalPkgs=true,install=standalone]",
        "t[globalPkgs=false,install=nixos-module]",
        "t[globalPkgs=false,install=standalone]",
    ];
    assert_eq!(ids(&text), wanted);
    let all = cases(&text);
    assert_eq!(switch(&all[0], 0).target.install, Install::NixosModule);
    has(render(&all[0]), "useGlobalPkgs = true;");
}

#[test]
fn combinations_are_left_out_and_added() {
    let text = scenario(
        "{ stateVersion: [\"23.11\", \"24.05\"], host: [a, b], exclude: [{ stateVersion: \"23.11\", host: b }], \
         include: [{ stateVersion: \"25.05\", host: c }] }",
    )
    .replace("setup:\n", "setup:\n  install: nixos-module\n");
    assert_eq!(
        ids(&text),
        [
            "t[stateVersion=23.11,host=a]",
            "t[stateVersion=24.05,host=a]",
            "t[stateVersion=24.05,host=b]",
            "t[stateVersion=25.05,host=c]",
        ]
    );
}

#[test]
fn values_stand_anywhere_and_bring_pieces_along() {
    let text = "
name: t
matrix:
  editor:
    - vim
    - name: nvim
      value: neovim
      set: { setup: { home: { sessionVariables: { EDITOR: nvim } } } }
setup:
  home:
    stateVersion: \"24.05\"
    packages: [\"${{ matrix.editor }}\", git]
    files: { which: \"I use ${{ matrix.editor }}.\" }
steps:
  - switch:
    expect: { packages: [\"${{ matrix.editor }}\"] }
";
    let all = cases(text);
    assert_eq!(all[0].id, "t[editor=vim]");
    assert_eq!(all[1].id, "t[editor=nvim]");
    let flake = render(&all[1]);
    has(&flake, "with pkgs; [ neovim git ]");
    has(&flake, "\"I use neovim.\"");
    has(&flake, "sessionVariables.EDITOR = \"nvim\"");
    lacks(render(&all[0]), &["EDITOR"]);
}

#[test]
fn an_axis_with_dots_names_a_place() {
    let all = cases(&scenario("{ users.alice.home: [empty, skeleton] }"));
    assert_ne!(all[0].users, all[1].users);
    let all = cases(&scenario(
        "{ setup.home.packages: [{ name: one, value: [jq] }, { name: none, value: [] }] }",
    ));
    has(render(&all[0]), "[ jq ]");
    lacks(render(&all[1]), &["pkgs; ["]);
}

#[test]
fn the_values_of_ids_can_name_files() {
    let text = scenario("{ setup.home.sessionVariables.X: [a/b, \"c d\", \"\"] }");
    let wanted = ["a-b", "c-d", "empty"].map(|it| format!("t[setup.home.sessionVariables.X={it}]"));
    assert_eq!(ids(&text), wanted);
}

#[test]
fn too_many_cases_are_refused_with_their_count() {
    let axes =
        ["a", "b", "c"].map(|axis| format!("setup.home.sessionVariables.{axis}: {}", numbers(100)));
    let found = mistakes(&scenario(&format!("{{ {} }}", axes.join(", "))));
    has(
        found,
        "2:9 the matrix makes 1000000 cases, and 1000 are the most",
    );
    let axes: Vec<String> = (0..30)
        .map(|axis| format!("a{axis}: {}", numbers(100)))
        .collect();
    let found = mistakes(&scenario(&format!("{{ {} }}", axes.join(", "))));
    has(found, "more than can be counted");
}

#[test]
fn all_cases_together_are_bounded() {
    let matrix = format!("{{ setup.home.sessionVariables.X: {} }}", numbers(1000));
    let long = format!("description: \"{}\"\n", "x".repeat(100_000));
    has(mistakes(&with_more(&matrix, &long)), "KiB 1000 times");
    assert_eq!(cases(&scenario(&matrix)).len(), 1000);
}

#[test]
fn mistakes_in_a_matrix_are_told() {
    let table = r#"
        { setup.home.sessionVariables.X: [a/b, a-b] } => has the value `a-b` twice
        { host: [] } => has no values, so there is no case
        {} => the matrix leaves no case
        { stateVersion: ["24.05"], exclude: [{ stateVersion: "24.05" }] } => the matrix leaves no case
        { editor: [vim, nano] } => 2:11 nothing uses the axis `editor` (put `${{ matrix.editor }}` where its value belongs)
        { statVersion: ["24.05"] } => did you mean the setup's `stateVersion`?
        { stateVersion: ["24.05"], exclude: [{ stateVresion: "1" }] } => did you mean `stateVersion`?
        { stateVersion: ["24.05"], exclude: [{ stateVersion: "23.11" }] } => this excludes no combination
        { stateVersion: ["23.11", latest] } => 2:35 `latest` is no state version
    "#;
    refused(scenario, table);
    let several = "{ host: 3, stateVersion: [\"24.05\", \"24.05\"], exclude: [{ hots: 1 }] }";
    let found = mistakes(&with_more(several, "oops: 1\n"));
    has(&found, "the axis `host` must be a list of values");
    has(&found, "has the value `24.05` twice");
    has(&found, "`oops` is no key");
    let nope = "description: \"${{ matrix.nope }}\"\n";
    let found = mistakes(&with_more("{ stateVersion: [\"24.05\"] }", nope));
    has(found, "the matrix has no axis `nope`");
}

#[test]
fn a_mistake_of_every_case_is_reported_once() {
    let matrix = "{ stateVersion: [\"23.11\", \"24.05\", \"24.11\"] }";
    let found = mistakes(&with_more(matrix, "oops: 1\n"));
    assert_eq!(found.lines().count(), 1, "{found}");
}

#[test]
fn hosts_that_differ_in_what_is_on_them_begin_as_one() {
    let text = "name: t\nmatrix: { globalPkgs: [true, false], userPackages: [true, false] }\nsetup:\n  \
                install: nixos-module\n  modules: environment.systemPackages = [ pkgs.tree ];\n  \
                home: { stateVersion: \"24.05\" }\nsteps: [switch]\n";
    let cases = cases(text);
    let hosts: Vec<_> = cases.iter().map(|case| switch(case, 0)).collect();
    let first = hosts[0].first_host.clone().expect("a host is described");
    has(nix(&first), "users.users.alice.isNormalUser = true");
    lacks(nix(&first), &["home-manager", "tree"]);
    assert_eq!(hosts.len(), 4);
    for host in &hosts[1..] {
        assert_ne!(host.flake, hosts[0].flake);
        assert_eq!(host.first_host.as_ref(), Some(&first));
    }
}
