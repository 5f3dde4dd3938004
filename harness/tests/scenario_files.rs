//! The bundled scenarios load.

use std::path::PathBuf;

use switchproof::language::{LoadOptions, load, load_with, render, render_text_as, schema};

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_bundled_scenarios_load_and_are_named_like_their_files() {
    let cases = load(&[repository().join("scenarios")])
        .unwrap_or_else(|found| panic!("{}", render_text_as(&found, false)));
    let ids: Vec<&str> = cases.iter().map(|case| case.id.as_str()).collect();
    let some = ["clobber-backed-up", "clobber-refused", "first-switch"];
    for wanted in some
        .iter()
        .chain(&["missing-package", "missing-state-version"])
    {
        assert!(ids.contains(wanted), "{wanted} is not among {ids:?}");
    }
    for case in &cases {
        let stem = case.file.file_stem().and_then(|stem| stem.to_str());
        assert_eq!(stem, Some(case.scenario.as_str()));
    }
}

#[test]
fn the_committed_schema_is_that_of_the_types() {
    let committed =
        std::fs::read_to_string(repository().join("scenarios/schema.json")).expect("it is there");
    assert!(
        committed == schema(),
        "scenarios/schema.json is stale: `cargo run -- schema > scenarios/schema.json` renews it"
    );
}

#[test]
fn the_bundled_scenarios_and_other_forms_fit_the_schema() {
    let schema: serde_json::Value = serde_json::from_str(&schema()).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let mistakes = |text: &str| -> Vec<String> {
        let value: serde_json::Value = serde_yaml::from_str(text).expect("YAML");
        let all = validator.iter_errors(&value);
        all.map(|error| format!("{}: {error}", error.instance_path()))
            .collect()
    };
    let mut count = 0;
    for entry in std::fs::read_dir(repository().join("scenarios")).expect("the folder") {
        let file = entry.expect("an entry").path();
        if file.extension().is_some_and(|it| it == "yaml") {
            let text = std::fs::read_to_string(&file).expect("its text");
            assert_eq!(mistakes(&text), [""; 0], "{}", file.display());
            count += 1;
        }
    }
    assert!(count > 30, "{count} scenarios");
    let with = |keys: &str| format!("name: t\nsetup: {{ home: {{}} }}\nsteps: [switch]\n{keys}");
    for fine in [
        "network: true",
        "network: { reachesHost: true }",
        "network: \"${{ matrix.network }}\"",
        "snapshot: \"${{ matrix.snapshot }}\"",
    ] {
        assert_eq!(mistakes(&with(fine)), [""; 0], "{fine}");
    }
    for wrong in ["network: sometimes", "snapshot: 1", "nope: 1", "users: []"] {
        assert!(!mistakes(&with(wrong)).is_empty(), "{wrong}");
    }
}

#[test]
fn a_described_setup_is_rendered_as_a_person_would_write_it() {
    let file = repository().join("scenarios/first-switch.yaml");
    let options = LoadOptions {
        system: "x86_64-linux".to_owned(),
        ..LoadOptions::default()
    };
    let cases = load_with(&[file], &options).expect("it loads");
    assert_eq!(render(&cases[0]), FIRST_SWITCH);
}

const FIRST_SWITCH: &str = r#"{
  inputs = {
    nixpkgs.url = "path:/etc/switchproof/pocket/nixpkgs";
    home-manager = {
      url = "path:/etc/switchproof/pocket/home-manager";
      inputs.nixpkgs.follows = "nixpkgs";
    };
  };

  outputs =
    { nixpkgs, home-manager, ... }:
    {
      homeConfigurations.alice = home-manager.lib.homeManagerConfiguration {
        pkgs = nixpkgs.legacyPackages.x86_64-linux;
        modules = [
          (
            { pkgs, ... }:
            {
              home = {
                username = "alice";
                homeDirectory = "/home/alice";
                stateVersion = "24.05";
                packages = with pkgs; [ git hello ];
                file.".config/greeting".text = ''
                  Hello from Home Manager.
                '';
              };
              programs.home-manager.enable = true;
            }
          )
        ];
      };
    };
}
"#;
