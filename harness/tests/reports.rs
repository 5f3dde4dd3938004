//! Reports of runs that do not come to their end: nothing is lost, and nothing is lost in silence. No machine is needed.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use switchproof::report::results::{Results, VerdictWord};

const SCENARIO: &str = "\
name: two
description: Two cases
setup:
  home:
    stateVersion: \"25.05\"
matrix:
  word: [one, two]
steps:
  - run: echo ${{ matrix.word }}
";

/// A folder with a scenario of two cases, and a QEMU that never answers.
struct Project(tempfile::TempDir);

impl Project {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("scenarios")).unwrap();
        fs::write(folder.path().join("scenarios/two.yaml"), SCENARIO).unwrap();
        let bin = folder.path().join("bin");
        fs::create_dir(&bin).unwrap();
        for name in ["qemu-system-x86_64", "qemu-system-aarch64"] {
            let fake = bin.join(name);
            fs::write(&fake, "#!/bin/sh\ntouch \"${0%/*}/asked\"\nexec sleep 60\n").unwrap();
            fs::set_permissions(&fake, PermissionsExt::from_mode(0o755)).unwrap();
        }
        Self(folder)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn run(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_switchproof"));
        let path = std::env::var("PATH").unwrap_or_default();
        command
            .arg("run")
            .args(args)
            .current_dir(self.path())
            .env("SWITCHPROOF_CACHE_DIR", self.path().join("cache"))
            .env(
                "PATH",
                format!("{}:{path}", self.path().join("bin").display()),
            )
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        for name in ["GITHUB_ACTIONS", "GITEA_ACTIONS", "FORGEJO_ACTIONS", "CI"] {
            command.env_remove(name);
        }
        command
    }

    fn results(&self) -> Results {
        Results::read(&self.path().join("out")).unwrap()
    }
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_run_that_cannot_begin_tells_every_case_in_every_report() {
    let project = Project::new();
    let output = project
        .run(&["--report", "out/", "--report", "markdown=summary.md"])
        .env("SWITCHPROOF_CACHE_LIMIT", "much")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    let results = project.results();
    assert_eq!(results.cases.len(), 2);
    for case in &results.cases {
        assert_eq!(case.verdict, VerdictWord::NotRun);
        assert!(
            case.reason
                .as_deref()
                .unwrap()
                .contains("SWITCHPROOF_CACHE_LIMIT"),
            "{case:?}"
        );
    }
    let junit = fs::read_to_string(project.path().join("out/junit.xml")).unwrap();
    assert_eq!(junit.matches("<skipped").count(), 2, "{junit}");
    assert!(
        fs::read_to_string(project.path().join("summary.md"))
            .unwrap()
            .contains("2 not run")
    );
}

#[test]
fn a_signal_ends_the_run_and_not_its_reports() {
    for (signal, said) in [
        ("INT", "interrupted (Ctrl-C)"),
        ("TERM", "ended by SIGTERM"),
        ("QUIT", "ended by SIGQUIT"),
    ] {
        let project = Project::new();
        let child = project.run(&["--report", "out/"]).spawn().unwrap();
        // It listens before it asks QEMU, which does not answer.
        let deadline = Instant::now() + Duration::from_secs(20);
        while !project.path().join("bin/asked").exists() {
            assert!(Instant::now() < deadline, "it never began");
            std::thread::sleep(Duration::from_millis(20));
        }
        let killed = Command::new("kill")
            .arg(format!("-{signal}"))
            .arg(child.id().to_string())
            .status();
        assert!(killed.unwrap().success());
        let output = child.wait_with_output().unwrap();
        assert!(
            output.status.signal().is_some(),
            "{:?} {}",
            output.status,
            stderr(&output)
        );
        assert!(stderr(&output).contains(said), "{}", stderr(&output));
        let results = project.results();
        assert_eq!(results.run.cut_short.as_deref(), Some(said));
        assert!(
            results
                .cases
                .iter()
                .all(|case| case.reason.as_deref() == Some(said))
        );
        let left = fs::read_dir(project.path().join("out")).unwrap();
        assert_eq!(left.count(), 3, "nothing is left beside the reports");
    }
}

#[test]
fn a_report_that_is_lost_is_told_and_outweighs_what_the_run_says() {
    if !Path::new("/dev/full").exists() {
        return;
    }
    let project = Project::new();
    let output = project
        .run(&["--report", "junit=/dev/full"])
        .env("SWITCHPROOF_CACHE_LIMIT", "much")
        .output()
        .unwrap();
    let told = stderr(&output);
    assert_eq!(output.status.code(), Some(3), "{told}");
    assert!(
        told.contains("error: the report /dev/full was not written: No space left on device"),
        "{told}"
    );
}

#[test]
fn a_job_of_actions_gets_a_summary_and_annotations_unasked() {
    for host in ["GITHUB", "GITEA", "FORGEJO"] {
        let project = Project::new();
        let summary = project.path().join("summary.md");
        fs::write(&summary, "before\n").unwrap();
        let output = project
            .run(&[])
            .env(format!("{host}_ACTIONS"), "true")
            .env(format!("{host}_STEP_SUMMARY"), &summary)
            .env("SWITCHPROOF_CACHE_LIMIT", "much")
            .output()
            .unwrap();
        let text = fs::read_to_string(&summary).unwrap();
        assert!(
            text.starts_with("before\n### switchproof: 2 not run"),
            "{text}"
        );
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            printed
                .starts_with("::warning file=scenarios/two.yaml,title=two[word=one] was not run::"),
            "{printed}"
        );
    }
}
