//! The scenario that a person would write to find out.

use std::collections::BTreeMap;
use std::path::Path;

use crate::flake::Found;
use crate::model::Install;
use crate::text::word;

/// The name of the step that makes today's home.
pub const TODAY: &str = "today";
/// The name of the step that makes tomorrow's.
pub const TOMORROW: &str = "tomorrow";

/// What is asked: an output of a flake, and what changes about it.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The output.
    pub output: Found,
    /// The user whose home it is.
    pub user: String,
    /// What of the flake's folder is the flake, as Nix takes it: `?dir=nix`.
    pub query: String,
    /// Where the inputs `nixpkgs` and `home-manager` come from instead, today and tomorrow.
    pub channel: Option<String>,
    /// The flake as it was, where it is another one today.
    pub since: Option<String>,
    /// Tomorrow's `home.stateVersion`.
    pub state_version: Option<String>,
    /// The stateVersions to go through before it.
    pub between: Vec<String>,
    /// Tomorrow's inputs, by name.
    pub inputs: BTreeMap<String, String>,
}

impl Asked {
    /// Whether anything is another one tomorrow.
    #[must_use]
    pub fn changes_something(&self) -> bool {
        self.since.is_some() || self.state_version.is_some() || !self.inputs.is_empty()
    }

    /// The scenario's text. `flake` is the way from its file to the flake's folder.
    #[must_use]
    pub fn scenario(&self, name: &str, flake: &Path) -> String {
        let mut text = format!(
            "name: {name}\ndescription: {}\n\nflake:\n{}",
            quoted(&format!("What changes: {}.", self.words())),
            self.flake(&format!("{}{}", flake.display(), self.query), 1)
        );
        let others = &self.output.others;
        if self.output.install == Install::NixosModule && !others.is_empty() {
            text += "users:\n";
            for other in others {
                text += &format!("  {}: empty\n", quoted(other));
            }
        }
        if let Some(home) = &self.output.home {
            let (user, home) = (quoted(&self.user), quoted(home));
            text += &format!("users: {{ {user}: {{ homeDirectory: {home} }} }}\n");
        }
        if self.output.is_remote && self.channel.is_none() {
            text += "network: true\n";
        }
        text += "\nsteps:\n";
        text += &self.switch(TODAY);
        if let Some(folder) = &self.since {
            text += &format!("      flake:\n{}", self.flake(folder, 4));
        }
        for version in &self.between {
            text += &self.step(&version.replace('.', "-"), Some(version), &BTreeMap::new());
        }
        text + &self.step(TOMORROW, self.state_version.as_ref(), &self.inputs)
    }

    /// The beginning of a step that switches.
    fn switch(&self, name: &str) -> String {
        let impure = match self.output.is_impure {
            true => "      impure: true\n",
            false => "",
        };
        format!("  - name: {}\n    switch:\n{impure}", quoted(name))
    }

    fn step(
        &self,
        name: &str,
        version: Option<&String>,
        inputs: &BTreeMap<String, String>,
    ) -> String {
        let mut text = self.switch(name);
        if let Some(version) = version {
            text += &format!("      stateVersion: {}\n", quoted(version));
        }
        if !inputs.is_empty() {
            text += "      inputs:\n";
            for (name, reference) in inputs {
                text += &format!("        {}: {}\n", quoted(name), quoted(reference));
            }
        }
        text
    }

    /// The keys of a flake, so far indented.
    fn flake(&self, path: &str, depth: usize) -> String {
        let indent = "  ".repeat(depth);
        let mut text = format!(
            "{indent}path: {}\n{indent}output: {}\n",
            quoted(path),
            quoted(&self.output.name)
        );
        if self.output.install != Install::Standalone {
            text += &format!("{indent}install: {}\n", word(&self.output.install));
        }
        text += &format!("{indent}user: {}\n", quoted(&self.user));
        if let Some(channel) = &self.channel {
            text += &format!("{indent}inputs:\n");
            for input in ["nixpkgs", "home-manager"] {
                text += &format!("{indent}  {input}: {}\n", quoted(channel));
            }
        }
        text
    }

    /// What changes, in words.
    #[must_use]
    pub fn words(&self) -> String {
        let mut words = Vec::new();
        if let Some(version) = &self.state_version {
            words.push(format!("home.stateVersion {version}"));
        }
        words.extend(
            self.inputs
                .iter()
                .map(|(name, to)| format!("{name} from {to}")),
        );
        if self.since.is_some() {
            words.push("the flake since it was committed".to_owned());
        }
        words.join(", ")
    }
}

/// A text in YAML, whose double quotes take JSON's escapes.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
