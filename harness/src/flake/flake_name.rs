//! How a scenario names a flake of its user's: by its folder, `PATH?dir=FOLDER&submodules=1`, as Nix takes it.

use super::host_file_error::HostFileError;
use crate::model::joined;

/// A folder and what of it is the flake.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct FlakeName<'text> {
    /// The folder that is copied.
    pub(super) folder: &'text str,
    /// Where `flake.nix` lies in it; empty where that is the folder itself.
    pub(super) dir: String,
    /// Whether Git's submodules are copied, too.
    pub(super) has_submodules: bool,
}

/// How addresses begin that Nix takes for a folder in other ways.
const SCHEMES: [&str; 4] = ["path:", "git+file:", "git+ssh:", "git+https:"];

impl<'text> FlakeName<'text> {
    pub(super) fn parse(path: &'text str) -> Result<Self, HostFileError> {
        let refused = |part: &str| HostFileError::not_of_a_folder(path, part);
        if let Some(scheme) = SCHEMES.into_iter().find(|it| path.starts_with(it)) {
            return Err(refused(scheme));
        }
        let (folder, query) = path.split_once('?').unwrap_or((path, ""));
        let mut name = Self {
            folder: if folder.is_empty() { "." } else { folder },
            dir: String::new(),
            has_submodules: false,
        };
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=') {
                Some(("dir", dir)) if !dir.split('/').any(|part| part == "..") => {
                    name.dir = joined("", dir);
                }
                Some(("submodules", "1" | "true")) => name.has_submodules = true,
                Some(("submodules", "0" | "false")) => name.has_submodules = false,
                _ => return Err(refused(pair)),
            }
        }
        Ok(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flake_is_a_folder_and_what_of_it() {
        let parsed = |text| {
            let name = FlakeName::parse(text).map_err(|error| error.to_string())?;
            Ok::<_, String>((name.folder.to_owned(), name.dir, name.has_submodules))
        };
        let of = |folder: &str, dir: &str, has| Ok((folder.to_owned(), dir.to_owned(), has));
        assert_eq!(parsed("./dots"), of("./dots", "", false));
        assert_eq!(
            parsed("..?submodules=1&dir=./nix//home/"),
            of("..", "nix/home", true)
        );
        assert_eq!(parsed("?dir=nix"), of(".", "nix", false));
        for (bad, part) in [
            ("path:./x", "`path:`"),
            (".?ref=main", "`ref=main`"),
            (".?dir=../x", "`dir=../x`"),
            (".?submodule", "`submodule`"),
        ] {
            let refused = parsed(bad).expect_err(bad);
            assert!(refused.contains(part), "{refused}");
        }
    }
}
