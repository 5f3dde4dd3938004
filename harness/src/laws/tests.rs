use super::*;
use crate::change::sample::*;
use crate::language::{LoadOptions, load_text};
use crate::model::*;
use crate::observe::{CommandSeen, EntryKind, LinkEnd, Program, UnitSeen};

/// In no project, which could choose other laws.
const FILE: &str = "/nowhere/t.yaml";
const ALICE: &str = "name: t\nsetup: { home: { stateVersion: \"24.05\" } }\n";

fn cases(rest: &str) -> Vec<Case> {
    let (cases, found) = load_text(FILE, &format!("{ALICE}{rest}"), &LoadOptions::default());
    assert!(found.is_empty(), "{found:?}");
    with_trials(cases)
}

fn cases_of_module(rest: &str) -> Vec<Case> {
    let text = format!("{ALICE}{rest}").replace("setup: {", "setup: { install: nixos-module,");
    let (cases, found) = load_text(FILE, &text, &LoadOptions::default());
    assert!(found.is_empty(), "{found:?}");
    with_trials(cases)
}

fn ids(rest: &str) -> Vec<String> {
    cases(rest).into_iter().map(|case| case.id).collect()
}

#[test]
fn every_case_with_a_switch_tries_the_laws_that_apply() {
    assert_eq!(
        ids("steps: [switch]\n"),
        ["t", "t:survives", "t:idempotent"]
    );
    let two = "steps: [switch, { switch: { stateVersion: \"24.11\" } }, reboot]\n";
    assert_eq!(
        ids(two),
        ["t", "t:survives", "t:idempotent", "t:reversible"]
    );
    let other_way = "steps: [switch, { switch: { backup: bak } }]\n";
    assert_eq!(ids(other_way), ["t", "t:survives", "t:idempotent"]);
    assert_eq!(ids("laws: [clean]\nsteps: [switch]\n"), ["t", "t:clean"]);
    assert_eq!(
        ids("laws: [reboots]\nsteps: [switch]\n"),
        ["t", "t:reboots"]
    );
    assert_eq!(ids("laws: [equal]\nsteps: [switch]\n"), ["t", "t:equal"]);
    assert_eq!(ids("laws: none\nsteps: [switch]\n"), ["t"]);
    assert_eq!(ids("steps: [build]\n"), ["t"]);
    assert_eq!(ids("steps: [{ switch: , fails: [] }]\n"), ["t"]);
    assert_eq!(ids("steps: [{ switch: { dryRun: true } }]\n"), ["t"]);
}

#[test]
fn a_law_begins_where_its_case_is_and_judges_its_own_step_alone() {
    let all = cases("steps: [{ switch: , expect: { files: [.x] } }, reboot]\n");
    let plan = crate::plan::Plan::new(all, |_| crate::plan::StateKey("base".into()));
    let (case, law) = (&plan.paths[0], &plan.paths[2]);
    assert_eq!(plan.cases[2].id, "t:idempotent");
    assert_eq!(case[..2], law[..2]);
    assert_eq!(law.len(), 3);
    let steps = &plan.cases[2].steps;
    assert_eq!(steps[0].part, Part::Way);
    assert!(!steps[0].has_snapshot());
    assert_eq!(steps[1].part, Part::Law);
    assert_eq!(plan[law[2]].probes, plan[law[1]].probes);
}

/// How a law is broken between two observations.
fn verdict(law: Law, before: &Observation, after: &Observation) -> Option<String> {
    let all = cases("laws: all\nsteps: [{ seed: { files: { mine: \"1\\n\" } } }, switch]\n");
    let case = all
        .into_iter()
        .find(|it| it.trial.as_ref().is_some_and(|it| it.law == law));
    let case = case.unwrap_or_else(|| panic!("no case tries {law:?}"));
    let trial = case.trial.clone().unwrap();
    judge(&case, &trial, before, after).map(|broken| broken.message)
}

#[test]
fn idempotent_counts_generations_too() {
    let before = observation();
    assert_eq!(verdict(Law::Idempotent, &before, &before), None);
    let mut after = observation();
    alice(&mut after).generations.numbers = vec![1, 2];
    let told = verdict(Law::Idempotent, &before, &after).unwrap();
    assert!(told.contains("1 generation link"), "{told}");
}

#[test]
fn a_login_may_learn_more_in_services_and_lose_nothing() {
    let unit = |state, word: &str| UnitSeen {
        state,
        active_state: word.into(),
        sub_state: word.into(),
        enabled: "enabled".into(),
    };
    let mut before = observation();
    let (mut more, mut less) = (observation(), observation());
    alice(&mut before).units =
        Some([("a.service".into(), unit(UnitState::Active, "running"))].into());
    alice(&mut more).units = alice(&mut before).units.clone();
    let service = |value: &str| [("EDITOR".to_owned(), value.to_owned())].into();
    alice(&mut before)
        .sessions
        .insert(Session::Service, service("vi"));
    alice(&mut more)
        .sessions
        .insert(Session::Service, service("vim"));
    let told = verdict(Law::Survives, &before, &more).unwrap();
    assert!(told.contains("1 variable"), "{told}");
    for seen in [&mut before, &mut more] {
        let login = alice(seen).sessions.get_mut(&Session::Login).unwrap();
        login.insert("EDITOR".into(), "vim".into());
    }
    assert_eq!(verdict(Law::Survives, &before, &more), None);
    assert_eq!(verdict(Law::Reboots, &before, &more), None);
    alice(&mut less).units = Some([("a.service".into(), unit(UnitState::Failed, "failed"))].into());
    let login = alice(&mut less).sessions.get_mut(&Session::Login).unwrap();
    login.insert("EDITOR".into(), "vi".into());
    let told = verdict(Law::Survives, &before, &less).unwrap();
    assert!(told.contains("1 variable, 1 unit changed"), "{told}");
}

#[test]
fn clean_knows_what_was_seeded_and_what_nix_keeps() {
    let mut after = observation();
    let home = &mut alice(&mut after).home.entries;
    home.insert("mine".into(), file("1\n"));
    home.insert(".local/state/nix/profiles/profile".into(), file("x"));
    assert_eq!(verdict(Law::Clean, &observation(), &after), None);
    let home = &mut alice(&mut after).home.entries;
    home.insert("mine".into(), file("2\n"));
    home.insert("mine.backup".into(), file("1\n"));
    let told = verdict(Law::Clean, &observation(), &after).unwrap();
    assert!(told.ends_with("mine is another one, and 1 more"), "{told}");
    alice(&mut after).home.entries.clear();
    let told = verdict(Law::Clean, &observation(), &after).unwrap();
    assert!(told.ends_with("mine is gone"), "{told}");
}

#[test]
fn clean_asks_whether_the_skeleton_is_as_it_was() {
    let all = cases("users: { alice: { home: skeleton } }\nlaws: [clean]\nsteps: [switch]\n");
    let (case, trial) = (&all[1], all[1].trial.as_ref().unwrap());
    let mut after = observation();
    let commands: Vec<String> = case.steps[1]
        .expect
        .iter()
        .filter_map(|it| match &it.check {
            Check::Command { command, .. } => Some(command.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(commands.len(), 3);
    for name in [".bash_logout", ".bashrc", ".profile"] {
        let home = &mut alice(&mut after).home.entries;
        home.insert(name.into(), file("# bash\n"));
    }
    assert_eq!(judge(case, trial, &observation(), &after), None);
    alice(&mut after).commands = vec![CommandSeen {
        command: commands[1].clone(),
        session: Session::Login,
        status: 1,
        late: false,
        no_login: None,
        stdout: String::new(),
        stderr: String::new(),
        truncated: false,
    }];
    let broken = judge(case, trial, &observation(), &after).unwrap();
    assert!(
        broken.message.ends_with(".bashrc is another one"),
        "{}",
        broken.message
    );
}

#[test]
fn a_module_is_removed_by_a_switch_to_the_host_without_homes() {
    let all = cases_of_module("laws: [clean]\nsteps: [switch]\n");
    let Action::Switch(removal) = &all[1].steps[1].action else {
        panic!("{:?}", all[1].steps);
    };
    let flake = &removal.flake.files["flake.nix"];
    let SeedFile::Regular { bytes, .. } = flake else {
        panic!("{flake:?}");
    };
    let text = String::from_utf8_lossy(bytes);
    assert!(
        text.contains("nixosSystem") && !text.contains("home-manager"),
        "{text}"
    );
    let (trial, before) = (all[1].trial.as_ref().unwrap(), observation());
    let mut after = observation();
    alice(&mut after).generations.numbers.clear();
    alice(&mut after)
        .home
        .entries
        .insert(".bashrc".into(), file("# bash\n"));
    let broken = judge(&all[1], trial, &before, &after).unwrap();
    assert!(
        broken.message.ends_with(".bashrc is left"),
        "{}",
        broken.message
    );
}

#[test]
fn equal_compares_files_alone_and_knows_the_profile_of_either_way() {
    let all = cases("laws: [equal]\nsteps: [switch]\n");
    let Action::Switch(other) = &all[1].steps[1].action else {
        panic!("{:?}", all[1].steps);
    };
    assert_eq!(other.target.install, Install::NixosModule);
    let seen = |text: &str| {
        let mut seen = observation();
        let user = alice(&mut seen);
        user.home_directory = "/home/alice".into();
        user.home.entries.insert(".profile".into(), file(text));
        seen
    };
    let (own, mut system) = (
        seen("/home/alice/.nix-profile/etc/x\n"),
        seen("/etc/profiles/per-user/alice/etc/x\n"),
    );
    alice(&mut system).generations.numbers.push(9);
    assert_eq!(verdict(Law::Equal, &own, &system), None);
    let told = verdict(Law::Equal, &own, &seen("other\n")).unwrap();
    assert!(told.ends_with("1 file changed"), "{told}");
    let module = cases_of_module("laws: [equal]\nsteps: [switch]\n");
    let Action::Switch(other) = &module[1].steps[1].action else {
        panic!("{:?}", module[1].steps);
    };
    assert_eq!(other.target.user.as_deref(), Some("alice"));
}

#[test]
fn laws_that_nobody_can_try_say_why() {
    let text = "name: t\nlaws: all\nsetup: { modules: [\"{ }\"], home: { stateVersion: \"24.05\" } }\nsteps: [switch]\n";
    let (cases, found) = load_text(FILE, text, &LoadOptions::default());
    assert!(found.is_empty(), "{found:?}");
    assert!(cases[0].laws.off[&Law::Equal].contains("`modules`"));
    assert!(cases[0].laws.on.contains(&Law::Clean));
}

#[test]
fn complete_names_links_programs_and_units() {
    let all = cases("steps: [switch]\n");
    let told = |seen: &Observation| incomplete(&all[0], &all[0].steps[0], seen);
    let mut seen = observation();
    assert_eq!(told(&seen), None);
    let user = alice(&mut seen);
    let current = stored('1', "home-manager-files");
    user.generations.home_files = Some(current.clone());
    let mut link = |path: &str, target: String, kind| {
        let end = Box::new(LinkEnd {
            kind,
            path: None,
            file: None,
            tree: None,
        });
        let link = entry(EntryKind::Symlink { target, end }, 0o777);
        user.home.entries.insert(path.into(), link);
    };
    link(".good", format!("{current}/.good"), TargetKind::Generation);
    link(
        ".nix-defexpr/channels",
        "/nowhere".into(),
        TargetKind::Dangling,
    );
    link(
        ".old",
        format!("{}/.old", stored('2', "home-manager-files")),
        TargetKind::Store,
    );
    link(".gone", "/nowhere".into(), TargetKind::Dangling);
    let mut lost = program("lost", "hello", "2.10");
    lost.unable = Some("its loader /lib/ld.so is not there".to_owned());
    let of_system = Program {
        profile: Some(Profile::System),
        ..lost.clone()
    };
    user.programs = vec![program("hello", "hello", "2.10"), lost, of_system];
    let broken = told(&seen).unwrap();
    assert_eq!(broken.detail.lines().count(), 3);
    assert!(
        broken
            .detail
            .contains("program: lost cannot be executed: its loader /lib/ld.so is not there"),
        "{}",
        broken.detail
    );
    assert!(
        broken
            .detail
            .contains("link: .gone -> /nowhere leads nowhere"),
        "{}",
        broken.detail
    );
    assert!(
        broken.message.ends_with("leads nowhere, and 2 more"),
        "{}",
        broken.message
    );
}
