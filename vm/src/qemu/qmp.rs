//! QEMU's monitor: commands matched with their replies by id, events kept until asked for.

use std::collections::VecDeque;
use std::io::{self, IoSlice, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use serde_json::{Map, Value, json};

use crate::qemu::message::{Message, parse};
use crate::qemu::wait_readable;

/// Longest line accepted from QEMU; real ones stay far below.
const LINE_MAX_BYTES: usize = 4 * 1024 * 1024;

/// Events kept for whoever asks; a guest can cause many (VSERPORT_CHANGE), so the oldest go.
const EVENTS_MAX: usize = 1000;

/// Something that happened to the machine.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Its name in capitals.
    pub name: String,
    /// Its data.
    pub data: Map<String, Value>,
}

/// Why the monitor did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum QmpError {
    /// QEMU closed the connection: it has died or is about to.
    #[error("QEMU closed its monitor")]
    Closed,
    /// No reply came in time.
    #[error("QEMU did not answer `{command}` within {waited_s:.1} s")]
    Deadline {
        /// The command.
        command: String,
        /// How long we waited.
        waited_s: f64,
    },
    /// QEMU refused a command.
    #[error("QEMU refused `{command}`: {description}")]
    Refused {
        /// The command.
        command: String,
        /// QEMU's words.
        description: String,
    },
    /// QEMU sent what is not QMP.
    #[error("QEMU's monitor is not speaking QMP: {0}")]
    Malformed(String),
}

/// A connection to a monitor.
#[derive(Debug)]
pub struct Qmp {
    stream: UnixStream,
    received: Vec<u8>,
    next_id: u64,
    events: VecDeque<Event>,
    replies: VecDeque<(Option<u64>, Result<Value, String>)>,
    closed: bool,
}

impl Qmp {
    /// Greets QEMU on a fresh connection.
    pub fn new(stream: UnixStream, deadline: Instant) -> Result<Self, QmpError> {
        let mut qmp = Self {
            stream,
            received: Vec::new(),
            next_id: 1,
            events: VecDeque::new(),
            replies: VecDeque::new(),
            closed: false,
        };
        qmp.stream
            .set_nonblocking(true)
            .map_err(|error| QmpError::Malformed(error.to_string()))?;
        qmp.execute("qmp_capabilities", json!({}), deadline)?;
        Ok(qmp)
    }

    /// Runs a command and returns what it returned.
    pub fn execute(
        &mut self,
        command: &str,
        arguments: Value,
        deadline: Instant,
    ) -> Result<Value, QmpError> {
        self.execute_with(command, arguments, None, deadline)
    }

    /// Hands QEMU an open file under `name`, for migration.
    pub fn give_fd(
        &mut self,
        name: &str,
        file: BorrowedFd<'_>,
        deadline: Instant,
    ) -> Result<(), QmpError> {
        self.execute_with("getfd", json!({ "fdname": name }), Some(file), deadline)
            .map(drop)
    }

    fn execute_with(
        &mut self,
        command: &str,
        arguments: Value,
        file: Option<BorrowedFd<'_>>,
        deadline: Instant,
    ) -> Result<Value, QmpError> {
        let started = Instant::now();
        let id = self.next_id;
        self.next_id += 1;
        let line = format!(
            "{}\n",
            json!({ "execute": command, "arguments": arguments, "id": id })
        );
        self.send(line.as_bytes(), file)?;
        loop {
            while let Some((reply_id, result)) = self.replies.pop_front() {
                // A reply without an id is QEMU failing to parse what we just sent.
                if reply_id.is_none_or(|reply_id| reply_id == id) {
                    let refused = |description| QmpError::Refused {
                        command: command.to_owned(),
                        description,
                    };
                    return result.map_err(refused);
                }
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let waited_s = started.elapsed().as_secs_f64();
                return Err(QmpError::Deadline {
                    command: command.to_owned(),
                    waited_s,
                });
            }
            self.pump(left)?;
        }
    }

    fn send(&mut self, line: &[u8], file: Option<BorrowedFd<'_>>) -> Result<(), QmpError> {
        // Commands are small against the socket's buffer and QEMU reads them in its main loop, so a full buffer
        // means that QEMU hangs.
        let sent = match file {
            None => self.stream.write_all(line),
            Some(file) => send_with_fd(&self.stream, line, file),
        };
        sent.map_err(|error| {
            self.closed = true;
            match error.kind() {
                io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset => QmpError::Closed,
                _ => QmpError::Malformed(error.to_string()),
            }
        })
    }

    /// Takes in what QEMU has said, waiting at most `timeout` for the first byte.
    pub fn pump(&mut self, timeout: Duration) -> Result<(), QmpError> {
        if self.closed {
            return Err(QmpError::Closed);
        }
        let broken = |error: io::Error| QmpError::Malformed(error.to_string());
        if !wait_readable(&self.stream, timeout).map_err(broken)? {
            return Ok(());
        }
        let mut buffer = [0; 16 * 1024];
        match self.stream.read(&mut buffer) {
            Ok(0) => self.closed = true,
            Ok(count) => self.received.extend_from_slice(&buffer[..count]),
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
                ) => {}
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => self.closed = true,
            Err(error) => return Err(broken(error)),
        }
        self.take_lines()?;
        if self.closed && self.replies.is_empty() && self.events.is_empty() {
            return Err(QmpError::Closed);
        }
        Ok(())
    }

    fn take_lines(&mut self) -> Result<(), QmpError> {
        while let Some(end) = self.received.iter().position(|&byte| byte == b'\n') {
            let line: Vec<u8> = self.received.drain(..=end).collect();
            match parse(line.trim_ascii()).map_err(QmpError::Malformed)? {
                Message::Greeting => {}
                Message::Reply { id, result } => self.replies.push_back((id, result)),
                Message::Event { name, data } => {
                    if self.events.len() == EVENTS_MAX {
                        self.events.pop_front();
                    }
                    self.events.push_back(Event { name, data });
                }
            }
        }
        if self.received.len() > LINE_MAX_BYTES {
            return Err(QmpError::Malformed(format!(
                "a line of over {LINE_MAX_BYTES} bytes"
            )));
        }
        Ok(())
    }

    /// The oldest event that nobody has taken yet.
    pub fn next_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// Whether QEMU has closed the connection.
    pub fn is_closed(&self) -> bool {
        self.closed
    }
}

impl AsFd for Qmp {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

/// Sends a line together with an open file (SCM_RIGHTS).
fn send_with_fd(stream: &UnixStream, line: &[u8], file: BorrowedFd<'_>) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    let files = [file];
    if !ancillary.push(SendAncillaryMessage::ScmRights(&files)) {
        return Err(io::Error::other("no room for one file descriptor"));
    }
    let sent = sendmsg(
        stream,
        &[IoSlice::new(line)],
        &mut ancillary,
        SendFlags::empty(),
    )?;
    if sent < line.len() {
        return Err(io::Error::other("the monitor's socket is full"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Write};
    use std::os::unix::net::UnixStream;
    use std::time::{Duration, Instant};

    use serde_json::json;

    use super::{Qmp, QmpError};

    /// A QEMU that answers each line it gets with the next of `answers`.
    fn fake(answers: &'static [&'static str]) -> UnixStream {
        let (ours, theirs) = UnixStream::pair().expect("a pair");
        std::thread::spawn(move || {
            let mut lines = BufReader::new(theirs.try_clone().expect("a clone")).lines();
            let mut theirs = theirs;
            for answer in answers {
                let Some(Ok(_)) = lines.next() else { return };
                if theirs.write_all(answer.as_bytes()).is_err() {
                    return;
                }
            }
        });
        ours
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(5)
    }

    #[test]
    fn replies_are_matched_by_id_and_events_between_them_are_kept() {
        let stream = fake(&[
            "{\"QMP\": {}}\r\n{\"return\": {}, \"id\": 1}\r\n",
            "{\"return\": \"stale\", \"id\": 99}\n{\"event\": \"STOP\"}\n{\"return\": \"right\", \"id\": 2}\n",
        ]);
        let mut qmp = Qmp::new(stream, soon()).expect("a greeting");
        assert_eq!(
            qmp.execute("query", json!({}), soon()).expect("a reply"),
            json!("right")
        );
        assert_eq!(qmp.next_event().expect("an event").name, "STOP");
        assert!(matches!(
            qmp.execute("more", json!({}), soon()),
            Err(QmpError::Closed)
        ));
    }

    #[test]
    fn a_silent_or_raving_monitor_is_an_error() {
        let (ours, _theirs) = UnixStream::pair().expect("a pair");
        let at_once = Instant::now() + Duration::from_millis(20);
        assert!(matches!(
            Qmp::new(ours, at_once),
            Err(QmpError::Deadline { .. })
        ));
        let raving = fake(&["HTTP/1.1 200 OK\n"]);
        assert!(matches!(
            Qmp::new(raving, soon()),
            Err(QmpError::Malformed(_))
        ));
    }
}
