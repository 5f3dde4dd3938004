//! What sessions and commands that were asked for sent.

use std::collections::BTreeMap;
use std::io::{self, Read};

use super::budget::{held, malformed};
use super::fields::Source;
use super::observation::CommandSeen;
use super::script::{COMMAND_BYTES, SESSION_BYTES, SESSION_MAGIC};
use crate::login::{NoLogin, NoLoginReason, Nonce, Told, parse_told};
use crate::model::Session;
use crate::text::escape_name;

/// Most of what start-up files may print before a record, in bytes.
const NOISE_BYTES: u64 = 1024 * 1024;
/// Most variables of a session.
const VARIABLES: usize = 10_000;

/// Whether a variable says which session of many this one is: systemd numbers sessions and units anew each time, so
/// that equal machines differ in it. Only in the very shape that systemd gives it: one that a setup sets is seen.
fn is_of_this_session(name: &str, value: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match name {
        // `5`, `c5`.
        "XDG_SESSION_ID" => digits(value.strip_prefix('c').unwrap_or(value)),
        // 32 hexadecimal digits.
        "INVOCATION_ID" => value.len() == 32 && value.bytes().all(|byte| byte.is_ascii_hexdigit()),
        // A device and an inode.
        "JOURNAL_STREAM" => value
            .split_once(':')
            .is_some_and(|(device, inode)| digits(device) && digits(inode)),
        "MANAGERPID" | "MANAGERPIDFDID" | "SYSTEMD_EXEC_PID" => digits(value),
        // A file of the unit's control group, and the unit may be one of ours.
        "MEMORY_PRESSURE_WATCH" => value.starts_with("/sys/fs/cgroup/"),
        _ => false,
    }
}

/// Parses a list of `NAME=value`.
pub(super) fn read_variables(source: &mut Source<'_>) -> io::Result<BTreeMap<String, String>> {
    let list = source.list(VARIABLES, SESSION_BYTES)?;
    Ok(variables(list.iter().map(Vec::as_slice)))
}

fn variables<'a>(list: impl Iterator<Item = &'a [u8]>) -> BTreeMap<String, String> {
    list.filter_map(|entry| {
        let at = entry.iter().position(|byte| *byte == b'=')?;
        let name = escape_name(&entry[..at]);
        let value = String::from_utf8_lossy(&entry[at + 1..]).into_owned();
        (!is_of_this_session(&name, &value)).then_some((name, value))
    })
    .collect()
}

/// What is known of the user whose sessions are read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'a> {
    pub(super) user: &'a str,
    pub(super) home: &'a str,
    pub(super) nonce: &'a Nonce,
}

impl Reader<'_> {
    /// The next record of a session's script: what follows the nonce.
    pub(super) fn record(&self, source: &mut Source<'_>) -> io::Result<String> {
        let record = source.skip_to(&format!("{} ", self.nonce), NOISE_BYTES)?;
        Ok(String::from_utf8_lossy(&record).into_owned())
    }

    /// Why a login session never began whose start-up files print more than anybody reads.
    pub(super) fn drowned(&self) -> NoLogin {
        NoLogin {
            user: self.user.to_owned(),
            session: Session::Login,
            reason: NoLoginReason::NoSession {
                status: 124,
                said: format!(
                    "their start-up files printed more than {} KiB before a command could run",
                    NOISE_BYTES / 1024
                ),
            },
        }
    }

    /// What became of a session, and why it did not begin, if it did not.
    pub(super) fn told(
        &self,
        record: &str,
        session: Session,
    ) -> io::Result<(Told, Option<NoLogin>)> {
        let told = parse_told(record)
            .ok_or_else(|| malformed("nothing is told of a session".to_owned()))?;
        let no_login = told.no_login(self.user, self.home, session);
        Ok((told, no_login))
    }

    /// Parses the variables of a session that was asked for, or why it could not be opened.
    pub(super) fn session(
        &self,
        source: &mut Source<'_>,
        session: Session,
    ) -> io::Result<Result<BTreeMap<String, String>, NoLogin>> {
        let record = self.record(source)?;
        let (told, no_login) = self.told(&record, session)?;
        let (bytes, _) = bounded(source, SESSION_BYTES)?;
        if let Some(no_login) = no_login {
            return Ok(Err(no_login));
        }
        let magic = [b"\0", SESSION_MAGIC.as_bytes(), b"\0"].concat();
        let begun = bytes
            .windows(magic.len())
            .position(|window| window == magic)
            .map(|at| at + magic.len());
        match begun {
            Some(at) => Ok(Ok(variables(bytes[at..].split(|byte| *byte == 0)))),
            None => Err(malformed(format!(
                "a session printed no variables (status {})",
                told.status
            ))),
        }
    }

    /// Parses what a command that was asked for did.
    pub(super) fn command(
        &self,
        source: &mut Source<'_>,
        session: Session,
        command: &str,
    ) -> io::Result<CommandSeen> {
        let record = self.record(source)?;
        let (told, no_login) = self.told(&record, session)?;
        let (stdout, out_cut) = bounded(source, COMMAND_BYTES)?;
        let (stderr, err_cut) = bounded(source, COMMAND_BYTES)?;
        let mut stderr = String::from_utf8_lossy(&stderr).into_owned();
        if session == Session::Interactive {
            stderr = without_terminal_complaints(&stderr);
        }
        Ok(CommandSeen {
            command: command.to_owned(),
            without_guests: false,
            session,
            status: told.status,
            late: told.is_late(),
            no_login,
            stdout: String::from_utf8_lossy(&stdout).into_owned(),
            stderr,
            truncated: out_cut || err_cut,
        })
    }
}

/// An interactive bash without a terminal says so; that is ours, not the command's.
fn without_terminal_complaints(stderr: &str) -> String {
    let complaint = |line: &str| {
        line.starts_with("bash: cannot set terminal process group")
            || line.starts_with("bash: no job control in this shell")
    };
    stderr
        .split_inclusive('\n')
        .filter(|line| !complaint(line))
        .collect()
}

/// A stream's whole size, the size of what is sent of it, and that. Says also whether something is missing.
fn bounded(source: &mut Source<'_>, limit: usize) -> io::Result<(Vec<u8>, bool)> {
    let whole: u64 = source.number()?;
    let sent: usize = source.number()?;
    if sent > limit {
        return Err(malformed(format!(
            "{sent} bytes where at most {limit} belong"
        )));
    }
    source.budget().keep(sent)?;
    let mut bytes = vec![0; sent];
    source.read_exact(&mut bytes)?;
    source.budget().keep(held(&bytes) - sent)?;
    Ok((bytes, whole > sent as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(nonce: &Nonce) -> Reader<'_> {
        Reader {
            user: "alice",
            home: "/home/alice",
            nonce,
        }
    }

    #[test]
    fn a_session_is_read_past_what_its_start_up_files_print() {
        let nonce = Nonce::new();
        let body = format!("hello from bashrc\0{SESSION_MAGIC}\0A=1\0B=x=y\nz\0_=/usr/bin/env\0");
        let stream = format!(
            "\0{nonce} told\nran\n0\n/bin/bash\n\0{0}\0{0}\0{body}",
            body.len()
        );
        let mut bytes = stream.as_bytes();
        let source = &mut Source::new(&mut bytes);
        let seen = reader(&nonce).session(source, Session::Interactive);
        let seen = seen.unwrap().unwrap();
        assert_eq!(seen["B"], "x=y\nz");
        assert_eq!(seen.len(), 3);
    }

    #[test]
    fn what_numbers_a_session_is_left_out_and_what_a_setup_sets_stays() {
        for (name, value) in [
            ("XDG_SESSION_ID", "c12"),
            ("INVOCATION_ID", "0123456789abcdef0123456789abcdef"),
            ("JOURNAL_STREAM", "9:1234"),
            ("MANAGERPID", "7"),
            ("MEMORY_PRESSURE_WATCH", "/sys/fs/cgroup/user.slice/x"),
        ] {
            assert!(is_of_this_session(name, value), "{name}={value}");
        }
        for (name, value) in [
            ("XDG_SESSION_ID", "mine"),
            ("INVOCATION_ID", "deploy"),
            ("JOURNAL_STREAM", ""),
            ("MANAGERPID", "none"),
            ("MEMORY_PRESSURE_WATCH", "/tmp/x"),
            ("LANG", "C.UTF-8"),
            ("TZ", "1"),
            ("PWD", "/home/alice"),
            ("SHLVL", "9"),
        ] {
            assert!(!is_of_this_session(name, value), "{name}={value}");
        }
    }

    #[test]
    fn a_session_that_never_began_says_why() {
        let nonce = Nonce::new();
        let trace = "+@@ /home/alice/.bashrc:1: exit 0";
        let stream = format!("\0{nonce} told\nended\n0\n/bin/bash\n{trace}\x003\x003\x00abc");
        let mut bytes = stream.as_bytes();
        let source = &mut Source::new(&mut bytes);
        let seen = reader(&nonce).session(source, Session::Interactive);
        let said = "alice cannot open an interactive shell: .bashrc ended the shell before a command could run (line 1: `exit 0`)";
        assert_eq!(seen.unwrap().unwrap_err().to_string(), said);
    }

    #[test]
    fn a_command_keeps_its_streams_apart() {
        let nonce = Nonce::new();
        let told = format!("\0{nonce} told\nran\n2\n/bin/bash\n\0");
        let read = |stream: &str| {
            let stream = format!("{told}{stream}");
            let mut bytes = stream.as_bytes();
            let source = &mut Source::new(&mut bytes);
            reader(&nonce).command(source, Session::Interactive, "ls")
        };
        let seen = read("5\x002\x00ab7\x007\x00bash: x").unwrap();
        let said = (seen.status, &*seen.stdout, &*seen.stderr);
        assert_eq!(said, (2, "ab", "bash: x"));
        assert!(seen.truncated);
        assert!(read("9999999\x009999999\x00").is_err());
    }
}
