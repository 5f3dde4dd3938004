//! What the language means.

use super::{cases, mistakes, with_home, with_steps};
use crate::language::render;
use crate::model::{
    Action, Check, Edit, FileProperty, FileState, FileType, Install, Outcome, PackageState,
    Profile, SeedFile, Session, TargetKind, TextMatch, UnitState,
};

#[test]
fn steps_are_named_by_their_words() {
    let all = cases(&with_steps(
        "- switch\n- relogin\n- switch\n- switch:\n  name: third\n- reboot",
    ));
    let names: Vec<&str> = all[0].steps.iter().map(|step| step.name.as_str()).collect();
    assert_eq!(names, ["switch", "relogin", "switch-2", "third", "reboot"]);
    let snapshots: Vec<bool> = all[0].steps.iter().map(|step| step.snapshot).collect();
    assert_eq!(snapshots, [true, false, true, true, false]);
    assert_eq!(all[0].steps[2].line, 7);
}

#[test]
fn every_step_has_its_action() {
    let all = cases(&with_steps(
        "- seed: { files: { .bashrc: x, run.sh: { text: y, executable: true }, l: { link: /x }, d: { directory: true } } }
- switch: { dryRun: true, backup: bak }
- switch: { inputs: { nixpkgs: path:/x } }
- switch
- build
- rollback
- generation: 1
- run: id
- run: { command: id, user: root }
- run: { command: env, session: service }
- edit: { path: .bashrc, append: \"x\\n\" }
- edit: { path: .bashrc, replace: x }
- edit: { path: .bashrc, remove: true }
- uninstall
- collect-garbage
- collect-garbage: alice",
    ));
    let actions: Vec<&Action> = all[0].steps.iter().map(|step| &step.action).collect();
    let Action::Seed { user, files } = actions[0] else {
        panic!("a seed");
    };
    assert_eq!(user, "alice");
    assert_eq!(
        files["l"],
        SeedFile::Symlink {
            target: "/x".to_owned()
        }
    );
    assert_eq!(files["d"], SeedFile::Directory);
    assert!(
        matches!(&files["run.sh"], SeedFile::Regular { executable: true, bytes } if bytes == b"y")
    );
    assert!(
        matches!(actions[1], Action::Switch(one) if one.dry_run && one.backup_extension.as_deref() == Some("bak"))
    );
    assert!(
        matches!(actions[2], Action::Switch(one) if one.override_inputs["nixpkgs"] == "path:/x")
    );
    assert!(
        matches!(actions[3], Action::Switch(one) if one.output == "alice" && one.target.install == Install::Standalone)
    );
    assert!(matches!(actions[4], Action::Build(_)));
    assert!(
        matches!(actions[5], Action::Rollback(target) if target.user.as_deref() == Some("alice"))
    );
    assert!(matches!(actions[6], Action::Generation { number: 1, .. }));
    assert!(matches!(
        actions[7],
        Action::Run {
            user: Some(_),
            session: Session::Login,
            ..
        }
    ));
    assert!(matches!(actions[8], Action::Run { user: None, .. }));
    assert!(matches!(
        actions[9],
        Action::Run {
            session: Session::Service,
            ..
        }
    ));
    assert!(matches!(
        actions[10],
        Action::Edit {
            change: Edit::Append(_),
            ..
        }
    ));
    assert!(matches!(
        actions[11],
        Action::Edit {
            change: Edit::Replace(_),
            ..
        }
    ));
    assert!(matches!(
        actions[12],
        Action::Edit {
            change: Edit::Remove,
            ..
        }
    ));
    assert!(matches!(actions[13], Action::Uninstall { .. }));
    assert!(matches!(actions[14], Action::CollectGarbage { user: None }));
    assert!(matches!(
        actions[15],
        Action::CollectGarbage { user: Some(_) }
    ));
}

#[test]
fn every_expectation_has_its_check() {
    let all = cases(&with_steps(
        "- switch:
  fails: [one, two]
  deadline: 2m
  expect:
    packages: { git: { version: \"2.47\", profile: per-user }, jq: absent, hello: }
    files:
      a: { type: symlink, leadsTo: generation, mode: \"0644\", executable: false, owner: alice, contains: [x, y], lacks: z, matches: ^q, text: t, target: { contains: /nix }}
      b: absent
    environment: { EDITOR: vim, PAGER: { unset: true, session: service }, P: { contains: [x, y], session: non-interactive } }
    commands: [\"true\", { run: \"false\", exit: 1, stderr: oops, stdout: { lacks: x } }]
    units: { a.service: failed }
    output: { contains: [a, b], lacks: c }
    warnings: []
    generations: { count: 2, current: 1 }
    noLeftovers: [backup, bak]",
    ));
    let step = &all[0].steps[0];
    assert_eq!(
        step.outcome,
        Outcome::Fails {
            says: vec!["one".to_owned(), "two".to_owned()]
        }
    );
    assert_eq!(step.deadline_s, 120);
    assert!(
        step.expect
            .iter()
            .all(|one| one.user.as_deref() == Some("alice"))
    );
    let checks: Vec<&Check> = step.expect.iter().map(|one| &one.check).collect();
    let has =
        |wanted: &Check| assert!(checks.contains(&wanted), "{wanted:?} is not in {checks:#?}");
    let name = |text: &str| text.to_owned();
    has(&Check::Package {
        name: name("git"),
        state: PackageState::Present {
            version: Some(name("2.47")),
            profile: Some(Profile::PerUser),
        },
    });
    has(&Check::Package {
        name: name("jq"),
        state: PackageState::Absent,
    });
    has(&Check::Package {
        name: name("hello"),
        state: PackageState::Present {
            version: None,
            profile: None,
        },
    });
    has(&Check::File {
        path: name("a"),
        state: FileState::Present(vec![
            FileProperty::Type(FileType::Symlink),
            FileProperty::Mode(0o644),
            FileProperty::Executable(false),
            FileProperty::Owner(name("alice")),
            FileProperty::Content(TextMatch::Equals(name("t"))),
            FileProperty::Content(TextMatch::Contains(name("x"))),
            FileProperty::Content(TextMatch::Contains(name("y"))),
            FileProperty::Content(TextMatch::Lacks(name("z"))),
            FileProperty::Content(TextMatch::Matches(name("^q"))),
            FileProperty::Target(TextMatch::Contains(name("/nix"))),
            FileProperty::TargetKind(TargetKind::Generation),
        ]),
    });
    has(&Check::File {
        path: name("b"),
        state: FileState::Absent,
    });
    has(&Check::Variable {
        name: name("EDITOR"),
        session: Session::Login,
        value: Some(TextMatch::Equals(name("vim"))),
    });
    has(&Check::Variable {
        name: name("PAGER"),
        session: Session::Service,
        value: None,
    });
    has(&Check::Variable {
        name: name("P"),
        session: Session::NonInteractive,
        value: Some(TextMatch::Contains(name("y"))),
    });
    has(&Check::Command {
        command: name("false"),
        session: Session::Login,
        exit: 1,
        stdout: vec![TextMatch::Lacks(name("x"))],
        stderr: vec![TextMatch::Contains(name("oops"))],
    });
    has(&Check::Unit {
        name: name("a.service"),
        state: UnitState::Failed,
    });
    has(&Check::Output(TextMatch::Contains(name("b"))));
    has(&Check::Warnings(Vec::new()));
    has(&Check::GenerationCount(2));
    has(&Check::CurrentGeneration(1));
    has(&Check::NoLeftovers([name("backup"), name("bak")].into()));
    assert_eq!(checks.len(), 19);
}

#[test]
fn nothing_in_a_setup_gets_out_of_its_place() {
    let all = cases(&with_home(
        "files:\n  \"a\\\"; ${builtins.abort \\\"out\\\"} \": \"''${x}\\n'${y}\\n\"\n  b: |\n    ${z}\n    ''\nsessionVariables: { X: \"\\\"; rm ${HOME} \\\\\" }",
    ));
    let flake = render(&all[0]);
    assert!(
        flake.contains(r#""a\"; \${builtins.abort \"out\"} ".text = "''\${x}\n'\${y}\n";"#),
        "{flake}"
    );
    assert!(flake.contains(r#"b.text = "\${z}\n''\n";"#), "{flake}");
    assert!(flake.contains(r#"X = "\"; rm \${HOME} \\";"#), "{flake}");
}

#[test]
fn a_step_may_change_the_setup_for_itself() {
    let all = cases(
        "name: t\nsetup:\n  home: { stateVersion: \"24.05\", packages: [git], files: { a: x, b: y } }\nsteps:
  - switch
  - switch: { setup: { home: { packages: [jq], files: { a: null, c: z } } } }
  - switch: { stateVersion: \"24.11\" }
  - switch\n",
    );
    let flakes: Vec<String> = all[0]
        .steps
        .iter()
        .map(|step| match &step.action {
            Action::Switch(switch) => match &switch.flake.files["flake.nix"] {
                SeedFile::Regular { bytes, .. } => String::from_utf8_lossy(bytes).into_owned(),
                _ => String::new(),
            },
            _ => String::new(),
        })
        .collect();
    assert!(
        flakes[1].contains("[ jq ]")
            && flakes[1].contains("c.text")
            && !flakes[1].contains("a.text"),
        "{}",
        flakes[1]
    );
    assert!(flakes[1].contains("b.text"));
    assert!(flakes[2].contains("\"24.11\""));
    assert_eq!(flakes[0], flakes[3]);
}

#[test]
fn a_mac_is_built_and_never_switched_to() {
    let all = cases(
        "name: t\nsetup: { install: darwin-module, home: { stateVersion: \"24.05\" } }\nsteps:
  - switch:
    expect: { packages: [git], warnings: [] }
  - rollback\n",
    );
    assert_eq!(all[0].steps.len(), 1);
    let step = &all[0].steps[0];
    assert!(matches!(&step.action, Action::Build(one) if one.output == "machine"));
    assert!(!step.snapshot);
    assert_eq!(step.expect.len(), 1);
    let flake = render(&all[0]);
    assert!(
        flake.contains("darwinConfigurations.machine = nix-darwin.lib.darwinSystem"),
        "{flake}"
    );
    assert!(flake.contains("x86_64-darwin"), "{flake}");
}

#[test]
fn a_flake_of_ones_own_is_copied_and_wrapped_for_another_state_version() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path().join("flakes/mine");
    std::fs::create_dir_all(home.join(".git")).expect("made");
    let flake = "{ inputs.home-manager.url = \"path:/x\"; outputs = { nixpkgs, ... }: { }; }";
    std::fs::write(home.join("flake.nix"), flake).expect("written");
    std::os::unix::fs::symlink("flake.nix", home.join("link")).expect("linked");
    std::os::unix::fs::symlink("/nix/store/x", home.join("result")).expect("linked");
    let file = folder.path().join("t.yaml");
    std::fs::write(
        &file,
        "name: t\nflake: ./flakes/mine#me\nsteps:\n  - switch\n  - switch: { stateVersion: \"24.11\", inputs: { nixpkgs: pocket } }\n",
    )
    .expect("written");
    let all = crate::language::load(&[folder.path().to_path_buf()]).expect("loads");
    let switches: Vec<_> = all[0]
        .steps
        .iter()
        .filter_map(|step| match &step.action {
            Action::Switch(switch) => Some(switch),
            _ => None,
        })
        .collect();
    let names: Vec<&String> = switches[0].flake.files.keys().collect();
    assert_eq!(names, ["flake.nix", "link"]);
    assert_eq!(switches[0].output, "me");
    let names: Vec<&String> = switches[1].flake.files.keys().collect();
    assert_eq!(names, ["flake.nix", "original/flake.nix", "original/link"]);
    assert!(switches[1].override_inputs.contains_key("original/nixpkgs"));
    let SeedFile::Regular { bytes, .. } = &switches[1].flake.files["flake.nix"] else {
        panic!("a file");
    };
    let wrapper = String::from_utf8_lossy(bytes);
    assert!(
        wrapper.contains("inputs.home-manager.follows = \"original/home-manager\";"),
        "{wrapper}"
    );
    let text = "name: t\nflake: ./flakes/mine\nsteps:\n  - switch: { inputs: { nixpkg: pocket } }\n  - switch: { inputs: { stylix: path:/x } }\n";
    std::fs::write(&file, text).expect("written");
    let found = crate::language::load(&[folder.path().to_path_buf()]).expect_err("refused");
    assert!(
        found
            .iter()
            .any(|one| one.line == 4 && one.hint.as_deref() == Some("did you mean `nixpkgs`?")),
        "{found:?}"
    );
    assert!(
        found.iter().any(|one| one.line == 5
            && one.message == "the flake has no input `stylix` to replace"
            && one
                .hint
                .as_deref()
                .is_some_and(|hint| hint.starts_with("it has `home-manager` and `nixpkgs`"))),
        "{found:?}"
    );
}

#[test]
fn nothing_in_a_changed_setup_removes_what_was_there() {
    let all = cases(
        "name: t\nsetup:\n  home: { stateVersion: \"24.05\", packages: [git], config: \"a.b = 1;\" }\nsteps:
  - switch: { setup: { home: { packages: null, config: null, stateVersion: null } } }
  - switch: { setup: { channel: pocket-24.05 } }\n",
    );
    let flake = render(&all[0]);
    let (first, second) = flake.split_once("# from step").expect("two flakes");
    for gone in ["pkgs; [", "a.b", "stateVersion"] {
        assert!(!first.contains(gone), "{gone} is in {first}");
    }
    assert!(
        second.contains("path:/etc/switchproof/pocket/24.05/nixpkgs"),
        "{second}"
    );
}

#[test]
fn packages_by_name_alone_are_a_file_of_the_pocket_channel() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("zig.yaml");
    let text =
        "name: zig\nstandIns: [zig, a.b]\nsetup: { home: { packages: [zig] } }\nsteps: [switch]\n";
    std::fs::write(&file, text).expect("written");
    let cases = crate::language::load(&[file]).expect("fine");
    let [channel] = cases[0].guest.channels.as_slice() else {
        panic!("one channel");
    };
    assert_eq!((channel.name.as_deref(), channel.sources.len()), (None, 0));
    let stand_ins = &channel.files.files["nixpkgs/stand-ins.json"];
    assert!(
        matches!(stand_ins, crate::model::SeedFile::Regular { bytes, .. } if bytes == br#"["a.b","zig"]"#)
    );
    // It is no channel of one's own, which would want more room.
    assert_eq!(cases[0].guest.memory_mib, None);
}

#[test]
fn a_command_knows_the_flake_and_its_variables() {
    let case = &cases(
        "name: x\nsetup: { install: nixos-module, home: {} }\nsteps:\n  - run: { command: 'ls $FLAKE', user: alice, env: { A: \"it's\" } }\n",
    )[0];
    let crate::model::Action::Run { command, .. } = &case.steps[0].action else {
        panic!("a command");
    };
    assert_eq!(
        command,
        "export A='it'\\''s'\nexport FLAKE=/etc/nixos\nls $FLAKE"
    );
}

#[test]
fn what_is_waited_for_can_change() {
    let all = cases(&with_steps(
        "  - switch:\n    expect: { within: 2m, output: b, units: { a.service: active } }",
    ));
    let within: Vec<Option<u32>> = all[0].steps[0]
        .expect
        .iter()
        .map(|one| one.within_s)
        .collect();
    assert_eq!(within, [Some(120), None], "what was printed stays as it is");
    let told = |entry: &str| mistakes(&with_steps(&format!("  - switch:\n    expect: {entry}")));
    let printed = told("{ within: 30s, output: b }");
    assert!(
        printed.contains("does not become anything else later (remove `within`)"),
        "{printed}"
    );
    let long = told("{ within: 11m, files: [a] }");
    assert!(
        long.contains("`11m` is no length of time to wait"),
        "{long}"
    );
}
