//! What the language means.

use super::{cases, with_home, with_steps};
use crate::language::{load, render};
use crate::model::{Action, SeedFile, Switch};
use crate::testing::{Folder, has, lacks, nix, switch};

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
fn a_home_is_where_the_scenario_has_it() {
    let text = |install: &str, step: &str| {
        format!(
            "name: t\nusers: {{ alice: {{ homeDirectory: /data/alice }} }}\nsetup:\n  install: {install}\n  users: \
             {{ alice: {{ stateVersion: \"24.05\" }}, bob: {{ stateVersion: \"24.05\" }} }}\nsteps: [{step}]\n"
        )
    };
    for (install, step, line) in [
        (
            "standalone",
            "switch: alice",
            "homeDirectory = \"/data/alice\";",
        ),
        ("nixos-module", "switch", "home = \"/data/alice\";"),
    ] {
        let all = cases(&text(install, step));
        let homes: Vec<String> = all[0].users.iter().map(|it| it.home_directory()).collect();
        assert_eq!(homes, ["/data/alice", "/home/bob"]);
        assert!(render(&all[0]).contains(line), "{}", render(&all[0]));
    }
}

#[test]
fn a_home_without_a_flake_has_channels() {
    let text = "name: t\nlaws: all\nsetup:\n  flake: false\n  allowUnfree: true\n  overlays: \"f: p: { }\"\n  channel: pocket-24.05\n  \
         inputs: { nixpkgs: pocket }\n  home: { stateVersion: \"24.05\" }\nsteps:\n  - switch\n  \
         - switch: { inputs: { home-manager: path:/srv/hm } }\n  - run: ls $FLAKE\n  - uninstall\n";
    let case = cases(text).remove(0);
    let pocket = "file:///etc/switchproof/pocket";
    let of = |step: usize| switch(&case, step).channels.clone();
    assert_eq!(of(0)["nixpkgs"], format!("{pocket}/nixpkgs.tar.gz"));
    assert_eq!(
        of(0)["home-manager"],
        format!("{pocket}/24.05/home-manager.tar.gz")
    );
    assert_eq!(of(1)["home-manager"], "file:///srv/hm.tar.gz");
    assert!(switch(&case, 1).override_inputs.is_empty());
    let rendered = render(&case);
    has(
        &rendered,
        &format!("# nix-channel --add {pocket}/nixpkgs.tar.gz nixpkgs\n"),
    );
    has(&rendered, "nixpkgs.config.allowUnfree = true;");
    has(&rendered, "nixpkgs.overlays = [ (f: p: { }) ];");
    lacks(&rendered, &["outputs"]);
    has(
        format!("{:?}", case.steps[2].action),
        "FLAKE=/srv/home-manager",
    );
    has(format!("{:?}", case.steps[3].action), "command: None");
    // The other way to install it is a system of a flake.
    let other = switch(&case, 0).other_way.as_ref().unwrap();
    has(
        nix(&other.flake),
        "url = \"path:/etc/switchproof/pocket/24.05/home-manager\"",
    );
}

#[test]
fn every_step_has_its_action() {
    let table = r#"
        seed: { files: { .bashrc: x, run.sh: { text: y, executable: true }, l: { link: /x }, d: { directory: true } } } => Seed { user: "alice", files: {".bashrc": Regular { bytes: [120], executable: false }, "d": Directory, "l": Symlink { target: "/x" }, "run.sh": Regular { bytes: [121], executable: true }} }
        switch: { dryRun: true, backup: bak } => backup_extension: Some("bak"), dry_run: true
        switch: { inputs: { nixpkgs: path:/x } } => override_inputs: {"nixpkgs": "path:/x"}
        switch => Switch(Switch { target: Target { install: Standalone, user: Some("alice")
        switch => output: "alice"
        build => Build(Switch {
        rollback => Rollback(Target { install: Standalone, user: Some("alice")
        generation: 1 => number: 1 }
        run: id => Run { command: "id", user: Some("alice"), session: Login }
        run: { command: id, user: root } => Run { command: "id", user: None, session: Login }
        run: { command: env, session: service } => user: Some("alice"), session: Service }
        edit: { path: .bashrc, append: "x\n" } => path: ".bashrc", change: Append("x\n") }
        edit: { path: .bashrc, replace: x } => path: ".bashrc", change: Replace("x") }
        edit: { path: .bashrc, remove: true } => path: ".bashrc", change: Remove }
        uninstall => Uninstall { target: Target { install: Standalone, user: Some("alice")
        collect-garbage => CollectGarbage { user: None }
        collect-garbage: alice => CollectGarbage { user: Some("alice") }
    "#;
    let rows: Vec<_> = table.trim().lines().collect();
    let rows = rows.iter().filter_map(|row| row.trim().split_once(" => "));
    let text: String = rows
        .clone()
        .map(|(text, _)| format!("- {text}\n"))
        .collect();
    let all = cases(&with_steps(&text));
    assert_eq!(all[0].steps.len(), 17);
    for (step, (_, made)) in all[0].steps.iter().zip(rows) {
        has(format!("{:?}", step.action), made);
    }
    let root = cases(
        "name: t\nsetup: { users: { root: {} } }\nsteps: [{ run: { command: id, user: root } }]\n",
    );
    let action = format!("{:?}", root[0].steps[0].action);
    has(action, "user: Some(\"root\"), session: Login");
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
    let said = format!("{:?}", step.outcome);
    assert_eq!(said, r#"Fails { says: ["one", "two"] }"#);
    assert_eq!(step.deadline_s, 120);
    let alice = Some("alice");
    assert!(step.expect.iter().all(|it| it.user.as_deref() == alice));
    let checks: Vec<String> = step
        .expect
        .iter()
        .map(|it| format!("{:?}", it.check))
        .collect();
    let wanted = [
        r#"Package { name: "git", state: Present { version: Some("2.47"), profile: Some(PerUser) } }"#,
        r#"Package { name: "hello", state: Present { version: None, profile: None } }"#,
        r#"Package { name: "jq", state: Absent }"#,
        r#"File { path: "a", state: Present([Type(Symlink), Mode(420), Executable(false), Owner("alice"), Content(Equals("t")), Content(Contains("x")), Content(Contains("y")), Content(Lacks("z")), Content(Matches("^q")), Target(Contains("/nix")), TargetKind(Generation)]) }"#,
        r#"File { path: "b", state: Absent }"#,
        r#"Variable { name: "EDITOR", session: Login, value: Some(Equals("vim")) }"#,
        r#"Variable { name: "P", session: NonInteractive, value: Some(Contains("x")) }"#,
        r#"Variable { name: "P", session: NonInteractive, value: Some(Contains("y")) }"#,
        r#"Variable { name: "PAGER", session: Service, value: None }"#,
        r#"Command { command: "true", without_guests: false, session: Login, exit: 0, stdout: [], stderr: [] }"#,
        r#"Command { command: "false", without_guests: false, session: Login, exit: 1, stdout: [Lacks("x")], stderr: [Contains("oops")] }"#,
        r#"Unit { name: "a.service", state: Failed }"#,
        r#"Output(Contains("a"))"#,
        r#"Output(Contains("b"))"#,
        r#"Output(Lacks("c"))"#,
        "Warnings([])",
        "GenerationCount(2)",
        "CurrentGeneration(1)",
        r#"NoLeftovers({"backup", "bak"})"#,
    ];
    assert_eq!(checks, wanted);
}

#[test]
fn nothing_in_a_setup_gets_out_of_its_place() {
    let all = cases(&with_home(
        "files:\n  \"a\\\"; ${builtins.abort \\\"out\\\"} \": \"''${x}\\n'${y}\\n\"\n  b: |\n    ${z}\n    ''\nsessionVariables: { X: \"\\\"; rm ${HOME} \\\\\" }",
    ));
    let flake = render(&all[0]);
    has(
        &flake,
        r#""a\"; \${builtins.abort \"out\"} ".text = "''\${x}\n'\${y}\n";"#,
    );
    has(&flake, r#"b.text = "\${z}\n''\n";"#);
    has(&flake, r#"X = "\"; rm \${HOME} \\";"#);
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
    let flakes = [0, 1, 2, 3].map(|step| nix(&switch(&all[0], step).flake));
    has(&flakes[1], "[ jq ]");
    has(&flakes[1], "c.text");
    lacks(&flakes[1], &["a.text"]);
    has(&flakes[1], "b.text");
    has(&flakes[2], "\"24.11\"");
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
    has(
        &flake,
        "darwinConfigurations.machine = nix-darwin.lib.darwinSystem",
    );
    has(&flake, "x86_64-darwin");
}

#[test]
fn a_flake_of_ones_own_is_copied_and_wrapped_for_another_state_version() {
    let flake = "{ inputs.home-manager.url = \"path:/x\"; outputs = { nixpkgs, ... }: { }; }";
    let text = "name: t\nflake: ./flakes/mine#me\nsteps:\n  - switch\n  - switch: { stateVersion: \"24.11\", inputs: { nixpkgs: pocket } }\n";
    let folder = Folder::with(&[("flakes/mine/flake.nix", flake), ("t.yaml", text)]);
    folder.directory("flakes/mine/.git");
    folder.link("flake.nix", "flakes/mine/link");
    folder.link("/nix/store/x", "flakes/mine/result");
    let all = load(&[folder.path().to_path_buf()]).expect("loads");
    let (own, wrapped) = (switch(&all[0], 0), switch(&all[0], 1));
    let names = |switch: &Switch| Vec::from_iter(switch.flake.files.keys().cloned());
    assert_eq!(names(own), ["flake.nix", "link"]);
    assert_eq!(own.output, "me");
    let original = ["flake.nix", "original/flake.nix", "original/link"];
    assert_eq!(names(wrapped), original);
    assert!(wrapped.override_inputs.contains_key("original/nixpkgs"));
    has(
        nix(&wrapped.flake),
        "inputs.home-manager.follows = \"original/home-manager\";",
    );
    let text = "name: t\nflake: ./flakes/mine\nsteps:\n  - switch: { inputs: { nixpkg: pocket } }\n  - switch: { inputs: { stylix: path:/x } }\n";
    folder.write("t.yaml", text);
    let found = load(&[folder.path().to_path_buf()]).expect_err("refused");
    let told: Vec<String> = found
        .iter()
        .map(|it| {
            let hint = it.hint.as_deref().unwrap_or_default();
            format!("{} {} ({hint})", it.line, it.message)
        })
        .collect();
    let is_near = |it: &String| it.starts_with("4 ") && it.ends_with("(did you mean `nixpkgs`?)");
    assert!(told.iter().any(is_near), "{told:?}");
    let fifth = "5 the flake has no input `stylix` to replace (it has `home-manager` and `nixpkgs`";
    has(told.join("\n"), fifth);
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
    lacks(first, &["pkgs; [", "a.b", "stateVersion"]);
    has(second, "path:/etc/switchproof/pocket/24.05/nixpkgs");
}

#[test]
fn packages_by_name_alone_are_a_file_of_the_pocket_channel() {
    let folder = Folder::new();
    let text =
        "name: zig\nstandIns: [zig, a.b]\nsetup: { home: { packages: [zig] } }\nsteps: [switch]\n";
    let cases = load(&[folder.write("zig.yaml", text)]).expect("fine");
    let [channel] = cases[0].guest.channels.as_slice() else {
        panic!("one channel");
    };
    assert_eq!((channel.name.as_deref(), channel.sources.len()), (None, 0));
    let stand_ins = &channel.files.files["nixpkgs/stand-ins.json"];
    assert!(matches!(stand_ins, SeedFile::Regular { bytes, .. } if bytes == br#"["a.b","zig"]"#));
    // It is no channel of one's own, which would want more room.
    assert_eq!(cases[0].guest.memory_mib, None);
}

#[test]
fn a_command_knows_the_flake_and_its_variables() {
    let case = &cases(
        "name: x\nsetup: { install: nixos-module, home: {} }\nsteps:\n  - run: { command: 'ls $FLAKE', user: alice, env: { A: \"it's\" } }\n",
    )[0];
    let command = "export A='it'\\''s'\nexport FLAKE=/etc/nixos\nls $FLAKE";
    has(
        format!("{:?}", case.steps[0].action),
        &format!("Run {{ command: {command:?}"),
    );
}

#[test]
fn what_is_waited_for_can_change() {
    let all = cases(&with_steps(
        "  - switch:\n    expect: { within: 2m, output: b, units: { a.service: active } }",
    ));
    let expect = all[0].steps[0].expect.iter();
    let within: Vec<Option<u32>> = expect.map(|it| it.within_s).collect();
    assert_eq!(within, [Some(120), None], "what was printed stays as it is");
}
