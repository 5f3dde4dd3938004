//! QEMU's guest agent: the way in before our own supervisor runs, and the second opinion when that is silent.

use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use crate::qemu::wait_readable;

/// Longest answer accepted; the agent itself cuts captured output at 16 MiB, and ours is a few lines.
const LINE_MAX_BYTES: usize = 1024 * 1024;

/// Between two looks at a process that the agent started.
const STATUS_POLL: Duration = Duration::from_millis(20);

/// Why the agent did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// The port is closed: QEMU has ended.
    #[error("the guest agent's port is closed")]
    Closed,
    /// No answer in time.
    #[error("the guest agent did not answer `{command}`")]
    Silent {
        /// The command.
        command: String,
    },
    /// The agent refused.
    #[error("the guest agent refused `{command}`: {description}")]
    Refused {
        /// The command.
        command: String,
        /// The agent's words.
        description: String,
    },
}

/// A connection to the agent's port.
#[derive(Debug)]
pub struct Agent {
    stream: UnixStream,
    received: Vec<u8>,
    next_sync: u64,
}

impl Agent {
    /// Uses a connected port. Nothing is sent yet: the agent may not run so far.
    pub fn new(stream: UnixStream) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        Ok(Self {
            stream,
            received: Vec::new(),
            next_sync: u64::from(std::process::id()) << 20,
        })
    }

    /// Asks the agent for a sign of life; the answer is taken with [`Agent::synced`].
    pub fn request_sync(&mut self) -> Result<u64, AgentError> {
        self.next_sync += 1;
        // The byte 0xff makes the agent's parser forget whatever half of a command it holds.
        let request =
            json!({ "execute": "guest-sync-delimited", "arguments": { "id": self.next_sync } });
        self.send(&[b"\xff", request.to_string().as_bytes(), b"\n"].concat())?;
        Ok(self.next_sync)
    }

    /// Whether the answer to the sync request `id` has come within `timeout`.
    pub fn synced(&mut self, id: u64, timeout: Duration) -> Result<bool, AgentError> {
        let end = Instant::now() + timeout;
        while let Some(answer) = self.next_line(end)? {
            if answer.get("return").and_then(Value::as_u64) == Some(id) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Runs one of the agent's commands.
    pub fn execute(
        &mut self,
        command: &str,
        arguments: Value,
        deadline: Instant,
    ) -> Result<Value, AgentError> {
        self.request(command, arguments)?;
        let silent = || AgentError::Silent {
            command: command.to_owned(),
        };
        let mut answer = self.next_line(deadline)?.ok_or_else(silent)?;
        if let Some(error) = answer.get("error") {
            let description = error
                .get("desc")
                .and_then(Value::as_str)
                .unwrap_or("no description")
                .to_owned();
            return Err(AgentError::Refused {
                command: command.to_owned(),
                description,
            });
        }
        Ok(answer
            .get_mut("return")
            .map(Value::take)
            .unwrap_or_default())
    }

    /// Sends a command that is not answered, such as `guest-shutdown`.
    pub fn request(&mut self, command: &str, arguments: Value) -> Result<(), AgentError> {
        self.send(
            format!(
                "{}\n",
                json!({ "execute": command, "arguments": arguments })
            )
            .as_bytes(),
        )
    }

    /// Runs a root shell script with `input` on its standard input; returns its status and what it printed.
    pub fn shell(
        &mut self,
        script: &str,
        input: &[u8],
        deadline: Instant,
    ) -> Result<(i64, String), AgentError> {
        let arguments = json!({
            "path": "/bin/sh", "arg": ["-c", script], "input-data": BASE64.encode(input), "capture-output": true,
        });
        let started = self.execute("guest-exec", arguments, deadline)?;
        loop {
            let status = self.execute(
                "guest-exec-status",
                json!({ "pid": started["pid"] }),
                deadline,
            )?;
            if status["exited"] == json!(true) {
                let text = |key: &str| {
                    BASE64
                        .decode(status[key].as_str().unwrap_or_default())
                        .unwrap_or_default()
                };
                let output = [text("out-data"), text("err-data")].concat();
                let code = status["exitcode"].as_i64().unwrap_or(-1);
                return Ok((code, String::from_utf8_lossy(&output).into_owned()));
            }
            std::thread::sleep(STATUS_POLL);
        }
    }

    fn send(&mut self, bytes: &[u8]) -> Result<(), AgentError> {
        // Requests are small against the socket's buffer: it is full only when the guest has not read for long.
        self.stream
            .write_all(bytes)
            .map_err(|error| match error.kind() {
                io::ErrorKind::WouldBlock => AgentError::Silent {
                    command: "any command".to_owned(),
                },
                _ => AgentError::Closed,
            })
    }

    /// The next line that is JSON, or none at the deadline. Anything else on the port is skipped.
    fn next_line(&mut self, deadline: Instant) -> Result<Option<Value>, AgentError> {
        loop {
            while let Some(end) = self.received.iter().position(|&byte| byte == b'\n') {
                let line: Vec<u8> = self
                    .received
                    .drain(..=end)
                    .filter(|&byte| byte != 0xff)
                    .collect();
                if let Ok(value @ Value::Object(_)) = serde_json::from_slice(&line) {
                    return Ok(Some(value));
                }
            }
            if self.received.len() > LINE_MAX_BYTES {
                self.received.clear();
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if !wait_readable(&self.stream, left).map_err(|_| AgentError::Closed)? {
                return Ok(None);
            }
            let mut buffer = [0; 8192];
            match self.stream.read(&mut buffer) {
                Ok(0) => return Err(AgentError::Closed),
                Ok(count) => self.received.extend_from_slice(&buffer[..count]),
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
                    ) => {}
                Err(_) => return Err(AgentError::Closed),
            }
        }
    }
}

impl AsFd for Agent {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}
