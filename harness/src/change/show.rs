//! A change in the form that people know: a line a program, then files, then the rest, and a last line that counts.

use super::model::{
    Change, Lines, Numbers, Presence, Turn, UnitChange, UnitLook, UserChange, VariableChange,
};
use super::page::{Page, ShowOptions};
use super::show_files::{files, hunk};
use super::show_programs::{profile, programs};
use crate::model::Session;
use crate::text::{count, printable_line, word};

impl Change {
    /// The change as text, without a heading. Every line is inert: nothing in it steers a terminal.
    #[must_use]
    pub fn show(&self, options: ShowOptions) -> String {
        let mut page = Page::new(options);
        if let Some(status) = &self.status {
            page.line(
                0,
                &format!("exit status {} -> {}", status.before, status.after),
            );
        }
        let named = self.users.len() > 1;
        for (name, user) in &self.users {
            let heading = |what: &str| match named {
                true => format!("{what} of {name}"),
                false => what.to_owned(),
            };
            match user.presence {
                Presence::Both => {}
                Presence::Appeared => page.line(0, &format!("the user {name} came")),
                Presence::Gone => page.line(0, &format!("the user {name} went")),
            }
            page.user(&heading, user);
        }
        page.lines("warnings", &self.warnings);
        page.lines("messages", &self.messages);
        page.line(0, &self.last_line(options));
        page.text
    }

    fn last_line(&self, options: ShowOptions) -> String {
        let counts = self.counts();
        let mut line = counts.line();
        if counts.rebuilt > 0 && !options.rebuilt {
            line += " (`--rebuilt` lists them)";
        }
        line
    }
}

impl Page {
    fn user(&mut self, heading: &dyn Fn(&str) -> String, user: &UserChange) {
        let programs = programs(user);
        self.section(heading("programs"), &programs, |page, line| {
            page.line(1, line)
        });
        if !user.own_programs.is_empty() {
            self.line(0, &heading("packages of the setup's own"));
            files(self, &user.own_programs);
        }
        if !user.files.is_empty() {
            self.line(0, &heading("files"));
            files(self, &user.files);
        }
        self.section(heading("session"), &user.variables, |page, it| {
            for line in variable(it) {
                page.line(1, &line);
            }
        });
        self.section(heading("units"), &user.units, Self::unit);
        self.section(heading("commands"), &user.commands, |page, it| {
            page.line(1, &format!("~ {}", it.command));
            if let Some(status) = &it.status {
                page.line(
                    3,
                    &format!("exit status {} -> {}", status.before, status.after),
                );
            }
            for text in [&it.stdout, &it.stderr].into_iter().flatten() {
                hunk(page, 3, text);
            }
        });
        self.section(heading("left behind"), &user.left_behind, |page, it| {
            page.line(1, &left(it));
        });
        let mut generations = generations(user);
        if self.options.whole {
            generations.extend(user.links.iter().map(|link| format!("link {}", link.path)));
        }
        // Numbers that are only counted on are in the last line.
        if self.options.whole || user.generations.as_ref().is_some_and(is_more_than_one_on) {
            self.section(heading("generations"), &generations, |page, line| {
                page.line(1, line);
            });
        }
        if self.options.rebuilt {
            let rebuilt: Vec<_> = user.rebuilt.iter().filter(|it| !it.is_product).collect();
            self.section(heading("rebuilt"), &rebuilt, |page, it| {
                let (before, after) = (&it.store_path.before, &it.store_path.after);
                page.line(1, &format!("{}  {before} -> {after}", it.name));
            });
        }
    }

    fn unit(&mut self, it: &UnitChange) {
        let sign = match &it.state {
            Some(Turn { before: None, .. }) => '+',
            Some(Turn { after: None, .. }) => '-',
            _ => '~',
        };
        let state = it
            .state
            .as_ref()
            .map(|turn| match (&turn.before, &turn.after) {
                (Some(before), Some(after)) => format!(": {} -> {}", unit(before), unit(after)),
                (Some(one), None) | (None, Some(one)) => format!(": {}", unit(one)),
                (None, None) => String::new(),
            });
        self.line(
            1,
            &format!("{sign} {}{}", it.name, state.unwrap_or_default()),
        );
        if !it.files.is_empty() {
            let mut inner = Self::new(self.options);
            files(&mut inner, &it.files);
            for line in inner.text.lines() {
                self.line(1, line);
            }
        }
    }

    fn lines(&mut self, heading: &str, lines: &Lines) {
        if lines.is_empty() {
            return;
        }
        self.line(0, heading);
        for (sign, texts) in [('-', &lines.gone), ('+', &lines.new)] {
            for text in texts {
                let shown = match sign == '-' && self.options.brief {
                    true => 1,
                    false => usize::MAX,
                };
                let more = text.lines().count() > shown;
                let mut sign = sign;
                for line in text.lines().take(shown) {
                    let more = if more { " …" } else { "" };
                    self.line(1, &format!("{sign} {}{more}", printable_line(line)));
                    sign = ' ';
                }
            }
        }
    }
}

fn variable(it: &VariableChange) -> Vec<String> {
    let sessions = match it.sessions.as_slice() {
        [Session::Login] => String::new(),
        others => {
            let words: Vec<_> = others.iter().map(word).collect();
            format!("  ({})", words.join(", "))
        }
    };
    let name = &it.name;
    match (&it.value.before, &it.value.after) {
        (None, Some(now)) => vec![format!("+ {name}={now}{sessions}")],
        (Some(was), None) => vec![format!("- {name}={was}{sessions}")],
        (Some(was), Some(now)) if is_list(was) && is_list(now) => {
            let mut lines = vec![format!("~ {name}{sessions}")];
            lines.extend(list_difference(was, now));
            lines
        }
        (Some(was), Some(now)) => vec![format!("~ {name}={was} -> {now}{sessions}")],
        (None, None) => Vec::new(),
    }
}

fn is_list(value: &str) -> bool {
    value.starts_with('/') && value.contains(":/")
}

fn list_difference(was: &str, now: &str) -> Vec<String> {
    let (was, now): (Vec<&str>, Vec<&str>) = (was.split(':').collect(), now.split(':').collect());
    let mut lines = Vec::new();
    lines.extend(
        was.iter()
            .filter(|it| !now.contains(it))
            .map(|it| format!("    - {it}")),
    );
    lines.extend(
        now.iter()
            .filter(|it| !was.contains(it))
            .map(|it| format!("    + {it}")),
    );
    if lines.is_empty() {
        lines.push(format!("    the same in another order: {}", now.join(":")));
    }
    lines
}

fn unit(look: &UnitLook) -> String {
    let state = word(&look.state);
    let mut words = vec![look.sub_state.as_str(), look.enabled.as_str()];
    words.retain(|word| !word.is_empty());
    match words.is_empty() {
        true => state,
        false => format!("{state} ({})", words.join(", ")),
    }
}

/// What stays where it was.
pub(super) fn left(it: &super::model::LeftBehind) -> String {
    let what = match it.exists {
        true => format!("~/{} stays where it was", it.path),
        false => format!("~/{}, if something is there, stays where it was", it.path),
    };
    match &it.now {
        Some(now) => format!("{what}; {} now points to ~/{now}", it.named_in),
        None => format!("{what}; {} names it no more", it.named_in),
    }
}

fn generations(user: &UserChange) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(turn) = &user.generations {
        lines.push(format!(
            "{} -> {}",
            numbers(&turn.before),
            numbers(&turn.after)
        ));
    }
    for (name, turn) in &user.profiles {
        let of = |seen: &Option<Numbers>| seen.as_ref().map_or("none".to_owned(), numbers);
        lines.push(format!(
            "{}: {} -> {}",
            profile(*name),
            of(&turn.before),
            of(&turn.after)
        ));
    }
    lines
}

fn numbers(numbers: &Numbers) -> String {
    let current = numbers
        .current
        .map_or("none".to_owned(), |current| current.to_string());
    format!(
        "{}, current {current}",
        count(numbers.all.len(), "generation")
    )
}

/// Whether generations differ by more than one that was added and is now the current one.
fn is_more_than_one_on(turn: &Turn<Numbers>) -> bool {
    let (before, after) = (&turn.before, &turn.after);
    let mut next = before.all.clone();
    next.extend(after.current);
    !(after.all == next && after.current.is_some()) && before != after
}
