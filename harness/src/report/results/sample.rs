//! Documents made by hand, for tests and benchmarks of the views: what a run of many cases comes to, and one in which
//! everything that others can name is hostile.

use serde::de::DeserializeOwned;
use serde_json::{Value, from_value, json};

use super::document::{CaseResult, FindingResult, Results, VerdictWord};
use super::seen::{ChangeResult, ContentResult, EntryResult, StateResult, UserResult};
use crate::change::{Change, sample as seen};

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
    results.run.host = Some(made(json!({
        "system": "linux x86_64", "cores": 2, "qemu": "10.0.2", "accelerator": "kvm",
        "guests": { "trixie": { "image": "0123456789abcdef", "versions": { "nix-bin": "2.26.3" } } },
    })));
    for number in 0..cases {
        let scenario = number / 8;
        let name = format!("{}-{scenario}", NAMES[scenario % NAMES.len()]);
        add_case(&mut results, &name, number % 8, number);
    }
    results.recount();
    results
}

/// A part of a document that is written as the document writes it.
fn made<T: DeserializeOwned>(value: Value) -> T {
    from_value(value).expect("the sample keeps to the schema")
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
    case.axes = made(json!([{ "name": HOSTILE, "value": HOSTILE }]));
    case.not_tested = vec![HOSTILE.into()];
    case.steps[0].inputs = made(json!({ HOSTILE: input() }));
    let detail = format!("--- expected\n+++ seen\n@@ -1 +1 @@\n-{HOSTILE}\n+```\n{HOSTILE}\n");
    case.findings = made(json!([{
        "step": case.steps[0].name, "file": HOSTILE, "line": 1, "message": HOSTILE, "detail": detail,
        "kind": "changed-snapshot", "snapshot": HOSTILE,
    }]));
    for state in results.states.values_mut() {
        state.warnings = vec![HOSTILE.into()];
        state.output = Some(made(json!({
            "status": 1, "stdout": HOSTILE, "stderr": HOSTILE, "truncated": true,
        })));
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

fn input() -> Value {
    json!({
        "address": "github:NixOS/nixpkgs/nixos-25.11",
        "revision": "0123456789012345678901234567890123456789",
    })
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
        if let Some(state) = results.states.get_mut(key) {
            state.shared_by += 1;
            continue;
        }
        let ran = !number.is_multiple_of(5);
        let status = i32::from(number % 31 == 3 && step == "switch-2");
        let mut state: StateResult = made(json!({
            "step": step, "parent": parent, "shared_by": 1, "ran": ran, "at_unix_s": 1_700_000_000, "took_s": 1.5,
            "output": {
                "status": status,
                "stdout": "Starting Home Manager activation\nActivating checkFilesChanged\nActivating linkGeneration\n",
                "stderr": "warning: Git tree is dirty\n",
                "truncated": false,
            },
        }));
        state.change = (step == "switch-2").then(|| ChangeResult::new(&switch, change(number)));
        if parent.is_some() {
            state
                .users
                .insert("alice".into(), user(results, number, step));
        }
        results.states.insert(key.clone(), state);
        if ran {
            results.spans.push(made(json!({
                "machine": number + 1, "case": id, "step": step, "state": key, "began_s": 0.45 * usize_s(number),
                "elapsed_s": 1.5,
            })));
        }
    }
    let file = format!("scenarios/{scenario}.yaml");
    let inputs = json!({ "nixpkgs": input() });
    let mut case: CaseResult = made(json!({
        "id": id, "scenario": scenario, "file": file, "description": "A home keeps its shell across releases",
        "axes": [{ "name": "stateVersion", "value": release }, { "name": "install", "value": install }],
        "network": "off", "only_built": false, "verdict": "passed", "elapsed_s": 3.0,
        "cached_unix_s": number.is_multiple_of(5).then_some(1_699_990_000),
        "steps": [
            { "name": "switch", "line": 13, "action": "switch", "state": switch, "inputs": inputs },
            { "name": "switch-2", "line": 21, "action": "switch", "state": again, "inputs": inputs },
        ],
        "commands": {
            "shell": format!("switchproof shell '{id}' {file} --at switch-2"),
            "run": format!("switchproof run {file} --filter '{id}'"),
        },
    }));
    spoil(&mut case, number);
    results.cases.push(case);
}

/// Gives some cases another verdict.
fn spoil(case: &mut CaseResult, number: usize) {
    let file = case.file.clone();
    let finding = |line, kind: &str, message: &str, detail: &str| -> FindingResult {
        made(json!({
            "step": "switch-2", "file": file, "line": line, "kind": kind, "message": message, "detail": detail,
        }))
    };
    case.verdict = match number % 31 {
        3 => {
            let message = "`.config/zsh/.zshrc`: expected it to contain `setopt autocd`";
            let unmet = finding(24, "unmet", message, "export ZDOTDIR=$HOME/.config/zsh\n");
            let message = "what was seen is not the snapshot snapshots/x/switch-2.snap";
            let detail = "--- expected\n+++ seen\n@@ -3,4 +3,5 @@\n home of alice\n   .zshenv -> generation\n-      | export ZDOTDIR=$HOME\n+      | export ZDOTDIR=$HOME/.config/zsh\n+  .config/zsh/.zshrc -> generation\n";
            let mut changed = finding(21, "changed-snapshot", message, detail);
            changed.snapshot = Some("snapshots/x/switch-2.snap".into());
            case.findings = vec![unmet, changed];
            case.commands.accept = Some(format!("{} --update", case.commands.run));
            VerdictWord::Failed
        }
        17 => {
            case.error = Some(made(json!({
                "message": "the guest stopped answering after 30 s; the console's tail:\n  [   12.3] Out of memory: Killed process 431 (nix)",
                "hint": "run `switchproof doctor`", "during": "switch-2",
            })));
            VerdictWord::Errored
        }
        23 => {
            case.reason = Some("interrupted (Ctrl-C)".into());
            VerdictWord::NotRun
        }
        _ => return,
    };
    case.cached_unix_s = None;
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
    let old = seen::managed('1', ".zshrc", &zshrc("$HOME/.zsh_history"));
    let own = seen::file("[user]\n");
    was.home.entries = [(".zshrc".into(), old), (".gitconfig".into(), own)].into();
    was.programs.push(seen::program("jq", "jq", "1.7.1"));
    let is = seen::alice(&mut after);
    let new = seen::managed('2', ".zshrc", &zshrc("$ZDOTDIR/history"));
    let prompt = seen::managed('3', "starship.toml", "add_newline = false\n");
    is.home.entries = [
        (".config".into(), seen::directory()),
        (".zshrc".into(), new),
        (".config/starship.toml".into(), prompt),
    ]
    .into();
    is.programs = vec![
        seen::program("jq", "jq", "1.8.1"),
        seen::program("starship", "starship", "1.23.0"),
    ];
    Change::between(&before, &after, false)
}

fn user(results: &mut Results, number: usize, step: &str) -> UserResult {
    let mut home = std::collections::BTreeMap::new();
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
    let folders = [
        ".config",
        ".config/git",
        ".config/zsh",
        ".local",
        ".local/state",
    ];
    for folder in folders {
        add(folder, None, false);
    }
    for name in 0..12 {
        let text = format!("# file {name}\nset option {}\n", number % 7);
        add(&format!(".config/program-{name}.conf"), Some(text), true);
    }
    let bashrc = format!("# after {step}\nexport EDITOR=vim\n");
    add(".bashrc", Some(bashrc), true);
    add("notes", Some("mine".into()), false);
    let mut user: UserResult = made(json!({
        "home_directory": "/home/alice", "home": {}, "path": ["/home/alice/.nix-profile/bin", "/usr/bin"],
        "packages": [
            { "package": "git", "version": "2.47.3", "profile": "user", "programs": ["git", "git-shell"] },
        ],
        "system_programs": 812,
        "sessions": { "login": { "EDITOR": "vim" } },
        "units": { "hello.service": { "state": "active", "systemd": "active (running)", "enabled": "enabled" } },
        "generations": { "numbers": [1, 2], "current": 2 },
        "commands": [
            { "command": "git --version", "session": "login", "provider": "user", "status": 0, "stdout": "git version 2.47.3\n", "stderr": "" },
        ],
    }));
    user.home = home;
    user
}

/// A number of cases as a number of seconds.
fn usize_s(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}
