//! QEMU's monitor: commands matched with their replies by id, events kept until asked for.

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use super::lines::{Filled, Lines, TalkError};

/// Longest line accepted from QEMU; real ones stay far below.
const LINE_MAX_BYTES: usize = 4 * 1024 * 1024;

/// Events kept until they are asked for; a guest can cause many (VSERPORT_CHANGE), so the oldest go.
const EVENTS_MAX: usize = 1000;

/// Something that happened to the machine.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Its name in capitals.
    pub name: String,
    /// Its data.
    pub data: Value,
}

/// A connection to a monitor.
#[derive(Debug)]
pub struct Qmp {
    lines: Lines,
    next_id: u64,
    events: VecDeque<Event>,
    replies: VecDeque<(Option<u64>, Result<Value, String>)>,
    closed: bool,
}

impl Qmp {
    /// Greets QEMU on a fresh connection.
    pub fn new(stream: UnixStream, deadline: Instant) -> Result<Self, TalkError> {
        let mut qmp = Self {
            lines: Lines::new(stream).map_err(broken)?,
            next_id: 1,
            events: VecDeque::new(),
            replies: VecDeque::new(),
            closed: false,
        };
        qmp.execute("qmp_capabilities", json!({}), deadline)?;
        Ok(qmp)
    }

    /// Runs a command and returns what it returned.
    pub fn execute(
        &mut self,
        command: &str,
        arguments: Value,
        deadline: Instant,
    ) -> Result<Value, TalkError> {
        self.execute_with(command, arguments, None, deadline)
    }

    /// Hands QEMU an open file under `name`, for migration.
    pub fn give_fd(
        &mut self,
        name: &str,
        file: BorrowedFd<'_>,
        deadline: Instant,
    ) -> Result<(), TalkError> {
        self.execute_with("getfd", json!({ "fdname": name }), Some(file), deadline)
            .map(drop)
    }

    fn execute_with(
        &mut self,
        command: &str,
        arguments: Value,
        file: Option<BorrowedFd<'_>>,
        deadline: Instant,
    ) -> Result<Value, TalkError> {
        let id = self.next_id;
        self.next_id += 1;
        let request = json!({ "execute": command, "arguments": arguments, "id": id });
        let line = format!("{request}\n");
        let sent = match file {
            None => self.lines.send(line.as_bytes()),
            Some(file) => self.lines.send_with(line.as_bytes(), file),
        };
        sent.map_err(|error| {
            self.closed = true;
            match error.kind() {
                io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset => TalkError::Closed,
                _ => broken(error),
            }
        })?;
        loop {
            while let Some((reply_id, result)) = self.replies.pop_front() {
                // A reply without an id is QEMU failing to parse what we just sent.
                if reply_id.is_none_or(|reply_id| reply_id == id) {
                    return result.map_err(|description| TalkError::Refused {
                        command: command.to_owned(),
                        description,
                    });
                }
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(TalkError::Silent(command.to_owned()));
            }
            self.pump(left)?;
        }
    }

    /// Takes in what QEMU has said, waiting at most `timeout` for the first byte.
    pub fn pump(&mut self, timeout: Duration) -> Result<(), TalkError> {
        if self.closed {
            return Err(TalkError::Closed);
        }
        self.closed = self.lines.fill(timeout).map_err(broken)? == Filled::Closed;
        while let Some(line) = self.lines.take() {
            let line = line.trim_ascii();
            self.take(line).map_err(|what| {
                let line = String::from_utf8_lossy(&line[..line.len().min(200)]);
                TalkError::Malformed(format!("{what} in {line:?}"))
            })?;
        }
        if self.lines.unfinished().len() > LINE_MAX_BYTES {
            let what = format!("a line of over {LINE_MAX_BYTES} bytes");
            return Err(TalkError::Malformed(what));
        }
        if self.closed && self.replies.is_empty() && self.events.is_empty() {
            return Err(TalkError::Closed);
        }
        Ok(())
    }

    /// Keeps what a line says; the error says what is wrong with it.
    fn take(&mut self, line: &[u8]) -> Result<(), String> {
        let mut object: Map<String, Value> =
            serde_json::from_slice(line).map_err(|error| error.to_string())?;
        // Ours always carry an id; QEMU leaves it out when it could not parse the command.
        let id = object.get("id").and_then(Value::as_u64);
        if object.contains_key("QMP") {
            // The greeting.
        } else if let Some(Value::String(name)) = object.remove("event") {
            let data = object.remove("data").unwrap_or_default();
            if self.events.len() == EVENTS_MAX {
                self.events.pop_front();
            }
            self.events.push_back(Event { name, data });
        } else if let Some(error) = object.get("error") {
            let words = error["desc"].as_str().unwrap_or("no description");
            self.replies.push_back((id, Err(words.to_owned())));
        } else if let Some(result) = object.remove("return") {
            self.replies.push_back((id, Ok(result)));
        } else {
            return Err("neither greeting, event nor reply".to_owned());
        }
        Ok(())
    }

    /// The oldest event that nobody has taken yet.
    pub fn next_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }
}

fn broken(error: io::Error) -> TalkError {
    TalkError::Malformed(error.to_string())
}

impl AsFd for Qmp {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.lines.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Write};
    use std::os::unix::net::UnixStream;
    use std::time::{Duration, Instant};

    use serde_json::json;

    use super::{Qmp, TalkError};

    /// A QEMU that answers each line it gets with the next of `answers`.
    fn fake(answers: &[&'static str]) -> UnixStream {
        let answers = answers.to_vec();
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
            "{\"error\": {\"desc\": \"no\"}, \"id\": 2}\n",
            "{\"return\": \"stale\", \"id\": 99}\n{\"event\": \"STOP\"}\n{\"return\": \"right\", \"id\": 3}\n",
        ]);
        let mut qmp = Qmp::new(stream, soon()).expect("a greeting");
        let refused = qmp.execute("query", json!({}), soon());
        assert!(
            matches!(&refused, Err(TalkError::Refused { description, .. }) if description == "no"),
            "{refused:?}"
        );
        let reply = qmp.execute("query", json!({}), soon());
        assert_eq!(reply.expect("a reply"), json!("right"));
        assert_eq!(qmp.next_event().expect("an event").name, "STOP");
        let closed = qmp.execute("more", json!({}), soon());
        assert!(matches!(closed, Err(TalkError::Closed)), "{closed:?}");
    }

    #[test]
    fn a_silent_or_raving_monitor_is_an_error() {
        let (ours, _theirs) = UnixStream::pair().expect("a pair");
        let at_once = Instant::now() + Duration::from_millis(20);
        assert!(matches!(Qmp::new(ours, at_once), Err(TalkError::Silent(_))));
        let all = ["HTTP/1.1 200 OK\n", "[]\n", "7\n", "{}\n", "\0\n"];
        for raving in all.iter().chain(&["{\"id\": 1}\n", "{\"event\": 3}\n"]) {
            let refused = Qmp::new(fake(&[raving]), soon());
            assert!(matches!(refused, Err(TalkError::Malformed(_))));
        }
    }
}
