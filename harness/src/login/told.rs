//! What a session's script tells the host, between what runs in the session prints.

use super::script::Nonce;
use super::{NoLogin, NoLoginReason};
use crate::login::no_login::StartUp;
use crate::model::Session;
use crate::text::printable_line;

/// Longest record, in bytes: a path, a line of a start-up file and some words.
const RECORD_BYTES: usize = 16 * 1024;

/// What became of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    outcome: String,
    /// How the errand ended, where it ran.
    pub status: i32,
    shell: String,
    last: String,
}

impl Told {
    /// Whether the errand was ended because it took too long.
    pub fn is_late(&self) -> bool {
        self.outcome == "late"
    }

    /// Why the errand never began, if it did not. `home` is that of the user.
    pub fn no_login(&self, user: &str, home: &str, session: Session) -> Option<NoLogin> {
        let shell = self.shell.clone();
        let last = start_up(&self.last, home);
        let reason = match self.outcome.as_str() {
            "ran" | "late" => return None,
            "no-shell" => NoLoginReason::NoShell(shell),
            "no-program" => NoLoginReason::NoProgram(shell),
            "stuck" => NoLoginReason::Stuck { shell, last },
            _ => NoLoginReason::Ended {
                shell,
                status: self.status,
                last,
            },
        };
        Some(NoLogin {
            user: user.to_owned(),
            session,
            reason,
        })
    }
}

/// Reads what follows the nonce in the last record.
pub fn parse_told(text: &str) -> Option<Told> {
    let mut lines = text.strip_prefix("told\n")?.splitn(4, '\n');
    let outcome = lines.next()?.to_owned();
    let status = lines.next()?.parse().unwrap_or(-1);
    Some(Told {
        outcome,
        status,
        shell: printable_line(lines.next()?),
        last: printable_line(lines.next().unwrap_or_default()),
    })
}

/// A line of a trace: `++@@ FILE:LINE: COMMAND`.
fn start_up(trace: &str, home: &str) -> Option<StartUp> {
    let (place, command) = trace
        .trim_start_matches('+')
        .strip_prefix("@@ ")?
        .split_once(": ")?;
    let (file, line) = place.rsplit_once(':')?;
    let file = file
        .strip_prefix(home)
        .and_then(|file| file.strip_prefix('/'))
        .unwrap_or(file);
    Some(StartUp {
        file: file.to_owned(),
        line: line.parse().ok()?,
        command: command.to_owned(),
    })
}

/// Takes a session's records out of its standard error as it comes.
#[derive(Debug)]
pub struct Witness {
    beginning: Vec<u8>,
    held: Vec<u8>,
    /// Whether the errand has begun.
    pub began: bool,
    /// What became of it, once that was said.
    pub told: Option<Told>,
}

impl Witness {
    /// For a script made with `nonce`.
    pub fn new(nonce: &Nonce) -> Self {
        Self {
            beginning: format!("\0{nonce} ").into_bytes(),
            held: Vec::new(),
            began: false,
            told: None,
        }
    }

    /// Takes in a piece of standard error and hands on what is no record.
    pub fn pass(&mut self, bytes: &[u8], on: &mut dyn FnMut(&[u8])) {
        self.held.extend_from_slice(bytes);
        loop {
            let begins = find(&self.held, &self.beginning);
            let Some(at) = begins else { break };
            let body = at + self.beginning.len();
            match self.held[body..].iter().position(|byte| *byte == 0) {
                Some(length) => {
                    hand_on(&self.held[..at], on);
                    let record = String::from_utf8_lossy(&self.held[body..body + length]);
                    match record.as_ref() {
                        "began" => self.began = true,
                        other => self.told = parse_told(other).or(self.told.take()),
                    }
                    self.held.drain(..=body + length);
                }
                // The rest of it is still to come.
                None if self.held.len() - at < RECORD_BYTES => {
                    hand_on(&self.held[..at], on);
                    self.held.drain(..at);
                    return;
                }
                None => break,
            }
        }
        let keep = (1..self.beginning.len().min(self.held.len() + 1))
            .rev()
            .find(|length| self.held.ends_with(&self.beginning[..*length]))
            .unwrap_or(0);
        let ready = self.held.len() - keep;
        hand_on(&self.held[..ready], on);
        self.held.drain(..ready);
    }

    /// Hands on what was held back, which is no record after all.
    pub fn finish(&mut self, on: &mut dyn FnMut(&[u8])) {
        hand_on(&std::mem::take(&mut self.held), on);
    }
}

fn hand_on(bytes: &[u8], on: &mut dyn FnMut(&[u8])) {
    if !bytes.is_empty() {
        on(bytes);
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes
        .windows(wanted.len())
        .position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed(witness: &mut Witness, pieces: &[&[u8]]) -> String {
        let mut rest = Vec::new();
        for piece in pieces {
            witness.pass(piece, &mut |bytes| rest.extend_from_slice(bytes));
        }
        witness.finish(&mut |bytes| rest.extend_from_slice(bytes));
        String::from_utf8(rest).unwrap()
    }

    #[test]
    fn records_are_taken_out_wherever_the_stream_is_cut() {
        let nonce = Nonce::new();
        let stream = format!(
            "before\0{nonce} began\0between\0x\0{nonce} told\nended\n7\n/bin/zsh\n++@@ /home/alice/.zprofile:2: exit 7\0after"
        );
        for size in 1..stream.len() {
            let pieces: Vec<&[u8]> = stream.as_bytes().chunks(size).collect();
            let mut witness = Witness::new(&nonce);
            let passed = passed(&mut witness, &pieces);
            assert_eq!(passed, "beforebetween\0xafter", "{size}");
            assert!(witness.began);
            let told = witness.told.unwrap();
            let refused = told.no_login("alice", "/home/alice", Session::Login);
            let said = "alice cannot log in: .zprofile ended the shell before a command could run (line 2: `exit 7`)";
            assert_eq!(refused.unwrap().to_string(), said);
        }
    }

    #[test]
    fn what_others_say_is_no_record() {
        let mut witness = Witness::new(&Nonce::new());
        let forged = format!("\0{} began\0", Nonce::new());
        assert_eq!(passed(&mut witness, &[forged.as_bytes()]), forged);
        assert!(!witness.began);
        assert_eq!(witness.told, None);
    }

    #[test]
    fn an_endless_record_is_none() {
        let nonce = Nonce::new();
        let mut witness = Witness::new(&nonce);
        let stream = format!("\0{nonce} told\n{}", "x".repeat(3 * RECORD_BYTES));
        assert_eq!(passed(&mut witness, &[stream.as_bytes()]), stream);
    }
}
