//! The warnings of an evaluation, found in what Nix prints.

use super::nix_output;
use crate::text::printable;

/// What begins a warning that an expression gave, as Nix prints it: `builtins.warn` says `evaluation warning:`
/// (Nix 2.23 and later), `builtins.trace` says `trace:`, after which nixpkgs and Home Manager write `warning:`.
/// Nix's own `warning:` lines (a dirty git tree, a lock file written) are not the setup's and do not count.
const BEGINNINGS: [&str; 2] = ["evaluation warning:", "trace: warning:"];

/// The warnings that an evaluation printed, cleaned, in order, each once.
pub fn warnings(stderr: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut current: Option<(Vec<String>, bool)> = None;
    for raw in stderr.lines() {
        let line = printable(raw);
        let line = line.trim_end();
        if let Some(text) = BEGINNINGS
            .iter()
            .find_map(|beginning| line.strip_prefix(beginning))
        {
            finish(&mut found, current.take());
            // Home Manager colours its warnings, so the end of the colour is the end of the warning.
            let coloured = raw.contains("\u{1b}[1;31mwarning:");
            current = Some((vec![text.trim().to_owned()], coloured));
            if coloured && raw.trim_end().ends_with("\u{1b}[0m") {
                finish(&mut found, current.take());
            }
        } else if let Some((lines, coloured)) = &mut current {
            let ends = if *coloured {
                raw.contains("\u{1b}[0m")
            } else {
                is_another(line)
            };
            if !ends || *coloured {
                lines.push(line.to_owned());
            }
            if ends {
                finish(&mut found, current.take());
            }
        }
    }
    finish(&mut found, current);
    found
}

/// Whether a line is no part of the warning above it. What a warning could say as well counts only in the whole shape
/// that nix-env and Home Manager give it.
fn is_another(line: &str) -> bool {
    let of_nix_env = ["replacing old '", "installing '", "uninstalling '"]
        .iter()
        .any(|begins| line.starts_with(begins) && line.ends_with('\''));
    let of_news = ["There is ", "There are "]
        .iter()
        .filter_map(|begins| line.strip_prefix(begins))
        .filter_map(|rest| rest.split_once(' '))
        .any(|(count, rest)| {
            count.bytes().all(|digit| digit.is_ascii_digit())
                && rest.starts_with("unread and relevant news item")
        });
    of_nix_env || of_news || nix_output::ends_a_warning(line)
}

fn finish(found: &mut Vec<String>, warning: Option<(Vec<String>, bool)>) {
    let Some((lines, _)) = warning else { return };
    let text = lines.join("\n").trim().to_owned();
    // One setup is evaluated more than once in a switch; the repeats say nothing new.
    if !text.is_empty() && !found.contains(&text) {
        found.push(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_switch_prints_after_a_warning_is_no_part_of_it() {
        for other in [
            "There are 376 unread and relevant news items.",
            "There is 1 unread and relevant news item.",
            "replacing old 'home-manager-path'",
            "installing 'home-manager-path'",
        ] {
            let found = warnings(&format!("trace: warning: it is renamed\n{other}\nmore\n"));
            assert_eq!(found, ["it is renamed"], "{other}");
        }
        let own = "There are unread files.\ninstalling it again helps";
        let found = warnings(&format!("trace: warning: look\n{own}\n"));
        assert_eq!(found, [format!("look\n{own}")], "words of the warning stay");
    }

    #[test]
    fn both_wordings_are_found_and_the_noise_of_nix_is_not() {
        let stderr = "warning: Git tree '/srv/flake' is dirty\n\
            evaluation warning: 'x' has been renamed to 'y'\n\
            trace: warning: the option is obsolete\n\
            trace: something else\n\
            building '/nix/store/x.drv'...\n";
        let both = ["'x' has been renamed to 'y'", "the option is obsolete"];
        assert_eq!(warnings(stderr), both);
    }

    #[test]
    fn a_warning_over_several_lines_is_one() {
        let stderr = "trace: \u{1b}[1;31mwarning: You are using\n\n  Home Manager version 24.05 and\n  \
            Nixpkgs version 23.11.\n\nUsing mismatched versions.\u{1b}[0m\nStarting Home Manager activation\n";
        let one = "You are using\n\n  Home Manager version 24.05 and\n  Nixpkgs version 23.11.\n\nUsing mismatched versions.";
        assert_eq!(warnings(stderr), [one]);
        let plain =
            "evaluation warning: You are using\n\n  both\n\nend.\nevaluation warning: next\n";
        assert_eq!(warnings(plain), ["You are using\n\n  both\n\nend.", "next"]);
    }

    #[test]
    fn the_same_warning_twice_is_one() {
        let twice = "evaluation warning: a\n".repeat(2);
        assert_eq!(warnings(&twice).len(), 1);
    }
}
