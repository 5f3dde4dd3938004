//! The store as its users see it, with layers of noise: to the store they are files.

use std::fs::{self, File, FileTimes};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use serde_json::Value;

use crate::accel::{Accelerator, QemuVersion};
use crate::cache_dir::CacheDir;
use crate::layer::record::{BackingRecord, DISK, FORMAT, RAM, RECORD, STATE};
use crate::layer::{
    Collected, Layer, LayerError, LayerKey, LayerRecord, LayerStore, Lookup, MadeBy, create_overlay,
};
use crate::qemu::MachineShape;
use crate::store::{FileRecord, WorkDir, make_pipe};

/// A store whose layers hold noise: to the store they are files.
struct Fixture {
    directory: tempfile::TempDir,
    store: LayerStore,
    image: PathBuf,
}

fn fixture() -> Fixture {
    let directory = tempfile::tempdir().expect("a directory");
    let image = directory.path().join("images/i/root.ext4");
    fs::create_dir_all(image.parent().expect("a parent")).expect("made");
    fs::write(&image, vec![0; 4096]).expect("written");
    let store = LayerStore::open(&CacheDir::at(directory.path())).expect("a store");
    Fixture {
        directory,
        store,
        image,
    }
}

impl Fixture {
    /// What all layers take on the disk.
    fn total_bytes(&self) -> u64 {
        let layers = self.store.list().expect("listed");
        layers.iter().map(|layer| layer.allocated_bytes).sum()
    }

    /// Makes a layer that was last used `age_s` ago.
    fn layer(&self, parent: Option<&LayerKey>, name: &str, age_s: u64) -> LayerKey {
        let key = self.layer_with_disk(parent, name, 4096);
        self.age(&key, age_s);
        key
    }

    /// Makes a layer whose disk is told from others by its size.
    fn layer_with_disk(&self, parent: Option<&LayerKey>, name: &str, disk_bytes: u64) -> LayerKey {
        let parent = parent.map(|parent| self.found(parent));
        let layer = self.published(parent.as_ref(), name, disk_bytes);
        layer.key().clone()
    }

    fn published(&self, parent: Option<&Layer>, name: &str, disk_bytes: u64) -> Layer {
        let key = LayerKey::root(&[name.as_bytes()]);
        let work = WorkDir::create(self.store.directory()).expect("made");
        let path = |name: &str| work.path().join(name);
        fs::write(path(RAM), vec![7; 200_000]).expect("written");
        fs::write(path(STATE), "state").expect("written");
        let below = parent.map_or("../../images/i/root.ext4".to_owned(), |parent| {
            format!("../{}/{DISK}", parent.key())
        });
        create_overlay(&path(DISK), &below, "raw", disk_bytes).expect("made");
        let file = |name: &str| FileRecord::of(&path(name)).expect("recorded");
        let record = LayerRecord {
            format: FORMAT,
            key: key.clone(),
            parent: parent.map(|parent| parent.key().clone()),
            parent_disk_blake3: parent.map(|parent| parent.record().disk.blake3.clone()),
            depth: parent.map_or(0, |parent| parent.record().depth + 1),
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
        self.store.publish(work, &key).expect("published")
    }

    fn age(&self, key: &LayerKey, age_s: u64) {
        let time = SystemTime::now() - Duration::from_secs(age_s);
        set_modified(&self.file(key, RECORD), time);
    }

    fn file(&self, key: &LayerKey, name: &str) -> PathBuf {
        self.store.path_of(key).join(name)
    }

    fn find(&self, key: &LayerKey) -> Option<Layer> {
        self.store.find(key).expect("read")
    }

    fn found(&self, key: &LayerKey) -> Layer {
        self.find(key).expect("there")
    }

    /// What goes so that so many bytes are left.
    fn collected(&self, bytes: u64) -> Collected {
        self.store.collect(bytes).expect("collected")
    }

    fn removed(&self, key: &LayerKey) -> String {
        match self.store.look_up(key, None).expect("looked up") {
            Lookup::Removed { what } => what,
            other => panic!("{other:?}"),
        }
    }
}

fn set_modified(path: &Path, time: SystemTime) {
    let times = FileTimes::new().set_modified(time);
    let set = File::open(path).and_then(|file| file.set_times(times));
    set.expect("set");
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
        shape: MachineShape::usual(Accelerator::Tcg),
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
    let total = fixture.total_bytes();
    assert_eq!(fixture.collected(total - 1).removed, [old]);
    let used = fixture.found(&young);
    let done = fixture.collected(0);
    assert!(done.removed.is_empty(), "{done:?}");
    assert_eq!(done.in_use.first(), Some(&young));
    drop(used);
    assert_eq!(fixture.collected(0).removed, [young, base]);
    let left = fs::read_dir(fixture.store.directory()).expect("listed");
    assert_eq!(left.count(), 0);
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
        let path = fixture.file(&base, victim);
        match name {
            "flip" => {
                let mut bytes = fs::read(&path).expect("read");
                bytes[3] ^= 1;
                fs::write(&path, bytes).expect("written");
            }
            "cut" => {
                let file = File::options().write(true).open(&path);
                file.and_then(|file| file.set_len(100)).expect("cut");
            }
            _ => fs::remove_file(&path).expect("removed"),
        }
        assert!(fixture.removed(&child).contains(victim), "{name} {victim}");
        assert!(fixture.store.list().expect("listed").is_empty());
    }
}

#[test]
fn a_child_of_a_parent_that_was_made_anew_is_refused() {
    let fixture = fixture();
    let base = fixture.layer(None, "base", 0);
    let child = fixture.layer(Some(&base), "child", 0);
    fs::remove_dir_all(fixture.store.path_of(&base)).expect("removed");
    fixture.layer_with_disk(None, "base", 8192);
    assert!(fixture.removed(&child).contains("another than it was"));
    assert!(fixture.find(&base).is_some());
}

#[test]
fn who_holds_an_old_layer_leaves_its_replacement_alone() {
    let fixture = fixture();
    let base = fixture.layer_with_disk(None, "base", 4096);
    let old = fixture.found(&base);
    let aside = fixture.store.directory().join("aside");
    fs::rename(fixture.store.path_of(&base), aside).expect("moved");
    fixture.layer_with_disk(None, "base", 8192);
    let error = fixture.store.recheck(&old).expect_err("refused");
    assert!(matches!(error, LayerError::Damaged { .. }), "{error}");
    assert!(fixture.find(&base).is_some());
    let new = fixture.found(&base);
    let error = fixture.store.condemn(&new, "of no use".to_owned());
    assert!(matches!(error, LayerError::Damaged { .. }), "{error}");
    assert!(fixture.find(&base).is_none());
}

#[test]
fn what_is_made_again_replaces_what_nobody_uses() {
    let fixture = fixture();
    let size = |key: &LayerKey| fixture.find(key).map(|layer| layer.record().disk.clone());
    let key = fixture.layer_with_disk(None, "again", 4096);
    let child = fixture.layer(Some(&key), "child", 0);
    let old = size(&key);
    let held = fixture.find(&child);
    fixture.layer_with_disk(None, "again", 8192);
    assert_eq!(size(&key), old, "what the child stands on is in use");
    drop(held);
    fixture.layer_with_disk(None, "again", 8192);
    assert_ne!(size(&key), old);
    assert!(fixture.find(&child).is_none(), "it stood on the old one");
}

#[test]
fn another_image_another_qemu_and_a_forged_record_are_refused() {
    let fixture = fixture();
    let base = fixture.layer(None, "base", 0);
    let lookup = fixture.store.look_up(&base, Some(&made_by(10)));
    let lookup = lookup.expect("looked up");
    assert!(matches!(lookup, Lookup::Removed { .. }), "{lookup:?}");
    let base = fixture.layer(None, "base", 0);
    fs::write(&fixture.image, vec![1; 8192]).expect("written");
    assert!(fixture.removed(&base).contains("image"));
    let base = fixture.layer(None, "base", 0);
    fs::write(fixture.file(&base, RECORD), "{\"format\": 1}").expect("written");
    assert!(fixture.removed(&base).contains("record"));
}

#[test]
fn a_moved_layer_is_hashed_and_found() {
    let fixture = fixture();
    let base = fixture.layer(None, "base", 0);
    let path = fixture.file(&base, RAM);
    let copy = path.with_extension("copy");
    fs::copy(&path, &copy).expect("copied");
    fs::rename(copy, &path).expect("renamed");
    assert!(fixture.find(&base).is_some());
    let verified = fixture.store.verify(&base).expect("verified");
    assert!(matches!(verified, Lookup::Whole(_)), "{verified:?}");
    let file = File::options().append(true).open(&path);
    file.and_then(|mut file| file.write_all(b"x"))
        .expect("written");
    assert!(fixture.find(&base).is_none());
}

#[test]
fn after_another_start_of_the_host_everything_is_hashed_anew_once() {
    let fixture = fixture();
    let base = fixture.layer(None, "base", 0);
    let record = fixture.file(&base, RECORD);
    let now = fs::read_to_string(&record).expect("read");
    let earlier = now.replace(&crate::cache_dir::host_boot_id(), "an earlier start");
    assert_ne!(now, earlier);
    fs::write(&record, &earlier).expect("written");
    assert!(fixture.find(&base).is_some());
    let restamped = fs::read_to_string(&record).expect("read");
    assert!(!restamped.contains("an earlier start"), "{restamped}");

    // What a crash of the host left: lengths and times as they were, other content.
    fs::write(&record, &earlier).expect("written");
    let path = fixture.file(&base, STATE);
    let modified = fs::metadata(&path).and_then(|data| data.modified());
    fs::write(&path, "stale").expect("written");
    set_modified(&path, modified.expect("a time"));
    assert!(fixture.removed(&base).contains(STATE));
}

#[test]
fn a_clock_that_was_set_back_neither_loses_nor_keeps_anything() {
    let fixture = fixture();
    let young = fixture.layer(None, "young", 0);
    let old = fixture.layer(None, "old", 500);
    let future = SystemTime::now() + Duration::from_secs(1_000_000);
    let record = fixture.file(&young, RECORD);
    set_modified(&record, future);
    let dead = fixture.store.directory().join(".tmp-dead");
    fs::create_dir(&dead).expect("made");
    fs::write(dead.join("owner.lock"), "").expect("written");
    set_modified(&dead, future);
    let total = fixture.total_bytes();
    assert_eq!(fixture.collected(total - 1).removed, [old]);
    assert!(!dead.exists());
    // A use brings it back to what the time is now.
    assert!(fixture.find(&young).is_some());
    let used = fs::metadata(&record).and_then(|data| data.modified());
    assert!(used.expect("a time") <= SystemTime::now() + Duration::from_secs(1));
    assert_eq!(fixture.collected(0).removed, [young]);
}

/// Skipped for root, who can write to every directory.
#[test]
fn a_cache_that_cannot_be_written_is_named_and_left_alone() {
    if rustix::process::geteuid().is_root() {
        return;
    }
    let fixture = fixture();
    let base = fixture.layer(None, "base", 0);
    let path = fixture.store.path_of(&base);
    let locks = fixture.directory.path().join("locks");
    let closed = [fixture.store.directory(), &path, &locks];
    let set_mode = |mode| {
        for directory in closed {
            fs::set_permissions(directory, fs::Permissions::from_mode(mode)).expect("set");
        }
    };
    // A lock that is there can still be shared, and a changed look costs a hash each time.
    let record = fs::read_to_string(path.join(RECORD)).expect("read");
    let earlier = record.replace(&crate::cache_dir::host_boot_id(), "an earlier start");
    fs::write(path.join(RECORD), &earlier).expect("written");
    set_mode(0o555);
    let found = fixture.store.find(&base).expect("read");
    let remembered = fs::read_to_string(path.join(RECORD)).expect("read") != earlier;
    let removal = fixture.store.remove(&base);
    drop(found.expect("there"));
    let error = fixture.store.remove(&base).expect_err("refused");
    let layers = fixture.store.directory();
    let work = WorkDir::create(layers).map_err(LayerError::io("cannot make", layers));
    let work = work.expect_err("refused");
    set_mode(0o755);
    assert!(!remembered);
    let removal = removal.expect_err("in use");
    assert!(matches!(removal, LayerError::InUse { .. }), "{removal}");
    for error in [error, work] {
        let hint = error.hint().expect("a hint");
        assert!(hint.contains("SWITCHPROOF_CACHE_DIR"), "{error}: {hint}");
    }
    assert!(fixture.find(&base).is_some());
}

#[test]
fn what_is_no_file_or_no_directory_is_removed_without_waiting() {
    let fixture = fixture();
    for name in [STATE, DISK, RAM, RECORD] {
        let base = fixture.layer(None, "base", 0);
        let path = fixture.file(&base, name);
        fs::remove_file(&path).expect("removed");
        make_pipe(&path);
        assert!(fixture.store.list().expect("listed").len() == 1);
        let what = fixture.removed(&base);
        assert!(what.contains("not a regular file"), "{name}: {what}");
    }
    let key = LayerKey::root(&[b"base"]);
    for target in ["nowhere", "."] {
        std::os::unix::fs::symlink(target, fixture.store.path_of(&key)).expect("made");
        let listed = fixture.store.list().expect("listed");
        assert_eq!(listed.len(), 1, "it is there to be verified: {target}");
        let verified = fixture.store.verify(&key).expect("verified");
        assert!(matches!(verified, Lookup::Removed { .. }), "{verified:?}");
        fixture.layer(None, "base", 0);
        fixture.store.remove(&key).expect("removed");
    }
    // Nor does one hinder what is made.
    std::os::unix::fs::symlink("nowhere", fixture.store.path_of(&key)).expect("made");
    fixture.layer(None, "base", 0);
}

#[test]
fn who_is_waited_for_is_named() {
    let fixture = fixture();
    let base = fixture.layer(None, "base", 0);
    let held = fixture.found(&base);
    let error = fixture.store.remove(&base).expect_err("in use").to_string();
    assert!(error.contains(&format!("layer-{base}.lock")), "{error}");
    if cfg!(target_os = "linux") {
        let process = format!("process {} holds", std::process::id());
        assert!(error.contains(&process), "{error}");
    }
    drop(held);
}

#[test]
fn nothing_of_a_layer_is_for_others_to_read() {
    let fixture = fixture();
    let base = fixture.layer(None, "base", 0);
    let mode = |path: &Path| {
        let data = path.metadata().expect("metadata");
        data.permissions().mode() & 0o777
    };
    let path = fixture.store.path_of(&base);
    assert_eq!(mode(&path), 0o700);
    assert_eq!(mode(&path.join(DISK)), 0o600);
    assert_eq!(mode(&path.join(RECORD)), 0o600);
    assert_eq!(mode(fixture.directory.path()), 0o700);
}

/// Publishers, collectors and listings at once on one store: what is published is there, and nobody is in the way of
/// others.
#[test]
fn many_at_once_do_not_take_from_each_other() {
    const WORKERS: usize = 20;
    let fixture = fixture();
    let cache = CacheDir::at(fixture.directory.path());
    let end = Instant::now() + Duration::from_secs(3);
    let left = || Instant::now() < end;
    let work = &|worker: usize| {
        let own = Fixture {
            store: LayerStore::open(&cache).expect("a store"),
            directory: tempfile::tempdir().expect("a directory"),
            image: fixture.image.clone(),
        };
        let mut published = 0;
        while left() {
            // Every key is published by several, and a child stands on what it was forked from.
            let base = own.published(None, &format!("base {}", worker % 7), 4096);
            let child = own.published(Some(&base), &format!("child {worker}"), 4096);
            for layer in [&child, &base] {
                own.store.recheck(layer).expect("whole");
            }
            drop((base, child));
            if worker.is_multiple_of(2) {
                own.store.collect(0).expect("collected");
            }
            published += 1;
        }
        published
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..WORKERS)
            .map(|worker| scope.spawn(move || work(worker)))
            .collect();
        while left() {
            fixture.store.list().expect("listed");
        }
        for worker in workers {
            assert!(worker.join().expect("nothing failed") > 0);
        }
    });
}
