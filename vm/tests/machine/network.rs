//! What a guest with a network card reaches.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener, UdpSocket};
use std::time::{Duration, Instant};

use switchproof_vm::guest::GuestCommand;
use switchproof_vm::machine::{Machine, Network, Purpose};

use crate::lab::{BOOT, lab, run, sh};

/// A listener on an address of this host, and whether anybody has come.
struct Ear {
    listener: TcpListener,
    port: u16,
}

impl Ear {
    fn at(address: IpAddr) -> Option<Self> {
        let listener = TcpListener::bind((address, 0)).ok()?;
        listener.set_nonblocking(true).ok()?;
        let port = listener.local_addr().ok()?.port();
        Some(Self { listener, port })
    }

    fn was_reached(&self) -> bool {
        self.listener.accept().is_ok()
    }
}

/// The address that this host has towards others, when it has one.
fn outer_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9)).ok()?;
    socket.local_addr().ok().map(|address| address.ip())
}

/// What becomes of a connection from the guest: nothing when it is made, else why not.
fn connect(machine: &mut Machine, to: &str, port: u16) -> Option<String> {
    let script = format!("LC_ALL=C timeout 5 bash -c ': </dev/tcp/{to}/{port}' 2>&1");
    let command = GuestCommand::shell(script).deadline(Duration::from_secs(60));
    let (exit, out, _) = run(machine, &command);
    (!exit.success()).then(|| format!("{} {out}", exit.status()))
}

const UP: &str = "card=$(ls /sys/class/net | grep -v lo) && ip link set $card up && \
                  ip address replace 10.0.2.15/24 dev $card && ip route replace default via 10.0.2.2 dev $card";

#[test]
#[ignore = "boots machines; SWITCHPROOF_TEST_IMAGE names the directory of a guest image"]
fn the_internet_is_reached_without_this_host() {
    let mut lab = lab();
    let local = Ear::at(Ipv4Addr::LOCALHOST.into()).expect("a listener");
    let local6 = Ear::at(Ipv6Addr::LOCALHOST.into());
    let outer = outer_address().and_then(|address| Some((address, Ear::at(address)?)));
    for network in [Network::Internet, Network::InternetAndHost] {
        lab.host.shape.network = network;
        let base = lab.host.base_layer(BOOT, &mut |_| {}).expect("a base");
        let mut machine = lab.host.fork(&base, Purpose::Leaf).expect("a fork");
        sh(&mut machine, UP);
        let is_open = network == Network::InternetAndHost;
        let began = Instant::now();
        let problem = connect(&mut machine, "10.0.2.2", local.port);
        eprintln!(
            "{network:?}: 10.0.2.2 in {:.1} s: {problem:?}",
            began.elapsed().as_secs_f64()
        );
        assert_eq!(problem.is_none(), is_open, "{problem:?}");
        assert_eq!(local.was_reached(), is_open);
        // The virtual network itself works: a neighbour answers who has its address.
        let neighbours = sh(&mut machine, "ip neighbour show");
        assert!(neighbours.contains("10.0.2.2"), "{neighbours}");
        assert!(neighbours.contains("lladdr"), "{neighbours}");
        if let Some((address, ear)) = &outer {
            let problem = connect(&mut machine, &address.to_string(), ear.port);
            eprintln!("{network:?}: {address}: {problem:?}");
            assert_eq!(ear.was_reached(), is_open, "{problem:?}");
        }
        if let Some(ear) = &local6 {
            let _ = sh(
                &mut machine,
                "ip -6 address add fec0::15/64 dev $(ls /sys/class/net | grep -v lo) || true",
            );
            for to in ["fec0::2", "fe80::2%2", "::1"] {
                assert!(connect(&mut machine, to, ear.port).is_some(), "{to}");
            }
            assert!(!ear.was_reached());
        }
        for to in ["169.254.169.254", "192.168.0.1", "10.0.2.3"] {
            let problem = connect(&mut machine, to, 80);
            assert!(is_open || problem.is_some(), "{to}");
        }
        // Where this host has no way to it, that is said; what the gate drops meets silence.
        let problem = connect(&mut machine, "1.1.1.1", 443);
        eprintln!("{network:?}: the internet: {problem:?}");
    }
}
