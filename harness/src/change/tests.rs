//! Changes of observations made by hand.

use super::sample::{
    BIN, alice, digest, directory, entry, file, managed, observation, program, stored,
};
use super::*;
use crate::model::{Profile, Session, UnitState};
use crate::observe::{
    Content, Entry, EntryKind, Observation, OwnFile, ProfilePackage, UnitSeen, UserSeen,
};
use crate::testing::{has, lacks};

fn show(before: &Observation, after: &Observation) -> String {
    Change::between(before, after, true).show(ShowOptions::default())
}

/// The change of what `edit` does to alice.
fn of(edit: impl FnOnce(&mut UserSeen)) -> String {
    show(&observation(), &with(edit))
}

#[test]
fn equal_observations_have_no_change() {
    let seen = home([("a", file("a"))]);
    let change = Change::between(&seen, &seen, true);
    assert_eq!(change, Change::default());
    assert_eq!(change.show(ShowOptions::default()), "nothing changed\n");
}

fn set(user: &mut UserSeen, session: Session, name: &str, value: &str) {
    let variables = user.sessions.entry(session).or_default();
    variables.insert(name.into(), value.into());
}

/// An observation in which alice is as `edit` makes her.
fn with(edit: impl FnOnce(&mut UserSeen)) -> Observation {
    let mut seen = observation();
    edit(alice(&mut seen));
    seen
}

/// One in which her home has these entries.
fn home<const N: usize>(entries: [(&str, Entry); N]) -> Observation {
    let entries = entries.map(|(path, entry)| (path.to_owned(), entry));
    with(|user| user.home.entries = entries.into())
}

/// One in which these are in her profile.
fn packages(packages: &[ProfilePackage]) -> Observation {
    with(|user| user.packages = packages.into())
}

#[test]
fn programs_are_told_a_line_each() {
    let mut before = observation();
    alice(&mut before).programs = vec![
        program("fd", "fd", "10.2"),
        program("git", "git", "2.47"),
        program("jq", "jq", "1.7.1"),
        program("vim", "vim", "9.1"),
    ];
    let mut after = before.clone();
    let bin = "/run/current-system/sw/bin";
    let user = alice(&mut after);
    user.programs.remove(0);
    user.programs[0].directory = bin.into();
    user.programs[0].profile = Some(Profile::System);
    user.programs[1].version = "1.8.1".into();
    user.programs[2].version = "9.0".into();
    user.programs.push(program("rg", "ripgrep", "14.1"));
    assert_eq!(
        show(&before, &after),
        "programs\n\
         \x20 [R] fd 10.2  (user's profile)\n\
         \x20 [M] git 2.47 moved from user's profile to system profile\n\
         \x20 [U] jq 1.7.1 -> 1.8.1  (user's profile)\n\
         \x20 [A] ripgrep 14.1  (user's profile): rg\n\
         \x20 [D] vim 9.1 -> 9.0  (user's profile)\n\
         5 programs changed\n"
    );
}

#[test]
fn a_package_that_gains_a_program_is_told() {
    let [git, scalar] = ["git", "scalar"].map(|name| program(name, "git", "2.47"));
    let before = with(|user| user.programs = vec![git.clone()]);
    let after = with(|user| user.programs = vec![git, scalar]);
    has(
        show(&before, &after),
        "[C] git 2.47  (user's profile): +scalar\n",
    );
}

#[test]
fn a_program_of_the_setups_own_is_compared_as_a_file_is() {
    let script = |text: &str| {
        let mut deploy = program("deploy", "deploy", "");
        deploy.own = Some(OwnFile::File(Content::Text(text.into())));
        with(|user| user.programs = vec![deploy])
    };
    let text = show(
        &script("#!/bin/sh\nrsync a b\n"),
        &script("#!/bin/sh\nrm -rf /\n"),
    );
    has(&text, &format!("  ~ {BIN}/deploy\n"));
    has(&text, "+rm -rf /\n");
}

/// A package of the user's profile, with these files if the setup itself made it.
fn held(package: &str, version: &str, files: &[(&str, &str)]) -> ProfilePackage {
    let file = |(path, text): &(&str, &str)| {
        let content = Content::Text((*text).into());
        ((*path).to_owned(), OwnFile::File(content))
    };
    ProfilePackage {
        profile: Profile::User,
        store_path: stored('0', &format!("{package}-{version}")),
        package: package.into(),
        version: version.into(),
        files: files.iter().map(file).collect(),
    }
}

#[test]
fn packages_without_programs_come_and_go_and_change_their_version() {
    let before = [held("dejavu-fonts", "2.37", &[]), held("icons", "1", &[])];
    let after = [
        held("dejavu-fonts", "2.38", &[]),
        held("man-pages", "6", &[]),
    ];
    let text = show(&packages(&before), &packages(&after));
    has(&text, "[U] dejavu-fonts 2.37 -> 2.38  (user's profile)\n");
    has(&text, "[R] icons 1  (user's profile)\n");
    has(&text, "[A] man-pages 6  (user's profile)\n");
}

#[test]
fn a_variable_that_a_session_has_is_told_once() {
    let with = |exported: &str, session: &str| {
        let file = format!("export A=1\nexport EDITOR=\"{exported}\"\n");
        let files: &[(&str, &str)] = &[("etc/profile.d/hm-session-vars.sh", &file)];
        with(|user| {
            user.packages = vec![held("hm-session-vars.sh", "", files)];
            set(user, Session::Login, "EDITOR", session);
        })
    };
    let text = show(&with("vi", "vi"), &with("nano", "nano"));
    has(&text, "EDITOR");
    lacks(&text, &["hm-session-vars"]);
    let text = show(&with("vi", "vi"), &with("nano", "vi"));
    has(text, "+export EDITOR=\"nano\"\n");
}

#[test]
fn files_of_the_setups_own_packages_are_compared() {
    let before = [
        ("etc/a", "LANG=C\n"),
        ("etc/old", "x\n"),
        ("etc/same", "s\n"),
    ];
    let after = [
        ("etc/a", "LANG=de\n"),
        ("etc/new", "y\n"),
        ("etc/same", "s\n"),
    ];
    let [before, after] = [before, after].map(|files| packages(&[held("vars", "", &files)]));
    let text = show(&before, &after);
    for line in [
        "~ vars/etc/a\n",
        "+LANG=de\n",
        "+ vars/etc/new",
        "- vars/etc/old",
    ] {
        has(&text, line);
    }
    lacks(&text, &["same"]);
}

#[test]
fn what_hides_and_what_is_hidden_is_told_once() {
    let before = with(|user| user.system_programs = [("git".into(), "/usr/bin".into())].into());
    let mut after = before.clone();
    alice(&mut after).programs = vec![program("git", "git", "2.47")];
    let text = show(&before, &after);
    has(
        text,
        &format!("[S] git is run from {BIN}, was from /usr/bin\n"),
    );
    let mut hidden = after.clone();
    alice(&mut hidden).programs[0].shadowed_by = Some("/usr/bin".into());
    let shadowed =
        format!("programs\n  [S] git of {BIN} is shadowed by /usr/bin\n1 program changed\n");
    assert_eq!(show(&after, &hidden), shadowed);
}

#[test]
fn another_build_of_the_same_version_is_counted_and_listed_when_asked_for() {
    let built = |digit| {
        let text = format!("use {}/lib\n", stored(digit, "zlib-1.3"));
        let mut jq = program("jq", "jq", "1.7");
        jq.store_path = Some(stored(digit, "jq-1.7"));
        with(|user| {
            user.programs = vec![jq];
            let rc = managed(digit, ".rc", &text);
            user.home.entries.insert(".rc".into(), rc);
        })
    };
    let change = Change::between(&built('0'), &built('1'), true);
    let counted = "nothing changed; 2 rebuilt (`--rebuilt` lists them)\n";
    assert_eq!(change.show(ShowOptions::default()), counted);
    assert!(!change.is_equal());
    let all = change.show(ShowOptions {
        rebuilt: true,
        ..ShowOptions::default()
    });
    has(&all, "  jq-1.7  ");
    has(&all, "  zlib-1.3  ");
    // What is another one for any other configuration is kept, and not counted.
    assert!(change.users["alice"].rebuilt.iter().any(|it| it.is_product));
}

#[test]
fn files_come_go_differ_and_move_with_their_difference_inside() {
    let text = |dir: &str| {
        let lines: String = (0..9).map(|line| format!("line {line}\n")).collect();
        format!("{lines}HISTFILE=\"/home/alice/{dir}.zsh_history\"\n")
    };
    let before = home([
        (".gone", file("gone\n")),
        (".rc", managed('0', ".rc", "a\nb\n")),
        (".zshrc", managed('0', ".zshrc", &text(""))),
        (".zsh_history", file("ls\n")),
    ]);
    let path = ".config/zsh/.zshrc";
    let after = home([
        (".config", directory()),
        (".config/zsh", directory()),
        (path, managed('1', path, &text(".config/zsh/"))),
        (".rc", managed('1', ".rc", "a\nc\n")),
        (".zsh_history", file("ls\n")),
        ("bin", file("x\ny\n")),
    ]);
    assert_eq!(
        show(&before, &after),
        "files\n\
         \x20 > .zshrc -> .config/zsh/.zshrc\n\
         \x20     @@ -7,4 +7,4 @@\n\
         \x20      line 6\n\
         \x20      line 7\n\
         \x20      line 8\n\
         \x20     -HISTFILE=\"/home/alice/.zsh_history\"\n\
         \x20     +HISTFILE=\"/home/alice/.config/zsh/.zsh_history\"\n\
         \x20 - .gone  (1 line)\n\
         \x20 ~ .rc\n\
         \x20     @@ -1,2 +1,2 @@\n\
         \x20      a\n\
         \x20     -b\n\
         \x20     +c\n\
         \x20 + bin  (2 lines)\n\
         left behind\n\
         \x20 ~/.zsh_history stays where it was; .config/zsh/.zshrc now points to ~/.config/zsh/.zsh_history\n\
         4 files changed\n"
    );
}

#[test]
fn a_text_that_makes_way_for_another_is_found_where_it_went() {
    let old = "one\ntwo\nthree\nfour\n";
    let before = home([(".zshenv", managed('0', ".zshenv", old))]);
    let path = ".config/zsh/.zshenv";
    let after = home([
        (".zshenv", managed('1', ".zshenv", "source x\n")),
        (path, managed('1', path, &format!("{old}five\n"))),
    ]);
    let text = show(&before, &after);
    has(&text, "> .zshenv -> .config/zsh/.zshenv\n");
    has(&text, "~ .zshenv\n      +source x\n");
}

#[test]
fn types_modes_owners_links_and_digests_are_told() {
    let digest = |sha: &str| EntryKind::File(digest(70_000, &sha.repeat(64)));
    let before = home([
        ("mode", file("x")),
        ("owner", file("x")),
        ("type", file("x")),
        ("large", entry(digest("a"), 0o644)),
    ]);
    let mut after = before.clone();
    let entries = &mut alice(&mut after).home.entries;
    entries.get_mut("mode").unwrap().mode = 0o4755;
    entries.get_mut("owner").unwrap().owner = "root".into();
    entries.insert("type".into(), directory());
    entries.insert("large".into(), entry(digest("b"), 0o644));
    let group = entries.get_mut("large").unwrap();
    group.group = "users".into();
    group.attributes.insert("user.x".into(), "1".into());
    let text = show(&before, &after);
    for line in [
        "~ mode  (mode 0644 -> 4755)",
        "~ owner  (owner alice -> root)",
        "~ type  (file -> directory, mode 0644 -> 0755)",
        "~ large  (group alice -> users, attribute user.x none -> 1, 70000 bytes, sha256 aaaaaaaaaaaaaaaa -> 70000 bytes, sha256 bbbbbbbbbbbbbbbb)",
    ] {
        has(&text, line);
    }
}

#[test]
fn a_file_that_replaces_a_managed_link_is_told() {
    let [before, after] = [managed('0', ".rc", "a\n"), file("a\n")].map(|rc| home([(".rc", rc)]));
    has(
        show(&before, &after),
        "~ .rc  (link -> file, mode 0444 -> 0644)\n",
    );
}

#[test]
fn generations_that_go_on_are_counted_and_others_are_told() {
    let seen = |numbers: &[u32], current| {
        with(|user| {
            user.generations.numbers = numbers.to_vec();
            user.generations.current = Some(current);
            for number in numbers {
                let path = format!(".local/state/nix/profiles/home-manager-{number}-link");
                user.home.entries.insert(path, file(""));
            }
        })
    };
    let (first, second) = (seen(&[1], 1), seen(&[1, 2], 2));
    assert_eq!(
        show(&first, &second),
        "nothing changed; 2 generation links\n"
    );
    let text = show(&second, &seen(&[1, 2], 1));
    has(
        text,
        "generations\n  2 generations, current 2 -> 2 generations, current 1\n",
    );
    assert_ne!(Change::between(&first, &second, true), Change::default());
}

#[test]
fn variables_are_told_by_kind_of_session_and_once() {
    let [before, after] = ["vi", "vim"].map(|editor| {
        with(|user| {
            set(user, Session::Login, "EDITOR", editor);
            set(user, Session::Service, "EDITOR", editor);
        })
    });
    let told = "session\n  ~ EDITOR=vi -> vim  (login, service)\n1 variable changed\n";
    assert_eq!(show(&before, &after), told);
    let path = format!("/home/alice/bin:{BIN}:/usr/bin");
    let text = of(|user| set(user, Session::Login, "PATH", &path));
    has(text, "~ PATH\n      + /home/alice/bin\n");
}

#[test]
fn a_unit_is_told_with_the_file_that_defines_it() {
    let path = ".config/systemd/user/a.service";
    let seen = |digit, command: &str, state, active: &str, sub: &str| {
        let unit = UnitSeen {
            state,
            active_state: active.into(),
            sub_state: sub.into(),
            enabled: "enabled".into(),
        };
        with(|user| {
            let text = format!("[Service]\nExecStart={command}\n");
            user.home.entries = [(path.into(), managed(digit, path, &text))].into();
            user.units = Some([("a.service".into(), unit)].into());
        })
    };
    let text = show(
        &seen('0', "a", UnitState::Active, "active", "running"),
        &seen('1', "b", UnitState::Failed, "failed", "failed"),
    );
    has(
        &text,
        "units\n  ~ a.service: active (running, enabled) -> failed (failed, enabled)\n    ~ .config",
    );
    has(&text, "-ExecStart=a\n");
    assert!(text.ends_with("\n1 unit changed\n"), "{text}");
}

#[test]
fn names_with_escapes_stay_on_their_line() {
    let text = of(|user| {
        let name = crate::text::escape_name(b"a\nb\x1b[31m");
        user.home.entries.insert(name, file("x\u{1b}]0;t\u{7}\n"));
        set(user, Session::Login, "X", "a\nb\u{1b}[2J\tc");
    });
    has(&text, "+ a\\nb\\x1b[31m");
    has(&text, "+ X=a\\nb\\x1b[2J\\tc\n");
    lacks(text, &["\u{1b}"]);
}

#[test]
fn warnings_and_messages_are_compared_only_where_both_sides_evaluated() {
    let mut before = observation();
    before.warnings = vec!["old".into(), "both".into()];
    before.output.stdout = "Starting Home Manager activation\nActivating a\n".into();
    let mut after = observation();
    after.warnings = vec!["both".into(), "new\nand more".into()];
    after.output.stdout = "Starting Home Manager activation\nActivating b\nbuilding 'x'\n".into();
    after.output.stderr = "error:\n   … while\n       error: no such thing\n".into();
    after.output.status = 1;
    assert_eq!(
        show(&before, &after),
        "exit status 0 -> 1\n\
         warnings\n  - old\n  + new\n    and more\n\
         messages\n  - Activating a\n  + error: no such thing\n  + Activating b\n\
         2 warnings, 3 messages, 1 exit status changed\n"
    );
    assert_eq!(Change::between(&before, &after, false), Change::default());
}

#[test]
fn many_files_of_one_folder_are_told_by_their_number() {
    let text = of(|user| {
        user.home.entries.insert("pack".into(), directory());
        for number in 0..50 {
            let path = format!("pack/{number:02}");
            user.home.entries.insert(path, file(&format!("{number}\n")));
        }
    });
    let told = "files\n  + pack/  (50 paths; `--whole` lists them)\n50 files changed\n";
    assert_eq!(text, told);
}

#[test]
fn a_change_comes_back_from_json_as_it_was() {
    let after = super::sample::large(300, '1');
    let change = Change::between(&super::sample::large(300, '0'), &after, true);
    assert_eq!(change.counts().files, 3);
    let text = serde_json::to_string(&change).unwrap();
    assert_eq!(serde_json::from_str::<Change>(&text).unwrap(), change);
}

#[test]
fn a_user_who_came_is_told() {
    let mut after = observation();
    let seen = alice(&mut after).clone();
    after.users.insert("bob".into(), seen);
    let text = show(&observation(), &after);
    assert!(text.starts_with("the user bob came\n"), "{text}");
}
