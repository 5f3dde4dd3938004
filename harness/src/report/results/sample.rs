//! Documents made by hand, for tests and benchmarks of the views: what a run of many cases comes to, and one in which
//! everything that others can name is hostile.

use std::collections::BTreeMap;

use crate::change::{Change, sample as seen};

use super::document::{
    Axis, CaseResult, Commands, ErrorResult, FindingResult, FindingWord, GuestResult, HostResult,
    InputResult, Results, Span, StepResult, VerdictWord,
};
use super::seen::{
    ChangeResult, CommandResult, ContentResult, EntryResult, GenerationsResult, OutputResult,
    PackageResult, UnitResult, UserResult,
};

/// What ends elements, begins scripts, commands of runners and escape sequences, and turns the writing direction.
pub const HOSTILE: &str =
    "</script><img src=x onerror=alert(1)>\u{202e}`|*[x](y)\n::add-mask::x ##[error]y \u{7}&amp;";

/// Values of the two axes of a sample.
const RELEASES: [&str; 4] = ["24.05", "24.11", "25.05", "25.11"];
const INSTALLS: [&str; 2] = ["standalone", "nixos-module"];

/// A run of so many cases: some fail, one errors, one is not run, the others pass.
#[must_use]
pub fn sample(cases: usize) -> Results {
    let mut results = Results::new(1_700_000_000);
    results.run.elapsed_s = 95.5;
    results.run.host = Some(HostResult {
        system: "linux x86_64".into(),
        cores: 2,
        qemu: "10.0.2".into(),
        accelerator: "kvm".into(),
        guests: BTreeMap::from([(
            "trixie".into(),
            GuestResult {
                image: "0123456789abcdef".into(),
                versions: BTreeMap::from([("nix-bin".into(), "2.26.3".into())]),
            },
        )]),
    });
    for number in 0..cases {
        let (scenario, axes) = (number / 8, number % 8);
        add_case(
            &mut results,
            &format!("{}-{scenario}", NAMES[scenario % NAMES.len()]),
            axes,
            number,
        );
    }
    results.recount();
    results
}

const NAMES: [&str; 6] = [
    "first-switch",
    "zsh-dotdir",
    "git-signing",
    "user-units",
    "clobbered-file",
    "xdg-folders",
];

/// A run of one case whose every name and text is hostile.
#[must_use]
pub fn hostile() -> Results {
    let mut results = sample(1);
    let case = &mut results.cases[0];
    for text in [
        &mut case.id,
        &mut case.scenario,
        &mut case.description,
        &mut case.file,
        &mut case.commands.shell,
        &mut case.commands.run,
    ] {
        *text = HOSTILE.to_owned();
    }
    case.verdict = VerdictWord::Failed;
    case.axes = vec![Axis {
        name: HOSTILE.into(),
        value: HOSTILE.into(),
    }];
    case.not_tested = vec![HOSTILE.into()];
    case.steps[0].inputs = BTreeMap::from([(HOSTILE.into(), input())]);
    case.findings = vec![FindingResult {
        step: case.steps[0].name.clone(),
        file: HOSTILE.into(),
        line: 1,
        message: HOSTILE.into(),
        detail: format!("--- expected\n+++ seen\n@@ -1 +1 @@\n-{HOSTILE}\n+```\n{HOSTILE}\n"),
        change: None,
        kind: FindingWord::ChangedSnapshot,
        snapshot: Some(HOSTILE.into()),
    }];
    for state in results.states.values_mut() {
        state.warnings = vec![HOSTILE.into()];
        state.output = Some(OutputResult {
            status: 1,
            stdout: HOSTILE.into(),
            stderr: HOSTILE.into(),
            truncated: true,
        });
        let Some(mut user) = state.users.remove("alice") else {
            continue;
        };
        let entry = user.home.remove(".bashrc").unwrap_or_default();
        user.home.insert(HOSTILE.into(), entry);
        state.users.insert(HOSTILE.into(), user);
    }
    for text in results.texts.values_mut() {
        *text = HOSTILE.to_owned();
    }
    results.recount();
    results
}

fn input() -> InputResult {
    InputResult {
        address: Some("github:NixOS/nixpkgs/nixos-25.11".into()),
        revision: Some("0123456789012345678901234567890123456789".into()),
        replaced: false,
    }
}

fn add_case(results: &mut Results, scenario: &str, axes: usize, number: usize) {
    let (release, install) = (RELEASES[axes / 2], INSTALLS[axes % 2]);
    let id = format!("{scenario}[stateVersion={release},install={install}]");
    let prepare = format!("prepare-{scenario}-{install}");
    let switch = format!("switch-{number:04}");
    let again = format!("again-{number:04}");
    for (key, parent, step) in [
        (&prepare, None, "prepare"),
        (&switch, Some(&prepare), "switch"),
        (&again, Some(&switch), "switch-2"),
    ] {
        let is_new = !results.states.contains_key(key);
        let users = match parent {
            Some(_) => BTreeMap::from([("alice".to_owned(), user(results, number, step))]),
            None => BTreeMap::new(),
        };
        let state = results.states.entry(key.clone()).or_default();
        state.shared_by += 1;
        if !is_new {
            continue;
        }
        state.step = step.to_owned();
        state.change = (step == "switch-2").then(|| ChangeResult::new(&switch, change(number)));
        state.parent = parent.cloned();
        state.ran = !number.is_multiple_of(5);
        state.at_unix_s = Some(1_700_000_000);
        state.took_s = Some(1.5);
        state.users = users;
        state.output = Some(OutputResult {
            status: i32::from(number % 31 == 3 && step == "switch-2"),
            stdout: "Starting Home Manager activation\nActivating checkFilesChanged\nActivating linkGeneration\n".into(),
            stderr: "warning: Git tree is dirty\n".into(),
            truncated: false,
        });
        if state.ran {
            results.spans.push(Span {
                machine: number + 1,
                case: id.clone(),
                step: step.to_owned(),
                state: key.clone(),
                began_s: 0.45 * usize_s(number),
                elapsed_s: Some(1.5),
            });
        }
    }
    let step = |name: &str, line, state: &String| StepResult {
        name: name.to_owned(),
        line,
        action: "switch".into(),
        state: Some(state.clone()),
        inputs: BTreeMap::from([("nixpkgs".to_owned(), input())]),
    };
    let mut case = CaseResult {
        commands: Commands {
            shell: format!("switchproof shell '{id}' scenarios/{scenario}.yaml --at switch-2"),
            run: format!("switchproof run scenarios/{scenario}.yaml --filter '{id}'"),
            accept: None,
        },
        id,
        scenario: scenario.to_owned(),
        description: "A home keeps its shell across releases".into(),
        file: format!("scenarios/{scenario}.yaml"),
        axes: vec![
            Axis {
                name: "stateVersion".into(),
                value: release.into(),
            },
            Axis {
                name: "install".into(),
                value: install.into(),
            },
        ],
        network: "off".into(),
        sources: Vec::new(),
        only_built: false,
        law: None,
        laws_off: BTreeMap::new(),
        not_tested: Vec::new(),
        verdict: VerdictWord::Passed,
        cached_unix_s: number.is_multiple_of(5).then_some(1_699_990_000),
        elapsed_s: 3.0,
        findings: Vec::new(),
        error: None,
        reason: None,
        steps: vec![step("switch", 13, &switch), step("switch-2", 21, &again)],
    };
    spoil(&mut case, number);
    results.cases.push(case);
}

/// Gives some cases another verdict.
fn spoil(case: &mut CaseResult, number: usize) {
    let verdict = match number % 31 {
        3 => VerdictWord::Failed,
        17 => VerdictWord::Errored,
        23 => VerdictWord::NotRun,
        _ => return,
    };
    case.verdict = verdict;
    case.cached_unix_s = None;
    match verdict {
        VerdictWord::Failed => {
            case.findings = vec![
                FindingResult {
                    step: "switch-2".into(),
                    file: case.file.clone(),
                    line: 24,
                    message: "`.config/zsh/.zshrc`: expected it to contain `setopt autocd`".into(),
                    detail: "export ZDOTDIR=$HOME/.config/zsh\n".into(),
                    change: None,
        kind: FindingWord::Unmet,
                    snapshot: None,
                },
                FindingResult {
                    step: "switch-2".into(),
                    file: case.file.clone(),
                    line: 21,
                    message: "what was seen is not the snapshot snapshots/x/switch-2.snap".into(),
                    detail: "--- expected\n+++ seen\n@@ -3,4 +3,5 @@\n home of alice\n   .zshenv -> generation\n-      | export ZDOTDIR=$HOME\n+      | export ZDOTDIR=$HOME/.config/zsh\n+  .config/zsh/.zshrc -> generation\n".into(),
                    change: None,
        kind: FindingWord::ChangedSnapshot,
                    snapshot: Some("snapshots/x/switch-2.snap".into()),
                },
            ];
            case.commands.accept = Some(format!("{} --update", case.commands.run));
        }
        VerdictWord::Errored => {
            case.error = Some(ErrorResult {
                message: "the guest stopped answering after 30 s; the console's tail:\n  [   12.3] Out of memory: Killed process 431 (nix)".into(),
                hint: Some("run `switchproof doctor`".into()),
                during: Some("switch-2".into()),
            });
        }
        VerdictWord::NotRun => case.reason = Some("interrupted (Ctrl-C)".into()),
        VerdictWord::Passed => {}
    }
}

/// What a second switch changes: a file that moves with a changed line, a program with another version, and so on.
fn change(number: usize) -> Change {
    let mut before = seen::observation();
    let mut after = seen::observation();
    let zshrc = |history: &str| {
        format!(
            "setopt autocd\nHISTFILE={history}\nalias ll='ls -l'\nbindkey -e\n# case {number}\n"
        )
    };
    let was = seen::alice(&mut before);
    was.home.entries.insert(
        ".zshrc".into(),
        seen::managed('1', ".zshrc", &zshrc("$HOME/.zsh_history")),
    );
    was.home
        .entries
        .insert(".gitconfig".into(), seen::file("[user]\n"));
    was.programs.push(seen::program("jq", "jq", "1.7.1"));
    let is = seen::alice(&mut after);
    is.home.entries.insert(".config".into(), seen::directory());
    is.home.entries.insert(
        ".zshrc".into(),
        seen::managed('2', ".zshrc", &zshrc("$ZDOTDIR/history")),
    );
    is.home.entries.insert(
        ".config/starship.toml".into(),
        seen::managed('3', "starship.toml", "add_newline = false\n"),
    );
    is.programs.push(seen::program("jq", "jq", "1.8.1"));
    is.programs
        .push(seen::program("starship", "starship", "1.23.0"));
    Change::between(&before, &after, false)
}

fn user(results: &mut Results, number: usize, step: &str) -> UserResult {
    let mut home = BTreeMap::new();
    let mut add = |path: &str, text: Option<String>, is_link: bool| {
        let content = text.map(|text| {
            let id = blake3::hash(text.as_bytes()).to_hex()[..16].to_owned();
            results.texts.insert(id.clone(), text);
            ContentResult::Text(id)
        });
        let kind = match (&content, is_link) {
            (_, true) => "symlink",
            (None, _) => "directory",
            (Some(_), _) => "file",
        };
        let entry = EntryResult {
            kind: kind.into(),
            mode: Some(if content.is_some() { "0644" } else { "0755" }.into()),
            owner: "alice".into(),
            group: Some("alice".into()),
            target: is_link.then(|| format!("/nix/store/…-home-manager-files/{path}")),
            leads_to: is_link.then(|| "generation".into()),
            content,
            ..EntryResult::default()
        };
        home.insert(path.to_owned(), entry);
    };
    for folder in [
        ".config",
        ".config/git",
        ".config/zsh",
        ".local",
        ".local/state",
    ] {
        add(folder, None, false);
    }
    for name in 0..12 {
        let text = format!("# file {name}\nset option {}\n", number % 7);
        add(&format!(".config/program-{name}.conf"), Some(text), true);
    }
    add(
        ".bashrc",
        Some(format!("# after {step}\nexport EDITOR=vim\n")),
        true,
    );
    add("notes", Some("mine".into()), false);
    UserResult {
        home_directory: "/home/alice".into(),
        home,
        path: vec!["/home/alice/.nix-profile/bin".into(), "/usr/bin".into()],
        packages: vec![PackageResult {
            package: "git".into(),
            version: "2.47.3".into(),
            profile: Some("user".into()),
            programs: vec!["git".into(), "git-shell".into()],
            shadowed: BTreeMap::new(),
        }],
        system_programs: 812,
        sessions: BTreeMap::from([(
            "login".into(),
            BTreeMap::from([("EDITOR".into(), "vim".into())]),
        )]),
        units: Some(BTreeMap::from([(
            "hello.service".into(),
            UnitResult {
                state: "active".into(),
                systemd: "active (running)".into(),
                enabled: "enabled".into(),
            },
        )])),
        generations: GenerationsResult {
            numbers: vec![1, 2],
            current: Some(2),
        },
        commands: vec![CommandResult {
            command: "git --version".into(),
            session: "login".into(),
            status: 0,
            stdout: "git version 2.47.3\n".into(),
            stderr: String::new(),
        }],
        ..UserResult::default()
    }
}

/// A number of cases as a number of seconds.
fn usize_s(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}
