//! Every expectation that holds and every one that does not, with what is said of it.

use std::collections::BTreeMap;

use super::render::tests::{entry, font, observation, step};
use super::verdict::Finding;
use super::{exhausted, judge};
use crate::change::sample::{alice, digest, ran};
use crate::machine::Shortage;
use crate::model::{Action, Case, Guest, Install, Outcome, TargetKind, UnitState};
use crate::observe::{
    CommandSeen, Content, EntryKind, LinkEnd, Observation, Place, PlaceFound, PlaceSeen, Program,
    StepOutput, UnitSeen,
};
use crate::testing::{all_come_to, expectations, has};

pub(super) fn case() -> Case {
    Case {
        file: "scenarios/first-switch.yaml".into(),
        steps: vec![step()],
        ..crate::run::test_case("first-switch", &[])
    }
}

fn findings(seen: &Observation, outcome: Outcome, expect: &str) -> Vec<Finding> {
    let mut step = step();
    step.outcome = outcome;
    step.expect = expectations(expect);
    judge(&case(), &step, seen)
}

/// What is said of an expectation, as a scenario writes it; empty when it holds.
fn said(seen: &Observation, expect: &str) -> String {
    let findings = findings(seen, Outcome::Succeeds, expect);
    assert!(findings.iter().all(|finding| finding.line == 5));
    let messages: Vec<String> = findings.into_iter().map(|it| it.message).collect();
    messages.join("; ")
}

/// Each expectation of a table, with all that is said of it.
#[track_caller]
fn all_said(seen: &Observation, table: &str) {
    all_come_to(|expect| said(seen, expect), table);
}

/// It must fail, and say this.
fn fails(says: &[&str]) -> Outcome {
    let says = says.iter().map(|it| (*it).to_owned()).collect();
    Outcome::Fails { says }
}

#[test]
fn a_package_is_present_when_a_profile_provides_it() {
    let table = r#"
        packages: [hello] =>
        packages: { hello: { version: "2.10", profile: user } } =>
        packages: { hello: { version: "2.12" } } => expected `hello` in version 2.12 on the login PATH of alice, seen /home/alice/.nix-profile/bin/hello of hello 2.10 from the user's profile
        packages: [helo] => expected `helo` on the login PATH of alice, and no profile provides it; did you mean `hello`?
        packages: [git] => expected `git` on the login PATH of alice from a profile, seen only /usr/bin/git, which no profile provides
        packages: { git: absent } =>
    "#;
    all_said(&observation(), table);
    let there = said(&observation(), "packages: { hello: absent }");
    has(there, "expected no profile to put `hello`");
}

#[test]
fn a_package_without_programs_is_present_in_a_profile() {
    let mut seen = observation();
    alice(&mut seen).packages.push(font());
    let table = r#"
        packages: [dejavu-fonts] =>
        packages: { dejavu-fonts: { version: "2.37", profile: user } } =>
        packages: { dejavu-fonts: { profile: per-user } } => expected `dejavu-fonts` from the per-user profile, seen dejavu-fonts 2.37 without programs in the user's profile
        packages: { dejavu-fonts: absent } => expected no profile of alice to have `dejavu-fonts`, seen dejavu-fonts 2.37 without programs in the user's profile
    "#;
    all_said(&seen, table);
}

#[test]
fn a_program_that_another_hides_is_not_present() {
    let mut seen = observation();
    let hidden = Program {
        name: "git".into(),
        shadowed_by: Some("/usr/bin".into()),
        ..alice(&mut seen).programs[0].clone()
    };
    alice(&mut seen).programs.push(hidden);
    let table = "packages: [git] => expected `git` on the login PATH of alice from a profile; /home/alice/.nix-profile/bin has it, but /usr/bin/git comes first";
    all_said(&seen, table);
}

#[test]
fn files_have_the_properties_they_must_have() {
    let table = r#"
        files: { .bashrc: { type: symlink, leadsTo: generation, executable: true, mode: "555", owner: alice, contains: export A=, target: { contains: home-manager-files } } } =>
        files: { notes: { text: mine } } =>
        files: { none: absent } =>
        files: { notes: { type: directory } } => `notes`: expected a directory, seen a regular file
        files: { notes: { mode: "600" } } => `notes`: expected 0600, seen 0644
        files: { notes: { executable: true } } => `notes`: expected executable, seen not executable (mode 0644)
        files: { notes: { owner: root } } => `notes`: expected owner root, seen owner alice
        files: { notes: { leadsTo: generation } } => `notes`: expected a link into the current generation, seen a regular file
        files: { notes: { text: yours } } => `notes`: expected `yours`, seen `mine`
        files: [.bshrc] => expected something at `.bshrc`, and nothing is there; did you mean `.bashrc`?
        files: { notes: absent } => expected nothing at `notes`, seen a regular file
        files: { .bashrc: { end: { contains: /nix/store/ } } } =>
        files: { .bashrc: { end: { contains: elsewhere } } } => `.bashrc`: expected it to contain `elsewhere`
        files: { notes: { end: { contains: / } } } => `notes`: expected a link that leads somewhere, seen a regular file
    "#;
    all_said(&observation(), table);
}

#[test]
fn nothing_is_claimed_of_what_was_not_looked_into() {
    let mut seen = observation();
    let entries = &mut alice(&mut seen).home.entries;
    entries.insert(".cache/nix".into(), entry(EntryKind::Excluded));
    has(
        said(&seen, "files: { .cache/nix/x: absent }"),
        "where nobody looks",
    );
}

#[test]
fn variables_are_looked_at_in_their_kind_of_session() {
    let table = r#"
        environment: { EDITOR: vim } =>
        environment: { PAGER: { unset: true } } =>
        environment: { EDITOR: emacs } => `EDITOR` in a login session of alice: expected `emacs`, seen `vim`
        environment: { EDITER: vim } => expected `EDITER` to be set in a login session of alice, and it is not; did you mean `EDITOR`?
    "#;
    all_said(&observation(), table);
    let said = |expect| said(&observation(), expect);
    has(
        said("environment: { EDITOR: { unset: true } }"),
        "not to be set",
    );
    let service = "environment: { EDITOR: { unset: true, session: service } }";
    has(said(service), "could not be had");
}

#[test]
fn commands_and_units_are_as_they_must_be() {
    let mut seen = observation();
    let alice = alice(&mut seen);
    alice.commands.push(CommandSeen {
        stdout: "Hello\n".into(),
        stderr: "oh\n".into(),
        ..ran("hello", 1)
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
    let table = r#"
        commands: { run: hello, exit: 1, stdout: { equals: Hello }, stderr: oh } =>
        commands: { run: hello, stdout: { equals: Bye }, stderr: oh } => `hello`: expected status 0, seen 1; standard output of `hello`: expected `Bye`, seen `Hello`
        units: { a.service: failed } =>
        units: { b.service: active } => expected the unit `b.service` of alice to be active, seen absent (inactive, dead); did you mean `a.service`?
    "#;
    all_said(&seen, table);
    let starts = "[Service]\nExecStart=/nix/store/0123456789abcdfghijklmnpqrsvwxyz-pueue-99-stand-in/bin/pueued\n";
    let unit = super::render::tests::managed(starts);
    let entries = &mut crate::change::sample::alice(&mut seen).home.entries;
    entries.insert(".config/systemd/user/a.service".into(), unit);
    let told = said(&seen, "units: { a.service: active }");
    has(
        told,
        "(failed, dead); what it starts is of `pueue`, which the pocket channel has by name alone",
    );
}

#[test]
fn generations_warnings_output_and_leftovers_are_counted() {
    let mut seen = observation();
    seen.output.stdout = "Activating\n".into();
    seen.warnings = vec!["x is old".into()];
    let alice = alice(&mut seen);
    alice.generations.numbers = vec![1, 2];
    alice.generations.current = Some(2);
    let backup = entry(EntryKind::File(Content::Text(String::new())));
    alice.home.entries.insert(".bashrc.backup".into(), backup);
    let table = r#"
        generations: 2 =>
        generations: { current: 2 } =>
        warnings: old =>
        output: Activating =>
        noLeftovers: bak =>
        generations: 1 => expected 1 Home Manager generations of alice, seen 2 (there are: 1, 2)
        generations: { current: 1 } => expected generation 1 of alice to be current, seen 2 (there are: 1, 2)
        warnings: [] => expected no warnings, seen 1
        warnings: new => expected a warning that contains `new`, seen 1
        output: Done => the step's output: expected it to contain `Done`
        noLeftovers: backup => expected no backups left in the home of alice, seen 1: .bashrc.backup
    "#;
    all_said(&seen, table);
}

#[test]
fn a_failed_step_is_one_finding_and_says_what_it_said() {
    let mut seen = observation();
    seen.output.status = 1;
    seen.output.stderr = "Activating x\nerror: no\n".into();
    let findings = findings(&seen, Outcome::Succeeds, "packages: [zsh, fd]");
    let [finding] = findings.as_slice() else {
        panic!("{findings:?}")
    };
    let message =
        "expected to succeed, it ended with status 1; the 2 expectations after it were not judged";
    assert_eq!((finding.line, &*finding.message), (7, message));
    assert_eq!(finding.detail, "error: no");
}

#[test]
fn an_expected_failure_must_happen_and_say_what_it_must() {
    let mut seen = observation();
    let fails = |says: &str| fails(&[says]);
    let not = findings(&seen, fails("clobbered"), "packages: [zsh]");
    assert_eq!(not.len(), 1);
    has(&not[0].message, "expected to fail, and it succeeded");
    seen.output.status = 1;
    seen.output.stderr = "\u{1b}[31mwould be \u{1b}[0mclobbered\n".into();
    let right = findings(&seen, fails("would be clobbered"), "packages: [hello]");
    assert_eq!(right, []);
    let other = findings(&seen, fails("missing"), "packages: [zsh]");
    assert_eq!(other.len(), 2, "{other:?}");
    let message = "it failed as expected (it ended with status 1), but without saying `missing`";
    assert_eq!(other[0].message, message);
}

#[test]
fn a_platform_that_only_an_impure_evaluation_knows_is_named_with_the_way_out() {
    let mut seen = observation();
    seen.output.status = 1;
    seen.output.stderr = "error: attribute 'currentSystem' missing\n".into();
    let mut step = step();
    step.action = Action::Switch(crate::run::test_switch(Install::Standalone));
    let found = judge(&case(), &step, &seen);
    has(&found[0].message, "have the step say `impure: true`");
}

#[test]
fn a_link_that_leads_nowhere_has_no_content() {
    let mut seen = observation();
    let dangling = entry(EntryKind::Symlink {
        target: "/nowhere".into(),
        end: LinkEnd::new(TargetKind::Dangling),
    });
    let entries = &mut alice(&mut seen).home.entries;
    entries.insert("gone".into(), dangling);
    let table = "files: { gone: { contains: x } } => `gone`: expected a file to read, seen nothing";
    all_said(&seen, table);
    // A property of nothing does not hold.
    assert_ne!(said(&seen, "files: { gone: { mode: \"644\" } }"), "");
}

/// What is said where a step ended so that must fail, with these words, or must succeed.
fn ended(output: StepOutput, says: Option<&[&str]>) -> Option<String> {
    let mut seen = observation();
    seen.output = output;
    let mut step = step();
    step.outcome = says.map_or(Outcome::Succeeds, fails);
    exhausted(&Guest::default(), &step, &seen).map(|error| error.message)
}

#[test]
fn a_full_disk_and_a_kill_must_be_asked_for() {
    let ended = |status: i32, stderr: &str, says| {
        let output = StepOutput {
            status,
            stderr: stderr.into(),
            ..observation().output
        };
        ended(output, says)
    };
    let full = "tar: ./x: No space left on device\n";
    let said = ended(1, full, Some(&[])).unwrap();
    let told = format!("the guest's disk was full: {}", full.trim_end());
    assert_eq!(said, told);
    assert!(ended(1, full, None).is_some());
    assert!(ended(1, full, Some(&["tar"])).is_some());
    assert_eq!(ended(1, full, Some(&["No space left on device"])), None);
    assert_eq!(ended(0, full, None), None);
    assert_eq!(ended(137, "", Some(&[])), None, "it may have killed itself");
    assert_eq!(ended(1, "", Some(&[])), None);
}

#[test]
fn what_the_kernel_says_ran_out_need_not_be_printed() {
    let ended = |status, shortage, says| {
        let output = StepOutput {
            status,
            printed: "building\nKilled\n".into(),
            shortage: Some(shortage),
            ..observation().output
        };
        ended(output, Some(says))
    };
    let message = "the guest's memory ran out, and its kernel killed 2 of its processes; printed last:\nbuilding\nKilled";
    assert_eq!(ended(137, Shortage::Memory(2), &[]).unwrap(), message);
    let full = ended(1, Shortage::Disk, &["collision"]);
    has(full.unwrap(), "the guest's disk is full");
    assert_eq!(ended(137, Shortage::Memory(1), &["Killed"]), None);
    assert_eq!(ended(0, Shortage::Memory(1), &[]), None);
}

#[test]
fn what_ran_out_is_told_with_the_key_that_gives_more() {
    let hint = |guest: &Guest, shortage| {
        let mut seen = observation();
        seen.output.status = 1;
        seen.output.shortage = Some(shortage);
        let error = exhausted(guest, &step(), &seen).unwrap();
        error.hint.unwrap()
    };
    let mut guest = Guest::default();
    has(
        hint(&guest, Shortage::Memory(1)),
        "`guest: { memory: 4GiB }`",
    );
    has(hint(&guest, Shortage::Disk), "`guest: { disk: 16GiB }`");
    guest.memory_mib = Some(768);
    guest.disk_mib = Some(16 << 10);
    has(hint(&guest, Shortage::Memory(1)), "memory: 1536MiB");
    has(hint(&guest, Shortage::Disk), "disk: 32GiB");
}

#[test]
fn places_that_were_asked_for_are_judged_like_a_home() {
    let mut seen = observation();
    let there = |text: &str| {
        let kind = EntryKind::File(Content::Text(text.into()));
        PlaceFound::There(entry(kind))
    };
    let place = |base, path: &str, found| PlaceSeen {
        base,
        path: path.into(),
        found,
    };
    alice(&mut seen).places = vec![
        place(Place::Home, ".nix-profile/etc/x", there("x")),
        place(Place::Home, ".nix-profile/etc/y", PlaceFound::Nothing),
        place(Place::Generation, "activate", there("set -eu")),
        place(Place::Generation, "home-files/a", PlaceFound::NoBase),
    ];
    let table = r#"
        files: { .nix-profile/etc/x: { contains: x } } =>
        files: { .nix-profile/etc/y: absent } =>
        files: { .nix-profile/etc/y: { contains: y } } => expected something at `.nix-profile/etc/y`, and nothing is there
        generation: { activate: -eu } =>
        generation: { activate: -x } => `activate` of the generation: expected it to contain `-x`
        generation: { files: { a: absent } } => `home-files/a` of the generation: alice has no generation of Home Manager
    "#;
    all_said(&seen, table);
}

#[test]
fn a_long_text_is_searched_whole() {
    let mut seen = observation();
    let digest = digest(100_000, "abc");
    let entries = &mut alice(&mut seen).home.entries;
    entries.insert("long".into(), entry(EntryKind::File(digest)));
    let end = "files: { long: { contains: end } }";
    has(said(&seen, end), "expected text to search");
    let text = format!("{}end", "x".repeat(99_997));
    seen.long_texts.insert("abc".into(), text);
    assert_eq!(said(&seen, end), "");
    let other = said(&seen, "files: { long: { contains: y } }");
    has(other, "expected it to contain `y`");
}
