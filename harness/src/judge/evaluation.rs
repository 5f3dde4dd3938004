//! What an evaluation said: its warnings and its errors, against what was expected of them.

use super::complaint::{begins_error, blocks, innermost};
use super::known_reason::REQUIRED_TO_BUILD;
use super::text_match::{Mismatch, printed_mismatch, show};
use crate::model::TextMatch;
use crate::observe::{Observation, nix_output};
use crate::text::printable;

/// How Nix begins to tell that what an evaluation came to could not be built.
const BUILD_ERRORS: [&str; 5] = [
    "builder for '",
    "build of '",
    "Cannot build '",
    "some outputs of '",
    "hash mismatch in fixed-output derivation",
];

/// The errors of the evaluation, of each the innermost part; none where one was built or activated.
pub(super) fn evaluation_errors(seen: &Observation) -> Vec<String> {
    let activated = |text: &str| text.lines().any(nix_output::is_activation);
    let text = printable(&seen.output.stderr);
    if activated(&text) || activated(&seen.output.stdout) {
        return Vec::new();
    }
    let lines: Vec<&str> = text.lines().collect();
    let mut errors: Vec<String> = Vec::new();
    for block in blocks(&lines).filter(|block| begins_error(block)) {
        let error = innermost(block).join("\n");
        let error = error.trim_start_matches("error:").trim().to_owned();
        if !is_of_a_build(&error) && !errors.contains(&error) {
            errors.push(error);
        }
    }
    errors
}

fn is_of_a_build(error: &str) -> bool {
    BUILD_ERRORS.iter().any(|begins| error.starts_with(begins))
        || error.lines().any(|line| line.contains(REQUIRED_TO_BUILD))
        // "1 dependencies of derivation '…' failed to build"
        || error.lines().next().is_some_and(|line| line.ends_with("failed to build"))
}

/// Checks the warnings of the evaluation: none, or for each text a warning that is like it.
pub(super) fn warnings(wanted: &[TextMatch], seen: &Observation) -> Vec<Mismatch> {
    listed("warning", "a warning", wanted, &seen.warnings)
}

/// Checks that there is no warning but those that are like one of these.
pub(super) fn only_warnings(wanted: &[TextMatch], seen: &Observation) -> Vec<Mismatch> {
    let is_wanted = |said: &String| {
        wanted
            .iter()
            .any(|wanted| printed_mismatch(wanted, said).is_none())
    };
    let others: Vec<&str> = seen
        .warnings
        .iter()
        .filter(|said| !is_wanted(said))
        .map(String::as_str)
        .collect();
    match others.len() {
        0 => Vec::new(),
        count => vec![Mismatch {
            message: format!("expected no other warnings than these, seen {count}"),
            detail: others.join("\n\n"),
        }],
    }
}

/// Checks the errors of the evaluation in the same way.
pub(super) fn errors(wanted: &[TextMatch], seen: &Observation) -> Vec<Mismatch> {
    listed(
        "evaluation error",
        "an evaluation error",
        wanted,
        &evaluation_errors(seen),
    )
}

fn listed(what: &str, one: &str, wanted: &[TextMatch], said: &[String]) -> Vec<Mismatch> {
    let detail = said.join("\n\n");
    if wanted.is_empty() {
        return match said.len() {
            0 => Vec::new(),
            count => vec![Mismatch {
                message: format!("expected no {what}s, seen {count}"),
                detail,
            }],
        };
    }
    let count = match said.len() {
        0 => "none".to_owned(),
        count => count.to_string(),
    };
    let mismatch = |wanted: &TextMatch| {
        let expected = match wanted {
            TextMatch::Equals(text) => format!("the {what} {}", show(text)),
            TextMatch::Contains(text) => format!("{one} that contains {}", show(text)),
            TextMatch::Lacks(text) => format!("no {what} that contains {}", show(text)),
            TextMatch::Matches(text) => format!("{one} that matches {}", show(text)),
            TextMatch::DoesNotMatch(text) => format!("no {what} that matches {}", show(text)),
        };
        Mismatch {
            message: format!("expected {expected}, seen {count}"),
            detail: detail.clone(),
        }
    };
    wanted
        .iter()
        .filter(|wanted| !some_fits(wanted, said))
        .map(mismatch)
        .collect()
}

/// Whether some text is as wanted; what must be lacking must be lacking in all.
fn some_fits(wanted: &TextMatch, said: &[String]) -> bool {
    let fits = |text: &String| printed_mismatch(wanted, text).is_none();
    match wanted {
        TextMatch::Lacks(_) | TextMatch::DoesNotMatch(_) => said.iter().all(fits),
        _ => said.iter().any(fits),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::render::tests::observation;

    fn of(stderr: &str) -> Observation {
        let mut seen = observation();
        seen.output.stderr = stderr.into();
        seen
    }

    const MISSING: &str = "error:\n       … while evaluating the attribute 'drvPath'\n\
        \n       error: attribute 'helo' missing\n       at /srv/flake/flake.nix:9:3:\n";

    #[test]
    fn an_error_of_the_evaluation_is_its_innermost_part() {
        let inner = "attribute 'helo' missing\nat /srv/flake/flake.nix:9:3:";
        assert_eq!(evaluation_errors(&of(MISSING)), [inner]);
        let asserted = "error:\n       Failed assertions:\n       - no\n";
        let inner = "Failed assertions:\n       - no";
        assert_eq!(evaluation_errors(&of(asserted)), [inner]);
    }

    #[test]
    fn what_cannot_be_built_or_activated_was_evaluated() {
        let built = "error: builder for '/nix/store/x-a.drv' failed with exit code 1\n\
            error: 1 dependencies of derivation '/nix/store/x-b.drv' failed to build\n";
        assert_eq!(evaluation_errors(&of(built)), [""; 0]);
        let mut activated = of("error: path '/x' is not in the profile\n");
        activated.output.stdout = "Starting Home Manager activation\n".into();
        assert_eq!(evaluation_errors(&activated), [""; 0]);
    }

    #[test]
    fn no_warning_is_overlooked_where_only_some_are_wanted() {
        let contains = |text: &str| TextMatch::Contains(text.to_owned());
        let mut seen = of("");
        seen.warnings = vec!["`a` is old".into(), "`b` is gone".into()];
        let both = [contains("`a`"), contains("gone")];
        assert_eq!(only_warnings(&both, &seen), []);
        let found = only_warnings(&both[..1], &seen);
        let said = "expected no other warnings than these, seen 1";
        assert_eq!(found[0].message, said);
        assert_eq!(found[0].detail, "`b` is gone");
    }

    #[test]
    fn each_wanted_text_is_in_one_of_them_or_there_are_none() {
        let contains = |text: &str| TextMatch::Contains(text.to_owned());
        assert_eq!(errors(&[contains("'helo' missing")], &of(MISSING)), []);
        let found = errors(&[], &of(MISSING));
        assert_eq!(found[0].message, "expected no evaluation errors, seen 1");
        let found = errors(&[contains("infinite recursion")], &of(MISSING));
        let said = "expected an evaluation error that contains `infinite recursion`, seen 1";
        assert_eq!(found[0].message, said);
        assert_eq!(errors(&[], &of("")), []);
    }
}
