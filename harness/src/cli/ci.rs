//! What `init --ci` writes: a pipeline for a flake of the user's own.

use clap::ValueEnum;
use serde_json::json;

/// A CI system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CiSystem {
    /// GitHub Actions: .github/workflows/switchproof.yml
    Github,
    /// GitLab: .gitlab/switchproof.yml
    Gitlab,
}

/// Where the preview begins in a pipeline's text.
const PREVIEW: &str = "{{preview}}\n";

impl CiSystem {
    /// Where the pipeline belongs, below the folder of the flake.
    pub fn path(self) -> &'static str {
        match self {
            Self::Github => ".github/workflows/switchproof.yml",
            Self::Gitlab => ".gitlab/switchproof.yml",
        }
    }

    /// The pipeline, for a flake with these homes and hosts that a machine can be switched to; where there is none, no preview is
    /// in it.
    pub fn text(self, outputs: &[String]) -> String {
        let text = match self {
            Self::Github => include_str!("ci/github.yml"),
            Self::Gitlab => include_str!("ci/gitlab.yml"),
        };
        let (text, preview) = text.split_once(PREVIEW).unwrap_or((text, ""));
        if outputs.is_empty() {
            return text.to_owned();
        }
        // JSON is YAML, whatever stands in a name. Neither system lets a name mean more than itself: the action and the
        // shell take it from a variable.
        let outputs: Vec<String> = outputs.iter().map(|name| json!(name).to_string()).collect();
        let preview = preview.replace("{{outputs}}", &format!("[{}]", outputs.join(", ")));
        format!("{text}{preview}")
    }

    /// What the user has to do before it works.
    pub fn to_do(self) -> &'static str {
        match self {
            Self::Github => {
                "set the repository's variable SWITCHPROOF_REPOSITORY to OWNER/NAME, where switchproof is taken from"
            }
            Self::Gitlab => {
                "include it from .gitlab-ci.yml, and set the variable SWITCHPROOF_SOURCE to switchproof's Git address"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pipelines_are_yaml_and_ask_for_options_that_exist() {
        for system in [CiSystem::Github, CiSystem::Gitlab] {
            let text = system.text(&["alice@laptop".into(), "b\"ob".into()]);
            let read: serde_yaml::Value = serde_yaml::from_str(&text).unwrap();
            assert!(read.is_mapping(), "{system:?}");
            assert!(text.contains("[\"alice@laptop\", \"b\\\"ob\"]"), "{text}");
            let text = system.text(&[]);
            let read: serde_yaml::Value = serde_yaml::from_str(&text).unwrap();
            assert!(read.is_mapping() && !text.contains("preview"), "{text}");
        }
        let action = include_str!("../../../action.yml");
        let action: serde_yaml::Value = serde_yaml::from_str(action).unwrap();
        let flow = CiSystem::Github.text(&["alice".into()]);
        let flow: serde_yaml::Value = serde_yaml::from_str(&flow).unwrap();
        for job in ["scenarios", "preview"] {
            let steps = flow["jobs"][job]["steps"].as_sequence().unwrap();
            let with = steps.last().unwrap()["with"].as_mapping().unwrap();
            for input in with.keys() {
                assert!(
                    action["inputs"].get(input).is_some(),
                    "{input:?} is no input of the action"
                );
            }
        }
    }
}
