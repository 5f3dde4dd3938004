//! The executor on fake machines: every path, faults included.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use super::ledger::lock;
use super::*;
use crate::judge::{SnapshotMode, SnapshotPolicy, Verdict};
use crate::machine::{GuestExit, GuestScript, Machine, MachineError, Stream, Unpacked};
use crate::plan::{Plan, StateKey};
use crate::report::{Event, Sink};
use crate::scenario::model::{Action, Case, Guest, InitialHome, Outcome, Session, Step, User};

/// Machines that only write down what they are asked.
#[derive(Default)]
struct FakeHypervisor {
    layers: Arc<Mutex<BTreeSet<StateKey>>>,
    /// Those of them in which an interactive shell has begun, as one does where somebody looks at it.
    touched: Mutex<BTreeSet<StateKey>>,
    /// What another process does while the first claim waits for it.
    other_process: Mutex<Option<OtherProcess>>,
    log: Arc<Mutex<Vec<String>>>,
}

type OtherProcess = Box<dyn FnOnce(&StateKey) + Send>;

struct FakeMachine<'a> {
    hypervisor: &'a FakeHypervisor,
    purpose: Purpose,
    touched: bool,
}

impl FakeHypervisor {
    fn ran(&self, what: &str) -> usize {
        lock(&self.log)
            .iter()
            .filter(|line| line.contains(what))
            .count()
    }
}

impl Hypervisor for FakeHypervisor {
    fn base_key(&self, guest: &Guest) -> StateKey {
        StateKey(format!("base-{}", guest.network.is_on()))
    }

    fn ensure_base(&self, _: &Guest, _: &mut dyn FnMut(&str)) -> Result<(), MachineError> {
        lock(&self.log).push("base".to_owned());
        Ok(())
    }

    fn has(&self, key: &StateKey) -> bool {
        lock(&self.layers).contains(key)
    }

    fn forget(&self, key: &StateKey) {
        lock(&self.layers).remove(key);
    }

    fn claim(
        &self,
        key: &StateKey,
        waits: &mut dyn FnMut(),
    ) -> Result<Box<dyn Send>, MachineError> {
        if let Some(other) = lock(&self.other_process).take() {
            waits();
            other(key);
        }
        Ok(Box::new(()))
    }

    fn fork<'a>(
        &'a self,
        key: &StateKey,
        _: &Guest,
        purpose: Purpose,
    ) -> Result<Box<dyn ForkedMachine + 'a>, MachineError> {
        assert!(
            key.0.starts_with("base-") || self.has(key),
            "forked from a state that is not there"
        );
        lock(&self.log).push(format!("fork {purpose:?}"));
        Ok(Box::new(FakeMachine {
            hypervisor: self,
            purpose,
            touched: lock(&self.touched).contains(key),
        }))
    }

    fn ram_mib(&self) -> u32 {
        64
    }
}

impl Machine for FakeMachine<'_> {
    fn exec(
        &mut self,
        script: &GuestScript,
        on_output: &mut dyn FnMut(Stream, &[u8]),
    ) -> Result<GuestExit, MachineError> {
        // Of a session's script only the line that says what is to be done in it.
        let lines: Vec<&str> = script.script.lines().collect();
        let errand = lines.iter().find(|line| line.starts_with("session login"));
        let asked = errand.copied().unwrap_or(&script.script);
        lock(&self.hypervisor.log).push(format!("exec {asked}"));
        let failed = |step_deadline| MachineError {
            message: "QEMU died".to_owned(),
            hint: None,
            console_tail: "Kernel panic".to_owned(),
            step_deadline,
        };
        if asked.contains("sleep") {
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        if asked.contains("die") {
            return Err(failed(false));
        }
        if asked.contains("hang") {
            return Err(failed(true));
        }
        assert!(!asked.contains("bug"), "a bug in the tool");
        on_output(Stream::Out, b"hello\n");
        let status = i32::from(asked.contains("fail"));
        let locked_out = asked.contains("locked-out");
        let said = match locked_out {
            true => b"\0@NONCE@ told\nended\n0\n/bin/bash\n+@@ /home/alice/.profile:1: exit 0\0"
                .to_vec(),
            false => Vec::new(),
        };
        on_output(
            Stream::Err,
            &crate::fake_machine::told(said, status, script),
        );
        Ok(GuestExit {
            status,
            truncated: false,
        })
    }

    fn pull(
        &mut self,
        script: &GuestScript,
        consume: &mut dyn FnMut(&mut dyn Read) -> std::io::Result<()>,
    ) -> Result<GuestExit, MachineError> {
        use crate::observe::sample::{homes_stream, login_stream};
        let files: &[(&str, &str)] = match self.touched {
            true => &[("was-here", "")],
            false => &[],
        };
        let interactive = script.script.contains("\nsession interactive");
        self.touched |= interactive;
        let mut stream = match script.script.contains("switchproof-homes") {
            true => homes_stream(&[("alice", files)]),
            false => login_stream(&[]),
        };
        if interactive {
            stream.truncate(stream.len() - b"done\0".len());
            let variables = b"\0switchproof-session-1\0A=1\0";
            let told = format!(
                "\0@NONCE@ told\nran\n0\n/bin/bash\n\0{0}\0{0}\0",
                variables.len()
            );
            stream.extend_from_slice(told.as_bytes());
            stream.extend_from_slice(variables);
            stream.extend_from_slice(b"done\0");
        }
        let stream = crate::fake_machine::filled(stream, script);
        consume(&mut stream.as_slice()).expect("a stream of the right form");
        Ok(GuestExit {
            status: 0,
            truncated: false,
        })
    }

    fn push(&mut self, _: &[u8], _: &str, owner: Option<&str>) -> Result<Unpacked, MachineError> {
        match owner {
            Some("bob") => Ok(Unpacked {
                status: 2,
                stderr: "tar: .config/x: Cannot open: Read-only file system".to_owned(),
            }),
            _ => Ok(Unpacked::default()),
        }
    }
}

impl ForkedMachine for FakeMachine<'_> {
    fn freeze(self: Box<Self>, key: &StateKey, _: &str) -> Result<(), MachineError> {
        assert_eq!(self.purpose, Purpose::Layer, "a leaf cannot be frozen");
        lock(&self.hypervisor.log).push("freeze".to_owned());
        lock(&self.hypervisor.layers).insert(key.clone());
        if self.touched {
            lock(&self.hypervisor.touched).insert(key.clone());
        }
        Ok(())
    }

    fn reboot(&mut self) -> Result<(), MachineError> {
        Ok(())
    }

    fn as_machine(&mut self) -> &mut dyn Machine {
        self
    }
}

struct Silent;

impl Sink for Silent {
    fn event(&mut self, _: &Event) {}
}

pub(crate) fn case(id: &str, commands: &[&str]) -> Case {
    let step = |(index, command): (usize, &&str)| Step {
        name: format!("run-{}", index + 1),
        action: Action::Run {
            command: (*command).to_owned(),
            user: None,
            session: Session::Login,
        },
        outcome: Outcome::Succeeds,
        expect: Vec::new(),
        snapshot: false,
        deadline_s: 10,
        line: index + 1,
    };
    Case {
        id: id.to_owned(),
        scenario: id.to_owned(),
        description: String::new(),
        file: PathBuf::from("test.yaml"),
        axes: Vec::new(),
        guest: Guest {
            locked: true,
            ..Guest::default()
        },
        users: vec![User {
            name: "alice".to_owned(),
            home: InitialHome::Empty,
        }],
        steps: commands.iter().enumerate().map(step).collect(),
        untracked: std::collections::BTreeSet::new(),
    }
}

struct Bench {
    folder: tempfile::TempDir,
    hypervisor: FakeHypervisor,
}

impl Bench {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            hypervisor: FakeHypervisor::default(),
        }
    }

    fn run(&self, cases: Vec<Case>, fresh: bool) -> BTreeMap<String, Verdict> {
        lock(&self.hypervisor.log).clear();
        let plan = Plan::new(cases, |guest| self.hypervisor.base_key(guest));
        let selected: BTreeSet<usize> = (0..plan.cases.len()).collect();
        let results = ResultStore::new(self.folder.path());
        let budget = Budget::new(&self.folder.path().join("locks"), 2, Some(1024), 64).unwrap();
        let options = Options {
            fresh,
            started_at_s: now_s(),
            snapshots: SnapshotPolicy::new(SnapshotMode::Compare),
        };
        let sink: Mutex<Silent> = Mutex::new(Silent);
        let run = Run {
            plan: &plan,
            selected: &selected,
            hypervisor: &self.hypervisor,
            results: &results,
            budget: &budget,
            options: &options,
            sink: &sink,
        };
        let verdicts = run.run(&|_, _| {});
        verdicts
            .into_iter()
            .map(|(case, it)| (plan.cases[case].id.clone(), it))
            .collect()
    }
}

fn passed(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Passed { cached_at_s: None })
}

#[test]
fn a_shared_beginning_runs_once() {
    let bench = Bench::new();
    let verdicts = bench.run(
        vec![case("a", &["first", "x"]), case("b", &["first", "y"])],
        false,
    );
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
            step.action = Action::Run {
                command: match &step.action {
                    Action::Run { command, .. } => command.clone(),
                    _ => unreachable!(),
                },
                user: Some("alice".to_owned()),
                session: Session::Login,
            };
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
    let verdicts = bench.run(cases, false);
    assert!(passed(&verdicts["good"]), "{verdicts:?}");
    for case in ["locked", "fails"] {
        let Verdict::Failed(found) = &verdicts[case] else {
            panic!("{verdicts:?}")
        };
        assert_eq!(
            found[0].message,
            "alice cannot log in: .profile ended the shell before a command could run (line 1: `exit 0`)"
        );
    }
    assert_eq!(bench.hypervisor.ran("never"), 0);
}

#[test]
fn a_single_way_is_never_frozen() {
    let bench = Bench::new();
    assert!(
        bench
            .run(vec![case("a", &["first", "second", "third"])], false)
            .values()
            .all(passed)
    );
    assert_eq!(bench.hypervisor.ran("freeze"), 0);
    assert_eq!(bench.hypervisor.ran("fork"), 1);
}

#[test]
fn an_unchanged_pass_is_not_run_again_unless_asked() {
    let bench = Bench::new();
    let cases = vec![case("a", &["first"])];
    bench.run(cases.clone(), false);
    let again = bench.run(cases.clone(), false);
    assert!(
        matches!(
            again["a"],
            Verdict::Passed {
                cached_at_s: Some(_)
            }
        ),
        "{again:?}"
    );
    assert_eq!(bench.hypervisor.ran("fork"), 0);
    assert!(passed(&bench.run(cases, true)["a"]));
    assert_eq!(bench.hypervisor.ran("exec first"), 1);
}

#[test]
fn a_changed_step_is_run() {
    let bench = Bench::new();
    bench.run(vec![case("a", &["first"])], false);
    assert!(passed(&bench.run(vec![case("a", &["second"])], false)["a"]));
}

#[test]
fn a_failure_is_seen_anew_every_time() {
    let bench = Bench::new();
    let cases = vec![case("a", &["fail", "never"])];
    for _ in 0..2 {
        let verdicts = bench.run(cases.clone(), false);
        assert!(matches!(&verdicts["a"], Verdict::Failed(found) if found.len() == 1));
        assert_eq!(bench.hypervisor.ran("exec fail"), 1);
        assert_eq!(
            bench.hypervisor.ran("exec never"),
            0,
            "nothing follows a failed step"
        );
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
    let verdicts = bench.run(cases, false);
    assert!(passed(&verdicts["good"]));
    assert!(
        matches!(&verdicts["broken"], Verdict::Errored { console_tail, .. } if console_tail == "Kernel panic")
    );
    assert!(
        matches!(&verdicts["buggy"], Verdict::Errored { message, .. } if message.contains("has a bug"))
    );
    let Verdict::Failed(found) = &verdicts["slow"] else {
        panic!("{verdicts:?}")
    };
    assert!(
        found[0].message.contains("within its deadline of 10 s"),
        "{found:?}"
    );
}

#[test]
fn a_break_in_a_shared_beginning_reaches_all_who_need_it() {
    let bench = Bench::new();
    let verdicts = bench.run(
        vec![case("a", &["die", "x"]), case("b", &["die", "y"])],
        false,
    );
    assert!(
        verdicts
            .values()
            .all(|it| matches!(it, Verdict::Errored { .. })),
        "{verdicts:?}"
    );
    assert_eq!(bench.hypervisor.ran("exec die"), 1);
}

#[test]
fn kept_beginnings_are_used_by_a_later_run() {
    let bench = Bench::new();
    let before = vec![case("a", &["first", "x"]), case("b", &["first", "y"])];
    bench.run(before, false);
    let verdicts = bench.run(
        vec![case("a", &["first", "x"]), case("b", &["first", "z"])],
        false,
    );
    assert!(passed(&verdicts["b"]));
    assert_eq!(bench.hypervisor.ran("exec first"), 0);
    assert_eq!(bench.hypervisor.ran("exec z"), 1);
}

#[test]
fn a_case_that_is_the_beginning_of_another_ends_where_it_ends() {
    let bench = Bench::new();
    let verdicts = bench.run(
        vec![case("long", &["first", "x"]), case("short", &["first"])],
        false,
    );
    assert!(verdicts.values().all(passed), "{verdicts:?}");
    assert_eq!(bench.hypervisor.ran("exec first"), 1);
}

#[test]
fn a_fresh_run_makes_a_branch_of_its_own() {
    let bench = Bench::new();
    let cases = vec![case("a", &["first", "x"]), case("b", &["first", "y"])];
    bench.run(cases.clone(), false);
    assert!(bench.run(cases, true).values().all(passed));
    assert_eq!(bench.hypervisor.ran("exec first"), 1);
    assert_eq!(
        bench.hypervisor.ran("freeze"),
        1,
        "the old state is not used"
    );
    assert_eq!(
        lock(&bench.hypervisor.layers).len(),
        1,
        "its own is of no use to others"
    );
}

#[test]
fn an_unlocked_case_is_never_served_from_the_cache() {
    let bench = Bench::new();
    let mut unlocked = case("a", &["first"]);
    unlocked.guest.locked = false;
    for _ in 0..2 {
        assert!(passed(&bench.run(vec![unlocked.clone()], false)["a"]));
        assert_eq!(bench.hypervisor.ran("exec first"), 1);
    }
}

#[test]
fn cases_that_ask_other_commands_do_not_share_the_state_after_them() {
    let asks = |id: &str, command: &str| {
        let mut asking = case(id, &["first", "second"]);
        asking.steps[0]
            .expect
            .push(crate::scenario::model::Expectation {
                check: crate::scenario::model::Check::Command {
                    command: command.to_owned(),
                    session: Session::Login,
                    exit: 0,
                    stdout: Vec::new(),
                    stderr: Vec::new(),
                },
                user: Some("alice".to_owned()),
                line: 1,
            });
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
    use crate::scenario::model::{Check, Expectation, FileState};
    let expects = |step: &mut Step, check: Check| {
        step.expect.push(Expectation {
            check,
            user: Some("alice".to_owned()),
            line: 1,
        });
    };
    let file = |path: &str, state| Check::File {
        path: path.to_owned(),
        state,
    };
    // Its `.bashrc` leaves a file wherever an interactive shell begins, which looking for a variable does.
    let mut alone = case("alone", &["write .bashrc", "true"]);
    expects(&mut alone.steps[0], file(".emacs", FileState::Absent));
    expects(
        &mut alone.steps[1],
        file("was-here", FileState::Present(Vec::new())),
    );
    let mut other = case("other", &["write .bashrc", "false"]);
    let variable = Check::Variable {
        name: "A".to_owned(),
        session: Session::Interactive,
        value: Some(crate::scenario::model::TextMatch::Equals("1".to_owned())),
    };
    expects(&mut other.steps[0], variable.clone());
    let bench = Bench::new();
    for cases in [
        vec![alone.clone()],
        vec![alone.clone(), other.clone()],
        vec![other.clone(), alone.clone()],
        vec![alone.clone()],
    ] {
        let verdicts = bench.run(cases, false);
        let failed = matches!(&verdicts["alone"], Verdict::Failed(found) if found[0].message.contains("was-here"));
        assert!(failed, "{verdicts:?}");
        let is_passed = |it: &Verdict| matches!(it, Verdict::Passed { .. });
        assert!(verdicts.get("other").is_none_or(is_passed), "{verdicts:?}");
    }
    // Whoever looks so themselves sees what comes of it.
    expects(&mut alone.steps[0], variable);
    let verdicts = bench.run(vec![alone], false);
    assert!(passed(&verdicts["alone"]), "{verdicts:?}");
}

#[test]
fn a_step_slower_than_its_own_case_allows_fails_that_case_alone() {
    let bench = Bench::new();
    let mut hasty = case("hasty", &["sleep"]);
    hasty.steps[0].deadline_s = 0;
    let verdicts = bench.run(vec![hasty, case("patient", &["sleep"])], false);
    assert!(passed(&verdicts["patient"]));
    let Verdict::Failed(found) = &verdicts["hasty"] else {
        panic!("{verdicts:?}")
    };
    assert!(
        found[0].message.contains("within its deadline of 0 s"),
        "{found:?}"
    );
}

/// Cases whose shared beginning, or whose whole way, another process makes while this one waits for it. All that is
/// found then was seen as many seconds off as `off_s` says, and ended with `status`.
fn made_by_another(
    cases: Vec<Case>,
    status: i32,
    off_s: i64,
) -> (Bench, BTreeMap<String, Verdict>) {
    let bench = Bench::new();
    let results = ResultStore::new(bench.folder.path());
    let plan = Plan::new(cases.clone(), |guest| bench.hypervisor.base_key(guest));
    let layers = Arc::clone(&bench.hypervisor.layers);
    let other = move |_: &StateKey| {
        for node in &plan.nodes {
            let output = crate::observe::StepOutput {
                status,
                ..Default::default()
            };
            let seen = Seen {
                at_s: now_s().saturating_add_signed(off_s),
                took_ms: 1,
                observation: crate::observe::Observation::printed(output),
            };
            results.keep_seen(&node.key, &seen).unwrap();
            lock(&layers).insert(node.key.clone());
        }
    };
    *lock(&bench.hypervisor.other_process) = Some(Box::new(other));
    let verdicts = bench.run(cases, false);
    (bench, verdicts)
}

#[test]
fn what_another_process_made_meanwhile_is_not_made_again() {
    let same = vec![case("a", &["first", "x"]), case("b", &["first", "x"])];
    let (bench, verdicts) = made_by_another(same, 0, 0);
    assert!(verdicts.values().all(passed), "{verdicts:?}");
    assert_eq!(bench.hypervisor.ran("fork"), 0);

    let branching = vec![case("a", &["first", "x"]), case("b", &["first", "y"])];
    let (bench, verdicts) = made_by_another(branching, 0, 0);
    assert!(verdicts.values().all(passed), "{verdicts:?}");
    assert_eq!(bench.hypervisor.ran("exec first"), 0);
    assert_eq!(
        bench.hypervisor.ran("exec x"),
        1,
        "the rest is each one's own"
    );
}

#[test]
fn a_failure_that_another_process_saw_meanwhile_is_one_here_too() {
    let same = vec![case("a", &["first", "x"]), case("b", &["first", "x"])];
    let (bench, verdicts) = made_by_another(same, 1, 0);
    assert!(
        verdicts.values().all(|it| matches!(it, Verdict::Failed(_))),
        "{verdicts:?}"
    );
    assert_eq!(bench.hypervisor.ran("fork"), 0);
}

#[test]
fn a_failure_of_an_earlier_run_is_seen_anew_after_a_wait_for_a_process_that_died() {
    let same = vec![case("a", &["first", "x"]), case("b", &["first", "x"])];
    let branching = vec![case("a", &["first", "x"]), case("b", &["first", "y"])];
    // What was seen in the future was seen before the clock was set back.
    for (cases, off_s) in [(&same, -100), (&branching, -100), (&same, 100)] {
        let (bench, verdicts) = made_by_another(cases.clone(), 1, off_s);
        assert!(verdicts.values().all(passed), "{verdicts:?}");
        assert_eq!(bench.hypervisor.ran("exec first"), 1);
    }
}

#[test]
fn a_case_that_broke_says_in_which_step() {
    let bench = Bench::new();
    let verdicts = bench.run(vec![case("a", &["first", "die"])], false);
    let Verdict::Errored { during, .. } = &verdicts["a"] else {
        panic!("{verdicts:?}")
    };
    assert_eq!(
        during.as_ref().map(|place| place.step.as_str()),
        Some("run-2")
    );
}

#[test]
fn a_run_is_foreseen_as_it_will_go() {
    use crate::plan::Knowledge::{Cached, Frozen, New};
    let bench = Bench::new();
    let foreseen = |cases: Vec<Case>| {
        let plan = Plan::new(cases, |guest| bench.hypervisor.base_key(guest));
        let all: BTreeSet<usize> = (0..plan.cases.len()).collect();
        let results = ResultStore::new(bench.folder.path());
        let options = Options {
            fresh: false,
            started_at_s: now_s(),
            snapshots: SnapshotPolicy::new(SnapshotMode::Compare),
        };
        foresee(&plan, &all, &bench.hypervisor, &results, &options)
    };
    let cases = vec![
        case("a", &["first", "second", "x"]),
        case("b", &["first", "second", "y"]),
    ];
    // prepare, first, second, x, y
    assert_eq!(foreseen(cases.clone()), [New; 5]);
    bench.run(cases.clone(), false);
    assert_eq!(foreseen(cases.clone()), [Cached; 5]);
    let mut changed = cases;
    changed[1] = case("b", &["first", "second", "z"]);
    assert_eq!(
        foreseen(changed.clone()),
        [Cached, Cached, Frozen, Cached, New]
    );
    bench.run(changed, false);
    assert_eq!(bench.hypervisor.ran("exec"), 1);
    let mut failing = vec![case("c", &["fail", "x"]), case("d", &["fail", "y"])];
    bench.run(failing.clone(), false);
    assert_eq!(
        foreseen(failing.clone()),
        [New; 4],
        "failures are seen anew"
    );
    failing[0].guest.locked = false;
    assert!(foreseen(failing).contains(&New));
}

#[test]
fn a_state_that_is_reached_again_takes_the_place_of_the_older_one() {
    let bench = Bench::new();
    let cases = vec![case("a", &["first", "x"]), case("b", &["first", "y"])];
    bench.run(cases.clone(), false);
    let plan = Plan::new(cases.clone(), |guest| bench.hypervisor.base_key(guest));
    let first = &plan[plan.paths[0][1]].key;
    ResultStore::new(bench.folder.path()).forget_seen(first);
    assert!(bench.run(cases, false).values().all(passed));
    assert_eq!(bench.hypervisor.ran("exec first"), 1);
    assert_eq!(bench.hypervisor.ran("freeze"), 1);
}

#[test]
fn a_shell_leaves_no_state_that_a_run_would_take_for_its_own() {
    let bench = Bench::new();
    let cases = vec![case("a", &["first", "x"]), case("b", &["first", "y"])];
    let shell = |cases: &[Case]| {
        lock(&bench.hypervisor.log).clear();
        let plan = Plan::new(cases.to_vec(), |guest| bench.hypervisor.base_key(guest));
        let path = &plan.paths[0][..2];
        reach(&plan, path, &bench.hypervisor, &mut |_| {}).unwrap()
    };
    let key = shell(&cases);
    assert_eq!(bench.hypervisor.ran("exec first"), 1);
    assert_eq!(shell(&cases), key);
    assert_eq!(bench.hypervisor.ran("exec first"), 0);
    bench.run(cases.clone(), false);
    assert_eq!(bench.hypervisor.ran("exec first"), 1);
    assert_eq!(bench.hypervisor.ran("freeze"), 1);
    assert_ne!(shell(&cases), key, "the run's own is as good");

    let mut unlocked = cases;
    for one in &mut unlocked {
        one.guest.locked = false;
    }
    let before = shell(&unlocked);
    // Keys made anew tell seconds apart.
    std::thread::sleep(std::time::Duration::from_millis(1100));
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
    let verdicts = bench.run(vec![seeded], false);
    let Verdict::Failed(found) = &verdicts["a"] else {
        panic!("{verdicts:?}")
    };
    assert!(
        format!("{found:?}").contains("Read-only file system"),
        "{found:?}"
    );
}
