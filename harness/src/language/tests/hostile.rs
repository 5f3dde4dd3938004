//! What is put in a scenario's place to read files, to hang, to crash or to deceive.

use std::fs;
use std::path::{Path, PathBuf};

use super::{load_text, mistakes, with_home};
use crate::flake::{Wanted, init};
use crate::language::{LoadOptions, check, load, render, render_github, render_text_as};
use crate::testing::{Folder, has, lacks};

const FINE: &str = "name: t\nsetup:\n  home: { stateVersion: \"24.05\" }\nsteps: [switch]\n";

/// The first thing that is said of a scenario, if anything is.
fn told(path: &Path, options: &LoadOptions) -> String {
    let checked = check(&[path.to_path_buf()], options);
    let first = checked.diagnostics.into_iter().next();
    first.map(|one| one.message).unwrap_or_default()
}

/// A folder with a repository in it, and files beside that.
fn repository() -> (Folder, PathBuf) {
    let secret = "PASSWORD=hunter2\n";
    let folder = Folder::with(&[("secret", secret), ("elsewhere/secret.yaml", secret)]);
    folder.directory("repository/.git");
    folder.directory("repository/scenarios");
    let inside = folder.join("repository");
    (folder, inside)
}

#[test]
fn a_scenario_that_is_a_link_out_of_its_repository_is_not_read() {
    let (folder, inside) = repository();
    let link = inside.join("scenarios/t.yaml");
    let relink = |target: &Path| {
        let _ = fs::remove_file(&link);
        folder.link(target, "repository/scenarios/t.yaml");
    };
    let usual = LoadOptions::default();
    let open = LoadOptions {
        allow_outside: true,
        ..LoadOptions::default()
    };
    for secret in [&folder.join("secret"), Path::new("/proc/self/environ")] {
        relink(secret);
        for named in [&link, &inside.join("scenarios")] {
            let checked = check(std::slice::from_ref(named), &usual);
            let shown = render_text_as(&checked.diagnostics, false);
            has(&shown, "leads out of its repository");
            lacks(&shown, &["PASSWORD"]);
        }
    }
    relink(&folder.join("secret"));
    has(told(&link, &open), "a scenario must be a mapping");
    folder.write("repository/own.yaml", FINE);
    relink(Path::new("../own.yaml"));
    assert_eq!(told(&link, &usual), "", "a link that stays inside");
}

#[test]
fn a_folder_of_scenarios_that_is_a_link_out_of_its_repository_is_not_looked_through() {
    let (folder, _) = repository();
    let link = folder.link("../elsewhere", "repository/elsewhere");
    has(
        told(&link, &LoadOptions::default()),
        "leads out of its repository",
    );
}

#[test]
fn what_is_no_regular_file_is_refused_at_once() {
    let (folder, _) = repository();
    let usual = LoadOptions::default();
    for path in [&folder.fifo("repository/fifo.yaml"), Path::new("/dev/zero")] {
        assert_eq!(told(path, &usual), "this is no regular file");
    }
    let told = |text: &str| told(&folder.write("repository/scenarios/t.yaml", text), &usual);
    folder.fifo("repository/content");
    let from = "files: { a: { from: ../content } }";
    has(
        told(&FINE.replace("stateVersion: \"24.05\"", from)),
        "is not a file or a folder",
    );
    folder.directory("repository/dots");
    folder.fifo("repository/dots/flake.nix");
    has(
        told("name: t\nflake: ../dots\nsteps: [switch]\n"),
        "a folder with a flake.nix",
    );
}

#[test]
fn deeply_nested_nix_is_refused_wherever_it_stands() {
    for depth in [5_000, 15_000, 100_000] {
        for (open, close) in [("[", "]"), ("- ", ""), ("a: ", ""), ("{ a = ", "; }")] {
            let nix = format!("a = {}1{};", open.repeat(depth), close.repeat(depth));
            let found = mistakes(&with_home(&format!("config: \"{nix}\"")));
            assert!(found.contains("too deeply nested"), "{open}: {found}");
        }
    }
    let deep = format!("{}1{}", "[".repeat(15_000), "]".repeat(15_000));
    let (folder, inside) = repository();
    let dots = inside.join("dots");
    let text = "network: true\nname: t\nflake: { path: ../dots, inputs: { a: pocket } }\nsteps: [switch]\n";
    let file = folder.write("repository/scenarios/t.yaml", text);
    for flake in [
        format!("{{ inputs = {deep}; outputs = _: {{ }}; }}"),
        format!("{{ outputs = _: {{ homeConfigurations = {deep}; }}; }}"),
        deep.clone(),
    ] {
        folder.write("repository/dots/flake.nix", flake);
        // That it ends is what counts.
        check(std::slice::from_ref(&file), &LoadOptions::default());
        assert!(init(&dots, &Wanted::default()).is_err());
    }
    // A module is read only for names.
    folder.write(
        "repository/dots/flake.nix",
        "{ outputs = _: { homeConfigurations.a = 1; }; }",
    );
    folder.write("repository/dots/deep.nix", &deep);
    assert!(init(&dots, &Wanted::default()).is_ok());
}

#[test]
fn nothing_that_is_printed_steers_a_terminal_or_turns_around() {
    for hidden in ['\u{1b}', '\u{202e}', '\u{2066}', '\u{9b}', '\u{2028}'] {
        let text = format!("name: t # {hidden}[31m\n{hidden}setup{hidden}: 1\nsteps: [switch]\n");
        let (_, found) = load_text(&text);
        let shown = render_text_as(&found, false);
        lacks(&shown, &[&hidden.to_string()]);
        lacks(render_github(&found), &[&hidden.to_string()]);
        has(shown, &hidden.escape_unicode().to_string());
    }
}

#[test]
fn the_marked_place_is_right_behind_characters_that_are_shown_by_their_number() {
    let (_, found) = load_text(&format!(
        "{FINE}# \u{202e}\nnetwork: \"\u{202e}\" # x\nnope: 1\n"
    ));
    let shown = render_text_as(&found, false);
    has(&shown, "\u{2500}\u{2500}\u{252c}");
    has(&shown, "7 \u{2502} nope: 1");
}

#[test]
fn names_of_files_in_a_flake_stay_on_their_line() {
    let (folder, _) = repository();
    folder.write("repository/dots/flake.nix", "{ outputs = _: { }; }");
    folder.write("repository/dots/a\nrm -rf \u{1b}[31m\u{202e}", "x");
    folder.link("x\u{1b}\n", "repository/dots/link");
    let text = "name: t\nflake: ../dots\nsteps: [switch]\n";
    let cases = load(&[folder.write("repository/scenarios/t.yaml", text)]).expect("fine");
    let shown = render(&cases[0]);
    lacks(&shown, &["\u{1b}", "\u{202e}"]);
    has(&shown, "# a\\nrm -rf");
}
