//! Packages that the text of a flake names, and which of them the pocket channel lacks.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use rnix::SyntaxNode;
use rnix::ast::{Apply, Attr, Attrpath, Expr, List, Select, With};
use rowan::ast::AstNode as _;
use switchproof_vm::image::POCKET_PACKAGES;

use super::names::is_package_name;
use super::nix::Bindings;
use crate::model::FlakeTree;

/// What the pocket channel has.
static IN_POCKET: LazyLock<BTreeSet<&str>> = LazyLock::new(|| POCKET_PACKAGES.lines().collect());

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
    let lacks = |name: &String| is_package_name(name) && !IN_POCKET.contains(name.as_str());
    found.into_iter().filter(lacks).collect()
}

/// Whether the name at a place of a Nix file, its line and column from 1, is looked up in the packages: it stands in a list
/// behind `with pkgs;`, and is no set of something else.
pub(crate) fn is_package_at(flake: &FlakeTree, path: &str, line: usize, column: usize) -> bool {
    let Some(text) = flake.text(path) else {
        return false;
    };
    let lines = text.split_inclusive('\n').take(line.saturating_sub(1));
    let offset = lines.map(str::len).sum::<usize>() + column.saturating_sub(1);
    let Ok(offset) = u32::try_from(offset) else {
        return false;
    };
    let bindings = Bindings::of(text);
    let Some(root) = bindings
        .root()
        .filter(|root| u32::from(root.text_range().end()) > offset)
    else {
        return false;
    };
    let name = root
        .token_at_offset(offset.into())
        .right_biased()
        .and_then(|it| it.parent());
    let Some(item) = name.as_ref().and_then(SyntaxNode::parent) else {
        return false;
    };
    let in_list = List::can_cast(item.kind())
        || Select::cast(item).is_some_and(|select| {
            let first = select.expr().map(|it| it.syntax().text().to_string());
            first.is_some_and(|first| SETS.contains(&first.as_str()))
        });
    let mut above = name
        .into_iter()
        .flat_map(|name| name.ancestors())
        .filter_map(With::cast);
    in_list && above.any(|with| with.namespace().is_some_and(|it| of_pkgs(&it).is_some()))
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
    fn a_name_is_a_package_where_a_list_of_packages_has_it() {
        let text = "{ pkgs, ... }: {\n  home.packages = with pkgs; [ zig nodePackages.p ins.x (f ins) ];\n  a = ins;\n}";
        let flake = crate::testing::tree(&[("home.nix", text)]);
        let at = |line: usize, name: &str| {
            let column = text.lines().nth(line - 1).unwrap().find(name).unwrap() + 1;
            is_package_at(&flake, "home.nix", line, column)
        };
        assert!(at(2, "zig") && at(2, "nodePackages"));
        assert!(!at(2, "ins.x") && !at(2, "ins) ") && !at(3, "ins;"));
        assert!(!is_package_at(&flake, "home.nix", 9, 9) && !is_package_at(&flake, "x.nix", 1, 1));
    }
}
