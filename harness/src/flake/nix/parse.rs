//! Parsing Nix text within bounds: the parser calls itself for what is nested, and so does freeing its tree.

use rnix::{Parse, Root, SyntaxKind as Token, tokenize};

/// What an expression that begins within another one weighs: so many of the parser's functions call each other for it.
const NESTED: usize = 16;
/// The most that may weigh on each other: 256 brackets, or a chain of some thousand operators or arguments.
const HEAVIEST: usize = 256 * NESTED;

/// The text is nested too deeply to be parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooDeep {
    /// The byte where it becomes so.
    pub(crate) at: usize,
}

/// Parses a text that no stack is too small for.
pub(crate) fn parse(nix: &str) -> Result<Parse<Root>, TooDeep> {
    require_shallow(nix)?;
    Ok(Root::parse(nix))
}

/// What stands between a bracket and its counterpart, or between `let` and `in`.
struct Frame {
    /// What ends it; nothing else does, however broken the text is.
    closer: Option<Token>,
    /// What its current expression weighs so far.
    weight: usize,
    /// Semicolons to come that end the head of a `with` or an `assert`, not a binding.
    heads: usize,
}

impl Frame {
    fn until(closer: Option<Token>) -> Self {
        Self {
            closer,
            weight: 0,
            heads: 0,
        }
    }

    /// Whether its values stand beside each other and not within each other.
    fn is_flat(&self) -> bool {
        matches!(
            self.closer,
            Some(Token::TOKEN_R_BRACK | Token::TOKEN_STRING_END)
        )
    }
}

/// What ends that which a token begins.
fn closer_of(token: Token) -> Option<Token> {
    Some(match token {
        Token::TOKEN_L_BRACK => Token::TOKEN_R_BRACK,
        Token::TOKEN_L_PAREN => Token::TOKEN_R_PAREN,
        Token::TOKEN_L_BRACE => Token::TOKEN_R_BRACE,
        Token::TOKEN_INTERPOL_START => Token::TOKEN_INTERPOL_END,
        Token::TOKEN_STRING_START => Token::TOKEN_STRING_END,
        Token::TOKEN_LET => Token::TOKEN_IN,
        _ => return None,
    })
}

/// Whether an expression can end with a token. The parser takes a `;` that follows another one for a value.
fn can_end(token: Token) -> bool {
    token.is_literal()
        || matches!(
            token,
            Token::TOKEN_IDENT
                | Token::TOKEN_R_BRACK
                | Token::TOKEN_R_PAREN
                | Token::TOKEN_R_BRACE
                | Token::TOKEN_STRING_END
                | Token::TOKEN_INTERPOL_END
                | Token::TOKEN_PATH_ABS
                | Token::TOKEN_PATH_REL
                | Token::TOKEN_PATH_HOME
                | Token::TOKEN_PATH_SEARCH
        )
}

fn require_shallow(nix: &str) -> Result<(), TooDeep> {
    let mut outer: Vec<Frame> = Vec::new();
    let mut frame = Frame::until(None);
    let (mut total, mut at, mut before) = (0, 0, Token::TOKEN_SEMICOLON);
    for (token, text) in tokenize(nix) {
        if frame.closer == Some(token)
            && let Some(surrounding) = outer.pop()
        {
            total -= NESTED + frame.weight;
            frame = surrounding;
        }
        let weight = match token {
            _ if token.is_trivia() => 0,
            Token::TOKEN_COLON | Token::TOKEN_IF | Token::TOKEN_IN => NESTED,
            Token::TOKEN_WITH | Token::TOKEN_ASSERT => {
                frame.heads += 1;
                NESTED
            }
            Token::TOKEN_SEMICOLON if frame.heads > 0 => {
                frame.heads -= 1;
                1
            }
            Token::TOKEN_SEMICOLON | Token::TOKEN_COMMA if can_end(before) => {
                total -= std::mem::take(&mut frame.weight);
                0
            }
            Token::TOKEN_OR => 1,
            _ => usize::from(!frame.is_flat()),
        };
        frame.weight += weight;
        total += weight;
        if let Some(closer) = closer_of(token) {
            outer.push(std::mem::replace(&mut frame, Frame::until(Some(closer))));
            total += NESTED;
        }
        if total > HEAVIEST {
            return Err(TooDeep { at });
        }
        at += text.len();
        if !token.is_trivia() {
            before = token;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As small a stack as any thread has that parses.
    fn on_a_small_stack(work: impl FnOnce() + Send) {
        std::thread::scope(|scope| {
            let small = std::thread::Builder::new().stack_size(2 * 1024 * 1024);
            let worker = small.spawn_scoped(scope, work).expect("a thread");
            worker.join().expect("it ends as it should");
        });
    }

    #[test]
    fn nothing_that_is_parsed_is_too_deep_for_a_stack() {
        on_a_small_stack(|| {
            // Between bars; from `[ }` on, what is broken, too.
            let pieces = concat!(
                "[¦(¦{ a = ¦{ a ? ¦\"${¦x: ¦{ }: ¦x @ { }: ¦- ¦! ¦a ¦a + ¦a ++ ¦a // ¦a -> ¦a ? b ¦a.b or ¦[ a.b or ¦",
                "if a then ¦if a then b else ¦with a; ¦assert a; ¦let a = 1; in ¦let a = ¦rec { a = ¦a.${¦(a) ¦[ ] ¦{ } ¦",
                "a <| ¦a |> ¦- x: ¦- with a; ¦- let a = 1; in ¦f (¦f { a = ¦inherit (¦let inherit (¦/a/${¦'' ${¦a == ¦a && ¦",
                "a || ¦[ } ¦( [ ) ¦{ a = [ ; ¦a ++ ; ¦- ; ¦with ; ; - ¦a ++ , ¦let in - ¦if ; ¦a or ; ¦[ ; ¦{ ; ¦} {¦in ¦",
                "x: ; ¦- a: ; ¦\" ¦'' ¦${ ; ¦- { ? ; ",
            );
            for piece in pieces.split('¦') {
                for count in [100, 250, 1_000, 4_000, 100_000] {
                    // What is parsed is also freed here.
                    let parsed = parse(&piece.repeat(count));
                    assert!(count < 100_000 || parsed.is_err(), "{piece}");
                }
            }
        });
    }

    #[test]
    fn what_stands_side_by_side_is_not_deep() {
        for flat in [
            format!("[ {} ]", "a (b c) \"d\" ".repeat(20_000)),
            format!("{{ {} }}", "a = x: with y; f x y [ ] { }; ".repeat(20_000)),
            format!("let {} in a", "a = let b = 1; in b; ".repeat(20_000)),
            format!("{{ {} ... }}: a", "a ? 1, ".repeat(20_000)),
            format!("\"{}\"", "a ${b} ".repeat(20_000)),
            format!("{{ {} }}", "a = if b then c else d; ".repeat(20_000)),
            format!("{}a", "b ++ ".repeat(1_500)),
            format!("{}a{}", "f (".repeat(200), ")".repeat(200)),
        ] {
            assert_eq!(require_shallow(&flat), Ok(()), "{}", &flat[..40]);
        }
    }
}
