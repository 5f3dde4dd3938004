//! Matrices.

use super::{cases, mistakes};
use crate::language::render;
use crate::model::{Action, Install, SeedFile};

fn scenario(matrix: &str, rest: &str) -> String {
    format!(
        "name: t\nmatrix: {matrix}\nsetup:\n  home: {{ stateVersion: \"24.05\", packages: [git] }}\n{rest}steps: [switch]\n"
    )
}

fn ids(text: &str) -> Vec<String> {
    cases(text).into_iter().map(|case| case.id).collect()
}

#[test]
fn every_value_meets_every_other() {
    let text = scenario(
        "{ globalPkgs: [true, false], install: [nixos-module, standalone] }",
        "",
    );
    assert_eq!(
        ids(&text),
        [
            "t[globalPkgs=true,install=nixos-module]",
            "t[globalPkgs=true,install=standalone]",
            "t[globalPkgs=false,install=nixos-module]",
            "t[globalPkgs=false,install=standalone]",
        ]
    );
    let all = cases(&text);
    let Action::Switch(switch) = &all[0].steps[0].action else {
        panic!("a switch");
    };
    assert_eq!(switch.target.install, Install::NixosModule);
    assert!(render(&all[0]).contains("useGlobalPkgs = true;"));
}

#[test]
fn combinations_are_left_out_and_added() {
    let text = scenario(
        "{ stateVersion: [\"23.11\", \"24.05\"], host: [a, b], exclude: [{ stateVersion: \"23.11\", host: b }], \
         include: [{ stateVersion: \"25.05\", host: c }] }",
        "",
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
    assert!(flake.contains("with pkgs; [ neovim git ]"), "{flake}");
    assert!(flake.contains("\"I use neovim.\""), "{flake}");
    assert!(
        flake.contains("sessionVariables.EDITOR = \"nvim\""),
        "{flake}"
    );
    assert!(!render(&all[0]).contains("EDITOR"));
}

#[test]
fn an_axis_with_dots_names_a_place() {
    let all = cases(&scenario("{ users.alice.home: [empty, skeleton] }", ""));
    assert_ne!(all[0].users, all[1].users);
    let all = cases(&scenario(
        "{ setup.home.packages: [{ name: one, value: [jq] }, { name: none, value: [] }] }",
        "",
    ));
    assert!(render(&all[0]).contains("[ jq ]"));
    assert!(!render(&all[1]).contains("pkgs; ["));
}

#[test]
fn the_values_of_ids_can_name_files() {
    let text = scenario(
        "{ setup.home.sessionVariables.X: [a/b, \"c d\", \"\"] }",
        "",
    );
    assert_eq!(
        ids(&text),
        [
            "t[setup.home.sessionVariables.X=a-b]",
            "t[setup.home.sessionVariables.X=c-d]",
            "t[setup.home.sessionVariables.X=empty]",
        ]
    );
    let found = mistakes(&scenario(
        "{ setup.home.sessionVariables.X: [a/b, a-b] }",
        "",
    ));
    assert!(found.contains("has the value `a-b` twice"), "{found}");
}

#[test]
fn too_many_cases_are_refused_with_their_count() {
    let hundred = (0..100)
        .map(|number| number.to_string())
        .collect::<Vec<_>>()
        .join(", ");
    let axes = "abc"
        .chars()
        .map(|axis| format!("setup.home.sessionVariables.{axis}: [{hundred}]"));
    let found = mistakes(&scenario(
        &format!("{{ {} }}", axes.collect::<Vec<_>>().join(", ")),
        "",
    ));
    assert!(
        found.contains("2:9 the matrix makes 1000000 cases, and 1000 are the most"),
        "{found}"
    );
    let many = (0..30)
        .map(|axis| format!("a{axis}: [{hundred}]"))
        .collect::<Vec<_>>()
        .join(", ");
    let found = mistakes(&scenario(&format!("{{ {many} }}"), ""));
    assert!(found.contains("more than can be counted"), "{found}");
}

#[test]
fn all_cases_together_are_bounded() {
    let thousand = (0..1000)
        .map(|number| number.to_string())
        .collect::<Vec<_>>()
        .join(", ");
    let matrix = format!("{{ setup.home.sessionVariables.X: [{thousand}] }}");
    let long = format!("description: \"{}\"\n", "x".repeat(100_000));
    let found = mistakes(&scenario(&matrix, &long));
    assert!(found.contains("KiB 1000 times"), "{found}");
    assert_eq!(cases(&scenario(&matrix, "")).len(), 1000);
}

#[test]
fn an_empty_product_is_refused() {
    assert!(mistakes(&scenario("{ host: [] }", "")).contains("has no values, so there is no case"));
    assert!(mistakes(&scenario("{}", "")).contains("the matrix leaves no case"));
    let found = mistakes(&scenario(
        "{ stateVersion: [\"24.05\"], exclude: [{ stateVersion: \"24.05\" }] }",
        "",
    ));
    assert!(found.contains("the matrix leaves no case"), "{found}");
}

#[test]
fn an_axis_that_nothing_uses_is_refused() {
    let found = mistakes(&scenario("{ editor: [vim, nano] }", ""));
    assert_eq!(
        found,
        "2:11 nothing uses the axis `editor` (put `${{ matrix.editor }}` where its value belongs)"
    );
    let found = mistakes(&scenario("{ statVersion: [\"24.05\"] }", ""));
    assert!(
        found.contains("did you mean the setup's `stateVersion`?"),
        "{found}"
    );
}

#[test]
fn mistakes_in_a_matrix_hide_no_others() {
    let text = scenario(
        "{ host: 3, stateVersion: [\"24.05\", \"24.05\"], exclude: [{ hots: 1 }] }",
        "oops: 1\n",
    );
    let found = mistakes(&text);
    assert!(
        found.contains("the axis `host` must be a list of values"),
        "{found}"
    );
    assert!(found.contains("has the value `24.05` twice"), "{found}");
    assert!(found.contains("`oops` is no key"), "{found}");
    let found = mistakes(&scenario(
        "{ stateVersion: [\"24.05\"], exclude: [{ stateVresion: \"1\" }] }",
        "",
    ));
    assert!(found.contains("did you mean `stateVersion`?"), "{found}");
    let found = mistakes(&scenario(
        "{ stateVersion: [\"24.05\"], exclude: [{ stateVersion: \"23.11\" }] }",
        "",
    ));
    assert!(found.contains("this excludes no combination"), "{found}");
}

#[test]
fn a_mistake_of_every_case_is_reported_once() {
    let found = mistakes(&scenario(
        "{ stateVersion: [\"23.11\", \"24.05\", \"24.11\"] }",
        "oops: 1\n",
    ));
    assert_eq!(found.lines().count(), 1, "{found}");
    let found = mistakes(&scenario("{ stateVersion: [\"23.11\", latest] }", ""));
    assert!(
        found.starts_with("2:35 `latest` is no state version"),
        "{found}"
    );
    let found = mistakes(&scenario(
        "{ stateVersion: [\"24.05\"] }",
        "description: \"${{ matrix.nope }}\"\n",
    ));
    assert!(found.contains("the matrix has no axis `nope`"), "{found}");
}

#[test]
fn hosts_that_differ_in_what_is_on_them_begin_as_one() {
    let text = "name: t\nmatrix: { globalPkgs: [true, false], userPackages: [true, false] }\nsetup:\n  \
                install: nixos-module\n  modules: environment.systemPackages = [ pkgs.tree ];\n  \
                home: { stateVersion: \"24.05\" }\nsteps: [switch]\n";
    let hosts: Vec<_> = cases(text)
        .iter()
        .map(|case| match &case.steps[0].action {
            Action::Switch(switch) => switch.clone(),
            other => panic!("{other:?}"),
        })
        .collect();
    let first = hosts[0].first_host.clone().expect("a host is described");
    let SeedFile::Regular { bytes, .. } = &first.files["flake.nix"] else {
        panic!("a flake is a file")
    };
    let flake = String::from_utf8_lossy(bytes);
    assert!(
        flake.contains("users.users.alice.isNormalUser = true"),
        "{flake}"
    );
    assert!(
        !flake.contains("home-manager") && !flake.contains("tree"),
        "{flake}"
    );
    assert_eq!(hosts.len(), 4);
    for host in &hosts[1..] {
        assert_ne!(host.flake, hosts[0].flake);
        assert_eq!(host.first_host.as_ref(), Some(&first));
    }
}
