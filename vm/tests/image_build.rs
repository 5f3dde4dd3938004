//! Builds real guest images, which takes minutes and a Debian mirror: run with
//! `cargo test -p switchproof-vm --test image_build -- --ignored`. Works as root and as an ordinary user.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use switchproof_vm::cache_dir::CacheDir;
use switchproof_vm::image::{
    BuildStep, Definition, ImageError, Progress, definition, ensure, find,
};

/// The guest with a channel that is built at once.
fn with_stub_channel(script: &str) -> Definition {
    definition()
        .without("pocket/")
        .with_file("pocket/build", true, script)
}

fn show(progress: Progress) {
    match progress {
        Progress::Output { .. } => {}
        other => eprintln!("{other:?}"),
    }
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[test]
#[ignore = "takes a minute and a Debian mirror"]
fn a_guest_is_built_once_and_damage_is_found() {
    let directory = tempfile::tempdir().unwrap();
    let cache = CacheDir::at(directory.path());
    let definition = with_stub_channel("#!/bin/sh\nexec nix-store --init\n");
    // Two at once: one builds, the other waits for it.
    let images: Vec<_> = std::thread::scope(|scope| {
        let builders = [(); 2].map(|()| scope.spawn(|| ensure(&cache, &definition, &mut show)));
        builders.map(|it| it.join().unwrap().unwrap()).into()
    });
    assert_eq!(images[0], images[1]);
    let manifest = &images[0].manifest;
    let nix = manifest.package_version("nix-bin").unwrap();
    assert!(nix.starts_with("2.26"), "{nix}");
    let bytes = images[0].allocated_bytes();
    assert!(bytes < 1024 * 1024 * 1024, "{bytes}");
    let (took, steps) = (manifest.build_seconds, &manifest.step_seconds);
    eprintln!("{took:.0} s, {steps:?}");
    assert_eq!(names(&cache.images().unwrap()), [definition.key().as_str()]);

    let begun = Instant::now();
    ensure(&cache, &definition, &mut |progress| panic!("{progress:?}")).unwrap();
    assert!(begun.elapsed() < Duration::from_millis(500));

    let root = fs::File::options().write(true).open(&images[0].root);
    root.unwrap().set_len(bytes / 2).unwrap();
    let found = find(&cache, &definition);
    assert!(matches!(found, Err(ImageError::Damaged { .. })));
}

#[test]
#[ignore = "takes a minute and a Debian mirror"]
fn a_failing_channel_leaves_its_log_and_nothing_else() {
    let directory = tempfile::tempdir().unwrap();
    let cache = CacheDir::at(directory.path());
    let definition = with_stub_channel("#!/bin/sh\necho the channel is broken >&2\nexit 3\n");
    let error = ensure(&cache, &definition, &mut show).unwrap_err();
    let ImageError::Step {
        step, tail, log, ..
    } = &error
    else {
        panic!("{error}")
    };
    assert_eq!(*step, BuildStep::BuildChannel);
    assert!(tail.contains("the channel is broken"), "{tail}");
    let log = fs::read_to_string(log).unwrap();
    assert!(log.contains("the channel is broken"), "{log}");
    assert_eq!(names(&cache.images().unwrap()), [""; 0]);
}

#[test]
#[ignore = "takes minutes and a Debian mirror"]
fn the_whole_guest_keeps_within_its_size() {
    let directory = tempfile::tempdir().unwrap();
    // A cache from the environment keeps the image for other uses.
    let named = std::env::var_os("SWITCHPROOF_CACHE_DIR").map(std::path::PathBuf::from);
    let cache = CacheDir::at(named.unwrap_or_else(|| directory.path().to_owned()));
    let image = match ensure(&cache, &definition(), &mut show) {
        Ok(image) => image,
        Err(error) => panic!("{error}\n{}", error.hint()),
    };
    let size_mib = image.allocated_bytes() >> 20;
    eprintln!(
        "{size_mib} MiB in {:.0} s, {:?}",
        image.manifest.build_seconds, image.manifest.step_seconds
    );
    assert!(size_mib <= 2560, "{size_mib} MiB");
}
