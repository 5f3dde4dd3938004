//! Whether Nix text can be parsed, before a machine finds out.

use rnix::ParseError;
use rnix::ast::{Expr, HasEntry as _};
use rowan::ast::AstNode as _;

use super::module::is_whole_module;
use super::parse::{TooDeep, parse};

/// Why Nix text is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{words}, in line {line} of it")]
pub(crate) struct NixMistake {
    /// Counted from 1 in the text itself.
    pub(crate) line: usize,
    pub(crate) words: String,
}

/// Checks the text of a module: a whole one, or bindings that are put into one.
pub(crate) fn check_module(nix: &str) -> Result<(), NixMistake> {
    let nix = nix.trim_end();
    if is_whole_module(nix.trim_start()) {
        return check_expression(nix);
    }
    let around = format!("{{\n{nix}\n}}");
    let parsed = parse(&around).map_err(|deep| too_deep(&around, deep, 1))?;
    if let Some(error) = parsed.errors().first() {
        return Err(mistake(&around, error, 1));
    }
    // `} // {` is Nix too, but it leaves the braces that it is put into.
    match parsed.tree().expr() {
        Some(Expr::AttrSet(set)) if set.rec_token().is_none() => {
            let end = set.syntax().text_range().end();
            if usize::from(end) == around.len() && set.entries().count() > 0 {
                return Ok(());
            }
            Err(not_bindings())
        }
        _ => Err(not_bindings()),
    }
}

fn not_bindings() -> NixMistake {
    NixMistake {
        line: 1,
        words: "this is neither bindings (`a.b = c;`) nor a module".to_owned(),
    }
}

/// Checks the text of one expression: an overlay, say.
pub(crate) fn check_expression(nix: &str) -> Result<(), NixMistake> {
    let parsed = parse(nix).map_err(|deep| too_deep(nix, deep, 0))?;
    match parsed.errors().first() {
        Some(error) => Err(mistake(nix, error, 0)),
        None if parsed.tree().expr().is_none() => Err(NixMistake {
            line: 1,
            words: "this is no Nix".to_owned(),
        }),
        None => Ok(()),
    }
}

fn too_deep(nix: &str, deep: TooDeep, lines_before: usize) -> NixMistake {
    NixMistake {
        line: line_of(nix, deep.at).saturating_sub(lines_before).max(1),
        words: "it is too deeply nested".to_owned(),
    }
}

/// The line of a byte, from 1.
fn line_of(nix: &str, at: usize) -> usize {
    nix.get(..at)
        .map_or(1, |before| before.matches('\n').count() + 1)
}

fn mistake(nix: &str, error: &ParseError, lines_before: usize) -> NixMistake {
    let (at, words) = match error {
        ParseError::Unexpected(range) | ParseError::UnexpectedExtra(range) => {
            (Some(range), "this is not expected here".to_owned())
        }
        ParseError::UnexpectedWanted(_, range, _) => {
            (Some(range), "something else is expected here".to_owned())
        }
        ParseError::UnexpectedDoubleBind(range) => {
            (Some(range), "the arguments are named twice".to_owned())
        }
        ParseError::DuplicatedArgs(range, name) => {
            (Some(range), format!("the argument `{name}` is there twice"))
        }
        ParseError::UnexpectedEOF | ParseError::UnexpectedEOFWanted(_) => {
            (None, "something is not closed".to_owned())
        }
        _ => (None, "it is too deeply nested".to_owned()),
    };
    let last = nix.lines().count();
    let line = at.map_or(last, |range| {
        line_of(nix, usize::from(range.start()).min(nix.len()))
    });
    let found = nix.lines().nth(line - 1).unwrap_or_default().trim();
    let near = if at.is_some() && !found.is_empty() {
        format!("{words}: {}", crate::text::quoted(found))
    } else {
        words
    };
    let own_lines = last.saturating_sub(2 * lines_before).max(1);
    NixMistake {
        line: line.saturating_sub(lines_before).clamp(1, own_lines),
        words: near,
    }
}

#[cfg(test)]
mod tests {
    use super::{check_expression, check_module};
    use crate::testing::{all_come_to, takes};

    #[test]
    fn bindings_and_modules_are_taken() {
        let fine = "programs.bash.enable = true;|# why\nprograms.git = {\n  enable = true;\n};\n\
            |{ pkgs, ... }: { home.packages = [ pkgs.jq ]; }|{ programs.bash.enable = true; }\
            |inherit (lib) x;|stylix.homeModules.stylix";
        takes(|nix| check_module(nix).is_ok(), fine, "");
        assert_eq!(check_expression("final: prev: { }"), Ok(()));
    }

    #[test]
    fn broken_nix_is_refused_in_its_line() {
        let table = r"
            a = 1;\nb = ; => 2
            a = 1;\nb = 2 => 2
            a = { b = 1; => 1
            }; x = { => 1
            a = 1; } // { b = 2; => 1
        ";
        let line = |nix: &str| check_module(nix).expect_err(nix).line.to_string();
        all_come_to(line, table);
    }
}
