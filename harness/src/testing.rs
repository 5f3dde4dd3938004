//! What tests share: a folder of their own, pieces of texts, and the parts of a case.

use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, io};

use switchproof_vm::process::Command;

use crate::language::{LoadOptions, load_text};
use crate::model::{Case, Expectation, FlakeTree, SeedFile, Switch};

/// This is in the text.
#[track_caller]
pub(crate) fn has(text: impl AsRef<str>, piece: &str) {
    let text = text.as_ref();
    assert!(text.contains(piece), "{piece:?} is not in {text}");
}

/// None of these is in the text.
#[track_caller]
pub(crate) fn lacks(text: impl AsRef<str>, pieces: &[&str]) {
    let text = text.as_ref();
    for piece in pieces {
        assert!(!text.contains(piece), "{piece:?} is in {text}");
    }
}

/// The rows of a table, one a line: `input => what comes of it`; `\n` in a row ends a line. Either side may be empty.
pub(crate) fn rows(table: &str) -> impl Iterator<Item = (String, String)> {
    table.trim().lines().map(|row| {
        let (input, outcome) = row.split_once("=>").expect("two columns");
        let column = |text: &str| text.trim().replace("\\n", "\n");
        (column(input), column(outcome))
    })
}

/// Each input of a table comes to its outcome.
#[track_caller]
pub(crate) fn all_come_to(make: impl Fn(&str) -> String, table: &str) {
    for (input, outcome) in rows(table) {
        assert_eq!(make(&input), outcome, "{input}");
    }
}

/// All texts of the first row are taken, and none of the second; bars stand between them.
#[track_caller]
pub(crate) fn takes(is_taken: impl Fn(&str) -> bool, good: &str, bad: &str) {
    for (row, wanted) in [(good, true), (bad, false)] {
        for text in row.split('|') {
            assert_eq!(is_taken(text), wanted, "{text:?}");
        }
    }
}

/// A small generator of numbers (xorshift); the same numbers in every run.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit.max(1) as u64).unwrap_or(0)
    }
}

/// A folder that is there as long as its test.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    /// One with these files, by path.
    pub(crate) fn with(files: &[(&str, &str)]) -> Self {
        let folder = Self::new();
        for (path, text) in files {
            folder.write(path, text);
        }
        folder
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn join(&self, path: impl AsRef<Path>) -> PathBuf {
        self.0.path().join(path)
    }

    /// Makes a directory, and those that lead there.
    pub(crate) fn directory(&self, path: &str) -> PathBuf {
        let place = self.join(path);
        fs::create_dir_all(&place).expect("made");
        place
    }

    /// Writes a file, and the directories that lead there.
    pub(crate) fn write(&self, path: impl AsRef<Path>, text: impl AsRef<[u8]>) -> PathBuf {
        let place = self.join(path);
        fs::create_dir_all(place.parent().expect("a parent")).expect("made");
        fs::write(&place, text).expect("written");
        place
    }

    pub(crate) fn link(&self, target: impl AsRef<Path>, path: &str) -> PathBuf {
        let place = self.join(path);
        std::os::unix::fs::symlink(target, &place).expect("linked");
        place
    }

    pub(crate) fn fifo(&self, path: impl AsRef<Path>) -> PathBuf {
        let place = self.join(path);
        let kind = rustix::fs::FileType::Fifo;
        let mode = rustix::fs::Mode::RWXU;
        rustix::fs::mknodat(rustix::fs::CWD, &place, kind, mode, 0).expect("made");
        place
    }

    pub(crate) fn read(&self, path: impl AsRef<Path>) -> io::Result<String> {
        fs::read_to_string(self.join(path))
    }

    /// Runs Git in it, as nobody in particular.
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        let nobody = ["-c", "user.name=x", "-c", "user.email=x@y"];
        let git = Command::new("git").args(nobody).args(arguments);
        let done = git.dir(self.path()).run(Duration::from_secs(60));
        done.unwrap_or_else(|error| panic!("{error}")).stdout_text()
    }
}

/// The cases of a scenario in which nothing is wrong, and which is in no project.
#[track_caller]
pub(crate) fn cases(text: &str) -> Vec<Case> {
    let (cases, found) = load_text("/nowhere/t.yaml", text, &LoadOptions::default());
    assert!(found.is_empty(), "{found:?}");
    cases
}

/// The switch that a step makes.
#[track_caller]
pub(crate) fn switch(case: &Case, step: usize) -> &Switch {
    case.steps[step].action.setup().expect("a setup")
}

/// A flake of these files.
pub(crate) fn tree(files: &[(&str, &str)]) -> FlakeTree {
    let files = files
        .iter()
        .map(|(path, text)| ((*path).to_owned(), SeedFile::regular(*text)));
    FlakeTree::new(files.collect())
}

/// The text of a flake's `flake.nix`.
#[track_caller]
pub(crate) fn nix(flake: &FlakeTree) -> String {
    flake.text("flake.nix").expect("a text").to_owned()
}

/// What is expected after a switch of alice's home, as a scenario writes it: `files: [.bashrc]`.
#[track_caller]
pub(crate) fn expectations(text: &str) -> Vec<Expectation> {
    let text = format!(
        "name: t\nsetup: {{ home: {{}} }}\nsteps:\n  - switch:\n    expect: {{ {text} }}\n"
    );
    cases(&text).remove(0).steps.remove(0).expect
}
