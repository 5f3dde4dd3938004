//! Modules that a scenario gives as Nix text, and what they are given.

use super::expression::{Nix, Set};
use super::text;
use crate::flake::setup::Setup;

/// The overlays as a list.
pub(super) fn overlays(setup: &Setup) -> Nix {
    Nix::List(
        setup
            .overlays
            .iter()
            .map(|overlay| Nix::Verbatim(overlay.trim().to_owned()))
            .collect(),
    )
}

/// What a module says of the package set.
pub(super) fn package_settings(setup: &Setup, module: &mut Set) {
    let allow = setup.allow_unfree.map(Nix::bool);
    module.maybe("nixpkgs.config.allowUnfree", allow);
    module.some("nixpkgs.overlays", overlays(setup));
}

/// The special arguments as a mapping.
pub(super) fn special_args(setup: &Setup) -> Nix {
    let mut all = Set::default();
    for (name, value) in &setup.special_args {
        all.under(&[name], Nix::data(value));
    }
    all.plain()
}

/// Modules given as Nix text.
pub(super) fn inline_modules<'a>(
    modules: impl IntoIterator<Item = &'a String>,
    setup: &Setup,
) -> impl Iterator<Item = Nix> {
    let modules = modules.into_iter();
    modules.map(|module| inline_module(module, setup))
}

/// A module given as Nix text: a whole module as it is, bindings put into one.
/// Bindings may use the special arguments by name.
pub(super) fn inline_module(nix: &str, setup: &Setup) -> Nix {
    let nix = nix.trim();
    if is_whole_module(nix) {
        return Nix::Verbatim(nix.to_owned());
    }
    let body: String = nix
        .split('\n')
        .map(|line| {
            if line.is_empty() {
                "\n".to_owned()
            } else {
                format!("  {line}\n")
            }
        })
        .collect();
    let own = ["config", "lib", "pkgs"];
    let special = setup.special_args.keys().map(String::as_str);
    let special = special.filter(|name| text::is_plain_name(name) && !own.contains(name));
    let arguments = own.into_iter().chain(special).chain(["..."]);
    Nix::Function(
        arguments.map(str::to_owned).collect(),
        Box::new(Nix::Verbatim(format!("{{\n{body}}}"))),
    )
}

/// Whether Nix text is a module by itself and not the bindings of one: bindings begin with a name, and go on behind it.
pub(crate) fn is_whole_module(text: &str) -> bool {
    let without_comments = text
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty() && !line.starts_with('#'))
        .unwrap_or_default();
    let first_word: String = without_comments
        .chars()
        .take_while(|one| one.is_ascii_alphanumeric() || matches!(one, '_' | '-' | '\''))
        .collect();
    let rest = without_comments[first_word.len()..].trim_start();
    without_comments.starts_with(['{', '(', '.', '/'])
        || matches!(first_word.as_str(), "let" | "with" | "rec" | "import")
        || rest.starts_with(':')
        || rest.starts_with('@')
        || is_module_of_an_input(text.trim())
}

/// `stylix.homeModules.stylix`: a path of names and nothing else.
fn is_module_of_an_input(module: &str) -> bool {
    let is_name =
        |part: &str| text::is_plain_name(part) || part.starts_with('"') && part.ends_with('"');
    module.contains('.') && module.split('.').all(is_name)
}
