//! The one command line that every machine of a shape has. Forks must repeat it exactly, for device state only
//! fits the devices that it came from; only files and sockets differ.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::accel::Architecture;
use crate::image::KERNEL_ARGUMENTS;
use crate::machine::MachineShape;
use crate::qemu::switches::{
    Action, Blockdev, ChardevSocket, Device, Machine, MemoryBackendFile, Plain, Sandbox, Switch,
};

/// What the kernel is told beside what every kernel of an image is: an emulated processor leaks nothing that is worth
/// the time of guarding it.
const KERNEL_EXTRA: &str = "mitigations=off";

/// Tells QEMU of a panic; on the ISA bus where there is one, for its driver is loaded early.
const PVPANIC: &str = if cfg!(target_arch = "x86_64") {
    "pvpanic"
} else {
    "pvpanic-pci"
};

/// The guest's memory.
#[derive(Debug, Clone, Copy)]
pub struct Ram<'a> {
    /// The memory file.
    pub path: &'a Path,
    /// Whether the guest writes to the file (a state that will be frozen) or to private copies of its pages.
    pub share: bool,
}

/// Sockets that somebody listens at, for QEMU to connect to.
#[derive(Debug, Clone)]
pub struct PortSockets {
    /// The monitor.
    pub qmp: PathBuf,
    /// The serial console.
    pub console: PathBuf,
    /// The guest agent.
    pub agent: PathBuf,
    /// The supervisor's control port.
    pub control: PathBuf,
    /// The supervisor's bulk port.
    pub bulk: PathBuf,
}

/// What a command line is made from.
#[derive(Debug, Clone)]
pub struct MachineParts<'a> {
    /// The accelerator as `-accel` takes it, with its properties.
    pub accel: &'a str,
    /// The CPU model as `-cpu` takes it.
    pub cpu: &'a str,
    /// Memory, cores, network.
    pub shape: MachineShape,
    /// The guest's kernel.
    pub kernel: &'a Path,
    /// Its initial file system.
    pub initrd: &'a Path,
    /// The guest's memory.
    pub ram: Ram<'a>,
    /// The qcow2 overlay that is the guest's disk.
    pub disk: &'a Path,
    /// Where QEMU connects to.
    pub sockets: &'a PortSockets,
    /// Whether QEMU waits for a device state instead of booting.
    pub incoming: bool,
}

/// QEMU's arguments, without the program.
pub fn command_line(parts: &MachineParts<'_>) -> Vec<OsString> {
    let mut arguments = Vec::new();
    for switch in machine_switches(parts)
        .iter()
        .chain(&port_switches(parts.sockets))
    {
        switch.append_to(&mut arguments);
    }
    arguments
}

fn machine_switches<'a>(parts: &MachineParts<'a>) -> Vec<Box<dyn Switch + 'a>> {
    let MachineShape {
        ram_mib,
        cores,
        network,
    } = parts.shape;
    let plain = |name: &'static str, value: &str| -> Box<dyn Switch> {
        Box::new(Plain(name, Some(value.into())))
    };
    let alone = |name: &'static str| -> Box<dyn Switch> { Box::new(Plain(name, None)) };
    let mut switches: Vec<Box<dyn Switch + 'a>> = vec![
        plain("-name", "switchproof"),
        alone("-nodefaults"),
        alone("-no-user-config"),
        plain("-display", "none"),
        Box::new(Machine {
            kind: Architecture::host().machine_type(),
            memory_backend: "mem",
        }),
        plain("-accel", parts.accel),
        plain("-cpu", parts.cpu),
        plain("-smp", &cores.to_string()),
        plain("-m", &ram_mib.to_string()),
        Box::new(MemoryBackendFile {
            id: "mem",
            size: u64::from(ram_mib) * 1024 * 1024,
            mem_path: parts.ram.path,
            share: parts.ram.share,
        }),
        Box::new(Blockdev {
            node_name: "disk",
            filename: parts.disk,
        }),
        Box::new(Device {
            driver: "virtio-blk-pci",
            properties: &[("drive", "disk")],
        }),
        Box::new(Device {
            driver: "virtio-rng-pci",
            properties: &[],
        }),
        Box::new(Device {
            driver: PVPANIC,
            properties: &[],
        }),
        Box::new(Action {
            reboot: "shutdown",
            shutdown: "pause",
            panic: "pause",
        }),
        Box::new(Plain("-kernel", Some(parts.kernel.into()))),
        Box::new(Plain("-initrd", Some(parts.initrd.into()))),
        plain("-append", &format!("{KERNEL_ARGUMENTS} {KERNEL_EXTRA}")),
        alone("-S"),
    ];
    // The `virt` machine of Arm has none; a fork gets its own entropy when it is woken, too.
    if Architecture::host() == Architecture::X86_64 {
        switches.push(Box::new(Device {
            driver: "vmgenid",
            properties: &[("guid", "auto")],
        }));
    }
    if cfg!(target_os = "linux") {
        switches.push(Box::new(Sandbox {
            obsolete: "deny",
            elevateprivileges: "deny",
            spawn: "deny",
            resourcecontrol: "deny",
        }));
    }
    if network {
        switches.push(plain("-netdev", "user,id=net,ipv6=off"));
        switches.push(Box::new(Device {
            driver: "virtio-net-pci",
            properties: &[("netdev", "net"), ("romfile", "")],
        }));
    }
    if parts.incoming {
        switches.push(plain("-incoming", "defer"));
    }
    switches
}

fn port_switches(sockets: &PortSockets) -> Vec<Box<dyn Switch + '_>> {
    let mut switches: Vec<Box<dyn Switch + '_>> = Vec::new();
    let chardevs = [
        ("qmp", &sockets.qmp),
        ("console", &sockets.console),
        ("agent", &sockets.agent),
        ("control", &sockets.control),
        ("bulk", &sockets.bulk),
    ];
    for (id, path) in chardevs {
        switches.push(Box::new(ChardevSocket { id, path }));
    }
    switches.push(Box::new(Plain(
        "-mon",
        Some("chardev=qmp,mode=control".into()),
    )));
    switches.push(Box::new(Plain("-serial", Some("chardev:console".into()))));
    switches.push(Box::new(Device {
        driver: "virtio-serial-pci",
        properties: &[],
    }));
    let ports: [&'static [(&str, &str)]; 3] = [
        &[
            ("chardev", "agent"),
            ("id", "agent"),
            ("name", "org.qemu.guest_agent.0"),
        ],
        &[
            ("chardev", "control"),
            ("id", "control"),
            ("name", "switchproof.control"),
        ],
        &[
            ("chardev", "bulk"),
            ("id", "bulk"),
            ("name", "switchproof.bulk"),
        ],
    ];
    for properties in ports {
        switches.push(Box::new(Device {
            driver: "virtserialport",
            properties,
        }));
    }
    switches
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{MachineParts, PortSockets, Ram, command_line};
    use crate::machine::MachineShape;

    fn rendered(network: bool, share: bool, incoming: bool) -> Vec<String> {
        let at = |name: &str| Path::new("/run/x").join(name);
        let sockets = PortSockets {
            qmp: at("qmp"),
            console: at("console"),
            agent: at("agent"),
            control: at("control"),
            bulk: at("bulk"),
        };
        let parts = MachineParts {
            accel: "tcg,thread=multi",
            cpu: "qemu64,-cx16",
            shape: MachineShape {
                ram_mib: 1024,
                cores: 2,
                network,
            },
            kernel: Path::new("/image/kernel"),
            initrd: Path::new("/image/initrd"),
            ram: Ram {
                path: Path::new("/cache/a,b/ram"),
                share,
            },
            disk: Path::new("/cache/a,b/disk.qcow2"),
            sockets: &sockets,
            incoming,
        };
        command_line(&parts)
            .into_iter()
            .map(|argument| argument.into_string().expect("text"))
            .collect()
    }

    fn has(arguments: &[String], switch: &str, value: &str) -> bool {
        arguments
            .windows(2)
            .any(|pair| pair[0] == switch && pair[1] == value)
    }

    #[test]
    fn commas_in_paths_are_escaped_where_qemu_splits() {
        let arguments = rendered(false, true, false);
        let memory = "memory-backend-file,id=mem,size=1073741824,mem-path=/cache/a,,b/ram,share=on";
        assert!(has(&arguments, "-object", memory), "{arguments:?}");
        let blockdev = arguments
            .iter()
            .find(|argument| argument.contains("qcow2\""))
            .expect("a blockdev");
        assert!(blockdev.contains("/cache/a,b/disk.qcow2"), "{blockdev}");
    }

    #[test]
    fn nothing_is_there_that_nobody_asked_for() {
        let arguments = rendered(false, false, false);
        assert!(arguments.iter().any(|argument| argument == "-nodefaults"));
        assert!(
            !arguments
                .iter()
                .any(|argument| argument.contains("net") && argument.starts_with("virtio"))
        );
        assert!(has(
            &arguments,
            "-sandbox",
            "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"
        ));
        assert!(!arguments.iter().any(|argument| argument == "-incoming"));
    }

    #[test]
    fn a_fork_differs_only_in_memory_sharing_and_incoming() {
        let (frozen, fork) = (rendered(false, true, false), rendered(false, false, true));
        let only_in_fork: Vec<_> = fork
            .iter()
            .filter(|argument| !frozen.contains(argument))
            .collect();
        assert_eq!(only_in_fork.len(), 3, "{only_in_fork:?}");
    }
}
