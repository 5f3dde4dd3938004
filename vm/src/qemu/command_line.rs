//! The one command line that every machine of a shape has. Forks must repeat it exactly, for device state only
//! fits the devices that it came from; only files and sockets differ.
//!
//! The source for all switches is QEMU's manual page; they mean the same in QEMU 7.2 and 10.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

use serde_json::json;

use crate::accel::{Accelerator, Architecture};
use crate::image::KERNEL_ARGUMENTS;
use crate::qemu::{MachineShape, Network};

/// What a command line is made from.
#[derive(Debug, Clone, Copy)]
pub struct MachineParts<'a> {
    /// What runs the guest's instructions.
    pub accelerator: Accelerator,
    /// The CPU model as `-cpu` takes it.
    pub cpu: &'a str,
    /// What its kernel is told beside [`KERNEL_ARGUMENTS`]; begins with a space, or is empty.
    pub kernel_arguments: &'a str,
    /// Memory, cores, network.
    pub shape: MachineShape,
    /// The guest's kernel.
    pub kernel: &'a Path,
    /// Its initial file system.
    pub initrd: &'a Path,
    /// The file that is the guest's memory.
    pub ram: &'a Path,
    /// Whether the guest writes to that file (a state that will be frozen) or to private copies of its pages.
    pub share_ram: bool,
    /// The qcow2 overlay that is the guest's disk.
    pub disk: &'a Path,
    /// The directory in which somebody listens at the [`sockets`] of the shape, for QEMU to connect to.
    pub sockets: &'a Path,
    /// Whether QEMU waits for a device state instead of booting.
    pub incoming: bool,
}

/// The names of the sockets that QEMU connects to: the monitor, the serial console, the guest agent, the supervisor's
/// control and bulk ports, and both ends of the network's gate where there is one.
pub fn sockets(network: Network) -> &'static [&'static str] {
    const ALL: [&str; 7] = [
        "qmp", "console", "agent", "control", "bulk", "leaving", "let-out",
    ];
    match network {
        Network::Internet => &ALL,
        Network::Off | Network::InternetAndHost => &ALL[..5],
    }
}

/// QEMU's arguments, without the program.
pub fn command_line(parts: &MachineParts<'_>) -> Vec<OsString> {
    let shape = parts.shape;
    let ram_bytes = u64::from(shape.ram_mib) * 1024 * 1024;
    let memory = format!("memory-backend-file,id=mem,size={ram_bytes},mem-path=");
    let share = if parts.share_ram { "on" } else { "off" };
    // No flush reaches the host's disk: a crash of the host is found by hashing, not prevented by waiting.
    let cache = json!({ "direct": false, "no-flush": true });
    let disk = json!({
        "driver": "qcow2", "node-name": "disk", "cache": cache, "discard": "unmap",
        "file": { "driver": "file", "filename": parts.disk.to_string_lossy(), "cache": cache },
    });
    let architecture = Architecture::host();
    let mut line = Line::default();
    line.put("-name", "switchproof");
    line.alone("-nodefaults").alone("-no-user-config");
    line.put("-display", "none");
    let machine = architecture.machine_type();
    line.put("-machine", format!("{machine},memory-backend=mem,usb=off"));
    line.put("-accel", parts.accelerator.qemu_argument());
    line.put("-cpu", parts.cpu);
    line.put("-smp", shape.cores.to_string());
    line.put("-m", shape.ram_mib.to_string());
    line.put(
        "-object",
        with_path(&memory, parts.ram, &format!(",share={share}")),
    );
    line.put("-blockdev", disk.to_string());
    line.put("-device", "virtio-blk-pci,drive=disk");
    line.put("-device", "virtio-rng-pci");
    // Reports a panic; on the ISA bus where there is one, for its driver is loaded early.
    line.put(
        "-device",
        match architecture {
            Architecture::X86_64 => "pvpanic",
            Architecture::Aarch64 => "pvpanic-pci",
        },
    );
    line.put("-action", "reboot=shutdown,shutdown=pause,panic=pause");
    line.put("-kernel", parts.kernel);
    line.put("-initrd", parts.initrd);
    line.put(
        "-append",
        format!("{KERNEL_ARGUMENTS}{}", parts.kernel_arguments),
    );
    line.alone("-S");
    // The `virt` machine of Arm has none; a fork gets its own entropy when it is woken, too.
    if architecture == Architecture::X86_64 {
        line.put("-device", "vmgenid,guid=auto");
    }
    if cfg!(target_os = "linux") {
        let denied = "obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny";
        line.put("-sandbox", format!("on,{denied}"));
    }
    for name in sockets(shape.network) {
        let socket = format!("socket,id={name},path=");
        line.put(
            "-chardev",
            with_path(&socket, &parts.sockets.join(name), ""),
        );
    }
    line.put("-mon", "chardev=qmp,mode=control");
    line.put("-serial", "chardev:console");
    line.put("-device", "virtio-serial-pci");
    for (id, name) in [
        ("agent", "org.qemu.guest_agent.0"),
        ("control", "switchproof.control"),
        ("bulk", "switchproof.bulk"),
    ] {
        let port = format!("virtserialport,chardev={id},id={id},name={name}");
        line.put("-device", port);
    }
    line.network(shape.network);
    if parts.incoming {
        line.put("-incoming", "defer");
    }
    line.0
}

/// A command line in the making.
#[derive(Default)]
struct Line(Vec<OsString>);

impl Line {
    fn put(&mut self, switch: &str, value: impl Into<OsString>) -> &mut Self {
        self.0.extend([switch.into(), value.into()]);
        self
    }

    fn alone(&mut self, switch: &str) -> &mut Self {
        self.0.push(switch.into());
        self
    }

    fn network(&mut self, network: Network) {
        if !network.is_on() {
            return;
        }
        self.put("-netdev", "user,id=net,ipv6=off");
        self.put("-device", "virtio-net-pci,netdev=net,romfile=");
        if network == Network::Internet {
            // What the guest sends meets the last filter first. That one takes everything away to us; what we return
            // enters at the first, behind which there is no other.
            self.put(
                "-object",
                "filter-redirector,id=let-out-filter,netdev=net,queue=rx,indev=let-out",
            );
            self.put(
                "-object",
                "filter-redirector,id=leaving-filter,netdev=net,queue=rx,outdev=leaving",
            );
        }
    }
}

/// A comma-separated list with a path in it: QEMU takes a doubled comma for one of the path's.
fn with_path(before: &str, path: &Path, after: &str) -> OsString {
    let mut bytes = before.as_bytes().to_vec();
    for &byte in path.as_os_str().as_bytes() {
        bytes.extend(std::iter::repeat_n(byte, if byte == b',' { 2 } else { 1 }));
    }
    bytes.extend(after.as_bytes());
    OsString::from_vec(bytes)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{MachineParts, command_line};
    use crate::accel::Accelerator;
    use crate::qemu::{MachineShape, Network};

    fn parts() -> MachineParts<'static> {
        MachineParts {
            accelerator: Accelerator::Tcg,
            cpu: "qemu64,-cx16",
            kernel_arguments: " mitigations=off",
            shape: MachineShape {
                ram_mib: 1024,
                ..MachineShape::usual(Accelerator::Tcg)
            },
            kernel: Path::new("/image/kernel"),
            initrd: Path::new("/image/initrd"),
            ram: Path::new("/cache/a,b/ram"),
            share_ram: true,
            disk: Path::new("/cache/a,b/disk.qcow2"),
            sockets: Path::new("/run/x"),
            incoming: false,
        }
    }

    fn rendered(parts: &MachineParts<'_>) -> String {
        let words = command_line(parts);
        let words: Vec<_> = words.iter().map(|it| it.to_str().expect("text")).collect();
        words.join(" ")
    }

    #[test]
    fn commas_in_paths_are_escaped_where_qemu_splits() {
        let line = rendered(&parts());
        let memory =
            "-object memory-backend-file,id=mem,size=1073741824,mem-path=/cache/a,,b/ram,share=on ";
        assert!(line.contains(memory), "{line}");
        assert!(
            line.contains("\"filename\":\"/cache/a,b/disk.qcow2\""),
            "{line}"
        );
    }

    #[test]
    fn nothing_is_there_that_nobody_asked_for() {
        let line = rendered(&parts());
        assert!(line.contains(" -nodefaults -no-user-config "), "{line}");
        assert!(line.contains(
            "-sandbox on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny "
        ));
        for absent in ["virtio-net", "netdev", "filter", "-incoming"] {
            assert!(!line.contains(absent), "{line}");
        }
    }

    #[test]
    fn the_kernel_is_told_all_of_its_arguments() {
        let line = rendered(&parts());
        assert!(line.contains(" net.ifnames=0 mitigations=off "), "{line}");
    }

    #[test]
    fn a_fork_differs_only_in_memory_sharing_and_incoming() {
        let fork = command_line(&MachineParts {
            share_ram: false,
            incoming: true,
            ..parts()
        });
        let frozen = command_line(&parts());
        let only_in_fork: Vec<_> = fork.iter().filter(|it| !frozen.contains(it)).collect();
        assert_eq!(only_in_fork.len(), 3, "{only_in_fork:?}");
    }

    #[test]
    fn the_internet_alone_is_reached_through_a_gate() {
        let with = |network| {
            let shape = MachineShape {
                network,
                ..parts().shape
            };
            rendered(&MachineParts { shape, ..parts() })
        };
        assert!(with(Network::Internet).contains("outdev=leaving"));
        let open = with(Network::InternetAndHost);
        assert!(
            open.contains("-netdev user") && !open.contains("filter"),
            "{open}"
        );
    }
}
