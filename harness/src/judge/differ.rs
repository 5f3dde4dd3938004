//! What must never be taken for equal: setups that differ, and homes that were changed in one place.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::diff::diff;
use super::render::render;
use super::render::tests::{entry, font, managed, observation, step};
use crate::change::sample::{alice, digest};
use crate::model::{Session, TargetKind};
use crate::observe::{
    Content, Entry, EntryKind, Home, Inside, InsideKind, LinkEnd, Observation, OwnFile,
    ProfilePackage, Program, UserSeen,
};
use crate::testing::has;

/// What was seen of a setup that made this of a common home.
fn seen(change: impl FnOnce(&mut UserSeen)) -> Observation {
    let mut seen = observation();
    change(alice(&mut seen));
    seen
}

/// A pair of setups, and what of their difference a reader must find.
fn differ(name: &str, told: &[&str], [one, other]: [Observation; 2]) {
    let shown = diff(&render(&step(), &one), &render(&step(), &other));
    for words in told {
        assert!(shown.contains(words), "{name}: no `{words}` in\n{shown}");
    }
}

/// Two contents of the same managed file.
fn file([one, other]: [&str; 2], told: &[&str]) {
    let with = |text| seen(|user| drop(user.home.entries.insert(".managed".into(), managed(text))));
    differ(one, told, [with(one), with(other)]);
}

fn program(name: &str, own: Option<OwnFile>) -> Program {
    Program {
        name: name.into(),
        package: "tools".into(),
        version: String::new(),
        own,
        ..observation().users["alice"].programs[0].clone()
    }
}

/// A link to a directory in the store.
fn tree(inside: &[(&str, Option<&str>, InsideKind)]) -> Entry {
    let inside = inside.iter().map(|(path, link, kind)| {
        let link = link.map(str::to_owned);
        (
            (*path).to_owned(),
            Inside {
                link,
                kind: kind.clone(),
            },
        )
    });
    entry(EntryKind::Symlink {
        target: "/nix/store/0123456789abcdfghijklmnpqrsvwxyz-home-manager-files/t".into(),
        end: Box::new(LinkEnd {
            kind: TargetKind::Generation,
            path: Some("/nix/store/0123456789abcdfghijklmnpqrsvwxyz-t".into()),
            file: None,
            tree: Some(inside.collect()),
        }),
    })
}

#[test]
fn eleven_pairs_of_setups_that_differ_are_told_apart() {
    let language = |language: &str, zone: &str| {
        seen(|user| {
            let session = user.sessions.entry(Session::Login).or_default();
            session.insert("LANG".into(), language.into());
            session.insert("TZ".into(), zone.into());
        })
    };
    let here = [
        language("C.UTF-8", "UTC"),
        language("de_DE.UTF-8", "Europe/Berlin"),
    ];
    let told = [
        "-  LANG=C.UTF-8",
        "+  LANG=de_DE.UTF-8",
        "+  TZ=Europe/Berlin",
    ];
    differ("language and zone", &told, here);
    // Blanks in a .vimrc, CR LF in a script, colours in a prompt, a date, an SRI hash, a number.
    file(
        ["set nu\n", "set nu  \n"],
        &["-      | set nu", "+      |\\ set nu"],
    );
    file(
        ["#!/bin/sh\n", "#!/bin/sh\r\n"],
        &["+      |\\ #!/bin/sh\\r"],
    );
    file(
        ["PS1='\x1b[31m$'\n", "PS1='\x1b[32m$'\n"],
        &["[31m", "[32m"],
    );
    file(
        ["on 2024-05-31\n", "on 2025-06-01\n"],
        &["+      | on 2025-06-01"],
    );
    let hashes = [
        "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
        "sha256-n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=\n",
    ];
    file(hashes, &["-      | sha256-47DE", "+      | sha256-n4bQ"]);
    file(["nice 12\n", "nice 19\n"], &["+      | nice 19"]);
    let nine = |last: &str| {
        let names = ["a1", "a2", "a3", "b1", "b2", "c1", "c2", "d1", last];
        seen(|user| user.programs = names.map(|name| program(name, None)).into())
    };
    let told = ["-      d1, d2", "+      d1, d3"];
    differ(
        "the ninth program of a package",
        &told,
        [nine("d2"), nine("d3")],
    );
    let large = |digit| {
        let kind = EntryKind::File(digest(33 << 20, &String::from(digit).repeat(64)));
        seen(|user| drop(user.home.entries.insert("large".into(), entry(kind))))
    };
    let told = ["34603008 bytes, sha256 aaaa", "34603008 bytes, sha256 bbbb"];
    differ("a file of 33 MiB", &told, [large('a'), large('b')]);
    let linked =
        |inside: &[_]| seen(|user| drop(user.home.entries.insert("t".into(), tree(inside))));
    let inside = [
        ("bin", None, InsideKind::Directory),
        ("empty", None, InsideKind::Directory),
        ("gone", Some("/nowhere"), InsideKind::NotFollowed),
    ];
    let told = ["+    t/empty/", "+    t/gone -> /nowhere"];
    differ(
        "inside a linked tree",
        &told,
        [linked(&inside[..1]), linked(&inside)],
    );
    let fonts = |fonts: &[ProfilePackage]| seen(|user| user.packages = fonts.into());
    let told = ["+  dejavu-fonts 2.37 (the user's profile), no programs"];
    differ("a font", &told, [fonts(&[]), fonts(&[font()])]);
    let variables = |text: &str| {
        let file = OwnFile::File(Content::Text(text.into()));
        let package = ProfilePackage {
            package: "hm-session-vars.sh".into(),
            version: String::new(),
            files: [("etc/profile.d/hm-session-vars.sh".to_owned(), file)].into(),
            ..font()
        };
        seen(|user| user.packages = vec![package.clone()])
    };
    let files = ["C", "de"].map(|language| variables(&format!("export LANG=\"{language}\"\n")));
    let told = ["-      | export LANG=\"C\"", "+      | export LANG=\"de\""];
    differ("the language, in a file that no shell reads", &told, files);
    let deploy = |text: &str| {
        let own = OwnFile::File(Content::Text(text.into()));
        seen(|user| user.programs = vec![program("deploy", Some(own))])
    };
    let scripts = ["#!/bin/sh\nrsync -a . host:\n", "#!/bin/sh\nrm -rf /\n"].map(deploy);
    differ(
        "a deploy script",
        &["-    deploy (", "+    deploy ("],
        scripts,
    );
}

/// The same setup on an image whose packages are of this `version`, and have `programs`.
fn on_image(version: &str, digit: char, programs: &[&str]) -> Observation {
    let name = |package: &str| format!("{}-{package}-{version}", String::from(digit).repeat(32));
    let (git, locales) = (name("git"), name("glibc-locales"));
    let bin = format!("/nix/store/{git}/bin");
    let mut seen = seen(|user| {
        let config = format!("pager = {bin}/pager, see {bin}.\n");
        let entries = &mut user.home.entries;
        entries.insert(".gitconfig".into(), managed(&config));
        let program = |name: &&str| Program {
            name: (*name).into(),
            package: "git".into(),
            version: version.into(),
            store_path: Some(format!("/nix/store/{git}")),
            ..user.programs[0].clone()
        };
        user.programs = programs.iter().map(program).collect();
        user.login_path[0].directory = bin.clone();
        let session = user.sessions.entry(Session::Login).or_default();
        session.insert("LOCALE_ARCHIVE".into(), format!("/nix/store/{locales}/lib"));
    });
    seen.output.status = 1;
    seen.output.stderr = format!("error: collision between `{bin}/git' and git-{version}\n");
    seen.warnings = vec![format!("git-{version} is old")];
    seen.image_paths = [git, locales].into();
    seen
}

#[test]
fn an_image_of_newer_packages_shows_the_same_and_another_channel_does_not() {
    let shown = |seen: &Observation| render(&step(), seen);
    let mut older = on_image("2.47.3", '0', &["git", "gitk"]);
    let mut newer = on_image("2.53.0-1", '1', &["git", "git-new"]);
    assert_eq!(shown(&older), shown(&newer));
    // What did not come with the image is told with its version.
    older.image_paths.clear();
    newer.image_paths.clear();
    let told = diff(&shown(&older), &shown(&newer));
    for line in [
        "git 2.53.0-1",
        "LOCALE_ARCHIVE=",
        "- git-2.53.0-1 is old",
        "PATH=",
    ] {
        has(&told, &format!("+  {line}"));
    }
}

fn text() -> impl Strategy<Value = String> {
    let odd: Vec<char> = "\t\r\n \\|\"\x1b\u{202e}\u{feff}\u{85}x".chars().collect();
    let character = prop_oneof![any::<char>(), prop::sample::select(odd)];
    prop::collection::vec(character, 0..30).prop_map(|text| text.into_iter().collect())
}

fn kind() -> impl Strategy<Value = EntryKind> {
    let link = "[a-z/.]{1,12}".prop_map(|target| EntryKind::Symlink {
        target,
        end: LinkEnd::new(TargetKind::OutOfStore),
    });
    prop_oneof![
        4 => text().prop_map(|text| EntryKind::File(Content::Text(text))),
        1 => (any::<u64>(), "[0-9a-f]{64}")
            .prop_map(|(size, sha256)| EntryKind::File(digest(size, &sha256))),
        1 => Just(EntryKind::Directory),
        2 => link,
        1 => Just(EntryKind::Fifo),
        1 => Just(EntryKind::Socket),
        1 => (any::<bool>(), 0_u32..300, 0_u32..300)
            .prop_map(|(block, major, minor)| EntryKind::Device { block, major, minor }),
    ]
}

fn entries() -> impl Strategy<Value = Entries> {
    let any_entry = (kind(), 0_u32..0o10000).prop_map(|(kind, mode)| Entry {
        mode,
        ..entry(kind)
    });
    prop::collection::btree_map("[a-z]{1,6}", any_entry, 1..8)
}

/// A change of one place in a home.
#[derive(Debug, Clone)]
enum Change {
    Mode(u32),
    Owner,
    Group,
    Attribute,
    Kind(EntryKind),
    Content(usize, char),
    Gone,
    New(EntryKind),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        1 => (0_u32..12).prop_map(|bit| Change::Mode(1 << bit)),
        1 => Just(Change::Owner),
        1 => Just(Change::Group),
        1 => Just(Change::Attribute),
        1 => kind().prop_map(Change::Kind),
        4 => (any::<usize>(), any::<char>()).prop_map(|(at, character)| Change::Content(at, character)),
        1 => Just(Change::Gone),
        1 => kind().prop_map(Change::New),
    ]
}

type Entries = BTreeMap<String, Entry>;

fn changed(entries: &Entries, at: usize, change: Change) -> Entries {
    let mut entries = entries.clone();
    let name = entries.keys().nth(at % entries.len()).cloned();
    let name = name.unwrap_or_default();
    let Some(entry_at) = entries.get_mut(&name) else {
        return entries;
    };
    match change {
        // The mode of a link has no meaning.
        Change::Mode(_) if matches!(entry_at.kind, EntryKind::Symlink { .. }) => {}
        Change::Mode(bit) => entry_at.mode ^= bit,
        Change::Owner => entry_at.owner = format!("{}x", entry_at.owner).as_str().into(),
        Change::Group => entry_at.group = format!("{}x", entry_at.group).as_str().into(),
        Change::Attribute => drop(entry_at.attributes.insert("user.x".into(), "1".into())),
        Change::Kind(kind) => entry_at.kind = kind,
        Change::Content(at, character) => {
            if let EntryKind::File(Content::Text(text)) = &mut entry_at.kind {
                let mut characters: Vec<char> = text.chars().collect();
                characters.insert(at % (characters.len() + 1), character);
                *text = characters.into_iter().collect();
            }
        }
        Change::Gone => drop(entries.remove(&name)),
        Change::New(kind) => drop(entries.insert("0-new".into(), entry(kind))),
    }
    entries
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_home_changed_in_one_place_is_another(
        before in entries(), at in any::<usize>(), change in change(),
    ) {
        let after = changed(&before, at, change);
        prop_assume!(before != after);
        let shown = |entries: Entries| {
            render(&step(), &seen(|user| user.home = Home { itself: None, entries }))
        };
        prop_assert_ne!(shown(before), shown(after));
    }
}
