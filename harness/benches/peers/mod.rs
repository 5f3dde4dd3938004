//! The same work by other tools that run commands in fresh machines: `true`, by the guest image's own kernel, on the
//! same QEMU with the same accelerator, processor model, memory and cores.
//!
//! | peer | how a person gets it |
//! |---|---|
//! | vmtest | `cargo install vmtest`; debugfs (e2fsprogs) for the image below |
//! | virtme-ng | `pip install virtme-ng`, and `virtiofsd` on the PATH (a package of most distributions; `cargo install virtiofsd`) |
//!
//! Either is used when it is on the PATH, and skipped by name when it is not.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use switchproof_vm::accel::Accelerator;
use switchproof_vm::image::KERNEL_ARGUMENTS;
use switchproof_vm::machine::Host;
use switchproof_vm::process::Command;

use crate::common::Failure;

/// How long one run of a peer may take.
const DEADLINE: Duration = Duration::from_secs(180);

/// How often a run is tried.
const TRIES: usize = 3;

/// What a command in the guest prints to show that it ran.
const RAN: &str = "ran-in-the-guest";

/// A tool that is installed, and how to have it run `true`.
pub struct Peer {
    argv: Vec<String>,
    directory: PathBuf,
}

/// All peers: ready to run, or why not.
pub fn peers(host: &Host, directory: &Path) -> Vec<(&'static str, Result<Peer, Failure>)> {
    vec![
        ("vmtest", vmtest(host, directory)),
        ("virtme-ng", virtme_ng(host, directory)),
    ]
}

impl Peer {
    /// Runs once and says how long it took. An error when the command did not run in a guest; a run whose output got
    /// lost on the guest's console counts for nothing and is repeated.
    pub fn run(&self) -> Result<Duration, Failure> {
        let mut tries = 0;
        loop {
            tries += 1;
            match self.run_once() {
                Err(_) if tries < TRIES => {}
                done => return done,
            }
        }
    }

    fn run_once(&self) -> Result<Duration, Failure> {
        // A pipe behind it, as in a script, for a terminal's screen control costs time; and what counts is what the
        // guest printed, not how well the tool hands its status on.
        let start = Instant::now();
        let output = Command::new("sh")
            .args(["-c", r#""$@" 2>&1 | cat"#, "sh"])
            .args(&self.argv)
            .dir(&self.directory)
            .run(DEADLINE)?;
        let elapsed = start.elapsed();
        let text = output.stdout_text();
        if text.contains(RAN) {
            return Ok(elapsed);
        }
        let tail: Vec<&str> = text.lines().rev().take(5).collect();
        let tail = tail.into_iter().rev().collect::<Vec<_>>().join(" / ");
        Err(format!("it did not run the command: {tail}").into())
    }
}

/// vmtest, on a copy of the guest's root that every run begins anew (`-snapshot`). It always mounts a directory of the
/// host by 9p, which the guest's kernel does not have; the copy answers that this was done, which spares it the work.
fn vmtest(host: &Host, directory: &Path) -> Result<Peer, Failure> {
    let vmtest = on_path("vmtest")?;
    let directory = directory.join("vmtest");
    fs::create_dir(&directory)?;
    let root = directory.join("root.raw");
    let minute = Duration::from_secs(60);
    Command::new("cp")
        .arg("--sparse=always")
        .args([host.image.root(), root.clone()])
        .run(minute)?;
    let mount = directory.join("mount");
    fs::write(&mount, MOUNT)?;
    for request in [
        format!("write {} {IN_ROOT}", mount.display()),
        format!("set_inode_field {IN_ROOT} mode 0100755"),
    ] {
        Command::new("debugfs")
            .args(["-w", "-R", &request])
            .arg(&root)
            .run(minute)?;
    }
    let qemu = directory.join("qemu");
    write_program(&qemu, &qemu_as_ours(host))?;
    let config = format!(
        "[[target]]\nname = \"true\"\nimage = {:?}\ncommand = \"true && echo {RAN}\"\nqemu_command = {:?}\n\
         [target.vm]\nmemory = \"{}M\"\nnum_cpus = {}\n\
         extra_args = [\"-snapshot\", \"-kernel\", {:?}, \"-initrd\", {:?}, \"-append\", \"{KERNEL_ARGUMENTS} mitigations=off\"]\n",
        root,
        qemu,
        host.shape.ram_mib,
        host.shape.cores,
        host.image.kernel(),
        host.image.initrd(),
    );
    fs::write(directory.join("vmtest.toml"), config)?;
    Ok(Peer {
        argv: vec![vmtest],
        directory,
    })
}

/// Where the answer to 9p mounts is put: before the real `mount` on root's PATH.
const IN_ROOT: &str = "/usr/local/sbin/mount";
const MOUNT: &str =
    "#!/bin/sh\ncase \"$*\" in \"-t 9p \"*) exit 0 ;; esac\nexec /usr/bin/mount \"$@\"\n";

/// A QEMU that uses the accelerator and processor model that were found to work here: vmtest takes KVM wherever there
/// is a `/dev/kvm`, and has no switch against it.
fn qemu_as_ours(host: &Host) -> String {
    format!(
        "#!/bin/sh\n\
         for argument; do\n    shift\n    case $argument in\n    -enable-kvm) ;;\n    \
         host | qemu64) set -- \"$@\" '{}' ;;\n    *) set -- \"$@\" \"$argument\" ;;\n    esac\ndone\n\
         exec '{}' -accel {} \"$@\"\n",
        host.cpu(),
        host.qemu.path.display(),
        host.accelerator.qemu_argument()
    )
}

/// virtme-ng, on this host's own root, read only, as it does by itself.
fn virtme_ng(host: &Host, directory: &Path) -> Result<Peer, Failure> {
    let vng = on_path("vng")?;
    // The guest's kernel has no 9p, to which virtme-ng would fall back.
    on_path("virtiofsd")?;
    let mut argv = vec![
        vng,
        // Without udev on this host only the console hands on what the command prints, and only this shows it.
        "--verbose".to_owned(),
        "--run".to_owned(),
        host.image.kernel().display().to_string(),
        "--qemu".to_owned(),
        host.qemu.path.display().to_string(),
        format!("--qemu-opts=-cpu {}", host.cpu()),
        "--memory".to_owned(),
        format!("{}M", host.shape.ram_mib),
        "--cpus".to_owned(),
        host.shape.cores.to_string(),
        "--append".to_owned(),
        "mitigations=off loglevel=1".to_owned(),
        "--exec".to_owned(),
        // Also straight to the console: what virtme-ng copies is lost when the guest is off first.
        format!("true && echo {RAN} && echo {RAN} > /dev/console"),
    ];
    if host.accelerator == Accelerator::Tcg {
        argv.push("--disable-kvm".to_owned());
    }
    Ok(Peer {
        argv,
        directory: directory.to_owned(),
    })
}

fn on_path(name: &str) -> Result<String, Failure> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file());
    match found {
        Some(file) => Ok(file.display().to_string()),
        None => Err(format!("`{name}` is not on the PATH").into()),
    }
}

fn write_program(path: &Path, text: &str) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::write(path, text)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}
