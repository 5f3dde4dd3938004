//! The real scripts in a real tree: a Debian root directory with the users alice and bob, entered by chroot. Needs root and
//! a tree that may be written to, so it runs only when asked:
//! `SWITCHPROOF_TRIAL_ROOT=DIR cargo test --lib -- --ignored trial`.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use super::*;
use crate::machine::{GuestExit, GuestScript, GuestUser, Machine, MachineError, Stream, TOOLS};
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

impl Machine for Chroot {
    fn exec(
        &mut self,
        _: &GuestScript,
        _: &mut dyn FnMut(Stream, &[u8]),
    ) -> Result<GuestExit, MachineError> {
        unreachable!("looking at a machine only pulls")
    }

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

    fn push(
        &mut self,
        _: &[u8],
        _: &str,
        _: Option<&str>,
    ) -> Result<crate::machine::Unpacked, MachineError> {
        unreachable!("looking at a machine only pulls")
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
    assert_eq!(kind("odd/fifo"), FileType::Fifo);
    assert_eq!(kind("odd/sock"), FileType::Socket);
    assert_eq!(kind("odd/secret/s"), FileType::File);
    assert_eq!(at("odd/hard1"), at("odd/hard2"));
    assert_eq!(
        alice.home.entries["odd/hard2"].kind,
        EntryKind::HardLink {
            first: "odd/hard1".into()
        }
    );
    assert_eq!(
        alice.home.entries["odd/hard1"].attributes["user.note"],
        "a\\nb"
    );
    assert_eq!(alice.home.itself.as_ref().map(|it| it.mode), Some(0o750));
    assert!(alice.home.entries.contains_key("odd/bad\\xffname"));
    assert!(alice.home.entries.contains_key("odd/new\\nline"));
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
    let hello = alice
        .programs
        .iter()
        .find(|program| program.name == "hello")
        .unwrap();
    assert_eq!(
        (hello.package.as_str(), hello.version.as_str()),
        ("hello", "2.10")
    );
    assert_eq!(hello.profile, Some(Profile::User));
    assert_eq!(hello.own, None, "a package");
    assert_eq!(hello.unable, None);
    let lost = alice.programs.iter().find(|it| it.name == "lost").unwrap();
    assert_eq!(
        lost.unable.as_deref(),
        Some("its interpreter /nowhere/sh is not there")
    );
    let deploy = alice.programs.iter().find(|it| it.name == "deploy");
    assert_eq!(
        deploy.unwrap().own,
        Some(OwnFile::File(Content::Text("#!/bin/sh\nrm -rf /\n".into())))
    );
    assert_eq!(alice.profiles[&Profile::User].generations, [1]);
    assert_eq!(alice.sessions[&Session::Login]["EDITOR"], "vim");
    assert!(alice.system_programs.contains_key("tar"));
    let packages: Vec<(&str, &str)> = alice
        .packages
        .iter()
        .map(|it| (&*it.package, &*it.version))
        .collect();
    let all = [
        ("deploy", ""),
        ("fonts", "2.37"),
        ("git", "2.39.5"),
        ("hello", "2.10"),
        ("home-configuration-reference-manpage", ""),
        ("vars.sh", ""),
    ];
    let mut sorted = packages;
    sorted.sort_unstable();
    assert_eq!(sorted, all);
    let manual = alice
        .packages
        .iter()
        .find(|it| it.package.ends_with("manpage"));
    assert_eq!(manual.unwrap().files, BTreeMap::new());
    let vars = alice
        .packages
        .iter()
        .find(|it| it.package == "vars.sh")
        .unwrap();
    let text = OwnFile::File(Content::Text("export LANG=C\n".into()));
    assert_eq!(
        vars.files,
        BTreeMap::from([("etc/profile.d/vars.sh".to_owned(), text)])
    );
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
        session,
        command: command.into(),
    };
    let probes = Vec::from([
        command(
            Session::Login,
            "echo \"it's $EDITOR\"; echo bad >&2; exit 3",
        ),
        command(Session::Login, "sleep 0.1 & yes | head -c 100000"),
        command(Session::NonInteractive, "echo \"<$EDITOR>\"; pwd"),
        command(Session::Interactive, "echo $-"),
        Probe::Session {
            user: None,
            session: Session::NonInteractive,
        },
        Probe::Session {
            user: None,
            session: Session::Interactive,
        },
    ]);
    let seen = observed(&["alice", "bob"], probes);
    let alice = &seen.users["alice"];
    let of = |part: &str| {
        alice
            .commands
            .iter()
            .find(|seen| seen.command.contains(part))
            .unwrap()
    };
    assert_eq!(
        (of("it's").status, of("it's").stdout.as_str()),
        (3, "noise\nit's vim\n")
    );
    assert_eq!(of("it's").stderr, "bad\n");
    assert!(of("yes").truncated);
    assert_eq!(of("pwd").stdout, "<>\n/home/alice\n");
    assert!(of("$-").stdout.contains('i'));
    assert_eq!(of("$-").stderr, "");
    assert!(alice.sessions[&Session::NonInteractive].contains_key("HOME"));
    assert_eq!(alice.sessions[&Session::Interactive]["EDITOR"], "vim");
    assert!(seen.users["bob"].programs.is_empty());
}
