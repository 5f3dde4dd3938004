//! How much differs, in a line.

use super::model::{Change, UserChange};
use crate::text::count;

/// How many things differ, by kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Packages, and programs that another directory provides.
    pub programs: usize,
    /// Paths in homes.
    pub files: usize,
    /// Variables.
    pub variables: usize,
    /// Units.
    pub units: usize,
    /// Commands that were asked for.
    pub commands: usize,
    /// Warnings that came or went.
    pub warnings: usize,
    /// Lines of messages that came or went.
    pub messages: usize,
    /// Users who came or went.
    pub users: usize,
    /// Steps that ended otherwise.
    pub endings: usize,
    /// Links to generations, and profiles whose numbers differ.
    pub generations: usize,
    /// Packages that have another store path and are the same by name and version.
    pub rebuilt: usize,
}

impl Change {
    /// Whether nothing differs that a user would notice: at most generations are counted on, and packages of the same name
    /// and version were built anew.
    #[must_use]
    pub fn is_equal(&self) -> bool {
        let counts = self.counts();
        counts.noticeable() == 0 && counts.rebuilt == 0
    }

    /// How much differs.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut counts = Counts {
            warnings: self.warnings.new.len() + self.warnings.gone.len(),
            messages: self.messages.new.len() + self.messages.gone.len(),
            endings: usize::from(self.status.is_some()),
            generations: usize::from(self.system.is_some()),
            ..Counts::default()
        };
        for user in self.users.values() {
            counts.add(user);
        }
        counts
    }
}

impl Counts {
    fn add(&mut self, user: &UserChange) {
        let system = &user.system_programs;
        self.programs += user.packages.len() + user.shadowed.len() + user.runs.len();
        self.programs += user.own_programs.len();
        self.programs += system.new.len() + system.gone.len();
        self.files += user.files.len();
        self.variables += user.variables.len();
        self.units += user.units.len();
        self.commands += user.commands.len();
        self.users += usize::from(user.presence != super::model::Presence::Both);
        self.generations += usize::from(user.generations.is_some());
        self.generations += user.profiles.len() + user.links.len();
        self.rebuilt += user.rebuilt.iter().filter(|it| !it.is_product).count();
    }

    /// How many things differ that a user would notice.
    #[must_use]
    pub fn noticeable(&self) -> usize {
        self.programs
            + self.files
            + self.variables
            + self.units
            + self.commands
            + self.warnings
            + self.messages
            + self.users
            + self.endings
    }

    /// All of it in a line.
    #[must_use]
    pub fn line(&self) -> String {
        let kinds = [
            (self.programs, "program"),
            (self.files, "file"),
            (self.variables, "variable"),
            (self.units, "unit"),
            (self.commands, "command"),
            (self.warnings, "warning"),
            (self.messages, "message"),
            (self.users, "user"),
            (self.endings, "exit status"),
        ];
        let told: Vec<String> = kinds
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(number, what)| count(number, what))
            .collect();
        let mut line = match told.is_empty() {
            true => "nothing changed".to_owned(),
            false => format!("{} changed", told.join(", ")),
        };
        if self.generations > 0 {
            line += &format!("; {}", count(self.generations, "generation link"));
        }
        if self.rebuilt > 0 {
            line += &format!("; {} rebuilt", self.rebuilt);
        }
        line
    }
}
