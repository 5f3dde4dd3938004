//! Files that are damaged, hostile or strange.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use super::{cases, load_text, mistakes, refused, with_home, with_keys, with_setup, with_steps};
use crate::language::{LoadOptions, Severity, check, render, render_text_as};
use crate::testing::{Folder, has};

const FINE: &str = "name: t\nsetup:\n  home: { stateVersion: \"24.05\" }\nsteps: [switch]\n";

/// Runs something that must not take long, whatever it is given.
fn promptly<T>(run: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let out = run();
    let took = start.elapsed();
    assert!(took < Duration::from_secs(30), "it took {took:?}");
    out
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_are_no_mistake() {
    let windows = FINE.replace('\n', "\r\n");
    for text in [FINE, &windows] {
        assert_eq!(cases(text).len(), 1);
        assert_eq!(cases(&format!("\u{feff}{text}")).len(), 1);
    }
}

#[test]
fn places_are_right_behind_a_byte_order_mark_and_windows_line_ends() {
    let text = format!("\u{feff}{FINE}oops: 1\n").replace('\n', "\r\n");
    let (_, found) = load_text(&text);
    let one = &found[0];
    assert_eq!((one.line, one.column), (5, 1));
    assert_eq!(&one.source[one.span.clone()], "oops");
}

#[test]
fn text_that_is_not_yaml_is_refused_at_its_place() {
    let table = r"
        name: t\nsetup: [a, b\nsteps: [switch]\n => this is not YAML
        name: 'never closed\nsetup: 1\n => this is not YAML
        %PDF-1.4\n%âãÏÓ\n1 0 obj\n<< /Type /Catalog >>\n => not YAML
        just words\n => 1:1 a scenario must be a mapping, and this is the text `just words` (write `key: value`, one in each line, further in than this)
        => the file is empty
        # nothing but a comment\n => the file is empty
        --- \n...\n => a scenario
        name: t\nsetup:\n\thome:\n\t\tstateVersion: x\nsteps: [switch]\n => never with tabs
        name: a\0b\n => 1:8 the file holds the control character U+0000
        name: a\x1b[31m\n => U+001B
        name: *nowhere\n => not YAML
        name: !env HOME\n => the tag `!env` means nothing here
    ";
    let control = |text: &str| {
        let text = text.replace("\\t", "\t").replace("\\0", "\0");
        text.replace("\\x1b", "\u{1b}")
    };
    refused(control, table);
    has(
        mistakes(&format!("{FINE}---\n{FINE}")),
        "5:1 a second document begins here",
    );
    refused(
        with_home,
        r#"files: { a: "x\0y" } => 5:17 the text holds a NUL character"#,
    );
    assert_eq!(cases(&FINE.replace("name: t", "name: !!str 12")).len(), 1);
}

#[test]
fn keys_given_twice_are_refused_with_the_line_of_the_first() {
    let found = mistakes(&format!("{FINE}name: again\n"));
    let said = "5:1 the key `name` is here twice (it is first given in line 1; keep one of them)";
    assert_eq!(found, said);
    let found = mistakes(&with_home("files:\n  a: x\n  \"a\": y"));
    has(
        found,
        "7:7 the key `a` is here twice (it is first given in line 6",
    );
}

#[test]
fn merge_keys_are_refused_and_anchors_taken() {
    let text = "name: t\nsetup:\n  users:\n    alice: &home { stateVersion: \"24.05\" }\n    bob: *home\nsteps:\n  - switch: alice\n";
    assert_eq!(cases(text)[0].users.len(), 2);
    let found = mistakes(&text.replace("bob: *home", "bob: { <<: *home }"));
    has(found, "5:12 merge keys are not taken");
    let found = mistakes("name: &a [*a]\n");
    assert!(
        found.contains("alias stands inside") || found.contains("not YAML"),
        "{found}"
    );
}

#[test]
fn an_alias_bomb_is_refused_at_once() {
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..30 {
        let before = level - 1;
        let aliases = vec![format!("*a{before}"); 9].join(", ");
        let _ = writeln!(text, "a{level}: &a{level} [{aliases}]");
    }
    let found = promptly(|| mistakes(&text));
    has(
        found,
        "the aliases of this file repeat more than 10000 values",
    );
}

#[test]
fn deep_nesting_is_refused_at_once() {
    for text in [
        format!("name: {}{}\n", "[".repeat(10_000), "]".repeat(10_000)),
        format!("name: {}\n", "[".repeat(10_000)),
        format!("name: {}\n", "{a: ".repeat(10_000)),
        "- ".repeat(10_000),
        (0..10_000)
            .map(|depth| format!("{}a:\n", " ".repeat(depth.min(99))))
            .collect(),
        "[".repeat(1_000_000),
        "{".repeat(1_000_000),
        "? ".repeat(500_000),
        "- ".repeat(500_000),
    ] {
        let found = promptly(|| mistakes(&text));
        assert!(
            found.contains("nested more than 64 deep")
                || found.contains("not YAML")
                || found.contains("no key"),
            "{}",
            &found[..found.len().min(300)]
        );
    }
}

#[test]
fn many_values_and_long_texts_are_bounded() {
    let text = format!("name: [{}]\n", "x,".repeat(500_000));
    has(promptly(|| mistakes(&text)), "more than 50000 values");
    let text = with_home(&format!("files: {{ a: \"{}\" }}", "x".repeat(900_000)));
    assert_eq!(promptly(|| cases(&text)).len(), 1);
    let text: String = (0..20_000).fold(FINE.to_owned(), |mut text, number| {
        let _ = writeln!(text, "k{number}: 1");
        text
    });
    has(
        promptly(|| mistakes(&text)),
        "19900 more mistakes in this file",
    );
}

#[test]
fn mistakes_in_very_long_lines_can_be_shown() {
    let text = format!("name: t\nlong: [{}]\n", "x, ".repeat(40_000));
    let (_, found) = load_text(&text);
    let shown = render_text_as(&found, false);
    has(&shown, "`long` is no key of a scenario");
    assert!(shown.len() < 5000, "the line is not shown");
}

#[test]
fn files_that_cannot_be_read_say_why() {
    let folder = Folder::new();
    let said = |paths: &[&str]| {
        let paths: Vec<_> = paths.iter().map(|it| folder.join(it)).collect();
        let checked = promptly(|| check(&paths, &LoadOptions::default()));
        assert!(!checked.is_fine());
        let messages = checked.diagnostics.into_iter().map(|it| it.message);
        messages.collect::<Vec<_>>()
    };
    folder.write("big.yaml", "a: 1\n".repeat(2 * 1024 * 1024));
    assert_eq!(said(&["big.yaml"]), ["the file is larger than 1 MiB"]);
    folder.write("latin.yaml", b"name: caf\xe9\n");
    let messages = said(&["latin.yaml", "nowhere.yaml", "empty"]);
    assert_eq!(messages.len(), 3, "{messages:?}");
    has(&messages[0], "there is no such file or folder");
    has(
        &messages[2],
        "the file is not UTF-8: no character begins in line 1 at column 10",
    );
    folder.directory("void");
    assert_eq!(said(&["void"]), ["there is no scenario here"]);
}

#[test]
fn words_that_old_yaml_takes_for_truth_values_stay_words() {
    let table = r#"
        on: push\n => 5:1 `on` is no key of a scenario
        no: 1\n => 5:1 `no` is no key of a scenario
        network: on\n => write `true`, without quotes
        network: "false"\n => write `false`, without quotes
    "#;
    refused(|it| format!("{FINE}{it}"), table);
    let variables = "sessionVariables: { NORWAY: no, ON: on, T: true, N: 007 }";
    let flake = render(&cases(&with_home(variables))[0]);
    for (name, value) in [("NORWAY", "no"), ("ON", "on"), ("T", "true"), ("N", "007")] {
        has(&flake, &format!("{name} = \"{value}\";"));
    }
}

#[test]
fn a_version_without_quotes_keeps_its_text() {
    let text = with_home("sessionVariables: { RELEASE: 24.10 }");
    let (cases, found) = load_text(&text);
    has(render(&cases[0]), "RELEASE = \"24.10\";");
    assert_eq!(found[0].severity, Severity::Warning);
    assert_eq!(found[0].hint.as_deref(), Some("quote it: \"24.10\""));
    let text = "name: t\nmatrix: { value: [24.10, 24.05] }\nsetup:\n  home: { stateVersion: 24.05 }\nsteps:\n  - run: true ${{ matrix.value }}\n";
    let ids: Vec<String> = super::cases(text).into_iter().map(|case| case.id).collect();
    assert_eq!(ids, ["t[value=24.10]", "t[value=24.05]"]);
    // Where Nix would get a number, its text is at stake, so it must be quoted.
    let found = mistakes(&FINE.replace("home:", "specialArgs: { release: 24.10 }\n  home:"));
    has(found, "quote it to keep the text: \"24.10\"");
}

#[test]
fn names_and_paths_that_lead_elsewhere_are_refused_in_their_place() {
    let name = |name: &str| FINE.replace("name: t", &format!("name: {name}"));
    let table = r#"
        ../../etc/passwd => 1:7 `../../etc/passwd` cannot be a name
        "\e[31mred" => 1:7 `\u{1b}[31mred` cannot be a name
        "" => 1:7 the name is empty
    "#;
    refused(name, table);
    refused(with_steps, r"- switch:\n  name: ../x => write `x`");
    let user = |user: &str| with_setup(&format!("\n  users:\n    {user}: {{}}"));
    refused(user, "\"a:b\" => 4:5 `a:b` cannot be a user here");
    let root =
        |keys: &str| format!("name: t\nsetup: {{ users: {{ root: {{}} }}{keys}\nsteps: [switch]\n");
    let table = r"
        , install: nixos-module } => 2:19 the home of root is a standalone one alone
        }\nusers: { root: { homeDirectory: /data/root } } => 3:33 the home of root is /root
    ";
    refused(root, table);
    let later = |step: &str| {
        format!("name: t\nsetup: {{ users: {{ root: {{}} }} }}\nsteps:\n- switch\n- {step}\n")
    };
    let to_a_host = "switch: { setup: { install: nixos-module } } => 5:3 the home of root is a standalone one alone";
    refused(later, to_a_host);
    let home = |home: &str| with_keys(&format!("users: {{ a: {{ homeDirectory: {home} }} }}"));
    refused(home, "/nix/x => 2:30 `/nix/x` is no home directory");
    let seed = |path: &str| with_steps(&format!("- seed: {{ files: {{ {path}: x }} }}"));
    refused(
        seed,
        "../bob/.bashrc => 5:22 `../bob/.bashrc` is no path in a home",
    );
}

#[test]
fn files_of_other_places_are_refused() {
    let folder = Folder::with(&[("secret", "x"), ("inside/own", "x")]);
    folder.directory("inside/.git");
    folder.link(folder.join("secret"), "inside/link");
    let message = |from: &str, allow_outside| {
        let text = with_steps(&format!(
            "- seed: {{ files: {{ a: {{ from: {from} }} }} }}\n- switch"
        ));
        let file = folder.write("inside/scenarios/t.yaml", text);
        let options = LoadOptions {
            allow_outside,
            ..LoadOptions::default()
        };
        let first = check(&[file], &options).diagnostics.into_iter().next();
        first.map(|it| it.message).unwrap_or_default()
    };
    assert_eq!(message("../own", false), "");
    for outside in ["../../secret", "../link", "/etc/passwd", "../../nowhere"] {
        has(message(outside, false), "is outside of");
    }
    has(message("../nowhere", false), "no such file");
    assert_eq!(message("../../secret", true), "");
}

#[test]
fn a_mistake_in_the_projects_file_is_told_once() {
    let off = ("switchproof.yaml", "laws: { clean: false }\n");
    let folder = Folder::with(&[("flake.nix", "{ }"), off]);
    let files = ["one", "two", "three"].map(|name| {
        let scenario = FINE.replace("name: t", &format!("name: {name}"));
        folder.write(format!("{name}.yaml"), scenario)
    });
    // Also where the folder that is named holds it: it is no scenario.
    for named in [&files[..], &[folder.path().to_path_buf()]] {
        let checked = check(named, &LoadOptions::default());
        let told: Vec<&str> = checked.diagnostics.iter().map(|it| &*it.message).collect();
        assert_eq!(told, ["`clean` is off without a reason"]);
    }
}
