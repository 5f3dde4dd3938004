//! "Did you mean": the nearest of the words or names there are.

use std::sync::LazyLock;

/// Words of Home Manager, NixOS, goss, Molecule and CI systems, with ours. A word may have several of ours; the
/// first that is possible in its place is taken.
const FOREIGN: &[(&str, &[&str])] = &[
    ("absent", &["state"]),
    ("args", &["specialArgs"]),
    ("assert", &["expect"]),
    ("assertions", &["expect"]),
    ("backupFileExtension", &["backup"]),
    ("backupExtension", &["backup"]),
    ("backup-extension", &["backup"]),
    ("cmd", &["command", "run"]),
    ("content", &["text", "contains"]),
    ("contents", &["text", "contains"]),
    ("darwin", &["darwin-module"]),
    ("desc", &["description"]),
    ("destroy", &["uninstall"]),
    ("dir", &["directory"]),
    ("disabled", &["inactive"]),
    ("enabled", &["active"]),
    ("env", &["environment"]),
    ("exists", &["state", "present"]),
    ("exit-status", &["exit"]),
    ("expected", &["expect"]),
    ("extraModules", &["modules"]),
    ("extraSpecialArgs", &["specialArgs"]),
    ("file", &["files"]),
    ("filetype", &["type"]),
    ("gc", &["collect-garbage"]),
    ("home-manager", &["standalone", "setup"]),
    ("homeManager", &["standalone", "setup"]),
    ("hostName", &["host"]),
    ("hostname", &["host"]),
    ("imports", &["import"]),
    ("installed", &["present"]),
    ("link", &["symlink", "target"]),
    ("linked-to", &["target"]),
    ("login", &["relogin"]),
    ("missing", &["absent"]),
    ("nix", &["config"]),
    ("nix-darwin", &["darwin-module"]),
    ("nixos", &["nixos-module"]),
    ("nixosModule", &["nixos-module"]),
    ("overrideInputs", &["inputs"]),
    ("package", &["packages"]),
    ("permissions", &["mode"]),
    ("revision", &["rev"]),
    ("running", &["active"]),
    ("script", &["run", "command"]),
    ("service", &["units", "services"]),
    ("services", &["units"]),
    ("sessionVars", &["sessionVariables"]),
    ("shell", &["run"]),
    ("source", &["from"]),
    ("specialArguments", &["specialArgs"]),
    ("started", &["active"]),
    ("stderr", &["output"]),
    ("stdout", &["output"]),
    ("stopped", &["inactive"]),
    ("strategy", &["matrix"]),
    ("tests", &["steps"]),
    ("timeout", &["deadline"]),
    ("title", &["name"]),
    ("useGlobalPkgs", &["globalPkgs"]),
    ("useUserPackages", &["userPackages"]),
    ("username", &["user", "users"]),
    ("variables", &["environment", "sessionVariables"]),
    ("verify", &["expect"]),
];

/// [`FOREIGN`] in plain form, made once.
static FOREIGN_PLAIN: LazyLock<Vec<(String, &[&str])>> = LazyLock::new(|| {
    let plain = FOREIGN
        .iter()
        .map(|(foreign, ours)| (plain_form(foreign), *ours));
    plain.collect()
});

/// The key or word among `known` that `word` most likely means, also where it is from the vocabulary of other tools.
pub(crate) fn nearest<'known>(
    word: &str,
    known: impl IntoIterator<Item = &'known str>,
) -> Option<&'known str> {
    let known: Vec<&str> = known.into_iter().collect();
    let plain = plain_form(word);
    if let Some(same) = known.iter().find(|one| plain_form(one) == plain) {
        return Some(same);
    }
    let translations = FOREIGN_PLAIN
        .iter()
        .filter(|(foreign, _)| *foreign == plain)
        .flat_map(|(_, ours)| ours.iter());
    for ours in translations {
        if let Some(found) = known.iter().find(|one| *one == ours) {
            return Some(found);
        }
    }
    // A third of the letters may be wrong; more is another word. Long texts are nobody's misspelling.
    let tolerance = (plain.len().min(60) / 3).max(1);
    if word.len() > 60 {
        return None;
    }
    known
        .into_iter()
        .map(|one| (strsim::damerau_levenshtein(&plain, &plain_form(one)), one))
        .filter(|(distance, _)| *distance <= tolerance)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, one)| one)
}

/// Without what people write differently: case, `-`, `_`.
fn plain_form(word: &str) -> String {
    word.chars()
        .filter(|character| !matches!(character, '-' | '_'))
        .flat_map(char::to_lowercase)
        .collect()
}

/// How alike two names must be, by Jaro-Winkler, for one to be offered for the other.
const ALIKE: f64 = 0.84;

/// A question to put at the end of a message about a name that is not there: the most alike of those that are, if one is
/// alike enough to be what was meant.
pub(crate) fn did_you_mean<'name>(
    name: &str,
    there: impl IntoIterator<Item = &'name str>,
) -> String {
    there
        .into_iter()
        .filter(|one| *one != name)
        .map(|one| (strsim::jaro_winkler(name, one), one))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        // Of equals the first: the names come sorted, so the answer does not change from run to run.
        .reduce(|best, next| if best.0 >= next.0 { best } else { next })
        .map_or_else(String::new, |(_, one)| format!("; did you mean `{one}`?"))
}

#[cfg(test)]
mod tests {
    use super::{did_you_mean, nearest};

    #[test]
    fn the_nearest_name_is_offered_and_an_unlike_one_is_not() {
        let names = ["git", "hello", "ripgrep"];
        assert_eq!(did_you_mean("helo", names), "; did you mean `hello`?");
        assert_eq!(did_you_mean("zsh", names), "");
        assert_eq!(did_you_mean("git", names), "");
    }

    #[test]
    fn misspellings_and_foreign_words_are_recognised() {
        let keys = ["globalPkgs", "stateVersion", "packages", "host", "backup"];
        assert_eq!(nearest("useGlobalPkgs", keys), Some("globalPkgs"));
        assert_eq!(nearest("state-version", keys), Some("stateVersion"));
        assert_eq!(nearest("pacakges", keys), Some("packages"));
        assert_eq!(nearest("hostname", keys), Some("host"));
        assert_eq!(nearest("backupFileExtension", keys), Some("backup"));
        assert_eq!(nearest("colour", keys), None);
    }
}
