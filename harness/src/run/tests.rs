//! The executor on fake machines: what runs, what is shared, and what is served from earlier runs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::ledger::lock;
use super::trial::{
    Bench, cached, case, errored, failed, not_run, passed, test_nixos, test_switch,
};
use super::*;
use crate::judge::Verdict;
use crate::model::{Action, Case, Install, Law, Outcome, Part, Step, Switch, Trial};
use crate::observe::{Observation, StepOutput};
use crate::plan::{Plan, StateKey};
use crate::testing::{expectations, has};

/// Two cases with one beginning.
fn forked() -> Vec<Case> {
    vec![case("a", &["first", "x"]), case("b", &["first", "y"])]
}

#[test]
fn a_shared_beginning_runs_once() {
    let bench = Bench::new();
    let verdicts = bench.run(forked());
    assert!(verdicts.values().all(passed), "{verdicts:?}");
    assert_eq!(bench.hypervisor.ran("exec first"), 1);
    assert_eq!(bench.hypervisor.ran("freeze"), 1);
    assert_eq!(bench.hypervisor.ran("fork Leaf"), 2);
}

#[test]
fn a_command_that_never_ran_fails_its_case_whatever_was_expected_of_it() {
    let bench = Bench::new();
    let as_alice = |id: &str, commands: &[&str]| {
        let mut case = case(id, commands);
        for step in &mut case.steps {
            if let Action::Run { user, .. } = &mut step.action {
                *user = Some("alice".to_owned());
            }
        }
        case
    };
    let mut expects_failure = as_alice("fails", &["locked-out too"]);
    expects_failure.steps[0].outcome = Outcome::Fails { says: Vec::new() };
    let cases = vec![
        as_alice("good", &["first", "x"]),
        as_alice("locked", &["first", "locked-out", "never"]),
        expects_failure,
    ];
    let verdicts = bench.run(cases);
    assert!(passed(&verdicts["good"]), "{verdicts:?}");
    for case in ["locked", "fails"] {
        let said = "alice cannot log in: .profile ended the shell before a command could run (line 1: `exit 0`)";
        assert_eq!(failed(&verdicts[case])[0].message, said);
    }
    assert_eq!(bench.hypervisor.ran("never"), 0);
}

#[test]
fn a_single_way_is_never_frozen() {
    let bench = Bench::new();
    let verdicts = bench.run(vec![case("a", &["first", "second", "third"])]);
    assert!(passed(&verdicts["a"]));
    assert_eq!(bench.hypervisor.ran("freeze"), 0);
    assert_eq!(bench.hypervisor.ran("fork"), 1);
}

#[test]
fn an_unchanged_pass_is_not_run_again_unless_asked() {
    let bench = Bench::new();
    let cases = vec![case("a", &["first"])];
    bench.run(cases.clone());
    let again = bench.run(cases.clone());
    assert!(cached(&again["a"]), "{again:?}");
    assert_eq!(bench.hypervisor.ran("fork"), 0);
    let bench = bench.fresh();
    assert!(passed(&bench.run(cases)["a"]));
    assert_eq!(bench.hypervisor.ran("exec first"), 1);
}

#[test]
fn a_changed_step_is_run() {
    let bench = Bench::new();
    bench.run(vec![case("a", &["first"])]);
    assert!(passed(&bench.run(vec![case("a", &["second"])])["a"]));
}

#[test]
fn a_failure_is_seen_anew_every_time() {
    let bench = Bench::new();
    let cases = vec![case("a", &["fail", "never"])];
    for _ in 0..2 {
        let verdicts = bench.run(cases.clone());
        assert_eq!(failed(&verdicts["a"]).len(), 1);
        assert_eq!(bench.hypervisor.ran("exec fail"), 1);
        // Nothing follows a failed step.
        assert_eq!(bench.hypervisor.ran("exec never"), 0);
    }
}

#[test]
fn one_machine_that_breaks_spoils_only_its_own_cases() {
    let bench = Bench::new();
    let cases = vec![
        case("broken", &["first", "die"]),
        case("buggy", &["first", "bug"]),
        case("good", &["first", "x"]),
        case("slow", &["first", "hang", "never"]),
    ];
    let verdicts = bench.run(cases);
    assert!(passed(&verdicts["good"]));
    assert!(errored(&verdicts["broken"]).starts_with("QEMU died"));
    assert!(errored(&verdicts["buggy"]).contains("has a bug"));
    let slow = &failed(&verdicts["slow"])[0].message;
    has(slow, "within its deadline of 10 s");
}

#[test]
fn a_break_in_a_shared_beginning_reaches_all_who_need_it() {
    let bench = Bench::new();
    let verdicts = bench.run(vec![case("a", &["die", "x"]), case("b", &["die", "y"])]);
    for verdict in verdicts.values() {
        errored(verdict);
    }
    assert_eq!(bench.hypervisor.ran("exec die"), 1);
}

#[test]
fn a_boot_or_a_switch_is_not_repeated_for_what_failed_after_it() {
    let switch = test_switch(Install::Standalone);
    for took_long in [Action::Reboot, Action::Switch(switch)] {
        let bench = Bench::new();
        let cases = || {
            let mut case = case("a", &["first", "second", "fail"]);
            case.steps[1].action = took_long.clone();
            case.steps[1].snapshot = true;
            case.file = bench.folder.path().join("test.yaml");
            vec![case]
        };
        let verdict = |bench: &Bench| bench.run(cases()).remove("a");
        assert!(matches!(verdict(&bench), Some(Verdict::Failed(_))));
        assert_eq!(bench.hypervisor.ran("freeze"), 1);
        assert!(matches!(verdict(&bench), Some(Verdict::Failed(_))));
        assert_eq!(bench.hypervisor.ran("freeze"), 0);
        assert_eq!(bench.hypervisor.ran("reboot"), 0);
        // The step that failed alone.
        assert_eq!(bench.hypervisor.ran("exec"), 1);
    }
}

#[test]
fn a_first_system_is_not_built_again_for_a_switch_that_broke() {
    let bench = Bench::new();
    let switch = Switch {
        options: vec!["--die".to_owned()],
        ..test_switch(Install::NixosModule)
    };
    let mut on_nixos = case("a", &["switch"]);
    on_nixos.steps[0].action = Action::Switch(switch);
    on_nixos.guest.channels = vec![test_nixos()];
    for entered in [1, 0] {
        let verdicts = bench.run(vec![on_nixos.clone()]);
        errored(&verdicts["a"]);
        assert_eq!(bench.hypervisor.ran("reboot"), entered);
        assert_eq!(bench.hypervisor.ran("nixos-rebuild"), 1);
    }
}

#[test]
fn kept_beginnings_are_used_by_a_later_run() {
    let bench = Bench::new();
    bench.run(forked());
    let verdicts = bench.run(vec![case("a", &["first", "x"]), case("b", &["first", "z"])]);
    assert!(passed(&verdicts["b"]));
    assert_eq!(bench.hypervisor.ran("exec first"), 0);
    assert_eq!(bench.hypervisor.ran("exec z"), 1);
}

#[test]
fn a_case_that_is_the_beginning_of_another_ends_where_it_ends() {
    let bench = Bench::new();
    let cases = vec![case("long", &["first", "x"]), case("short", &["first"])];
    let verdicts = bench.run(cases);
    assert!(verdicts.values().all(passed), "{verdicts:?}");
    assert_eq!(bench.hypervisor.ran("exec first"), 1);
}

#[test]
fn a_fresh_run_makes_a_branch_of_its_own() {
    let bench = Bench::new();
    let cases = forked();
    bench.run(cases.clone());
    let bench = bench.fresh();
    assert!(bench.run(cases).values().all(passed));
    assert_eq!(bench.hypervisor.ran("exec first"), 1);
    // The old state is not used, and its own is of no use to others.
    assert_eq!(bench.hypervisor.ran("freeze"), 1);
    assert_eq!(lock(&bench.hypervisor.layers).len(), 1);
}

#[test]
fn an_unlocked_case_is_never_served_from_the_cache() {
    let bench = Bench::new();
    let mut unlocked = case("a", &["first"]);
    unlocked.guest.locked = false;
    for _ in 0..2 {
        assert!(passed(&bench.run(vec![unlocked.clone()])["a"]));
        assert_eq!(bench.hypervisor.ran("exec first"), 1);
    }
}

#[test]
fn cases_that_ask_other_commands_do_not_share_the_state_after_them() {
    let asks = |id: &str, command: &str| {
        let mut asking = case(id, &["first", "second"]);
        asking.steps[0].expect = expectations(&format!("commands: {command}"));
        asking
    };
    let cases = vec![
        asks("a", "touch x"),
        asks("b", "touch y"),
        asks("c", "touch y"),
    ];
    let plan = Plan::new(cases, |_| StateKey("base".to_owned()));
    assert_ne!(plan.paths[0][1], plan.paths[1][1]);
    assert_eq!(plan.paths[1], plan.paths[2]);
}

#[test]
fn what_others_look_at_changes_no_verdict() {
    // Its `.bashrc` leaves a file wherever an interactive shell begins, which looking for a variable does.
    let mut alone = case("alone", &["write .bashrc", "true"]);
    alone.steps[0].expect = expectations("files: { .emacs: absent }");
    alone.steps[1].expect = expectations("files: [was-here]");
    let mut other = case("other", &["write .bashrc", "false"]);
    let variable = expectations("environment: { A: { equals: \"1\", session: interactive } }");
    other.steps[0].expect.clone_from(&variable);
    let bench = Bench::new();
    for cases in [
        vec![alone.clone()],
        vec![alone.clone(), other.clone()],
        vec![other.clone(), alone.clone()],
        vec![alone.clone()],
    ] {
        let verdicts = bench.run(cases);
        let found = failed(&verdicts["alone"]);
        assert!(found[0].message.contains("was-here"), "{verdicts:?}");
        let is_passed = |it: &Verdict| matches!(it, Verdict::Passed { .. });
        assert!(verdicts.get("other").is_none_or(is_passed), "{verdicts:?}");
    }
    // A case that looks in this way itself sees the file.
    alone.steps[0].expect.extend(variable);
    let verdicts = bench.run(vec![alone]);
    assert!(passed(&verdicts["alone"]), "{verdicts:?}");
}

#[test]
fn a_step_slower_than_its_own_case_allows_fails_that_case_alone() {
    let bench = Bench::new();
    let mut hasty = case("hasty", &["sleep"]);
    hasty.steps[0].deadline_s = 0;
    let verdicts = bench.run(vec![hasty, case("patient", &["sleep"])]);
    assert!(passed(&verdicts["patient"]));
    let hasty = &failed(&verdicts["hasty"])[0].message;
    has(hasty, "within its deadline of 0 s");
}

/// When what another run saw was kept.
#[derive(Clone, Copy, PartialEq)]
enum Kept {
    /// Before this run began.
    Before,
    /// While this run waited.
    Meanwhile,
}

/// Cases whose shared beginning, or whose whole way, another process makes while this one waits for it. All that is
/// found then ended with `status`.
fn made_by_another(
    cases: Vec<Case>,
    status: i32,
    when: Kept,
) -> (Bench, BTreeMap<String, Verdict>) {
    let bench = Bench::new();
    let (results, plan) = (bench.results(), bench.plan(cases.clone()));
    let layers = Arc::clone(&bench.hypervisor.layers);
    let seen = Seen {
        at_s: now_s(),
        run: RunId::new(),
        image: "image".to_owned(),
        follows: None,
        took_ms: 1,
        observation: Observation::printed(StepOutput {
            status,
            ..Default::default()
        }),
    };
    let keep = move || {
        for node in &plan.nodes {
            results.keep_seen(&node.key, &seen).unwrap();
        }
        plan
    };
    let extend =
        move |plan: Plan| lock(&layers).extend(plan.nodes.into_iter().map(|node| node.key));
    let other: Box<dyn FnOnce(&StateKey) + Send> = match when {
        Kept::Before => {
            let plan = keep();
            Box::new(move |_| extend(plan))
        }
        Kept::Meanwhile => Box::new(move |_| extend(keep())),
    };
    *lock(&bench.hypervisor.other_process) = Some(other);
    let verdicts = bench.run(cases);
    (bench, verdicts)
}

#[test]
fn what_another_process_made_meanwhile_is_not_made_again() {
    let same = vec![case("a", &["first", "x"]), case("b", &["first", "x"])];
    let (bench, verdicts) = made_by_another(same, 0, Kept::Meanwhile);
    assert!(verdicts.values().all(passed), "{verdicts:?}");
    assert_eq!(bench.hypervisor.ran("fork"), 0);

    let (bench, verdicts) = made_by_another(forked(), 0, Kept::Meanwhile);
    assert!(verdicts.values().all(passed), "{verdicts:?}");
    assert_eq!(bench.hypervisor.ran("exec first"), 0);
    // The rest is each one's own.
    assert_eq!(bench.hypervisor.ran("exec x"), 1);
}

#[test]
fn a_failure_that_another_process_saw_meanwhile_is_one_here_too() {
    let same = vec![case("a", &["first", "x"]), case("b", &["first", "x"])];
    let (bench, verdicts) = made_by_another(same, 1, Kept::Meanwhile);
    for verdict in verdicts.values() {
        failed(verdict);
    }
    assert_eq!(bench.hypervisor.ran("fork"), 0);
}

#[test]
fn a_failure_of_an_earlier_run_is_seen_anew_after_a_wait_for_a_process_that_died() {
    let same = vec![case("a", &["first", "x"]), case("b", &["first", "x"])];
    // However short a time ago that was.
    for cases in [same, forked()] {
        let (bench, verdicts) = made_by_another(cases, 1, Kept::Before);
        assert!(verdicts.values().all(passed), "{verdicts:?}");
        assert_eq!(bench.hypervisor.ran("exec first"), 1);
    }
}

#[test]
fn a_fresh_run_serves_nothing_that_another_saw_in_the_same_second() {
    let bench = Bench::new().fresh();
    let cases = vec![case("a", &["first"]), case("b", &["first"])];
    for _ in 0..2 {
        assert!(bench.run(cases.clone()).values().all(passed));
        assert_eq!(bench.hypervisor.ran("exec first"), 1);
    }
}

#[test]
fn nothing_passes_on_the_word_of_an_image_that_is_gone() {
    let bench = Bench::new();
    let cases = vec![case("a", &["first"])];
    bench.run(cases.clone());
    assert!(cached(&bench.run(cases.clone())["a"]));
    // Built anew, with newer packages.
    *lock(&bench.hypervisor.image) = Some("another".to_owned());
    assert!(passed(&bench.run(cases.clone())["a"]));
    assert!(cached(&bench.run(cases.clone())["a"]));
    *lock(&bench.hypervisor.image) = None;
    assert!(passed(&bench.run(cases)["a"]));
}

#[test]
fn a_case_that_broke_says_in_which_step() {
    let bench = Bench::new();
    let verdicts = bench.run(vec![case("a", &["first", "die"])]);
    let Verdict::Errored { during, .. } = &verdicts["a"] else {
        panic!("{verdicts:?}")
    };
    assert_eq!(during.as_ref().map(|it| &*it.step), Some("run-2"));
}

#[test]
fn a_run_is_foreseen_as_it_will_go() {
    use crate::run::Knowledge::{Cached, Frozen, New};
    let bench = Bench::new();
    let foreseen = |cases: Vec<Case>| {
        let plan = bench.plan(cases);
        let all: BTreeSet<usize> = (0..plan.cases.len()).collect();
        let (results, options) = (bench.results(), bench.options());
        bench.known(&plan, &all, &results, &options).foresee()
    };
    let cases = vec![
        case("a", &["first", "second", "x"]),
        case("b", &["first", "second", "y"]),
    ];
    // prepare, first, second, x, y
    assert_eq!(foreseen(cases.clone()), [New; 5]);
    bench.run(cases.clone());
    assert_eq!(foreseen(cases.clone()), [Cached; 5]);
    let mut changed = cases;
    changed[1] = case("b", &["first", "second", "z"]);
    let after = [Cached, Cached, Frozen, Cached, New];
    assert_eq!(foreseen(changed.clone()), after);
    bench.run(changed);
    assert_eq!(bench.hypervisor.ran("exec"), 1);
    let mut failing = vec![case("c", &["fail", "x"]), case("d", &["fail", "y"])];
    bench.run(failing.clone());
    // Failures are seen anew.
    assert_eq!(foreseen(failing.clone()), [New; 4]);
    failing[0].guest.locked = false;
    assert!(foreseen(failing).contains(&New));
}

#[test]
fn a_state_that_is_reached_again_takes_the_place_of_the_older_one() {
    let bench = Bench::new();
    let cases = forked();
    bench.run(cases.clone());
    let plan = bench.plan(cases.clone());
    let first = &plan[plan.paths[0][1]].key;
    bench.results().forget_seen(first);
    assert!(bench.run(cases).values().all(passed));
    assert_eq!(bench.hypervisor.ran("exec first"), 1);
    assert_eq!(bench.hypervisor.ran("freeze"), 1);
}

#[test]
fn a_shell_leaves_no_state_that_a_run_would_take_for_its_own() {
    let bench = Bench::new();
    let cases = forked();
    let shell = |cases: &[Case]| {
        lock(&bench.hypervisor.log).clear();
        let plan = bench.plan(cases.to_vec());
        let path = &plan.paths[0][..2];
        reach(&plan, path, &bench.hypervisor, &mut |_| {}).unwrap()
    };
    let key = shell(&cases);
    assert_eq!(bench.hypervisor.ran("exec first"), 1);
    assert_eq!(shell(&cases), key);
    assert_eq!(bench.hypervisor.ran("exec first"), 0);
    bench.run(cases.clone());
    assert_eq!(bench.hypervisor.ran("exec first"), 1);
    assert_eq!(bench.hypervisor.ran("freeze"), 1);
    assert_ne!(shell(&cases), key, "the run's own is as good");

    let mut unlocked = cases;
    for one in &mut unlocked {
        one.guest.locked = false;
    }
    let before = shell(&unlocked);
    assert_ne!(shell(&unlocked), before);
    assert_eq!(bench.hypervisor.ran("exec first"), 1);
}

#[test]
fn a_seed_that_cannot_be_written_fails_and_is_no_fault_of_the_machine() {
    let bench = Bench::new();
    let mut seeded = case("a", &["first", "x"]);
    seeded.steps[0].action = Action::Seed {
        user: "bob".to_owned(),
        files: Default::default(),
    };
    let verdicts = bench.run(vec![seeded]);
    let found = format!("{:?}", failed(&verdicts["a"]));
    has(found, "Read-only file system");
}

/// A case that expects a file after its first command, and a law that is tried after that.
fn with_a_law(command: &str) -> [Case; 2] {
    let mut own = case("a", &[command]);
    own.steps[0].expect = expectations("files: [nowhere]");
    let mut law = case("law", &[command, "again"]);
    law.trial = Some(Trial {
        law: Law::Survives,
        of: "a".to_owned(),
        against: 0,
    });
    law.steps[0] = Step {
        part: Part::Way,
        ..own.steps[0].clone()
    };
    law.steps[1].part = Part::Law;
    law.steps[1].expect = own.steps[0].expect.clone();
    [own, law]
}

#[test]
fn a_law_compares_what_was_made_of_what_is_there_now() {
    let bench = Bench::new();
    let cases = with_a_law("first").to_vec();
    // The case fails, so that each run reaches anew what the law compares with.
    for forks in [[1, 1], [1, 0], [1, 1]] {
        let verdicts = bench.run(cases.clone());
        failed(&verdicts["a"]);
        let law = &verdicts["law"];
        assert!(passed(law) || cached(law), "{verdicts:?}");
        let ran = ["exec first", "exec again"].map(|it| bench.hypervisor.ran(it));
        assert_eq!(ran, forks);
        // The state is of its own time.
        assert_eq!(bench.hypervisor.ran("freeze"), 1);
    }
}

#[test]
fn a_law_whose_way_fails_has_failed_where_nobody_else_tells_it() {
    let bench = Bench::new();
    let [own, law] = with_a_law("fail");
    let together = bench.run(vec![own, law.clone()]);
    failed(&together["a"]);
    not_run(&together["law"]);
    let alone = bench.run(vec![law]);
    assert_eq!(failed(&alone["law"]).len(), 1, "{alone:?}");
}

#[test]
fn a_step_that_still_printed_at_its_deadline_says_so() {
    let bench = Bench::new();
    let verdicts = bench.run(vec![
        case("silent", &["hang"]),
        case("slow", &["drip and hang"]),
    ]);
    let detail = |case: &str| failed(&verdicts[case])[0].detail.clone();
    assert!(detail("slow").contains("still printing"), "{verdicts:?}");
    assert!(!detail("silent").contains("printing"), "{verdicts:?}");
}

#[test]
fn what_may_take_its_time_is_looked_at_until_it_is_so() {
    let waits = |name: &str, within_s: u32| {
        let mut case = case(name, &["true"]);
        case.steps[0].expect = expectations(&format!("within: {within_s}s, files: [late]"));
        case
    };
    let bench = Bench::new();
    let found = bench.run(vec![waits("never", 1)]);
    let message = &failed(&found["never"])[0].message;
    has(message, ", and nothing is there, also 1 s later");
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(std::time::Duration::from_millis(300));
            lock(&bench.hypervisor.home).push(("late", ""));
        });
        assert!(passed(&bench.run(vec![waits("later", 30)])["later"]));
    });
}
