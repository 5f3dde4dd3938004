//! What keeps a guest with a network away from this host and its neighbours.
//!
//! QEMU's user-mode network opens connections in the host's name, so that a guest reaches whatever the host does. Every
//! frame that the guest sends is therefore redirected to us (QEMU's `filter-redirector`, which puts a frame's length in
//! front of it), and we give back those that may go on. It needs no privilege, and nothing that the guest could turn
//! off. What it cannot do: tell a neighbour with a public address from the internet, or keep the host's name server from
//! answering for private names.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags};

use super::{poll_until, read_some, write_some};

/// The host's name server, as QEMU's manual gives it ("Using the user mode network stack").
const NAME_SERVER: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 3);

/// The longest frame that the card sends, with room to spare.
const FRAME_MAX_BYTES: usize = 128 * 1024;

/// With so many bytes waiting for QEMU further frames are dropped, as on any busy network. Waiting could deadlock: QEMU
/// may be waiting for us.
const WAITING_MAX_BYTES: usize = 1024 * 1024;

/// How many addresses are remembered not to be the host's.
const REMEMBERED: usize = 4096;

/// What precedes each frame.
const LENGTH_BYTES: usize = 4;

/// Ranges in which no address is one of the internet: of this host, private, shared by a provider's customers, link-local
/// (where clouds have their metadata service), for protocols and tests, multicast, reserved, broadcast.
const NOT_INTERNET: [(Ipv4Addr, u32); 13] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    // A cloud's service for its machines, in the middle of the internet.
    (Ipv4Addr::new(168, 63, 129, 16), 32),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

/// Begins to judge the frames that come from `leaving`, and to give those that may go on to `let_out`, until QEMU ends.
pub(crate) fn open_gate(leaving: UnixStream, let_out: UnixStream) -> io::Result<()> {
    leaving.set_nonblocking(true)?;
    let_out.set_nonblocking(true)?;
    let work = move || {
        // Whatever ends it: without us nothing leaves.
        let _ = pass_on(&leaving, &let_out, &mut Judge::default());
    };
    let thread = thread::Builder::new().name("gate".to_owned());
    thread.spawn(work).map(drop)
}

fn pass_on(leaving: &UnixStream, let_out: &UnixStream, judge: &mut Judge) -> io::Result<()> {
    let (mut received, mut waiting) = (Vec::new(), VecDeque::new());
    let mut buffer = [0; 64 * 1024];
    loop {
        let mut entries = [
            PollFd::new(leaving, PollFlags::IN),
            PollFd::new(let_out, PollFlags::empty()),
        ];
        if !waiting.is_empty() {
            entries[1] = PollFd::new(let_out, PollFlags::OUT);
        }
        poll_until(&mut entries, Duration::from_secs(3600))?;
        if entries[1]
            .revents()
            .intersects(PollFlags::HUP | PollFlags::ERR)
        {
            return Ok(());
        }
        match read_some(leaving, &mut buffer)? {
            Some(0) => return Ok(()),
            count => received.extend_from_slice(&buffer[..count.unwrap_or(0)]),
        }
        while let Some(frame) = take_frame(&mut received)? {
            let length = frame.len() + LENGTH_BYTES;
            if judge.lets_out(&frame) && waiting.len() + length <= WAITING_MAX_BYTES {
                waiting.extend((frame.len() as u32).to_be_bytes());
                waiting.extend(frame);
            }
        }
        send(let_out, &mut waiting)?;
    }
}

/// The next whole frame; an error when there will never be one.
fn take_frame(received: &mut Vec<u8>) -> io::Result<Option<Vec<u8>>> {
    let Some(length) = received.first_chunk::<LENGTH_BYTES>() else {
        return Ok(None);
    };
    let length = u32::from_be_bytes(*length) as usize;
    if length > FRAME_MAX_BYTES {
        return Err(io::Error::other(format!("a frame of {length} bytes")));
    }
    if received.len() < LENGTH_BYTES + length {
        return Ok(None);
    }
    let frame = received.drain(..LENGTH_BYTES + length);
    Ok(Some(frame.skip(LENGTH_BYTES).collect()))
}

/// Sends what the socket takes now.
fn send(stream: &UnixStream, waiting: &mut VecDeque<u8>) -> io::Result<()> {
    while !waiting.is_empty() {
        match write_some(stream, waiting.as_slices().0)? {
            0 => break,
            count => drop(waiting.drain(..count)),
        }
    }
    Ok(())
}

/// Tells what may leave the guest.
#[derive(Debug, Default)]
struct Judge {
    /// Whether an address was found to be one of this host's own.
    own: HashMap<Ipv4Addr, bool>,
}

impl Judge {
    /// Whether a frame may go on: one that asks for a card's address on the virtual network, one that asks the host's
    /// name server, and one to the internet.
    fn lets_out(&mut self, frame: &[u8]) -> bool {
        const ADDRESS_RESOLUTION: [u8; 2] = [0x08, 0x06];
        const IPV4: [u8; 2] = [0x08, 0x00];
        let Some((header, packet)) = frame.split_at_checked(14) else {
            return false;
        };
        match [header[12], header[13]] {
            ADDRESS_RESOLUTION => true,
            IPV4 => self.lets_packet_out(packet),
            _ => false,
        }
    }

    fn lets_packet_out(&mut self, packet: &[u8]) -> bool {
        const TCP: u8 = 6;
        const UDP: u8 = 17;
        let Some(header) = packet.first_chunk::<20>() else {
            return false;
        };
        let (version, header_bytes) = (header[0] >> 4, usize::from(header[0] & 15) * 4);
        if version != 4 || header_bytes < 20 {
            return false;
        }
        let to = Ipv4Addr::new(header[16], header[17], header[18], header[19]);
        if to != NAME_SERVER {
            return is_public(to) && !self.is_own(to);
        }
        // A later fragment does not say which port it is for.
        let is_fragment = u16::from_be_bytes([header[6], header[7]]) & 0x3fff != 0;
        let port = packet.get(header_bytes + 2..header_bytes + 4);
        !is_fragment && matches!(header[9], TCP | UDP) && port == Some(&[0, 53])
    }

    /// Whether a public address is one of this host's own.
    fn is_own(&mut self, address: Ipv4Addr) -> bool {
        if let Some(&own) = self.own.get(&address) {
            return own;
        }
        if self.own.len() >= REMEMBERED {
            self.own.clear();
        }
        let own = is_local(address);
        self.own.insert(address, own);
        own
    }
}

fn is_public(address: Ipv4Addr) -> bool {
    let is_in = |&(network, bits): &(Ipv4Addr, u32)| {
        (address.to_bits() ^ network.to_bits()) >> (32 - bits) == 0
    };
    !NOT_INTERNET.iter().any(is_in)
}

/// The system chooses an own address as the source of what is sent to that very address. Nothing is sent.
fn is_local(address: Ipv4Addr) -> bool {
    let chosen = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).and_then(|socket| {
        socket.connect((address, 9))?;
        socket.local_addr()
    });
    chosen.is_ok_and(|chosen| chosen.ip() == IpAddr::V4(address))
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::Ipv4Addr;
    use std::os::unix::net::UnixStream;
    use std::time::Duration;

    use super::{Judge, is_local, open_gate};

    fn packet(to: [u8; 4], protocol: u8, port: u16, fragment: u16) -> Vec<u8> {
        let mut frame = vec![0; 12];
        frame.extend([0x08, 0x00, 0x45, 0, 0, 28, 0, 0]);
        frame.extend(fragment.to_be_bytes());
        frame.extend([64, protocol, 0, 0, 10, 0, 2, 15]);
        frame.extend(to);
        frame.extend([0x80, 0]);
        frame.extend(port.to_be_bytes());
        frame
    }

    #[test]
    fn only_the_internet_is_let_through() {
        let mut judge = Judge::default();
        let mut lets = |to| judge.lets_out(&packet(to, 6, 443, 0));
        let outside = "1.1.1.1 93.184.215.14 172.32.0.1 100.128.0.1";
        let inside = "127.0.0.1 10.0.2.2 10.0.2.3 10.9.9.9 172.16.0.1 172.31.255.255 192.168.1.1 169.254.169.254 \
                      168.63.129.16 100.100.100.200 0.0.0.0 224.0.0.251 255.255.255.255";
        for (addresses, is_let_out) in [(outside, true), (inside, false)] {
            for address in addresses.split(' ') {
                let to: Ipv4Addr = address.parse().expect("an address");
                assert_eq!(lets(to.octets()), is_let_out, "{address}");
            }
        }
    }

    #[test]
    fn the_name_server_is_asked_for_names_alone() {
        let mut judge = Judge::default();
        let mut lets = |protocol, port, fragment| {
            judge.lets_out(&packet([10, 0, 2, 3], protocol, port, fragment))
        };
        assert!(lets(17, 53, 0) && lets(6, 53, 0) && lets(17, 53, 0x4000));
        for (protocol, port, fragment) in [(6, 22, 0), (1, 53, 0), (17, 53, 0x2000), (17, 53, 1)] {
            assert!(!lets(protocol, port, fragment));
        }
    }

    #[test]
    fn other_protocols_and_broken_frames_stay() {
        let mut judge = Judge::default();
        let of_type = |kind: [u8; 2]| {
            let mut frame = packet([1, 1, 1, 1], 6, 443, 0);
            frame[12..14].copy_from_slice(&kind);
            frame
        };
        let (ipv6, tagged) = (of_type([0x86, 0xdd]), of_type([0x81, 0x00]));
        let mut version = packet([1, 1, 1, 1], 6, 443, 0);
        version[14] = 0x65;
        for frame in [&ipv6[..], &tagged, &version, &ipv6[..20], b""] {
            assert!(!judge.lets_out(frame), "{frame:?}");
        }
        let mut request = vec![0xff; 42];
        request[12..14].copy_from_slice(&[0x08, 0x06]);
        assert!(judge.lets_out(&request));
    }

    #[test]
    fn an_own_address_is_known() {
        assert!(is_local(Ipv4Addr::LOCALHOST));
        assert!(!is_local(Ipv4Addr::new(192, 0, 2, 1)));
    }

    #[test]
    fn frames_cut_anywhere_pass_whole_and_a_deaf_qemu_blocks_nothing() {
        let (mut guest, leaving) = UnixStream::pair().unwrap();
        let (let_out, mut outside) = UnixStream::pair().unwrap();
        open_gate(leaving, let_out).unwrap();
        let framed = |frame: &[u8]| [&(frame.len() as u32).to_be_bytes()[..], frame].concat();
        let [good, bad] = [[1, 1, 1, 1], [127, 0, 0, 1]].map(|to| framed(&packet(to, 6, 443, 0)));
        for byte in [&bad[..], &good, &bad].concat() {
            guest.write_all(&[byte]).unwrap();
        }
        let mut passed = vec![0; good.len()];
        outside.read_exact(&mut passed).unwrap();
        assert_eq!(passed, good);
        let patience = Some(Duration::from_secs(20));
        guest.set_write_timeout(patience).unwrap();
        let large = framed(&[&packet([1, 1, 1, 1], 6, 443, 0)[..], &[0; 60_000]].concat());
        for _ in 0..100 {
            guest.write_all(&large).expect("nobody waits for QEMU");
        }
        drop(guest);
        outside.read_to_end(&mut passed).expect("it ends with QEMU");
    }
}
