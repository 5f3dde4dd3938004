//! Commands in a guest.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use switchproof_vm::guest::{Ending, GuestCommand, GuestUser, OutputStream};

use crate::lab::{lab, run, sh};

#[test]
#[ignore = "boots machines; needs the guest image"]
fn a_round_trip_is_short() {
    let lab = lab();
    let mut machine = lab.leaf();
    let mut once = || {
        let start = Instant::now();
        sh(&mut machine, "true");
        start.elapsed()
    };
    let mut times: Vec<_> = (0..50).map(|_| once()).collect();
    times.sort();
    let (median, slowest) = (times[25], times[49]);
    eprintln!("round trip: median {median:?}, slowest {slowest:?}");
}

#[test]
#[ignore = "boots machines; needs the guest image"]
fn root_gets_what_it_asked_for() {
    let lab = lab();
    let mut machine = lab.leaf();
    let command = GuestCommand::shell("pwd; echo \"$A\"; echo bad >&2; id -un; umask; cat; exit 7")
        .env("A", "b c");
    let (exit, out, err) = run(&mut machine, &command);
    assert_eq!(
        (exit.ending, out.as_str(), err.as_str()),
        (Ending::Exited(7), "/\nb c\nroot\n0022\n", "bad\n")
    );
    assert_eq!(exit.stderr_tail, b"bad\n");
    let (exit, _, err) = run(&mut machine, &GuestCommand::argv(["/no/such"]));
    assert_eq!(exit.status(), 127);
    assert!(err.contains("/no/such"), "{err}");
    let (exit, ..) = run(&mut machine, &GuestCommand::shell("kill -SEGV $$"));
    assert_eq!((exit.ending, exit.status()), (Ending::Signalled(11), 139));
}

#[test]
#[ignore = "boots machines; needs the guest image"]
fn a_user_gets_a_login_session() {
    let lab = lab();
    let mut machine = lab.leaf();
    let script = "id -un; pwd; echo $XDG_RUNTIME_DIR; echo $XDG_SESSION_ID; shopt -q login_shell && echo login; \
        systemctl --user is-system-running --wait; echo \"$A\"; cut -d: -f3 /proc/self/cgroup";
    let command = GuestCommand::shell(script)
        .login("alice")
        .env("A", "it's")
        .deadline(Duration::from_secs(120));
    let (exit, out, err) = run(&mut machine, &command);
    eprintln!("first login took {:?}", exit.elapsed);
    let lines: Vec<_> = out.lines().collect();
    assert_eq!(lines.len(), 8, "{out} {err}");
    assert_eq!(
        (lines[0], lines[1], lines[2], lines[4]),
        ("alice", "/home/alice", "/run/user/1000", "login")
    );
    assert!(!lines[3].is_empty());
    assert_eq!((lines[5], lines[6]), ("running", "it's"), "{err}");
    let group = lines[7];
    assert!(
        group.contains("/user.slice/user-1000.slice/session-"),
        "{group}"
    );
    let printf = GuestCommand::argv(["printf", "%s", "a b"]).login("alice");
    let (exit, out, _) = run(&mut machine, &printf);
    assert_eq!((exit.success(), out.as_str()), (true, "a b"));
    eprintln!("second login took {:?}", exit.elapsed);
}

#[test]
#[ignore = "boots machines; needs the guest image"]
fn a_flood_of_output_is_cut_and_counted() {
    let lab = lab();
    let mut machine = lab.leaf();
    let command = GuestCommand::shell("head -c 100000000 /dev/zero; echo done >&2")
        .output_limit_bytes(1_000_000)
        .deadline(Duration::from_secs(120));
    let mut bytes = 0;
    let exit = machine.exec(&command, &mut |_, piece| bytes += piece.len());
    let exit = exit.expect("an end");
    eprintln!("100 MB took {:?}", exit.elapsed);
    assert_eq!((exit.ending, bytes as u64), (Ending::Exited(0), 1_000_000));
    assert_eq!(exit.dropped_bytes, 100_000_005 - 1_000_000);
}

#[test]
#[ignore = "boots machines; needs the guest image"]
fn output_comes_live_and_in_full() {
    let lab = lab();
    let mut machine = lab.leaf();
    let mut first = None;
    let start = Instant::now();
    let mut all = Vec::new();
    let command = GuestCommand::shell("echo early; sleep 2; seq 1 200000");
    let exit = machine.exec(&command, &mut |_, bytes| {
        first.get_or_insert(start.elapsed());
        all.extend_from_slice(bytes);
    });
    assert!(exit.expect("an end").success());
    assert!(first.expect("output") < Duration::from_secs(2), "{first:?}");
    let wanted: String = std::iter::once("early\n".to_owned())
        .chain((1..=200_000).map(|n| format!("{n}\n")))
        .collect();
    assert!(all == wanted.as_bytes(), "{} bytes", all.len());
}

#[test]
#[ignore = "boots machines; needs the guest image"]
fn children_in_the_background_hold_nobody_up() {
    let lab = lab();
    let mut machine = lab.leaf();
    let noisy = "(while :; do echo noise; sleep 0.1; done) & echo here";
    let (exit, out, _) = run(&mut machine, &GuestCommand::shell(noisy));
    let is_soon = exit.elapsed < Duration::from_secs(10);
    assert!(exit.success() && is_soon, "{exit:?}");
    assert!(out.contains("here"));
    assert_eq!(sh(&mut machine, "sleep 0.5; echo clean"), "clean");
}

#[test]
#[ignore = "boots machines; needs the guest image"]
fn bulk_data_goes_both_ways_unchanged() {
    let lab = lab();
    let mut machine = lab.leaf();
    let data: Vec<u8> = (0..3_000_001u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    let start = Instant::now();
    let keep = GuestCommand::shell("cat > /root/data");
    let exit = machine.feed(&keep, &data, &mut |_, _| {}).expect("fed");
    eprintln!("3 MB in: {:?}", start.elapsed());
    assert!(exit.success());
    let mut back = Vec::new();
    let command =
        GuestCommand::shell("cat /root/data; echo aside >&2; exit 3").output_limit_bytes(u64::MAX);
    let pulled = machine.pull(&command, &mut |reader| {
        reader.read_to_end(&mut back).map(drop)
    });
    let exit = pulled.expect("pulled");
    eprintln!("3 MB out: {:?}", exit.elapsed);
    assert_eq!(exit.status(), 3);
    assert_eq!(exit.stderr_tail, b"aside\n");
    assert!(back == data, "{} bytes", back.len());
    // A consumer that has had enough, one that fails, and a command that reads nothing.
    let mut start = [0; 10];
    let pulled = machine.pull(&command, &mut |reader| reader.read_exact(&mut start));
    pulled.expect("pulled");
    assert_eq!(start, data[..10]);
    let failed = machine.pull(&command, &mut |_| Err(std::io::Error::other("no taste")));
    let error = failed.expect_err("a failure").to_string();
    assert!(error.contains("no taste"), "{error}");
    let fed = machine.feed(&GuestCommand::shell("exit 4"), &data, &mut |_, _| {});
    assert_eq!(fed.expect("fed").status(), 4);
    assert_eq!(sh(&mut machine, "echo alive"), "alive");
}

#[test]
#[ignore = "boots machines; needs the guest image"]
fn an_archive_is_unpacked_for_its_owner() {
    let lab = lab();
    let mut machine = lab.leaf();
    let mut tar = Vec::new();
    let make = GuestCommand::shell(
        "mkdir -p /tmp/x/sub && echo hello > /tmp/x/sub/file && chmod 640 /tmp/x/sub/file && tar -C /tmp/x -c .",
    );
    let pulled = machine.pull(&make, &mut |reader| reader.read_to_end(&mut tar).map(drop));
    pulled.expect("pulled");
    let pushed = machine.push(&tar, "/srv/flake", Some("alice"));
    pushed.expect("pushed");
    let look = "stat -c '%U %G %a' /srv/flake /srv/flake/sub/file; cat /srv/flake/sub/file";
    let seen = sh(&mut machine, look);
    assert_eq!(seen, "alice alice 755\nalice alice 640\nhello");
    machine.push(&tar, "/etc/nixos", None).expect("pushed");
    assert_eq!(sh(&mut machine, "stat -c %U /etc/nixos/sub/file"), "root");
    for (archive, owner) in [(&b"no archive"[..], "alice"), (&tar, "nobody-by-this-name")] {
        assert!(machine.push(archive, "/srv/bad", Some(owner)).is_err());
    }
    let mut streams = Vec::new();
    let both = GuestCommand::shell("echo a; echo b >&2");
    let done = machine.exec(&both, &mut |stream, _| streams.push(stream));
    done.expect("an end");
    assert_eq!(streams, [OutputStream::Stdout, OutputStream::Stderr]);
}

#[test]
#[ignore = "boots machines; needs the guest image"]
fn somebody_can_type_into_a_terminal() {
    let lab = lab();
    let mut machine = lab.leaf();
    let (mut keys, mut hands) = io::pipe().expect("a pipe");
    let mut screen = Vec::new();
    let mut typed = false;
    let user = GuestUser::Login("alice".to_owned());
    let columns = std::cell::Cell::new(99);
    let size = || (33, columns.get());
    let exit = machine.terminal(&user, &size, &mut keys, &mut |bytes| {
        screen.extend_from_slice(bytes);
        // Not before the prompt, as people do.
        if !typed && screen.ends_with(b"$ ") {
            typed = true;
            let line = b"stty size; id -un; tty; sleep 3; stty size; exit 5\n";
            hands.write_all(line).expect("typed");
        }
        // The window is made narrower while a program runs in it.
        if screen.ends_with(b"/dev/pts/0\r\n") {
            columns.set(77);
        }
    });
    let screen = String::from_utf8_lossy(&screen);
    assert_eq!(exit.expect("an end").status(), 5);
    assert!(screen.contains("33 99\r\nalice\r\n/dev/pts/"), "{screen:?}");
    assert!(screen.contains("33 77\r\n"), "{screen:?}");
    // Nobody there: the shell ends too.
    let (mut keys, hands) = io::pipe().expect("a pipe");
    drop(hands);
    let exit = machine.terminal(&GuestUser::Root, &|| (24, 80), &mut keys, &mut |_| {});
    assert!(exit.expect("an end").elapsed < Duration::from_secs(60));
    assert_eq!(sh(&mut machine, "echo alive"), "alive");
}
