//! Git as it is called here: asked in C's language and for nothing, and never starting a program that a repository names.

use std::path::Path;
use std::time::Duration;

use switchproof_vm::process::{Command, Output, ProcessError};

/// What Git may do in a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum May {
    /// Look at the repository around the folder, as its account has it set up, for a minute.
    Look,
    /// Change the folder's own repository, whatever an account sets.
    Change,
    /// The same, and reach an address in the way that an account sets, for half an hour.
    Fetch,
}

/// The most that Git may write to one file where it fetches, in MiB: all that it fetches is in one.
pub(crate) const MAX_PACK_MIB: u64 = 1024;
/// How long fetching may take, and what follows it.
pub(crate) const FETCH_DEADLINE: Duration = Duration::from_secs(30 * 60);

/// What no repository and no account sets otherwise.
const SETTINGS: [&str; 6] = [
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "fetch.recurseSubmodules=false",
    "fetch.unpackLimit=1",
    "transfer.fsckObjects=true",
    "gc.auto=0",
];

/// Runs Git in a folder. Variables that a hook has do not name another repository to it.
///
/// # Errors
/// It is not there, fails, or takes too long; [`in_words`] says which.
pub(crate) fn git(folder: &Path, may: May, arguments: &[&str]) -> Result<Output, ProcessError> {
    let mut command = Command::new("env");
    for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
        command = command.args(["-u", name]);
    }
    command = command.args(["LC_ALL=C", "GIT_OPTIONAL_LOCKS=0", "GIT_TERMINAL_PROMPT=0"]);
    if may == May::Change {
        command = command.args(["GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1"]);
    }
    let deadline = if may == May::Look {
        Duration::from_secs(60)
    } else {
        let limit = format!("ulimit -f {}; exec \"$@\"", MAX_PACK_MIB * 2048);
        command = command.args(["GIT_DIR=.git", "GIT_WORK_TREE=."]);
        command = command.args(["sh", "-c", &limit, "sh"]);
        FETCH_DEADLINE
    };
    command = command.arg("git");
    for setting in SETTINGS {
        command = command.args(["-c", setting]);
    }
    command.args(arguments).dir(folder).run(deadline)
}

/// Why it failed, on one line.
pub(crate) fn in_words(error: &ProcessError) -> String {
    match error {
        ProcessError::Failed { status, .. } if status.code() == Some(127) => {
            "Git is not installed".to_owned()
        }
        ProcessError::Failed { tail, .. } => {
            let said = tail.trim().trim_start_matches("fatal: ");
            said.replace('\n', " ")
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Folder, has};

    #[test]
    fn what_is_changed_is_the_folders_own_repository_and_nothing_of_it_starts() {
        let folder = Folder::with(&[("below/a", "")]);
        folder.git(&["init", "--quiet"]);
        // In a repository of the folder around it.
        let in_folder = |place: &str, may, arguments: &[&str]| {
            let done = git(&folder.join(place), may, arguments);
            done.map_err(|error| in_words(&error))
        };
        let status = ["status", "--porcelain", "."];
        let seen = in_folder("below", May::Look, &status).unwrap();
        assert_eq!(seen.stdout_text(), "?? below/\n");
        for may in [May::Change, May::Fetch] {
            has(
                in_folder("below", may, &status).unwrap_err(),
                "not a git repository",
            );
        }
        folder.write("hooks/post-checkout", "#!/bin/sh\ntouch ran\n");
        folder.git(&["config", "core.hooksPath", "hooks"]);
        folder.git(&["config", "core.fsmonitor", "touch ran; false"]);
        folder.git(&["-c", "core.fsmonitor=false", "add", "."]);
        folder.git(&["-c", "core.fsmonitor=false", "commit", "--quiet", "-m", "x"]);
        let script = folder.join("hooks/post-checkout");
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(script, mode).unwrap();
        in_folder("", May::Change, &["checkout", "--quiet", "-b", "b"]).unwrap();
        in_folder("", May::Look, &status).unwrap();
        assert!(!folder.join("ran").exists());
        folder.git(&[
            "-c",
            "core.fsmonitor=false",
            "checkout",
            "--quiet",
            "-b",
            "c",
        ]);
        assert!(folder.join("ran").exists(), "the hook is one that would");
    }
}
