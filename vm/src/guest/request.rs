//! How a command is put to the supervisor.

use std::os::unix::ffi::OsStrExt;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::guest::{GuestCommand, GuestUser, Program, TOOLS};

/// Longest request: what the supervisor accepts, and far above what `execve` takes as one argument.
const REQUEST_MAX_BYTES: usize = 1024 * 1024;

/// Root's environment: what a system service has, fixed. Its PATH is the supervisor's own, which each guest sets.
const ROOT_ENVIRONMENT: [(&str, &str); 5] = [
    ("HOME", "/root"),
    ("USER", "root"),
    ("LOGNAME", "root"),
    ("SHELL", "/bin/sh"),
    ("LANG", "C.UTF-8"),
];

/// What the job's streams are joined to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Streams {
    /// Where standard input comes from.
    pub(crate) input: Input,
    /// Whether standard output goes over the bulk port.
    pub(crate) bulk_output: bool,
}

impl Streams {
    /// Nothing to read, and all output over the control port.
    pub(crate) const OUTPUT: Self = Self {
        input: Input::Bulk(0),
        bulk_output: false,
    };
}

/// Where a job's standard input comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Input {
    /// So many bytes over the bulk port; 0 for none.
    Bulk(u64),
    /// Frames on the control port, as they are typed.
    Live,
}

/// The payload of an execute frame; the error says why this is no command.
pub(crate) fn exec_payload(command: &GuestCommand, streams: Streams) -> Result<Vec<u8>, String> {
    let mut payload = Vec::new();
    let mut field = |key: &str, value: &[u8]| {
        if value.contains(&0) {
            return Err(format!("{key} holds a NUL byte"));
        }
        payload.extend(key.as_bytes());
        payload.push(b'=');
        payload.extend(value);
        payload.push(0);
        Ok(())
    };
    field("limit", command.output_limit_bytes.to_string().as_bytes())?;
    match streams.input {
        Input::Bulk(bytes) => field("stdin", bytes.to_string().as_bytes())?,
        Input::Live => field("stdin", b"live")?,
    }
    field(
        "stdout",
        if streams.bulk_output {
            b"bulk"
        } else {
            b"live"
        },
    )?;
    for (name, value) in ROOT_ENVIRONMENT {
        field("env", format!("{name}={value}").as_bytes())?;
    }
    field("cwd", b"/")?;
    check_names(command)?;
    match &command.user {
        GuestUser::Root => {
            for (name, value) in &command.env {
                field("env", format!("{name}={value}").as_bytes())?;
            }
            for argument in root_argv(&command.program)? {
                field("arg", &argument)?;
            }
        }
        GuestUser::Login(name) | GuestUser::BeforeLogin(name) => {
            if name.is_empty() || name.starts_with('-') {
                return Err(format!("{name:?} is not a user's name"));
            }
            let (name, script) = (name.as_bytes(), login_script(command)?);
            let (su, bash) = (format!("{TOOLS}/su"), format!("{TOOLS}/bash"));
            let arguments: &[&[u8]] = match command.user {
                GuestUser::BeforeLogin(_) => &[
                    b"--shell",
                    bash.as_bytes(),
                    b"--",
                    name,
                    // As a login shell it would read profiles, and `-p` keeps it from everything else.
                    b"--noprofile",
                    b"--norc",
                    b"-p",
                    b"-c",
                    &script,
                ],
                _ => &[b"--command", &script, b"--", name],
            };
            field("arg", su.as_bytes())?;
            field("arg", b"--login")?;
            for argument in arguments {
                field("arg", argument)?;
            }
        }
    }
    if payload.len() > REQUEST_MAX_BYTES {
        return Err(format!("it is {} bytes long", payload.len()));
    }
    Ok(payload)
}

fn check_names(command: &GuestCommand) -> Result<(), String> {
    let valid = |name: &str| {
        let mut bytes = name.bytes();
        bytes
            .next()
            .is_some_and(|byte| byte == b'_' || byte.is_ascii_alphabetic())
            && bytes.all(|byte| byte == b'_' || byte.is_ascii_alphanumeric())
    };
    match command.env.iter().find(|(name, _)| !valid(name)) {
        Some((name, _)) => Err(format!(
            "{name:?} is not the name of an environment variable"
        )),
        None => Ok(()),
    }
}

fn root_argv(program: &Program) -> Result<Vec<Vec<u8>>, String> {
    match program {
        Program::Shell(script) => Ok(vec![
            b"/bin/sh".to_vec(),
            b"-c".to_vec(),
            script.clone().into_bytes(),
        ]),
        Program::Argv(argv) if argv.first().is_none_or(|name| name.is_empty()) => {
            Err("it is empty".to_owned())
        }
        Program::Argv(argv) => Ok(argv
            .iter()
            .map(|argument| argument.as_bytes().to_vec())
            .collect()),
    }
}

/// What the login shell executes once it has read the profile files.
fn login_script(command: &GuestCommand) -> Result<Vec<u8>, String> {
    let mut script = Vec::new();
    for (name, value) in &command.env {
        script.extend(format!("export {name}=").as_bytes());
        script.extend(quoted(value.as_bytes()));
        script.push(b'\n');
    }
    match &command.program {
        Program::Shell(text) => script.extend(text.as_bytes()),
        Program::Argv(_) => {
            script.extend(b"exec");
            for argument in root_argv(&command.program)? {
                script.push(b' ');
                script.extend(quoted(&argument));
            }
        }
    }
    Ok(script)
}

/// One word for a shell.
fn quoted(word: &[u8]) -> Vec<u8> {
    let mut result = vec![b'\''];
    for &byte in word {
        match byte {
            b'\'' => result.extend(br"'\''"),
            _ => result.push(byte),
        }
    }
    result.push(b'\'');
    result
}

/// The payload of a wake frame: the host's time now and fresh entropy.
pub(crate) fn wake_payload(now: SystemTime, entropy: &[u8]) -> Vec<u8> {
    // A host clock before 1970 sets the guest to 1970, which is as wrong as the host.
    let since_epoch = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut payload = Vec::with_capacity(16 + entropy.len());
    payload.extend(since_epoch.as_secs().to_be_bytes());
    payload.extend(u64::from(since_epoch.subsec_nanos()).to_be_bytes());
    payload.extend(entropy);
    payload
}

#[cfg(test)]
mod tests {
    use super::{Streams, exec_payload};
    use crate::guest::GuestCommand;

    fn fields(command: &GuestCommand) -> Vec<String> {
        let payload = exec_payload(command, Streams::OUTPUT).expect("a command");
        payload
            .split(|&byte| byte == 0)
            .map(|field| String::from_utf8_lossy(field).into_owned())
            .collect()
    }

    #[test]
    fn a_login_gets_its_environment_quoted() {
        let command = GuestCommand::argv(["echo", "it's"])
            .login("alice")
            .env("A", "b c");
        let script = "arg=export A='b c'\nexec 'echo' 'it'\\''s'".to_owned();
        let fields = fields(&command);
        assert!(fields.contains(&script), "{fields:?}");
    }

    #[test]
    fn before_a_login_no_start_up_file_is_read() {
        let command = GuestCommand::shell("true").before_login("alice");
        let fields = fields(&command).join(" ");
        let su = "arg=/run/switchproof/tools/su arg=--login arg=--shell arg=/run/switchproof/tools/bash arg=-- arg=alice \
            arg=--noprofile arg=--norc arg=-p arg=-c arg=true";
        assert!(fields.contains(su), "{fields}");
    }

    #[test]
    fn what_cannot_be_executed_is_refused() {
        let empty: [&str; 0] = [];
        let bad = [
            GuestCommand::argv(empty),
            GuestCommand::argv(["a\0b"]),
            GuestCommand::shell("true").env("A=B", ""),
            GuestCommand::shell("true").login("--help"),
            GuestCommand::shell("x".repeat(2_000_000)),
        ];
        for command in bad {
            let refused = exec_payload(&command, Streams::OUTPUT).is_err();
            assert!(refused, "{:?}", command.user);
        }
    }
}
