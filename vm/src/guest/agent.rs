//! QEMU's guest agent: the way in before our own supervisor runs, and the second opinion when that is silent.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use crate::qemu::{Filled, Lines, TalkError, wait_readable};

/// Longest answer accepted; the agent itself cuts captured output at 16 MiB, and ours is a few lines.
const LINE_MAX_BYTES: usize = 1024 * 1024;

/// A connection to the agent's port.
#[derive(Debug)]
pub struct Agent {
    lines: Lines,
    next_sync: u64,
}

impl Agent {
    /// Uses a connected port. Nothing is sent yet: the agent may not run so far.
    pub fn new(stream: UnixStream) -> io::Result<Self> {
        Ok(Self {
            lines: Lines::new(stream)?,
            next_sync: u64::from(std::process::id()) << 20,
        })
    }

    /// Asks the agent for a sign of life; the answer is taken with [`Agent::synced`].
    pub fn request_sync(&mut self) -> Result<u64, TalkError> {
        self.next_sync += 1;
        // The byte 0xff makes the agent's parser forget whatever half of a command it holds.
        let request =
            json!({ "execute": "guest-sync-delimited", "arguments": { "id": self.next_sync } });
        self.send(&[b"\xff", request.to_string().as_bytes(), b"\n"].concat())?;
        Ok(self.next_sync)
    }

    /// Whether the answer to the sync request `id` has come within `timeout`.
    pub fn synced(&mut self, id: u64, timeout: Duration) -> Result<bool, TalkError> {
        let end = Instant::now() + timeout;
        while let Some(answer) = self.next_line(end)? {
            if answer["return"] == id {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Sends one of the agent's commands; [`Agent::answer`] takes what it says to it.
    pub fn request(&mut self, command: &str, arguments: Value) -> Result<(), TalkError> {
        self.send(
            format!(
                "{}\n",
                json!({ "execute": command, "arguments": arguments })
            )
            .as_bytes(),
        )
    }

    /// The answer to `command`, which was sent before, or none when it has not come within `timeout`. Wait in short
    /// pieces: a guest that panics never answers, and only QEMU tells.
    pub fn answer(&mut self, command: &str, timeout: Duration) -> Result<Option<Value>, TalkError> {
        let Some(mut answer) = self.next_line(Instant::now() + timeout)? else {
            return Ok(None);
        };
        if let Some(error) = answer.get("error") {
            let words = error["desc"].as_str().unwrap_or("no description");
            return Err(TalkError::Refused {
                command: command.to_owned(),
                description: words.to_owned(),
            });
        }
        Ok(Some(answer["return"].take()))
    }

    fn send(&mut self, bytes: &[u8]) -> Result<(), TalkError> {
        self.lines.send(bytes).map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock => TalkError::Silent("any command".to_owned()),
            _ => TalkError::Closed,
        })
    }

    /// The next line that is JSON, or none at the deadline. Anything else on the port is skipped.
    fn next_line(&mut self, deadline: Instant) -> Result<Option<Value>, TalkError> {
        loop {
            while let Some(mut line) = self.lines.take() {
                line.retain(|&byte| byte != 0xff);
                if let Ok(value @ Value::Object(_)) = serde_json::from_slice(&line) {
                    return Ok(Some(value));
                }
            }
            let unfinished = self.lines.unfinished();
            if unfinished.len() > LINE_MAX_BYTES {
                unfinished.clear();
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if !wait_readable(&self.lines, left).map_err(|_| TalkError::Closed)? {
                return Ok(None);
            }
            match self.lines.fill(Duration::ZERO) {
                Ok(Filled::Open) => {}
                Ok(Filled::Closed) | Err(_) => return Err(TalkError::Closed),
            }
        }
    }
}

impl AsFd for Agent {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.lines.as_fd()
    }
}

/// The arguments of `guest-exec` for a root shell script with `input` on its standard input.
pub(crate) fn shell_arguments(script: &str, input: &[u8]) -> Value {
    json!({
        "path": "/bin/sh", "arg": ["-c", script], "input-data": BASE64.encode(input), "capture-output": true,
    })
}

/// The status and the output that an answer to `guest-exec-status` tells, once the process has ended.
pub(crate) fn shell_ended(answer: &Value) -> Option<(i64, String)> {
    if answer["exited"] != json!(true) {
        return None;
    }
    let text = |key: &str| {
        BASE64
            .decode(answer[key].as_str().unwrap_or_default())
            .unwrap_or_default()
    };
    let output = [text("out-data"), text("err-data")].concat();
    let code = answer["exitcode"].as_i64().unwrap_or(-1);
    Some((code, String::from_utf8_lossy(&output).into_owned()))
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::unix::net::UnixStream;
    use std::time::Duration;

    use serde_json::json;

    use super::{Agent, TalkError, shell_ended};

    #[test]
    fn silence_is_told_in_time_and_a_late_answer_still_taken() {
        let (ours, mut theirs) = UnixStream::pair().expect("a pair");
        let mut agent = Agent::new(ours).expect("an agent");
        let mut ask = || agent.answer("guest-exec", Duration::from_millis(10));
        assert!(matches!(ask(), Ok(None)));
        theirs
            .write_all(b"\xffnoise\n{\"return\": {\"pid\": 7}}\n{\"error\": {\"desc\": \"no\"}}\n")
            .expect("written");
        assert_eq!(ask().expect("an answer"), Some(json!({ "pid": 7 })));
        assert!(matches!(ask(), Err(TalkError::Refused { .. })));
        drop(theirs);
        assert!(matches!(ask(), Err(TalkError::Closed)));
    }

    #[test]
    fn a_script_ends_with_its_status_and_both_outputs() {
        assert_eq!(shell_ended(&json!({ "exited": false })), None);
        let answer =
            json!({ "exited": true, "exitcode": 3, "out-data": "YQ==", "err-data": "Yg==" });
        assert_eq!(shell_ended(&answer), Some((3, "ab".to_owned())));
    }
}
