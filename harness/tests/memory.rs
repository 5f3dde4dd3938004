//! How much memory the harness takes at most, whatever a guest sends: the worst of each stream, as large as it is let
//! through, is observed twice, shown, compared, written down and read back, in a process of its own whose peak is
//! measured.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read};
use std::path::Path;
use std::process::Command;

use switchproof::change::{Change, ShowOptions};
use switchproof::judge;
use switchproof::language::{LoadOptions, load_text};
use switchproof::login::Nonce;
use switchproof::machine::{GuestExit, GuestScript, MachineError, Observable, Stream};
use switchproof::model::Session;
use switchproof::observe::{Observation, OutputCollector, Probe, StepOutput, observe};
use switchproof::plan::StateKey;
use switchproof::run::{ResultStore, RunId, Seen};

/// What the process may take, in KiB.
const LIMIT_KIB: u64 = 200 * 1024;
/// Set in the process that is measured.
const MEASURED: &str = "SWITCHPROOF_TEST_MEASURED";

const SCENARIO: &str =
    "name: worst\nsetup: { home: { stateVersion: \"26.05\" } }\nsteps: [switch]\n";

/// Pieces of a stream, made as they are read.
type Pieces = Box<dyn Iterator<Item = Vec<u8>>>;

/// A guest that sends this when it is observed.
struct Guest {
    homes: fn() -> Pieces,
    login: fn(&str) -> Pieces,
    probes: Vec<Probe>,
}

impl Default for Guest {
    fn default() -> Self {
        Self {
            homes: || homes(none(), none()),
            login: |nonce| login(nonce, none(), piece("\0\0"), none()),
            probes: Vec::new(),
        }
    }
}

impl Observable for Guest {
    fn pull(
        &mut self,
        script: &GuestScript,
        consume: &mut dyn FnMut(&mut dyn Read) -> io::Result<()>,
    ) -> Result<GuestExit, MachineError> {
        let pieces = match Nonce::of(&script.script) {
            Some(nonce) => (self.login)(nonce.as_str()),
            None => (self.homes)(),
        };
        consume(&mut Sent {
            pieces,
            piece: Vec::new(),
            at: 0,
        })
        .map_err(|error| MachineError::new(error.to_string(), None))?;
        Ok(GuestExit::with_status(0))
    }
}

struct Sent {
    pieces: Pieces,
    piece: Vec<u8>,
    at: usize,
}

impl Read for Sent {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.piece.len() {
            let Some(piece) = self.pieces.next() else {
                return Ok(0);
            };
            (self.piece, self.at) = (piece, 0);
        }
        let length = buffer.len().min(self.piece.len() - self.at);
        buffer[..length].copy_from_slice(&self.piece[self.at..self.at + length]);
        self.at += length;
        Ok(length)
    }
}

fn none() -> Pieces {
    Box::new(std::iter::empty())
}

fn piece(bytes: impl Into<Vec<u8>>) -> Pieces {
    Box::new(std::iter::once(bytes.into()))
}

/// Alice's home with these members in its archive, and these fields behind its links.
fn homes(members: Pieces, behind: Pieces) -> Pieces {
    home(none(), members, behind)
}

/// As [`homes`], with these packages in the user's profile.
fn home(packages: Pieces, members: Pieces, behind: Pieces) -> Pieces {
    let head = "switchproof-homes-1\0root:x:0:0\nalice:x:1000:1000::/home/alice:/bin/bash\n\0root:x:0:\nalice:x:1000:\n\0\
                \0\0alice\0/home/alice\0\0present\0\0\0\0\0\0";
    let end = "end\x000\0\0";
    Box::new(
        piece(head)
            .chain(packages)
            .chain(piece("\0\0\0"))
            .chain(archive(members))
            .chain(piece(end))
            .chain(behind)
            .chain(piece("\0"))
            .chain(archive(none()))
            .chain(piece(end))
            .chain(piece("\0done\0")),
    )
}

/// A session of alice's with these variables and programs, each a run of fields, and answers to commands.
fn login(nonce: &str, variables: Pieces, programs: Pieces, answers: Pieces) -> Pieces {
    let head = format!("\0{nonce} switchproof-login-2\0");
    let tail = format!("\0\0\0\0\0\0\x000\0done\0\0{nonce} told\nran\n0\n/bin/bash\n\0");
    Box::new(
        piece(head)
            .chain(variables)
            .chain(piece("\0"))
            .chain(programs)
            .chain(piece(tail))
            .chain(answers)
            .chain(piece("done\0")),
    )
}

/// Members of an archive, padded to whole records.
fn archive(members: Pieces) -> Pieces {
    const RECORD: usize = 128 * 512;
    let mut sent = 0;
    let mut is_over = false;
    let mut members = members;
    Box::new(std::iter::from_fn(move || {
        if is_over {
            return None;
        }
        let next = members.next().unwrap_or_else(|| {
            is_over = true;
            vec![0; (sent + 1024usize).next_multiple_of(RECORD) - sent]
        });
        sent += next.len();
        Some(next)
    }))
}

fn member(kind: tar::EntryType, path: &[u8], link: &[u8], content: &[u8]) -> Vec<u8> {
    let mut header = tar::Header::new_ustar();
    header.set_entry_type(kind);
    header.set_size(content.len() as u64);
    header.set_mode(0o644);
    header.set_uid(1000);
    header.set_gid(1000);
    header.set_mtime(0);
    header.as_mut_bytes()[..path.len()].copy_from_slice(path);
    header.as_mut_bytes()[157..157 + link.len()].copy_from_slice(link);
    header.set_cksum();
    let mut bytes = header.as_bytes().to_vec();
    bytes.extend_from_slice(content);
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    bytes
}

/// A name of so many bytes that no other number has, of bytes that take the most room when they are shown.
fn name(number: usize, bytes: usize) -> Vec<u8> {
    let mut name = format!("{number:06}").into_bytes();
    name.resize(bytes, 0xff);
    name
}

/// Measures what the harness does with these homes, where nothing differs the second time.
fn measure_homes(test: &str, homes: fn() -> Pieces) {
    let guest = || Guest {
        homes,
        ..Guest::default()
    };
    measure(test, || judge_both(guest(), guest()));
}

/// The same of a login and what is asked in it.
fn measure_login(test: &str, login: fn(&str) -> Pieces, probes: &[Probe]) {
    let guest = || Guest {
        login,
        probes: probes.to_vec(),
        ..Guest::default()
    };
    measure(test, || judge_both(guest(), guest()));
}

/// What the harness does with what it saw: all of it is there at once when a step is judged.
fn judge_both(first: Guest, second: Guest) {
    let folder = tempfile::tempdir().unwrap();
    let (cases, _) = load_text("worst.yaml", SCENARIO, &LoadOptions::default());
    let results = ResultStore::new(folder.path());
    let before = StateKey("before".to_owned());
    keep(&results, &before, seen(first));
    let after = seen(second);
    let step = cases[0].steps.last().unwrap();
    let text = judge::render(step, &after);
    fs::write(folder.path().join("text"), &text).unwrap();
    drop(text);
    let before = results.seen(&before).unwrap();
    let change = Change::of_step(step, &before.observation, step, &after).unwrap();
    let told = change.show(ShowOptions::default());
    fs::write(folder.path().join("change"), told).unwrap();
    drop(before);
    keep(&results, &StateKey("after".to_owned()), after);
}

fn seen(mut guest: Guest) -> Observation {
    let probes = std::mem::take(&mut guest.probes);
    let users = ["alice".to_owned()];
    let output = StepOutput::default();
    observe(&mut guest, &users, &BTreeSet::new(), &probes, output).unwrap()
}

fn keep(results: &ResultStore, key: &StateKey, observation: Observation) {
    let seen = Seen {
        at_s: 0,
        run: RunId::new(),
        follows: None,
        image: String::new(),
        took_ms: 0,
        observation,
    };
    results.keep_seen(key, &seen).unwrap();
}

/// Runs `worst` in a process of its own, this test's own name being `test`, and holds its peak against the limit.
fn measure(test: &str, worst: impl FnOnce()) {
    if std::env::var_os(MEASURED).is_some() {
        worst();
        let status = fs::read_to_string("/proc/self/status").unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        println!("peak {}", peak.unwrap().trim().trim_end_matches(" kB"));
        return;
    }
    if !Path::new("/proc/self/status").exists() {
        return;
    }
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(MEASURED, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let peak = said.lines().find_map(|line| line.strip_prefix("peak "));
    let peak: u64 = peak
        .unwrap_or_else(|| panic!("{said}{}", String::from_utf8_lossy(&output.stderr)))
        .parse()
        .unwrap();
    println!("{test}: {} MiB", peak / 1024);
    assert!(peak < LIMIT_KIB, "{} MiB", peak / 1024);
}

/// A home of so many files, whose names no number before `from` has.
fn named(from: usize, count: usize) -> Pieces {
    let member = |number| member(tar::EntryType::Regular, &name(number, 90), b"", b"x");
    homes(Box::new((from..from + count).map(member)), none())
}

#[test]
fn names_of_a_home() {
    measure_homes("names_of_a_home", || named(0, NAMES));
}

#[test]
fn packages_of_a_profile() {
    measure_homes("packages_of_a_profile", || {
        let path = |number| {
            let path = format!("/nix/store/{}-", "0".repeat(32)).into_bytes();
            [path, name(number, 20), b"-1\0".to_vec()].concat()
        };
        home(Box::new((0..PACKAGES).map(path)), none(), none())
    });
}

/// How many paths differ from one observation to the next.
const MOVED: usize = 20_000;
/// How many packages of a profile are just let through.
const PACKAGES: usize = 50_000;
/// How many names, programs, variables and answers are just let through.
const NAMES: usize = 90_000;

#[test]
fn a_home_of_which_everything_differs() {
    fn guest(homes: fn() -> Pieces) -> Guest {
        Guest {
            homes,
            ..Guest::default()
        }
    }
    measure("a_home_of_which_everything_differs", || {
        judge_both(guest(|| named(0, MOVED)), guest(|| named(MOVED, MOVED)));
    });
}

#[test]
fn hard_links_to_one_text() {
    measure_homes("hard_links_to_one_text", || {
        let text = vec![b'\x01'; 64 * 1024];
        let first = piece(member(tar::EntryType::Regular, b"first", b"", &text));
        let links = (0..190_000).map(|number| {
            let name = format!("l{number}");
            member(tar::EntryType::Link, name.as_bytes(), b"first", b"")
        });
        homes(Box::new(first.chain(links)), none())
    });
}

#[test]
fn texts_that_grow_when_they_are_shown() {
    measure_homes("texts_that_grow_when_they_are_shown", || {
        let text = |number: usize| {
            let (name, text) = (format!("t{number}"), vec![b'\x01'; 64 * 1024]);
            member(tar::EntryType::Regular, name.as_bytes(), b"", &text)
        };
        homes(Box::new((0..2000).map(text)), none())
    });
}

#[test]
fn programs_of_long_folders() {
    let programs = |nonce: &str| {
        let folder = format!("/{}", "f".repeat(8000));
        let variable = piece(format!("PATH={folder}\0"));
        let listed = format!("{folder}\0\0/nix/store/{}-x/bin\0\0", "0".repeat(32));
        let programs =
            (0..PROGRAMS).map(move |number| format!("p\0{folder}\0{number}\0\0").into_bytes());
        let programs = Box::new(piece(listed).chain(programs));
        login(nonce, variable, programs, none())
    };
    measure_login("programs_of_long_folders", programs, &[]);
}

const PROGRAMS: usize = 2_200;

#[test]
fn variables_that_are_no_text() {
    let variables = |nonce: &str| {
        let variable = |number: usize| {
            let mut variable = format!("V{number}=").into_bytes();
            variable.resize(1024 * 1024 - 1, 0xff);
            variable.push(0);
            variable
        };
        let variables = Box::new((0..VARIABLES).map(variable));
        login(nonce, variables, piece("\0\0"), none())
    };
    measure_login("variables_that_are_no_text", variables, &[]);
}

const VARIABLES: usize = 17;

#[test]
fn answers_of_commands() {
    let command = |number: usize| Probe::Command {
        user: None,
        without_guests: false,
        session: Session::Login,
        command: format!("c{number}"),
    };
    let answers = |nonce: &str| {
        let answer = format!("\0{nonce} told\nran\n0\n/bin/bash\n\x0065536\x0065536\0");
        let answer = [answer.as_bytes(), &[0xff; 65536], b"0\x000\0"].concat();
        let answers = (0..COMMANDS).map(move |_| answer.clone());
        login(nonce, none(), piece("\0\0"), Box::new(answers))
    };
    let probes: Vec<Probe> = (0..COMMANDS).map(command).collect();
    measure_login("answers_of_commands", answers, &probes);
}

const COMMANDS: usize = 280;

#[test]
fn output_of_a_step() {
    measure("output_of_a_step", || {
        let mut output = OutputCollector::new();
        let block = vec![0xff; 1024 * 1024];
        for _ in 0..512 {
            output.push(Stream::Stdout, &block);
            output.push(Stream::Stderr, &block);
        }
        assert!(output.finish(GuestExit::with_status(0)).truncated);
    });
}
