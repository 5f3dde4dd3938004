//! What a flake takes from outside of its folder. In a Git repository Nix sees all of it, wherever in it the flake lies.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rnix::{SyntaxKind as Token, tokenize};

use crate::model::SeedFile;

/// The repository around the folder of a flake, both with every link followed, where one of the flake's files names something
/// in it that is outside of the folder; what is computed is not seen.
pub(super) fn repository_in_use(
    folder: &Path,
    files: &BTreeMap<String, SeedFile>,
) -> Option<PathBuf> {
    let mut above = folder.ancestors();
    let repository = above.find(|it| it.join(".git").exists())?;
    let is_in_use = |(name, file): (&String, &SeedFile)| {
        named_by(name, file).iter().any(|named| {
            let at = folder.join(name);
            let place = without_dots(&at.parent().unwrap_or(folder).join(named));
            !place.starts_with(folder) && place.starts_with(repository) && place.exists()
        })
    };
    files
        .iter()
        .any(is_in_use)
        .then(|| repository.to_path_buf())
}

/// The places relative to a file that it names and that lead up: paths and addresses of inputs in Nix, the target of a link.
fn named_by(name: &str, file: &SeedFile) -> Vec<String> {
    match file {
        SeedFile::Symlink { target } if !target.starts_with('/') => vec![target.clone()],
        file if name.ends_with(".nix") => {
            let text = file.text().unwrap_or_default();
            if !text.contains("..") {
                return Vec::new();
            }
            let path = |(token, text): (Token, &str)| match token {
                Token::TOKEN_PATH_REL => Some(text.to_owned()),
                Token::TOKEN_STRING_CONTENT => {
                    let address = text.strip_prefix("path:").unwrap_or(text);
                    let place = address.split('?').next().unwrap_or(address);
                    place.starts_with("../").then(|| place.to_owned())
                }
                _ => None,
            };
            tokenize(&text).filter_map(path).collect()
        }
        _ => Vec::new(),
    }
}

/// A path without `.` and `..`, by its text alone.
pub(super) fn without_dots(path: &Path) -> PathBuf {
    use std::path::Component;

    let mut out = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => {
                out.pop();
            }
            Component::CurDir => {}
            other => out.push(other),
        }
    }
    out
}
