//! Where the snapshot of a step is: a matter of its scenario file, never of how a command was typed.

use std::path::{Path, PathBuf};

use crate::model::{Case, Step};

/// Longest file name of a snapshot before its extension, in bytes: room for `.snap.new` in the 255 of a file system.
const NAME_BYTES: usize = 200;

/// The folder of snapshots that belongs to a scenario file: `snapshots` beside the nearest folder named `scenarios` that
/// the file is in, however deep, and beside the file itself where it is in none. A repository ends the search, so that
/// a folder above a project does not count. Links on the way to the file are followed, the file itself is not.
#[must_use]
pub fn snapshots_beside(file: &Path) -> PathBuf {
    owning_folder(file).parent_of_snapshots().join(SNAPSHOTS)
}

/// The folder all of whose scenarios share a folder of snapshots.
pub(super) enum Owner {
    /// A folder named `scenarios`, with all that are below it.
    Scenarios(PathBuf),
    /// A folder that is in none, with the files in it alone.
    Folder(PathBuf),
}

impl Owner {
    /// The folder itself.
    pub(super) fn folder(&self) -> &Path {
        match self {
            Self::Scenarios(folder) | Self::Folder(folder) => folder,
        }
    }

    fn parent_of_snapshots(&self) -> &Path {
        match self {
            Self::Scenarios(folder) => folder.parent().unwrap_or(folder),
            Self::Folder(folder) => folder,
        }
    }
}

/// The folder that decides where the snapshots of a scenario file are.
pub(super) fn owning_folder(file: &Path) -> Owner {
    let file = real_file(file);
    let folder = file.parent().unwrap_or(&file);
    match scenarios_above(folder) {
        Some(scenarios) => Owner::Scenarios(scenarios.to_owned()),
        None => Owner::Folder(folder.to_owned()),
    }
}

/// A scenario file by its absolute path: links on the way to it are followed, itself it may be one.
pub(super) fn real_file(file: &Path) -> PathBuf {
    let folder = match file.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let folder = folder
        .canonicalize()
        .or_else(|_| std::path::absolute(folder))
        .unwrap_or_else(|_| folder.to_owned());
    folder.join(file.file_name().unwrap_or_default())
}

/// The nearest folder named `scenarios` that is `folder` or above it, within the same repository.
fn scenarios_above(folder: &Path) -> Option<&Path> {
    for above in folder.ancestors() {
        if above.file_name().is_some_and(|name| name == SCENARIOS) {
            return Some(above);
        }
        if above.join(".git").exists() {
            return None;
        }
    }
    None
}

/// What the folder of a project's scenarios is named.
const SCENARIOS: &str = "scenarios";
/// What the folder of its snapshots is named.
const SNAPSHOTS: &str = "snapshots";

/// A path as a person would type it here: relative where it is not far, absolute elsewhere.
pub(super) fn as_typed(path: &Path) -> PathBuf {
    match std::env::current_dir() {
        Ok(here) => relative_to(path, &here),
        Err(_) => path.to_owned(),
    }
}

/// More steps up than this are harder to read than the whole path.
const MAX_UP: usize = 3;

fn relative_to(path: &Path, here: &Path) -> PathBuf {
    for (up, above) in here.ancestors().enumerate().take(MAX_UP + 1) {
        // The root is no place that two paths have in common.
        if above.parent().is_none() {
            break;
        }
        if let Ok(below) = path.strip_prefix(above) {
            return std::iter::repeat_n("..", up)
                .collect::<PathBuf>()
                .join(below);
        }
    }
    path.to_owned()
}

/// Where the snapshot of a step of a case is below the folder of snapshots `root`.
#[must_use]
pub fn snapshot_path(root: &Path, case: &Case, step: &Step) -> PathBuf {
    let axes = case
        .id
        .strip_prefix(case.scenario.as_str())
        .unwrap_or(&case.id);
    let axes = axes.strip_prefix('[').unwrap_or(axes);
    let axes = axes.strip_suffix(']').unwrap_or(axes);
    let name = if axes.is_empty() {
        file_name(&step.name)
    } else {
        file_name(&format!("{axes} {}", step.name))
    };
    root.join(file_name(&case.scenario))
        .join(format!("{name}.snap"))
}

/// A name as a file name on any file system: letters, digits and `-_=,+.` stay, a space becomes `--`, everything else
/// `%` and its code. A name too long ends in its hash.
fn file_name(name: &str) -> String {
    let mut file = String::new();
    for (at, character) in name.char_indices() {
        match character {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '_' | '=' | ',' | '+' | '-' => file.push(character),
            '.' if at > 0 => file.push('.'),
            ' ' => file.push_str("--"),
            other => {
                let mut buffer = [0; 4];
                for byte in other.encode_utf8(&mut buffer).bytes() {
                    file.push_str(&format!("%{byte:02x}"));
                }
            }
        }
    }
    if file.len() > NAME_BYTES {
        let hash = blake3::hash(name.as_bytes()).to_hex();
        // Everything in it is ASCII by now.
        file.truncate(NAME_BYTES - 17);
        file.push_str(&format!("-{}", &hash[..16]));
    }
    file
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Folder;

    #[test]
    fn snapshots_belong_to_the_file_however_it_is_named() {
        let folder = Folder::new();
        let root = folder.path().canonicalize().unwrap();
        let project = root.join("project");
        folder.directory("project/scenarios/laptop");
        folder.directory("elsewhere/deep");
        folder.link("project/scenarios", "link");
        for file in [
            "project/scenarios/one.yaml",
            "project/scenarios/laptop/one.yaml",
            "project/scenarios/laptop/../one.yaml",
            "elsewhere/deep/../../project/scenarios/laptop/one.yaml",
            "link/laptop/one.yaml",
        ] {
            let folder = snapshots_beside(&root.join(file));
            assert_eq!(folder, project.join("snapshots"), "{file}");
        }
        let beside = snapshots_beside(&root.join("project/scenarios/../one.yaml"));
        assert_eq!(beside, project.join("snapshots"), "in none, so beside it");
        let beside = snapshots_beside(&root.join("elsewhere/deep/one.yaml"));
        assert_eq!(beside, root.join("elsewhere/deep/snapshots"));
    }

    #[test]
    fn a_folder_above_the_repository_does_not_count() {
        let root = Folder::new();
        root.directory("scenarios/project/.git");
        let tests = root.directory("scenarios/project/tests");
        let tests = tests.canonicalize().unwrap();
        let beside = snapshots_beside(&tests.join("one.yaml"));
        assert_eq!(beside, tests.join("snapshots"));
    }

    #[test]
    fn paths_are_shown_as_one_would_type_them() {
        let shown = |path: &str, here: &str| {
            let shown = relative_to(Path::new(path), Path::new(here));
            shown.display().to_string()
        };
        assert_eq!(shown("/home/a/p/s.snap", "/home/a/p"), "s.snap");
        assert_eq!(shown("/home/a/p/s.snap", "/home/a/p/q"), "../s.snap");
        assert_eq!(shown("/home/a/s.snap", "/home/a/b/c/d/e"), "/home/a/s.snap");
        assert_eq!(shown("/tmp/s.snap", "/home/a"), "/tmp/s.snap");
    }
}
