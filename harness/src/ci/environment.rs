//! Which CI system this runs in.

use std::path::PathBuf;

/// A CI system whose runner reads what a job prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ci {
    /// GitHub Actions, and Gitea's and Forgejo's, which follow it.
    Actions,
    /// Another one whose runner obeys lines of a log: Azure Pipelines, `TeamCity`.
    Other,
}

impl Ci {
    /// The one whose variables are set.
    #[must_use]
    pub fn from_environment() -> Option<Self> {
        let is_set = |name: &&str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        if ["GITHUB_ACTIONS", "GITEA_ACTIONS", "FORGEJO_ACTIONS"]
            .iter()
            .any(&is_set)
        {
            return Some(Self::Actions);
        }
        ["TF_BUILD", "TEAMCITY_VERSION"]
            .iter()
            .any(is_set)
            .then_some(Self::Other)
    }

    /// The file to which a job of Actions adds its summary. Gitea's and Forgejo's runners set GitHub's name and one of their
    /// own (Forgejo's reference of Actions, Gitea's list of variables); Gitea shows what is in it from 1.27 on.
    #[must_use]
    pub fn step_summary() -> Option<PathBuf> {
        ["GITHUB", "GITEA", "FORGEJO"]
            .iter()
            .filter_map(|host| std::env::var_os(format!("{host}_STEP_SUMMARY")))
            .find(|path| !path.is_empty())
            .map(PathBuf::from)
    }
}
