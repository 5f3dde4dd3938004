//! Snapshots on disk: written, compared, reviewed, orphaned.

use std::fs;
use std::path::Path;

use super::render::tests::{observation, step};
use super::tests::case;
use super::*;
use crate::model::{Case, Step};
use crate::observe::Observation;
use crate::testing::{Folder, has, lacks};

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
    let root = Folder::new();
    let take = |mode, seen| take(root.path(), mode, &seen);
    let file = root.join("snapshots/first-switch/switch.snap");
    let pending = file.with_extension("snap.new");
    let missing = take(SnapshotMode::Compare, observation()).unwrap();
    has(missing.message, "there is no snapshot");
    assert!(!file.exists() && !pending.exists());
    assert_eq!(take(SnapshotMode::Update, observation()), None);
    assert_eq!(take(SnapshotMode::Compare, observation()), None);
    let differs = take(SnapshotMode::New, other()).unwrap();
    has(&differs.detail, "-  hello 2.10");
    assert!(pending.exists());
    has(differs.message, "first-switch/switch.snap; review with");
    lacks(differs.detail, &["No newline"]);
    // insta reads both as its own.
    let read = |path: &Path| insta::Snapshot::from_file(path).unwrap();
    let kept = read(&file).as_text().unwrap().to_string();
    assert_eq!(kept.trim_end(), render(&step(), &observation()).trim_end());
    assert_eq!(read(&pending).metadata().expression(), None);
    // Where nothing may be written, nothing is removed either.
    assert_eq!(take(SnapshotMode::Compare, observation()), None);
    assert!(pending.exists());
    // What is right again leaves nothing to review.
    assert_eq!(take(SnapshotMode::New, observation()), None);
    assert!(!pending.exists());
}

#[test]
fn no_path_of_this_machine_gets_into_a_snapshot() {
    let root = Folder::new();
    let mut case = case();
    case.file = root.path().join("scenarios/first-switch.yaml");
    let policy = policy(root.path(), SnapshotMode::Update);
    let compared = Compared::new(&case, &step(), &observation(), &policy).unwrap();
    compared.store(&case, SnapshotMode::Update).unwrap();
    let text = root.read("snapshots/first-switch/switch.snap").unwrap();
    has(&text, "input_file: scenarios/first-switch.yaml\n");
    lacks(text, &[root.path().to_str().unwrap()]);
}

#[test]
fn a_broken_snapshot_is_an_error_and_not_a_difference() {
    let root = Folder::new();
    let broken = "---\n<<<<<<< ours: [\n---\nx\n";
    root.write("snapshots/first-switch/switch.snap", broken);
    let policy = policy(root.path(), SnapshotMode::Update);
    let error = Compared::new(&case(), &step(), &observation(), &policy);
    has(error.unwrap_err().hint(), "merge conflict");
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
        let path = snapshot_path(Path::new("s/"), &case, &step);
        let path = path.display().to_string();
        path.trim_start_matches("s/first-switch/").to_owned()
    };
    for (id, step, wanted) in [
        ("", "switch", "switch.snap"),
        (
            "[v=23.11,i=own]",
            "switch-2",
            "v=23.11,i=own--switch-2.snap",
        ),
        ("[a=../x]", "s", "a=..%2fx--s.snap"),
        ("", "../x", "%2e.%2fx.snap"),
    ] {
        assert_eq!(name(&format!("first-switch{id}"), step), wanted);
    }
    let long = |length| name(&format!("first-switch[a={}]", "ä".repeat(length)), "s");
    assert!(long(300).len() < 220, "{}", long(300));
    assert_ne!(long(300), long(299));
}

#[test]
fn comparing_writes_and_removes_nothing() {
    let root = Folder::new();
    take(root.path(), SnapshotMode::Update, &observation());
    let pending = "snapshots/first-switch/switch.snap.new";
    root.write(pending, "of a run before");
    use SnapshotMode::{Compare, New, Update};
    for mode in [Compare, New, Update] {
        for seen in [observation(), other()] {
            let policy = policy(root.path(), mode);
            let compared = Compared::new(&case(), &step(), &seen, &policy).unwrap();
            let _ = compared.finding(&case(), mode, &[]);
        }
    }
    assert_eq!(root.read(pending).unwrap(), "of a run before");
    assert_eq!(take(root.path(), Compare, &observation()), None);
}

#[test]
fn a_first_snapshot_says_what_it_holds_and_which_step_shows_the_same() {
    let root = Folder::new();
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
    let root = Folder::new();
    let case = in_project(root.path(), "scenarios", "first");
    accept(&case);
    let snapshots = root.path().canonicalize().unwrap().join("snapshots");
    let odd = [
        "at-the-root.snap",
        "first/old.snap",
        "first/old.snap.new",
        "old/deeper/x.snap",
    ]
    .map(|name| root.write(snapshots.join(name), ""));
    for owned in ["first/notes.md", "first/switch.snap.new"] {
        root.write(snapshots.join(owned), "");
    }
    let found = orphans(&[case], &[root.path().join("scenarios")]);
    assert_eq!(found, odd);
}

#[test]
fn a_snapshot_of_a_scenario_that_was_not_read_is_no_orphan() {
    let root = Folder::new();
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
    let both = [["first-switch[a=X]", "first-switch[a=x]"]];
    assert_eq!(owners(&[one.clone(), two]), both);
    assert!(owners(&[one]).is_empty());
    // Names of axes and steps are joined.
    let (one, _) = with_axes("first-switch[x=a]", "b--c");
    let (two, _) = with_axes("first-switch[x=a--b]", "c");
    assert_eq!(owners(&[one, two]).len(), 1);
    let (mut one, mut two) = (case(), case());
    (one.scenario, two.scenario) = ("Foo".into(), "foo".into());
    assert_eq!(owners(&[one, two]).len(), 1);
}
