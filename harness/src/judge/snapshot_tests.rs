//! Snapshots on disk: written, compared, reviewed, orphaned.

use std::fs;
use std::path::Path;

use super::render::tests::{observation, step};
use super::tests::case;
use super::*;
use crate::observe::Observation;
use crate::scenario::model::{Case, Step};

fn policy(root: &Path, mode: SnapshotMode) -> SnapshotPolicy {
    SnapshotPolicy {
        mode,
        root: root.join("snapshots"),
    }
}

fn other() -> Observation {
    let mut seen = observation();
    seen.users.get_mut("alice").unwrap().programs.clear();
    seen
}

fn take(root: &Path, mode: SnapshotMode, seen: &Observation) -> Option<Finding> {
    snapshot(&case(), &step(), seen, &policy(root, mode)).unwrap()
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
            .contains("the snapshot snapshots/first-switch/switch.snap;"),
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
    // What is right again leaves nothing to review.
    assert_eq!(take(root.path(), SnapshotMode::New, &observation()), None);
    assert!(!pending.exists());
}

#[test]
fn no_path_of_this_machine_gets_into_a_snapshot() {
    let root = tempfile::tempdir().unwrap();
    let mut case = case();
    case.file = root.path().join("scenarios/first-switch.yaml");
    snapshot(
        &case,
        &step(),
        &observation(),
        &policy(root.path(), SnapshotMode::Update),
    )
    .unwrap();
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
    let error = snapshot(
        &case(),
        &step(),
        &observation(),
        &policy(root.path(), SnapshotMode::Update),
    );
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
fn snapshots_that_no_case_owns_are_orphans() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("first-switch");
    fs::create_dir_all(&folder).unwrap();
    for file in [
        "switch.snap",
        "switch.snap.new",
        "old.snap",
        "old.snap.new",
        "notes.md",
    ] {
        fs::write(folder.join(file), "").unwrap();
    }
    let found = orphans(&[case()], root.path());
    assert_eq!(
        found,
        [folder.join("old.snap"), folder.join("old.snap.new")]
    );
    assert_eq!(
        orphans(&[case()], &root.path().join("none")),
        Vec::<std::path::PathBuf>::new()
    );
}

#[test]
fn two_steps_never_share_a_snapshot_unnoticed() {
    let (one, _) = with_axes("first-switch[a=X]", "s");
    let (two, _) = with_axes("first-switch[a=x]", "s");
    let shared = shared_snapshots(&[one.clone(), two], Path::new("s"));
    assert_eq!(shared[0].1, ["first-switch[a=X]", "first-switch[a=x]"]);
    assert_eq!(shared_snapshots(&[one], Path::new("s")), []);
}
