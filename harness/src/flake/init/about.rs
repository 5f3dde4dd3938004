//! What the files of a flake say about one of its outputs: whose homes it manages, for which release and platform.

use std::collections::BTreeSet;

use rnix::SyntaxNode;
use rnix::ast::{Expr, PathRel};
use rowan::ast::AstNode as _;

use super::handed::{Source, source};
use super::outputs::Output;
use super::texts::Texts;
use crate::flake::names::{is_host_user, is_user_name};
use crate::flake::nix::{Binding, Bindings};
use crate::flake::release::Release;
use crate::model::Install;
use crate::text::steers_terminals;

/// What was read, by name.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    /// Values of `home.username`.
    pub(super) usernames: BTreeSet<String>,
    /// What `home.username` is taken from where its value is not in the same file.
    pub(super) sources: BTreeSet<Source>,
    /// Users under `home-manager.users`.
    pub(super) managed: BTreeSet<String>,
    /// Users under `users.users`.
    pub(super) accounts: BTreeSet<String>,
    /// Values of `home.homeDirectory`.
    pub(super) home_directories: Weighed,
    /// The newest `home.stateVersion`.
    pub(super) state_version: Option<Release>,
    /// Platforms, as Nix names them.
    pub(super) systems: BTreeSet<String>,
}

/// The values that an option is given, of those that come before all others.
#[derive(Debug, Clone, Default)]
pub(super) struct Weighed {
    values: BTreeSet<String>,
    weight: Weight,
}

/// Which values of an option come before others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Weight {
    /// `lib.mkDefault`.
    #[default]
    Default,
    Plain,
    /// `lib.mkForce`.
    Forced,
}

impl Weighed {
    /// The one value; `None` where there is none or a choice.
    pub(super) fn one(&self) -> Option<&String> {
        let mut all = self.values.iter();
        all.next().filter(|_| all.next().is_none())
    }

    fn add(&mut self, weight: Weight, value: String) {
        if weight > self.weight {
            self.values.clear();
            self.weight = weight;
        }
        if weight == self.weight {
            self.values.insert(value);
        }
    }
}

/// What is given, without what says how much it weighs.
pub(super) fn weighed(value: Expr) -> Option<(Weight, Expr)> {
    let Expr::Apply(call) = &value else {
        return Some((Weight::Plain, value));
    };
    let function = call.lambda()?.syntax().text().to_string();
    let weight = match function.rsplit('.').next()? {
        "mkForce" => Weight::Forced,
        "mkDefault" => Weight::Default,
        _ => return None,
    };
    Some((weight, call.argument()?))
}

/// How a flake's text takes the platform that evaluates it, or a list that others keep.
const OPEN: [&str; 5] = [
    "currentSystem",
    "flakeExposed",
    "eachDefaultSystem",
    "import systems",
    "inputs.systems",
];

impl Texts {
    /// What all files say, read once.
    pub(super) fn everything(&self) -> &Seen {
        self.everything.get_or_init(|| {
            let mut seen = Seen::default();
            for file in self.files.values() {
                if let Some(root) = file.root() {
                    seen.take(file, root);
                }
            }
            seen
        })
    }

    /// What is said where an output is made, and in the files that are named there, and in theirs.
    pub(super) fn about(&self, output: &Output) -> Seen {
        let mut seen = Seen::default();
        let Some(value) = &output.value else {
            return seen;
        };
        let mut known = BTreeSet::from([output.file.clone()]);
        let mut todo = vec![(output.file.clone(), value.syntax().clone())];
        while let Some((name, node)) = todo.pop() {
            let Some(file) = self.files.get(&name) else {
                continue;
            };
            seen.take(file, &node);
            for path in node.descendants().filter_map(PathRel::cast) {
                let Some(named) = self.find(&name, &path.syntax().text().to_string()) else {
                    continue;
                };
                let root = self.files.get(&named).and_then(Bindings::root);
                if let Some(root) = root.filter(|_| known.insert(named.clone())) {
                    todo.push((named, root.clone()));
                }
            }
        }
        if seen.usernames.is_empty() {
            seen.usernames = self.handed(output, value.syntax(), &seen.sources);
        }
        seen
    }

    /// The platform that an output is for, where it is for others than `here` alone: by what is named where it is made, or
    /// else in `flake.nix`. `None` also where the text does not tell.
    pub(super) fn other_platform(&self, output: &Output, here: &str) -> Option<String> {
        output.value.as_ref()?;
        let (main, root) = self.main().and_then(|main| Some((main, main.root()?)))?;
        let text = root.text().to_string();
        if OPEN.iter().any(|word| text.contains(word)) {
            return None;
        }
        let mut systems = self.about(output).systems;
        if systems.is_empty() {
            let mut seen = Seen::default();
            seen.take(main, root);
            systems = seen.systems;
        }
        let named = systems.first().cloned();
        named.filter(|_| !systems.contains(here))
    }
}

impl Seen {
    fn take(&mut self, file: &Bindings, node: &SyntaxNode) {
        for binding in file.below(node) {
            self.take_binding(file, &binding);
        }
        let words = node
            .descendants_with_tokens()
            .filter_map(|it| it.into_token());
        for word in words {
            let is_system = |text: &str| {
                matches!(
                    text,
                    "x86_64-linux" | "aarch64-linux" | "x86_64-darwin" | "aarch64-darwin"
                )
            };
            if is_system(word.text()) {
                self.systems.insert(word.text().to_owned());
            }
        }
    }

    fn take_binding(&mut self, file: &Bindings, binding: &Binding) {
        let weighed = binding.value.clone().and_then(weighed);
        let text = || weighed.as_ref().and_then(|(_, value)| file.text(value));
        if binding.ends(&["home", "username"]) {
            match text() {
                Some(name) => self.usernames.extend(is_user_name(&name).then_some(name)),
                None => self.sources.extend(source(file, binding)),
            }
        }
        if binding.ends(&["home", "homeDirectory"])
            && let (Some((weight, _)), Some(home)) = (&weighed, text())
        {
            self.home_directories.add(*weight, home);
        }
        if binding.ends(&["home", "stateVersion"]) {
            let version = text().and_then(|text| Release::parse(&text));
            self.state_version = self.state_version.max(version);
        }
        for (prefix, users) in [
            (["home-manager", "users"], &mut self.managed),
            (["users", "users"], &mut self.accounts),
        ] {
            let at = binding
                .path
                .windows(2)
                .position(|two| two.iter().map(Option::as_deref).eq(prefix.map(Some)));
            let user = at.and_then(|at| binding.path.get(at + 2)?.clone());
            users.extend(user.filter(|name| is_host_user(name)));
        }
    }
}

/// An output as people name it: `homeConfigurations."alice"`.
pub(super) fn subject(install: Install, name: &str) -> String {
    format!("{}.{}", install.set_name(), in_quotes(name))
}

/// A text in double quotes on one line, which YAML, JSON and people read alike.
pub(super) fn in_quotes(text: &str) -> String {
    let json = serde_json::Value::from(text).to_string();
    let one = |one: char| match steers_terminals(one) {
        true => format!("\\u{:04x}", u32::from(one)),
        false => one.to_string(),
    };
    json.chars().map(one).collect()
}
