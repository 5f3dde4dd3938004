//! Deciding by a real boot: `/dev/kvm` can exist, open and even create a machine that then never runs an instruction,
//! or that runs a boot sector but, where machines are in truth interpreted, not what every kernel consists of.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use std::{env, fs, io};

use serde::{Deserialize, Serialize};

use super::{Accelerator, Architecture, QemuBinary, QemuVersion, cpu_model};
use crate::cache_dir::{CacheDir, host_boot_id};
use crate::process::{Command, ProcessError};
use crate::store::{FileLock, read_bounded, write_whole};

/// How long the tiny boot may take with hardware virtualisation; where that works it takes a fraction of a second.
const HARDWARE_DEADLINE: Duration = Duration::from_secs(5);
/// The longest record that is read.
const RECORD_MAX_BYTES: u64 = 64 * 1024;
/// The environment variable that says it instead.
const OVERRIDE: &str = "SWITCHPROOF_ACCEL";

/// The accelerator to use, and how that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detected {
    /// What to run machines with.
    pub accelerator: Accelerator,
    /// The value of `-cpu` that goes with it.
    pub cpu_model: &'static str,
    /// Why it is this one, for people.
    pub reason: String,
    /// Whether this was found out earlier, since the host was last started.
    pub remembered: bool,
}

/// Why no accelerator could be chosen.
#[derive(Debug, thiserror::Error)]
pub enum DetectError {
    /// The override names nothing.
    #[error("${OVERRIDE}: `{0}` is none of kvm, hvf, tcg and auto")]
    Override(String),
    /// The tiny boot could not be prepared.
    #[error("cannot prepare the boot that tests the accelerator: {0}")]
    Prepare(#[source] io::Error),
}

impl DetectError {
    /// What the user can do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Override(_) => "set it to kvm, hvf, tcg or auto, or leave it unset",
            Self::Prepare(_) => {
                "free some space in the directory for temporary files, or point TMPDIR elsewhere"
            }
        }
    }
}

/// What is remembered.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    host_boot_id: String,
    qemu: PathBuf,
    version: QemuVersion,
    accelerator: Accelerator,
    reason: String,
    /// The hash of the program that the test machine ran: another program may find out something else.
    test_program: String,
}

/// Chooses the accelerator: `$SWITCHPROOF_ACCEL` when set, else what was found since the host was started with the same
/// QEMU, else by a tiny boot that costs at most a few seconds. What is found is remembered in the cache.
pub fn detect(cache: &CacheDir, qemu: &QemuBinary) -> Result<Detected, DetectError> {
    let chosen = env::var(OVERRIDE).unwrap_or_default();
    if !matches!(chosen.as_str(), "" | "auto") {
        let reason = format!("${OVERRIDE} says so");
        let accelerator = chosen.parse().map_err(|_| DetectError::Override(chosen))?;
        return Ok(answer(accelerator, reason, false, qemu));
    }
    // A cache that cannot be written costs the boot again, no more.
    let memory = cache
        .host()
        .ok()
        .map(|directory| directory.join("accelerator.json"));
    let recalled = || memory.as_deref().and_then(|path| recall(path, qemu));
    if let Some(record) = recalled() {
        return Ok(answer(record.accelerator, record.reason, true, qemu));
    }
    // Of several processes that start at once one boots the machine: two at once on a small host may both be too slow.
    let lock = memory.as_ref().and_then(|path| {
        let deadline = Instant::now() + HARDWARE_DEADLINE * 2;
        FileLock::exclusive(&path.with_extension("lock"), deadline).ok()?
    });
    if lock.is_some()
        && let Some(record) = recalled()
    {
        return Ok(answer(record.accelerator, record.reason, true, qemu));
    }
    let (detected, is_lasting) = decide(qemu)?;
    if let Some(path) = memory.filter(|_| is_lasting) {
        remember(&path, qemu, &detected);
    }
    Ok(detected)
}

fn answer(
    accelerator: Accelerator,
    reason: String,
    remembered: bool,
    qemu: &QemuBinary,
) -> Detected {
    Detected {
        accelerator,
        cpu_model: cpu_model(accelerator, qemu.version),
        reason,
        remembered,
    }
}

/// Finds out, and says whether that holds until the host is started anew. Permissions and modules come and go, and are
/// looked up at no cost.
fn decide(qemu: &QemuBinary) -> Result<(Detected, bool), DetectError> {
    let found = |accelerator, reason| answer(accelerator, reason, false, qemu);
    let hardware = if cfg!(target_os = "macos") {
        Accelerator::Hvf
    } else {
        Accelerator::Kvm
    };
    if hardware == Accelerator::Kvm
        && let Err(error) = fs::File::options().read(true).write(true).open("/dev/kvm")
    {
        let reason = format!("/dev/kvm cannot be opened: {error}");
        return Ok((found(Accelerator::Tcg, reason), false));
    }
    let begun = Instant::now();
    let detected = match tiny_boot(qemu, hardware)? {
        Ok(()) => {
            let took_s = begun.elapsed().as_secs_f64();
            found(hardware, format!("a test machine booted in {took_s:.1} s"))
        }
        Err(error) => {
            let why = first_line(&error);
            let reason = format!("{hardware} is there but boots no machine: {why}");
            found(Accelerator::Tcg, reason)
        }
    };
    Ok((detected, true))
}

/// Boots a machine of a few instructions that ends itself. The inner error says that it did not.
fn tiny_boot(
    qemu: &QemuBinary,
    accelerator: Accelerator,
) -> Result<Result<(), ProcessError>, DetectError> {
    let directory = tempfile::tempdir().map_err(DetectError::Prepare)?;
    let program = directory.path().join("program");
    let architecture = Architecture::host();
    fs::write(&program, test_program(architecture)).map_err(DetectError::Prepare)?;
    let command = Command::new(&qemu.path)
        .args(["-machine", architecture.machine_type()])
        .args(["-accel", accelerator.qemu_argument()])
        .args(["-cpu", cpu_model(accelerator, qemu.version)])
        .args(["-smp", "2", "-m", "64"])
        .args(["-nodefaults", "-display", "none", "-no-reboot"]);
    // A QEMU for macOS does not know the switch.
    let command = if cfg!(target_os = "linux") {
        command.args(["-sandbox", "on"])
    } else {
        command
    };
    let command = match architecture {
        Architecture::X86_64 => {
            let drive = format!(
                "file={},format=raw,if=none,id=disk,readonly=on",
                program.display()
            );
            command
                .args(["-drive", &drive, "-device", "virtio-blk-pci,drive=disk"])
                .args(["-device", "isa-debug-exit,iobase=0xf4,iosize=0x04"])
        }
        Architecture::Aarch64 => command.arg("-kernel").arg(&program),
    };
    let deadline = HARDWARE_DEADLINE * accelerator.patience();
    Ok(match command.run(deadline) {
        // Powered off: what the program for Arm does.
        Ok(_) if architecture == Architecture::Aarch64 => Ok(()),
        Err(ProcessError::Failed { status, .. }) if status.code() == Some(EXIT_STATUS) => Ok(()),
        Ok(_) => Err(ProcessError::Watch {
            command: command.command_line(),
            source: io::Error::other("the machine ended before its program ran"),
        }),
        Err(error) => Err(error),
    })
}

/// What the program for PCs writes to the exit device, and the status that QEMU makes of it.
const EXIT_VALUE: u8 = 0x2a;
const EXIT_STATUS: i32 = ((EXIT_VALUE as i32) << 1) | 1;

/// In 64-bit mode with paging, as kernels are, and with an instruction of the kind that their decompressors use: there a
/// KVM that interprets its machines gives up. Loaded at 0x7c00; page tables for the first 2 MiB are made at 0x1000.
#[rustfmt::skip]
const BOOT_SECTOR: [u8; 143] = [
    0xfa, 0x31, 0xc0, 0x8e, 0xd8, 0x8e, 0xc0, 0xfc,       // cli; xor ax, ax; mov ds, ax; mov es, ax; cld
    0xbf, 0x00, 0x10, 0xb9, 0x00, 0x18, 0xf3, 0xab,       // mov di, 0x1000; mov cx, 0x1800; rep stosw
    0xc7, 0x06, 0x00, 0x10, 0x03, 0x20,                   // mov word [0x1000], 0x2003
    0xc7, 0x06, 0x00, 0x20, 0x03, 0x30,                   // mov word [0x2000], 0x3003
    0xc6, 0x06, 0x00, 0x30, 0x83,                         // mov byte [0x3000], 0x83
    0x66, 0xb8, 0x00, 0x10, 0x00, 0x00, 0x0f, 0x22, 0xd8, // mov eax, 0x1000; mov cr3, eax
    0x0f, 0x20, 0xe0, 0x0c, 0x20, 0x0f, 0x22, 0xe0,       // mov eax, cr4; or al, PAE; mov cr4, eax
    0x66, 0xb9, 0x80, 0x00, 0x00, 0xc0, 0x0f, 0x32,       // mov ecx, EFER; rdmsr
    0x80, 0xcc, 0x01, 0x0f, 0x30,                         // or ah, LME; wrmsr
    0x0f, 0x01, 0x16, 0x89, 0x7c, 0x0f, 0x20, 0xc0,       // lgdt [0x7c89]; mov eax, cr0
    0x66, 0x0d, 0x01, 0x00, 0x00, 0x80, 0x0f, 0x22, 0xc0, // or eax, PG | PE; mov cr0, eax
    0xea, 0x55, 0x7c, 0x08, 0x00,                         // jmp 0x8:0x7c55, from where on it is 64-bit code
    0x31, 0xc0, 0x0f, 0xa2, 0x83, 0xf8, 0x07, 0x72, 0x14, // xor eax, eax; cpuid; cmp eax, 7; jb end
    0xb8, 0x07, 0x00, 0x00, 0x00, 0x31, 0xc9, 0x0f, 0xa2, // mov eax, 7; xor ecx, ecx; cpuid
    0x0f, 0xba, 0xe3, 0x08, 0x73, 0x05,                   // bt ebx, BMI2; jnc end
    0xc4, 0xe2, 0xf9, 0xf7, 0xcb,                         // shlx rcx, rbx, rax
    0xb0, EXIT_VALUE, 0xe6, 0xf4, 0xf4, 0xeb, 0xfd,       // end: mov al, EXIT_VALUE; out 0xf4, al; hlt; jmp to hlt
    0, 0, 0, 0, 0, 0, 0, 0,                               // descriptors: none,
    0, 0, 0, 0, 0, 0x9a, 0x20, 0,                         // 64-bit code,
    0x0f, 0x00, 0x79, 0x7c, 0, 0,                         // and where they are
];

/// A program that ends its machine: a boot sector for PCs, a bare kernel for Arm.
fn test_program(architecture: Architecture) -> Vec<u8> {
    match architecture {
        Architecture::X86_64 => {
            // The firmware does not read disks that are too small to have a geometry.
            let mut disk = vec![0; 1024 * 1024];
            disk[..BOOT_SECTOR.len()].copy_from_slice(&BOOT_SECTOR);
            disk[510..512].copy_from_slice(&[0x55, 0xaa]);
            disk
        }
        Architecture::Aarch64 => {
            // mov w0, #0x0008; movk w0, #0x8400, lsl 16 (PSCI SYSTEM_OFF); hvc #0; b .
            let instructions: [u32; 4] = [0x5280_0100, 0x72b0_8000, 0xd400_0002, 0x1400_0000];
            instructions
                .iter()
                .flat_map(|word| word.to_le_bytes())
                .collect()
        }
    }
}

fn test_program_hash() -> String {
    let program = test_program(Architecture::host());
    blake3::hash(&program).to_hex().to_string()
}

fn first_line(error: &ProcessError) -> String {
    match error {
        ProcessError::Deadline { deadline_s, .. } => {
            format!("nothing ran within {deadline_s:.0} s")
        }
        ProcessError::Failed { status, tail, .. } => {
            format!(
                "{status}, {}",
                tail.lines().next_back().unwrap_or("without a message")
            )
        }
        other => other.to_string(),
    }
}

fn recall(path: &Path, qemu: &QemuBinary) -> Option<Record> {
    let record: Record =
        serde_json::from_slice(&read_bounded(path, RECORD_MAX_BYTES).ok()?).ok()?;
    let same = record.host_boot_id == host_boot_id()
        && record.test_program == test_program_hash()
        && record.qemu == qemu.path
        && record.version == qemu.version;
    // KVM may have been taken away or given since: a group membership, a module.
    let openable = fs::File::options()
        .read(true)
        .write(true)
        .open("/dev/kvm")
        .is_ok();
    let plausible = record.accelerator != Accelerator::Kvm || openable;
    (same && plausible).then_some(record)
}

fn remember(path: &Path, qemu: &QemuBinary, found: &Detected) {
    let record = Record {
        host_boot_id: host_boot_id(),
        qemu: qemu.path.clone(),
        version: qemu.version,
        accelerator: found.accelerator,
        reason: found.reason.clone(),
        test_program: test_program_hash(),
    };
    // Not remembered means asked again, which is only slower.
    let _ = write_whole(path, &record);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn qemu() -> Option<QemuBinary> {
        QemuBinary::find().ok()
    }

    #[test]
    fn the_tiny_boot_runs_where_qemu_is() {
        let Some(qemu) = qemu() else { return };
        tiny_boot(&qemu, Accelerator::Tcg).unwrap().unwrap();
    }

    #[test]
    fn what_was_found_out_is_remembered_for_the_same_qemu() {
        let Some(qemu) = qemu() else { return };
        let directory = tempfile::tempdir().unwrap();
        let cache = CacheDir::at(directory.path());
        let (found, _) = decide(&qemu).unwrap();
        let memory = cache.host().unwrap().join("accelerator.json");
        assert!(recall(&memory, &qemu).is_none());
        remember(&memory, &qemu, &found);
        let recalled = recall(&memory, &qemu).unwrap().accelerator;
        assert_eq!(recalled, found.accelerator);
        let newer = QemuBinary {
            version: QemuVersion {
                major: 99,
                minor: 0,
                micro: 0,
            },
            ..qemu
        };
        assert!(recall(&memory, &newer).is_none());
    }

    #[test]
    fn that_kvm_cannot_be_opened_is_not_remembered() {
        let Some(qemu) = qemu() else { return };
        let kvm = fs::File::options().read(true).write(true).open("/dev/kvm");
        if kvm.is_ok() {
            return;
        }
        let directory = tempfile::tempdir().unwrap();
        let cache = CacheDir::at(directory.path());
        for _ in 0..2 {
            assert!(!detect(&cache, &qemu).unwrap().remembered);
        }
        assert!(!cache.host().unwrap().join("accelerator.json").exists());
    }

    #[test]
    fn a_damaged_memory_is_no_memory() {
        let Some(qemu) = qemu() else { return };
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "{\"host_boot_id\":").unwrap();
        assert!(recall(file.path(), &qemu).is_none());
    }
}
