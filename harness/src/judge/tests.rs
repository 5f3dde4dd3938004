//! Every expectation that holds and every one that does not, with what is said of it.

use std::collections::{BTreeMap, BTreeSet};

use super::judge;
use super::render::tests::font;
use super::render::tests::{entry, observation, step};
use super::verdict::Finding;
use crate::machine::Shortage;
use crate::model::{
    Case, Check, Expectation, FileProperty, FileState, FileType, Guest, Outcome, PackageState,
    Profile, Session, TargetKind, TextMatch, UnitState,
};
use crate::observe::{
    CommandSeen, Content, EntryKind, LinkEnd, Observation, Place, PlaceFound, PlaceSeen, Program,
    UnitSeen,
};

pub(super) fn case() -> Case {
    Case {
        file: "scenarios/first-switch.yaml".into(),
        steps: vec![step()],
        ..crate::run::test_case("first-switch", &[])
    }
}

fn findings(seen: &Observation, outcome: Outcome, checks: Vec<Check>) -> Vec<Finding> {
    let mut step = step();
    step.outcome = outcome;
    step.expect = checks
        .into_iter()
        .zip(10..)
        .map(|(check, line)| Expectation {
            check,
            user: Some("alice".into()),
            within_s: None,
            line,
        })
        .collect();
    judge(&case(), &step, seen)
}

/// What is said of one check; empty when it holds.
fn said(seen: &Observation, check: Check) -> String {
    let findings = findings(seen, Outcome::Succeeds, vec![check]);
    assert!(findings.iter().all(|finding| finding.line == 10));
    let messages: Vec<String> = findings
        .into_iter()
        .map(|finding| finding.message)
        .collect();
    messages.join("; ")
}

fn present(name: &str) -> Check {
    versioned(name, None, None)
}

fn versioned(name: &str, version: Option<&str>, profile: Option<Profile>) -> Check {
    Check::Package {
        name: name.into(),
        state: PackageState::Present {
            version: version.map(str::to_owned),
            profile,
        },
    }
}

fn absent(name: &str) -> Check {
    Check::Package {
        name: name.into(),
        state: PackageState::Absent,
    }
}

fn file(path: &str, properties: Vec<FileProperty>) -> Check {
    Check::File {
        path: path.into(),
        state: FileState::Present(properties),
    }
}

#[test]
fn a_package_is_present_when_a_profile_provides_it() {
    let seen = observation();
    assert_eq!(said(&seen, present("hello")), "");
    assert_eq!(
        said(&seen, versioned("hello", Some("2.10"), Some(Profile::User))),
        ""
    );
    assert_eq!(
        said(&seen, versioned("hello", Some("2.12"), None)),
        "expected `hello` in version 2.12 on the login PATH of alice, seen \
         /home/alice/.nix-profile/bin/hello of hello 2.10 from the user's profile"
    );
    assert_eq!(
        said(&seen, present("helo")),
        "expected `helo` on the login PATH of alice, and no profile provides it; did you mean `hello`?"
    );
    assert_eq!(
        said(&seen, present("git")),
        "expected `git` on the login PATH of alice from a profile, seen only /usr/bin/git, which no profile provides"
    );
}

#[test]
fn a_package_without_programs_is_present_in_a_profile() {
    let mut seen = observation();
    let alice = seen.users.get_mut("alice").unwrap();
    alice.packages.push(font());
    assert_eq!(said(&seen, present("dejavu-fonts")), "");
    let profile = versioned("dejavu-fonts", Some("2.37"), Some(Profile::User));
    assert_eq!(said(&seen, profile), "");
    assert_eq!(
        said(
            &seen,
            versioned("dejavu-fonts", None, Some(Profile::PerUser))
        ),
        "expected `dejavu-fonts` from the per-user profile, seen dejavu-fonts 2.37 without programs in the user's \
         profile"
    );
    assert_eq!(
        said(&seen, absent("dejavu-fonts")),
        "expected no profile of alice to have `dejavu-fonts`, seen dejavu-fonts 2.37 without programs in the user's \
         profile"
    );
}

#[test]
fn a_program_that_another_hides_is_not_present() {
    let mut seen = observation();
    let alice = seen.users.get_mut("alice").unwrap();
    let hidden = Program {
        name: "git".into(),
        shadowed_by: Some("/usr/bin".into()),
        ..alice.programs[0].clone()
    };
    alice.programs.push(hidden);
    assert_eq!(
        said(&seen, present("git")),
        "expected `git` on the login PATH of alice from a profile; /home/alice/.nix-profile/bin has it, but \
         /usr/bin/git comes first"
    );
}

#[test]
fn a_package_is_absent_when_no_profile_provides_it() {
    let seen = observation();
    assert_eq!(said(&seen, absent("git")), "");
    assert!(said(&seen, absent("hello")).starts_with("expected no profile to put `hello`"));
}

#[test]
fn files_have_the_properties_they_must_have() {
    let seen = observation();
    let good = [
        file(
            ".bashrc",
            vec![
                FileProperty::Type(FileType::Symlink),
                FileProperty::TargetKind(TargetKind::Generation),
                FileProperty::Executable(true),
                FileProperty::Mode(0o555),
                FileProperty::Owner("alice".into()),
                FileProperty::Content(TextMatch::Contains("export A=".into())),
                FileProperty::Target(TextMatch::Contains("home-manager-files".into())),
            ],
        ),
        file(
            "notes",
            vec![FileProperty::Content(TextMatch::Equals("mine".into()))],
        ),
        Check::File {
            path: "none".into(),
            state: FileState::Absent,
        },
    ];
    for check in good {
        assert_eq!(said(&seen, check.clone()), "", "{check:?}");
    }
    let bad = [
        (
            vec![FileProperty::Type(FileType::Directory)],
            "`notes`: expected a directory, seen a regular file",
        ),
        (
            vec![FileProperty::Mode(0o600)],
            "`notes`: expected 0600, seen 0644",
        ),
        (
            vec![FileProperty::Executable(true)],
            "`notes`: expected executable, seen not executable (mode 0644)",
        ),
        (
            vec![FileProperty::Owner("root".into())],
            "`notes`: expected owner root, seen owner alice",
        ),
        (
            vec![FileProperty::TargetKind(TargetKind::Generation)],
            "`notes`: expected a link into the current generation, seen a regular file",
        ),
        (
            vec![FileProperty::Content(TextMatch::Equals("yours".into()))],
            "`notes`: expected `yours`, seen `mine`",
        ),
    ];
    for (properties, message) in bad {
        assert_eq!(said(&seen, file("notes", properties)), message);
    }
    assert_eq!(
        said(&seen, file(".bshrc", Vec::new())),
        "expected something at `.bshrc`, and nothing is there; did you mean `.bashrc`?"
    );
    assert_eq!(
        said(
            &seen,
            Check::File {
                path: "notes".into(),
                state: FileState::Absent
            }
        ),
        "expected nothing at `notes`, seen a regular file"
    );
}

#[test]
fn nothing_is_claimed_of_what_was_not_looked_into() {
    let mut seen = observation();
    let home = &mut seen.users.get_mut("alice").unwrap().home;
    let excluded = entry(EntryKind::Excluded);
    home.entries.insert(".cache/nix".into(), excluded);
    let check = Check::File {
        path: ".cache/nix/x".into(),
        state: FileState::Absent,
    };
    assert!(said(&seen, check).contains("where nobody looks"));
}

#[test]
fn variables_are_looked_at_in_their_kind_of_session() {
    let seen = observation();
    let variable = |name: &str, session, value: Option<&str>| Check::Variable {
        name: name.into(),
        session,
        value: value.map(|value| TextMatch::Equals(value.into())),
    };
    assert_eq!(
        said(&seen, variable("EDITOR", Session::Login, Some("vim"))),
        ""
    );
    assert_eq!(said(&seen, variable("PAGER", Session::Login, None)), "");
    assert_eq!(
        said(&seen, variable("EDITOR", Session::Login, Some("emacs"))),
        "`EDITOR` in a login session of alice: expected `emacs`, seen `vim`"
    );
    assert_eq!(
        said(&seen, variable("EDITER", Session::Login, Some("vim"))),
        "expected `EDITER` to be set in a login session of alice, and it is not; did you mean `EDITOR`?"
    );
    assert!(said(&seen, variable("EDITOR", Session::Login, None)).contains("not to be set"));
    assert!(said(&seen, variable("EDITOR", Session::Service, None)).contains("could not be had"));
}

#[test]
fn commands_and_units_are_as_they_must_be() {
    let mut seen = observation();
    let alice = seen.users.get_mut("alice").unwrap();
    alice.commands.push(CommandSeen {
        command: "hello".into(),
        session: Session::Login,
        status: 1,
        late: false,
        no_login: None,
        stdout: "Hello\n".into(),
        stderr: "oh\n".into(),
        truncated: false,
    });
    let unit = |state, active: &str| UnitSeen {
        state,
        active_state: active.into(),
        sub_state: "dead".into(),
        enabled: String::new(),
    };
    alice.units = Some(BTreeMap::from([
        ("a.service".into(), unit(UnitState::Failed, "failed")),
        ("b.service".into(), unit(UnitState::Absent, "inactive")),
    ]));
    let command = |exit, stdout: &str| Check::Command {
        command: "hello".into(),
        session: Session::Login,
        exit,
        stdout: vec![TextMatch::Equals(stdout.into())],
        stderr: vec![TextMatch::Contains("oh".into())],
    };
    assert_eq!(said(&seen, command(1, "Hello")), "");
    assert_eq!(
        said(&seen, command(0, "Bye")),
        "`hello`: expected status 0, seen 1; standard output of `hello`: expected `Bye`, seen `Hello`"
    );
    let unit = |name: &str, state| Check::Unit {
        name: name.into(),
        state,
    };
    assert_eq!(said(&seen, unit("a.service", UnitState::Failed)), "");
    assert_eq!(
        said(&seen, unit("b.service", UnitState::Active)),
        "expected the unit `b.service` of alice to be active, seen absent (inactive, dead); did you mean `a.service`?"
    );
}

#[test]
fn generations_warnings_output_and_leftovers_are_counted() {
    let mut seen = observation();
    seen.output.stdout = "Activating\n".into();
    seen.warnings = vec!["x is old".into()];
    let alice = seen.users.get_mut("alice").unwrap();
    alice.generations.numbers = vec![1, 2];
    alice.generations.current = Some(2);
    let backup = entry(EntryKind::File(Content::Text(String::new())));
    alice.home.entries.insert(".bashrc.backup".into(), backup);
    let contains = |text: &str| TextMatch::Contains(text.into());
    for check in [
        Check::GenerationCount(2),
        Check::CurrentGeneration(2),
        Check::Warnings(vec![contains("old")]),
        Check::Output(contains("Activating")),
        Check::NoLeftovers(BTreeSet::from(["bak".into()])),
    ] {
        assert_eq!(said(&seen, check.clone()), "", "{check:?}");
    }
    for (check, message) in [
        (
            Check::GenerationCount(1),
            "expected 1 Home Manager generations of alice, seen 2 (there are: 1, 2)",
        ),
        (
            Check::CurrentGeneration(1),
            "expected generation 1 of alice to be current, seen 2 (there are: 1, 2)",
        ),
        (Check::Warnings(Vec::new()), "expected no warnings, seen 1"),
        (
            Check::Warnings(vec![contains("new")]),
            "expected a warning that contains `new`, seen 1",
        ),
        (
            Check::Output(contains("Done")),
            "the step's output: expected it to contain `Done`",
        ),
        (
            Check::NoLeftovers(BTreeSet::from(["backup".into()])),
            "expected no backups left in the home of alice, seen 1: .bashrc.backup",
        ),
    ] {
        assert_eq!(said(&seen, check), message);
    }
}

#[test]
fn a_failed_step_is_one_finding_and_says_what_it_said() {
    let mut seen = observation();
    seen.output.status = 1;
    seen.output.stderr = "Activating x\nerror: no\n".into();
    let findings = findings(
        &seen,
        Outcome::Succeeds,
        vec![present("zsh"), present("fd")],
    );
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].line, 7);
    assert_eq!(
        findings[0].message,
        "expected to succeed, it ended with status 1; the 2 expectations after it were not judged"
    );
    assert_eq!(findings[0].detail, "error: no");
}

#[test]
fn an_expected_failure_must_happen_and_say_what_it_must() {
    let mut seen = observation();
    let fails = |says: &str| Outcome::Fails {
        says: vec![says.into()],
    };
    let not = findings(&seen, fails("clobbered"), vec![present("zsh")]);
    assert_eq!(not.len(), 1);
    assert!(
        not[0]
            .message
            .starts_with("expected to fail, and it succeeded")
    );
    seen.output.status = 1;
    seen.output.stderr = "\u{1b}[31mwould be \u{1b}[0mclobbered\n".into();
    assert_eq!(
        findings(&seen, fails("would be clobbered"), vec![present("hello")]),
        []
    );
    let other = findings(&seen, fails("missing"), vec![present("zsh")]);
    assert_eq!(other.len(), 2, "{other:?}");
    assert_eq!(
        other[0].message,
        "it failed as expected (it ended with status 1), but without saying `missing`"
    );
}

#[test]
fn a_link_that_leads_nowhere_has_no_content() {
    let mut seen = observation();
    let dangling = entry(EntryKind::Symlink {
        target: "/nowhere".into(),
        end: Box::new(LinkEnd {
            kind: TargetKind::Dangling,
            path: None,
            file: None,
            tree: None,
        }),
    });
    let home = &mut seen.users.get_mut("alice").unwrap().home;
    home.entries.insert("gone".into(), dangling);
    let content = FileProperty::Content(TextMatch::Contains("x".into()));
    assert_eq!(
        said(&seen, file("gone", vec![content])),
        "`gone`: expected a file to read, seen nothing"
    );
    let mode = FileProperty::Mode(0o644);
    assert_ne!(
        said(&seen, file("gone", vec![mode])),
        "",
        "a property of nothing does not hold"
    );
}

#[test]
fn a_full_disk_and_a_kill_must_be_asked_for() {
    use super::exhausted;
    let ended = |status: i32, stderr: &str, says: Option<&[&str]>| {
        let mut seen = observation();
        seen.output.status = status;
        seen.output.stderr = stderr.into();
        let mut step = step();
        step.outcome = match says {
            None => Outcome::Succeeds,
            Some(says) => Outcome::Fails {
                says: says.iter().map(|it| (*it).to_owned()).collect(),
            },
        };
        exhausted(&Guest::default(), &step, &seen).map(|error| error.message)
    };
    let full = "tar: ./x: No space left on device\n";
    let said = ended(1, full, Some(&[])).unwrap();
    assert_eq!(
        said,
        "the guest's disk was full: tar: ./x: No space left on device"
    );
    assert!(ended(1, full, None).is_some());
    assert!(ended(1, full, Some(&["tar"])).is_some());
    assert_eq!(ended(1, full, Some(&["No space left on device"])), None);
    assert_eq!(ended(0, full, None), None);
    assert_eq!(ended(137, "", Some(&[])), None, "it may have killed itself");
    assert_eq!(ended(1, "", Some(&[])), None);
}

#[test]
fn what_the_kernel_says_ran_out_need_not_be_printed() {
    use super::exhausted;
    let ended = |status, shortage, says: &[&str]| {
        let mut seen = observation();
        seen.output.status = status;
        seen.output.printed = "building\nKilled\n".into();
        seen.output.shortage = Some(shortage);
        let mut step = step();
        step.outcome = Outcome::Fails {
            says: says.iter().map(|it| (*it).to_owned()).collect(),
        };
        exhausted(&Guest::default(), &step, &seen).map(|error| error.message)
    };
    assert_eq!(
        ended(137, Shortage::Memory(2), &[]).unwrap(),
        "the guest's memory ran out, and its kernel killed 2 of its processes; printed last:\nbuilding\nKilled"
    );
    assert!(
        ended(1, Shortage::Disk, &["collision"])
            .unwrap()
            .starts_with("the guest's disk is full")
    );
    assert_eq!(ended(137, Shortage::Memory(1), &["Killed"]), None);
    assert_eq!(ended(0, Shortage::Memory(1), &[]), None);
}

#[test]
fn what_ran_out_is_told_with_the_key_that_gives_more() {
    use super::exhausted;
    let hint = |guest: &Guest, shortage| {
        let mut seen = observation();
        seen.output.status = 1;
        seen.output.shortage = Some(shortage);
        let error = exhausted(guest, &step(), &seen).unwrap();
        error.hint.unwrap()
    };
    let mut guest = Guest::default();
    assert!(hint(&guest, Shortage::Memory(1)).contains("`guest: { memory: 4GiB }`"));
    assert!(hint(&guest, Shortage::Disk).contains("`guest: { disk: 16GiB }`"));
    guest.memory_mib = Some(768);
    guest.disk_mib = Some(16 << 10);
    assert!(hint(&guest, Shortage::Memory(1)).contains("memory: 1536MiB"));
    assert!(hint(&guest, Shortage::Disk).contains("disk: 32GiB"));
}

#[test]
fn places_that_were_asked_for_are_judged_like_a_home() {
    let mut seen = observation();
    let text = |text: &str| entry(EntryKind::File(Content::Text(text.into())));
    let place = |base, path: &str, found| PlaceSeen {
        base,
        path: path.into(),
        found,
    };
    seen.users.get_mut("alice").unwrap().places = vec![
        place(
            Place::Home,
            ".nix-profile/etc/x",
            PlaceFound::There(text("x")),
        ),
        place(Place::Home, ".nix-profile/etc/y", PlaceFound::Nothing),
        place(
            Place::Generation,
            "activate",
            PlaceFound::There(text("set -eu")),
        ),
        place(Place::Generation, "home-files/a", PlaceFound::NoBase),
    ];
    let contains = |text: &str| {
        FileState::Present(vec![FileProperty::Content(TextMatch::Contains(
            text.into(),
        ))])
    };
    let home = |path: &str, state| Check::File {
        path: path.into(),
        state,
    };
    let generation = |path: &str, state| Check::InGeneration {
        path: path.into(),
        state,
    };
    assert_eq!(said(&seen, home(".nix-profile/etc/x", contains("x"))), "");
    assert_eq!(
        said(&seen, home(".nix-profile/etc/y", FileState::Absent)),
        ""
    );
    assert_eq!(
        said(&seen, home(".nix-profile/etc/y", contains("y"))),
        "expected something at `.nix-profile/etc/y`, and nothing is there"
    );
    assert_eq!(said(&seen, generation("activate", contains("-eu"))), "");
    assert_eq!(
        said(&seen, generation("activate", contains("-x"))),
        "`activate` of the generation: expected it to contain `-x`"
    );
    assert_eq!(
        said(&seen, generation("home-files/a", FileState::Absent)),
        "`home-files/a` of the generation: alice has no generation of Home Manager"
    );
}

#[test]
fn a_long_text_is_searched_whole() {
    let mut seen = observation();
    let digest = Content::Digest {
        size: 100_000,
        sha256: "abc".into(),
        without_hashes: None,
        by_extents: false,
    };
    let home = &mut seen.users.get_mut("alice").unwrap().home;
    home.entries
        .insert("long".into(), entry(EntryKind::File(digest)));
    let has = |part: &str| {
        file(
            "long",
            vec![FileProperty::Content(TextMatch::Contains(part.into()))],
        )
    };
    assert!(said(&seen, has("end")).contains("expected text to search"));
    let text = format!("{}end", "x".repeat(99_997));
    seen.long_texts.insert("abc".into(), text);
    assert_eq!(said(&seen, has("end")), "");
    assert!(said(&seen, has("y")).contains("expected it to contain `y`"));
}

#[test]
fn the_end_of_a_link_is_compared() {
    let seen = observation();
    let end = |text: &str| {
        file(
            ".bashrc",
            vec![FileProperty::End(TextMatch::Contains(text.into()))],
        )
    };
    assert_eq!(said(&seen, end("/nix/store/")), "");
    assert!(said(&seen, end("elsewhere")).contains("expected it to contain `elsewhere`"));
    let none = file(
        "notes",
        vec![FileProperty::End(TextMatch::Contains("/".into()))],
    );
    assert_eq!(
        said(&seen, none),
        "`notes`: expected a link that leads somewhere, seen a regular file"
    );
}
