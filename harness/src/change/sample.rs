//! Observations made by hand, for tests and benchmarks.

use std::collections::BTreeMap;

use crate::model::{Profile, Session, TargetKind};
use crate::observe::{
    CommandSeen, Content, Entry, EntryKind, FileSeen, LinkEnd, Observation, PathDirectory, Program,
    StepOutput, UserSeen,
};

/// The user's profile on the login PATH.
pub const BIN: &str = "/home/alice/.nix-profile/bin";

/// A store path whose hash is 32 times this digit.
#[must_use]
pub fn stored(digit: char, name: &str) -> String {
    format!("/nix/store/{}-{name}", digit.to_string().repeat(32))
}

/// An observation of a user `alice`, whose home is empty.
#[must_use]
pub fn observation() -> Observation {
    let user = UserSeen {
        home_directory: "/home/alice".into(),
        login_path: vec![PathDirectory {
            directory: BIN.into(),
            profile: Some(Profile::User),
        }],
        sessions: BTreeMap::from([(
            Session::Login,
            BTreeMap::from([("PATH".into(), format!("{BIN}:/usr/bin"))]),
        )]),
        units: Some(BTreeMap::new()),
        ..UserSeen::default()
    };
    Observation {
        users: BTreeMap::from([("alice".into(), user)]),
        ..Observation::printed(StepOutput::default())
    }
}

/// Alice, to be changed.
///
/// # Panics
/// Where there is no alice.
pub fn alice(seen: &mut Observation) -> &mut UserSeen {
    seen.users.get_mut("alice").expect("the sample has alice")
}

/// A command of a login session that ended so and printed nothing.
#[must_use]
pub fn ran(command: &str, status: i32) -> CommandSeen {
    CommandSeen {
        command: command.into(),
        without_guests: false,
        session: Session::Login,
        status,
        late: false,
        no_login: None,
        stdout: String::new(),
        stderr: String::new(),
        truncated: false,
    }
}

/// A regular file of the user's own.
#[must_use]
pub fn file(text: &str) -> Entry {
    entry(EntryKind::File(Content::Text(text.into())), 0o644)
}

/// What is known of a content that is not shown as text.
#[must_use]
pub fn digest(size: u64, sha256: &str) -> Content {
    Content::Digest {
        size,
        sha256: sha256.into(),
        without_hashes: None,
        by_extents: false,
    }
}

/// A directory.
#[must_use]
pub fn directory() -> Entry {
    entry(EntryKind::Directory, 0o755)
}

/// An entry that alice owns.
#[must_use]
pub fn entry(kind: EntryKind, mode: u32) -> Entry {
    Entry {
        kind,
        mode,
        owner: "alice".into(),
        group: "alice".into(),
        attributes: BTreeMap::new(),
    }
}

/// A link into the generation of this digit, to a file that says this.
#[must_use]
pub fn managed(digit: char, path: &str, text: &str) -> Entry {
    let files = stored(digit, "home-manager-files");
    let end = Box::new(LinkEnd {
        kind: TargetKind::Generation,
        path: Some(stored(digit, "hm_file")),
        file: Some(Box::new(FileSeen {
            mode: 0o444,
            owner: "root".into(),
            content: Content::Text(text.into()),
        })),
        tree: None,
    });
    let target = format!("{files}/{path}");
    entry(EntryKind::Symlink { target, end }, 0o777)
}

/// A program of a package in the user's profile.
#[must_use]
pub fn program(name: &str, package: &str, version: &str) -> Program {
    Program {
        name: name.into(),
        directory: BIN.into(),
        profile: Some(Profile::User),
        store_path: Some(stored('0', &format!("{package}-{version}"))),
        package: package.into(),
        version: version.into(),
        shadowed_by: None,
        own: None,
        unable: None,
    }
}

/// A home of so many managed files, of which every hundredth says something else in another generation.
#[must_use]
pub fn large(files: usize, generation: char) -> Observation {
    let mut seen = observation();
    let entries = &mut alice(&mut seen).home.entries;
    for folder in 0..files.div_ceil(100) {
        entries.insert(format!(".config/{folder:04}"), directory());
    }
    for number in 0..files {
        let path = format!(".config/{:04}/{number:06}", number / 100);
        let package = stored(generation, "package-1.0");
        let mut text: String = (0..20)
            .map(|line| format!("setting{line} = {package}/{number}\n"))
            .collect();
        if number.is_multiple_of(100) {
            text.push_str(&format!("generation = {generation}\n"));
        }
        entries.insert(path.clone(), managed(generation, &path, &text));
    }
    seen
}
