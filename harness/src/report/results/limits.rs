//! What a verdict is about: with which inputs it was found, and what nobody looked at.

use std::collections::{BTreeMap, BTreeSet};

use super::document::InputResult;
use crate::flake::{FlakeInputs, Held};
use crate::login::looked_up;
use crate::model::{Action, Case, FlakeTree, Network, SeedFile, Session, flake_reference};
use crate::observe::{Observation, Provider};
use crate::text::printable_line;

/// The inputs of the flake that an action switches to or builds.
pub(super) fn inputs(action: &Action) -> BTreeMap<String, InputResult> {
    let (Action::Switch(switch) | Action::Build(switch)) = action else {
        return BTreeMap::new();
    };
    let own = |(name, Held { address, revision })| {
        let told = InputResult {
            revision: revision.or_else(|| address.as_deref().and_then(revision_in)),
            address,
            replaced: false,
        };
        (name, told)
    };
    let wrapped = original(&switch.flake);
    let flake = wrapped.as_ref().unwrap_or(&switch.flake);
    let mut told: BTreeMap<_, _> = FlakeInputs::of(flake).held().into_iter().map(own).collect();
    for (name, address) in &switch.override_inputs {
        let input = InputResult {
            address: Some(address.clone()),
            revision: revision_in(address),
            replaced: true,
        };
        let name = name.strip_prefix("original/").unwrap_or(name);
        told.insert(name.to_owned(), input);
    }
    told
}

/// The flake that another one was put around to give it another stateVersion.
fn original(flake: &FlakeTree) -> Option<FlakeTree> {
    let inside = |(path, file): (&String, &SeedFile)| {
        let path = path.strip_prefix("original/")?;
        Some((path.to_owned(), file.clone()))
    };
    let files: BTreeMap<_, _> = flake.files.iter().filter_map(inside).collect();
    let inputs = FlakeInputs::of(flake);
    let address = inputs.url("original")?;
    let folders = files
        .keys()
        .filter_map(|name| name.strip_suffix("flake.nix"));
    let dir = folders
        .map(|folder| folder.trim_end_matches('/'))
        .find(|dir| flake_reference("path:./original", dir) == address)?
        .to_owned();
    Some(FlakeTree { files, dir })
}

/// The revision that an address holds by itself: `github:o/r/REVISION`, `?rev=REVISION`, `?narHash=…`.
fn revision_in(address: &str) -> Option<String> {
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let value = |key: &str| {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        Some(pairs.find(|(name, _)| *name == key)?.1.to_owned())
    };
    let last = path
        .rsplit('/')
        .next()
        .filter(|last| last.len() == 40 && last.bytes().all(|byte| byte.is_ascii_hexdigit()));
    value("rev")
        .or_else(|| last.map(str::to_owned))
        .or_else(|| value("narHash"))
}

/// What a NixOS leaves to the machine, as long as none has been looked at that says so itself.
const MACHINES_OWN: &str = "what the machine here has instead of the host's own: kernel, initrd and their modules; \
     GRUB or systemd-boot; the layout of disks, LUKS and swap; DHCP and the firewall; binary caches";

/// Puts what a system that ran says of itself in the place of what is so of every NixOS here.
pub(super) fn replaced(untested: &mut Vec<String>, replaced: &[String]) {
    if replaced.is_empty() {
        return;
    }
    let told: Vec<&str> = replaced.iter().map(String::as_str).collect();
    let told = format!(
        "what the machine here has instead of the host's own: {}",
        told.join("; ")
    );
    untested.retain(|it| it != MACHINES_OWN);
    if !untested.contains(&told) {
        untested.insert(0, told);
    }
}

/// That programs which commands ask for are the guest's own, so that they say nothing of the setup.
pub(super) fn by_the_guest(seen: &Observation) -> Option<String> {
    let mut names = BTreeSet::new();
    for user in seen.users.values() {
        for command in &user.commands {
            let is_good =
                command.session == Session::Login && command.status == 0 && !command.without_guests;
            let name = looked_up(&command.command);
            if let Some(name) = name.filter(|_| is_good)
                && let Some(Provider::Guest(_)) = user.provider(name)
            {
                names.insert(format!("`{}`", printable_line(name)));
            }
        }
    }
    let names: Vec<String> = names.into_iter().collect();
    (!names.is_empty()).then(|| {
        format!(
            "whether the setup has {}: commands that ask for it ran the guest's own (`guestPrograms: false` leaves these out)",
            names.join(" and ")
        )
    })
}

/// What the verdict says nothing about.
pub(super) fn not_tested(case: &Case) -> Vec<String> {
    let mut untested = Vec::new();
    if case.is_only_built() {
        untested.push("it is only built, never switched to: no machine here could".to_owned());
    }
    if case.booted_host().is_some() {
        untested.push(MACHINES_OWN.to_owned());
    }
    let unseen: Vec<&str> = case
        .steps
        .iter()
        .filter(|step| !step.snapshot && step.expect.is_empty())
        .map(|step| step.name.as_str())
        .collect();
    if !unseen.is_empty() {
        let steps = unseen.join(", ");
        untested.push(format!(
            "nobody looked at the home after {steps}: no snapshot, and nothing is expected"
        ));
    }
    if !case.guest.exclude.is_empty() {
        let folders: Vec<&str> = case.guest.exclude.iter().map(String::as_str).collect();
        untested.push(format!(
            "what is in these folders of the home: {}",
            folders.join(", ")
        ));
    }
    if !case.guest.stand_ins.is_empty() {
        let packages: Vec<&str> = case.guest.stand_ins.iter().map(String::as_str).collect();
        untested.push(format!(
            "what these packages do, which the pocket channel may have by name alone: {}",
            packages.join(", ")
        ));
    }
    if !case.untracked.is_empty() {
        let files: Vec<&str> = case.untracked.iter().take(10).map(String::as_str).collect();
        let more = match case.untracked.len() - files.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let files = files.join(", ");
        untested.push(format!(
            "files that Git does not track, so that Nix does not see them: {files}{more}"
        ));
    }
    if case.guest.network.reaches_host() {
        untested.push(
            "that it works elsewhere: its machine reaches this computer over the network"
                .to_owned(),
        );
    }
    if case.guest.network != Network::Off && !case.guest.locked {
        untested.push(
            "the same again: its inputs are not locked, and may be others the next time".to_owned(),
        );
    }
    untested
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::sample::ran;
    use crate::model::{Install, Switch};
    use crate::observe::UserSeen;
    use crate::testing::{has, lacks, tree};

    #[test]
    fn inputs_are_told_with_what_takes_their_place() {
        let text = "{ inputs.a.url = \"github:o/a\"; inputs.b.url = \"path:/b\"; outputs = { self, a, b }: { }; }";
        let rev = "0123456789012345678901234567890123456789";
        let switch = Switch {
            flake: tree(&[("flake.nix", text)]).into(),
            override_inputs: [("a".to_owned(), format!("github:o/other/{rev}"))].into(),
            ..crate::run::test_switch(Install::Standalone)
        };
        let wrapper = "{ inputs.original.url = \"path:./original\"; outputs = _: { }; }";
        let wrapped = Switch {
            flake: tree(&[("flake.nix", wrapper), ("original/flake.nix", text)]).into(),
            override_inputs: [("original/a".to_owned(), switch.override_inputs["a"].clone())]
                .into(),
            ..switch.clone()
        };
        let told = inputs(&Action::Switch(switch));
        assert_eq!(inputs(&Action::Switch(wrapped)), told);
        assert!(told["a"].replaced && told["a"].revision.as_deref() == Some(rev));
        assert_eq!(told["b"].address.as_deref(), Some("path:/b"));
        assert_eq!(told["b"].revision, None);
        let revision = revision_in("git+https://h/x?ref=m&rev=abc");
        assert_eq!(revision.as_deref(), Some("abc"));
        assert!(inputs(&Action::Reboot).is_empty());
    }

    #[test]
    fn what_a_system_says_of_itself_is_told_in_place_of_what_is_so_of_all() {
        let mut told = vec![MACHINES_OWN.to_owned(), "more".to_owned()];
        replaced(&mut told, &[]);
        assert_eq!(told, [MACHINES_OWN, "more"]);
        for _ in 0..2 {
            let own = ["LUKS: cryptroot".into(), "GRUB on /dev/sda".into()];
            replaced(&mut told, &own);
        }
        let own = "what the machine here has instead of the host's own: LUKS: cryptroot; GRUB on /dev/sda";
        assert_eq!(told, [own, "more"]);
    }

    #[test]
    fn what_nobody_looked_at_is_told() {
        let mut case = crate::run::test_case("a", &["x", "y"]);
        case.guest.exclude.insert(".games".to_owned());
        case.untracked.insert("home/new.nix".to_owned());
        case.steps[1].snapshot = true;
        case.guest.network = Network::InternetAndHost;
        let told = not_tested(&case).join("\n");
        for part in ["after run-1:", ".games", "home/new.nix", "this computer"] {
            has(&told, part);
        }
        lacks(told, &["run-2"]);
        assert_eq!(case.remarks(), [crate::model::REACHES_HOST]);
    }

    #[test]
    fn a_program_of_the_guests_own_says_nothing_of_the_setup() {
        let mut user = UserSeen::default();
        user.system_programs
            .insert("perl".to_owned(), "/usr/bin".to_owned());
        let with = |user: &UserSeen| {
            let mut seen = Observation::printed(crate::observe::StepOutput::default());
            seen.users.insert("alice".to_owned(), user.clone());
            by_the_guest(&seen)
        };
        let without = crate::observe::CommandSeen {
            without_guests: true,
            ..ran("perl -v", 0)
        };
        user.commands = vec![without, ran("grep x", 0)];
        assert_eq!(with(&user), None);
        user.commands.push(ran("perl -v", 0));
        assert!(with(&user).expect("told").contains("`perl`"));
    }
}
