//! Which files of a folder Git tracks. Of a flake in a Git work tree Nix sees those alone, with the changes that are not
//! committed yet (`nix flake --help`, "git").

use std::collections::BTreeSet;
use std::path::Path;

use switchproof_vm::process::ProcessError;

use super::git::{May, git, in_words};

/// What Git says of a folder.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Tracked {
    /// The tracked files below it, by path relative to it, each with whether it is a submodule.
    pub(crate) files: BTreeSet<(String, bool)>,
    /// Files that are there and neither tracked nor ignored.
    pub(crate) untracked: BTreeSet<String>,
}

/// Asks Git about a folder whose every link is followed; `None` where no work tree is around it.
///
/// # Errors
/// Git is not installed, or refuses to look, in its words.
pub(crate) fn tracked(folder: &Path) -> Result<Option<Tracked>, String> {
    let is_inside = folder.ancestors().any(|above| above.join(".git").exists());
    if !is_inside {
        return Ok(None);
    }
    let listed = match list(folder, &["--cached", "--stage"]) {
        Err(ProcessError::Failed { tail, .. }) if tail.contains("not a git repository") => {
            return Ok(None);
        }
        listed => listed.map_err(unknown)?,
    };
    let mut found = Tracked::default();
    for entry in listed {
        // MODE OBJECT STAGE<tab>PATH
        if let Some((about, path)) = entry.split_once('\t') {
            let is_submodule = about.starts_with("160000");
            found.files.insert((path.to_owned(), is_submodule));
        }
    }
    let others = list(folder, &["--others", "--exclude-standard"]).map_err(unknown)?;
    found.untracked = others.into_iter().collect();
    Ok(Some(found))
}

/// The commit that is checked out around a folder, and whether a tracked file in the folder differs from it; `None` where
/// there is no repository, no commit yet, or no Git to ask.
pub(crate) fn revision(folder: &Path) -> Option<(String, bool)> {
    let id = ask(folder, &["rev-parse", "--verify", "HEAD"]).ok()?;
    let changed = ask(
        folder,
        &["status", "--porcelain", "--untracked-files=no", "--", "."],
    )
    .ok()?;
    Some((id.trim().to_owned(), !changed.is_empty()))
}

fn unknown(error: ProcessError) -> String {
    let said = in_words(&error);
    format!("Git does not say which files it tracks: {said}")
}

fn list(folder: &Path, what: &[&str]) -> Result<Vec<String>, ProcessError> {
    let output = ask(folder, &[&["ls-files", "-z"], what, &["--", "."]].concat())?;
    // A name that is not UTF-8 is refused where the file is copied, so it must not get lost here.
    let entries = output.split('\0').filter(|entry| !entry.is_empty());
    Ok(entries.map(str::to_owned).collect())
}

fn ask(folder: &Path, arguments: &[&str]) -> Result<String, ProcessError> {
    Ok(git(folder, May::Look, arguments)?.stdout_text())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Folder;

    #[test]
    fn git_says_what_is_checked_out_and_whether_it_was_changed() {
        let folder = Folder::with(&[("a", "1")]);
        let real = folder.path().canonicalize().expect("its path");
        assert_eq!(revision(&real), None);
        folder.git(&["init", "--quiet"]);
        assert_eq!(revision(&real), None, "no commit yet");
        folder.git(&["add", "a"]);
        folder.git(&["commit", "--quiet", "-m", "a"]);
        folder.write("untracked", "1");
        let (id, changed) = revision(&real).expect("a commit");
        assert_eq!((id.len(), changed), (40, false));
        folder.write("a", "2");
        assert_eq!(revision(&real), Some((id, true)));
    }

    #[test]
    fn git_says_what_it_tracks() {
        let folder = Folder::new();
        let real = folder.path().canonicalize().expect("its path");
        assert_eq!(tracked(&real), Ok(None));
        folder.directory(".git");
        assert_eq!(tracked(&real), Ok(None), "an empty folder is no repository");
        folder.git(&["init", "--quiet"]);
        for name in ["dots/a.nix", "dots/b.nix", "dots/c.nix", "other.nix"] {
            folder.write(name, "1");
        }
        folder.write(".gitignore", "c.nix\n");
        folder.git(&["add", "dots/a.nix", "other.nix"]);
        let found = tracked(&real.join("dots")).expect("an answer");
        let found = found.expect("a repository");
        assert_eq!(found.files, BTreeSet::from([("a.nix".to_owned(), false)]));
        assert_eq!(found.untracked, BTreeSet::from(["b.nix".to_owned()]));
        folder.git(&["config", "core.fsmonitor", "touch ran; false"]);
        tracked(&real).expect("an answer");
        // A repository starts no programs.
        assert!(!real.join("ran").exists());
    }
}
