//! The one run of mmdebstrap that makes a whole image. The steps are its hooks; each says in the log that it begins.

use std::env;
use std::ffi::OsString;
use std::fs::File;
use std::os::fd::AsRawFd;
use std::path::Path;
use std::sync::Arc;

use super::follow::MARKER;
use super::kept::{INITRD, KERNEL};
use super::means::Mode;
use super::{BuildStep, Definition};
use crate::process::{Command, quote};

/// Where the definition lies inside the guest while it is built.
const INSIDE: &str = "/tmp/switchproof";
/// What of the host's environment the build may see: the way out.
const PASSED_ON: [&str; 8] = [
    "http_proxy",
    "https_proxy",
    "ftp_proxy",
    "no_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "FTP_PROXY",
    "NO_PROXY",
];

/// The whole command line of a build.
pub(super) fn command(
    definition: &Definition,
    directory: &Path,
    scratch: &Path,
    root: Arc<File>,
) -> Command {
    let mode = Mode::of_this_process();
    let program = match mode {
        // Mounts and processes of the build end with it, however it ends.
        Mode::Root => Command::new("unshare").args([
            "--mount",
            "--pid",
            "--fork",
            "--kill-child",
            "env",
            "-i",
        ]),
        Mode::Unshare => Command::new("env").arg("-i"),
    };
    let mut command = program.args(environment(scratch)).arg("mmdebstrap").args([
        match mode {
            Mode::Root => "--mode=root",
            Mode::Unshare => "--mode=unshare",
        },
        "--variant=apt",
        "--format=null",
    ]);
    for excluded in ["man", "doc", "locale", "info", "lintian"] {
        command = command.arg(format!("--dpkgopt=path-exclude=/usr/share/{excluded}/*"));
    }
    command = command
        .arg(format!(
            "--architectures={}",
            definition.architecture().debian_name()
        ))
        .arg(format!("--include={}", definition.packages().join(",")))
        .arg(format!(
            "--extract-hook=echo {}",
            quote(&marker(BuildStep::InstallPackages))
        ));
    for hook in hooks(definition, directory, root.as_raw_fd()) {
        command = command.arg(format!("--customize-hook={hook}"));
    }
    // Where apt knows no keys of Debian's: on NixOS, on which the package brings them.
    if let Some(keys) = env::var_os("SWITCHPROOF_KEYRING").filter(|keys| !keys.is_empty()) {
        let mut option = OsString::from("--keyring=");
        option.push(keys);
        command = command.arg(option);
    }
    command = command.args([definition.suite().as_ref(), "/dev/null"]);
    if let Some(mirror) = env::var_os("SWITCHPROOF_MIRROR").filter(|mirror| !mirror.is_empty()) {
        command = command.arg(mirror);
    }
    command.inherit(root)
}

/// The whole environment of the build, as `env` takes it.
fn environment(scratch: &Path) -> Vec<OsString> {
    let mut path = env::var_os("PATH").unwrap_or_default();
    path.push(":/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin");
    let pair = |name: &str, value: OsString| {
        let mut pair = OsString::from(format!("{name}="));
        pair.push(value);
        pair
    };
    let mut pairs = vec![
        pair("PATH", path),
        pair("TMPDIR", scratch.into()),
        pair("HOME", env::var_os("HOME").unwrap_or_else(|| "/".into())),
        pair("LANG", "C.UTF-8".into()),
        // The kernel package must not build Debian's own initrd, which takes ten seconds and is not used.
        pair("INITRD", "No".into()),
    ];
    pairs.extend(
        PASSED_ON
            .iter()
            .filter_map(|name| Some(pair(name, env::var_os(name)?))),
    );
    pairs
}

/// What is done to the installed root, in order, as mmdebstrap's customize hooks.
fn hooks(definition: &Definition, directory: &Path, root_descriptor: i32) -> Vec<String> {
    let outside = |name: &str| quote(&directory.join(name).to_string_lossy());
    let inside = |step: BuildStep, script: &str| {
        let environment = "HOME=/root LANG=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        format!(
            "echo {}; exec chroot \"$1\" env {environment} {script}",
            quote(&marker(step))
        )
    };
    let write_filesystem = definition.text("guest/write-filesystem");
    vec![
        format!("copy-in {} /tmp", outside("switchproof")),
        format!("chroot \"$1\" cp -r {INSIDE}/guest/rootfs/. /"),
        inside(
            BuildStep::BuildChannel,
            &format!("{INSIDE}/pocket/build {INSIDE}/pocket"),
        ),
        inside(
            BuildStep::Configure,
            &format!("{INSIDE}/guest/configure {INSIDE}/guest"),
        ),
        format!("echo {}; :", quote(&marker(BuildStep::ExtractKernel))),
        format!(
            "copy-out /boot/{KERNEL} /boot/{INITRD} /boot/packages {}",
            quote(&directory.to_string_lossy())
        ),
        format!(
            // An mmdebstrap that is wrapped, as Nix' is, has a PATH of its own, without mke2fs.
            "echo {}; set -- \"$1\" /proc/self/fd/{root_descriptor}; PATH=$PATH:{}\n{write_filesystem}",
            quote(&marker(BuildStep::WriteFileSystem)),
            quote(&env::var("PATH").unwrap_or_default()),
        ),
    ]
}

fn marker(step: BuildStep) -> String {
    format!("{MARKER}{}", step.as_ref())
}

#[cfg(test)]
mod tests {
    use strum::VariantArray;

    use super::*;
    use crate::image::definition;

    #[test]
    fn every_step_in_the_guest_is_marked_once_and_in_order() {
        let hooks = hooks(&definition(), Path::new("/a dir"), 9).join("\n");
        let places: Vec<_> = BuildStep::VARIANTS[2..6]
            .iter()
            .map(|&step| hooks.find(&marker(step)).unwrap())
            .collect();
        assert!(places.is_sorted(), "{places:?}");
        assert!(
            hooks.contains("copy-in '/a dir/switchproof' /tmp"),
            "{hooks}"
        );
    }
}
