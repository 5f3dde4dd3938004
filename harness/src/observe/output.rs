//! What a step printed, bounded.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::login::NoLogin;
use crate::machine::{GuestExit, Shortage, Stream};

/// How much of each stream's beginning is kept, in bytes.
const HEAD_BYTES: usize = 128 * 1024;
/// A line that is longer is cut where the two streams are put in order, in bytes.
const LINE_BYTES: usize = 64 * 1024;
/// How much of each stream's end is kept, in bytes: errors come last.
const TAIL_BYTES: usize = 128 * 1024;

/// How a step ended and what it printed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepOutput {
    /// The exit status; 128 + n after signal n.
    pub status: i32,
    /// Standard output as the guest sent it; bytes that are not UTF-8 replaced. To be shown only cleaned.
    pub stdout: String,
    /// Standard error, likewise.
    pub stderr: String,
    /// Both, line by line in the order in which they came, for people: lines of the two streams that came at once may
    /// stand in either order.
    #[serde(default)]
    pub printed: String,
    /// Whether the middle of a stream was dropped.
    pub truncated: bool,
    /// What the guest had run out of when it ended.
    #[serde(default)]
    pub shortage: Option<Shortage>,
    /// Why nothing of the step was done, where the user who was to do it could not log in.
    pub no_login: Option<NoLogin>,
}

/// Keeps the beginning and the end of both streams of a running step, whatever it prints.
#[derive(Debug, Default)]
pub struct OutputCollector {
    out: Bounded,
    err: Bounded,
    printed: Bounded,
    /// What came of the last line of each stream.
    unfinished: [Vec<u8>; 2],
}

impl OutputCollector {
    /// A collector that has seen nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes what a stream brought.
    pub fn push(&mut self, stream: Stream, bytes: &[u8]) {
        let unfinished = match stream {
            Stream::Stdout => {
                self.out.push(bytes);
                &mut self.unfinished[0]
            }
            Stream::Stderr => {
                self.err.push(bytes);
                &mut self.unfinished[1]
            }
        };
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            unfinished.extend_from_slice(piece);
            if piece.ends_with(b"\n") || unfinished.len() > LINE_BYTES {
                self.printed.push(unfinished);
                unfinished.clear();
            }
        }
    }

    /// The output of a step that ended so.
    pub fn finish(mut self, exit: GuestExit) -> StepOutput {
        for line in self.unfinished.iter_mut().filter(|line| !line.is_empty()) {
            line.push(b'\n');
            self.printed.push(line);
        }
        StepOutput {
            status: exit.status,
            truncated: exit.truncated || self.out.dropped > 0 || self.err.dropped > 0,
            stdout: self.out.into_text(),
            stderr: self.err.into_text(),
            printed: self.printed.into_text(),
            shortage: exit.shortage,
            no_login: None,
        }
    }
}

#[derive(Debug, Default)]
struct Bounded {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    dropped: u64,
}

impl Bounded {
    fn push(&mut self, bytes: &[u8]) {
        let (to_head, rest) = bytes.split_at(bytes.len().min(HEAD_BYTES - self.head.len()));
        self.head.extend_from_slice(to_head);
        let skipped = rest.len().saturating_sub(TAIL_BYTES);
        let rest = &rest[skipped..];
        let overflow = (self.tail.len() + rest.len()).saturating_sub(TAIL_BYTES);
        self.tail.drain(..overflow);
        self.tail.extend(rest);
        self.dropped += (skipped + overflow) as u64;
    }

    fn into_text(mut self) -> String {
        let mut text = String::from_utf8_lossy(&self.head).into_owned();
        if self.dropped > 0 {
            text.push_str(&format!("\n[… {} bytes left out …]\n", self.dropped));
        }
        text.push_str(&String::from_utf8_lossy(self.tail.make_contiguous()));
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_output_is_kept_whole() {
        let mut collector = OutputCollector::new();
        collector.push(Stream::Stdout, b"one ");
        collector.push(Stream::Stderr, b"\xff");
        collector.push(Stream::Stdout, b"two");
        let output = collector.finish(GuestExit::with_status(0));
        assert_eq!(output.stdout, "one two");
        assert_eq!(output.stderr, "\u{fffd}");
        assert!(!output.truncated);
    }

    #[test]
    fn lines_keep_the_order_in_which_they_came() {
        let mut collector = OutputCollector::new();
        collector.push(Stream::Stdout, b"one\ntw");
        collector.push(Stream::Stderr, b"oh\nno");
        collector.push(Stream::Stdout, b"o\n");
        let output = collector.finish(GuestExit::with_status(0));
        assert_eq!(output.printed, "one\noh\ntwo\nno\n");
        assert_eq!(output.stdout, "one\ntwo\n");
    }

    #[test]
    fn a_hundred_megabytes_leave_a_beginning_and_an_end() {
        let mut collector = OutputCollector::new();
        collector.push(Stream::Stdout, b"first line\n");
        for _ in 0..1600 {
            collector.push(Stream::Stdout, &[b'x'; 65536]);
        }
        collector.push(Stream::Stdout, b"\nlast line");
        let output = collector.finish(GuestExit::with_status(0));
        assert!(output.truncated);
        assert!(output.stdout.starts_with("first line\n"));
        assert!(output.stdout.ends_with("\nlast line"));
        assert!(output.stdout.len() < HEAD_BYTES + TAIL_BYTES + 100);
    }
}
