//! Snapshots on disk: written, compared, reviewed, orphaned.

use std::fs;
use std::path::Path;

use super::render::tests::{observation, step};
use super::tests::case;
use super::*;
use crate::model::{Case, Step};
use crate::observe::Observation;

fn policy(root: &Path, mode: SnapshotMode) -> SnapshotPolicy {
    SnapshotPolicy {
        mode,
        folder: SnapshotFolder::At(root.join("snapshots")),
    }
}

fn other() -> Observation {
    let mut seen = observation();
    seen.users.get_mut("alice").unwrap().programs.clear();
    seen
}

fn take(root: &Path, mode: SnapshotMode, seen: &Observation) -> Option<Finding> {
    let compared = Compared::new(&case(), &step(), seen, &policy(root, mode)).unwrap();
    let finding = compared.finding(&case(), mode, &[]);
    compared.store(&case(), mode).unwrap();
    finding
}

#[test]
fn a_snapshot_is_written_then_compared_then_reviewed() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("snapshots/first-switch/switch.snap");
    let pending = file.with_extension("snap.new");
    let missing = take(root.path(), SnapshotMode::Compare, &observation()).unwrap();
    assert!(
        missing.message.starts_with("there is no snapshot"),
        "{}",
        missing.message
    );
    assert!(!file.exists() && !pending.exists());
    assert_eq!(
        take(root.path(), SnapshotMode::Update, &observation()),
        None
    );
    assert_eq!(
        take(root.path(), SnapshotMode::Compare, &observation()),
        None
    );
    let differs = take(root.path(), SnapshotMode::New, &other()).unwrap();
    assert!(
        differs.detail.contains("-  hello 2.10"),
        "{}",
        differs.detail
    );
    assert!(pending.exists());
    assert!(
        differs
            .message
            .contains("first-switch/switch.snap; review with"),
        "{}",
        differs.message
    );
    assert!(!differs.detail.contains("No newline"), "{}", differs.detail);
    // insta reads both as its own.
    let read = |path: &Path| insta::Snapshot::from_file(path).unwrap();
    assert_eq!(
        read(&file).as_text().unwrap().to_string().trim_end(),
        render(&step(), &observation()).trim_end()
    );
    assert_eq!(read(&pending).metadata().expression(), None);
    // Where nothing may be written, nothing is removed either.
    assert_eq!(
        take(root.path(), SnapshotMode::Compare, &observation()),
        None
    );
    assert!(pending.exists());
    // What is right again leaves nothing to review.
    assert_eq!(take(root.path(), SnapshotMode::New, &observation()), None);
    assert!(!pending.exists());
}

#[test]
fn no_path_of_this_machine_gets_into_a_snapshot() {
    let root = tempfile::tempdir().unwrap();
    let mut case = case();
    case.file = root.path().join("scenarios/first-switch.yaml");
    let policy = policy(root.path(), SnapshotMode::Update);
    let compared = Compared::new(&case, &step(), &observation(), &policy).unwrap();
    compared.store(&case, SnapshotMode::Update).unwrap();
    let text = fs::read_to_string(root.path().join("snapshots/first-switch/switch.snap")).unwrap();
    assert!(
        text.contains("input_file: scenarios/first-switch.yaml\n"),
        "{text}"
    );
    assert!(!text.contains(root.path().to_str().unwrap()), "{text}");
}

#[test]
fn a_broken_snapshot_is_an_error_and_not_a_difference() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("snapshots/first-switch/switch.snap");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, "---\n<<<<<<< ours: [\n---\nx\n").unwrap();
    let policy = policy(root.path(), SnapshotMode::Update);
    let error = Compared::new(&case(), &step(), &observation(), &policy);
    let error = error.unwrap_err();
    assert!(error.hint().contains("merge conflict"));
}

fn with_axes(id: &str, name: &str) -> (Case, Step) {
    let mut case = case();
    case.id = id.into();
    let mut step = step();
    step.name = name.into();
    case.steps = vec![step.clone()];
    (case, step)
}

#[test]
fn names_of_cases_become_safe_names_of_files() {
    let name = |id: &str, step: &str| {
        let (case, step) = with_axes(id, step);
        let path = snapshot_path(Path::new("s"), &case, &step);
        path.strip_prefix("s/first-switch")
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(name("first-switch", "switch"), "switch.snap");
    assert_eq!(
        name(
            "first-switch[stateVersion=23.11,install=standalone]",
            "switch-2"
        ),
        "stateVersion=23.11,install=standalone--switch-2.snap"
    );
    assert_eq!(name("first-switch[a=../x]", "s"), "a=..%2fx--s.snap");
    assert_eq!(name("first-switch", "../x"), "%2e.%2fx.snap");
    let long = name(&format!("first-switch[a={}]", "ä".repeat(300)), "s");
    assert!(long.len() < 220, "{long}");
    assert_ne!(
        long,
        name(&format!("first-switch[a={}]", "ä".repeat(299)), "s")
    );
}

#[test]
fn comparing_writes_and_removes_nothing() {
    let root = tempfile::tempdir().unwrap();
    take(root.path(), SnapshotMode::Update, &observation());
    let pending = root.path().join("snapshots/first-switch/switch.snap.new");
    fs::write(&pending, "of a run before").unwrap();
    for mode in [
        SnapshotMode::Compare,
        SnapshotMode::New,
        SnapshotMode::Update,
    ] {
        for seen in [observation(), other()] {
            let policy = policy(root.path(), mode);
            let compared = Compared::new(&case(), &step(), &seen, &policy).unwrap();
            let _ = compared.finding(&case(), mode, &[]);
        }
    }
    assert_eq!(fs::read_to_string(&pending).unwrap(), "of a run before");
    assert_eq!(
        take(root.path(), SnapshotMode::Compare, &observation()),
        None
    );
}

#[test]
fn a_first_snapshot_says_what_it_holds_and_which_step_shows_the_same() {
    let root = tempfile::tempdir().unwrap();
    let policy = policy(root.path(), SnapshotMode::New);
    let mut again = step();
    again.name = "switch-2".into();
    let compare =
        |step: &Step, seen: &Observation| Compared::new(&case(), step, seen, &policy).unwrap();
    let before = [compare(&step(), &observation())];
    let kind = |seen: &Observation| {
        let finding = compare(&again, seen).finding(&case(), SnapshotMode::New, &before);
        finding.unwrap().kind
    };
    let seen = observation();
    let FindingKind::NewSnapshot {
        files,
        programs,
        same_as,
        snapshot,
    } = kind(&seen)
    else {
        panic!()
    };
    let user = &seen.users["alice"];
    assert!(files > 0 && files <= user.home.entries.len());
    assert_eq!(programs, user.programs.len());
    assert_eq!(same_as.as_deref(), Some("switch"));
    assert!(snapshot.pending);
    assert!(matches!(
        kind(&other()),
        FindingKind::NewSnapshot { same_as: None, .. }
    ));
}

/// A project with a scenario file of `name` in `folder`, and the case that it makes.
fn in_project(root: &Path, folder: &str, name: &str) -> Case {
    let mut case = case();
    case.id = name.into();
    case.scenario = name.into();
    case.file = root.join(folder).join(format!("{name}.yaml"));
    fs::create_dir_all(root.join(folder)).unwrap();
    fs::write(&case.file, "").unwrap();
    case
}

fn accept(case: &Case) {
    let policy = SnapshotPolicy::new(SnapshotMode::Update);
    let compared = Compared::new(case, &step(), &observation(), &policy).unwrap();
    compared.store(case, SnapshotMode::Update).unwrap();
}

#[test]
fn snapshots_that_no_case_owns_are_orphans_wherever_they_lie() {
    let root = tempfile::tempdir().unwrap();
    let case = in_project(root.path(), "scenarios", "first");
    accept(&case);
    let snapshots = root.path().canonicalize().unwrap().join("snapshots");
    fs::create_dir_all(snapshots.join("old/deeper")).unwrap();
    let odd = [
        "at-the-root.snap",
        "first/old.snap",
        "first/old.snap.new",
        "old/deeper/x.snap",
    ]
    .map(|name| snapshots.join(name));
    for file in &odd {
        fs::write(file, "").unwrap();
    }
    fs::write(snapshots.join("first/notes.md"), "").unwrap();
    fs::write(snapshots.join("first/switch.snap.new"), "").unwrap();
    let found = orphans(&[case], &[root.path().join("scenarios")]);
    assert_eq!(found, odd);
}

#[test]
fn a_snapshot_of_a_scenario_that_was_not_read_is_no_orphan() {
    let root = tempfile::tempdir().unwrap();
    let one = in_project(root.path(), "scenarios/a", "one");
    let two = in_project(root.path(), "scenarios/b", "two");
    let beside = in_project(root.path(), "", "beside");
    for case in [&one, &two, &beside] {
        accept(case);
    }
    let path = |path: &str| root.path().join(path);
    let found = |cases: &[&Case], named: &str| {
        let cases: Vec<Case> = cases.iter().map(|&case| case.clone()).collect();
        orphans(&cases, &[path(named)])
    };
    assert!(path("snapshots/two/switch.snap").exists());
    let none: Vec<std::path::PathBuf> = Vec::new();
    assert_eq!(found(&[&one], "scenarios/a"), none);
    assert_eq!(found(&[&one], "scenarios/a/one.yaml"), none);
    assert_eq!(found(&[&one, &two], "scenarios"), none);
    // One that is gone may have been moved to where nobody looked.
    fs::remove_file(&two.file).unwrap();
    assert_eq!(found(&[&one], "scenarios/a"), none);
    assert_eq!(found(&[&one], "scenarios").len(), 1);
    assert_eq!(found(&[&one, &beside], "").len(), 1);
}

#[test]
fn two_steps_never_share_a_snapshot_unnoticed() {
    let (one, _) = with_axes("first-switch[a=X]", "s");
    let (two, _) = with_axes("first-switch[a=x]", "s");
    let owners = |cases: &[Case]| -> Vec<Vec<String>> {
        let case = |owner: &super::Owner| owner.case.clone();
        shared_snapshots(cases)
            .iter()
            .map(|shared| shared.owners.iter().map(case).collect())
            .collect()
    };
    assert_eq!(
        owners(&[one.clone(), two]),
        [["first-switch[a=X]", "first-switch[a=x]"]]
    );
    assert!(owners(&[one]).is_empty());
    // Names of axes and steps are joined.
    let (one, _) = with_axes("first-switch[x=a]", "b--c");
    let (two, _) = with_axes("first-switch[x=a--b]", "c");
    assert_eq!(owners(&[one, two]).len(), 1);
    let (mut one, mut two) = (case(), case());
    (one.scenario, two.scenario) = ("Foo".into(), "foo".into());
    assert_eq!(owners(&[one, two]).len(), 1);
}
