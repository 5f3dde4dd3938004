//! Releases that are kept on this computer: Home Manager, and of nixpkgs what a channel takes of a checkout, each as Git
//! fetches it. Git checks all that it fetches against the commit's own hash.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use switchproof_vm::process::Output;
use switchproof_vm::store::allocated_bytes;

use super::checkout::Checkout;
use super::git::{FETCH_DEADLINE, MAX_PACK_MIB, May, git, in_words};
use super::release::Release;
use crate::model::joined;

/// A project that a release has, and where it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Locked {
    /// Where it was fetched from.
    pub url: String,
    /// The branch that was asked for.
    pub branch: String,
    /// The commit that it was then.
    pub revision: String,
}

/// What is known of a kept release: its projects by name.
pub type Lock = BTreeMap<String, Locked>;

/// What a kept release takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// Its name, such as `26.05`.
    pub release: String,
    /// Bytes on the disk.
    pub allocated_bytes: u64,
    /// When it was fetched.
    pub fetched: SystemTime,
}

/// Why a release is not kept.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// Git failed or is not there.
    #[error("{what}: {said}")]
    Git {
        /// What it was to do.
        what: String,
        /// Its last words.
        said: String,
    },
    /// There is more of it than anybody's project is.
    #[error("{project} is larger than {limit}, which no checkout of it is")]
    TooLarge {
        /// Which project.
        project: String,
        /// The limit.
        limit: String,
    },
    /// What was fetched names places outside of itself.
    #[error("{project} is refused: `{path}` {why}")]
    Hostile {
        /// Which project.
        project: String,
        /// The file in it.
        path: String,
        /// What about it.
        why: &'static str,
    },
    /// The cache cannot be written.
    #[error("the cache cannot be written: {0}")]
    Cache(#[from] io::Error),
}

impl FetchError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Git { .. } => {
                "Git has to be installed and the address within reach; `--home-manager` and `--nixpkgs` name other ones"
            }
            Self::TooLarge { .. } | Self::Hostile { .. } => "is the address the right one?",
            Self::Cache(_) => "check the free space and the permissions of the cache directory",
        }
    }
}

/// The file beside the projects that says what they are.
const LOCK: &str = "channel.json";
/// Begins the name of what is not finished.
const UNFINISHED: &str = ".tmp-";
/// What is checked out of a project, as patterns of `.gitignore`; all of one that is not named.
fn parts(project: &str) -> Option<&'static str> {
    (project == "nixpkgs").then_some(
        "/.version\n/lib/\n/nixos/lib/\n/nixos/modules/\n/pkgs/os-specific/linux/nixos-rebuild/\n",
    )
}
/// The most that is checked out, in bytes and files: what a checkout may hold, too.
const MAX_BYTES: u64 = 512 << 20;
const MAX_FILES: usize = 100_000;
/// The most links in it, each of which Git is asked about.
const MAX_LINKS: usize = 1000;

/// The releases that are kept in a folder, as channels.
#[must_use]
pub fn kept(folder: &Path) -> BTreeMap<String, Checkout> {
    let channel = |(name, _)| {
        let place = folder.join(&name);
        let nixpkgs = place.join("nixpkgs");
        let checkout = Checkout {
            home_manager: place.join("home-manager"),
            nixos: nixpkgs
                .join("nixos/modules")
                .is_dir()
                .then(|| nixpkgs.clone()),
            nixpkgs_lib: Some(nixpkgs),
        };
        (name, checkout)
    };
    locks(folder).into_iter().map(channel).collect()
}

/// What is known of each kept release, by its name.
#[must_use]
pub fn locks(folder: &Path) -> BTreeMap<String, Lock> {
    let lock = |entry: io::Result<fs::DirEntry>| {
        let name = entry.ok()?.file_name().into_string().ok()?;
        let lock = fs::read(folder.join(&name).join(LOCK)).ok()?;
        let is_name = name == "unstable" || Release::parse(&name).is_some();
        is_name.then_some((name, serde_json::from_slice(&lock).ok()?))
    };
    fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(lock)
        .collect()
}

/// What each kept release takes on the disk, by name. One that is removed meanwhile is left out.
///
/// # Errors
/// One of them cannot be read.
pub fn taken(folder: &Path) -> io::Result<Vec<Taken>> {
    let of = |release: String| {
        let place = folder.join(&release);
        Ok(Taken {
            release,
            allocated_bytes: allocated_bytes(&place)?,
            fetched: fs::metadata(place.join(LOCK))?.modified()?,
        })
    };
    let is_gone = |it: &io::Result<Taken>| {
        let error = it.as_ref().err();
        error.is_some_and(|it| it.kind() == io::ErrorKind::NotFound)
    };
    let all = locks(folder).into_keys().map(of);
    all.filter(|it| !is_gone(it)).collect()
}

/// Fetches the newest commit of each project's branch, and keeps them under a name in place of what was kept there.
///
/// # Errors
/// One of them cannot be fetched, or is not fit to be kept. What was kept before stays then.
pub fn fetch(
    folder: &Path,
    name: &str,
    projects: &[(&str, String, String)],
) -> Result<Lock, FetchError> {
    for entry in fs::read_dir(folder)?.flatten() {
        // Left by a process that died.
        let is_old = entry
            .metadata()
            .and_then(|it| it.modified())
            .is_ok_and(|it| {
                it.elapsed()
                    .is_ok_and(|age| age > projects.len() as u32 * FETCH_DEADLINE)
            });
        if is_old && entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
            fs::remove_dir_all(entry.path())?;
        }
    }
    let made = tempfile::Builder::new()
        .prefix(UNFINISHED)
        .tempdir_in(folder)?;
    let mut lock = Lock::new();
    for (project, url, branch) in projects {
        let place = made.path().join(project);
        fs::create_dir(&place)?;
        let revision = fetch_one(&place, project, url, branch)?;
        let locked = Locked {
            url: url.clone(),
            branch: branch.clone(),
            revision,
        };
        lock.insert((*project).to_owned(), locked);
    }
    fs::write(
        made.path().join(LOCK),
        serde_json::to_vec_pretty(&lock).unwrap_or_default(),
    )?;
    let place = folder.join(name);
    let old = tempfile::Builder::new()
        .prefix(UNFINISHED)
        .tempdir_in(folder)?;
    if place.exists() {
        fs::rename(&place, old.path().join(name))?;
    }
    fs::rename(made.keep(), &place)?;
    Ok(lock)
}

/// Removes what is kept under a name; false where there is nothing.
///
/// # Errors
/// It cannot be removed.
pub fn remove(folder: &Path, name: &str) -> io::Result<bool> {
    if !locks(folder).contains_key(name) {
        return Ok(false);
    }
    fs::remove_dir_all(folder.join(name)).map(|()| true)
}

fn fetch_one(place: &Path, project: &str, url: &str, branch: &str) -> Result<String, FetchError> {
    let what = format!("`{branch}` of {url} cannot be fetched");
    let change = |arguments: &[&str]| run(place, May::Change, &what, arguments);
    change(&["init", "--quiet", "--template="])?;
    // The whole branch is one pack, which is checked before anything of it is a file.
    let fetched = [
        "fetch",
        "--quiet",
        "--depth=1",
        "--no-tags",
        "--",
        url,
        branch,
    ];
    run(place, May::Fetch, &what, &fetched).map_err(|error| match error {
        // SIGXFSZ: a file grew beyond the limit.
        FetchError::Git { said, .. } if said.contains("died of signal 25") => {
            let limit = format!("{MAX_PACK_MIB} MiB");
            FetchError::TooLarge {
                project: project.to_owned(),
                limit,
            }
        }
        error => error,
    })?;
    look_through(place, project)?;
    if let Some(parts) = parts(project) {
        change(&["config", "core.sparseCheckout", "true"])?;
        fs::create_dir_all(place.join(".git/info"))?;
        fs::write(place.join(".git/info/sparse-checkout"), parts)?;
    }
    change(&["checkout", "--quiet", "--detach", "FETCH_HEAD"])?;
    let revision = change(&["rev-parse", "--verify", "HEAD"])?;
    Ok(revision.stdout_text().trim().to_owned())
}

/// Refuses a commit of which something would be written or lead elsewhere, or that is too much.
fn look_through(place: &Path, project: &str) -> Result<(), FetchError> {
    let what = format!("what {project} holds cannot be told");
    let ask = |arguments: &[&str]| run(place, May::Change, &what, arguments);
    let listed = ask(&["ls-tree", "-r", "-l", "-z", "FETCH_HEAD"])?;
    let hostile = |path: &str, why| FetchError::Hostile {
        project: project.to_owned(),
        path: path.escape_debug().to_string(),
        why,
    };
    let is_wanted = |path: &str| {
        parts(project).is_none_or(|all| all.lines().any(|part| path.starts_with(&part[1..])))
    };
    let (mut bytes, mut files, mut links) = (0, 0, 0);
    for entry in String::from_utf8_lossy(&listed.stdout)
        .split('\0')
        .filter(|it| !it.is_empty())
    {
        // MODE TYPE OBJECT SIZE<tab>PATH
        let (about, path) = entry.split_once('\t').unwrap_or_default();
        let mut about = about.split_ascii_whitespace();
        let (mode, object, size) = (about.next(), about.nth(1), about.next());
        if !is_wanted(path) {
            continue;
        }
        if path != joined("", path) || path.split('/').any(|it| it.eq_ignore_ascii_case(".git")) {
            return Err(hostile(path, "is no place in a checkout"));
        }
        match (mode, object) {
            (Some("100644" | "100755"), _) => {}
            (Some("120000"), Some(object)) => {
                let target = ask(&["cat-file", "blob", object])?.stdout_text();
                let above = path.split('/').count() - 1;
                if !stays(&target, above) {
                    return Err(hostile(path, "is a link that leads out of it"));
                }
            }
            _ => return Err(hostile(path, "is neither a file nor a link")),
        }
        links += usize::from(mode == Some("120000"));
        bytes += size.and_then(|it| it.parse::<u64>().ok()).unwrap_or(0);
        files += 1;
        if bytes > MAX_BYTES || files > MAX_FILES || links > MAX_LINKS {
            let mib = MAX_BYTES >> 20;
            let limit = format!("{mib} MiB, {MAX_FILES} files or {MAX_LINKS} links");
            return Err(FetchError::TooLarge {
                project: project.to_owned(),
                limit,
            });
        }
    }
    Ok(())
}

/// Whether the target of a link that has so many folders above itself stays inside.
fn stays(target: &str, above: usize) -> bool {
    let mut depth = above;
    !target.starts_with('/')
        && target.split('/').all(|part| {
            let next = match part {
                "" | "." => Some(depth),
                ".." => depth.checked_sub(1),
                _ => Some(depth + 1),
            };
            depth = next.unwrap_or(depth);
            next.is_some()
        })
}

/// Runs Git in the repository that is made of a project, for something in words.
fn run(place: &Path, may: May, what: &str, arguments: &[&str]) -> Result<Output, FetchError> {
    git(place, may, arguments).map_err(|error| FetchError::Git {
        what: what.to_owned(),
        said: in_words(&error),
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use switchproof_vm::process::Command;

    use super::*;
    use crate::testing::{Folder, has};

    /// A repository with these files on the branch `b`, and its address.
    fn repository(files: &[(&str, &str)]) -> (Folder, String) {
        let folder = Folder::with(files);
        folder.git(&["init", "--quiet", "-b", "b"]);
        folder.git(&["add", "."]);
        folder.git(&["commit", "--quiet", "-m", "x"]);
        let url = format!("file://{}", folder.path().display());
        (folder, url)
    }

    fn home_manager() -> (Folder, String) {
        repository(&[
            ("modules/default.nix", "{ }"),
            ("release.json", "{ \"release\": \"26.05\" }"),
        ])
    }

    #[test]
    fn a_release_is_kept_with_its_revisions_until_it_is_removed() {
        let cache = Folder::new();
        let (home_manager, first) = home_manager();
        let nixpkgs = [
            ("lib/default.nix", "{ }"),
            ("nixos/modules/m.nix", "{ }"),
            ("nixos/lib/eval-config.nix", "{ }"),
            ("pkgs/big", "x"),
        ];
        let (_nixpkgs, second) = repository(&nixpkgs);
        let projects = [
            ("home-manager", first, "b".to_owned()),
            ("nixpkgs", second, "b".to_owned()),
        ];
        let lock = fetch(cache.path(), "26.05", &projects).unwrap();
        let head = home_manager.git(&["rev-parse", "HEAD"]);
        assert_eq!(lock["home-manager"].revision, head.trim());
        let checkout = kept(cache.path()).remove("26.05").unwrap();
        assert_eq!(
            checkout.overlay().unwrap().sources[0].revision,
            Some((head.trim().to_owned(), false))
        );
        assert!(checkout.nixos.is_some() && !cache.join("26.05/nixpkgs/pkgs").exists());
        // Once more: what is newer takes its place.
        home_manager.write("release.json", "{ \"release\": \"26.11\" }");
        home_manager.git(&["commit", "--quiet", "-am", "y"]);
        assert_ne!(fetch(cache.path(), "26.05", &projects).unwrap(), lock);
        // Where one of them fails, what was kept stays.
        let gone = [
            projects[0].clone(),
            ("nixpkgs", "file:///nowhere".to_owned(), "b".to_owned()),
        ];
        let error = fetch(cache.path(), "26.05", &gone).unwrap_err();
        has(
            error.to_string(),
            "`b` of file:///nowhere cannot be fetched: ",
        );
        assert_eq!(locks(cache.path()).len(), 1);
        assert!(remove(cache.path(), "26.05").unwrap() && !remove(cache.path(), "26.05").unwrap());
        assert_eq!(fs::read_dir(cache.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_leads_out_of_a_checkout_is_refused() {
        let (folder, url) = home_manager();
        let blob = folder.git(&["rev-parse", "HEAD:release.json"]);
        let refused = |entry: &str| {
            // A tree as Git itself would not make it.
            let entry = entry.replace("BLOB", blob.trim());
            let add = format!("printf '%b' '{entry}' | git mktree -z --missing");
            let run = |script: &str| {
                let done = Command::new("sh").args(["-c", script]).dir(folder.path());
                done.run(Duration::from_secs(60))
                    .unwrap()
                    .stdout_text()
                    .trim()
                    .to_owned()
            };
            let tree = run(&add);
            let commit = folder.git(&["commit-tree", "-m", "x", &tree]);
            folder.git(&["update-ref", "refs/heads/c", commit.trim()]);
            let cache = Folder::new();
            let projects = [("home-manager", url.clone(), "c".to_owned())];
            fetch(cache.path(), "26.05", &projects)
                .unwrap_err()
                .to_string()
        };
        folder.link("../../etc", "modules/evil");
        folder.git(&["add", "."]);
        folder.git(&["commit", "--quiet", "-m", "y"]);
        let cache = Folder::new();
        let error = fetch(
            cache.path(),
            "26.05",
            &[("home-manager", url.clone(), "b".to_owned())],
        );
        has(
            error.unwrap_err().to_string(),
            "`modules/evil` is a link that leads out of it",
        );
        let commit = "0123456789abcdef0123456789abcdef01234567";
        has(
            refused(&format!("160000 commit {commit}\\tsub\\0")),
            "`sub` is neither a file nor a link",
        );
        // What Git finds wrong by itself it does not even keep.
        has(refused("100644 blob BLOB\\t..\\0"), "cannot be fetched");
        has(refused("100644 blob BLOB\\t.git\\0"), "cannot be fetched");
    }

    #[test]
    fn a_link_stays_inside_where_every_step_of_it_does() {
        for (target, above, is_inside) in [
            ("../a", 1, true),
            ("../a", 0, false),
            ("a/../../b", 0, false),
            ("a/../../b", 1, true),
            ("/etc", 3, false),
        ] {
            assert_eq!(stays(target, above), is_inside, "{target}");
        }
    }
}
