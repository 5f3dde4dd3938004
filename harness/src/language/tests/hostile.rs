//! What is put in a scenario's place to read files, to hang, to crash or to deceive.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use super::{load_text, mistakes, with_home};
use crate::language::{LoadOptions, check, render, render_github, render_text_as};

const FINE: &str = "name: t\nsetup:\n  home: { stateVersion: \"24.05\" }\nsteps: [switch]\n";

fn first_message(path: &Path, options: &LoadOptions) -> Option<String> {
    let checked = check(&[path.to_path_buf()], options);
    checked.diagnostics.first().map(|one| one.message.clone())
}

/// A folder with a repository in it, and a file beside that.
fn repository() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let inside = folder.path().join("repository");
    fs::create_dir_all(inside.join(".git")).expect("made");
    fs::create_dir_all(inside.join("scenarios")).expect("made");
    fs::create_dir_all(folder.path().join("elsewhere")).expect("made");
    fs::write(folder.path().join("secret"), "PASSWORD=hunter2\n").expect("written");
    fs::write(
        folder.path().join("elsewhere/secret.yaml"),
        "PASSWORD=hunter2\n",
    )
    .expect("written");
    (folder, inside)
}

#[test]
fn a_scenario_that_is_a_link_out_of_its_repository_is_not_read() {
    let (folder, inside) = repository();
    let link = inside.join("scenarios/t.yaml");
    let usual = LoadOptions::default();
    let open = LoadOptions {
        allow_outside: true,
        ..LoadOptions::default()
    };
    for secret in [
        &folder.path().join("secret"),
        Path::new("/proc/self/environ"),
    ] {
        symlink(secret, &link).expect("linked");
        for named in [&link, &inside.join("scenarios")] {
            let checked = check(std::slice::from_ref(named), &usual);
            let shown = render_text_as(&checked.diagnostics, false);
            assert!(shown.contains("leads out of its repository"), "{shown}");
            assert!(!shown.contains("PASSWORD"), "{shown}");
        }
        fs::remove_file(&link).expect("removed");
    }
    symlink(folder.path().join("secret"), &link).expect("linked");
    assert!(
        first_message(&link, &open)
            .is_some_and(|message| message.contains("a scenario must be a mapping"))
    );
    fs::remove_file(&link).expect("removed");
    fs::write(inside.join("own.yaml"), FINE).expect("written");
    symlink("../own.yaml", &link).expect("linked");
    assert_eq!(
        first_message(&link, &usual),
        None,
        "a link that stays inside"
    );
}

#[test]
fn a_folder_of_scenarios_that_is_a_link_out_of_its_repository_is_not_looked_through() {
    let (folder, inside) = repository();
    let link = inside.join("elsewhere");
    symlink(folder.path().join("elsewhere"), &link).expect("linked");
    let message = first_message(&link, &LoadOptions::default()).expect("refused");
    assert!(message.contains("leads out of its repository"), "{message}");
}

#[test]
fn what_is_no_regular_file_is_refused_at_once() {
    let (_folder, inside) = repository();
    let fifo = |place: &str| {
        let path = inside.join(place);
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &path,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RWXU,
            0,
        )
        .expect("made");
        path
    };
    let usual = LoadOptions::default();
    let named = fifo("fifo.yaml");
    assert_eq!(
        first_message(&named, &usual).as_deref(),
        Some("this is no regular file")
    );
    assert_eq!(
        first_message(Path::new("/dev/zero"), &usual).as_deref(),
        Some("this is no regular file")
    );
    fifo("content");
    let text = FINE.replace(
        "stateVersion: \"24.05\"",
        "files: { a: { from: ../content } }",
    );
    let file = inside.join("scenarios/t.yaml");
    fs::write(&file, text).expect("written");
    let message = first_message(&file, &usual).expect("refused");
    assert!(message.contains("is not a file or a folder"), "{message}");
    fs::create_dir(inside.join("dots")).expect("made");
    fifo("dots/flake.nix");
    fs::write(&file, "name: t\nflake: ../dots\nsteps: [switch]\n").expect("written");
    let message = first_message(&file, &usual).expect("refused");
    assert!(message.contains("a folder with a flake.nix"), "{message}");
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
    fs::create_dir(&dots).expect("made");
    let file = inside.join("scenarios/t.yaml");
    fs::write(&file, "network: true\nname: t\nflake: { path: ../dots, inputs: { a: pocket } }\nsteps: [switch]\n").expect("written");
    for flake in [
        format!("{{ inputs = {deep}; outputs = _: {{ }}; }}"),
        format!("{{ outputs = _: {{ homeConfigurations = {deep}; }}; }}"),
        deep.clone(),
    ] {
        fs::write(dots.join("flake.nix"), flake).expect("written");
        // That it ends is what counts.
        check(std::slice::from_ref(&file), &LoadOptions::default());
        assert!(crate::flake::init(&dots, &crate::flake::Wanted::default()).is_err());
    }
    fs::write(
        dots.join("flake.nix"),
        "{ outputs = _: { homeConfigurations.a = 1; }; }",
    )
    .expect("written");
    fs::write(dots.join("deep.nix"), &deep).expect("written");
    assert!(
        crate::flake::init(&dots, &crate::flake::Wanted::default()).is_ok(),
        "a module is looked at only for names"
    );
    drop(folder);
}

#[test]
fn nothing_that_is_printed_steers_a_terminal_or_turns_around() {
    for hidden in ['\u{1b}', '\u{202e}', '\u{2066}', '\u{9b}', '\u{2028}'] {
        let text = format!("name: t # {hidden}[31m\n{hidden}setup{hidden}: 1\nsteps: [switch]\n");
        let (_, found) = load_text(&text);
        for shown in [render_text_as(&found, false), render_github(&found)] {
            assert!(!shown.contains(hidden), "{shown:?}");
        }
        let shown = render_text_as(&found, false);
        assert!(
            shown.contains(&format!("{}", hidden.escape_unicode())),
            "{shown}"
        );
    }
}

#[test]
fn the_marked_place_is_right_behind_characters_that_are_shown_by_their_number() {
    let (_, found) = load_text(&format!(
        "{FINE}# \u{202e}\nnetwork: \"\u{202e}\" # x\nnope: 1\n"
    ));
    let shown = render_text_as(&found, false);
    assert!(shown.contains("\u{2500}\u{2500}\u{252c}"), "{shown}");
    let line = shown
        .lines()
        .find(|line| line.contains("nope: 1"))
        .expect("it is shown");
    assert!(line.contains("7 \u{2502} nope: 1"), "{shown}");
}

#[test]
fn names_of_files_in_a_flake_stay_on_their_line() {
    let (_folder, inside) = repository();
    let dots = inside.join("dots");
    fs::create_dir(&dots).expect("made");
    fs::write(dots.join("flake.nix"), "{ outputs = _: { }; }").expect("written");
    fs::write(dots.join("a\nrm -rf \u{1b}[31m\u{202e}"), "x").expect("written");
    symlink("x\u{1b}\n", dots.join("link")).expect("linked");
    let file = inside.join("scenarios/t.yaml");
    fs::write(&file, "name: t\nflake: ../dots\nsteps: [switch]\n").expect("written");
    let cases = crate::language::load(&[file]).expect("fine");
    let shown = render(&cases[0]);
    assert!(!shown.contains(['\u{1b}', '\u{202e}']), "{shown:?}");
    assert!(shown.contains("# a\\nrm -rf"), "{shown:?}");
}
