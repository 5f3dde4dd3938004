//! Keeping a preview as a scenario.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::cli::common::{Error, print};
use crate::preview::Asked;

/// Keeps the preview as a scenario.
pub(super) fn write(folder: &Path, file: &Path, asked: &Asked) -> Result<(), Error> {
    if asked.since.is_some() {
        return Err(Error::input(
            "a preview with --since is not kept: its scenario would name files that Git alone has",
            "copy the flake of that time beside the scenario, and name it with `flake:` in a step",
        ));
    }
    let refused = |error: io::Error| {
        Error::input(
            format!("{} cannot be written: {error}", file.display()),
            "name a new file in the flake's folder, such as scenarios/upgrade.yaml",
        )
    };
    let parent = match file.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    fs::create_dir_all(parent).map_err(refused)?;
    let root = folder.canonicalize().map_err(refused)?;
    let place = parent.canonicalize().map_err(refused)?;
    let Ok(below) = place.strip_prefix(&root) else {
        return Err(Error::input(
            format!(
                "{} is outside of the flake's folder {}",
                file.display(),
                folder.display()
            ),
            "scenarios of a flake belong below it: scenarios/upgrade.yaml",
        ));
    };
    let up: PathBuf = match below.components().count() {
        0 => PathBuf::from("."),
        depth => std::iter::repeat_n("..", depth).collect(),
    };
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let name = name_of(&stem).trim_start_matches("preview-").to_owned();
    let mut made = fs::File::create_new(file).map_err(refused)?;
    made.write_all(asked.scenario(&name, &up).as_bytes())
        .map_err(refused)?;
    print(&format!(
        "wrote {0}; `switchproof run {0}` and `switchproof review` keep its snapshots\n",
        file.display()
    ))
}

/// A scenario's name from an output's.
pub(super) fn name_of(output: &str) -> String {
    let is_sign = |one: char| !one.is_ascii_alphanumeric() && one != '_';
    let name: String = output.chars().take(60).collect();
    format!("preview-{}", name.replace(is_sign, "-").trim_matches('-'))
}

#[cfg(test)]
mod tests {
    use super::super::question::tests::asked;
    use super::*;
    use crate::language::{self, LoadOptions};
    use crate::model::Install;
    use crate::testing::{Folder, has};

    #[test]
    fn the_scenario_of_a_preview_is_one_that_loads() {
        let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/flakes/own");
        use Install::{DarwinModule, NixosModule, Standalone};
        for install in [Standalone, NixosModule, DarwinModule] {
            let text = asked(install).scenario("x", Path::new("."));
            let (cases, found) =
                language::load_text(own.join("x.yaml"), &text, &LoadOptions::default());
            assert!(found.is_empty(), "{found:?}\n{text}");
            let names = cases[0].steps.iter().map(|step| step.name.as_str());
            assert_eq!(Vec::from_iter(names), ["today", "25-05", "tomorrow"]);
        }
    }

    #[test]
    fn a_preview_is_kept_below_the_flake_and_nothing_is_overwritten() {
        let (flake, outside) = (Folder::new(), Folder::new());
        let asked = asked(Install::Standalone);
        let file = flake.join("scenarios/deep/upgrade.yaml");
        write(flake.path(), &file, &asked).unwrap();
        let text = fs::read_to_string(&file).unwrap();
        has(&text, "name: upgrade\n");
        has(&text, "path: \"../..\"");
        assert!(write(flake.path(), &file, &asked).is_err());
        let error = write(flake.path(), &outside.join("x.yaml"), &asked).unwrap_err();
        has(&error.message, "outside of the flake's folder");
    }
}
