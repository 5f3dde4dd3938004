//! A flake as it was committed at some revision, out of the user's repository and into a folder of our own.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::flake::git::{May, git, in_words};

/// A flake of an earlier time. Its files go when it is dropped.
#[derive(Debug)]
pub struct Revision {
    /// The folder of the flake.
    pub folder: PathBuf,
    /// The commit, abbreviated.
    pub commit: String,
    _held: tempfile::TempDir,
}

/// Why there is no flake of that time.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct RevisionError {
    /// What happened.
    pub message: String,
    /// What to do.
    pub hint: String,
}

fn error(message: impl Into<String>, hint: impl Into<String>) -> RevisionError {
    RevisionError {
        message: message.into(),
        hint: hint.into(),
    }
}

impl Revision {
    /// The flake in `folder` as it was committed at `revision`. Nothing in the user's work tree changes.
    ///
    /// # Errors
    /// When there is no Git, no repository, no such revision in it, or no flake at that revision.
    pub fn take(folder: &Path, revision: &str) -> Result<Self, RevisionError> {
        let is_shallow = ask(folder, &["rev-parse", "--is-shallow-repository"])
            .map_err(|failed| no_repository(folder, &failed))?;
        let prefix = ask(folder, &["rev-parse", "--show-prefix"])
            .map_err(|failed| no_repository(folder, &failed))?;
        let wanted = format!("{revision}^{{commit}}");
        let commit = ask(
            folder,
            &["rev-parse", "--verify", "--quiet", "--end-of-options", &wanted],
        )
        .map_err(|_| {
            let hint = match is_shallow.as_str() {
                "true" => "this is a shallow clone: `git fetch --unshallow`, or `git fetch origin REVISION`, brings it",
                _ => "`git log` and `git branch --all` say which there are",
            };
            error(format!("there is no revision `{revision}` in {}", folder.display()), hint)
        })?;
        let failed = |what: &str| {
            let what = what.to_owned();
            move |cause: std::io::Error| {
                error(
                    format!("{what}: {cause}"),
                    "see whether there is room for temporary files",
                )
            }
        };
        let held = tempfile::tempdir().map_err(failed("no folder can be made for the revision"))?;
        let archive = held.path().join("archive.tar");
        let output = format!("--output={}", archive.display());
        let top = ask(folder, &["rev-parse", "--show-toplevel"])
            .map_err(|failed| no_repository(folder, &failed))?;
        ask(
            Path::new(&top),
            &["archive", "--format=tar", &output, &commit],
        )
        .map_err(|cause| {
            error(
                format!("the revision `{revision}` cannot be read: {cause}"),
                "`git fsck` says more",
            )
        })?;
        let tree = held.path().join("tree");
        let unpacked = fs::create_dir(&tree)
            .and_then(|()| File::open(&archive))
            .and_then(|file| tar::Archive::new(file).unpack(&tree));
        unpacked.map_err(failed("the revision cannot be unpacked"))?;
        let flake = tree.join(&prefix);
        if !flake.join("flake.nix").is_file() {
            return Err(error(
                format!("there is no {prefix}flake.nix at the revision `{revision}`"),
                "name a revision at which the flake was there already",
            ));
        }
        Ok(Self {
            folder: flake,
            commit: commit.chars().take(12).collect(),
            _held: held,
        })
    }
}

fn no_repository(folder: &Path, cause: &str) -> RevisionError {
    error(
        format!("{} is in no Git work tree: {cause}", folder.display()),
        "`--since` needs one; leave it out to preview another stateVersion or other inputs",
    )
}

/// What Git answers, without the line end; what it says when it fails.
fn ask(folder: &Path, arguments: &[&str]) -> Result<String, String> {
    let output = git(folder, May::Look, arguments).map_err(|error| in_words(&error))?;
    Ok(output.stdout_text().trim_end_matches('\n').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Folder, has};

    #[test]
    fn a_flake_is_taken_as_it_was_committed_and_the_work_tree_stays() {
        let home = Folder::with(&[("dots/flake.nix", "{ a = 1; }")]);
        let flake = home.join("dots");
        home.git(&["init", "--quiet"]);
        home.git(&["add", "."]);
        home.git(&["commit", "--quiet", "-m", "one"]);
        home.write("dots/flake.nix", "{ a = 2; }");
        home.write("dots/untracked", "");

        let taken = Revision::take(&flake, "HEAD").unwrap();
        let text = fs::read_to_string(taken.folder.join("flake.nix")).unwrap();
        assert_eq!(text, "{ a = 1; }");
        assert!(!taken.folder.join("untracked").exists());
        assert_eq!(home.read("dots/flake.nix").unwrap(), "{ a = 2; }");

        home.git(&["worktree", "add", "--quiet", "other"]);
        assert!(Revision::take(&home.join("other/dots"), "HEAD").is_ok());
    }

    #[test]
    fn what_is_not_there_is_said_with_the_way_out() {
        let home = Folder::with(&[("flake.nix", "{}")]);
        let refused = |revision| Revision::take(home.path(), revision).unwrap_err().message;
        has(refused("HEAD"), "in no Git work tree");
        home.git(&["init", "--quiet"]);
        home.write("other", "");
        home.git(&["add", "other"]);
        home.git(&["commit", "--quiet", "-m", "one"]);
        has(refused("nothing"), "no revision `nothing`");
        has(refused("--help"), "no revision `--help`");
        has(refused("HEAD"), "no flake.nix at the revision");

        let shallow = Folder::new();
        home.git(&["add", "."]);
        home.git(&["commit", "--quiet", "-m", "two"]);
        let from = format!("file://{}", home.path().display());
        shallow.git(&["clone", "--quiet", "--depth=1", &from, "clone"]);
        let no = Revision::take(&shallow.join("clone"), "HEAD~1").unwrap_err();
        has(no.hint, "--unshallow");
    }
}
