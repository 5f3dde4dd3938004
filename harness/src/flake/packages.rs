//! Packages that the text of a flake names, and which of them the pocket channel lacks.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use rnix::SyntaxNode;
use rnix::ast::{Apply, Attr, Attrpath, Expr, Lambda, List, Param, Select, With};
use rowan::ast::AstNode as _;
use switchproof_vm::image::POCKET_PACKAGES;

use super::names::is_package_name;
use super::nix::Bindings;
use crate::model::FlakeTree;

/// What the pocket channel has.
static IN_POCKET: LazyLock<BTreeSet<&str>> = LazyLock::new(|| POCKET_PACKAGES.lines().collect());

/// Sets of packages in a package set, whose packages are named with them, and which `POCKET_PACKAGES` lists so.
const SETS: [&str; 13] = [
    "fishPlugins",
    "gnome",
    "gnomeExtensions",
    "haskellPackages",
    "kdePackages",
    "libsForQt5",
    "nerd-fonts",
    "nodePackages",
    "python3Packages",
    "tmuxPlugins",
    "unixtools",
    "vimPlugins",
    "vscode-extensions",
];

/// How nixpkgs ends the names of its other sets of packages: `ocamlPackages`, `obs-studio-plugins`.
const OF_SETS: [&str; 5] = [
    "Packages",
    "Plugins",
    "Extensions",
    "-plugins",
    "-extensions",
];

/// What packages have themselves, so that `pkgs.NAME.override` names no set.
const OF_PACKAGES: [&str; 15] = [
    "bin",
    "dev",
    "lib",
    "man",
    "meta",
    "name",
    "out",
    "outPath",
    "override",
    "overrideAttrs",
    "passthru",
    "pname",
    "src",
    "version",
    "withPackages",
];

/// The packages that the Nix files of a flake name (`pkgs.NAME`, and names in lists behind `with pkgs;`) and that the pocket
/// channel has under no name; what is computed is not seen.
pub(crate) fn lacking(flake: &FlakeTree) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (_, text) in flake.nix_texts() {
        found.extend(Bindings::of(&text).root().map(named).unwrap_or_default());
    }
    let lacks = |name: &String| is_package_name(name) && !is_in_pocket(name);
    found.into_iter().filter(lacks).collect()
}

/// Whether the pocket channel has a package, or may have it: of sets that are listed by name alone it is not known.
fn is_in_pocket(name: &str) -> bool {
    let set = name.split_once('.').map(|(set, _)| set);
    let unlisted = set.filter(|set| !SETS.contains(set));
    IN_POCKET.contains(name) || unlisted.is_some_and(|set| IN_POCKET.contains(set))
}

/// The package that the name at a place of a Nix file, its line and column from 1, is looked up for: where it stands in a list
/// behind `with pkgs;`, and is no set of something else.
pub(crate) fn package_at(
    flake: &FlakeTree,
    path: &str,
    line: usize,
    column: usize,
) -> Option<String> {
    let text = flake.text(path)?;
    let lines = text.split_inclusive('\n').take(line.saturating_sub(1));
    let offset = lines.map(str::len).sum::<usize>() + column.saturating_sub(1);
    let offset = u32::try_from(offset).ok()?;
    let bindings = Bindings::of(text);
    let root = bindings
        .root()
        .filter(|root| u32::from(root.text_range().end()) > offset)?;
    let name = root
        .token_at_offset(offset.into())
        .right_biased()
        .and_then(|it| it.parent())?;
    let parent = name.parent()?;
    let item = match List::can_cast(parent.kind()) {
        true => name,
        false => parent,
    };
    let with = nearest_with(&item)?;
    package_in_list(&Expr::cast(item)?, &prefix_of(&with)?)
}

/// The package that is missing where the text behind `pkgs.` names `missing`, with its set: `ocamlPackages.utop`. What a package
/// lacks itself, as `dconf.lib`, is none.
pub(crate) fn package_in(text: &str, missing: &str) -> Option<String> {
    if !text.contains(missing) || OF_PACKAGES.contains(&missing) {
        return None;
    }
    let is_path = |one: char| one.is_ascii_alphanumeric() || matches!(one, '_' | '-' | '.');
    let path = text.split(|one| !is_path(one)).next()?;
    let words: Vec<String> = path.split('.').map(str::to_owned).collect();
    let whole = package(&[], &words).filter(|whole| whole.split('.').any(|it| it == missing));
    Some(whole.unwrap_or_else(|| missing.to_owned()))
}

fn named(root: &SyntaxNode) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for node in root.descendants() {
        if let Some(select) = Select::cast(node.clone()) {
            found.extend(selected(&select, is_called(&node)));
        } else if let Some(with) = With::cast(node) {
            found.extend(listed(&with).unwrap_or_default());
        }
    }
    found
}

/// `pkgs.NAME`, and `pkgs.SET.NAME`; where it is called, only what has something called of it: `pkgs.NAME.override`.
fn selected(select: &Select, is_called: bool) -> Option<String> {
    let prefix = of_pkgs(&select.expr()?)?;
    let mut words = words(&select.attrpath()?);
    // What is called of a package is none itself.
    if is_called && OF_PACKAGES.contains(&words.last()?.as_str()) {
        words.pop();
    } else if is_called {
        return None;
    }
    package(&prefix, &words)
}

/// The packages in lists behind a `with pkgs;` that are not behind another one inside of it.
fn listed(with: &With) -> Option<BTreeSet<String>> {
    let prefix = prefix_of(with)?;
    let body = with.body()?;
    let lists = body.syntax().descendants().filter_map(List::cast);
    let own = lists.filter(|list| {
        nearest_with(list.syntax()).is_some_and(|nearest| nearest.syntax() == with.syntax())
    });
    let items = own.flat_map(|list| list.items().collect::<Vec<_>>());
    Some(
        items
            .filter_map(|item| package_in_list(&item, &prefix))
            .collect(),
    )
}

/// The package that an item of a list names behind a `with`: `NAME`, or `SET.NAME`.
fn package_in_list(item: &Expr, prefix: &[String]) -> Option<String> {
    match item {
        Expr::Ident(name) => package(prefix, &[name.syntax().text().to_string()]),
        Expr::Select(select) => {
            let mut all = vec![set_of(&select.expr()?)?];
            all.extend(words(&select.attrpath()?));
            package(prefix, &all)
        }
        _ => None,
    }
}

/// The `with` whose names those in a node are: the nearest one of packages, or of what a function is given, such as `ps` in
/// `withPackages (ps: with ps; [ … ])`. Others, as `with lib;`, have names beside those.
fn nearest_with(node: &SyntaxNode) -> Option<With> {
    let mut above = node.ancestors().filter_map(With::cast);
    above.find(|with| prefix_of(with).is_some() || is_of_argument(with))
}

fn is_of_argument(with: &With) -> bool {
    let Some(Expr::Ident(name)) = with.namespace() else {
        return false;
    };
    let name = name.syntax().text();
    let mut functions = with.syntax().ancestors().filter_map(Lambda::cast);
    functions.any(|function| match function.param() {
        Some(Param::IdentParam(argument)) => argument.syntax().text() == name,
        _ => false,
    })
}

/// The names behind `pkgs` that a `with` is of, also where the set itself is looked up there: `with pkgs; with nodePackages;`.
fn prefix_of(with: &With) -> Option<Vec<String>> {
    let namespace = with.namespace()?;
    of_pkgs(&namespace).or_else(|| {
        let set = set_of(&namespace)?;
        let mut above = with.syntax().ancestors().skip(1).filter_map(With::cast);
        let is_in_pkgs = above.any(|it| it.namespace().is_some_and(|it| of_pkgs(&it).is_some()));
        is_in_pkgs.then(|| vec![set])
    })
}

/// The set of packages that a name alone is.
fn set_of(expression: &Expr) -> Option<String> {
    let Expr::Ident(name) = expression else {
        return None;
    };
    let name = name.syntax().text().to_string();
    is_set(&name).then_some(name)
}

/// Whether a name in a package set is that of a set, whose packages are named with it.
fn is_set(name: &str) -> bool {
    SETS.contains(&name) || OF_SETS.iter().any(|end| name.ends_with(end))
}

/// The names behind `pkgs`, where an expression is that or something in it.
fn of_pkgs(expression: &Expr) -> Option<Vec<String>> {
    match expression {
        Expr::Ident(name) => (name.syntax().text() == "pkgs").then(Vec::new),
        Expr::Select(select) => {
            let mut all = of_pkgs(&select.expr()?)?;
            all.extend(words(&select.attrpath()?));
            Some(all)
        }
        Expr::Paren(inner) => of_pkgs(&inner.expr()?),
        _ => None,
    }
}

fn words(path: &Attrpath) -> Vec<String> {
    let plain = path.attrs().map_while(|attr| match attr {
        Attr::Ident(name) => Some(name.syntax().text().to_string()),
        _ => None,
    });
    plain.collect()
}

fn package(prefix: &[String], rest: &[String]) -> Option<String> {
    let mut all = prefix.iter().chain(rest);
    let first = all.next()?;
    match is_set(first) {
        true => Some(format!("{first}.{}", all.next()?)),
        // Another set that is not known here.
        false if !prefix.is_empty() => None,
        false => match all.next() {
            Some(second) if !OF_PACKAGES.contains(&second.as_str()) => None,
            _ => Some(first.clone()),
        },
    }
}

/// Whether an expression is a function that is called there, which no package is.
fn is_called(node: &SyntaxNode) -> bool {
    let parent = node.parent().and_then(Apply::cast);
    parent
        .and_then(|call| call.lambda())
        .is_some_and(|function| function.syntax() == node)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_found_where_text_names_them() {
        let text = r#"{ pkgs, ... }: {
            home.packages = with pkgs; [ git zig tldr lua kind nodePackages.prettier (python3.withPackages (ps: [ ps.requests ])) foo.bar ]
              ++ [ pkgs.terraform-ls pkgs.unstable.other pkgs.deep.inner.call (pkgs.builders.one { }) pkgs.vimPlugins.rare-nvim (pkgs.fetchFromNowhere { }) ];
            programs.x = { package = pkgs.odd-shell.override { a = 1; }; extra = with pkgs.tmuxPlugins; [ sensible rare ]; };
            home.file.x.text = "pkgs.none";
        }"#;
        let flake = crate::testing::tree(&[("home.nix", text)]);
        let wanted = "kind lua nodePackages.prettier odd-shell terraform-ls tldr tmuxPlugins.rare vimPlugins.rare-nvim zig";
        assert_eq!(Vec::from_iter(lacking(&flake)).join(" "), wanted);
    }

    #[test]
    fn packages_of_a_set_are_named_with_it() {
        let text = r#"{ pkgs, ... }: {
            a = with pkgs; [ zig (python3.withPackages (ps: with ps; [ requests ])) ] ++ (with lib; [ kind ])
              ++ (with pkgs.lua51Packages; [ luarocks ]) ++ (with rPackages; [ languageserver ]) ++ [ phpPackages.composer ];
            b = [ pkgs.ocamlPackages.utop pkgs.obs-studio-plugins.wlrobs (pkgs.callPackages ./x.nix { }) ];
            c = [ pkgs.buildPackages.git pkgs.linuxPackages.nvidia_x11 ];
        }"#;
        let flake = crate::testing::tree(&[("home.nix", text)]);
        let wanted = "kind lua51Packages.luarocks obs-studio-plugins.wlrobs ocamlPackages.utop phpPackages.composer \
                      rPackages.languageserver zig";
        assert_eq!(Vec::from_iter(lacking(&flake)).join(" "), wanted);
    }

    #[test]
    fn a_name_is_a_package_where_a_list_of_packages_has_it() {
        let text = "{ pkgs, ... }: {\n  home.packages = with pkgs; [ zig nodePackages.p ins.x (f ins) ];\n  a = ins;\n}";
        let flake = crate::testing::tree(&[("home.nix", text)]);
        let at = |line: usize, name: &str| {
            let column = text.lines().nth(line - 1).unwrap().find(name).unwrap() + 1;
            package_at(&flake, "home.nix", line, column)
        };
        assert_eq!(at(2, "zig").as_deref(), Some("zig"));
        assert_eq!(at(2, "nodePackages").as_deref(), Some("nodePackages.p"));
        assert_eq!(
            [at(2, "ins.x"), at(2, "ins) "), at(3, "ins;")],
            [None, None, None]
        );
        assert_eq!(package_at(&flake, "home.nix", 9, 9), None);
        assert_eq!(package_at(&flake, "x.nix", 1, 1), None);
    }
}
