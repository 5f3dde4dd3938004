//! The real script with a real bash on this computer, in a home of its own.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::*;
use crate::machine::TOOLS;
use crate::model::Session;

/// What became of `command` in a login session whose bash reads this `.profile`: why it did not begin, or how it ended.
fn login(profile: &str, language: Language, command: &str) -> Result<i32, String> {
    login_with("/bin/bash", profile, language, command)
}

fn login_with(
    shell: &str,
    profile: &str,
    language: Language,
    command: &str,
) -> Result<i32, String> {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join(".profile"), profile).unwrap();
    let users = home.path().join("users");
    std::fs::write(&users, format!("alice:x:1000:1000::/home/alice:{shell}\n")).unwrap();
    let errand_of = Errand {
        session: Session::Login,
        language,
        text: command,
    };
    let nonce = Nonce::new();
    let script = errand("alice", &errand_of, Duration::from_secs(20), &nonce).script;
    let script = script
        .replace("/etc/passwd", &users.display().to_string())
        .replace(TOOLS, "/usr/bin")
        .replace("attend \"$1\" 60 ", "attend \"$1\" 2 ");
    let output = Command::new("/bin/bash")
        .args(["--noprofile", "--norc", "-p", "-c", &script])
        .env_clear()
        .env("HOME", home.path())
        .env("USER", "alice")
        .env("PATH", "/usr/bin:/bin")
        .env("XDG_RUNTIME_DIR", home.path())
        .current_dir(home.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let mut witness = Witness::new(&nonce);
    witness.pass(&output.stderr, &mut |_| {});
    let told = witness.told.expect("the script tells how it ended");
    let left = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    let leftovers: Vec<String> = std::fs::read_dir(home.path())
        .unwrap()
        .map(|entry| left(&entry.unwrap().path()))
        .filter(|name| name.starts_with("switchproof"))
        .collect();
    assert_eq!(leftovers, [""; 0], "nothing of ours is left behind");
    let home = home.path().display().to_string();
    match told.no_login("alice", &home, Session::Login) {
        Some(no_login) => Err(no_login.to_string()),
        None => {
            assert!(witness.began, "what ran began");
            Ok(told.status)
        }
    }
}

#[test]
fn a_command_ends_as_it_ends_whatever_the_start_up_files_do() {
    for language in [Language::User, Language::Bash] {
        let ended = |profile: &str, command: &str| login(profile, language, command);
        assert_eq!(ended("export A=1", "test \"$A\" = 1"), Ok(0));
        assert_eq!(ended("echo noise; echo noise >&2", "(exit 3)"), Ok(3));
        assert_eq!(ended("trap 'exit 0' EXIT", "test -e never-made"), Ok(1));
        assert_eq!(ended("printf() { :; }; exec 2>/dev/null", "exit 4"), Ok(4));
        assert_eq!(ended("", "kill -9 $$"), Ok(137));
        assert_eq!(ended("", "echo 'it is not closed"), Ok(2));
        assert_eq!(ended("", "cat <<END\nhello"), Ok(0));
        assert_eq!(ended("", "true # \\"), Ok(0));
    }
    assert_eq!(login("set -e", Language::User, "false; true"), Ok(1));
    let own = "case $0 in -bash) exit 5 ;; esac";
    assert_eq!(login("", Language::User, own), Ok(5));
    assert_eq!(login("f() { return 6; }", Language::User, "f"), Ok(6));
}

#[test]
fn programs_of_the_guest_are_left_out_and_those_of_the_home_stay() {
    let profile = "mkdir -p ~/bin; printf '#!/bin/sh\\nexit 5\\n' >~/bin/mine; chmod +x ~/bin/mine; PATH=$PATH:~/bin";
    let ended = |command: &str| {
        let command = without_guest_programs(command);
        login(profile, Language::User, &command)
    };
    assert_eq!(login(profile, Language::User, "ls"), Ok(0));
    assert_eq!(ended("ls"), Ok(127));
    assert_eq!(ended("mine"), Ok(5));
    assert_eq!(ended("test \"$PATH\" = \"$HOME/bin\""), Ok(0));
}

/// What is said of a login with this `.profile`. Where it happened is told to no root: bash takes no trace prefix from
/// root's environment.
fn blamed(profile: &str, words: &str, place: &str) {
    let said = login(profile, Language::User, "true").unwrap_err();
    let of_root = rustix::process::getuid().is_root() && said.contains("/bin/bash");
    assert!(said.starts_with("alice cannot log in: "), "{said}");
    assert!(
        of_root || (said.contains(words) && said.ends_with(place)),
        "{said}"
    );
}

#[test]
fn a_command_that_never_ran_did_not_succeed() {
    let ended = ".profile ended the shell before a command could run";
    blamed("exit 0", ended, "(line 1: `exit 0`)");
    blamed("true\nexec /bin/true", ended, "(line 2: `exec /bin/true`)");
    blamed("set -e\nfalse", ended, "(line 2: `false`)");
    blamed(
        "echo 'exit 0' >environment; export BASH_ENV=$HOME/environment",
        "environment ended the shell",
        "(line 1: `exit 0`)",
    );
    blamed(
        "echo began >>switchproof-session-*; exit 0",
        ended,
        "`exit 0`)",
    );
}

#[test]
fn start_up_files_that_never_end_are_named() {
    blamed("true\nsleep 30", "60 s", "(line 2: `sleep 30`)");
}

#[test]
fn a_shell_that_is_gone_is_named() {
    for (shell, said) in [
        (
            "/no/such/zsh",
            "their login shell /no/such/zsh does not exist",
        ),
        ("/etc", "their login shell /etc cannot be executed"),
        (
            "/bin/false",
            "/bin/false ended with status 1 before a command could run",
        ),
    ] {
        let told = login_with(shell, "", Language::User, "true");
        assert_eq!(told, Err(format!("alice cannot log in: {said}")));
    }
}
