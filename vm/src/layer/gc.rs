//! What the store holds, and making room in it.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::SystemTime;

use serde_json::Value;

use crate::layer::record::RECORD;
use crate::layer::{LayerError, LayerKey, LayerRecord, LayerStore, WorkDir};

/// A layer as a listing shows it. Nothing of it has been verified.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerSummary {
    /// Its key.
    pub key: LayerKey,
    /// The layer below it.
    pub parent: Option<LayerKey>,
    /// Bytes that it takes on the disk.
    pub allocated_bytes: u64,
    /// When it was made, in seconds since 1970; none when its record cannot be read.
    pub created_s: Option<u64>,
    /// When it was last looked up.
    pub last_used: SystemTime,
    /// What made it, in the words of the caller.
    pub note: Value,
}

/// What a collection did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Collected {
    /// Layers removed, in the order of removal.
    pub removed: Vec<LayerKey>,
    /// Bytes that they took on the disk.
    pub freed_bytes: u64,
    /// Bytes that the remaining layers take.
    pub kept_bytes: u64,
    /// Layers that would have gone but are in use.
    pub in_use: Vec<LayerKey>,
}

impl LayerStore {
    /// All layers, ordered by key.
    pub fn list(&self) -> Result<Vec<LayerSummary>, LayerError> {
        let mut layers = Vec::new();
        let failed = |error| LayerError::io("cannot list", self.directory())(error);
        for entry in fs::read_dir(self.directory()).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let Some(key) = entry
                .file_name()
                .to_str()
                .and_then(|name| name.parse::<LayerKey>().ok())
            else {
                continue;
            };
            match summary(key, &entry.path()) {
                Ok(layer) => layers.push(layer),
                // Removed by another process since it was listed.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(LayerError::io("cannot read", entry.path())(error)),
            }
        }
        layers.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(layers)
    }

    /// Removes layers, least recently used first and never one that is in use or carries others, until all together
    /// take at most `limit_bytes`. Also removes what dead processes left unfinished.
    pub fn collect(&self, limit_bytes: u64) -> Result<Collected, LayerError> {
        WorkDir::sweep(self.directory())?;
        let mut layers = self.list()?;
        let mut done = Collected {
            kept_bytes: layers.iter().map(|layer| layer.allocated_bytes).sum(),
            ..Default::default()
        };
        layers.sort_by_key(|layer| layer.last_used);
        let mut children: HashMap<LayerKey, usize> = HashMap::new();
        for parent in layers.iter().filter_map(|layer| layer.parent.clone()) {
            *children.entry(parent).or_default() += 1;
        }
        while done.kept_bytes > limit_bytes {
            let childless =
                |layer: &LayerSummary| children.get(&layer.key).is_none_or(|&count| count == 0);
            let Some(at) = layers.iter().position(childless) else {
                break;
            };
            let layer = layers.remove(at);
            match self.remove(&layer.key) {
                Ok(()) => {
                    done.kept_bytes = done.kept_bytes.saturating_sub(layer.allocated_bytes);
                    done.freed_bytes += layer.allocated_bytes;
                    if let Some(count) = layer
                        .parent
                        .as_ref()
                        .and_then(|parent| children.get_mut(parent))
                    {
                        *count -= 1;
                    }
                    done.removed.push(layer.key);
                }
                Err(LayerError::InUse { key } | LayerError::HasChildren { key, .. }) => {
                    done.in_use.push(key)
                }
                Err(error) => return Err(error),
            }
        }
        Ok(done)
    }
}

fn summary(key: LayerKey, directory: &Path) -> io::Result<LayerSummary> {
    let mut allocated_bytes = 0;
    for entry in fs::read_dir(directory)? {
        // In units of 512 bytes, whatever the file system's block is.
        allocated_bytes += entry?.metadata()?.blocks() * 512;
    }
    let record = LayerRecord::read(directory)?.ok();
    let last_used = fs::metadata(directory.join(RECORD)).and_then(|data| data.modified());
    Ok(LayerSummary {
        key,
        parent: record.as_ref().and_then(|record| record.parent.clone()),
        allocated_bytes,
        created_s: record.as_ref().map(|record| record.created_s),
        // Without a record it is damaged, and the first to go.
        last_used: last_used.unwrap_or(SystemTime::UNIX_EPOCH),
        note: record.map(|record| record.note).unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File, FileTimes};
    use std::io::Write;
    use std::time::{Duration, SystemTime};

    use serde_json::Value;

    use crate::accel::{Accelerator, QemuVersion};
    use crate::cache_dir::CacheDir;
    use crate::layer::record::{BackingRecord, DISK, FORMAT, RAM, RECORD, STATE};
    use crate::layer::{
        FileRecord, LayerKey, LayerRecord, LayerStore, Lookup, MadeBy, WorkDir, create_overlay,
    };
    use crate::machine::MachineShape;

    /// A store whose layers hold noise: to the store they are files.
    struct Fixture {
        _directory: tempfile::TempDir,
        store: LayerStore,
        image: std::path::PathBuf,
    }

    fn fixture() -> Fixture {
        let directory = tempfile::tempdir().expect("a directory");
        let image = directory.path().join("images/i/root.ext4");
        fs::create_dir_all(image.parent().expect("a parent")).expect("made");
        fs::write(&image, vec![0; 4096]).expect("written");
        let store = LayerStore::open(&CacheDir::at(directory.path())).expect("a store");
        Fixture {
            _directory: directory,
            store,
            image,
        }
    }

    impl Fixture {
        /// Makes a layer that was last used `age_s` ago.
        fn layer(&self, parent: Option<&LayerKey>, name: &str, age_s: u64) -> LayerKey {
            let key = LayerKey::root(&[name.as_bytes()]);
            let work = WorkDir::create(self.store.directory()).expect("made");
            let path = |name: &str| work.path().join(name);
            fs::write(path(RAM), vec![7; 200_000]).expect("written");
            fs::write(path(STATE), "state").expect("written");
            let below = parent.map_or("../../images/i/root.ext4".to_owned(), |key| {
                format!("../{key}/{DISK}")
            });
            create_overlay(&path(DISK), &below, "raw", 4096).expect("made");
            let file = |name: &str| FileRecord::of(&path(name)).expect("recorded");
            let record = LayerRecord {
                format: FORMAT,
                key: key.clone(),
                parent: parent.cloned(),
                depth: parent.map_or(0, |parent| {
                    self.store
                        .find(parent)
                        .expect("read")
                        .expect("there")
                        .record()
                        .depth
                        + 1
                }),
                made_by: made_by(7),
                created_s: 0,
                note: Value::Null,
                backing: parent
                    .is_none()
                    .then(|| BackingRecord::of(&self.image).expect("recorded")),
                ram: file(RAM),
                disk: file(DISK),
                state: file(STATE),
            };
            record.write(work.path()).expect("written");
            self.store.publish(work, &key).expect("published");
            self.age(&key, age_s);
            key
        }

        fn age(&self, key: &LayerKey, age_s: u64) {
            let file = File::options()
                .append(true)
                .open(self.store.path_of(key).join(RECORD))
                .expect("opened");
            let time = SystemTime::now() - Duration::from_secs(age_s);
            file.set_times(FileTimes::new().set_modified(time))
                .expect("set");
        }

        fn removed(&self, key: &LayerKey) -> String {
            match self.store.look_up(key, None).expect("looked up") {
                Lookup::Removed { what } => what,
                other => panic!("{other:?}"),
            }
        }
    }

    fn made_by(major: u32) -> MadeBy {
        MadeBy {
            qemu: QemuVersion {
                major,
                minor: 2,
                micro: 0,
            },
            accelerator: Accelerator::Tcg,
            cpu: "qemu64".to_owned(),
            shape: MachineShape::default(),
            image: "i".to_owned(),
        }
    }

    #[test]
    fn the_least_recently_used_goes_first_and_parents_after_their_children() {
        let fixture = fixture();
        let base = fixture.layer(None, "base", 900);
        let old = fixture.layer(Some(&base), "old", 500);
        let young = fixture.layer(Some(&base), "young", 100);
        fixture.age(&base, 900);
        let total: u64 = fixture
            .store
            .list()
            .expect("listed")
            .iter()
            .map(|layer| layer.allocated_bytes)
            .sum();
        let done = fixture.store.collect(total - 1).expect("collected");
        assert_eq!(done.removed, [old]);
        let used = fixture.store.find(&young).expect("read").expect("there");
        let done = fixture.store.collect(0).expect("collected");
        assert!(done.removed.is_empty(), "{done:?}");
        assert_eq!(done.in_use.first(), Some(&young));
        drop(used);
        assert_eq!(
            fixture.store.collect(0).expect("collected").removed,
            [young, base]
        );
        assert_eq!(
            fs::read_dir(fixture.store.directory())
                .expect("listed")
                .count(),
            0
        );
    }

    #[test]
    fn damage_is_found_and_removed_with_what_stands_on_it() {
        let fixture = fixture();
        for (name, victim) in [
            ("flip", STATE),
            ("flip", DISK),
            ("flip", RAM),
            ("cut", RAM),
            ("gone", STATE),
        ] {
            let base = fixture.layer(None, "base", 0);
            let child = fixture.layer(Some(&base), "child", 0);
            let path = fixture.store.path_of(&base).join(victim);
            match name {
                "flip" => {
                    let mut bytes = fs::read(&path).expect("read");
                    bytes[3] ^= 1;
                    fs::write(&path, bytes).expect("written");
                }
                "cut" => File::options()
                    .write(true)
                    .open(&path)
                    .expect("opened")
                    .set_len(100)
                    .expect("cut"),
                _ => fs::remove_file(&path).expect("removed"),
            }
            assert!(fixture.removed(&child).contains(victim), "{name} {victim}");
            assert!(
                fixture.store.list().expect("listed").is_empty(),
                "{name} {victim}"
            );
        }
    }

    #[test]
    fn another_image_another_qemu_and_a_forged_record_are_refused() {
        let fixture = fixture();
        let base = fixture.layer(None, "base", 0);
        let lookup = fixture
            .store
            .look_up(&base, Some(&made_by(10)))
            .expect("looked up");
        assert!(matches!(lookup, Lookup::Removed { .. }), "{lookup:?}");
        let base = fixture.layer(None, "base", 0);
        fs::write(&fixture.image, vec![1; 8192]).expect("written");
        assert!(fixture.removed(&base).contains("image"));
        let base = fixture.layer(None, "base", 0);
        fs::write(fixture.store.path_of(&base).join(RECORD), "{\"format\": 1}").expect("written");
        assert!(fixture.removed(&base).contains("record"));
    }

    #[test]
    fn a_moved_layer_is_hashed_and_found() {
        let fixture = fixture();
        let base = fixture.layer(None, "base", 0);
        let path = fixture.store.path_of(&base).join(RAM);
        let copy = path.with_extension("copy");
        fs::copy(&path, &copy).expect("copied");
        fs::rename(copy, &path).expect("renamed");
        assert!(fixture.store.find(&base).expect("read").is_some());
        assert!(matches!(
            fixture.store.verify(&base).expect("verified"),
            Lookup::Whole(_)
        ));
        File::options()
            .append(true)
            .open(&path)
            .expect("opened")
            .write_all(b"x")
            .expect("written");
        assert!(fixture.store.find(&base).expect("read").is_none());
    }
}
