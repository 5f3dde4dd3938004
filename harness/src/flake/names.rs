//! Names and paths that end up in file systems, command lines and Nix: what they may be.

/// Why a scenario or step cannot be named so; a name that it could have instead.
pub(crate) fn bad_scenario_name(name: &str) -> Option<(String, Option<String>)> {
    const MAX: usize = 80;
    if name.is_empty() {
        return Some(("the name is empty".to_owned(), None));
    }
    if name.len() > MAX {
        let length = name.chars().count();
        return Some((
            format!("the name has {length} characters, and {MAX} are the most"),
            None,
        ));
    }
    let is_fine = name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name.chars().all(is_name_character);
    if is_fine {
        return None;
    }
    Some((
        format!(
            "{} cannot be a name: names are letters, digits, `-` and `_`, beginning with a letter or digit",
            crate::text::quoted(name)
        ),
        harmless_name(name),
    ))
}

fn is_name_character(one: char) -> bool {
    one.is_ascii_alphanumeric() || matches!(one, '-' | '_')
}

fn harmless_name(name: &str) -> Option<String> {
    let mut out = String::new();
    for one in name.chars() {
        if is_name_character(one) {
            out.push(one);
        } else if !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
    }
    let out = out.trim_matches(['-', '_']).to_owned();
    (!out.is_empty()).then_some(out)
}

/// Why a login name is refused: `useradd` would not take it, or it is `root`, who has no home here.
pub(crate) fn bad_user_name(name: &str) -> Option<&'static str> {
    let is_fine = name.len() <= 31
        && name.starts_with(|first: char| first.is_ascii_lowercase() || first == '_')
        && name.chars().all(|one| {
            one.is_ascii_lowercase() || one.is_ascii_digit() || matches!(one, '-' | '_')
        });
    if name == "root" {
        Some("name an ordinary user: the home of root is not managed")
    } else if !is_fine {
        Some(
            "a login name is lower-case letters, digits, `-` and `_`, beginning with a letter, 31 at most",
        )
    } else {
        None
    }
}

/// Whether a text can be a user's login name here.
pub(crate) fn is_user_name(name: &str) -> bool {
    bad_user_name(name).is_none()
}

/// Whether a text names a package of a package set: words of Nix, joined by dots where they are in a set of it.
pub(crate) fn is_package_name(name: &str) -> bool {
    let is_word = |word: &str| {
        word.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && word
                .chars()
                .all(|one| one.is_ascii_alphanumeric() || matches!(one, '-' | '_'))
    };
    name.len() <= 100 && name.split('.').all(is_word) && !name.starts_with("pkgs.")
}

/// Why a host name is refused.
pub(crate) fn bad_host_name(name: &str) -> Option<&'static str> {
    let is_fine = (1..=63).contains(&name.len())
        && name
            .chars()
            .all(|one| one.is_ascii_alphanumeric() || one == '-')
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
        && extension
            .chars()
            .all(|one| one.is_ascii_alphanumeric() || matches!(one, '.' | '-' | '_'));
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

    #[test]
    fn names_that_cannot_name_files_are_refused_with_one_that_can() {
        assert_eq!(bad_scenario_name("first-switch"), None);
        let (_, better) = bad_scenario_name("a/../b c").expect("refused");
        assert_eq!(better.as_deref(), Some("a-b-c"));
        for bad in ["", "-x", "a\u{7}b", "a.b", &"x".repeat(300)] {
            assert!(bad_scenario_name(bad).is_some(), "{bad:?}");
        }
    }

    #[test]
    fn paths_stay_in_the_home() {
        assert_eq!(bad_home_path(".config/a b/ü"), None);
        for bad in [
            "/etc/passwd",
            "~/.bashrc",
            "../x",
            "a//b",
            "a/./b",
            "",
            "a\nb",
        ] {
            assert!(bad_home_path(bad).is_some(), "{bad:?}");
        }
    }

    #[test]
    fn packages_are_named_as_nix_text_names_them() {
        for good in [
            "zig",
            "nodePackages.prettier",
            "python3Packages.x_y",
            "_1password-cli",
        ] {
            assert!(is_package_name(good), "{good}");
        }
        for bad in ["", "pkgs.zig", "a.", "1password", "a b", "a${b}", "ü"] {
            assert!(!is_package_name(bad), "{bad}");
        }
    }

    #[test]
    fn lengths_of_time_have_units() {
        assert_eq!(seconds("90"), Some(90));
        assert_eq!(seconds("10m"), Some(600));
        assert_eq!(seconds("1h"), Some(3600));
        for bad in ["", "m", "0s", "10 m", "1hs", "9999999h", "-1s"] {
            assert_eq!(seconds(bad), None, "{bad}");
        }
    }
}
