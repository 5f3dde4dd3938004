//! A question about flakes that Nix answers in the guest: the flakes beside a Nix expression and a script, in the home of a
//! user who is not observed after that.

use std::collections::BTreeMap;

use crate::channel_sources;
use crate::model::{Action, SeedFile, Session, Step, Switch};
use switchproof_vm::process::quote;

/// Where it lies, relative to the user's home.
const PLACE: &str = ".switchproof-question";
/// How long the answer may take, in seconds.
const DEADLINE_S: u32 = 900;

/// What is asked.
pub(super) struct Question<'a> {
    /// What the step is called.
    pub(super) name: &'a str,
    /// A shell script that asks; its arguments are Nix'.
    pub(super) script: &'a str,
    /// The Nix expression that knows the answers, a function.
    pub(super) expression: &'a str,
    /// The flakes as switches take them, by the names that the argument has for them.
    pub(super) flakes: BTreeMap<&'static str, &'a Switch>,
    /// What the function is called with, as Nix text.
    pub(super) argument: String,
}

impl Question<'_> {
    /// The steps that put it into the home of `user` and ask it.
    pub(super) fn steps(&self, user: &str) -> [Step; 2] {
        let files = self.tree().into_iter();
        let seed = Action::Seed {
            user: user.to_owned(),
            files: files
                .map(|(path, file)| (format!("{PLACE}/{path}"), file))
                .collect(),
        };
        let ask = Action::Run {
            command: format!("sh -c {}", quote(&self.ask())),
            user: Some(user.to_owned()),
            session: Session::Login,
        };
        let in_place = format!("{} in place", self.name);
        [
            Step::new(&in_place, seed, DEADLINE_S),
            Step::new(self.name, ask, DEADLINE_S),
        ]
    }

    /// Asks in a shell that is not the user's own, with flakes that know where their channels lie in the store.
    fn ask(&self) -> String {
        let flakes = self.flakes.iter();
        let files = flakes.map(|(name, it)| format!("{name}/{}", it.flake.path_of("flake.nix")));
        let tell: String = files.map(|file| channel_sources::tell(&file)).collect();
        let arguments = self.arguments();
        format!("cd \"$HOME/{PLACE}\" || exit\n{tell}exec sh \"$PWD/ask.sh\"{arguments}")
    }

    /// A flake with all of them as inputs.
    fn tree(&self) -> BTreeMap<String, SeedFile> {
        let mut files = BTreeMap::new();
        let mut inputs = String::new();
        for (name, switch) in &self.flakes {
            let url = switch.flake.reference(&format!("path:./{name}"));
            inputs += &format!("  inputs.{name}.url = \"{url}\";\n");
            for (path, file) in &switch.flake.files {
                files.insert(format!("{name}/{path}"), file.clone());
            }
        }
        let names: Vec<&str> = self.flakes.keys().copied().collect();
        let flake = format!(
            "{{\n{inputs}  outputs = {{ {}, ... }}: {{\n    report = import ./answer.nix {};\n  }};\n}}\n",
            names.join(", "),
            self.argument
        );
        for (path, text) in [
            ("flake.nix", flake.as_str()),
            ("answer.nix", self.expression),
            ("ask.sh", self.script),
        ] {
            files.insert(path.to_owned(), SeedFile::regular(text));
        }
        files
    }

    /// Nix' arguments by which it evaluates as the switches do: what replaces inputs, and `--impure`. In a flake's text an
    /// input of an input cannot be replaced without naming what is between.
    pub(super) fn arguments(&self) -> String {
        let of = |(name, switch): (&&'static str, &&Switch)| {
            let all = switch.override_inputs.iter();
            let inputs = all.map(|(path, url)| (format!("{name}/{path}"), url.clone()));
            channel_sources::overrides(&inputs.collect())
        };
        let impure = self.flakes.values().any(|switch| switch.is_impure());
        let first = if impure { " --impure" } else { "" };
        first.to_owned() + &self.flakes.iter().map(of).collect::<String>()
    }
}
