//! Frames on the supervisor's control port. The guest is hostile until parsed: every length is bounded before
//! it is believed.

/// Type, job id, length.
const HEADER_BYTES: usize = 9;

/// Longest payload that the supervisor sends: one piece of output.
pub(crate) const PAYLOAD_MAX_BYTES: usize = 32 * 1024;

/// What the guest can say. See the head of `supervisor.pl`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FrameKind {
    Ready,
    Stdout,
    Stderr,
    Woken,
    Pong,
    Ended,
}

/// One frame from the guest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) kind: FrameKind,
    pub(crate) job: u32,
    pub(crate) payload: Vec<u8>,
}

/// A frame for the guest.
pub(crate) fn encode(kind: u8, job: u32, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER_BYTES + payload.len());
    bytes.push(kind);
    bytes.extend(job.to_be_bytes());
    // Requests are built here and bounded by `exec_payload`.
    bytes.extend((payload.len() as u32).to_be_bytes());
    bytes.extend(payload);
    bytes
}

/// Takes frames out of a stream of bytes.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    received: Vec<u8>,
    taken: usize,
}

impl Decoder {
    /// Adds what was read.
    pub(crate) fn extend(&mut self, bytes: &[u8]) {
        self.received.drain(..self.taken);
        self.taken = 0;
        self.received.extend_from_slice(bytes);
    }

    /// The next whole frame; none when more bytes are needed; the error says what is wrong.
    pub(crate) fn next(&mut self) -> Result<Option<Frame>, String> {
        let rest = &self.received[self.taken..];
        let Some((header, rest)) = rest.split_at_checked(HEADER_BYTES) else {
            return Ok(None);
        };
        let number = |at: usize| {
            u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]])
        };
        let kind = match header[0] {
            b'R' => FrameKind::Ready,
            b'o' => FrameKind::Stdout,
            b'e' => FrameKind::Stderr,
            b'w' => FrameKind::Woken,
            b'p' => FrameKind::Pong,
            b'X' => FrameKind::Ended,
            other => return Err(format!("a frame of type {other:#04x}")),
        };
        let length = number(5) as usize;
        if length > PAYLOAD_MAX_BYTES {
            return Err(format!("a frame of {length} bytes"));
        }
        let Some(payload) = rest.get(..length) else {
            return Ok(None);
        };
        let frame = Frame {
            kind,
            job: number(1),
            payload: payload.to_vec(),
        };
        self.taken += HEADER_BYTES + length;
        Ok(Some(frame))
    }
}

#[cfg(test)]
mod tests {
    use super::{Decoder, Frame, FrameKind, encode};

    #[test]
    fn frames_cut_anywhere_are_put_together() {
        let mut bytes = encode(b'o', 7, b"hello\0\xff");
        bytes.extend(encode(b'X', 7, &[0; 10]));
        let mut decoder = Decoder::default();
        let mut frames = Vec::new();
        for byte in bytes {
            decoder.extend(&[byte]);
            frames.extend(decoder.next().expect("well formed"));
        }
        let output = Frame {
            kind: FrameKind::Stdout,
            job: 7,
            payload: b"hello\0\xff".to_vec(),
        };
        assert_eq!(frames[0], output);
        assert_eq!(frames[1].kind, FrameKind::Ended);
        assert_eq!(frames.len(), 2);
    }

    #[test]
    fn lengths_and_types_are_not_believed() {
        let cases: [&[u8]; 3] = [
            b"o\0\0\0\x01\xff\xff\xff\xff",
            b"\0\0\0\0\0\0\0\0\0",
            b"Kernel panic",
        ];
        for bytes in cases {
            let mut decoder = Decoder::default();
            decoder.extend(bytes);
            assert!(decoder.next().is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn noise_never_panics() {
        let mut state = 1u32;
        for _ in 0..2000 {
            let mut decoder = Decoder::default();
            for _ in 0..64 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                decoder.extend(&[(state >> 24) as u8]);
            }
            while let Ok(Some(_)) = decoder.next() {}
        }
    }
}
