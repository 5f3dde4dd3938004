//! One user's home as modules.

use std::collections::BTreeMap;

use super::expression::{Nix, grouped, path};
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
    let bindings = described(user, home, place, tree);
    if !bindings.is_empty() {
        modules.push(with_arguments(bindings, !home.packages.is_empty()));
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
    Nix::Attrs(vec![(path("imports"), Nix::List(modules))])
}

fn with_arguments(bindings: Vec<(Vec<String>, Nix)>, needs_pkgs: bool) -> Nix {
    let body = Nix::Attrs(grouped(bindings));
    if needs_pkgs {
        Nix::Function(vec!["pkgs".to_owned(), "...".to_owned()], Box::new(body))
    } else {
        body
    }
}

fn described(
    user: &str,
    home: &Home,
    place: HomePlace,
    tree: &mut BTreeMap<String, SeedFile>,
) -> Vec<(Vec<String>, Nix)> {
    let mut bindings = Vec::new();
    if place == HomePlace::Standalone {
        bindings.push((path("home.username"), Nix::text(user)));
        bindings.push((
            path("home.homeDirectory"),
            Nix::text(home.directory.clone().unwrap_or_else(|| usual_home(user))),
        ));
    }
    if let Some(version) = &home.state_version {
        bindings.push((path("home.stateVersion"), Nix::text(version)));
    }
    if !home.packages.is_empty() {
        bindings.push((path("home.packages"), Nix::WithPkgs(home.packages.clone())));
    }
    if !home.session_variables.is_empty() {
        let variables = home
            .session_variables
            .iter()
            .map(|(name, value)| (vec![name.clone()], Nix::text(value)));
        bindings.push((
            path("home.sessionVariables"),
            Nix::Attrs(variables.collect()),
        ));
    }
    for (name, file) in &home.files {
        let value = home_file(user, name, file, tree);
        bindings.push((
            vec!["home".to_owned(), "file".to_owned(), name.clone()],
            value,
        ));
    }
    for program in &home.programs {
        let option = vec!["programs".to_owned(), program.clone(), "enable".to_owned()];
        bindings.push((option, Nix::bool(true)));
    }
    for (service, options) in &home.services {
        let options = match options {
            Some(options) => Nix::data(options),
            None => Nix::Attrs(vec![(path("enable"), Nix::bool(true))]),
        };
        bindings.push((vec!["services".to_owned(), service.clone()], options));
    }
    bindings
}

fn home_file(
    user: &str,
    name: &str,
    file: &HomeFile,
    tree: &mut BTreeMap<String, SeedFile>,
) -> Nix {
    let mut options = Vec::new();
    match &file.content {
        Content::Text(text) => options.push((path("text"), Nix::text(text))),
        Content::Copy(files) => {
            let place = free_name(tree, &format!("files/{}", harmless(name)), user);
            for (below, copy) in files {
                tree.insert(join(&place, below), copy.clone());
            }
            options.push((path("source"), Nix::Verbatim(format!("./{place}"))));
        }
    }
    if let Some(executable) = file.executable {
        options.push((path("executable"), Nix::bool(executable)));
    }
    if let Some(force) = file.force {
        options.push((path("force"), Nix::bool(force)));
    }
    Nix::Attrs(options)
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
    let name: String = name
        .chars()
        .map(|one| {
            if one.is_ascii_alphanumeric() || matches!(one, '.' | '_' | '-') {
                one
            } else {
                '-'
            }
        })
        .collect();
    name.trim_start_matches('.').to_owned()
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
