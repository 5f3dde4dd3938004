//! The real scripts in a real tree: a Debian root directory with the users alice and bob, entered by chroot. Needs root and
//! a tree that may be written to, so it runs only when asked:
//! `SWITCHPROOF_TRIAL_ROOT=DIR cargo test --lib -- --ignored trial`.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use super::*;
use crate::machine::{GuestExit, GuestScript, GuestUser, MachineError, Observable, TOOLS};
use crate::model::{FileType, Profile, Session, TargetKind};

struct Chroot {
    root: PathBuf,
}

impl Chroot {
    fn from_environment() -> Self {
        let root = std::env::var_os("SWITCHPROOF_TRIAL_ROOT").expect("SWITCHPROOF_TRIAL_ROOT");
        Self { root: root.into() }
    }

    fn command(&self, script: &GuestScript) -> Command {
        let text = script.script.replace(TOOLS, "/usr/bin");
        let mut command = Command::new("chroot");
        command
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        command.arg(&self.root);
        match &script.user {
            GuestUser::Root => command.args(["sh", "-c", &text]),
            GuestUser::Login(user) => command.args([
                "/sbin/runuser",
                "-u",
                user,
                "--",
                "env",
                "-i",
                &format!("--chdir=/home/{user}"),
                &format!("HOME=/home/{user}"),
                &format!("USER={user}"),
                "PATH=/usr/local/bin:/usr/bin:/bin",
                "bash",
                "-l",
                "-c",
                &text,
            ]),
        };
        command
    }

    fn prepare(&self) {
        static PREPARED: OnceLock<()> = OnceLock::new();
        PREPARED.get_or_init(|| {
            let home = include_str!("home.sh");
            let script = GuestScript::root(home, std::time::Duration::from_secs(60));
            assert!(self.command(&script).status().unwrap().success());
            let noted = self.root.join("home/alice/odd/hard1");
            let flags = rustix::fs::XattrFlags::empty();
            rustix::fs::setxattr(noted, "user.note", b"a\nb", flags).unwrap();
        });
    }
}

impl Observable for Chroot {
    fn pull(
        &mut self,
        script: &GuestScript,
        consume: &mut dyn FnMut(&mut dyn Read) -> std::io::Result<()>,
    ) -> Result<GuestExit, MachineError> {
        let mut child = self.command(script).stdout(Stdio::piped()).spawn().unwrap();
        let mut stdout = child.stdout.take().unwrap();
        consume(&mut stdout).unwrap();
        std::io::copy(&mut stdout, &mut std::io::sink()).unwrap();
        let status = child.wait().unwrap().code().unwrap_or(255);
        Ok(GuestExit::with_status(status))
    }
}

fn observed(users: &[&str], probes: Vec<Probe>) -> Observation {
    let mut machine = Chroot::from_environment();
    let users: Vec<String> = users.iter().map(|user| (*user).to_owned()).collect();
    observe(
        &mut machine,
        &users,
        &BTreeSet::new(),
        &probes,
        StepOutput::default(),
    )
    .unwrap()
}

#[test]
#[ignore = "needs root and SWITCHPROOF_TRIAL_ROOT"]
fn a_home_of_everything_is_seen_whole() {
    Chroot::from_environment().prepare();
    let seen = observed(&["alice"], Vec::new());
    let alice = &seen.users["alice"];
    let at = |path: &str| alice.home.at("/home/alice", path);
    let kind = |path: &str| match at(path) {
        Found::Entry(entry) => entry.kind.file_type(),
        other => panic!("{path}: {other:?}"),
    };
    let link = |path: &str| match at(path) {
        Found::Entry(Entry {
            kind: EntryKind::Symlink { end, .. },
            ..
        }) => end.clone(),
        other => panic!("{path}: {other:?}"),
    };
    let kinds = ["odd/fifo", "odd/sock", "odd/secret/s"].map(kind);
    assert_eq!(kinds, [FileType::Fifo, FileType::Socket, FileType::File]);
    assert_eq!(at("odd/hard1"), at("odd/hard2"));
    let first = "odd/hard1".into();
    let entries = &alice.home.entries;
    assert_eq!(entries["odd/hard2"].kind, EntryKind::HardLink { first });
    assert_eq!(entries["odd/hard1"].attributes["user.note"], "a\\nb");
    assert_eq!(alice.home.itself.as_ref().map(|it| it.mode), Some(0o750));
    for name in ["odd/bad\\xffname", "odd/new\\nline"] {
        assert!(entries.contains_key(name), "{name}");
    }
    assert_eq!(link("odd/loop1").kind, TargetKind::Dangling);
    assert_eq!(link("odd/dangling").kind, TargetKind::Dangling);
    assert_eq!(link("odd/self").kind, TargetKind::OutOfStore);
    assert_eq!(link(".outrc").kind, TargetKind::OutOfStore);
    assert_eq!(link(".outrc").path.as_deref(), Some("/home/alice/dots/rc"));
    assert_eq!(link(".bashrc").kind, TargetKind::Generation);
    assert!(link(".bashrc").file.is_some());
    for nvim in [".config/nvim", "straight"] {
        let tree = link(nvim).tree.unwrap_or_default();
        let kind = |path: &str| &tree[path].kind;
        assert_eq!(*kind("empty"), InsideKind::Directory);
        assert_eq!(*kind("gone"), InsideKind::NotFollowed);
        assert_eq!(tree["gone"].link.as_deref(), Some("nowhere"));
        assert_eq!(*kind("root"), InsideKind::NotFollowed);
        assert!(!tree.contains_key("root/etc"), "it leads out of the store");
        assert!(matches!(kind("other/deep/f"), InsideKind::File(_)));
        assert!(matches!(kind("lua/up/lua"), InsideKind::Directory));
        assert!(matches!(
            kind("large"),
            InsideKind::File(FileSeen {
                content: Content::Digest {
                    size: 34_603_011,
                    ..
                },
                ..
            })
        ));
    }
    assert_eq!(link("profile-link").tree, None, "its programs say it");
    assert!(matches!(at(".config/nvim/lua/a.lua"), Found::Followed(_)));
    assert_eq!(at(".cache/nix/db"), Found::NotLooked);
    assert!(matches!(
        at("odd/sparse"),
        Found::Entry(Entry {
            kind: EntryKind::File(Content::Digest {
                size: 2_147_483_648,
                by_extents: true,
                ..
            }),
            ..
        })
    ));
    // The hash of a mebibyte of zeros: a short sparse file is hashed as it reads.
    assert!(matches!(at("odd/smallsparse"), Found::Entry(Entry {
        kind: EntryKind::File(Content::Digest { sha256, by_extents: false, .. }), ..
    }) if sha256 == "30e14955ebf1352266dc2ff8067e68104607e750abb9d3b36582b8af909fcb58"));
    assert_eq!(alice.generations.numbers, [1, 2]);
    assert_eq!(alice.generations.current, Some(2));
    let program = |name: &str| {
        let found = alice.programs.iter().find(|it| it.name == name);
        found.unwrap_or_else(|| panic!("{name}"))
    };
    let hello = program("hello");
    assert_eq!((&*hello.package, &*hello.version), ("hello", "2.10"));
    assert_eq!(hello.profile, Some(Profile::User));
    assert_eq!(hello.own, None, "a package");
    assert_eq!(hello.unable, None);
    let unable = "its interpreter /nowhere/sh is not there";
    assert_eq!(program("lost").unable.as_deref(), Some(unable));
    let text = |text: &str| OwnFile::File(Content::Text(text.into()));
    assert_eq!(program("deploy").own, Some(text("#!/bin/sh\nrm -rf /\n")));
    assert_eq!(alice.profiles[&Profile::User].generations, [1]);
    assert_eq!(alice.sessions[&Session::Login]["EDITOR"], "vim");
    assert!(alice.system_programs.contains_key("tar"));
    let packages = alice.packages.iter();
    let mut packages: Vec<_> = packages.map(|it| (&*it.package, &*it.version)).collect();
    packages.sort_unstable();
    let all = [
        ("deploy", ""),
        ("fonts", "2.37"),
        ("git", "2.39.5"),
        ("hello", "2.10"),
        ("home-configuration-reference-manpage", ""),
        ("vars.sh", ""),
    ];
    assert_eq!(packages, all);
    let files = |name: &str| {
        let mut found = alice.packages.iter();
        found
            .find(|it| it.package == name)
            .map(|it| it.files.clone())
    };
    let manual = "home-configuration-reference-manpage";
    assert_eq!(files(manual), Some(BTreeMap::new()));
    let vars = ("etc/profile.d/vars.sh".to_owned(), text("export LANG=C\n"));
    assert_eq!(files("vars.sh"), Some([vars].into()));
    assert_eq!(seen, observed(&["alice"], Vec::new()), "not deterministic");
    let kept = serde_json::to_string(&seen).unwrap();
    assert_eq!(serde_json::from_str::<Observation>(&kept).unwrap(), seen);
}

#[test]
#[ignore = "needs root and SWITCHPROOF_TRIAL_ROOT"]
fn commands_and_sessions_are_run_as_asked() {
    Chroot::from_environment().prepare();
    let command = |session, command: &str| Probe::Command {
        user: Some("alice".into()),
        without_guests: false,
        session,
        command: command.into(),
    };
    let session = |session| Probe::Session {
        user: None,
        session,
    };
    let probes = Vec::from([
        command(
            Session::Login,
            "echo \"it's $EDITOR\"; echo bad >&2; exit 3",
        ),
        command(Session::Login, "sleep 0.1 & yes | head -c 100000"),
        command(Session::NonInteractive, "echo \"<$EDITOR>\"; pwd"),
        command(Session::Interactive, "echo $-"),
        session(Session::NonInteractive),
        session(Session::Interactive),
    ]);
    let seen = observed(&["alice", "bob"], probes);
    let alice = &seen.users["alice"];
    let of = |part: &str| {
        let mut ran = alice.commands.iter();
        ran.find(|it| it.command.contains(part)).unwrap()
    };
    let own = of("it's");
    assert_eq!((own.status, &*own.stdout), (3, "noise\nit's vim\n"));
    assert_eq!(own.stderr, "bad\n");
    assert!(of("yes").truncated);
    assert_eq!(of("pwd").stdout, "<>\n/home/alice\n");
    assert!(of("$-").stdout.contains('i'));
    assert_eq!(of("$-").stderr, "");
    assert!(alice.sessions[&Session::NonInteractive].contains_key("HOME"));
    assert_eq!(alice.sessions[&Session::Interactive]["EDITOR"], "vim");
    assert!(seen.users["bob"].programs.is_empty());
}
