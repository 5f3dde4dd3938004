//! Commands that find no program of the guest's own, and which program a command asks for.

use std::sync::LazyLock;

use crate::machine::TOOLS;

/// The line before such a command, in the language of every shell that a user may have. Of PATH those folders stay that are in
/// the store, in the home, or a system's own for programs with more rights. A fish need not have its function `export`.
static LINE: LazyLock<String> = LazyLock::new(|| {
    format!(
        "eval \"$({TOOLS}/bash -p -c 'IFS=:; set -f; kept=(); for dir in $PATH; do end=$({TOOLS}/readlink -m -- \"$dir\"); \
         case $end/:$dir/ in /nix/store/*|/run/wrappers/*|*:\"$HOME\"/*) kept+=(\"$dir\");; esac; done; \
         read -r name </proc/$PPID/comm; case $name in \
         *fish*) printf \"set -gx PATH\"; printf \" %q\" \"${{kept[@]:-/nothing}}\";; \
         *) printf \"export PATH=%q\" \"${{kept[*]:-/nothing}}\";; esac')\"\n"
    )
});

/// The command with a PATH that leaves the guest's own programs out.
pub fn without_guest_programs(command: &str) -> String {
    LINE.clone() + command
}

/// A command as the scenario has it, without what was put before it.
pub fn as_written(command: &str) -> &str {
    match command.split_once('\n') {
        Some((first, rest)) if first.starts_with("export FLAKE=") => rest,
        _ => command,
    }
}

/// Words that shells answer themselves.
const BUILTINS: [&str; 8] = [
    "[", "echo", "false", "kill", "printf", "pwd", "test", "true",
];

/// The program that a command runs first, where it is named by its name alone.
pub fn program_of(command: &str) -> Option<&str> {
    let mut words = as_written(command).split_whitespace();
    let name = words.find(|word| !word.contains('='))?;
    let is_plain = |one: char| one.is_ascii_alphanumeric() || matches!(one, '-' | '_' | '.' | '+');
    (name.chars().all(is_plain) && !BUILTINS.contains(&name)).then_some(name)
}

/// The program that a command asks for and does nothing with: `git --version`, `which git`, `command -v git`.
pub fn looked_up(command: &str) -> Option<&str> {
    let words: Vec<&str> = as_written(command).split_whitespace().collect();
    let name = match words.as_slice() {
        ["command", "-v", name] | ["which" | "type", name] => name,
        [name, options @ ..]
            if options
                .iter()
                .all(|it| it.starts_with('-') || matches!(*it, "version" | "help")) =>
        {
            name
        }
        _ => return None,
    };
    program_of(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_as_it_was_written() {
        assert_eq!(as_written("export FLAKE=/srv/flake\ngit"), "git");
        assert_eq!(as_written("a\nb"), "a\nb");
        // What quotes it in a shell's language must be able to.
        assert!(!LINE.contains('\\'));
    }

    #[test]
    fn the_program_that_is_asked_for_is_found() {
        assert_eq!(program_of("A=1 git log | head"), Some("git"));
        for none in ["test -e x", "/usr/bin/git log", "$EDITOR x", "(git)", ""] {
            assert_eq!(program_of(none), None, "{none}");
        }
        for asks in [
            "git --version",
            "which git",
            "command -v git",
            "git",
            "git help",
        ] {
            assert_eq!(looked_up(asks), Some("git"), "{asks}");
        }
        for does in ["git log", "grep -q x y", "git --version | grep 2", "true"] {
            assert_eq!(looked_up(does), None, "{does}");
        }
    }
}
