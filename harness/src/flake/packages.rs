//! Packages that the text of a flake names, and which of them the pocket channel lacks.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;
use rnix::SyntaxNode;
use rnix::ast::{Apply, Attr, Attrpath, Expr, List, Select, With};
use rowan::ast::AstNode as _;

use super::names::is_package_name;
use super::nix::Bindings;
use crate::model::FlakeTree;

/// What the pocket channel's package set is made of: any word in it may be a package that is there.
static IN_POCKET: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let definition = switchproof_vm::image::definition();
    let texts = definition.files_below("pocket/nixpkgs/pkgs/");
    let is_sign = |one: char| !one.is_ascii_alphanumeric() && !matches!(one, '-' | '_');
    let code = texts.flat_map(|text| {
        text.lines()
            .filter(|line| !line.trim_start().starts_with('#'))
    });
    // What a package says of itself is none.
    let value = Regex::new("= \"[^\"]*\"").expect("a regular expression that a test compiles");
    let code = code.map(|line| value.replace_all(line, "= ").into_owned());
    code.flat_map(|line| line.split(is_sign).map(str::to_owned).collect::<Vec<_>>())
        .collect()
});

/// Sets of packages in a package set, whose packages are named with them.
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
    let lacks = |name: &String| {
        let last = name.rsplit('.').next().unwrap_or(name);
        is_package_name(name) && !IN_POCKET.contains(last)
    };
    found.into_iter().filter(lacks).collect()
}

fn named(root: &SyntaxNode) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for node in root.descendants() {
        if let Some(select) = Select::cast(node.clone()) {
            found.extend(selected(&select, is_called(&node)));
        } else if let Some(with) = With::cast(node) {
            let prefix = with.namespace().and_then(|it| of_pkgs(&it));
            if let (Some(prefix), Some(body)) = (prefix, with.body()) {
                found.extend(listed(body.syntax(), &prefix));
            }
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

/// The names in lists of a text that stands behind `with pkgs;`.
fn listed(body: &SyntaxNode, prefix: &[String]) -> BTreeSet<String> {
    let lists = body.descendants().filter_map(List::cast);
    let items = lists.flat_map(|list| list.items().collect::<Vec<_>>());
    items
        .filter_map(|item| match item {
            Expr::Ident(name) => package(prefix, &[name.syntax().text().to_string()]),
            Expr::Select(select) => match select.expr()? {
                Expr::Ident(first) if first.syntax().text() != "pkgs" => {
                    let mut all = vec![first.syntax().text().to_string()];
                    all.extend(words(&select.attrpath()?));
                    SETS.contains(&all[0].as_str())
                        .then(|| package(prefix, &all))?
                }
                _ => None,
            },
            _ => None,
        })
        .collect()
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
    match SETS.contains(&first.as_str()) {
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
            home.packages = with pkgs; [ git zig tldr nodePackages.prettier (python3.withPackages (ps: [ ps.requests ])) foo.bar ]
              ++ [ pkgs.terraform-ls pkgs.unstable.other pkgs.deep.inner.call (pkgs.builders.one { }) pkgs.vimPlugins.rare-nvim (pkgs.fetchFromNowhere { }) ];
            programs.x = { package = pkgs.odd-shell.override { a = 1; }; extra = with pkgs.tmuxPlugins; [ sensible rare ]; };
            home.file.x.text = "pkgs.none";
        }"#;
        let flake = crate::testing::tree(&[("home.nix", text)]);
        let wanted = "nodePackages.prettier odd-shell terraform-ls tldr tmuxPlugins.rare vimPlugins.rare-nvim zig";
        assert_eq!(Vec::from_iter(lacking(&flake)).join(" "), wanted);
    }
}
