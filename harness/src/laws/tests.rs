use super::*;
use crate::change::sample::*;
use crate::model::*;
use crate::observe::{EntryKind, LinkEnd, Program, UnitSeen};
use crate::testing::{self, all_come_to, has, lacks, nix, switch};

const ALICE: &str = "name: t\nsetup: { home: { stateVersion: \"24.05\" } }\n";

fn cases(rest: &str) -> Vec<Case> {
    with_trials(testing::cases(&format!("{ALICE}{rest}")))
}

fn cases_of_module(rest: &str) -> Vec<Case> {
    let setup = ALICE.replace("setup: {", "setup: { install: nixos-module,");
    with_trials(testing::cases(&format!("{setup}{rest}")))
}

#[test]
fn every_case_with_a_switch_tries_the_laws_that_apply() {
    let table = r#"
        steps: [switch] => t t:survives t:idempotent
        steps: [switch, { switch: { stateVersion: "24.11" } }, reboot] => t t:survives t:idempotent t:reversible
        steps: [switch, { switch: { backup: bak } }] => t t:survives t:idempotent
        laws: [clean]\nsteps: [switch] => t t:clean
        laws: [reboots]\nsteps: [switch] => t t:reboots
        laws: [equal]\nsteps: [switch] => t t:equal
        laws: none\nsteps: [switch] => t
        steps: [build] => t
        steps: [{ switch: , fails: [] }] => t
        steps: [{ switch: { dryRun: true } }] => t
    "#;
    let ids = |rest: &str| {
        let ids = cases(rest).into_iter().map(|it| it.id);
        Vec::from_iter(ids).join(" ")
    };
    all_come_to(ids, table);
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
    let told = verdict(Law::Idempotent, &before, &after);
    has(told.unwrap(), "1 generation link");
}

#[test]
fn a_login_may_learn_more_in_services_and_lose_nothing() {
    let seen = |state, word: &str, login: Option<&str>, service: Option<&str>| {
        let mut seen = observation();
        let user = alice(&mut seen);
        let unit = UnitSeen {
            state,
            active_state: word.into(),
            sub_state: word.into(),
            enabled: "enabled".into(),
        };
        user.units = Some([("a.service".into(), unit)].into());
        for (session, value) in [(Session::Login, login), (Session::Service, service)] {
            if let Some(value) = value {
                let variables = user.sessions.entry(session).or_default();
                variables.insert("EDITOR".into(), value.into());
            }
        }
        seen
    };
    let running = |login, service| seen(UnitState::Active, "running", login, Some(service));
    let told = verdict(Law::Survives, &running(None, "vi"), &running(None, "vim"));
    has(told.unwrap(), "1 variable");
    let vim = Some("vim");
    let (before, more) = (running(vim, "vi"), running(vim, "vim"));
    assert_eq!(verdict(Law::Survives, &before, &more), None);
    assert_eq!(verdict(Law::Reboots, &before, &more), None);
    let less = seen(UnitState::Failed, "failed", Some("vi"), None);
    let told = verdict(Law::Survives, &before, &less);
    has(told.unwrap(), "1 variable, 1 unit changed");
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
    let commands = case.steps[1]
        .expect
        .iter()
        .filter_map(|it| match &it.check {
            Check::Command { command, .. } => Some(command.clone()),
            _ => None,
        });
    let commands: Vec<String> = commands.collect();
    assert_eq!(commands.len(), 3);
    for name in [".bash_logout", ".bashrc", ".profile"] {
        let home = &mut alice(&mut after).home.entries;
        home.insert(name.into(), file("# bash\n"));
    }
    assert_eq!(judge(case, trial, &observation(), &after), None);
    alice(&mut after).commands = vec![ran(&commands[1], 1)];
    let broken = judge(case, trial, &observation(), &after).unwrap();
    has(broken.message, ".bashrc is another one");
}

#[test]
fn a_module_is_removed_by_a_switch_to_the_host_without_homes() {
    let all = cases_of_module("laws: [clean]\nsteps: [switch]\n");
    let flake = nix(&switch(&all[1], 1).flake);
    has(&flake, "nixosSystem");
    lacks(flake, &["home-manager"]);
    let (trial, before) = (all[1].trial.as_ref().unwrap(), observation());
    let mut after = observation();
    let user = alice(&mut after);
    user.generations.numbers.clear();
    user.home.entries.insert(".bashrc".into(), file("# bash\n"));
    let broken = judge(&all[1], trial, &before, &after).unwrap();
    has(broken.message, ".bashrc is left");
}

#[test]
fn equal_compares_files_alone_and_knows_the_profile_of_either_way() {
    let all = cases("laws: [equal]\nsteps: [switch]\n");
    let other = switch(&all[1], 1).target.install;
    assert_eq!(other, Install::NixosModule);
    let seen = |text: &str| {
        let mut seen = observation();
        let user = alice(&mut seen);
        user.home_directory = "/home/alice".into();
        user.home.entries.insert(".profile".into(), file(text));
        seen
    };
    let own = seen("/home/alice/.nix-profile/etc/x\n");
    let mut system = seen("/etc/profiles/per-user/alice/etc/x\n");
    alice(&mut system).generations.numbers.push(9);
    assert_eq!(verdict(Law::Equal, &own, &system), None);
    let told = verdict(Law::Equal, &own, &seen("other\n")).unwrap();
    assert!(told.ends_with("1 file changed"), "{told}");
    let module = cases_of_module("laws: [equal]\nsteps: [switch]\n");
    let user = switch(&module[1], 1).target.user.as_deref();
    assert_eq!(user, Some("alice"));
}

#[test]
fn laws_that_nobody_can_try_say_why() {
    let text = "name: t\nlaws: all\nsetup: { modules: [\"{ }\"], home: { stateVersion: \"24.05\" } }\nsteps: [switch]\n";
    let laws = testing::cases(text).remove(0).laws;
    has(&laws.off[&Law::Equal], "`modules`");
    assert!(laws.on.contains(&Law::Clean));
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
        let end = LinkEnd::new(kind);
        let link = entry(EntryKind::Symlink { target, end }, 0o777);
        user.home.entries.insert(path.into(), link);
    };
    link(".good", format!("{current}/.good"), TargetKind::Generation);
    let old = format!("{}/.old", stored('2', "home-manager-files"));
    link(".old", old, TargetKind::Store);
    for gone in [".nix-defexpr/channels", ".gone"] {
        link(gone, "/nowhere".into(), TargetKind::Dangling);
    }
    let mut lost = program("lost", "hello", "2.10");
    lost.unable = Some("its loader /lib/ld.so is not there".to_owned());
    let of_system = Program {
        profile: Some(Profile::System),
        ..lost.clone()
    };
    user.programs = vec![program("hello", "hello", "2.10"), lost, of_system];
    let broken = told(&seen).unwrap();
    assert_eq!(broken.detail.lines().count(), 3);
    has(
        &broken.detail,
        "program: lost cannot be executed: its loader /lib/ld.so is not there",
    );
    has(&broken.detail, "link: .gone -> /nowhere leads nowhere");
    has(&broken.message, "leads nowhere, and 2 more");
}
