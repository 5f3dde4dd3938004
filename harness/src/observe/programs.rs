//! The programs a login session can run, and which profile and package each comes from.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;

use super::budget::malformed;
use super::fields::Source;
use super::observation::{OwnFile, PathDirectory, Program};
use super::paths::STORE;
use super::tarball::{MemberKind, read_tar, tar_status};
use crate::model::Profile;
use crate::text::escape_name;

/// Most directories on a PATH that are listed.
const DIRECTORIES: usize = 1000;
/// Most programs in all of them.
const PROGRAMS: usize = 100_000;
/// What a program of the list takes besides its names, in bytes.
const PROGRAM_BYTES: usize = 300;
/// Longest path, in bytes.
const PATH_BYTES: usize = 8192;

/// What the listing of the PATH came to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Listing {
    pub(super) path: Vec<PathDirectory>,
    pub(super) programs: Vec<Program>,
    pub(super) system: BTreeMap<String, String>,
}

/// Parses the section of a login session's programs. `path` is that session's PATH.
pub(super) fn read_programs(
    source: &mut Source<'_>,
    path: &str,
    user: &str,
    home: &str,
) -> io::Result<Listing> {
    let directories = source.list(DIRECTORIES, PATH_BYTES)?;
    let ends = source.list(DIRECTORIES, PATH_BYTES)?;
    if directories.len() != ends.len() {
        return Err(malformed(
            "the directories of PATH changed while they were listed".into(),
        ));
    }
    let ends: HashMap<String, String> = directories
        .iter()
        .map(|directory| escape_name(directory))
        .zip(ends.iter().map(|end| escape_name(end)))
        .collect();
    let found = read_found(source)?;
    let mut hops = HashMap::new();
    read_hops(source, &mut hops)?;
    read_hops(source, &mut hops)?;
    let own = read_own(source)?;
    let unable = read_unable(source)?;
    let path: Vec<PathDirectory> = path
        .split(':')
        .filter(|directory| !directory.is_empty())
        .map(|directory| {
            // As the home and all paths are.
            let directory = escape_name(directory.as_bytes());
            PathDirectory {
                profile: profile(&directory, &escape_name(user.as_bytes()), home),
                directory,
            }
        })
        .collect();
    let known = Known { hops, own, unable };
    Ok(listing(path, &ends, &found, &known))
}

/// Directory, name, and what the name links to (empty for a file).
type Offer = (String, String, String);

fn read_found(source: &mut Source<'_>) -> io::Result<Vec<Offer>> {
    let mut found = Vec::new();
    while !source.field(8)?.is_empty() {
        if found.len() == PROGRAMS {
            return Err(malformed(format!(
                "PATH offers more than {PROGRAMS} programs"
            )));
        }
        let directory = escape_name(&source.field(PATH_BYTES)?);
        let name = escape_name(&source.field(PATH_BYTES)?);
        let target = escape_name(&source.field(PATH_BYTES)?);
        // A program of the list holds its directory, another one's that is before it on PATH, and its package.
        let again = 2 * directory.len() + 3 * target.len();
        source.budget().keep(again + PROGRAM_BYTES)?;
        found.push((directory, name, target));
    }
    Ok(found)
}

fn read_hops(source: &mut Source<'_>, hops: &mut HashMap<String, String>) -> io::Result<()> {
    while !source.field(8)?.is_empty() {
        let from = escape_name(&source.field(PATH_BYTES)?);
        read_second(source, from, hops)?;
    }
    Ok(())
}

/// Reads why programs cannot be executed, by their paths in the store.
fn read_unable(source: &mut Source<'_>) -> io::Result<HashMap<String, String>> {
    let mut unable = HashMap::new();
    loop {
        let path = escape_name(&source.field(PATH_BYTES)?);
        if path.is_empty() {
            return Ok(unable);
        }
        read_second(source, path, &mut unable)?;
    }
}

fn read_second(
    source: &mut Source<'_>,
    first: String,
    pairs: &mut HashMap<String, String>,
) -> io::Result<()> {
    if pairs.len() == 2 * PROGRAMS {
        return Err(malformed("too much is said of programs".into()));
    }
    pairs.insert(first, escape_name(&source.field(PATH_BYTES)?));
    Ok(())
}

/// Reads the files that the setup itself made, by their paths in the store.
pub(super) fn read_own(source: &mut Source<'_>) -> io::Result<HashMap<String, OwnFile>> {
    let mut own = HashMap::new();
    if source.field(8)?.is_empty() {
        return Ok(own);
    }
    read_tar(source, |member| {
        let program = match member.kind {
            MemberKind::File(content) => OwnFile::File(content),
            MemberKind::Symlink => OwnFile::Link(escape_name(&member.link)),
            _ => return Ok(()),
        };
        own.insert(escape_name(&member.path), program);
        Ok(())
    })?;
    tar_status(source)?;
    Ok(own)
}

/// What is known of files in the store, by path.
#[derive(Default)]
struct Known {
    /// What links lead to.
    hops: HashMap<String, String>,
    /// Programs that the setup itself made.
    own: HashMap<String, OwnFile>,
    /// Why programs cannot be executed.
    unable: HashMap<String, String>,
}

fn listing(
    path: Vec<PathDirectory>,
    ends: &HashMap<String, String>,
    found: &[Offer],
    known: &Known,
) -> Listing {
    let mut by_directory: HashMap<&str, BTreeMap<&str, &str>> = HashMap::new();
    for (directory, name, target) in found {
        by_directory
            .entry(directory)
            .or_default()
            .insert(name, target);
    }
    let mut winners: HashMap<&str, &str> = HashMap::new();
    let mut programs = Vec::new();
    let mut system = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for place in path.iter().filter(|place| seen.insert(&place.directory)) {
        let Some(offers) = by_directory.get(place.directory.as_str()) else {
            continue;
        };
        let end = ends.get(&place.directory).map_or("", String::as_str);
        for (name, target) in offers {
            let winner = *winners.entry(name).or_insert(&place.directory);
            if place.profile.is_none() && !end.starts_with(STORE) {
                system
                    .entry((*name).to_owned())
                    .or_insert_with(|| place.directory.clone());
                continue;
            }
            let first = in_store(end, name, target);
            let path = origin(&first, &known.hops);
            let origin = store_path(&path);
            let (package, version) = origin.as_deref().map(package_name).unwrap_or_default();
            programs.push(Program {
                name: (*name).to_owned(),
                directory: place.directory.clone(),
                profile: place.profile,
                store_path: origin,
                package,
                version,
                shadowed_by: (winner != place.directory).then(|| winner.to_owned()),
                own: known.own.get(&path).cloned(),
                unable: known.unable.get(&first).cloned(),
            });
        }
    }
    // Stable: programs of one name stay in the order of PATH.
    programs.sort_by(|left, right| left.name.cmp(&right.name));
    Listing {
        path,
        programs,
        system,
    }
}

/// The profile whose `bin` a directory is.
fn profile(directory: &str, user: &str, home: &str) -> Option<Profile> {
    let root = directory.trim_end_matches('/').strip_suffix("/bin")?;
    if let Some(inner) = root.strip_prefix(home)
        && matches!(inner, "/.nix-profile" | "/.local/state/nix/profile")
    {
        return Some(Profile::User);
    }
    match root {
        "/run/current-system/sw" => Some(Profile::System),
        "/nix/var/nix/profiles/default" => Some(Profile::Default),
        _ => (root.strip_prefix("/etc/profiles/per-user/")? == user).then_some(Profile::PerUser),
    }
}

/// Where a folder on PATH has a program: where its link leads into the store, or else the file itself.
fn in_store(directory_end: &str, name: &str, target: &str) -> String {
    match target.starts_with(STORE) {
        true => target.to_owned(),
        false => format!("{directory_end}/{name}"),
    }
}

/// Where the package a program comes from has it: through the links of profiles to the first store path that is no
/// profile.
fn origin(first: &str, hops: &HashMap<String, String>) -> String {
    let mut at = first.to_owned();
    for _ in 0..2 {
        let is_profile = store_path(&at).is_some_and(|path| is_environment(&path));
        match hops.get(&at) {
            Some(next) if is_profile && next.starts_with(STORE) => at.clone_from(next),
            _ => break,
        }
    }
    at
}

/// The store path that a path in the store belongs to: `/nix/store/<hash>-<name>`.
pub(super) fn store_path(path: &str) -> Option<String> {
    let rest = path.strip_prefix(STORE)?;
    let name = rest.split('/').next().unwrap_or(rest);
    (!name.is_empty()).then(|| format!("{STORE}{name}"))
}

/// Whether a store path is a profile made of packages: what Nix, NixOS and Home Manager call theirs.
fn is_environment(store_path: &str) -> bool {
    let (name, _) = package_name(store_path);
    matches!(
        name.as_str(),
        "home-manager-path" | "user-environment" | "system-path" | "profile" | "user"
    ) || name.ends_with("-environment")
}

/// A package's name and version from its store path, as Nix splits them: the version begins after the first dash
/// that no letter follows. The outputs `bin`, `dev`, … at the end belong to neither.
pub fn package_name(store_path: &str) -> (String, String) {
    let file = store_path.strip_prefix(STORE).unwrap_or(store_path);
    let name = match file.split_once('-') {
        Some((hash, name)) if hash.len() == 32 => name,
        _ => file,
    };
    let split = name.match_indices('-').find(|(at, _)| {
        name[at + 1..]
            .chars()
            .next()
            .is_some_and(|next| !next.is_alphabetic())
    });
    match split {
        Some((at, _)) => {
            let version = &name[at + 1..];
            let output = ["-bin", "-dev", "-doc", "-man", "-info", "-lib", "-out"]
                .iter()
                .find_map(|output| version.strip_suffix(output));
            (name[..at].to_owned(), output.unwrap_or(version).to_owned())
        }
        None => (name.to_owned(), String::new()),
    }
}

/// A package's name with its version, if it has one.
pub fn with_version(package: &str, version: &str) -> String {
    match version {
        "" => package.to_owned(),
        version => format!("{package} {version}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::Content;

    const HASH: &str = "0123456789abcdfghijklmnpqrsvwxyz";

    fn stored(rest: &str) -> String {
        format!("{STORE}{HASH}-{rest}")
    }

    #[test]
    fn names_split_as_nix_splits_them() {
        let split = |name: &str| package_name(&stored(name));
        let pair = |name: &str, version: &str| (name.to_owned(), version.to_owned());
        assert_eq!(split("hello-2.10"), pair("hello", "2.10"));
        assert_eq!(split("home-manager-path"), pair("home-manager-path", ""));
        assert_eq!(split("jq-1.7.1-bin"), pair("jq", "1.7.1"));
        assert_eq!(split("gtk+3-3.24"), pair("gtk+3", "3.24"));
        assert_eq!(split("x-"), pair("x-", ""));
        assert_eq!(package_name(""), pair("", ""));
    }

    #[test]
    fn profiles_are_known_by_their_directories() {
        let of = |directory| profile(directory, "alice", "/home/alice");
        assert_eq!(of("/home/alice/.nix-profile/bin"), Some(Profile::User));
        let state = "/home/alice/.local/state/nix/profile/bin/";
        assert_eq!(of(state), Some(Profile::User));
        let per_user = "/etc/profiles/per-user/alice/bin";
        assert_eq!(of(per_user), Some(Profile::PerUser));
        assert_eq!(of("/etc/profiles/per-user/bob/bin"), None);
        assert_eq!(of("/run/current-system/sw/bin"), Some(Profile::System));
        assert_eq!(of("/usr/bin"), None);
        let odd = profile(
            "/data/c\\\\a ü/.nix-profile/bin",
            "c\\\\a ü",
            "/data/c\\\\a ü",
        );
        assert_eq!(odd, Some(Profile::User));
    }

    fn path(directories: &[&str]) -> Vec<PathDirectory> {
        directories
            .iter()
            .map(|directory| PathDirectory {
                directory: (*directory).to_owned(),
                profile: profile(directory, "alice", "/home/alice"),
            })
            .collect()
    }

    #[test]
    fn a_program_is_traced_through_profiles_of_profiles_to_its_package() {
        let bin = "/home/alice/.nix-profile/bin";
        let in_path = stored("home-manager-path/bin/hello");
        let package = stored("hello-2.10/bin/hello");
        let debian = stored("debian-hello/usr/bin/hello");
        let found = [
            (bin.to_owned(), "hello".to_owned(), in_path.clone()),
            (bin.to_owned(), "vi".to_owned(), "vim".to_owned()),
            (
                bin.to_owned(),
                "zdeploy".to_owned(),
                stored("deploy/bin/deploy"),
            ),
        ];
        let hops = HashMap::from([(in_path, package.clone()), (package, debian)]);
        let ends = HashMap::from([(bin.to_owned(), stored("vim-9.1/bin"))]);
        let deploy = OwnFile::File(Content::Text("#!/bin/sh\n".into()));
        let reason = "its loader /lib/ld.so is not there".to_owned();
        let known = Known {
            hops,
            own: HashMap::from([(stored("deploy/bin/deploy"), deploy.clone())]),
            unable: HashMap::from([(stored("vim-9.1/bin/vi"), reason.clone())]),
        };
        let seen = listing(path(&[bin]), &ends, &found, &known);
        assert_eq!(seen.programs[0].package, "hello");
        assert_eq!(seen.programs[0].version, "2.10");
        assert_eq!(seen.programs[0].profile, Some(Profile::User));
        assert_eq!(seen.programs[0].own, None);
        assert_eq!(seen.programs[0].unable, None);
        assert_eq!(seen.programs[1].package, "vim");
        assert_eq!(seen.programs[1].unable, Some(reason));
        assert_eq!(seen.programs[2].own, Some(deploy));
    }

    #[test]
    fn the_first_directory_on_path_wins() {
        let bin = "/home/alice/.nix-profile/bin";
        let found = [
            ("/usr/bin".to_owned(), "git".to_owned(), String::new()),
            (bin.to_owned(), "git".to_owned(), stored("git-2.39/bin/git")),
        ];
        let of = |directories: &[&str]| {
            listing(
                path(directories),
                &HashMap::new(),
                &found,
                &Known::default(),
            )
        };
        let seen = of(&["/usr/bin", bin, bin]);
        assert_eq!(seen.programs.len(), 1);
        assert_eq!(seen.programs[0].shadowed_by.as_deref(), Some("/usr/bin"));
        assert_eq!(seen.system["git"], "/usr/bin");
        assert_eq!(of(&[bin, "/usr/bin"]).programs[0].shadowed_by, None);
    }
}
