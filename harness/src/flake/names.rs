//! Names and paths that end up in file systems, command lines and Nix: what they may be.

use crate::text::steers_terminals;

/// Whether a text is made of ASCII letters, digits and these signs.
pub(crate) fn is_made_of(text: &str, signs: &[char]) -> bool {
    let is_fine = |one: char| one.is_ascii_alphanumeric() || signs.contains(&one);
    text.chars().all(is_fine)
}

/// Why a scenario or step cannot be named so, and how it could be.
pub(crate) fn bad_scenario_name(name: &str) -> Option<(String, String)> {
    const MAX: usize = 80;
    let shorter = "name it in a few words joined by `-`".to_owned();
    if name.is_empty() {
        return Some(("the name is empty".to_owned(), shorter));
    }
    if name.len() > MAX {
        let length = name.chars().count();
        let message = format!("the name has {length} characters, and {MAX} are the most");
        return Some((message, shorter));
    }
    let begins_well = name.starts_with(|first: char| first.is_ascii_alphanumeric());
    if begins_well && is_made_of(name, &['-', '_']) {
        return None;
    }
    let message = format!(
        "{} cannot be a name: names are letters, digits, `-` and `_`, beginning with a letter or digit",
        crate::text::quoted(name)
    );
    let harmless = harmless_name(name).map(|name| format!("write `{name}`"));
    Some((message, harmless.unwrap_or(shorter)))
}

fn harmless_name(name: &str) -> Option<String> {
    let is_sign = |one: char| !one.is_ascii_alphanumeric() && !matches!(one, '-' | '_');
    let words: Vec<&str> = name.split(is_sign).filter(|it| !it.is_empty()).collect();
    let name = words.join("-");
    let name = name.trim_matches(['-', '_']);
    (!name.is_empty()).then(|| name.to_owned())
}

/// The longest login name in bytes, as records of logins have room for it.
const USER_NAME_BYTES: usize = 32;

/// Why a login name is refused: `useradd` takes it in no way (useradd(8), `--badname`), what else reads lists of users or paths
/// takes it for another.
pub(crate) fn bad_user_name(name: &str) -> Option<&'static str> {
    let is_unseen = |one: char| steers_terminals(one) || one.is_whitespace() && one != ' ';
    if name.is_empty() || name.len() > USER_NAME_BYTES {
        return Some("a login name has 1 to 32 bytes");
    }
    if name.starts_with(['-', '+', '~']) {
        return Some("commands take a name that begins with `-`, `+` or `~` for something else");
    }
    if name.contains([':', ',', '/']) {
        return Some(
            "lists of users and groups, and the paths of homes, have no room for `:`, `,` and `/`",
        );
    }
    if name.trim() != name || name.chars().any(is_unseen) {
        return Some(
            "a login name has no blanks at its ends, no tabs and line ends, and nothing that reorders the text around it",
        );
    }
    if name.chars().all(|one| one.is_ascii_digit()) || matches!(name, "." | "..") {
        return Some(
            "a name of digits alone is taken for a user's number, and one of dots for a folder",
        );
    }
    None
}

/// Whether a login name is one that every tool takes: lower-case letters, digits, `-` and `_`.
pub(crate) fn is_plain_user_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase() || first == '_')
        && is_made_of(name, &['-', '_'])
        && !name.contains(|one: char| one.is_ascii_uppercase())
}

/// Folders of the machine's own, which are no homes and hold none.
const SYSTEM_FOLDERS: [&str; 13] = [
    "bin", "boot", "dev", "etc", "lib", "lib64", "nix", "proc", "root", "run", "sbin", "sys", "usr",
];

/// Why a home directory is refused.
pub(crate) fn bad_home_directory(path: &str) -> Option<&'static str> {
    let Some(inner) = path.strip_prefix('/') else {
        return Some("write the whole path: `/data/alice`");
    };
    if path.contains(':') || path.chars().any(steers_terminals) {
        return Some("a list of users has no room for `:` and for characters that nobody sees");
    }
    let parts: Vec<&str> = inner.split('/').collect();
    if parts.iter().any(|part| matches!(*part, "" | "." | "..")) {
        return Some("write it without `.`, `..` and empty parts");
    }
    let may_hold = match parts[0] {
        "home" | "srv" | "tmp" => parts.len() > 1 && inner != "srv/flake" && inner != "srv/darwin",
        "var" => parts.len() > 2,
        other => !SYSTEM_FOLDERS.contains(&other),
    };
    (!may_hold)
        .then_some("the machine needs that folder for itself: name another, such as `/data/alice`")
}

/// Whether a text can be a user's login name here.
pub(crate) fn is_user_name(name: &str) -> bool {
    bad_user_name(name).is_none()
}

/// Whether it can be one of a host: not root, whose account every host has for itself.
pub(crate) fn is_host_user(name: &str) -> bool {
    name != "root" && is_user_name(name)
}

/// Whether a text names a package of a package set: words of Nix, joined by dots where they are in a set of it.
pub(crate) fn is_package_name(name: &str) -> bool {
    let is_word = |word: &str| {
        word.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && is_made_of(word, &['-', '_'])
    };
    name.len() <= 100 && name.split('.').all(is_word) && !name.starts_with("pkgs.")
}

/// Why a host name is refused.
pub(crate) fn bad_host_name(name: &str) -> Option<&'static str> {
    let is_fine = (1..=63).contains(&name.len())
        && is_made_of(name, &['-'])
        && !name.starts_with('-')
        && !name.ends_with('-');
    (!is_fine).then_some("a host name is letters, digits and `-` inside, 63 at most")
}

/// Why a path in a home is refused.
pub(crate) fn bad_home_path(path: &str) -> Option<&'static str> {
    if path.starts_with('/') || path.starts_with("~/") || path == "~" {
        return Some("paths are relative to the home: write `.bashrc`, not `~/.bashrc`");
    }
    let has_odd_part = path.split('/').any(|part| matches!(part, "" | "." | ".."));
    if has_odd_part {
        return Some("write it without `.`, `..` and empty parts");
    }
    if path.chars().any(char::is_control) {
        return Some("write it without control characters");
    }
    if path.len() > 1000 || path.split('/').any(|part| part.len() > 255) {
        return Some("no file system takes a name that long");
    }
    None
}

/// Why an extension for backups is refused.
pub(crate) fn bad_extension(extension: &str) -> Option<&'static str> {
    let is_fine = (1..=60).contains(&extension.len())
        && !extension.starts_with('.')
        && is_made_of(extension, &['.', '-', '_']);
    (!is_fine).then_some("write letters, digits, `.`, `-` and `_`, without a dot before them")
}

/// A length of time in seconds: `90`, `90s`, `10m`, `1h`.
pub(crate) fn seconds(text: &str) -> Option<u32> {
    let digits = text.trim_end_matches(['s', 'm', 'h']);
    let number: u32 = digits.parse().ok()?;
    let unit = match &text[digits.len()..] {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => return None,
    };
    number
        .checked_mul(unit)
        .filter(|seconds| (1..=86_400).contains(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::takes;

    #[test]
    fn names_that_cannot_name_files_are_refused_with_one_that_can() {
        let is_name = |name: &str| bad_scenario_name(name).is_none();
        takes(
            is_name,
            "first-switch|a_1",
            "|-x|a\u{7}b|a.b|../x|two words|ünï",
        );
        assert!(!is_name(&"x".repeat(300)));
        let (_, hint) = bad_scenario_name("a/../b c").expect("refused");
        assert_eq!(hint, "write `a-b-c`");
    }

    #[test]
    fn users_are_named_as_useradd_takes_it() {
        let good = "alice|root|a.b|Alice|a@b.c|CORP\\alice|jürgen|_1|a b";
        let bad = "| a|a\tb|a:b|a,b|a/b|-a|+a|~a|123|..|a\n|a\u{202e}b";
        takes(is_user_name, good, bad);
        assert!(!is_user_name(&"x".repeat(33)));
        takes(is_plain_user_name, "a-b_1", "a.b|1a");
    }

    #[test]
    fn homes_are_where_the_machine_has_room_for_them() {
        let good = "/data/alice|/Users/a b|/home/x/ü|/var/lib/svc|/alice";
        let bad = "data|~/x|/|/nix/x|/etc|/home|/data/../etc|/a:b|/srv/flake";
        takes(|path| bad_home_directory(path).is_none(), good, bad);
    }

    #[test]
    fn paths_stay_in_the_home() {
        let bad = "/etc/passwd|~/.bashrc|../x|a//b|a/./b||a\nb";
        takes(|path| bad_home_path(path).is_none(), ".config/a b/ü", bad);
    }

    #[test]
    fn packages_are_named_as_nix_text_names_them() {
        let good = "zig|nodePackages.prettier|python3Packages.x_y|_1password-cli";
        takes(is_package_name, good, "|pkgs.zig|a.|1password|a b|a${b}|ü");
    }

    #[test]
    fn lengths_of_time_have_units() {
        assert_eq!(seconds("90"), Some(90));
        assert_eq!(seconds("10m"), Some(600));
        let is_length = |text: &str| seconds(text).is_some();
        takes(is_length, "1h", "|m|0s|10 m|1hs|9999999h|-1s");
    }
}
