//! QEMU's switches, one type each, with fields named as QEMU names them.
//!
//! The source for all of them is QEMU's manual page; they mean the same in QEMU 7.2 and 10.

use std::ffi::OsString;
use std::path::Path;

use serde_json::{Value, json};

/// One switch of the command line.
pub trait Switch {
    /// Its name with the dash.
    fn name(&self) -> &'static str;
    /// Its value; none for a switch that stands alone.
    fn value(&self) -> Option<OsString>;

    /// Appends the switch to a command line.
    fn append_to(&self, arguments: &mut Vec<OsString>) {
        arguments.push(self.name().into());
        arguments.extend(self.value());
    }
}

/// Doubles the commas of a value inside a comma-separated list, which is how QEMU escapes them.
fn escaped(path: &Path) -> OsString {
    use std::os::unix::ffi::{OsStrExt, OsStringExt};
    let mut bytes = Vec::new();
    for &byte in path.as_os_str().as_bytes() {
        bytes.push(byte);
        if byte == b',' {
            bytes.push(byte);
        }
    }
    OsString::from_vec(bytes)
}

fn with_path(before: &str, path: &Path, after: &str) -> OsString {
    let mut text = OsString::from(before);
    text.push(escaped(path));
    text.push(after);
    text
}

fn on_off(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}

/// A switch without a value, or with one that is passed as it is.
pub struct Plain(pub &'static str, pub Option<OsString>);

impl Switch for Plain {
    fn name(&self) -> &'static str {
        self.0
    }

    fn value(&self) -> Option<OsString> {
        self.1.clone()
    }
}

/// `-machine`
pub struct Machine<'a> {
    /// The machine type.
    pub kind: &'a str,
    /// Id of the object that is the guest's memory.
    pub memory_backend: &'a str,
}

impl Switch for Machine<'_> {
    fn name(&self) -> &'static str {
        "-machine"
    }

    fn value(&self) -> Option<OsString> {
        let Self {
            kind,
            memory_backend,
        } = self;
        Some(format!("{kind},memory-backend={memory_backend},usb=off").into())
    }
}

/// `-object memory-backend-file`
pub struct MemoryBackendFile<'a> {
    /// Id.
    pub id: &'a str,
    /// Size in bytes.
    pub size: u64,
    /// The file.
    pub mem_path: &'a Path,
    /// Whether writes go to the file, or to private copies of its pages.
    pub share: bool,
}

impl Switch for MemoryBackendFile<'_> {
    fn name(&self) -> &'static str {
        "-object"
    }

    fn value(&self) -> Option<OsString> {
        let Self {
            id,
            size,
            mem_path,
            share,
        } = self;
        let after = format!(",share={}", on_off(*share));
        Some(with_path(
            &format!("memory-backend-file,id={id},size={size},mem-path="),
            mem_path,
            &after,
        ))
    }
}

/// `-blockdev`, always with the JSON spelling, which needs no escaping.
pub struct Blockdev<'a> {
    /// The node's name.
    pub node_name: &'a str,
    /// The qcow2 file.
    pub filename: &'a Path,
}

impl Switch for Blockdev<'_> {
    fn name(&self) -> &'static str {
        "-blockdev"
    }

    fn value(&self) -> Option<OsString> {
        // No flush reaches the host's disk: a crash of the host is found by hashing, not prevented by waiting.
        let cache = json!({ "direct": false, "no-flush": true });
        let file: Value = json!({
            "driver": "file", "filename": self.filename.to_string_lossy(), "cache": cache.clone(),
        });
        let node = json!({
            "driver": "qcow2", "node-name": self.node_name, "cache": cache, "discard": "unmap", "file": file,
        });
        Some(node.to_string().into())
    }
}

/// `-device`
pub struct Device<'a> {
    /// The driver.
    pub driver: &'a str,
    /// Its properties.
    pub properties: &'a [(&'a str, &'a str)],
}

impl Switch for Device<'_> {
    fn name(&self) -> &'static str {
        "-device"
    }

    fn value(&self) -> Option<OsString> {
        let mut text = self.driver.to_owned();
        for (name, value) in self.properties {
            text.push_str(&format!(",{name}={value}"));
        }
        Some(text.into())
    }
}

/// `-chardev socket` as a client: QEMU connects, once, before the guest starts.
pub struct ChardevSocket<'a> {
    /// Id.
    pub id: &'a str,
    /// The Unix socket that somebody already listens at.
    pub path: &'a Path,
}

impl Switch for ChardevSocket<'_> {
    fn name(&self) -> &'static str {
        "-chardev"
    }

    fn value(&self) -> Option<OsString> {
        Some(with_path(
            &format!("socket,id={},path=", self.id),
            self.path,
            "",
        ))
    }
}

/// `-sandbox`: what QEMU may not do once it runs.
pub struct Sandbox {
    /// System calls that nobody needs any more.
    pub obsolete: &'static str,
    /// Gaining privileges.
    pub elevateprivileges: &'static str,
    /// Executing programs.
    pub spawn: &'static str,
    /// Changing affinity and priority.
    pub resourcecontrol: &'static str,
}

impl Switch for Sandbox {
    fn name(&self) -> &'static str {
        "-sandbox"
    }

    fn value(&self) -> Option<OsString> {
        let Self {
            obsolete,
            elevateprivileges,
            spawn,
            resourcecontrol,
        } = self;
        let text = format!(
            "on,obsolete={obsolete},elevateprivileges={elevateprivileges},spawn={spawn},resourcecontrol={resourcecontrol}"
        );
        Some(text.into())
    }
}

/// `-action`: what happens when the guest does something to itself.
pub struct Action {
    /// When it reboots.
    pub reboot: &'static str,
    /// When it powers off.
    pub shutdown: &'static str,
    /// When its kernel panics.
    pub panic: &'static str,
}

impl Switch for Action {
    fn name(&self) -> &'static str {
        "-action"
    }

    fn value(&self) -> Option<OsString> {
        let Self {
            reboot,
            shutdown,
            panic,
        } = self;
        Some(format!("reboot={reboot},shutdown={shutdown},panic={panic}").into())
    }
}
