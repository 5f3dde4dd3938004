//! From files and folders to cases.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;
use walkdir::{DirEntry, WalkDir};

use super::conform::Conform;
use super::diagnostic::{Diagnostic, Severity};
use super::matrix::{expand, spell_out_changes};
use super::options::LoadOptions;
use super::project::{PROJECT_FILE, Project};
use super::report::{Mistake, Report};
use super::resolve::resolve;
use super::shape::SCENARIO;
use super::source::Source;
use super::yaml::{self, Node, Span};
use crate::flake::host_files::{self, HostFiles, project_of};
use crate::model::Case;

/// Folders with these names hold what scenarios use, not scenarios.
const USED_BY_SCENARIOS: &[&str] = &["flakes", "homes", "files", "target", "node_modules"];
/// Folders deeper than this are not searched.
const MAX_FOLDER_DEPTH: usize = 32;

/// Loads scenarios: files as they are, folders with every `*.yaml` below them. Folders named `flakes`, `homes` or
/// `files`, hidden ones, and ones with a `flake.nix` below the named one are passed over.
///
/// # Errors
/// All mistakes of all files, by file and place. Nothing is loaded then.
///
/// Cases are sorted by id.
pub fn load(paths: &[PathBuf]) -> Result<Vec<Case>, Vec<Diagnostic>> {
    load_with(paths, &LoadOptions::default())
}

/// [`load`] in other circumstances than the usual ones.
///
/// # Errors
/// As [`load`].
pub fn load_with(paths: &[PathBuf], options: &LoadOptions) -> Result<Vec<Case>, Vec<Diagnostic>> {
    let loaded = check(paths, options);
    match loaded.is_fine() {
        true => Ok(loaded.cases),
        false => Err(loaded.diagnostics),
    }
}

/// The cases of one text as if it were the content of `file`, and what is wrong with it: for editors and fuzzers.
/// A text with mistakes makes no cases.
pub fn load_text(
    file: impl Into<PathBuf>,
    text: &str,
    options: &LoadOptions,
) -> (Vec<Case>, Vec<Diagnostic>) {
    let file = file.into();
    let mut loaded = Loaded::default();
    let projects = projects(std::slice::from_ref(&file), options, &mut loaded);
    if let Some(project) = projects.get(&file) {
        let (cases, diagnostics) = load_source(Source::new(file, text), options, project);
        loaded.cases = cases;
        loaded.diagnostics = diagnostics;
    }
    lay_out_channels(&mut loaded, &projects);
    (loaded.cases, loaded.diagnostics)
}

/// What loading came to.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The cases of the files without mistakes, sorted by id.
    pub cases: Vec<Case>,
    /// Mistakes and warnings, by file and place.
    pub diagnostics: Vec<Diagnostic>,
    /// How many files were read.
    pub files: usize,
}

impl Loaded {
    /// Whether nothing is refused.
    pub fn is_fine(&self) -> bool {
        let mut found = self.diagnostics.iter();
        found.all(|one| one.severity != Severity::Error)
    }
}

/// Loads what can be loaded, and says what is wrong with the rest.
pub fn check(paths: &[PathBuf], options: &LoadOptions) -> Loaded {
    let mut loaded = Loaded::default();
    let mut files = Vec::new();
    for path in paths {
        if let Err(diagnostic) = find(path, options, &mut files) {
            loaded.diagnostics.push(*diagnostic);
        }
    }
    files.sort();
    files.dedup();
    if files.is_empty() && loaded.diagnostics.is_empty() {
        let named = paths.first().cloned().unwrap_or_default();
        loaded.diagnostics.push(
            Diagnostic::about_file(named, "there is no scenario here")
                .with_hint("scenarios are files whose names end in `.yaml`"),
        );
    }
    loaded.files = files.len();
    let projects = projects(&files, options, &mut loaded);
    let results: Vec<(Vec<Case>, Vec<Diagnostic>)> = projects
        .par_iter()
        .map(|(file, project)| match read(file, options) {
            Ok(source) => load_source(source, options, project),
            Err(diagnostic) => (Vec::new(), vec![*diagnostic]),
        })
        .collect();
    for (cases, diagnostics) in results {
        loaded.cases.extend(cases);
        for diagnostic in diagnostics {
            // Of what all scenarios of a project have in common each would say the same.
            let is_shared = diagnostic.file.ends_with(PROJECT_FILE);
            if !is_shared || !loaded.diagnostics.contains(&diagnostic) {
                loaded.diagnostics.push(diagnostic);
            }
        }
    }
    for file in files.iter().filter(|file| !projects.contains_key(*file)) {
        loaded.diagnostics.extend(match read(file, options) {
            Ok(source) => own_mistakes(source),
            Err(diagnostic) => vec![*diagnostic],
        });
    }
    refuse_same_names(&mut loaded, options);
    lay_out_channels(&mut loaded, &projects);
    loaded.cases.sort_by(|left, right| left.id.cmp(&right.id));
    loaded
}

/// The project of each scenario file, each read once; not of those whose project's file is wrong, which is told.
fn projects(
    files: &[PathBuf],
    options: &LoadOptions,
    loaded: &mut Loaded,
) -> BTreeMap<PathBuf, Arc<Project>> {
    let mut read: BTreeMap<PathBuf, Option<Arc<Project>>> = BTreeMap::new();
    let mut of_file = |file: &PathBuf| {
        let folder = project_of(file);
        let project = read.entry(folder).or_insert_with_key(|folder| {
            let project = Project::read(folder);
            let mut project = project
                .map_err(|wrong| loaded.diagnostics.extend(wrong))
                .ok()?;
            project.channels = options.channels.over(project.channels);
            Some(Arc::new(project))
        });
        Some((file.clone(), project.clone()?))
    };
    files.iter().filter_map(&mut of_file).collect()
}

/// Gives every case the channels of one's own that it uses, each folder read once.
fn lay_out_channels(loaded: &mut Loaded, projects: &BTreeMap<PathBuf, Arc<Project>>) {
    let mut read = BTreeMap::new();
    let mut refused = BTreeSet::new();
    let mut mixed = BTreeSet::new();
    for case in &mut loaded.cases {
        let channels = &projects[&case.file].channels;
        let with_folders = channels.with_folders(&case.guest.checkouts, &case.guest.folders);
        match with_folders.for_case(case, &mut read) {
            Ok(overlays) => {
                case.guest.channels = overlays;
                case.guest.make_room();
                if let Some(step) = case.changes_kind() {
                    mixed.insert((case.file.clone(), step.line, step.name.clone()));
                }
            }
            Err(error) => {
                refused.insert((case.file.clone(), error.to_string(), error.hint()));
            }
        }
    }
    for (file, line, step) in mixed {
        let message = format!(
            "the step `{step}` switches between the pocket's NixOS and one of NixOS' own modules, and a machine is one of them"
        );
        let hint = "take channels whose nixpkgs has `nixos` for all steps, or for none: a scenario of its own for each kind";
        let mut mistake = Diagnostic::about_file(file, message).with_hint(hint);
        mistake.line = line;
        loaded.diagnostics.push(mistake);
    }
    for (file, message, hint) in refused {
        loaded
            .diagnostics
            .push(Diagnostic::about_file(file, message).with_hint(hint));
    }
}

/// The cases of one file's text, and what is wrong with it; no cases when it is refused.
pub(super) fn load_source(
    source: Source,
    options: &LoadOptions,
    project: &Project,
) -> (Vec<Case>, Vec<Diagnostic>) {
    let file = source.file.clone();
    let mut report = Report::new(source);
    let mut cases = Vec::new();
    if let Some(mut root) = yaml::parse(&mut report) {
        if let Some(defaults) = &project.defaults {
            report.with_defaults(&defaults.source);
            defaults.fill(&mut root, &file);
        }
        let mut files = HostFiles::beside(&file, options.allow_outside);
        match expand(&root, &mut report) {
            Some(variants) => {
                for mut variant in variants {
                    spell_out_changes(&mut variant.tree, &mut report);
                    let mut conform = Conform::new(&mut report, false);
                    let tree = conform.check(&variant.tree, &SCENARIO, "a scenario");
                    let case = tree.and_then(|tree| {
                        resolve(&variant, &tree, &mut report, &mut files, options, project)
                    });
                    cases.extend(case);
                }
            }
            // The matrix is wrong; the rest is still checked.
            None => check_as_written(&mut root, &mut report),
        }
    }
    refuse_same_ids(&cases, &mut report);
    if report.has_errors() {
        cases.clear();
    }
    (cases, report.finish())
}

/// What is wrong with a scenario whatever its project says.
fn own_mistakes(source: Source) -> Vec<Diagnostic> {
    let mut report = Report::new(source);
    if let Some(mut root) = yaml::parse(&mut report) {
        check_as_written(&mut root, &mut report);
    }
    report.finish()
}

/// Finds what is wrong with the keys and values of a scenario as it is written.
fn check_as_written(root: &mut Node, report: &mut Report) {
    spell_out_changes(root, report);
    Conform::new(report, true).check(root, &SCENARIO, "a scenario");
}

/// Values that differ only in characters that an id cannot hold would make one id of two cases.
fn refuse_same_ids(cases: &[Case], report: &mut Report) {
    let mut ids: Vec<&str> = cases.iter().map(|case| case.id.as_str()).collect();
    ids.sort_unstable();
    for pair in ids.windows(2) {
        if pair[0] == pair[1] {
            let place = Span {
                line: 1,
                column: 1,
                end_line: 1,
                end_column: 2,
                in_defaults: false,
            };
            let message = format!("two cases have the id `{}`", pair[0]);
            report.add(
                Mistake::new(place, message).hint("tell them apart with a `name:` in the matrix"),
            );
        }
    }
}

/// Reads a scenario that lies in its own repository, or may lie elsewhere.
fn read(file: &Path, options: &LoadOptions) -> Result<Source, Box<Diagnostic>> {
    require_own(file, host_files::is_own_file, options)?;
    Source::read(file)
}

/// Refuses a link that leads out of the repository. A path that cannot be resolved is refused where it is read.
fn require_own(
    path: &Path,
    is_own: fn(&Path) -> std::io::Result<bool>,
    options: &LoadOptions,
) -> Result<(), Box<Diagnostic>> {
    if options.allow_outside || is_own(path).unwrap_or(true) {
        return Ok(());
    }
    let message = "this is a link that leads out of its repository";
    let hint = "copy what it leads to into the repository, or allow it with `--allow-outside`";
    Err(Box::new(
        Diagnostic::about_file(path, message).with_hint(hint),
    ))
}

/// Scenario names are unique, as snapshots are kept by name.
fn refuse_same_names(loaded: &mut Loaded, options: &LoadOptions) {
    let mut first: BTreeMap<&str, &Path> = BTreeMap::new();
    let mut refused = Vec::new();
    for case in &loaded.cases {
        let have = *first.entry(&case.scenario).or_insert(&case.file);
        if have != case.file {
            refused.push((case.file.clone(), case.scenario.clone(), have.to_path_buf()));
        }
    }
    refused.sort();
    refused.dedup();
    for (file, name, other) in refused {
        let message = format!("the name `{name}` is taken by {}", other.display());
        let mut diagnostic = Diagnostic::about_file(file.clone(), message)
            .with_hint("give it another name: snapshots are kept by the scenario's name");
        if let Ok(source) = read(&file, options) {
            locate_name(&mut diagnostic, &source);
        }
        loaded.diagnostics.push(diagnostic);
    }
}

fn locate_name(diagnostic: &mut Diagnostic, source: &Source) {
    let mut report = Report::new(source.clone());
    let Some(root) = yaml::parse(&mut report) else {
        return;
    };
    if let Some(name) = root.get("name") {
        diagnostic.line = name.span.line as usize;
        diagnostic.column = name.span.column as usize;
        diagnostic.span = source.bytes(name.span);
        diagnostic.label = "not the only one".to_owned();
        diagnostic.source = Arc::clone(&source.text);
    }
}

/// The scenario files in `path`, a folder or a file.
fn find(path: &Path, options: &LoadOptions, out: &mut Vec<PathBuf>) -> Result<(), Box<Diagnostic>> {
    let unreadable = |path: &Path, error: &std::io::Error| {
        let reason = match error.kind() {
            std::io::ErrorKind::NotFound => "there is no such file or folder".to_owned(),
            _ => error.to_string(),
        };
        let message = format!("it cannot be read: {reason}");
        let hint = "name a scenario file, or a folder that holds some";
        Box::new(Diagnostic::about_file(path, message).with_hint(hint))
    };
    let metadata = fs::metadata(path).map_err(|error| unreadable(path, &error))?;
    if !metadata.is_dir() {
        out.push(path.to_path_buf());
        return Ok(());
    }
    require_own(path, host_files::is_own_folder, options)?;
    let is_passed_over = |entry: &DirEntry| {
        let name = entry.file_name().to_string_lossy();
        name.starts_with('.')
            || entry.file_type().is_dir()
                && (USED_BY_SCENARIOS.contains(&&*name) || entry.path().join("flake.nix").exists())
    };
    let entries = WalkDir::new(path).max_depth(MAX_FOLDER_DEPTH).into_iter();
    for entry in entries.filter_entry(|entry| entry.depth() == 0 || !is_passed_over(entry)) {
        let entry = entry.map_err(|error| {
            let folder = error.path().unwrap_or(path).to_owned();
            let cause = error
                .into_io_error()
                .unwrap_or_else(|| std::io::ErrorKind::Other.into());
            unreadable(&folder, &cause)
        })?;
        let is_yaml = entry.path().extension().is_some_and(|it| it == "yaml");
        if is_yaml && entry.path().is_file() && !is_project_file(entry.path()) {
            out.push(entry.into_path());
        }
    }
    Ok(())
}

/// Whether a file is what its project says of all scenarios, and none itself.
fn is_project_file(path: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().ok();
    path.ends_with(PROJECT_FILE) && real(path) == real(&project_of(path).join(PROJECT_FILE))
}
