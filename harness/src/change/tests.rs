//! Changes of observations made by hand.

use super::sample::{BIN, alice, directory, entry, file, managed, observation, program, stored};
use super::*;
use crate::model::{Profile, Session, UnitState};
use crate::observe::{Content, EntryKind, Observation, OwnFile, ProfilePackage, UnitSeen};

fn show(before: &Observation, after: &Observation) -> String {
    Change::between(before, after, true).show(ShowOptions::default())
}

/// A change, and the change back, of what `edit` does to alice.
fn of(edit: impl FnOnce(&mut crate::observe::UserSeen)) -> String {
    let before = observation();
    let mut after = before.clone();
    edit(alice(&mut after));
    show(&before, &after)
}

#[test]
fn equal_observations_have_no_change() {
    let mut seen = observation();
    alice(&mut seen).home.entries.insert("a".into(), file("a"));
    let change = Change::between(&seen, &seen, true);
    assert_eq!(change, Change::default());
    assert_eq!(change.show(ShowOptions::default()), "nothing changed\n");
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
    let mut before = observation();
    alice(&mut before).programs = vec![program("git", "git", "2.47")];
    let mut after = before.clone();
    alice(&mut after)
        .programs
        .push(program("scalar", "git", "2.47"));
    assert!(show(&before, &after).contains("[C] git 2.47  (user's profile): +scalar\n"));
}

#[test]
fn a_program_of_the_setups_own_is_compared_as_a_file_is() {
    let script = |text: &str| {
        let mut seen = observation();
        let mut deploy = program("deploy", "deploy", "");
        deploy.own = Some(OwnFile::File(Content::Text(text.into())));
        alice(&mut seen).programs = vec![deploy];
        seen
    };
    let text = show(
        &script("#!/bin/sh\nrsync a b\n"),
        &script("#!/bin/sh\nrm -rf /\n"),
    );
    assert!(text.contains(&format!("  ~ {BIN}/deploy\n")), "{text}");
    assert!(text.contains("+rm -rf /\n"), "{text}");
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
    let with = |packages: &[ProfilePackage]| {
        let mut seen = observation();
        alice(&mut seen).packages = packages.into();
        seen
    };
    let text = show(
        &with(&[held("dejavu-fonts", "2.37", &[]), held("icons", "1", &[])]),
        &with(&[
            held("dejavu-fonts", "2.38", &[]),
            held("man-pages", "6", &[]),
        ]),
    );
    for line in [
        "[U] dejavu-fonts 2.37 -> 2.38  (user's profile)\n",
        "[R] icons 1  (user's profile)\n",
        "[A] man-pages 6  (user's profile)\n",
    ] {
        assert!(text.contains(line), "no {line}in {text}");
    }
}

#[test]
fn a_variable_that_a_session_has_is_told_once() {
    let with = |exported: &str, session: &str| {
        let mut seen = observation();
        let file = format!("export A=1\nexport EDITOR=\"{exported}\"\n");
        let files: &[(&str, &str)] = &[("etc/profile.d/hm-session-vars.sh", &file)];
        let alice = alice(&mut seen);
        alice.packages = vec![held("hm-session-vars.sh", "", files)];
        let login = alice.sessions.get_mut(&Session::Login).unwrap();
        login.insert("EDITOR".into(), session.into());
        seen
    };
    let text = show(&with("vi", "vi"), &with("nano", "nano"));
    assert!(
        text.contains("EDITOR") && !text.contains("hm-session-vars"),
        "{text}"
    );
    let text = show(&with("vi", "vi"), &with("nano", "vi"));
    assert!(text.contains("+export EDITOR=\"nano\"\n"), "{text}");
}

#[test]
fn files_of_the_setups_own_packages_are_compared() {
    let with = |files: &[(&str, &str)]| {
        let mut seen = observation();
        alice(&mut seen).packages = vec![held("vars", "", files)];
        seen
    };
    let text = show(
        &with(&[
            ("etc/a", "LANG=C\n"),
            ("etc/old", "x\n"),
            ("etc/same", "s\n"),
        ]),
        &with(&[
            ("etc/a", "LANG=de\n"),
            ("etc/new", "y\n"),
            ("etc/same", "s\n"),
        ]),
    );
    for line in [
        "~ vars/etc/a\n",
        "+LANG=de\n",
        "+ vars/etc/new",
        "- vars/etc/old",
    ] {
        assert!(text.contains(line), "no {line} in {text}");
    }
    assert!(!text.contains("same"), "{text}");
}

#[test]
fn what_hides_and_what_is_hidden_is_told_once() {
    let mut before = observation();
    alice(&mut before)
        .system_programs
        .insert("git".into(), "/usr/bin".into());
    let mut after = before.clone();
    alice(&mut after).programs = vec![program("git", "git", "2.47")];
    let text = show(&before, &after);
    assert!(
        text.contains(&format!("[S] git is run from {BIN}, was from /usr/bin\n")),
        "{text}"
    );
    let mut hidden = after.clone();
    alice(&mut hidden).programs[0].shadowed_by = Some("/usr/bin".into());
    let text = show(&after, &hidden);
    assert_eq!(
        text,
        format!("programs\n  [S] git of {BIN} is shadowed by /usr/bin\n1 program changed\n")
    );
}

#[test]
fn another_build_of_the_same_version_is_counted_and_listed_when_asked_for() {
    let mut before = observation();
    let user = alice(&mut before);
    user.programs = vec![program("jq", "jq", "1.7")];
    user.home.entries.insert(
        ".rc".into(),
        managed(
            '0',
            ".rc",
            &format!("use {}/lib\n", stored('0', "zlib-1.3")),
        ),
    );
    let mut after = before.clone();
    let user = alice(&mut after);
    user.programs[0].store_path = Some(stored('1', "jq-1.7"));
    user.home.entries.insert(
        ".rc".into(),
        managed(
            '1',
            ".rc",
            &format!("use {}/lib\n", stored('1', "zlib-1.3")),
        ),
    );
    let change = Change::between(&before, &after, true);
    assert_eq!(
        change.show(ShowOptions::default()),
        "nothing changed; 2 rebuilt (`--rebuilt` lists them)\n"
    );
    assert!(!change.is_equal());
    let all = change.show(ShowOptions {
        rebuilt: true,
        ..ShowOptions::default()
    });
    assert!(
        all.contains("  jq-1.7  ") && all.contains("  zlib-1.3  "),
        "{all}"
    );
    // What is another one for any other configuration is kept, and not counted.
    assert!(change.users["alice"].rebuilt.iter().any(|it| it.is_product));
}

#[test]
fn files_come_go_differ_and_move_with_their_difference_inside() {
    let text = |dir: &str| {
        let lines: String = (0..9).map(|line| format!("line {line}\n")).collect();
        format!("{lines}HISTFILE=\"/home/alice/{dir}.zsh_history\"\n")
    };
    let mut before = observation();
    let entries = &mut alice(&mut before).home.entries;
    entries.insert(".gone".into(), file("gone\n"));
    entries.insert(".rc".into(), managed('0', ".rc", "a\nb\n"));
    entries.insert(".zshrc".into(), managed('0', ".zshrc", &text("")));
    entries.insert(".zsh_history".into(), file("ls\n"));
    let mut after = before.clone();
    let entries = &mut alice(&mut after).home.entries;
    entries.remove(".gone");
    entries.remove(".zshrc");
    entries.insert("bin".into(), file("x\ny\n"));
    entries.insert(".rc".into(), managed('1', ".rc", "a\nc\n"));
    entries.insert(".config".into(), directory());
    entries.insert(".config/zsh".into(), directory());
    let path = ".config/zsh/.zshrc";
    entries.insert(path.into(), managed('1', path, &text(".config/zsh/")));
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
    let mut before = observation();
    alice(&mut before)
        .home
        .entries
        .insert(".zshenv".into(), managed('0', ".zshenv", old));
    let mut after = observation();
    let entries = &mut alice(&mut after).home.entries;
    entries.insert(".zshenv".into(), managed('1', ".zshenv", "source x\n"));
    let path = ".config/zsh/.zshenv";
    entries.insert(path.into(), managed('1', path, &format!("{old}five\n")));
    let text = show(&before, &after);
    assert!(
        text.contains("> .zshenv -> .config/zsh/.zshenv\n"),
        "{text}"
    );
    assert!(text.contains("~ .zshenv\n      +source x\n"), "{text}");
}

#[test]
fn types_modes_owners_links_and_digests_are_told() {
    let mut before = observation();
    let entries = &mut alice(&mut before).home.entries;
    entries.insert("mode".into(), file("x"));
    entries.insert("owner".into(), file("x"));
    entries.insert("type".into(), file("x"));
    let digest = |sha: &str| {
        EntryKind::File(Content::Digest {
            size: 70_000,
            sha256: sha.repeat(64),
            without_hashes: None,
            by_extents: false,
        })
    };
    entries.insert("large".into(), entry(digest("a"), 0o644));
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
        assert!(text.contains(line), "{line}\n{text}");
    }
}

#[test]
fn a_file_that_replaces_a_managed_link_is_told() {
    let mut before = observation();
    alice(&mut before)
        .home
        .entries
        .insert(".rc".into(), managed('0', ".rc", "a\n"));
    let mut after = observation();
    alice(&mut after)
        .home
        .entries
        .insert(".rc".into(), file("a\n"));
    assert!(show(&before, &after).contains("~ .rc  (link -> file, mode 0444 -> 0644)\n"));
}

#[test]
fn generations_that_go_on_are_counted_and_others_are_told() {
    let seen = |numbers: &[u32], current| {
        let mut seen = observation();
        let user = alice(&mut seen);
        user.generations.numbers = numbers.to_vec();
        user.generations.current = Some(current);
        for number in numbers {
            let path = format!(".local/state/nix/profiles/home-manager-{number}-link");
            user.home.entries.insert(path, file(""));
        }
        seen
    };
    assert_eq!(
        show(&seen(&[1], 1), &seen(&[1, 2], 2)),
        "nothing changed; 2 generation links\n"
    );
    let text = show(&seen(&[1, 2], 2), &seen(&[1, 2], 1));
    assert!(
        text.contains("generations\n  2 generations, current 2 -> 2 generations, current 1\n"),
        "{text}"
    );
    assert_ne!(
        Change::between(&seen(&[1], 1), &seen(&[1, 2], 2), true),
        Change::default()
    );
}

#[test]
fn variables_are_told_by_kind_of_session_and_once() {
    let set = |user: &mut crate::observe::UserSeen, session, value: &str| {
        let variables = user.sessions.entry(session).or_default();
        variables.insert("EDITOR".into(), value.into());
    };
    let mut before = observation();
    set(alice(&mut before), Session::Login, "vi");
    set(alice(&mut before), Session::Service, "vi");
    let mut after = before.clone();
    set(alice(&mut after), Session::Login, "vim");
    set(alice(&mut after), Session::Service, "vim");
    let text = show(&before, &after);
    assert_eq!(
        text,
        "session\n  ~ EDITOR=vi -> vim  (login, service)\n1 variable changed\n"
    );
    let text = of(|user| {
        let login = user.sessions.get_mut(&Session::Login).unwrap();
        login.insert("PATH".into(), format!("/home/alice/bin:{BIN}:/usr/bin"));
    });
    assert!(text.contains("~ PATH\n      + /home/alice/bin\n"), "{text}");
}

#[test]
fn a_unit_is_told_with_the_file_that_defines_it() {
    let unit = |state, active: &str, sub: &str| UnitSeen {
        state,
        active_state: active.into(),
        sub_state: sub.into(),
        enabled: "enabled".into(),
    };
    let mut before = observation();
    let user = alice(&mut before);
    let path = ".config/systemd/user/a.service";
    user.home
        .entries
        .insert(path.into(), managed('0', path, "[Service]\nExecStart=a\n"));
    user.units = Some(
        [(
            "a.service".into(),
            unit(UnitState::Active, "active", "running"),
        )]
        .into(),
    );
    let mut after = before.clone();
    let user = alice(&mut after);
    user.home
        .entries
        .insert(path.into(), managed('1', path, "[Service]\nExecStart=b\n"));
    user.units = Some(
        [(
            "a.service".into(),
            unit(UnitState::Failed, "failed", "failed"),
        )]
        .into(),
    );
    let text = show(&before, &after);
    assert!(
        text.starts_with(
            "units\n  ~ a.service: active (running, enabled) -> failed (failed, enabled)\n    ~ .config"
        ),
        "{text}"
    );
    assert!(text.contains("-ExecStart=a\n"), "{text}");
    assert!(text.ends_with("\n1 unit changed\n"), "{text}");
}

#[test]
fn names_with_escapes_stay_on_their_line() {
    let text = of(|user| {
        let name = crate::text::escape_name(b"a\nb\x1b[31m");
        user.home.entries.insert(name, file("x\u{1b}]0;t\u{7}\n"));
        let login = user.sessions.get_mut(&Session::Login).unwrap();
        login.insert("X".into(), "a\nb\u{1b}[2J\tc".into());
    });
    assert!(text.contains("+ a\\nb\\x1b[31m"), "{text}");
    assert!(text.contains("+ X=a\\nb\\x1b[2J\\tc\n"), "{text}");
    assert!(!text.contains('\u{1b}'));
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
    assert_eq!(
        text,
        "files\n  + pack/  (50 paths; `--whole` lists them)\n50 files changed\n"
    );
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
