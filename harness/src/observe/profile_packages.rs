//! The packages that a user's own profiles are made of, also those without a program: fonts, themes, completions.

use std::collections::BTreeMap;
use std::io;

use super::fields::Source;
use super::observation::{OwnFile, ProfilePackage};
use super::paths::{PATH_BYTES, PATHS};
use super::programs::{package_name, read_own, store_path};
use crate::model::Profile;
use crate::text::escape_name;

/// What a package of the list takes besides its store path, in bytes, when it is shown and compared as well.
const PACKAGE_BYTES: usize = 900;

/// Reads the store paths of each profile, and the files of those that the setup itself made.
pub(super) fn read_profile_packages(source: &mut Source<'_>) -> io::Result<Vec<ProfilePackage>> {
    let mut packages = Vec::new();
    for profile in [Profile::User, Profile::PerUser] {
        for path in source.list(PATHS, PATH_BYTES)? {
            source.budget().keep(2 * path.len() + PACKAGE_BYTES)?;
            packages.push(package(profile, escape_name(&path)));
        }
    }
    let mut files: BTreeMap<String, BTreeMap<String, OwnFile>> = BTreeMap::new();
    for (path, file) in read_own(source)? {
        let Some(package) = store_path(&path) else {
            continue;
        };
        let inner = path[package.len()..].trim_start_matches('/').to_owned();
        files.entry(package).or_default().insert(inner, file);
    }
    for package in &mut packages {
        if let Some(files) = files.get(&package.store_path) {
            package.files.clone_from(files);
        }
    }
    Ok(packages)
}

fn package(profile: Profile, store_path: String) -> ProfilePackage {
    let (package, version) = package_name(&store_path);
    ProfilePackage {
        profile,
        store_path,
        package,
        version,
        files: BTreeMap::new(),
    }
}
