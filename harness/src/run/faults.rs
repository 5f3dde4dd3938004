//! Every way in which a run can go wrong, on fake machines: who is to blame, and that every case is told.

use std::fs;
use std::time::Duration;

use super::fake::{Fault, Method, broken};
use super::ledger::lock;
use super::trial::{Bench, cached, case, errored, failed, not_run, passed};
use crate::judge::{
    Conclusion, FindingKind, SnapshotMode, Verdict, snapshot_path, snapshots_beside,
};
use crate::model::{Case, Network};
use crate::report::Event;
use crate::testing::has;

/// A case with snapshots, in a project of its own.
fn with_snapshot(bench: &Bench, id: &str, commands: &[&str]) -> Case {
    let mut case = case(id, commands);
    case.file = bench.folder.path().join(format!("{id}.yaml"));
    for step in &mut case.steps {
        step.snapshot = true;
    }
    case
}

fn snapshot_of(case: &Case, step: usize) -> std::path::PathBuf {
    snapshot_path(&snapshots_beside(&case.file), case, &case.steps[step])
}

#[test]
fn a_fault_of_any_method_is_the_machines_and_the_next_run_is_well() {
    use Method::{Claim, EnsureBase, Exec, Fork, Freeze, Pull};
    for method in [EnsureBase, Claim, Fork, Exec, Pull, Freeze] {
        for fault in [Fault::Error(broken()), Fault::Panic] {
            let bench = Bench::new();
            bench.hypervisor.break_at(method, fault.clone());
            let cases = vec![
                with_snapshot(&bench, "a", &["first", "x"]),
                with_snapshot(&bench, "b", &["first", "y"]),
            ];
            let verdicts = bench.run(cases.clone());
            let conclusion = Conclusion::of(verdicts.values());
            assert_eq!(conclusion, Conclusion::Broken, "{method:?} {fault:?}");
            let well = Bench {
                mode: SnapshotMode::Update,
                folder: bench.folder,
                ..Bench::new()
            };
            assert!(well.run(cases).values().all(passed), "{method:?}");
        }
    }
}

#[test]
fn an_observation_that_fails_is_no_word_on_the_setup() {
    let bench = Bench::new();
    let fault = Fault::Error(broken());
    bench.hypervisor.break_at(Method::Pull, fault);
    let cases = vec![with_snapshot(&bench, "seen", &["x"]), case("other", &["y"])];
    let verdicts = bench.run(cases);
    let Verdict::Errored { during, .. } = &verdicts["seen"] else {
        panic!("{verdicts:?}")
    };
    assert_eq!(during.as_ref().map(|it| it.step.as_str()), Some("run-1"));
    assert!(passed(&verdicts["other"]));
}

#[test]
fn an_output_without_an_end_is_the_setups_and_told_as_that() {
    let bench = Bench::new();
    let verdicts = bench.run(vec![case("a", &["spam", "never"])]);
    let findings = failed(&verdicts["a"]);
    let [finding] = findings else {
        panic!("{findings:?}")
    };
    let message = "the step printed without an end, and was ended";
    let detail = "264 MiB were printed\nprinted last:\none\ntwo";
    assert_eq!((&*finding.message, &*finding.detail), (message, detail));
    assert_eq!(bench.hypervisor.ran("never"), 0);
}

#[test]
fn a_machine_that_dies_says_what_was_seen_last() {
    let bench = Bench::new();
    let verdicts = bench.run(vec![case("a", &["die"])]);
    let said = errored(&verdicts["a"]);
    assert_eq!(said, "QEMU died\nnothing had been printed");
}

#[test]
fn a_broken_snapshot_is_no_word_on_the_setup_either() {
    let bench = Bench::new();
    let case = with_snapshot(&bench, "a", &["x"]);
    let path = snapshot_of(&case, 0);
    bench.folder.write(&path, "---\n<<<<<<< ours: [\n---\nx\n");
    let verdicts = bench.run(vec![case.clone()]);
    has(errored(&verdicts["a"]), "cannot be read");
    // Reading a FIFO would never end.
    fs::remove_file(&path).unwrap();
    bench.folder.fifo(&path);
    let verdicts = bench.run(vec![case]);
    has(errored(&verdicts["a"]), "no regular file");
}

#[test]
fn a_snapshot_that_cannot_be_written_is_told() {
    let bench = Bench {
        mode: SnapshotMode::Update,
        ..Bench::new()
    };
    let case = with_snapshot(&bench, "a", &["x"]);
    // A file is in the way of the folder.
    bench.folder.write("snapshots", "");
    has(errored(&bench.run(vec![case])["a"]), "snapshots");
}

#[test]
fn without_a_route_nothing_is_said_about_the_setup() {
    let bench = Bench::new();
    let fault = Fault::Error(broken());
    bench.hypervisor.break_at(Method::Exec, fault);
    let mut networked = case("a", &["x"]);
    networked.guest.network = Network::Internet;
    networked
        .guest
        .endpoints
        .insert("example.org:443".to_owned());
    let verdicts = bench.run(vec![networked]);
    errored(&verdicts["a"]);
    assert_eq!(bench.hypervisor.ran("exec x"), 0);
}

#[test]
fn where_there_is_no_room_for_a_machine_nothing_was_run() {
    let bench = Bench {
        jobs: 1,
        patience: Duration::from_millis(1),
        ..Bench::new()
    };
    let taken = bench.budget();
    let _slot = taken.acquire(64, &mut |_| {}).unwrap();
    let verdicts = bench.run(vec![case("a", &["x"]), case("b", &["y"])]);
    for verdict in verdicts.values() {
        has(not_run(verdict), "no room");
    }
    assert_eq!(Conclusion::of(verdicts.values()), Conclusion::Broken);
}

#[test]
fn machines_that_start_at_once_share_the_memory_that_there_is() {
    let bench = Bench::new();
    let of = |id: &str, memory_mib: u32| {
        let mut case = case(id, &[&format!("sleep {id}")]);
        case.guest.memory_mib = Some(memory_mib);
        case
    };
    let verdicts = bench.run(vec![of("a", 600), of("b", 601), of("c", 2000)]);
    assert!(passed(&verdicts["a"]) && passed(&verdicts["b"]));
    assert_eq!(lock(&bench.hypervisor.memory_mib).1, 601, "one at a time");
    has(not_run(&verdicts["c"]), "2000 MiB");
}

#[test]
fn a_bug_outside_of_any_case_leaves_none_untold() {
    let bench = Bench::new();
    bench.hypervisor.break_at(Method::EnsureBase, Fault::Panic);
    let verdicts = bench.run(vec![case("a", &["x"]), case("b", &["y"])]);
    for verdict in verdicts.values() {
        has(not_run(verdict), "has a bug");
    }
}

#[test]
fn the_first_failure_ends_the_run_where_it_was_asked_to() {
    let bench = Bench {
        fail_fast: true,
        jobs: 1,
        ..Bench::new()
    };
    let cases = vec![
        case("a", &["fail"]),
        case("b", &["fail", "y"]),
        case("c", &["z"]),
    ];
    let verdicts = bench.run(cases);
    let is_failed = |it: &&Verdict| matches!(it, Verdict::Failed(_));
    let (failed, left): (Vec<_>, Vec<_>) = verdicts.values().partition(is_failed);
    assert!(!failed.is_empty() && !left.is_empty(), "{verdicts:?}");
    has(not_run(left[0]), "--fail-fast");
    assert_eq!(Conclusion::of(verdicts.values()), Conclusion::Failed);
}

#[test]
fn a_first_snapshot_is_new_then_accepted_then_compared() {
    let mut bench = Bench {
        mode: SnapshotMode::New,
        ..Bench::new()
    };
    *lock(&bench.hypervisor.home) = vec![("one", "1"), ("two", "2")];
    let case = with_snapshot(&bench, "a", &["x", "y"]);
    let pending = snapshot_of(&case, 0).with_extension("snap.new");
    let verdicts = bench.run(vec![case.clone()]);
    assert!(verdicts["a"].is_new() && verdicts["a"].awaits_review());
    let findings = failed(&verdicts["a"]);
    let same: Vec<_> = findings
        .iter()
        .map(|finding| match &finding.kind {
            FindingKind::NewSnapshot { files, same_as, .. } => (*files, same_as.as_deref()),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(same, [(2, None), (2, Some("run-1"))]);
    assert!(pending.exists());
    assert!(bench.run(vec![case.clone()])["a"].is_new());
    assert_eq!(bench.hypervisor.ran("fork"), 0);

    bench.mode = SnapshotMode::Update;
    // All of it was seen before it was accepted: nothing runs again.
    assert!(cached(&bench.run(vec![case.clone()])["a"]));
    assert_eq!(bench.hypervisor.ran("fork"), 0);
    assert!(!pending.exists());
    let wrote = |event: &&Event| matches!(event, Event::SnapshotWritten { .. });
    assert_eq!(lock(&bench.told).iter().filter(wrote).count(), 2);
    assert!(cached(&bench.run(vec![case.clone()])["a"]));
    assert_eq!(lock(&bench.told).iter().filter(wrote).count(), 0);

    bench.mode = SnapshotMode::Compare;
    *lock(&bench.hypervisor.home) = vec![(".new", "1\n")];
    let again = with_snapshot(&bench, "a", &["z", "y"]);
    let verdicts = bench.run(vec![again]);
    let findings = failed(&verdicts["a"]);
    let told = findings[0].kind.change();
    has(told.expect("what was reviewed is kept"), "+ .new");

    bench.mode = SnapshotMode::New;
    fs::write(snapshot_of(&case, 0), "---\nsource: a.yaml\n---\nother\n").unwrap();
    let verdicts = bench.run(vec![case]);
    let kind = &failed(&verdicts["a"])[0].kind;
    assert!(matches!(kind, FindingKind::ChangedSnapshot { .. }));
    assert!(!verdicts["a"].is_new());
}

#[test]
fn what_a_run_will_do_is_foreseen_without_a_trace() {
    let bench = Bench {
        mode: SnapshotMode::New,
        ..Bench::new()
    };
    let cases = vec![with_snapshot(&bench, "a", &["x", "y"])];
    bench.run(cases.clone());
    let pending = snapshot_of(&cases[0], 1).with_extension("snap.new");
    fs::write(&pending, "of a person").unwrap();
    let accepted = Bench {
        mode: SnapshotMode::Update,
        ..bench
    };
    let plan = accepted.plan(cases);
    let (results, options) = (accepted.results(), accepted.options());
    let all = [0].into();
    let known = accepted.known(&plan, &all, &results, &options);
    assert_eq!(known.foresee().len(), 3);
    assert_eq!(fs::read_to_string(&pending).unwrap(), "of a person");
    assert!(!snapshot_of(&plan.cases[0], 0).exists());
}
