//! Accelerators, and the processor model that goes with each.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use strum::{Display, EnumString};

use super::{Architecture, QemuVersion};
use crate::process::Command;

/// What runs the guest's instructions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Display, EnumString)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Accelerator {
    /// Linux's hardware virtualisation.
    Kvm,
    /// macOS's hardware virtualisation.
    Hvf,
    /// QEMU's own translation, which works everywhere and is ten times slower.
    Tcg,
}

impl Accelerator {
    /// The value of QEMU's `-accel`.
    pub const fn qemu_argument(self) -> &'static str {
        match self {
            Self::Kvm => "kvm",
            Self::Hvf => "hvf",
            Self::Tcg => "tcg,thread=multi",
        }
    }

    /// How much longer than with hardware virtualisation a wait may take: deadlines are multiplied by it.
    pub const fn patience(self) -> u32 {
        match self {
            Self::Kvm | Self::Hvf => 1,
            Self::Tcg => 6,
        }
    }

    /// How many processors a guest has where nobody says.
    ///
    /// An emulated one has one: two of them wait for each other on a host that runs as many machines as it has cores, and
    /// QEMU translates an atomic access more dearly where another processor could see it. Nine scenarios, two at a time on
    /// two cores with QEMU 7.2, took 218 s in place of 276; a switch alone took as long as with two.
    pub const fn usual_cores(self) -> u32 {
        match self {
            Self::Kvm | Self::Hvf => 2,
            Self::Tcg => 1,
        }
    }
}

/// The value of QEMU's `-cpu` that is right and fastest.
///
/// Translated, the plain `qemu64` is 1.5 to 2 times faster than `max`. QEMU 7.2's multi-threaded translation corrupts
/// flags in `cmpxchg16b`, and guests panic at random; QEMU 10 does not. Versions between were not measured and are
/// treated as the old one.
pub const fn cpu_model(accelerator: Accelerator, version: QemuVersion) -> &'static str {
    match (accelerator, Architecture::host()) {
        (Accelerator::Kvm | Accelerator::Hvf, _) => "host",
        (Accelerator::Tcg, Architecture::Aarch64) => "cortex-a72",
        (Accelerator::Tcg, Architecture::X86_64) if version.major < 10 => "qemu64,-cx16",
        (Accelerator::Tcg, Architecture::X86_64) => "qemu64",
    }
}

/// What else makes the kernel of an emulated guest fast, as it stands on its command line behind what every guest's says.
///
/// An emulated processor leaks nothing that is worth the time of guarding it. QEMU 7.2 translates a program anew for each
/// process in which it lies at another address: without random addresses a first switch took 37 s in place of 58. QEMU 10
/// finds what it has translated (42 s, and 44 without). Versions between were not measured and are treated as the old one.
pub const fn kernel_arguments(accelerator: Accelerator, version: QemuVersion) -> &'static str {
    match accelerator {
        Accelerator::Kvm | Accelerator::Hvf => "",
        Accelerator::Tcg if version.major < 10 => " mitigations=off norandmaps",
        Accelerator::Tcg => " mitigations=off",
    }
}

/// The model of a guest's processor, and with hardware virtualisation what tells the host's from others, for there the
/// model is "host": the processor itself, its microcode, and the kernel that decides what guests see of it.
pub fn cpu_identity(accelerator: Accelerator, model: &str) -> String {
    if accelerator == Accelerator::Tcg {
        return model.to_owned();
    }
    let info = if cfg!(target_os = "macos") {
        let asked = Command::new("sysctl").args(["machdep.cpu", "hw.optional"]);
        let told = asked.run(Duration::from_secs(20));
        told.map(|told| told.stdout_text()).unwrap_or_default()
    } else {
        let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        lasting_lines(&info)
    };
    let release = rustix::system::uname().release().to_owned();
    let mut hasher = blake3::Hasher::new();
    hasher.update(info.as_bytes()).update(release.as_bytes());
    format!("{model} {}", &hasher.finalize().to_hex()[..16])
}

/// The lines on the first processor in `/proc/cpuinfo` that stay the same as long as it does.
fn lasting_lines(info: &str) -> String {
    // Intel's and AMD's, then Arm's.
    const FIELDS: [&str; 6] = [
        "vendor_id",
        "cpu family",
        "model",
        "stepping",
        "microcode",
        "flags",
    ];
    const ARM_FIELDS: [&str; 2] = ["Features", "CPU "];
    let first = info.split("\n\n").next().unwrap_or_default();
    let lasts = |line: &&str| {
        let mut fields = FIELDS.iter().chain(&ARM_FIELDS);
        fields.any(|field| line.starts_with(field))
    };
    first.lines().filter(lasts).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accelerators_are_read_as_they_are_shown() {
        for accelerator in [Accelerator::Kvm, Accelerator::Hvf, Accelerator::Tcg] {
            assert_eq!(accelerator.to_string().parse(), Ok(accelerator));
        }
        assert!("KVM".parse::<Accelerator>().is_err());
    }

    const fn version(major: u32) -> QemuVersion {
        QemuVersion {
            major,
            minor: 2,
            micro: 0,
        }
    }

    #[test]
    fn only_an_emulated_kernel_is_told_to_leave_guards_out() {
        for version in [version(7), version(10)] {
            assert!(kernel_arguments(Accelerator::Tcg, version).contains("mitigations=off"));
            for accelerator in [Accelerator::Kvm, Accelerator::Hvf] {
                assert_eq!(kernel_arguments(accelerator, version), "");
            }
        }
        assert!(kernel_arguments(Accelerator::Tcg, version(7)).contains("norandmaps"));
        assert!(!kernel_arguments(Accelerator::Tcg, version(10)).contains("norandmaps"));
    }

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn old_translators_get_no_cmpxchg16b() {
        assert_eq!(cpu_model(Accelerator::Tcg, version(7)), "qemu64,-cx16");
        assert_eq!(cpu_model(Accelerator::Tcg, version(10)), "qemu64");
        assert_eq!(cpu_model(Accelerator::Kvm, version(7)), "host");
    }

    #[test]
    fn a_processor_is_told_by_what_lasts() {
        let intel = "processor\t: 0\nvendor_id\t: GenuineIntel\nmodel name\t: X\nmicrocode\t: 0x1\n\
                     cpu MHz\t\t: 2000.1\nflags\t\t: fpu\n\nprocessor\t: 1\nmodel name\t: Y\n";
        let lasting =
            "vendor_id\t: GenuineIntel\nmodel name\t: X\nmicrocode\t: 0x1\nflags\t\t: fpu";
        assert_eq!(lasting_lines(intel), lasting);
        let arm = "processor\t: 0\nBogoMIPS\t: 50.0\nFeatures\t: fp asimd\nCPU implementer\t: 0x41\n\
                   CPU part\t: 0xd08\n\n";
        assert!(lasting_lines(arm).contains("0xd08") && lasting_lines(arm).contains("asimd"));
        assert!(!lasting_lines(arm).contains("50.0"));
        assert_eq!(cpu_identity(Accelerator::Tcg, "qemu64"), "qemu64");
        let identity = cpu_identity(Accelerator::Kvm, "host");
        assert_eq!(identity.len(), "host ".len() + 16, "{identity}");
    }
}
