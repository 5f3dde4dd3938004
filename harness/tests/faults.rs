//! What can go wrong around a whole run: the tool killed at any moment, kept states damaged, a cache that cannot be
//! written, a full disk, another start of the host, many runs at once. Needs the guest image (`switchproof image build`):
//! `cargo test --test faults -- --ignored`.
//!
//! What can go wrong with one machine or one frozen state is tried by the tests of the crate `switchproof-vm`.

#[path = "../../vm/tests/machine/small_disk.rs"]
mod small_disk;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use small_disk::{Ballast, SmallDisk};
use switchproof_vm::cache_dir::CacheDir;
use switchproof_vm::image;

/// The tests measure time and count processes: one at a time.
static ALONE: Mutex<()> = Mutex::new(());

/// A cache directory with the user's images, and a folder of scenarios.
struct Place {
    cache: PathBuf,
    scenarios: tempfile::TempDir,
    _alone: MutexGuard<'static, ()>,
}

impl Place {
    /// A place whose cache is kept between tests, so that the guest is booted once.
    fn new() -> Self {
        Self::at(Path::new(env!("CARGO_TARGET_TMPDIR")).join("fault-cache"))
    }

    fn at(cache: PathBuf) -> Self {
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let user = CacheDir::from_environment().expect("a cache");
        let definition = image::definition();
        assert!(
            image::find(&user, &definition).expect("readable").is_some(),
            "there is no guest image; `switchproof image build` makes one"
        );
        fs::create_dir_all(&cache).expect("made");
        let images = cache.join("images");
        if !images.exists() {
            std::os::unix::fs::symlink(user.images().expect("images"), images).expect("linked");
        }
        Self {
            cache,
            scenarios: tempfile::tempdir().expect("a directory"),
            _alone: alone,
        }
    }

    /// Two cases that share a first step; `salt` makes them new.
    fn write(&self, salt: &str) {
        self.write_ends(salt, "");
    }

    /// As [`Place::write`]; `end` makes only what follows the first step new.
    fn write_ends(&self, salt: &str, end: &str) {
        Self::write_in(self.scenarios.path(), salt, end);
    }

    fn write_in(folder: &Path, salt: &str, end: &str) {
        let text = format!(
            "name: fault\nmatrix:\n  last: [\"0\", \"1\"]\nsetup:\n  home:\n    stateVersion: \"24.05\"\nsteps:\n  \
             - run: {{ command: 'sleep 1; echo {salt}' }}\n    snapshot: false\n  \
             - run: {{ command: 'sleep 1; echo ${{{{ matrix.last }}}}{end}' }}\n    snapshot: false\n"
        );
        fs::write(folder.join("fault.yaml"), text).expect("written");
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_switchproof"));
        command.args(arguments);
        self.environment(&mut command);
        command
    }

    fn environment(&self, command: &mut Command) {
        command
            .current_dir(self.scenarios.path())
            .env("SWITCHPROOF_CACHE_DIR", &self.cache)
            .stdin(Stdio::null());
    }

    /// Runs the scenarios after `script` in a mount namespace of its own, where that may mount over what it likes.
    fn run_behind(&self, script: &str) -> (Option<i32>, String) {
        let mut command = Command::new("unshare");
        if !rustix::process::geteuid().is_root() {
            command.arg("--map-root-user");
        }
        let script = format!("set -e\n{script}\nexec \"$0\" run .");
        command
            .args(["--mount", "sh", "-c", &script])
            .arg(env!("CARGO_BIN_EXE_switchproof"));
        self.environment(&mut command);
        ended(&mut command)
    }

    /// The status of a run, and all that it said.
    fn run(&self) -> (Option<i32>, String) {
        ended(&mut self.command(&["run", "."]))
    }

    /// What a run says that passes.
    fn passes(&self) -> String {
        let (status, said) = self.run();
        assert_eq!(status, Some(0), "{said}");
        said
    }

    /// The next run passes, and nothing that is kept is damaged or half made.
    fn is_whole(&self) {
        let (status, said) = ended(&mut self.command(&["cache", "verify"]));
        assert_eq!(status, Some(0), "{said}");
        assert!(said.lines().all(|line| line.ends_with("whole")), "{said}");
        self.passes();
        assert_eq!(self.half_made(), Vec::<String>::new());
    }

    fn half_made(&self) -> Vec<String> {
        let entries = fs::read_dir(self.cache.join("layers")).expect("listed");
        let names = entries.map(|entry| entry.expect("an entry").file_name());
        let names = names.map(|name| name.to_string_lossy().into_owned());
        names.filter(|name| name.starts_with(".tmp-")).collect()
    }

    /// All QEMUs that work in this cache.
    fn qemus(&self) -> usize {
        let cache = self.cache.display().to_string();
        fs::read_dir("/proc")
            .expect("listed")
            .filter_map(|entry| fs::read(entry.ok()?.path().join("cmdline")).ok())
            .map(|line| String::from_utf8_lossy(&line).into_owned())
            .filter(|line| line.contains("-nodefaults") && line.contains(&cache))
            .count()
    }
}

/// The status of a command, and all that it said.
fn ended(command: &mut Command) -> (Option<i32>, String) {
    let output = command.output().expect("started");
    let of = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let said = of(&output.stdout) + &of(&output.stderr);
    (output.status.code(), said)
}

fn salt(name: &str) -> String {
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .expect("after 1970");
    format!("{name}-{}", now.as_nanos())
}

#[test]
#[ignore = "boots machines; needs the guest image"]
fn a_run_killed_at_any_moment_leaves_no_machine_and_nothing_half() {
    let place = Place::new();
    place.write(&salt("first"));
    place.is_whole();
    // While the first machine is forked, while its step runs, while it is frozen, and while the last ones run.
    let moments = [
        ("2 cases", 0),
        ("2 cases", 100),
        ("begins", 500),
        ("ended fault[last=0] run", 0),
        ("ended fault[last=0] run", 80),
        ("ended fault[last=0] run", 200),
        ("begins fault[last=1]", 300),
    ];
    for (line, delay_ms) in moments {
        place.write(&salt("kill"));
        let mut victim = place
            .command(&["run", ".", "--verbose"])
            .stderr(Stdio::piped())
            .spawn()
            .expect("started");
        let said = BufReader::new(victim.stderr.take().expect("a pipe"));
        let found = said
            .lines()
            .map_while(Result::ok)
            .any(|it| it.starts_with(line));
        assert!(found, "the run ended before it said '{line}'");
        std::thread::sleep(Duration::from_millis(delay_ms));
        let running = place.qemus();
        victim.kill().expect("killed");
        victim.wait().expect("reaped");
        let end = Instant::now() + Duration::from_secs(5);
        while place.qemus() > 0 {
            assert!(Instant::now() < end, "a QEMU lives on");
            std::thread::sleep(Duration::from_millis(20));
        }
        eprintln!(
            "{delay_ms} ms after '{line}': {running} QEMU, {:?}",
            place.half_made()
        );
        place.is_whole();
    }
}

#[test]
#[ignore = "boots machines; needs the guest image"]
fn damaged_states_are_made_anew() {
    // A cache of its own: nothing but what this test makes is damaged.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
    let place = Place::at(folder.path().join("cache"));
    let salt = salt("damage");
    place.write(&salt);
    place.is_whole();
    let flip = |path: &Path| {
        use std::os::unix::fs::FileExt;
        let file = fs::File::options().read(true).write(true).open(path);
        let file = file.expect("opened");
        let middle = file.metadata().expect("its metadata").len() / 2;
        let mut byte = [0];
        file.read_exact_at(&mut byte, middle).expect("read");
        file.write_all_at(&[byte[0] ^ 1], middle).expect("written");
    };
    let cut = |path: &Path| {
        let file = fs::File::options().write(true).open(path).expect("opened");
        let length = file.metadata().expect("its metadata").len();
        file.set_len(length / 2).expect("cut");
    };
    type Damage<'a> = &'a dyn Fn(&Path);
    let damages: [(&str, Damage); 4] = [
        ("ram", &cut),
        ("ram", &flip),
        ("state", &flip),
        ("disk.qcow2", &flip),
    ];
    for (round, (file, damage)) in damages.into_iter().enumerate() {
        let layers = fs::read_dir(place.cache.join("layers")).expect("listed");
        let layers: Vec<PathBuf> = layers.map(|it| it.expect("an entry").path()).collect();
        assert_eq!(layers.len(), 2, "the boot and the first step");
        layers.iter().for_each(|layer| damage(&layer.join(file)));
        // The first step need not run again, but what it left must be there for what follows it.
        place.write_ends(&salt, &round.to_string());
        let said = place.passes();
        eprintln!("{file}:\n{said}");
        assert!(said.contains("booting"), "all was made anew: {said}");
        place.is_whole();
    }
}

#[test]
#[ignore = "boots machines; needs the guest image"]
fn a_cache_that_cannot_be_written_is_named() {
    let place = Place::new();
    place.write(&salt("read-only"));
    place.is_whole();
    place.write(&salt("read-only"));
    let cache = place.cache.display();
    let (status, said) = place.run_behind(&format!(
        "mount --bind '{cache}' '{cache}'\nmount -o remount,bind,ro '{cache}'"
    ));
    eprintln!("{said}");
    assert_eq!(status, Some(3), "{said}");
    assert!(said.contains("Read-only file system"), "{said}");
    assert!(said.contains("SWITCHPROOF_CACHE_DIR"), "{said}");
    place.is_whole();
}

#[test]
#[ignore = "boots machines; needs the guest image"]
fn after_another_start_of_the_host_all_is_checked_and_used() {
    let place = Place::new();
    place.write(&salt("reboot"));
    place.is_whole();
    let other = "11111111-2222-3333-4444-555555555555";
    let id = place.scenarios.path().join("boot_id");
    fs::write(&id, other).expect("written");
    let rebooted = format!(
        "mount --bind '{}' /proc/sys/kernel/random/boot_id",
        id.display()
    );
    let (status, said) = place.run_behind(&rebooted);
    assert_eq!(status, Some(0), "{said}");
    assert!(said.contains("2 passed (2 cached)"), "{said}");
    place.write(&salt("reboot"));
    let (status, said) = place.run_behind(&rebooted);
    assert_eq!(status, Some(0), "{said}");
    assert!(!said.contains("booting"), "the kept guest is used: {said}");
    let probed = fs::read_dir(place.cache.join("host"))
        .expect("listed")
        .any(|file| {
            let text = fs::read_to_string(file.expect("an entry").path()).unwrap_or_default();
            text.contains(other)
        });
    assert!(probed, "the accelerator was tried anew");
    place.is_whole();
}

#[test]
#[ignore = "boots machines; needs the guest image"]
fn twenty_runs_and_a_listing_share_one_store() {
    let place = Place::new();
    let folders = tempfile::tempdir().expect("a directory");
    let salts: Vec<String> = (0..5).map(|of| salt(&format!("shared-{of}"))).collect();
    let run = &|number: usize| {
        // Four runs want the same first state, and what follows it is each one's own.
        let folder = folders.path().join(number.to_string());
        fs::create_dir(&folder).expect("made");
        Place::write_in(&folder, &salts[number % salts.len()], &number.to_string());
        let mut run = place.command(&["run", "."]);
        ended(run.current_dir(folder))
    };
    let are_over = AtomicBool::new(false);
    let (runs, listings) = std::thread::scope(|scope| {
        let listing = scope.spawn(|| {
            let mut listings = 0;
            while !are_over.load(Ordering::Relaxed) {
                let (status, said) = ended(&mut place.command(&["cache", "list"]));
                assert_eq!(status, Some(0), "{said}");
                listings += 1;
            }
            listings
        });
        let runs: Vec<_> = (0..20)
            .map(|number| scope.spawn(move || run(number)))
            .collect();
        let runs: Vec<_> = runs
            .into_iter()
            .map(|run| run.join().expect("ran"))
            .collect();
        are_over.store(true, Ordering::Relaxed);
        (runs, listing.join().expect("every listing succeeded"))
    });
    eprintln!("{listings} listings beside {} runs", runs.len());
    for (status, said) in &runs {
        assert_eq!(*status, Some(0), "{said}");
        let is_disturbed = said.contains("vanished") || said.contains("in use");
        assert!(!is_disturbed, "{said}");
    }
    place.write(&salts[0]);
    place.is_whole();
}

#[test]
#[ignore = "boots machines; needs the guest image"]
fn a_full_disk_is_said_and_harms_nothing() {
    let small = SmallDisk::new();
    let disk = small.path();
    let place = Place::at(disk.join("run-cache"));
    place.write(&salt("full"));
    place.is_whole();
    for left_mib in [100, 0] {
        let ballast = Ballast::leaving(disk, left_mib);
        place.passes();
        place.write(&salt("full"));
        let (status, said) = place.run();
        eprintln!("{left_mib} MiB left:\n{said}");
        assert_eq!(status, Some(3), "{said}");
        // Where there is no room at all, the file that reserves a machine may not be made either, if it was not there.
        let is_reserved = left_mib > 0 || !said.contains("the lock file");
        let cause = match is_reserved {
            true => "bytes are free at",
            false => "No space left on device",
        };
        assert!(said.contains(cause), "{said}");
        assert!(said.contains("switchproof cache gc"), "{said}");
        drop(ballast);
        place.is_whole();
    }
}
