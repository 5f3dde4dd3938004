//! What was seen after a step as a text that people review.

use std::collections::BTreeMap;

use super::channel::{Channel, WORD};
use super::complaint::complaint;
use super::lines::{block, heading, line, with};
use super::render_home::{Writer, digest, home};
use crate::model::{Profile, Session, Step};
use crate::observe::{Observation, OwnFile, ProfilePackage, Program, UserSeen, with_version};
use crate::text::{visible_value, word};

/// Most programs of a package that are named on its own line.
const PROGRAMS: usize = 8;

/// The text of a snapshot: equal for equal observations, free of hashes, times and numbers of processes, and of
/// versions that the image's channel decides.
pub fn render(step: &Step, seen: &Observation) -> String {
    let channel = Channel::new(&seen.image_paths);
    let mut text = String::new();
    line(
        &mut text,
        0,
        &format!("step {}: {}", step.name, ending(seen.output.status)),
    );
    if seen.output.status != 0 {
        block(&mut text, 1, &channel.redact_message(&complaint(seen)));
    }
    if !seen.warnings.is_empty() {
        heading(&mut text, "warnings");
        for warning in &seen.warnings {
            let warning = channel.redact_message(warning).replace('\n', "\n  ");
            block(&mut text, 1, &format!("- {warning}"));
        }
    }
    for (name, user) in &seen.users {
        home(&mut text, &channel, name, user);
        packages(&mut text, &channel, name, user);
        session(&mut text, &channel, name, user);
        units(&mut text, name, user);
        generations(&mut text, name, user);
    }
    text
}

fn ending(status: i32) -> String {
    match status {
        0 => "succeeded".into(),
        status => format!("failed with status {status}"),
    }
}

/// What the programs of a line have in common: the package, its version, the profile, and whether the channel decides
/// what is in it.
type Group<'a> = (&'a str, &'a str, Option<Profile>, bool);

/// A line a package, and under it what the setup itself made.
fn packages(text: &mut String, channel: &Channel<'_>, name: &str, user: &UserSeen) {
    heading(text, &format!("packages of {name}"));
    let mut groups: BTreeMap<Group<'_>, (Vec<&Program>, Vec<&ProfilePackage>)> = BTreeMap::new();
    let version = |version, is_channels| match version {
        "" => "",
        _ if is_channels => WORD,
        _ => version,
    };
    for it in &user.programs {
        let is_channels = it.store_path.as_ref().is_some_and(|path| channel.has(path));
        let version = version(it.version.as_str(), is_channels);
        let group = (it.package.as_str(), version, it.profile, is_channels);
        groups.entry(group).or_default().0.push(it);
    }
    for it in &user.packages {
        let is_channels = channel.has(&it.store_path);
        let version = version(it.version.as_str(), is_channels);
        let group = (it.package.as_str(), version, Some(it.profile), is_channels);
        groups.entry(group).or_default().1.push(it);
    }
    if groups.is_empty() {
        line(text, 1, "none from a profile");
    }
    for ((package, version, profile, is_channels), (programs, packages)) in groups {
        let from = profile.map_or("the store", Profile::words);
        let names = if is_channels {
            shadowed(&programs)
        } else {
            names(package, &programs)
        };
        let what = format!("{} ({from})", with_version(package, version));
        match names.len() {
            0 if programs.is_empty() => line(text, 1, &format!("{what}, no programs")),
            0 => line(text, 1, &what),
            1..=PROGRAMS => line(text, 1, &format!("{what}: {}", names.join(", "))),
            many => {
                line(text, 1, &format!("{what}: {many} programs"));
                by_letter(text, &names);
            }
        }
        if !is_channels {
            own_programs(text, channel, &programs);
        }
        // A package without programs that is in the image all the same is there because a setup like this was built.
        if !is_channels || programs.is_empty() {
            let files = packages.iter().flat_map(|package| &package.files);
            files.for_each(|(path, file)| Writer::new(text, channel, name).own_file(path, file));
        }
    }
}

/// The programs to run by name: the one that is named as its package first, hidden ones (a wrapper's original) not.
fn names(package: &str, programs: &[&Program]) -> Vec<String> {
    let mut shown: Vec<&&Program> = programs
        .iter()
        .filter(|program| !program.name.starts_with('.'))
        .collect();
    shown.sort_by_key(|program| program.name != package);
    shown.iter().map(|program| shown_name(program)).collect()
}

/// A long list whole, a line for each letter that names begin with: where one comes or goes, one line differs.
fn by_letter(text: &mut String, names: &[String]) {
    let mut lines: BTreeMap<Option<char>, Vec<&str>> = BTreeMap::new();
    for name in names {
        lines.entry(name.chars().next()).or_default().push(name);
    }
    for mut names in lines.into_values() {
        names.sort_unstable();
        line(text, 3, &names.join(", "));
    }
}

fn shown_name(program: &Program) -> String {
    match &program.shadowed_by {
        Some(directory) => format!("{} (shadowed by {directory})", program.name),
        None => program.name.clone(),
    }
}

/// Those of the channel's programs that are not the ones to be run.
fn shadowed(programs: &[&Program]) -> Vec<String> {
    let shadowed = programs
        .iter()
        .filter(|program| program.shadowed_by.is_some());
    shadowed.map(|program| shown_name(program)).collect()
}

/// What programs are that the setup itself made.
fn own_programs(text: &mut String, channel: &Channel<'_>, programs: &[&Program]) {
    for program in programs {
        match &program.own {
            None => {}
            Some(OwnFile::File(content)) => {
                line(
                    text,
                    2,
                    &format!("{} ({})", program.name, digest(content, channel)),
                );
            }
            Some(OwnFile::Link(target)) => {
                line(
                    text,
                    2,
                    &format!("{} -> {}", program.name, channel.redact(target)),
                );
            }
        }
    }
}

fn session(text: &mut String, channel: &Channel<'_>, name: &str, user: &UserSeen) {
    heading(text, &format!("login session of {name}"));
    line(text, 1, &format!("PATH={}", channel.redact(&path(user))));
    let variables = user.sessions.get(&Session::Login);
    let is_new = |(key, value): &(&String, &String)| {
        *key != "PATH" && user.baseline.get(*key) != Some(*value)
    };
    for (key, value) in variables.into_iter().flatten().filter(is_new) {
        line(
            text,
            1,
            &format!("{key}={}", visible_value(&channel.redact(value))),
        );
    }
    for key in user.baseline.keys() {
        if !variables.is_some_and(|variables| variables.contains_key(key)) {
            line(text, 1, &format!("{key} is not set any more"));
        }
    }
}

/// The login PATH. The guest's own directories, all in a row as they were before the first step, are one word.
fn path(user: &UserSeen) -> String {
    let before = user.baseline.get("PATH").map_or("", String::as_str);
    let own: Vec<&str> = before
        .split(':')
        .skip_while(|directory| is_of_nix(directory))
        .map_while(|directory| (!is_of_nix(directory)).then_some(directory))
        .collect();
    let mut directories: Vec<&str> = user
        .login_path
        .iter()
        .map(|place| place.directory.as_str())
        .collect();
    let row = (own.len() > 1)
        .then(|| directories.windows(own.len()).position(|row| row == own))
        .flatten();
    if let Some(at) = row {
        directories.splice(at..at + own.len(), ["<guest>"]);
    }
    directories.join(":")
}

/// Whether a directory on a PATH is a profile's or the store's.
fn is_of_nix(directory: &str) -> bool {
    directory.contains("/nix/") || directory.contains("/.nix-")
}

fn units(text: &mut String, name: &str, user: &UserSeen) {
    let Some(units) = user.units.as_ref().filter(|units| !units.is_empty()) else {
        return;
    };
    heading(text, &format!("units of {name}"));
    for (unit, seen) in units {
        let enabled = (!seen.enabled.is_empty()).then(|| seen.enabled.clone());
        line(
            text,
            1,
            &with(
                &format!("{unit}: {}", word(&seen.state)),
                enabled.into_iter().collect(),
            ),
        );
    }
}

fn generations(text: &mut String, name: &str, user: &UserSeen) {
    let seen = &user.generations;
    let current = seen
        .current
        .map_or("none".to_owned(), |number| number.to_string());
    text.push('\n');
    line(
        text,
        0,
        &format!(
            "generations of {name}: {}, current {current}",
            seen.numbers.len()
        ),
    );
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::change::sample::{self, alice, directory, file, program};
    use crate::model::{Action, Outcome, Part, TargetKind};
    pub(in crate::judge) use crate::observe::sample::entry;
    use crate::observe::{Content, Entry, EntryKind, FileSeen, LinkEnd};
    use crate::testing::has;

    pub(in crate::judge) fn step() -> Step {
        Step {
            name: "switch".into(),
            action: Action::Reboot,
            outcome: Outcome::Succeeds,
            expect: Vec::new(),
            snapshot: true,
            deadline_s: 60,
            part: Part::Own,
            line: 7,
        }
    }

    pub(in crate::judge) fn managed(text: &str) -> Entry {
        entry(EntryKind::Symlink {
            target: "/nix/store/0123456789abcdfghijklmnpqrsvwxyz-home-manager-files/x".into(),
            end: Box::new(LinkEnd {
                kind: TargetKind::Generation,
                path: Some("/nix/store/0123456789abcdfghijklmnpqrsvwxyz-x".into()),
                file: Some(Box::new(FileSeen {
                    mode: 0o555,
                    owner: "root".into(),
                    content: Content::Text(text.into()),
                })),
                tree: None,
            }),
        })
    }

    /// A package without programs.
    pub(in crate::judge) fn font() -> ProfilePackage {
        ProfilePackage {
            profile: Profile::User,
            store_path: "/nix/store/0123456789abcdfghijklmnpqrsvwxyz-dejavu-fonts-2.37".into(),
            package: "dejavu-fonts".into(),
            version: "2.37".into(),
            files: BTreeMap::new(),
        }
    }

    /// A home with a managed file, a package, a variable and a generation.
    pub(in crate::judge) fn observation() -> Observation {
        let mut seen = sample::observation();
        let user = alice(&mut seen);
        let empty = Entry {
            mode: 0o700,
            ..directory()
        };
        let bashrc = managed("export A=/nix/store/0123456789abcdfghijklmnpqrsvwxyz-a/b\n");
        user.home.entries = [
            (".bashrc".into(), bashrc),
            (".config".into(), directory()),
            (".config/empty".into(), empty),
            ("notes".into(), file("mine")),
            ("run".into(), entry(EntryKind::Fifo)),
        ]
        .into();
        user.baseline = [("HOME".into(), "/home/alice".into())].into();
        user.programs = vec![program("hello", "hello", "2.10")];
        user.system_programs = [("git".into(), "/usr/bin".into())].into();
        let login = [("EDITOR", "vim"), ("HOME", "/home/alice")];
        let login = login.map(|(name, value)| (name.to_owned(), value.to_owned()));
        user.sessions = [(Session::Login, login.into())].into();
        user.units = None;
        seen
    }

    #[test]
    fn a_snapshot_reads_like_a_page() {
        let text = render(&step(), &observation());
        assert_eq!(
            text,
            "step switch: succeeded\n\
             \n\
             home of alice\n\
             \x20 .bashrc -> generation (executable)\n\
             \x20     | export A=/nix/store/…-a/b\n\
             \x20 .config/empty/ (mode 0700)\n\
             \x20 notes\n\
             \x20     | mine\n\
             \x20     \\ no line end at the end\n\
             \x20 run (fifo)\n\
             \n\
             packages of alice\n\
             \x20 hello 2.10 (the user's profile): hello\n\
             \n\
             login session of alice\n\
             \x20 PATH=/home/alice/.nix-profile/bin\n\
             \x20 EDITOR=vim\n\
             \n\
             generations of alice: 0, current none\n"
        );
    }

    #[test]
    fn a_package_without_a_version_is_one_line_wherever_it_comes_from() {
        let mut seen = observation();
        let path = "/nix/store/0123456789abcdfghijklmnpqrsvwxyz-home-manager";
        seen.image_paths = [path["/nix/store/".len()..].to_owned()].into();
        let name = "home-manager";
        alice(&mut seen).programs = vec![Program {
            store_path: Some(path.into()),
            ..program(name, name, "")
        }];
        alice(&mut seen).packages = vec![ProfilePackage {
            store_path: path.into(),
            package: name.into(),
            version: String::new(),
            ..font()
        }];
        let wanted = "packages of alice\n  home-manager (the user's profile)\n\nlogin";
        has(render(&step(), &seen), wanted);
    }

    #[test]
    fn a_failed_step_shows_its_complaint_and_its_warnings() {
        let mut seen = observation();
        seen.output.status = 1;
        seen.output.stderr = "Activating x\nerror: no\n".into();
        seen.warnings = vec!["one\ntwo".into()];
        has(
            render(&step(), &seen),
            "step switch: failed with status 1\n  error: no\n\nwarnings\n  - one\n    two\n\nhome",
        );
    }
}
