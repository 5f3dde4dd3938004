//! What was seen after a step as a text that people review.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::complaint::complaint;
use super::package::profile_words;
use super::redact::redact;
use super::render_home::home;
use super::session::unit_words;
use crate::observe::text::{escape_name, printable};
use crate::observe::{Observation, Program, UserSeen};
use crate::scenario::model::{Profile, Session, Step};

/// Most programs of a package that are named.
const PROGRAMS: usize = 8;

/// Variables that belong to every login on the guest or to the machinery, so that they say nothing of a setup.
const BASE_VARIABLES: [&str; 24] = [
    "CREDENTIALS_DIRECTORY",
    "DBUS_SESSION_BUS_ADDRESS",
    "HOME",
    "HUSHLOGIN",
    "LANG",
    "LISTEN_FDS",
    "LISTEN_PID",
    "LOGNAME",
    "MAIL",
    "MEMORY_PRESSURE_WRITE",
    "NIX_PROFILES",
    "NIX_REMOTE",
    "NIX_SSL_CERT_FILE",
    "NOTIFY_SOCKET",
    "PATH",
    "SHELL",
    "TERM",
    "TZ",
    "USER",
    "XDG_RUNTIME_DIR",
    "XDG_SEAT",
    "XDG_SESSION_CLASS",
    "XDG_SESSION_TYPE",
    "__ETC_PROFILE_NIX_SOURCED",
];

/// The text of a snapshot: equal for equal observations, free of hashes, times and numbers of processes.
pub fn render(step: &Step, seen: &Observation) -> String {
    let mut text = String::new();
    line(
        &mut text,
        0,
        &format!("step {}: {}", step.name, ending(seen.output.status)),
    );
    if seen.output.status != 0 {
        block(&mut text, 1, &complaint(seen));
    }
    if !seen.warnings.is_empty() {
        heading(&mut text, "warnings");
        for warning in &seen.warnings {
            block(
                &mut text,
                1,
                &format!("- {}", warning.replace('\n', "\n  ")),
            );
        }
    }
    for (name, user) in &seen.users {
        home(&mut text, name, user);
        packages(&mut text, name, user);
        session(&mut text, name, user);
        units(&mut text, name, user);
        generations(&mut text, name, user);
    }
    redact(&text)
}

fn ending(status: i32) -> String {
    match status {
        0 => "succeeded".into(),
        status => format!("failed with status {status}"),
    }
}

pub(super) fn heading(text: &mut String, heading: &str) {
    text.push('\n');
    line(text, 0, heading);
}

pub(super) fn line(text: &mut String, indent: usize, line: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{:1$}{line}", "", indent * 2);
}

fn block(text: &mut String, indent: usize, block: &str) {
    for each in printable(block).lines() {
        if each.trim().is_empty() {
            text.push('\n');
        } else {
            line(text, indent, each.trim_end());
        }
    }
}

/// A path and what is to be said of it.
pub(super) fn with<const N: usize>(what: &str, notes: [Option<String>; N]) -> String {
    let notes: Vec<String> = notes.into_iter().flatten().collect();
    if notes.is_empty() {
        what.to_owned()
    } else {
        format!("{what} ({})", notes.join(", "))
    }
}

fn packages(text: &mut String, name: &str, user: &UserSeen) {
    heading(text, &format!("packages of {name}"));
    let mut groups: BTreeMap<(&str, &str, Option<Profile>), Vec<&Program>> = BTreeMap::new();
    for program in &user.programs {
        groups
            .entry((&program.package, &program.version, program.profile))
            .or_default()
            .push(program);
    }
    if groups.is_empty() {
        line(text, 1, "none from a profile");
    }
    for ((package, version, profile), programs) in groups {
        let what = if version.is_empty() {
            package.to_owned()
        } else {
            format!("{package} {version}")
        };
        let from = profile.map_or("the store", profile_words);
        line(
            text,
            1,
            &format!("{what} ({from}): {}", names(package, &programs)),
        );
    }
}

/// The programs to run by name: the one that is named as its package first, hidden ones (a wrapper's original) not.
fn names(package: &str, programs: &[&Program]) -> String {
    let mut shown: Vec<&&Program> = programs
        .iter()
        .filter(|program| !program.name.starts_with('.'))
        .collect();
    shown.sort_by_key(|program| program.name != package);
    let mut names: Vec<String> = shown
        .iter()
        .take(PROGRAMS)
        .map(|program| match &program.shadowed_by {
            Some(directory) => format!("{} (shadowed by {directory})", program.name),
            None => program.name.clone(),
        })
        .collect();
    if shown.len() > PROGRAMS {
        names.push(format!("and {} more", shown.len() - PROGRAMS));
    }
    names.join(", ")
}

fn session(text: &mut String, name: &str, user: &UserSeen) {
    heading(text, &format!("login session of {name}"));
    let path: Vec<&str> = user
        .login_path
        .iter()
        .map(|place| place.directory.as_str())
        .collect();
    line(text, 1, &format!("PATH={}", path.join(":")));
    let variables = user.sessions.get(&Session::Login);
    for (key, value) in variables.into_iter().flatten() {
        if !BASE_VARIABLES.contains(&key.as_str()) {
            line(text, 1, &format!("{key}={}", escape_name(value.as_bytes())));
        }
    }
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
            &with(&format!("{unit}: {}", unit_words(seen.state)), [enabled]),
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
    use crate::observe::{
        Content, Entry, EntryKind, FileSeen, Home, LinkEnd, PathDirectory, StepOutput,
    };
    use crate::scenario::model::{Action, Outcome, TargetKind};

    pub(in crate::judge) fn step() -> Step {
        Step {
            name: "switch".into(),
            action: Action::Reboot,
            outcome: Outcome::Succeeds,
            expect: Vec::new(),
            snapshot: true,
            deadline_s: 60,
            line: 7,
        }
    }

    fn entry(kind: EntryKind) -> Entry {
        Entry {
            kind,
            mode: 0o644,
            owner: "alice".into(),
            group: "alice".into(),
            attributes: BTreeMap::new(),
        }
    }

    fn managed(text: &str) -> Entry {
        entry(EntryKind::Symlink {
            target: "/nix/store/0123456789abcdfghijklmnpqrsvwxyz-home-manager-files/x".into(),
            end: LinkEnd {
                kind: TargetKind::Generation,
                path: Some("/nix/store/0123456789abcdfghijklmnpqrsvwxyz-x".into()),
                file: Some(FileSeen {
                    mode: 0o555,
                    owner: "root".into(),
                    content: Content::Text(text.into()),
                }),
                tree: None,
            },
        })
    }

    /// A home with a managed file, a package, a variable and a generation.
    pub(in crate::judge) fn observation() -> Observation {
        let bin = "/home/alice/.nix-profile/bin";
        let user = UserSeen {
            home_directory: "/home/alice".into(),
            home: Home {
                itself: None,
                entries: BTreeMap::from([
                    (
                        ".bashrc".into(),
                        managed("export A=/nix/store/0123456789abcdfghijklmnpqrsvwxyz-a/b\n"),
                    ),
                    (
                        ".config".into(),
                        Entry {
                            mode: 0o755,
                            ..entry(EntryKind::Directory)
                        },
                    ),
                    (
                        ".config/empty".into(),
                        Entry {
                            mode: 0o700,
                            ..entry(EntryKind::Directory)
                        },
                    ),
                    (
                        "notes".into(),
                        entry(EntryKind::File(Content::Text("mine".into()))),
                    ),
                    ("run".into(), entry(EntryKind::Fifo)),
                ]),
            },
            login_path: vec![PathDirectory {
                directory: bin.into(),
                profile: Some(Profile::User),
            }],
            programs: vec![Program {
                name: "hello".into(),
                directory: bin.into(),
                profile: Some(Profile::User),
                store_path: Some("/nix/store/0123456789abcdfghijklmnpqrsvwxyz-hello-2.10".into()),
                package: "hello".into(),
                version: "2.10".into(),
                shadowed_by: None,
                own: None,
            }],
            system_programs: BTreeMap::from([("git".into(), "/usr/bin".into())]),
            sessions: BTreeMap::from([(
                Session::Login,
                BTreeMap::from([
                    ("EDITOR".into(), "vim".into()),
                    ("HOME".into(), "/home/alice".into()),
                ]),
            )]),
            ..UserSeen::default()
        };
        Observation {
            users: BTreeMap::from([("alice".into(), user)]),
            ..Observation::printed(StepOutput::default())
        }
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
    fn a_failed_step_shows_its_complaint_and_its_warnings() {
        let mut seen = observation();
        seen.output.status = 1;
        seen.output.stderr = "Activating x\nerror: no\n".into();
        seen.warnings = vec!["one\ntwo".into()];
        let text = render(&step(), &seen);
        assert!(text.starts_with(
            "step switch: failed with status 1\n  error: no\n\nwarnings\n  - one\n    two\n\nhome"
        ), "{text}");
    }
}
