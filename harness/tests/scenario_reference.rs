//! The reference page: its examples load, and it knows every key. And the files that ARCHITECTURE names are there.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use switchproof::language::{PROJECT_FILE, load, render_text_as, schema};

fn page() -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/REFERENCE.md");
    std::fs::read_to_string(file).expect("the page is there")
}

/// The page's YAML: what kind of piece each is, the line it begins in, its text.
fn examples(page: &str) -> Vec<(String, usize, String)> {
    let mut out = Vec::new();
    let mut open: Option<(String, usize, String)> = None;
    for (index, line) in page.lines().enumerate() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(kind)) => {
                if let Some(piece) = kind.strip_prefix("yaml") {
                    open = Some((piece.trim().to_owned(), index + 1, String::new()));
                }
            }
            (Some(_), Some(_)) => out.extend(open.take()),
            (Some((_, _, text)), None) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, None) => {}
        }
    }
    out
}

fn indented(text: &str, by: usize) -> String {
    let pad = " ".repeat(by);
    let line = |line: &str| match line.is_empty() {
        true => "\n".to_owned(),
        false => format!("{pad}{line}\n"),
    };
    text.lines().map(line).collect()
}

/// A piece as a whole scenario.
fn whole(piece: &str, text: &str) -> String {
    let home = "setup:\n  home: { stateVersion: \"24.05\" }\n";
    match piece {
        "" => text.to_owned(),
        "setup" => {
            // Several standalone homes are switched one by one.
            let step = match text.contains("users:") && !text.contains("-module") {
                true => "switch: alice",
                false => "switch",
            };
            format!("name: t\nsetup:\n{}steps:\n  - {step}\n", indented(text, 2))
        }
        "home" => {
            let home = indented(text, 4);
            format!("name: t\nsetup:\n  home:\n{home}steps: [switch]\n")
        }
        "steps" => format!("name: t\n{home}steps:\n{}", indented(text, 2)),
        "expect" => {
            let expect = indented(text, 6);
            format!("name: t\n{home}steps:\n  - switch:\n    expect:\n{expect}")
        }
        other => panic!("there are no pieces of the kind {other}"),
    }
}

/// The folder of the examples, below the one that holds all.
const PROJECT: &str = "project";

/// A folder with the files that examples name.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in [
        ("flake.nix", "{ }"),
        ("../home-manager/modules/default.nix", "{ }"),
        ("../home-manager/release.json", "{ \"release\": \"26.05\" }"),
        ("../nixpkgs.lib/lib/default.nix", "{ }"),
        ("home.nix", "{ }"),
        ("files/greet", "#!/bin/sh\n"),
        (
            "my-flake/flake.nix",
            "{ inputs.packages.url = \"path:/srv/a\"; inputs.theme.url = \"path:/srv/b\"; outputs = { nixpkgs, home-manager, packages, theme, ... }: { }; }",
        ),
        ("my-flake/theme/flake.nix", "{ outputs = _: { }; }"),
        (
            "my-flake/nix/flake.nix",
            "{ outputs = { nixpkgs, home-manager, ... }: { }; }",
        ),
        (
            "my-other-flake/flake.nix",
            "{ outputs = { nixpkgs, home-manager, ... }: { }; }",
        ),
    ] {
        let file = match name.strip_prefix("../") {
            Some(beside) => folder.path().join(beside),
            None => folder.path().join(PROJECT).join(name),
        };
        std::fs::create_dir_all(file.parent().expect("a parent")).expect("made");
        std::fs::write(file, text).expect("written");
    }
    folder
}

#[test]
fn every_example_loads_and_fits_the_schema() {
    let schema: serde_json::Value = serde_json::from_str(&schema()).expect("JSON");
    let schema = jsonschema::validator_for(&schema).expect("a schema");
    let page = page();
    let examples = examples(&page);
    assert!(examples.len() > 10, "the page has examples");
    let folder = folder();
    let file: PathBuf = folder.path().join(PROJECT).join("example.yaml");
    for (piece, line, text) in examples {
        // A whole file of its own, which counts for the scenario beside it.
        let project = folder.path().join(PROJECT).join(PROJECT_FILE);
        let text = match piece.as_str() {
            "project" => {
                std::fs::write(&project, text).expect("written");
                whole("steps", "- switch\n")
            }
            piece => {
                let _ = std::fs::remove_file(&project);
                whole(piece, &text)
            }
        };
        let value = serde_yaml::from_str(&text).expect("YAML");
        if let Err(error) = schema.validate(&value) {
            panic!(
                "the example in line {line}: {}: {error}",
                error.instance_path()
            );
        }
        std::fs::write(&file, text).expect("written");
        if let Err(found) = load(std::slice::from_ref(&file)) {
            let told = render_text_as(&found, false);
            panic!("the example in line {line}:\n{told}");
        }
    }
}

#[test]
fn every_key_is_explained_and_has_an_example() {
    let page = page();
    let examples = examples(&page).into_iter();
    let code: String = examples.map(|(_, _, text)| text).collect();
    let schema: serde_json::Value = serde_json::from_str(&schema()).expect("JSON");
    let mut keys = BTreeSet::new();
    collect_keys(&schema, &mut keys);
    for known in ["stateVersion", "leadsTo"] {
        assert!(keys.contains(known), "{keys:?}");
    }
    let words: BTreeSet<&str> = code
        .split(|one: char| !(one.is_ascii_alphanumeric() || one == '-'))
        .collect();
    for key in keys {
        assert!(
            page.contains(&format!("`{key}`")) || page.contains(&format!("`{key}:")),
            "`{key}` is not explained"
        );
        assert!(words.contains(key.as_str()), "`{key}` has no example");
    }
}

fn collect_keys(schema: &serde_json::Value, keys: &mut BTreeSet<String>) {
    match schema {
        serde_json::Value::Object(object) => {
            if let Some(serde_json::Value::Object(properties)) = object.get("properties") {
                keys.extend(properties.keys().cloned());
            }
            object.values().for_each(|inner| collect_keys(inner, keys));
        }
        serde_json::Value::Array(items) => items.iter().for_each(|inner| collect_keys(inner, keys)),
        _ => {}
    }
}

#[test]
fn the_files_that_architecture_names_are_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("ARCHITECTURE.md")).expect("the page is there");
    let names = page.split('`').skip(1).step_by(2);
    let missing: Vec<&str> = names
        .filter(|name| {
            name.starts_with("harness/") || name.starts_with("vm/") || name.ends_with(".rs")
        })
        .filter(|name| !root.join(name).exists() && !root.join("harness/src").join(name).exists())
        .collect();
    assert_eq!(missing, Vec::<&str>::new());
}
