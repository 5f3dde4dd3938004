//! A change in the form that people know: a line a program, then files, then the rest, and a last line that counts.

use std::fmt;

use super::model::{
    Change, Lines, Numbers, Presence, Turn, UnitChange, UnitView, UserChange, VariableChange,
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
            page.line(0, &format!("exit status {status}"));
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
                page.line(3, &format!("exit status {status}"));
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
                page.line(1, &format!("{}  {}", it.name, it.store_path));
            });
        }
    }

    fn unit(&mut self, it: &UnitChange) {
        let sign = match &it.state {
            Some(Turn { before: None, .. }) => '+',
            Some(Turn { after: None, .. }) => '-',
            _ => '~',
        };
        let states = it.state.iter().flat_map(|turn| [&turn.before, &turn.after]);
        let states: Vec<String> = states.flatten().map(unit).collect();
        let state = match states.is_empty() {
            true => String::new(),
            false => format!(": {}", states.join(" -> ")),
        };
        self.line(1, &format!("{sign} {}{state}", it.name));
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
    let gone = was.iter().filter(|it| !now.contains(it));
    let new = now.iter().filter(|it| !was.contains(it));
    let gone = gone.map(|it| format!("    - {it}"));
    let mut lines: Vec<_> = gone.chain(new.map(|it| format!("    + {it}"))).collect();
    if lines.is_empty() {
        lines.push(format!("    the same in another order: {}", now.join(":")));
    }
    lines
}

fn unit(view: &UnitView) -> String {
    let state = word(&view.state);
    let mut words = vec![view.sub_state.as_str(), view.enabled.as_str()];
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
    let own = user.generations.iter().map(ToString::to_string);
    let profiles = user.profiles.iter().map(|(name, turn)| {
        let of = |seen: Option<Numbers>| seen.map_or("none".to_owned(), |it| it.to_string());
        format!("{}: {}", profile(*name), turn.clone().map(of))
    });
    own.chain(profiles).collect()
}

impl fmt::Display for Numbers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let current = self.current.map_or("none".to_owned(), |it| it.to_string());
        write!(
            f,
            "{}, current {current}",
            count(self.all.len(), "generation")
        )
    }
}

/// Whether generations differ by more than one that was added and is now the current one.
fn is_more_than_one_on(turn: &Turn<Numbers>) -> bool {
    let (before, after) = (&turn.before, &turn.after);
    let mut next = before.all.clone();
    next.extend(after.current);
    !(after.all == next && after.current.is_some()) && before != after
}
