//! One user's home as modules.

use std::collections::BTreeMap;

use super::expression::{Nix, Set};
use super::module::inline_module;
use crate::flake::setup::{Content, Home, HomeFile, Setup};
use crate::model::{SeedFile, usual_home};

/// Where the home's modules stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HomePlace {
    /// In a configuration of their own, which must name the user and the home.
    Standalone,
    /// In a system, which knows both.
    Module,
}

/// The modules of a home: what is described, what is given as Nix, what is imported. Files they need are put
/// beside `flake.nix`.
pub(super) fn home_modules(
    user: &str,
    home: &Home,
    setup: &Setup,
    place: HomePlace,
    tree: &mut BTreeMap<String, SeedFile>,
) -> Vec<Nix> {
    let mut modules = Vec::new();
    let described = described(user, home, place, tree).grouped();
    if !described.is_empty() {
        modules.push(match home.packages.is_empty() {
            true => described,
            false => {
                let arguments = ["pkgs", "..."].map(str::to_owned);
                Nix::Function(arguments.into(), Box::new(described))
            }
        });
    }
    modules.extend(home.config.iter().map(|nix| inline_module(nix, setup)));
    if let Some(import) = &home.import {
        let name = free_name(tree, &import.name, user);
        for (below, file) in &import.files {
            tree.insert(join(&name, below), file.clone());
        }
        modules.push(Nix::Verbatim(format!("./{name}")));
    }
    modules
}

/// The modules as the one value of `users.NAME`.
pub(super) fn home_value(mut modules: Vec<Nix>) -> Nix {
    if modules.len() == 1
        && let Some(only) = modules.pop()
    {
        return only;
    }
    let mut all = Set::default();
    all.put("imports", Nix::List(modules));
    all.plain()
}

fn described(
    user: &str,
    home: &Home,
    place: HomePlace,
    tree: &mut BTreeMap<String, SeedFile>,
) -> Set {
    let mut bindings = Set::default();
    if place == HomePlace::Standalone {
        let directory = home.directory.clone().unwrap_or_else(|| usual_home(user));
        bindings.put("home.username", Nix::text(user));
        bindings.put("home.homeDirectory", Nix::text(directory));
    }
    let version = home.state_version.as_ref();
    bindings.maybe("home.stateVersion", version.map(Nix::text));
    bindings.some("home.packages", Nix::WithPkgs(home.packages.clone()));
    let mut variables = Set::default();
    for (name, value) in &home.session_variables {
        variables.under(&[name], Nix::text(value));
    }
    bindings.some("home.sessionVariables", variables.plain());
    for (name, file) in &home.files {
        let value = home_file(user, name, file, tree);
        bindings.under(&["home", "file", name], value);
    }
    for program in &home.programs {
        bindings.under(&["programs", program, "enable"], Nix::bool(true));
    }
    for (service, options) in &home.services {
        match options {
            Some(options) => bindings.under(&["services", service], Nix::data(options)),
            None => {
                let mut enabled = Set::default();
                enabled.put("enable", Nix::bool(true));
                bindings.under(&["services", service], enabled.plain());
            }
        }
    }
    bindings
}

fn home_file(
    user: &str,
    name: &str,
    file: &HomeFile,
    tree: &mut BTreeMap<String, SeedFile>,
) -> Nix {
    let mut options = Set::default();
    match &file.content {
        Content::Text(text) => options.put("text", Nix::text(text)),
        Content::Copy(files) => {
            let place = free_name(tree, &format!("files/{}", harmless(name)), user);
            for (below, copy) in files {
                tree.insert(join(&place, below), copy.clone());
            }
            options.put("source", Nix::Verbatim(format!("./{place}")));
        }
    }
    options.maybe("executable", file.executable.map(Nix::bool));
    options.maybe("force", file.force.map(Nix::bool));
    options.plain()
}

fn join(name: &str, below: &str) -> String {
    if below.is_empty() {
        name.to_owned()
    } else {
        format!("{name}/{below}")
    }
}

/// A file name that is a Nix path without quotes.
fn harmless(name: &str) -> String {
    let is_sign = |one: char| !one.is_ascii_alphanumeric() && !matches!(one, '.' | '_');
    name.replace(is_sign, "-")
        .trim_start_matches('.')
        .to_owned()
}

/// A name in the flake that nothing has yet: the wished one, or with the user's name before it, or with a number.
fn free_name(tree: &BTreeMap<String, SeedFile>, wished: &str, user: &str) -> String {
    let wished = wished
        .split('/')
        .map(harmless)
        .collect::<Vec<_>>()
        .join("/");
    let is_taken = |name: &str| {
        let folder = format!("{name}/");
        name == "flake.nix"
            || tree
                .keys()
                .any(|have| have == name || have.starts_with(&folder))
    };
    let (folder, last) = wished.rsplit_once('/').unwrap_or(("", &wished));
    let candidates = std::iter::once(wished.clone()).chain((1_u32..).map(|number| {
        let number = if number == 1 {
            String::new()
        } else {
            format!("{number}-")
        };
        join(folder, &format!("{user}-{number}{last}"))
            .trim_start_matches('/')
            .to_owned()
    }));
    let mut free = candidates.skip_while(|name| is_taken(name));
    free.next().unwrap_or(wished)
}
