//! Files that are damaged, hostile or strange.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use super::{cases, load_text, mistakes, with_home, with_steps};
use crate::language::{LoadOptions, Severity, check};

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
    assert_eq!(cases(&format!("\u{feff}{FINE}")).len(), 1);
    assert_eq!(cases(&FINE.replace('\n', "\r\n")).len(), 1);
    assert_eq!(
        cases(&format!("\u{feff}{}", FINE.replace('\n', "\r\n"))).len(),
        1
    );
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
    let found = mistakes("name: t\nsetup: [a, b\nsteps: [switch]\n");
    assert!(found.contains("this is not YAML"), "{found}");
    let found = mistakes("name: 'never closed\nsetup: 1\n");
    assert!(found.contains("this is not YAML"), "{found}");
    let found = mistakes("%PDF-1.4\n%âãÏÓ\n1 0 obj\n<< /Type /Catalog >>\n");
    assert!(found.contains("not YAML"), "{found}");
    let found = mistakes("just words\n");
    assert_eq!(
        found,
        "1:1 a scenario must be a mapping, and this is the text `just words` (write `key: value`, one in each line, \
         further in than this)"
    );
    assert!(mistakes("").contains("the file is empty"));
    assert!(mistakes("# nothing but a comment\n").contains("the file is empty"));
    assert!(mistakes("--- \n...\n").contains("a scenario"));
    assert!(mistakes(&format!("{FINE}---\n{FINE}")).contains("5:1 a second document begins here"));
}

#[test]
fn tabs_for_indentation_are_named() {
    let found = mistakes("name: t\nsetup:\n\thome:\n\t\tstateVersion: x\nsteps: [switch]\n");
    assert!(found.contains("never with tabs"), "{found}");
}

#[test]
fn nul_and_other_control_characters_are_refused_raw_and_escaped() {
    let found = mistakes("name: a\0b\n");
    assert!(
        found.starts_with("1:8 the file holds the control character U+0000"),
        "{found}"
    );
    assert!(mistakes("name: a\u{1b}[31m\n").contains("U+001B"));
    let found = mistakes(&with_home("files: { a: \"x\\0y\" }"));
    assert!(
        found.contains("5:17 the text holds a NUL character"),
        "{found}"
    );
}

#[test]
fn keys_given_twice_are_refused_with_the_line_of_the_first() {
    let found = mistakes(&format!("{FINE}name: again\n"));
    assert_eq!(
        found,
        "5:1 the key `name` is here twice (it is first given in line 1; keep one of them)"
    );
    let found = mistakes(&with_home("files:\n  a: x\n  \"a\": y"));
    assert!(
        found.contains("7:7 the key `a` is here twice (it is first given in line 6"),
        "{found}"
    );
}

#[test]
fn merge_keys_are_refused_and_anchors_taken() {
    let text = "name: t\nsetup:\n  users:\n    alice: &home { stateVersion: \"24.05\" }\n    bob: *home\nsteps:\n  - switch: alice\n";
    assert_eq!(cases(text)[0].users.len(), 2);
    let found = mistakes(&text.replace("bob: *home", "bob: { <<: *home }"));
    assert!(found.contains("5:12 merge keys are not taken"), "{found}");
    assert!(mistakes("name: *nowhere\n").contains("not YAML"));
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
    assert!(
        found.contains("the aliases of this file repeat more than 10000 values"),
        "{found}"
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
    assert!(promptly(|| mistakes(&text)).contains("more than 50000 values"));
    let text = with_home(&format!("files: {{ a: \"{}\" }}", "x".repeat(900_000)));
    assert_eq!(promptly(|| cases(&text)).len(), 1);
    let text: String = (0..20_000).fold(FINE.to_owned(), |mut text, number| {
        let _ = writeln!(text, "k{number}: 1");
        text
    });
    let found = promptly(|| mistakes(&text));
    assert!(
        found.contains("19900 more mistakes in this file"),
        "the rest is counted"
    );
}

#[test]
fn mistakes_in_very_long_lines_can_be_shown() {
    let text = format!("name: t\nlong: [{}]\n", "x, ".repeat(40_000));
    let (_, found) = load_text(&text);
    let shown = crate::language::render_text_as(&found, false);
    assert!(shown.contains("`long` is no key of a scenario"));
    assert!(shown.len() < 5000, "the line is not shown");
}

#[test]
fn a_file_of_10_mib_is_not_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("big.yaml");
    std::fs::write(&file, "a: 1\n".repeat(2 * 1024 * 1024)).expect("written");
    let checked = promptly(|| check(&[file], &LoadOptions::default()));
    assert_eq!(
        checked.diagnostics[0].message,
        "the file is larger than 1 MiB"
    );
    assert!(!checked.is_fine());
}

#[test]
fn files_that_are_no_text_and_files_that_are_not_there_say_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("latin.yaml");
    std::fs::write(&file, b"name: caf\xe9\n").expect("written");
    let nowhere = folder.path().join("nowhere.yaml");
    let checked = check(
        &[file, nowhere, folder.path().join("empty")],
        &LoadOptions::default(),
    );
    let messages: Vec<&str> = checked
        .diagnostics
        .iter()
        .map(|one| one.message.as_str())
        .collect();
    assert_eq!(messages.len(), 3, "{messages:?}");
    assert!(messages[0].contains("there is no such file or folder"));
    assert!(
        messages[2].contains("the file is not UTF-8: no character begins in line 1 at column 10")
    );
    std::fs::create_dir(folder.path().join("void")).expect("made");
    let checked = check(&[folder.path().join("void")], &LoadOptions::default());
    assert_eq!(checked.diagnostics[0].message, "there is no scenario here");
}

#[test]
fn words_that_old_yaml_takes_for_truth_values_stay_words() {
    let found = mistakes(&format!("{FINE}on: push\nno: 1\n"));
    assert!(
        found.contains("5:1 `on` is no key of a scenario"),
        "{found}"
    );
    assert!(
        found.contains("6:1 `no` is no key of a scenario"),
        "{found}"
    );
    let found = mistakes(&format!("{FINE}network: on\n"));
    assert!(found.contains("write `true`, without quotes"), "{found}");
    let found = mistakes(&format!("{FINE}network: \"false\"\n"));
    assert!(found.contains("write `false`, without quotes"), "{found}");
    let case = &cases(&with_home(
        "sessionVariables: { NORWAY: no, ON: on, T: true, N: 007 }",
    ))[0];
    let flake = crate::language::render(case);
    for line in [
        "NORWAY = \"no\";",
        "ON = \"on\";",
        "T = \"true\";",
        "N = \"007\";",
    ] {
        assert!(flake.contains(line), "{line} is not in {flake}");
    }
}

#[test]
fn a_version_without_quotes_keeps_its_text() {
    let text = with_home("sessionVariables: { RELEASE: 24.10 }");
    let (cases, found) = load_text(&text);
    assert!(crate::language::render(&cases[0]).contains("RELEASE = \"24.10\";"));
    assert_eq!(found[0].severity, Severity::Warning);
    assert_eq!(found[0].hint.as_deref(), Some("quote it: \"24.10\""));
    let text = "name: t\nmatrix: { value: [24.10, 24.05] }\nsetup:\n  home: { stateVersion: 24.05 }\nsteps:\n  - run: true ${{ matrix.value }}\n";
    let ids: Vec<String> = super::cases(text).into_iter().map(|case| case.id).collect();
    assert_eq!(ids, ["t[value=24.10]", "t[value=24.05]"]);
    // Where Nix would get a number, its text is at stake, so it must be quoted.
    let found = mistakes(&FINE.replace("home:", "specialArgs: { release: 24.10 }\n  home:"));
    assert!(
        found.contains("quote it to keep the text: \"24.10\""),
        "{found}"
    );
}

#[test]
fn names_that_cannot_name_files_are_refused() {
    let long = "x".repeat(300);
    for name in [
        "a/b",
        "../../etc/passwd",
        ".hidden",
        "a.b",
        "two words",
        &long,
        "\"a\\tb\"",
        "\"\\e[31mred\"",
        "\"\"",
        "ünï",
    ] {
        let text = FINE.replace("name: t", &format!("name: {name}"));
        let found = mistakes(&text);
        assert!(found.starts_with("1:7 "), "{name}: {found}");
        assert!(
            !found.contains('\u{1b}'),
            "control characters are never printed"
        );
    }
    let found = mistakes(&with_steps("- switch:\n  name: ../x"));
    assert!(found.contains("write `x`"), "{found}");
    for user in ["root", "Alice", "a b", "../x", "-x", "\"a;b\""] {
        let found = mistakes(&format!(
            "name: t\nsetup:\n  users:\n    {user}: {{ stateVersion: \"24.05\" }}\nsteps: [switch]\n"
        ));
        assert!(found.contains("cannot be a user here"), "{user}: {found}");
    }
}

#[test]
fn paths_do_not_leave_the_home() {
    for path in [
        "/etc/passwd",
        "../bob/.bashrc",
        "\"~/x\"",
        "a//b",
        "\"a\\nb\"",
    ] {
        let found = mistakes(&with_steps(&format!(
            "- seed: {{ files: {{ {path}: x }} }}"
        )));
        assert!(found.contains("is no path in a home"), "{path}: {found}");
    }
}

#[test]
fn tags_are_refused() {
    assert!(mistakes("name: !env HOME\n").contains("the tag `!env` means nothing here"));
    assert_eq!(cases(&FINE.replace("name: t", "name: !!str 12")).len(), 1);
}

#[test]
fn files_of_other_places_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let inside = folder.path().join("repository");
    std::fs::create_dir_all(inside.join(".git")).expect("made");
    std::fs::create_dir_all(inside.join("scenarios")).expect("made");
    std::fs::write(folder.path().join("secret"), "x").expect("written");
    std::os::unix::fs::symlink(folder.path().join("secret"), inside.join("link")).expect("linked");
    std::fs::write(inside.join("own"), "x").expect("written");
    let file = inside.join("scenarios/t.yaml");
    let with = |from: &str| {
        with_steps(&format!(
            "- seed: {{ files: {{ a: {{ from: {from} }} }} }}\n- switch"
        ))
    };
    let message = |from: &str| {
        std::fs::write(&file, with(from)).expect("written");
        let checked = check(std::slice::from_ref(&file), &LoadOptions::default());
        checked.diagnostics.first().map(|one| one.message.clone())
    };
    assert_eq!(message("../own"), None);
    for outside in ["../../secret", "../link", "/etc/passwd", "../../nowhere"] {
        let message = message(outside).expect("refused");
        assert!(message.contains("is outside of"), "{outside}: {message}");
    }
    assert!(message("../nowhere").is_some_and(|message| message.contains("no such file")));
    std::fs::write(&file, with("../../secret")).expect("written");
    let open = LoadOptions {
        allow_outside: true,
        ..LoadOptions::default()
    };
    assert!(check(&[file], &open).is_fine());
}

#[test]
fn a_mistake_in_the_projects_file_is_told_once() {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| std::fs::write(folder.path().join(path), text).unwrap();
    write("flake.nix", "{ }");
    write("switchproof.yaml", "laws: { clean: false }\n");
    for name in ["one", "two", "three"] {
        let scenario = FINE.replace("name: t", &format!("name: {name}"));
        write(&format!("{name}.yaml"), &scenario);
    }
    let files = ["one.yaml", "two.yaml", "three.yaml"].map(|name| folder.path().join(name));
    let checked = check(&files, &LoadOptions::default());
    let told: Vec<&str> = checked.diagnostics.iter().map(|it| &*it.message).collect();
    assert_eq!(told, ["`clean` is off without a reason"]);
}
