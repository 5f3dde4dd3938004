use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::text::read_all;
use super::*;

fn shell(script: &str) -> Command {
    Command::new("sh").args(["-c", script])
}

const SOON: Duration = Duration::from_secs(10);

#[test]
fn gives_back_what_a_process_wrote() {
    let output = shell("cat; echo noise >&2").stdin("word").run(SOON);
    let output = output.unwrap();
    assert_eq!(output.stdout_text(), "word");
    assert_eq!(output.stderr, b"noise\n");
}

#[test]
fn a_failure_names_command_status_and_output() {
    let failed = shell("echo 'no such thing' >&2; exit 7").run(SOON);
    let error = failed.unwrap_err().to_string();
    for piece in ["exit 7'` ended with exit status: 7", "no such thing"] {
        assert!(error.contains(piece), "{error}");
    }
}

#[test]
fn a_missing_program_is_told_from_a_failing_one() {
    let error = Command::new("/nowhere/at-all").run(SOON).unwrap_err();
    assert!(error.is_missing_program(), "{error}");
    assert!(error.hint().is_some());
}

#[test]
fn a_missing_folder_for_temporary_files_is_named() {
    let error = shell("true").keep_in("/nowhere/at-all".into()).unwrap_err();
    assert!(error.to_string().contains("/nowhere/at-all"), "{error}");
    assert!(error.hint().unwrap().contains("TMPDIR"));
    let of_qemu = crate::accel::BinaryError::from(error);
    assert!(of_qemu.hint().contains("TMPDIR"), "{}", of_qemu.hint());
}

#[test]
fn a_deadline_kills_grandchildren_too() {
    let begun = Instant::now();
    let pid_file = tempfile::NamedTempFile::new().unwrap();
    let script = format!("sleep 600 & echo $! > {}; wait", pid_file.path().display());
    let error = shell(&script).run(Duration::from_millis(300)).unwrap_err();
    assert!(matches!(error, ProcessError::Deadline { .. }), "{error}");
    assert!(begun.elapsed() < SOON);
    assert_gone(&std::fs::read_to_string(pid_file.path()).unwrap());
}

#[test]
fn dropping_kills_the_group() {
    let pid_file = tempfile::NamedTempFile::new().unwrap();
    let path = pid_file.path().display();
    let running = shell(&format!("sleep 600 & echo $! > {path}; wait")).spawn();
    while std::fs::read_to_string(pid_file.path()).unwrap().is_empty() {
        thread::sleep(Duration::from_millis(10));
    }
    drop(running.unwrap());
    assert_gone(&std::fs::read_to_string(pid_file.path()).unwrap());
}

#[test]
fn a_process_outlives_the_thread_that_asked_for_it() {
    let asks = thread::spawn(|| shell("sleep 600").spawn().unwrap());
    let mut running = asks.join().unwrap();
    assert_eq!(running.wait(Duration::from_millis(200)).unwrap(), None);
}

#[test]
fn inherited_files_keep_their_descriptor() {
    use std::os::fd::AsRawFd;
    let file = Arc::new(tempfile::tempfile().unwrap());
    let descriptor = file.as_raw_fd();
    shell(&format!("echo through > /dev/fd/{descriptor}"))
        .inherit(file.clone())
        .run(SOON)
        .unwrap();
    assert_eq!(read_all(&file).unwrap(), b"through\n");
}

#[test]
fn what_the_harness_was_started_with_is_not_passed_on() {
    use std::os::fd::AsRawFd;
    let stray = tempfile::tempfile().unwrap();
    rustix::io::fcntl_setfd(&stray, rustix::io::FdFlags::empty()).unwrap();
    let script = format!("test ! -e /dev/fd/{}", stray.as_raw_fd());
    shell(&script).run(SOON).unwrap();
    assert!(rustix::io::fcntl_getfd(&stray).unwrap().is_empty());
}

#[test]
fn words_are_quoted_only_where_needed() {
    assert_eq!(quote("-m"), "-m");
    assert_eq!(quote("it's"), r"'it'\''s'");
    assert_eq!(quote(""), "''");
}

/// The process has ended: it is no more, or waits as a zombie for a parent that is not us.
fn assert_gone(pid: &str) {
    let until = Instant::now() + SOON;
    loop {
        let state = Command::new("ps").args(["-o", "stat=", "-p", pid.trim()]);
        match state.run(SOON) {
            Ok(output) if !output.stdout_text().trim_start().starts_with('Z') => {}
            _ => return,
        }
        assert!(Instant::now() < until, "process {pid} still runs");
        thread::sleep(Duration::from_millis(20));
    }
}
