//! What a project says for each of its scenarios that does not say it itself.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use super::conform::Conform;
use super::report::Report;
use super::shape::{SCENARIO, Shape, Struct};
use super::source::Source;
use super::yaml::{Entry, Kind, Node};

/// The keys of a scenario that are its own alone, or that a project says elsewhere.
pub(super) const OWN_KEYS: [&str; 5] = ["name", "description", "matrix", "laws", "steps"];
/// Keys of which a mapping has one: what stands in a scenario puts the other out.
const EITHER: [(&str, &str); 2] = [("setup", "flake"), ("home", "users")];

/// The `defaults` of a project's file.
#[derive(Debug, Clone)]
pub(super) struct Defaults {
    tree: Node,
    /// The file that they are in.
    pub(super) source: Source,
}

/// What a scenario is, without what is required of a whole one.
static PART: LazyLock<Shape> = LazyLock::new(|| {
    let mut part = lenient(&SCENARIO);
    if let Shape::Struct(scenario) = &mut part {
        scenario
            .fields
            .retain(|key, _| !OWN_KEYS.contains(&key.as_str()));
    }
    part
});

/// The same with nothing in its mappings that has to be there.
fn lenient(shape: &Shape) -> Shape {
    let mut shape = shape.clone();
    match &mut shape {
        Shape::Struct(Struct { fields, rest, .. }) => {
            for field in fields.values_mut() {
                field.required = false;
                field.shape = Arc::new(lenient(&field.shape));
            }
            *rest = rest.take().map(|it| Arc::new(lenient(&it)));
        }
        Shape::Map { value, .. } => *value = Arc::new(lenient(value)),
        _ => {}
    }
    shape
}

impl Defaults {
    /// What stands under `defaults` in a project's file. Keys and values that no scenario could have there are reported.
    pub(super) fn new(tree: &Node, source: &Source, report: &mut Report) -> Self {
        let mut tree = tree.clone();
        if !tree.is_null() {
            Conform::new(report, true).check(&tree, &PART, "`defaults`");
            mark(&mut tree);
        }
        let source = source.clone();
        Self { tree, source }
    }
}

/// Places in it are places in the project's file.
fn mark(node: &mut Node) {
    node.span.in_defaults = true;
    match &mut node.kind {
        Kind::List(items) => items.iter_mut().for_each(mark),
        Kind::Map(entries) => {
            for entry in entries {
                entry.key_span.in_defaults = true;
                mark(&mut entry.value);
            }
        }
        _ => {}
    }
}

impl Defaults {
    /// Gives a scenario in `file` what it does not say itself, with paths as they are from there.
    pub(super) fn fill(&self, scenario: &mut Node, file: &Path) {
        let mut usual = self.tree.clone();
        let real = |path: Option<&Path>| path.unwrap_or(Path::new("")).canonicalize().ok();
        let (from, to) = (real(self.source.file.parent()), real(file.parent()));
        let below = from
            .zip(to)
            .and_then(|(from, to)| Some(to.strip_prefix(from).ok()?.to_owned()));
        let up = "../".repeat(below.map_or(0, |below| below.components().count()));
        rebase(&mut usual, Some(&SCENARIO), "", &up);
        for key in ["flake", "guest"] {
            match (usual.get_mut(key), scenario.get_mut(key)) {
                (Some(usual), Some(own)) if own.text().is_some() => spell_out(key, own, usual),
                (Some(usual), Some(own)) => spell_out(key, usual, own),
                _ => {}
            }
        }
        fill_in(scenario, usual);
    }
}

/// Writes the short form of what a key holds out where it meets the long one.
fn spell_out(key: &str, short: &mut Node, long: &Node) {
    let is_short = short.text().is_some() && !short.is_null();
    if let Some(Shape::Struct(Struct {
        short: Some(word), ..
    })) = SCENARIO.under(key)
        && is_short
        && matches!(long.kind, Kind::Map(_))
    {
        let entry = Entry {
            key: word.as_str().into(),
            key_span: short.span,
            value: short.clone(),
        };
        short.kind = Kind::Map(vec![entry]);
    }
}

/// What is said wins; what is said to be nothing is left out.
fn fill_in(node: &mut Node, usual: Node) {
    let (Kind::Map(entries), Kind::Map(more)) = (&mut node.kind, usual.kind) else {
        return;
    };
    let says = |entries: &[Entry], key: &str| entries.iter().position(|it| *it.key == *key);
    for new in more {
        let other = EITHER.iter().find_map(|(one, other)| match &*new.key {
            key if key == *one => Some(*other),
            key if key == *other => Some(*one),
            _ => None,
        });
        match says(entries, &new.key) {
            Some(place) if entries[place].value.is_null() => drop(entries.remove(place)),
            Some(place) => fill_in(&mut entries[place].value, new.value),
            None if other.is_some_and(|other| says(entries, other).is_some()) => {}
            None => entries.push(new),
        }
    }
}

/// Makes paths from where the defaults are to paths from where a scenario is, `up` of that.
fn rebase(node: &mut Node, shape: Option<&Shape>, key: &str, up: &str) {
    let key = match shape {
        Some(Shape::Struct(Struct {
            short: Some(short), ..
        })) => short,
        _ => key,
    };
    match &mut node.kind {
        Kind::Map(entries) => {
            for entry in entries {
                let key = match shape {
                    Some(Shape::Struct(_)) => &*entry.key,
                    _ => "",
                };
                rebase(
                    &mut entry.value,
                    shape.and_then(|it| it.under(&entry.key)),
                    key,
                    up,
                );
            }
        }
        Kind::Plain(text) | Kind::Text(text) => {
            let is_path = match key {
                "path" | "import" | "from" => !text.starts_with('/'),
                "url" => text.starts_with("./") || text.starts_with("../"),
                _ => false,
            };
            if is_path {
                *text = format!("{up}{}", text.trim_start_matches("./")).into();
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use crate::language::{PROJECT_FILE, load, render, schema};
    use crate::testing::{Folder, has, lacks, rows};

    /// A project with these defaults and this scenario, both without what surrounds them.
    fn project(defaults: &str, scenario: &str) -> Folder {
        let scenario = format!("name: t\n{scenario}\nsteps: [switch]\n");
        Folder::with(&[
            ("flake.nix", "{ outputs = _: { }; }"),
            ("home.nix", "{ home.packages = [ ]; }"),
            (PROJECT_FILE, &format!("defaults:\n  {defaults}\n")),
            ("scenarios/deep/a.yaml", &scenario),
        ])
    }

    #[test]
    fn a_scenario_has_what_it_does_not_say() {
        let table = r#"
            setup: { home: { stateVersion: "24.05" } } | description: x => stateVersion = "24.05"
            setup: { home: { stateVersion: "24.05" } } | setup: { home: { stateVersion: "23.11" } } => stateVersion = "23.11"
            setup: { home: { programs: [git] } } | setup: { home: { files: { a: b } } } => git.enable = true
            setup: { backup: x, home: { } } | setup: { users: { bob: { stateVersion: "24.05" } } } => homeConfigurations.bob
            setup: { home: { import: ./home.nix } } | description: x => home.packages = [ ]
            setup: { home: { sessionVariables: { A: b } } } | setup: { home: { stateVersion: "24.05", sessionVariables: null } } => stateVersion
            flake: { backup: x } | flake: ../..#me => outputs = _
            setup: { home: { } } | flake: ../..#me => outputs = _
            guest: sid | setup: { home: { config: "a = 1;" } } => a = 1
            flake: { path: ./ } | flake: { output: me } => outputs = _
            flake: { path: ./, inputs: { a: ./a } } | flake: { output: me, inputs: { a: null } } => outputs = _
            setup: { home: { files: { a: A = "b" } } } | setup: { home: { stateVersion: "24.05", files: { a: null } } } => stateVersion
        "#;
        let schema = serde_json::from_str(&schema()).unwrap();
        let editor = jsonschema::validator_for(&schema).unwrap();
        for (row, wanted) in rows(table) {
            let (defaults, scenario) = row.split_once('|').unwrap();
            let folder = project(defaults.trim(), scenario.trim());
            let text = folder.read("scenarios/deep/a.yaml").unwrap();
            let value = serde_yaml::from_str(&text).unwrap();
            assert!(editor.is_valid(&value), "{row}");
            let cases = load(&[folder.join("scenarios")]);
            let cases = cases.unwrap_or_else(|found| panic!("{row}: {found:?}"));
            let rendered = render(&cases[0]);
            has(&rendered, &wanted);
            lacks(&rendered, &["A = \"b\""]);
        }
    }

    #[test]
    fn mistakes_are_told_in_the_file_that_they_are_in() {
        let table = r#"
            setup: { hoem: 1 } | description: x => switchproof.yaml 2 `hoem` is no key of `setup`
            name: x | setup: { home: { } } => switchproof.yaml 2 `name` is no key of `defaults`
            network: maybe | setup: { home: { } } => switchproof.yaml 2 `network`
            setup: { home: { stateVersion: "24.07" } } | description: x => switchproof.yaml 2 `24.07` is no state version
            setup: { home: { import: ./none.nix } } | description: x => switchproof.yaml 2 ../../none.nix
            setup: { home: { config: "a = " } } | description: x => switchproof.yaml 2 the Nix text is broken
            setup: { home: { } } | setup: { channel: nixos } => a.yaml 2 there is no channel `nixos`
        "#;
        for (row, wanted) in rows(table) {
            let (defaults, scenario) = row.split_once('|').unwrap();
            let folder = project(defaults.trim(), scenario.trim());
            let found = load(&[folder.join("scenarios")]).unwrap_err();
            assert_eq!(found.len(), 1, "{row}: {found:?}");
            let name = found[0].file.file_name().unwrap().to_str().unwrap();
            let told = format!("{name} {} {}", found[0].line, found[0].message);
            let mut wanted = wanted.splitn(3, ' ');
            let place = format!("{} {} ", wanted.next().unwrap(), wanted.next().unwrap());
            assert!(told.starts_with(&place), "{row}: {told}");
            has(told, wanted.next().unwrap());
        }
    }
}
