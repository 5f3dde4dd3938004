//! What is asked of a preview: an output of the flake, and what is another one tomorrow.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::path::Path;

use super::PreviewArgs;
use crate::cli::common::Error;
use crate::flake::release::Release;
use crate::flake::{self, Found};
use crate::model::Install;
use crate::preview::{Asked, Revision};

/// What is asked, and the flake as it was, which must be kept until it is copied.
pub(super) fn asked(
    args: &PreviewArgs,
    folder: &Path,
    query: &str,
    output: Option<&str>,
) -> Result<(Asked, Option<Revision>), Error> {
    if let Some(version) = &args.state_version {
        require_release(version)?;
    }
    let found = flake::outputs(folder, query)
        .map_err(|error| Error::input(error.to_string(), error.hint()))?;
    let (kind, output) = output.map_or((None, None), |output| {
        let (kind, name) = Install::of_output(output);
        (kind, Some(name))
    });
    let install = kind.or(args.install);
    let output = choose(&found.outputs, &found.notes, output, install)?;
    let revision = args
        .since
        .as_ref()
        .map(|revision| {
            let dir = query
                .split(['?', '&'])
                .find_map(|it| it.strip_prefix("dir="));
            Revision::take(&folder.join(dir.unwrap_or_default()), revision)
        })
        .transpose()
        .map_err(|error| Error::input(error.message, error.hint))?;
    let inputs: BTreeMap<String, String> = args
        .override_input
        .chunks_exact(2)
        .map(|pair| (pair[0].clone(), pair[1].clone()))
        .collect();
    let mut asked = Asked {
        user: args.user.clone().unwrap_or_else(|| output.user.clone()),
        output,
        query: query.to_owned(),
        channel: args.channel.clone(),
        since: revision.as_ref().map(|it| it.folder.display().to_string()),
        state_version: args.state_version.clone(),
        between: Vec::new(),
        inputs,
    };
    if !asked.changes_something() {
        return Err(Error::input(
            "nothing is said to be another one tomorrow",
            "add --state-version VERSION, --override-input NAME REF, or --since REVISION",
        ));
    }
    if let (true, Some(version)) = (args.each, &args.state_version) {
        let Some(today) = &asked.output.state_version else {
            return Err(Error::input(
                "today's stateVersion cannot be read from the flake's text, so that there are no releases between",
                "leave out --each, or write `home.stateVersion = \"…\";` in one place",
            ));
        };
        asked.between = releases_between(today, version);
    }
    Ok((asked, revision))
}

/// Refuses what no Home Manager knows.
fn require_release(version: &str) -> Result<(), Error> {
    let hint = match Release::parse(version) {
        Some(release) if release.is_known() => return Ok(()),
        Some(_) => Release::hint(),
        None => format!(
            "a state version is a release, such as {}",
            Release::newest()
        ),
    };
    Err(Error::input(format!("{version} is no state version"), hint))
}

/// The output that is meant.
fn choose(
    found: &[Found],
    notes: &[String],
    wanted: Option<&str>,
    install: Option<Install>,
) -> Result<Found, Error> {
    let fits = |it: &&Found| install.is_none_or(|install| it.install == install);
    let candidates: Vec<&Found> = found
        .iter()
        .filter(fits)
        .filter(|it| wanted.is_none_or(|wanted| it.name == wanted))
        .collect();
    match candidates.as_slice() {
        [one] => return Ok((*one).clone()),
        [home, host, ..] if wanted.is_some() && install.is_none() => {
            return Err(Error::input(
                format!("{} is both a home and a host of the flake", home.name),
                format!("say which: #{}, or #{}", full(home), full(host)),
            ));
        }
        _ => {}
    }
    let all: Vec<String> = found
        .iter()
        .filter(fits)
        .map(|it| {
            let is_twice = found.iter().filter(|other| other.name == it.name).count() > 1;
            match is_twice {
                true => format!("#{}", full(it)),
                false => format!("#{}", it.name),
            }
        })
        .collect();
    let notes = match notes {
        [] => String::new(),
        notes => format!(" ({})", notes.join("; ")),
    };
    match wanted {
        // One whose name is computed cannot be found by reading.
        Some(name) if !notes.is_empty() => Ok(Found::unread(name, install, found.first())),
        Some(name) => Err(Error::input(
            format!("the flake has no output `{name}`"),
            format!("it has {}", all.join(", ")),
        )),
        None => Err(Error::input(
            format!("the flake has {} homes and hosts{notes}", all.len()),
            format!("name one behind the flake: {}", all.join(", ")),
        )),
    }
}

/// An output's name below its set, as Nix takes it.
fn full(output: &Found) -> String {
    format!("{}.{}", output.install.set_name(), output.name)
}

/// What is worth saying of a question before its answer.
pub(super) fn notes(asked: &Asked) -> Vec<String> {
    let mut notes = Vec::new();
    let release = |version: &Option<String>| Release::parse(version.as_ref()?);
    if let (Some(today), Some(tomorrow)) = (
        release(&asked.output.state_version),
        release(&asked.state_version),
    ) {
        match today.cmp(&tomorrow) {
            Ordering::Greater => notes.push(format!(
                "{tomorrow} is older than today's {today}: programs keep what they made for the newer one"
            )),
            Ordering::Equal => notes.push(format!("today's stateVersion is {today} already")),
            Ordering::Less => {}
        }
    }
    notes
}

/// The releases between two.
fn releases_between(from: &str, to: &str) -> Vec<String> {
    let (Some(from), Some(to)) = (Release::parse(from), Release::parse(to)) else {
        return Vec::new();
    };
    std::iter::successors(Some(from.next()), |it| Some(it.next()))
        .take_while(|it| *it < to)
        .map(|it| it.to_string())
        .collect()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::testing::has;

    fn found(name: &str, install: Install) -> Found {
        Found {
            install,
            name: name.into(),
            user: "alice".into(),
            others: vec!["bob".into()],
            home: None,
            is_remote: false,
            is_impure: false,
            state_version: Some("23.11".into()),
        }
    }

    pub(in super::super) fn asked(install: Install) -> Asked {
        Asked {
            output: found("alice@\"x\"", install),
            user: "alice".into(),
            query: String::new(),
            channel: Some("pocket".into()),
            since: None,
            state_version: Some("26.05".into()),
            between: vec!["25.05".into()],
            inputs: [("nixpkgs".to_owned(), "pocket-24.05".to_owned())].into(),
        }
    }

    #[test]
    fn a_version_that_no_release_has_is_refused_at_once() {
        assert!(require_release("26.05").is_ok());
        for version in ["99.99", "latest", "26.5"] {
            let error = require_release(version).unwrap_err();
            assert!(error.message.contains("is no state version"), "{error}");
        }
    }

    #[test]
    fn an_output_is_found_or_asked_for_with_the_candidates() {
        let (home, host) = (Install::Standalone, Install::NixosModule);
        let all = [found("alice", home), found("laptop", host)];
        let of =
            |wanted, install| choose(&all, &[], wanted, install).map_err(|error| error.to_string());
        assert_eq!(of(Some("laptop"), None).unwrap().install, host);
        assert_eq!(of(None, Some(home)).unwrap().name, "alice");
        assert!(of(None, None).unwrap_err().contains("#alice, #laptop"));
        has(of(Some("bob"), None).unwrap_err(), "no output `bob`");
        let notes = ["some names are computed".to_owned()];
        assert_eq!(choose(&all, &notes, Some("bob"), None).unwrap().name, "bob");
        let twice = [found("a", home), found("a", host)];
        let error = choose(&twice, &[], Some("a"), None).unwrap_err();
        let told = "say which: #homeConfigurations.a, or #nixosConfigurations.a";
        assert_eq!(error.hint.as_deref(), Some(told));
        let (kind, name) = Install::of_output("nixosConfigurations.\"a\"");
        let found = choose(&twice, &[], Some(name), kind).unwrap();
        assert_eq!(found.install, host);
    }

    #[test]
    fn releases_come_twice_a_year() {
        assert_eq!(releases_between("23.11", "25.05"), ["24.05", "24.11"]);
        assert_eq!(releases_between("25.11", "24.05"), [""; 0]);
    }

    #[test]
    fn a_flake_that_asks_for_its_platform_is_switched_to_impurely() {
        let mut asked = asked(Install::Standalone);
        let steps = |asked: &Asked| {
            let text = asked.scenario("q", Path::new("."));
            text.matches("    switch:\n      impure: true\n").count()
        };
        assert_eq!(steps(&asked), 0);
        asked.output.is_impure = true;
        assert_eq!(steps(&asked), 3);
    }

    #[test]
    fn a_downgrade_is_told() {
        let mut asked = asked(Install::Standalone);
        asked.state_version = Some("22.05".into());
        assert!(notes(&asked)[0].contains("older than today's 23.11"));
    }
}
