//! What sessions and commands that were asked for sent.

use std::collections::BTreeMap;
use std::io;

use super::fields::{Source, malformed};
use super::observation::CommandSeen;
use super::script::{COMMAND_BYTES, SESSION_BYTES, SESSION_MAGIC};
use super::text::escape_name;
use crate::scenario::model::Session;

/// Most variables of a session.
const VARIABLES: usize = 10_000;

/// Variables that the looking itself sets, or that say which session of many this one is: they differ between equal
/// machines.
const OF_THIS_SESSION: [&str; 11] = [
    "INVOCATION_ID",
    "JOURNAL_STREAM",
    "MANAGERPID",
    "MANAGERPIDFDID",
    "MEMORY_PRESSURE_WATCH",
    "OLDPWD",
    "PWD",
    "SHLVL",
    "SYSTEMD_EXEC_PID",
    "XDG_SESSION_ID",
    "_",
];

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
        (!OF_THIS_SESSION.contains(&name.as_str())).then_some((name, value))
    })
    .collect()
}

/// Parses the variables of a session that was asked for. A session that could not be had has none at all.
pub(super) fn read_session(
    source: &mut Source<'_>,
) -> io::Result<Option<BTreeMap<String, String>>> {
    source.expect("session")?;
    let (bytes, _) = bounded(source, SESSION_BYTES)?;
    let magic = [b"\0", SESSION_MAGIC.as_bytes(), b"\0"].concat();
    let begun = bytes
        .windows(magic.len())
        .position(|window| window == magic)
        .map(|at| at + magic.len());
    Ok(begun.map(|at| variables(bytes[at..].split(|byte| *byte == 0))))
}

/// Parses what a command that was asked for did.
pub(super) fn read_command(
    source: &mut Source<'_>,
    session: Session,
    command: &str,
) -> io::Result<CommandSeen> {
    source.expect("command")?;
    let status = source.number()?;
    let (stdout, out_cut) = bounded(source, COMMAND_BYTES)?;
    let (stderr, err_cut) = bounded(source, COMMAND_BYTES)?;
    let mut stderr = String::from_utf8_lossy(&stderr).into_owned();
    if session == Session::Interactive {
        stderr = without_terminal_complaints(&stderr);
    }
    Ok(CommandSeen {
        command: command.to_owned(),
        session,
        status,
        stdout: String::from_utf8_lossy(&stdout).into_owned(),
        stderr,
        truncated: out_cut || err_cut,
    })
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
    let mut bytes = vec![0; sent];
    source.exact(&mut bytes)?;
    Ok((bytes, whole > sent as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_read_past_what_its_start_up_files_print() {
        let body = format!("hello from bashrc\0{SESSION_MAGIC}\0A=1\0B=x=y\nz\0_=/usr/bin/env\0");
        let stream = format!("session\0{0}\0{0}\0{body}", body.len());
        let mut bytes = stream.as_bytes();
        let seen = read_session(&mut Source::new(&mut bytes)).unwrap().unwrap();
        assert_eq!(seen["B"], "x=y\nz");
        assert_eq!(seen.len(), 2);
        let mut none: &[u8] = b"session\x003\x003\x00abc";
        assert_eq!(read_session(&mut Source::new(&mut none)).unwrap(), None);
    }

    #[test]
    fn a_command_keeps_its_streams_apart() {
        let mut bytes: &[u8] = b"command\x002\x005\x002\x00ab7\x007\x00bash: x";
        let seen = read_command(&mut Source::new(&mut bytes), Session::Interactive, "ls").unwrap();
        assert_eq!(
            (seen.status, seen.stdout.as_str(), seen.stderr.as_str()),
            (2, "ab", "bash: x")
        );
        assert!(seen.truncated);
        let mut endless: &[u8] = b"command\x000\x009999999\x009999999\x00";
        assert!(read_command(&mut Source::new(&mut endless), Session::Login, "ls").is_err());
    }
}
