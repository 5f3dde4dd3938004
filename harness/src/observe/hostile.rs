//! What a hostile or broken guest may send: nothing of it may panic, hang, or be believed to be whole.

use std::collections::BTreeSet;
use std::io::{self, Read};

use super::fields::Source;
use super::sample::{filled, homes_stream, login_stream};
use super::sections::read_homes;
use super::*;
use crate::machine::{Bound, GuestExit, GuestScript, MachineError, Observable};
use crate::testing::{Dice, has};

/// A machine that sends these streams when it is observed; where one is empty, its time passes.
struct Sends {
    homes: Vec<u8>,
    login: Vec<u8>,
}

impl Observable for Sends {
    fn pull(
        &mut self,
        script: &GuestScript,
        consume: &mut dyn FnMut(&mut dyn Read) -> io::Result<()>,
    ) -> Result<GuestExit, MachineError> {
        let stream = match script.script.contains("switchproof-homes") {
            true => &self.homes,
            false => &self.login,
        };
        consume(&mut filled(stream.clone(), script).as_slice())
            .map_err(|error| MachineError::new(error.to_string(), None))?;
        if stream.is_empty() {
            return Err(MachineError {
                beyond: Some(Bound::Deadline),
                ..MachineError::new("the deadline passed", Some("give it longer"))
            });
        }
        Ok(GuestExit::with_status(0))
    }
}

fn homes() -> Vec<u8> {
    let long = "long/".repeat(60) + "name";
    homes_stream(&[("alice", &[(".bashrc", "a\n"), (&long, "b")]), ("bob", &[])])
}

fn observed(homes: Vec<u8>, login: Vec<u8>) -> Result<Observation, MachineError> {
    let mut machine = Sends { homes, login };
    let users = ["alice".to_owned(), "bob".to_owned()];
    let none = BTreeSet::new();
    observe(&mut machine, &users, &none, &[], StepOutput::default())
}

fn login() -> Vec<u8> {
    login_stream(&[("PATH", "/usr/bin:/bin"), ("EDITOR", "vim")])
}

#[test]
fn the_sample_itself_is_good() {
    let seen = observed(homes(), login()).unwrap();
    let alice = &seen.users["alice"];
    assert_eq!(alice.home.entries.len(), 2);
    assert_eq!(alice.home.entries[".bashrc"].owner.to_string(), "alice");
    assert_eq!(alice.login_path.len(), 2);
}

#[test]
fn a_user_whose_shell_is_gone_is_seen_all_the_same() {
    let login = "\0@NONCE@ told\nno-shell\n127\n/run/current-system/sw/bin/zsh\n\0done\0";
    let seen = observed(homes(), login.into()).unwrap();
    assert_eq!(seen.users["alice"].home.entries.len(), 2);
    let said: Vec<String> = seen.no_logins().map(ToString::to_string).collect();
    let gone =
        "alice cannot log in: their login shell /run/current-system/sw/bin/zsh does not exist";
    assert_eq!(said[0], gone);
    assert_eq!(said.len(), 2, "and so is bob: {said:?}");
}

#[test]
fn a_user_whose_start_up_files_print_for_ever_cannot_log_in() {
    let seen = observed(homes(), b"y\n".repeat(1024 * 1024)).unwrap();
    let said: Vec<String> = seen.no_logins().map(ToString::to_string).collect();
    let floods = "alice cannot log in: their start-up files printed more than 1024 KiB before a command could run";
    assert_eq!(said[0], floods);
}

#[test]
fn a_stream_without_an_end_is_no_step_that_is_too_slow() {
    let error = observed(Vec::new(), login()).unwrap_err();
    let said =
        "the homes of the guest could not be observed: the guest still sent when its time was up";
    assert_eq!(error.to_string(), said);
    has(error.hint.unwrap(), "keeps printing");
    assert_eq!(error.beyond, None);
}

#[test]
fn a_look_that_start_up_files_feign_is_none() {
    let feigned = String::from_utf8(super::sample::login_stream(&[])).unwrap();
    let feigned = feigned.replace("@NONCE@", "0123456789abcdef0123456789abcdef");
    assert!(observed(homes(), feigned.into()).is_err());
}

#[test]
fn a_stream_cut_anywhere_is_an_error() {
    let (all_homes, all_login) = (homes(), login());
    for length in (0..all_homes.len()).step_by(97) {
        let cut = observed(all_homes[..length].to_vec(), login());
        assert!(cut.is_err(), "{length}");
    }
    for length in 0..all_login.len() {
        let cut = observed(homes(), all_login[..length].to_vec());
        assert!(cut.is_err(), "{length}");
    }
}

#[test]
fn spoilt_bytes_never_panic() {
    let mut dice = Dice(0x5eed);
    for _ in 0..2000 {
        let (mut homes, mut login) = (homes(), login());
        for _ in 0..=dice.below(8) {
            // The archives' padding is most of the stream; what is before it is worth more blows.
            let at = dice.below(4000.min(homes.len()));
            homes[at] = dice.below(256) as u8;
            let at = dice.below(login.len());
            login[at] = dice.below(256) as u8;
        }
        let _ = observed(homes, login);
    }
}

#[test]
fn noise_never_panics() {
    let mut dice = Dice(0xbad);
    for _ in 0..500 {
        let length = dice.below(5000);
        let noise: Vec<u8> = (0..length).map(|_| dice.below(256) as u8).collect();
        let mut stream = b"switchproof-homes-1\0".to_vec();
        stream.extend_from_slice(&noise);
        assert!(observed(stream, login()).is_err());
        let mut stream = b"\0switchproof-login-1\0".to_vec();
        stream.extend_from_slice(&noise);
        let _ = observed(homes(), stream);
    }
}

/// Sends a beginning and then the same block without end.
struct Endless {
    head: Vec<u8>,
    block: Vec<u8>,
    at: usize,
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        for byte in buffer.iter_mut() {
            *byte = match self.at.checked_sub(self.head.len()) {
                None => self.head[self.at],
                Some(over) => self.block[over % self.block.len()],
            };
            self.at += 1;
        }
        Ok(buffer.len())
    }
}

fn endless(head: &[&[u8]], block: &[u8]) -> io::Error {
    let mut stream = Endless {
        head: head.concat(),
        block: block.to_vec(),
        at: 0,
    };
    read_homes(&mut Source::new(&mut stream), 1).unwrap_err()
}

const TO_TAR: &[u8] =
    b"switchproof-homes-1\0root:x:0:0\n\0root:x:0:\n\0\0\0alice\0/home/alice\0\0present\0\0\0\0\0\0\0\0\0";

fn header(kind: tar::EntryType, size: u64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.as_mut_bytes()[0] = b'x';
    header.set_cksum();
    header
}

#[test]
fn endless_things_are_refused_early() {
    let header = |kind, size| header(kind, size).as_bytes().to_vec();
    let long = header(tar::EntryType::XHeader, 1 << 40);
    let directory = header(tar::EntryType::Directory, 0);
    let gnu = header(tar::EntryType::GNULongName, 0);
    let refused = |head: &[&[u8]], block: &[u8]| endless(head, block).to_string();
    has(refused(&[b"switchproof-homes-1\0"], b"x"), "longer than");
    has(refused(&[TO_TAR, &long], b"n"), "longer than");
    has(refused(&[TO_TAR], &directory), "more than");
    has(refused(&[TO_TAR], &gnu), "type");
}

#[test]
fn a_sparse_map_that_lies_is_refused() {
    for (map, real) in [
        ("1\n0\n1024\n", "512"),
        ("1\n18446744073709551610\n512\n", "18446744073709551615"),
        ("2\n512\n512\n0\n512\n", "4096"),
        ("1\n4096\n0\n", "512"),
        ("9999999999\n", "512"),
        ("99999999999999999999\n", "512"),
        ("x\n", "512"),
    ] {
        let record = |text: String| format!("{} {text}\n", text.len() + 4);
        let records = record(format!("GNU.sparse.realsize={real}"));
        let extended = header(tar::EntryType::XHeader, records.len() as u64);
        let mut extended = [extended.as_bytes(), records.as_bytes()].concat();
        extended.resize(1024, 0);
        let mut stored = map.as_bytes().to_vec();
        stored.resize(512, 0);
        let file = header(tar::EntryType::Regular, 512 + 1024);
        let error = endless(&[TO_TAR, &extended, file.as_bytes(), &stored], &[0]);
        assert!(error.to_string().contains("sparse"), "{map}: {error}");
    }
}

#[test]
fn a_long_text_is_kept_aside_and_anything_else_is_not() {
    let text = "x".repeat(70_000) + "end";
    let binary = "x".repeat(70_000) + "\0";
    let longer = "x".repeat(5 * 1024 * 1024);
    let files = [("text", &*text), ("binary", &*binary), ("longer", &*longer)];
    let seen = observed(homes_stream(&[("alice", &files), ("bob", &[])]), login()).unwrap();
    let home = &seen.users["alice"].home;
    let kept = |path: &str| match &home.entries[path].kind {
        EntryKind::File(Content::Digest { sha256, .. }) => seen.long_texts.get(sha256),
        other => panic!("{path}: {other:?}"),
    };
    assert_eq!(kept("text"), Some(&text));
    assert_eq!((kept("binary"), kept("longer")), (None, None));
}

#[test]
fn places_are_looked_at_only_where_they_are_asked_for() {
    let users = ["alice".to_owned()];
    let probe = Probe::Place {
        user: Some("alice".into()),
        base: Place::Generation,
        path: "activate".into(),
    };
    let mut machine = Sends {
        homes: homes_stream(&[("alice", &[])]),
        login: login(),
    };
    let none = BTreeSet::new();
    let observed = observe(&mut machine, &users, &none, &[probe], StepOutput::default());
    // The sample answers with a session where places were asked for, which is not believed.
    let refused = observed.unwrap_err().to_string();
    has(
        refused,
        "the places that are asked for could not be observed",
    );
}
