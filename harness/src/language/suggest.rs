//! "Did you mean": the nearest known word, also from the vocabulary of the tools people come from.

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

/// The word among `known` that `word` most likely means.
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

#[cfg(test)]
mod tests {
    use super::nearest;

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
