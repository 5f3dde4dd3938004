//! Whether what a person reads may be colourful.

use std::io::IsTerminal;
use std::sync::OnceLock;

/// What the command line says of colours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum ColourChoice {
    /// On a terminal that shows them, unless the environment says otherwise (`NO_COLOR`, `CLICOLOR_FORCE`)
    #[default]
    Auto,
    /// Everywhere
    Always,
    /// Nowhere
    Never,
}

static CHOICE: OnceLock<ColourChoice> = OnceLock::new();

/// Notes what the command line says, once.
pub fn choose(choice: ColourChoice) {
    let _ = CHOICE.set(choice);
}

/// Whether standard error may be colourful.
#[must_use]
pub fn on_stderr() -> bool {
    let value = |name: &str| std::env::var(name).ok();
    let choice = CHOICE.get().copied().unwrap_or_default();
    decide(choice, value, std::io::stderr().is_terminal())
}

/// The command line says it first, then `NO_COLOR`, `CLICOLOR_FORCE`, `TERM`, and then what standard error is.
fn decide(choice: ColourChoice, value: impl Fn(&str) -> Option<String>, is_terminal: bool) -> bool {
    let is_set = |name: &str| value(name).is_some_and(|value| !value.is_empty());
    match choice {
        ColourChoice::Always => true,
        ColourChoice::Never => false,
        ColourChoice::Auto if is_set("NO_COLOR") => false,
        ColourChoice::Auto
            if value("CLICOLOR_FORCE").is_some_and(|it| !matches!(it.as_str(), "" | "0")) =>
        {
            true
        }
        ColourChoice::Auto => {
            is_terminal && is_set("TERM") && value("TERM").as_deref() != Some("dumb")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_says_what_is_obeyed_in_order() {
        let decided = |choice, variables: &[(&str, &str)], is_terminal| {
            let value = |name: &str| {
                let found = variables.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).to_owned())
            };
            decide(choice, value, is_terminal)
        };
        use ColourChoice::{Always, Auto, Never};
        let term = ("TERM", "xterm");
        let (none, forced) = (("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1"));
        assert!(decided(Auto, &[term], true));
        assert!(!decided(Auto, &[term], false));
        assert!(!decided(Auto, &[("TERM", "dumb")], true));
        assert!(!decided(Auto, &[], true));
        assert!(!decided(Auto, &[term, none], true));
        assert!(decided(Auto, &[term, ("NO_COLOR", "")], true));
        assert!(decided(Auto, &[forced], false));
        assert!(!decided(Auto, &[("CLICOLOR_FORCE", "0")], false));
        assert!(!decided(Auto, &[none, forced], false));
        assert!(decided(Always, &[none], false));
        assert!(!decided(Never, &[forced], true));
    }
}
