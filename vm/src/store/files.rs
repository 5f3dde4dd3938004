//! Small things about files and room that several parts need.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use serde::Serialize;

/// Opens a file to be read, without following a link and without waiting for the other end of a pipe: whatever is no
/// regular file is an error of kind [`io::ErrorKind::InvalidInput`].
pub(crate) fn open_regular(path: &Path) -> io::Result<File> {
    let no_file = || io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file");
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let opened = OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits() as i32)
        .open(path);
    match opened {
        Ok(file) if file.metadata()?.is_file() => Ok(file),
        Ok(_) => Err(no_file()),
        Err(error) => {
            // A link, and a socket or a device without a driver, cannot even be opened.
            let is_other = fs::symlink_metadata(path).is_ok_and(|data| !data.is_file());
            Err(if is_other { no_file() } else { error })
        }
    }
}

/// A regular file's bytes, of which there may be so many.
pub(crate) fn read_bounded(path: &Path, most_bytes: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open_regular(path)?
        .take(most_bytes + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most_bytes {
        let message = format!("it is longer than {most_bytes} bytes");
        return Err(io::Error::new(io::ErrorKind::InvalidData, message));
    }
    Ok(bytes)
}

/// Makes a new file that nobody else may read.
pub(crate) fn make_private(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}

/// Writes a value as JSON, replacing an older file in one step.
pub(crate) fn write_whole(path: &Path, value: &impl Serialize) -> io::Result<()> {
    let directory = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(directory)?;
    serde_json::to_writer_pretty(&mut file, value)?;
    file.persist(path)?;
    Ok(())
}

/// What the files below a directory take on the disk, in bytes; of a file what it takes itself. No link is followed.
///
/// # Errors
/// Something of it cannot be read, or is removed meanwhile.
pub fn allocated_bytes(path: &Path) -> io::Result<u64> {
    // In units of 512 bytes, whatever the file system's block is.
    let own = |data: fs::Metadata| data.blocks() * 512;
    let data = path.symlink_metadata()?;
    if !data.is_dir() {
        return Ok(own(data));
    }
    let mut bytes = 0;
    for entry in fs::read_dir(path)? {
        bytes += allocated_bytes(&entry?.path())?;
    }
    Ok(bytes)
}

/// What the operating system says is free where `path` is, in bytes.
pub fn free_bytes(path: &Path) -> io::Result<u64> {
    let space = rustix::fs::statvfs(path)?;
    Ok(space.f_bavail.saturating_mul(space.f_frsize))
}

/// The longest file that this process may write (`ulimit -f`); none without a limit.
pub(crate) fn file_limit_bytes() -> Option<u64> {
    rustix::process::getrlimit(rustix::process::Resource::Fsize).current
}

/// Memory that programs can still use, in MiB, within the limits of the control groups of this process. None where the
/// system does not say.
pub fn available_memory_mib() -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let limits = group_rooms(&groups, Path::new("/sys/fs/cgroup"));
    let of_host = in_meminfo(&text)?;
    Some(limits.into_iter().fold(of_host, u64::min))
}

/// What Linux says can be had without swapping.
fn in_meminfo(text: &str) -> Option<u64> {
    let mut lines = text.lines();
    let line = lines.find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib / 1024)
}

/// What is left in each control group with a limit, of both versions, from this process's own up to the root.
fn group_rooms(groups: &str, root: &Path) -> Vec<u64> {
    let mut rooms = Vec::new();
    for line in groups.lines() {
        let mut parts = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else {
            continue;
        };
        let (root, limit, used): (PathBuf, _, _) = match controllers {
            "" => (root.to_owned(), "memory.max", "memory.current"),
            it if it.split(',').any(|it| it == "memory") => (
                root.join("memory"),
                "memory.limit_in_bytes",
                "memory.usage_in_bytes",
            ),
            _ => continue,
        };
        let group = root.join(path.trim_start_matches('/'));
        for group in group.ancestors().take_while(|it| it.starts_with(&root)) {
            rooms.extend(group_room(group, limit, used));
        }
    }
    rooms
}

/// What may still be used in one control group, in MiB. Files that were read and can be forgotten do not count as used.
fn group_room(group: &Path, limit: &str, used: &str) -> Option<u64> {
    let read = |name: &str| fs::read_to_string(group.join(name)).ok();
    let number = |name: &str| read(name)?.trim().parse::<u64>().ok();
    let (limit, used) = (number(limit)?, number(used)?);
    let statistics = read("memory.stat").unwrap_or_default();
    let forgettable = statistics
        .lines()
        .find_map(|line| line.strip_prefix("inactive_file ")?.parse::<u64>().ok());
    let used = used.saturating_sub(forgettable.unwrap_or_default());
    Some(limit.saturating_sub(used) >> 20)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_in_mebibytes() {
        let text = "MemTotal: 9 kB\nMemAvailable:    2097152 kB\n";
        assert_eq!(in_meminfo(text), Some(2048));
        assert_eq!(in_meminfo(""), None);
    }

    #[test]
    fn the_limit_of_any_control_group_counts() {
        let root = tempfile::tempdir().unwrap();
        let write = |group: &str, name: &str, text: &str| {
            let folder = root.path().join(group);
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join(name), text).unwrap();
        };
        write("a", "memory.max", "734003200\n");
        write("a", "memory.current", "104857600\n");
        write("a", "memory.stat", "anon 7\ninactive_file 52428800\n");
        write("a/b", "memory.max", "max\n");
        write("a/b", "memory.current", "1\n");
        write("memory/old", "memory.limit_in_bytes", "1048576000\n");
        write("memory/old", "memory.usage_in_bytes", "0\n");
        assert_eq!(group_rooms("0::/a/b\n", root.path()), [650]);
        let old = "5:cpu,cpuacct:/old\n4:memory:/old\n";
        assert_eq!(group_rooms(old, root.path()), [1000]);
        assert!(group_rooms("0::/\n1:name=x:/\n", root.path()).is_empty());
    }

    #[test]
    fn only_a_regular_file_is_read_and_only_so_much_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("file"), "four").unwrap();
        crate::store::make_pipe(&at("pipe"));
        std::os::unix::fs::symlink("file", at("link")).unwrap();
        std::os::unix::fs::symlink("nowhere", at("dangling")).unwrap();
        assert_eq!(read_bounded(&at("file"), 4).unwrap(), b"four");
        assert!(read_bounded(&at("file"), 3).is_err());
        for name in ["pipe", "link", "dangling", "."] {
            let error = open_regular(&at(name)).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{name}: {error}");
        }
        let missing = open_regular(&at("missing")).unwrap_err();
        assert_eq!(missing.kind(), io::ErrorKind::NotFound);
    }
}
