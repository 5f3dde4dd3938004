//! Reports of runs that do not come to their end: nothing is lost, and nothing is lost in silence. No machine is needed.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
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
        let project = Self(tempfile::tempdir().unwrap());
        project.write("scenarios/two.yaml", SCENARIO);
        for name in ["qemu-system-x86_64", "qemu-system-aarch64"] {
            let script = "#!/bin/sh\ntouch \"${0%/*}/asked\"\nexec sleep 60\n";
            let fake = project.write(&format!("bin/{name}"), script);
            fs::set_permissions(&fake, PermissionsExt::from_mode(0o755)).unwrap();
        }
        project
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn write(&self, path: &str, text: &str) -> PathBuf {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    fn run(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_switchproof"));
        let path = std::env::var("PATH").unwrap_or_default();
        let path = format!("{}:{path}", self.path("bin").display());
        command
            .arg("run")
            .args(args)
            .current_dir(self.0.path())
            .env("SWITCHPROOF_CACHE_DIR", self.path("cache"))
            .env("PATH", path)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        for name in ["GITHUB_ACTIONS", "GITEA_ACTIONS", "FORGEJO_ACTIONS", "CI"] {
            command.env_remove(name);
        }
        command
    }

    /// A run that is refused before anything is asked of a machine.
    fn refused(&self, args: &[&str], variables: &[(String, String)]) -> Output {
        let mut run = self.run(args);
        run.env("SWITCHPROOF_CACHE_LIMIT", "much");
        run.envs(variables.iter().cloned()).output().unwrap()
    }

    fn results(&self) -> Results {
        Results::read(&self.path("out")).unwrap()
    }
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_run_that_cannot_begin_tells_every_case_in_every_report() {
    let project = Project::new();
    let reports = ["--report", "out/", "--report", "markdown=summary.md"];
    let output = project.refused(&reports, &[]);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    let results = project.results();
    assert_eq!(results.cases.len(), 2);
    for case in &results.cases {
        assert_eq!(case.verdict, VerdictWord::NotRun);
        let reason = case.reason.as_deref().unwrap();
        assert!(reason.contains("SWITCHPROOF_CACHE_LIMIT"), "{reason}");
    }
    let junit = fs::read_to_string(project.path("out/junit.xml")).unwrap();
    assert_eq!(junit.matches("<skipped").count(), 2, "{junit}");
    let summary = fs::read_to_string(project.path("summary.md")).unwrap();
    assert!(summary.contains("2 not run"), "{summary}");
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
        while !project.path("bin/asked").exists() {
            assert!(Instant::now() < deadline, "it never began");
            std::thread::sleep(Duration::from_millis(20));
        }
        let killed = Command::new("kill")
            .arg(format!("-{signal}"))
            .arg(child.id().to_string())
            .status();
        assert!(killed.unwrap().success());
        let output = child.wait_with_output().unwrap();
        assert!(output.status.signal().is_some(), "{}", stderr(&output));
        assert!(stderr(&output).contains(said), "{}", stderr(&output));
        let results = project.results();
        assert_eq!(results.run.cut_short.as_deref(), Some(said));
        for case in &results.cases {
            assert_eq!(case.reason.as_deref(), Some(said));
        }
        let left = fs::read_dir(project.path("out")).unwrap();
        assert_eq!(left.count(), 3, "nothing is left beside the reports");
    }
}

#[test]
fn a_report_that_is_lost_is_told_and_outweighs_what_the_run_says() {
    if !Path::new("/dev/full").exists() {
        return;
    }
    let project = Project::new();
    let output = project.refused(&["--report", "junit=/dev/full"], &[]);
    let told = stderr(&output);
    assert_eq!(output.status.code(), Some(3), "{told}");
    let lost = "error: the report /dev/full was not written: No space left on device";
    assert!(told.contains(lost), "{told}");
}

#[test]
fn a_job_of_actions_gets_a_summary_and_annotations_unasked() {
    for host in ["GITHUB", "GITEA", "FORGEJO"] {
        let project = Project::new();
        let summary = project.write("summary.md", "before\n");
        let variables = [
            (format!("{host}_ACTIONS"), "true".to_owned()),
            (
                format!("{host}_STEP_SUMMARY"),
                summary.display().to_string(),
            ),
        ];
        let output = project.refused(&[], &variables);
        let text = fs::read_to_string(&summary).unwrap();
        let begins = "before\n### switchproof: 2 not run";
        assert!(text.starts_with(begins), "{text}");
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        let begins = "::warning file=scenarios/two.yaml,title=two[word=one] was not run::";
        assert!(printed.starts_with(begins), "{printed}");
    }
}
