//! Streams as a well-behaved guest sends them, made by hand: for fake machines and for tests that spoil them.

use super::script::{BLOCKING_FACTOR, HOMES_MAGIC, LOGIN_MAGIC};
use super::{Entry, EntryKind};
use crate::login::Nonce;
use crate::machine::GuestScript;

/// A regular entry of a home that alice owns.
pub(crate) fn entry(kind: EntryKind) -> Entry {
    crate::change::sample::entry(kind, 0o644)
}

/// What stands for the nonce of a script in prepared answers.
const NONCE: &str = "@NONCE@";

/// An answer with the script's nonce in the place of `@NONCE@`.
pub(crate) fn filled(answer: Vec<u8>, script: &GuestScript) -> Vec<u8> {
    let Some(nonce) = Nonce::of(&script.script) else {
        return answer;
    };
    let mark = regex::bytes::Regex::new(NONCE).expect("a pattern");
    mark.replace_all(&answer, nonce.as_str().as_bytes())
        .into_owned()
}

/// Standard error of a session's script that tells `said`, or else that the command ran and ended with `status`.
pub(crate) fn told(said: &str, status: i32, script: &GuestScript) -> Vec<u8> {
    if Nonce::of(&script.script).is_none() {
        return said.into();
    }
    let ran = format!("\0{NONCE} began\0\0{NONCE} told\nran\n{status}\n/bin/bash\n\0");
    let said = match said {
        "" => ran,
        said => said.to_owned(),
    };
    filled(said.into(), script)
}

/// What the script of root sends when each of these users has these text files in their home, by relative path.
pub(crate) fn homes_stream(users: &[(&str, &[(&str, &str)])]) -> Vec<u8> {
    let mut stream = Vec::new();
    field(&mut stream, HOMES_MAGIC);
    let passwd: String = users
        .iter()
        .zip(1000..)
        .map(|((name, _), uid)| format!("{name}:x:{uid}:{uid}::/home/{name}:/bin/bash\n"))
        .collect();
    let passwd = format!("root:x:0:0::/root:/bin/bash\n{passwd}");
    field(&mut stream, &passwd);
    let groups: String = users
        .iter()
        .zip(1000..)
        .map(|((name, _), gid)| format!("{name}:x:{gid}:\n"))
        .collect();
    field(&mut stream, &format!("root:x:0:\n{groups}"));
    // Nothing in the store before the first step.
    field(&mut stream, "");
    field(&mut stream, "");
    for ((name, files), uid) in users.iter().zip(1000..) {
        field(&mut stream, name);
        field(&mut stream, &format!("/home/{name}"));
        // No variables before the first step.
        field(&mut stream, "");
        field(&mut stream, "present");
        // No sockets, no links, no ends of links, no generation, no profile; no packages of two, and no files of them.
        stream.extend_from_slice(&[0; 8]);
        stream.extend_from_slice(&archive(files, uid));
        status(&mut stream);
        // Nothing behind links.
        field(&mut stream, "");
        stream.extend_from_slice(&archive(&[], uid));
        status(&mut stream);
    }
    // Nothing of a host that the machine replaces.
    field(&mut stream, "");
    field(&mut stream, "done");
    stream
}

/// What a user's script sends when the session has these variables, offers no programs, and nothing was asked for.
/// `@NONCE@` stands for the script's nonce.
pub(crate) fn login_stream(variables: &[(&str, &str)]) -> Vec<u8> {
    let mut stream = vec![0];
    field(&mut stream, &format!("@NONCE@ {LOGIN_MAGIC}"));
    for (name, value) in variables {
        field(&mut stream, &format!("{name}={value}"));
    }
    field(&mut stream, "");
    // Directories, their ends, programs, two lists of links, no programs of the setup's own, and none that cannot run.
    stream.extend_from_slice(&[0; 7]);
    // Units: no names, no answer, and systemctl's status.
    stream.extend_from_slice(&[0; 2]);
    field(&mut stream, "0");
    field(&mut stream, "done");
    stream.push(0);
    field(&mut stream, "@NONCE@ told\nran\n0\n/bin/bash\n");
    field(&mut stream, "done");
    stream
}

fn field(stream: &mut Vec<u8>, field: &str) {
    stream.extend_from_slice(field.as_bytes());
    stream.push(0);
}

fn status(stream: &mut Vec<u8>) {
    field(stream, "end");
    field(stream, "0");
    field(stream, "");
}

/// An archive as the guest's tar makes it, padded to whole records.
fn archive(files: &[(&str, &str)], uid: u64) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, text) in files {
        // Written to memory, which does not fail.
        if path.len() > 100 {
            let _ = builder.append_pax_extensions([("path", path.as_bytes())]);
        }
        let path = path.get(..100).unwrap_or(path);
        let mut header = tar::Header::new_ustar();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        header.set_uid(uid);
        header.set_gid(uid);
        header.set_mtime(0);
        // Writing to memory fails only for a path that tar cannot hold, which a sample does not have.
        let _ = builder.append_data(&mut header, path, text.as_bytes());
    }
    let mut bytes = builder.into_inner().unwrap_or_default();
    let record = usize::try_from(BLOCKING_FACTOR * 512).unwrap_or(usize::MAX);
    bytes.resize(bytes.len().next_multiple_of(record), 0);
    bytes
}
