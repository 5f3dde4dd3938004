//! The document that a preview prints with `--format json`.

use serde::Serialize;

use crate::change::Change;
use crate::cli::common::Error;
use crate::cli::form::document;
use crate::judge::complaint;
use crate::preview::{Answer, Options};

/// The document that `--format json` prints.
#[derive(Serialize)]
struct Document<'a> {
    /// Counted up when a reader would have to change.
    format: u32,
    output: &'a str,
    asked: &'a str,
    works: bool,
    equal: bool,
    steps: Vec<StepOf<'a>>,
    /// What the options say, where they were compared.
    options: Option<&'a Options>,
    /// Why they could not be.
    options_reason: Option<&'a str>,
    way_out: &'a str,
    notes: &'a [String],
}

#[derive(Serialize)]
struct StepOf<'a> {
    name: &'a str,
    status: i32,
    took_s: f64,
    /// What differs from the step before; absent of the first one.
    change: Option<&'a Change>,
    /// What it said, where it failed.
    failure: Option<String>,
}

/// The document's text.
pub(super) fn json(answer: &Answer) -> Result<String, Error> {
    let steps = answer.steps.iter().map(|step| {
        let status = step.observation.output.status;
        StepOf {
            name: &step.name,
            status,
            took_s: step.took.as_secs_f64(),
            change: step.change.as_ref(),
            failure: (status != 0).then(|| complaint(&step.observation)),
        }
    });
    let options = answer.options.as_ref();
    document(&Document {
        format: 1,
        output: &answer.output,
        asked: &answer.asked,
        works: answer.works,
        equal: answer.is_equal(),
        steps: steps.collect(),
        options: options.and_then(|it| it.as_ref().ok()),
        options_reason: options.and_then(|it| it.as_ref().err()).map(String::as_str),
        way_out: &answer.way_out,
        notes: &answer.notes,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::ShowOptions;
    use crate::preview::Stage;

    #[test]
    fn an_answer_is_one_document_with_the_failure_and_the_way_out() {
        let mut seen = crate::change::sample::observation();
        seen.output.status = 1;
        seen.output.stderr = "error: it is\u{1b} broken\n".into();
        let answer = Answer {
            output: "alice".into(),
            asked: "home.stateVersion 26.05".into(),
            steps: vec![Stage {
                name: "today".into(),
                observation: seen,
                took: std::time::Duration::from_secs(2),
                change: None,
            }],
            works: false,
            options: None,
            way_out: "`git add home.nix`".into(),
            notes: Vec::new(),
        };
        let text = answer.show(ShowOptions::default());
        assert!(text.contains("today failed with status 1"), "{text}");
        assert!(text.ends_with("way out: `git add home.nix`\n"), "{text}");
        let read: serde_json::Value = serde_json::from_str(&json(&answer).unwrap()).unwrap();
        assert_eq!(read["works"], false);
        assert_eq!(read["steps"][0]["status"], 1);
        let failure = read["steps"][0]["failure"].as_str().unwrap();
        assert!(
            failure.contains("broken") && !failure.contains('\u{1b}'),
            "{failure}"
        );
    }
}
