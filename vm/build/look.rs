//! Which source text decides what a machine does and what is seen of it: everything below the parts that perform and
//! look, without what is compiled for tests alone.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What precedes an item that only tests have, as rustfmt writes it.
const TEST_ONLY: &str = "#[cfg(test)]";

/// What stands for all the text of `parts` that counts.
pub fn digest(parts: &[&Path]) -> io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    for (file, text) in look(parts)? {
        hasher.update(file.as_os_str().as_encoded_bytes());
        hasher.update(&text);
    }
    Ok(hasher.finalize().to_hex().to_string())
}

/// Every file of `parts` with the text that counts, ordered by path. Modules that are declared for tests are left out,
/// and so are the test items of the others.
pub fn look(parts: &[&Path]) -> io::Result<Vec<(PathBuf, Vec<u8>)>> {
    let mut files = Vec::new();
    for part in parts {
        collect(part, &mut files)?;
    }
    files.sort();
    let mut texts = Vec::new();
    let mut test_modules = BTreeSet::new();
    for path in files {
        let bytes = fs::read(&path)?;
        match std::str::from_utf8(&bytes) {
            Ok(text) if path.extension().is_some_and(|it| it == "rs") => {
                let (kept, modules) = without_tests(text);
                let folder = folder_of_modules(&path);
                test_modules.extend(modules.into_iter().map(|module| folder.join(module)));
                texts.push((path, kept.into_bytes()));
            }
            _ => texts.push((path, bytes)),
        }
    }
    texts.retain(|(path, _)| {
        let below =
            |module: &PathBuf| path.starts_with(module) || path.with_extension("") == *module;
        !test_modules.iter().any(below)
    });
    Ok(texts)
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    if path.is_file() {
        files.push(path.to_owned());
        return Ok(());
    }
    for entry in fs::read_dir(path)? {
        collect(&entry?.path(), files)?;
    }
    Ok(())
}

/// Where the modules that a file declares are looked for.
fn folder_of_modules(path: &Path) -> PathBuf {
    let parent = path.parent().unwrap_or(Path::new(""));
    match path.file_stem() {
        Some(stem) if stem != "mod" => parent.join(stem),
        _ => parent.to_owned(),
    }
}

/// A file's text without the items that only tests have, and the names of the modules among those that are files of
/// their own. An item ends at the first line without indent that ends with a semicolon or a closing brace.
fn without_tests(text: &str) -> (String, Vec<String>) {
    let (mut kept, mut modules) = (String::new(), Vec::new());
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line != TEST_ONLY {
            kept.push_str(line);
            kept.push('\n');
            continue;
        }
        for line in lines.by_ref() {
            let words: Vec<&str> = line.split_whitespace().collect();
            if let ["mod", name] | [_, "mod", name] = words.as_slice()
                && let Some(name) = name.strip_suffix(';')
            {
                modules.push(name.to_owned());
            }
            if line.ends_with([';', '}']) && !line.starts_with(' ') {
                break;
            }
        }
    }
    (kept, modules)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest_of(root: &Path) -> String {
        digest(&[root]).expect("read")
    }

    #[test]
    fn only_what_is_compiled_without_tests_counts() {
        let root = tempfile::tempdir().expect("a directory");
        let write = |name: &str, text: &str| {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().expect("a parent")).expect("made");
            fs::write(path, text).expect("written");
        };
        write(
            "mod.rs",
            "mod work;\n#[cfg(test)]\nmod trial;\n#[cfg(test)]\npub(crate) mod tests;\nmod more;\n",
        );
        write(
            "work.rs",
            "fn work() {}\n\n#[cfg(test)]\nmod tests {\n    fn one() {\n        x();\n    }\n}\n",
        );
        write("more/mod.rs", "#[cfg(test)]\nmod deep;\n");
        let before = digest_of(root.path());
        for (name, text) in [
            ("trial/mod.rs", "one"),
            ("trial/home.sh", "two"),
            ("tests.rs", "three"),
            ("more/deep.rs", "four"),
            (
                "work.rs",
                "fn work() {}\n\n#[cfg(test)]\nmod tests {\n    fn other() {}\n}\n",
            ),
        ] {
            write(name, text);
            assert_eq!(digest_of(root.path()), before, "{name} counts");
        }
        write(
            "work.rs",
            "fn work() {}\n\n#[cfg(test)]\nmod tests {\n}\nfn more() {}\n",
        );
        assert_ne!(digest_of(root.path()), before, "what follows a test counts");
        let one_line = |rest: &str| {
            write(
                "work.rs",
                &format!("#[cfg(test)]\nstruct Trial {{}}\n{rest}"),
            );
            digest_of(root.path())
        };
        assert_ne!(one_line("fn more() {}\n"), one_line("fn less() {}\n"));
        write("trials.rs", "");
        assert!(
            look(&[root.path()])
                .expect("read")
                .iter()
                .any(|(path, _)| path.ends_with("trials.rs"))
        );
    }

    /// The parts that the build scripts name hold no test that counts.
    #[test]
    fn no_test_of_these_crates_counts() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let parts = [
            "harness/src/observe",
            "harness/src/run",
            "vm/src/guest",
            "vm/src/machine",
        ];
        let parts = parts.map(|part| root.join(part));
        let texts = look(&parts.each_ref().map(PathBuf::as_path)).expect("read");
        assert!(texts.iter().any(|(path, _)| path.ends_with("run/chain.rs")));
        assert!(
            texts
                .iter()
                .any(|(path, _)| path.ends_with("machine/boot.rs"))
        );
        for (path, text) in texts {
            let text = String::from_utf8_lossy(&text).into_owned();
            assert!(!text.contains("#[test]"), "{}", path.display());
        }
    }
}
